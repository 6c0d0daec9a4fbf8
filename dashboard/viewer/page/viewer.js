// The large view of an image: its result, or the original beside it, at every resolution. It changes nothing.

const KEYS = { "+": "in", "=": "in", "-": "out", 0: "fit", 1: "pixels", l: "around", "[": "before", "]": "after" };
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const STEP_PX = 80;

class Viewer {
  constructor(root) {
    this.root = root.querySelector(".viewer");
    this.picture = new Picture(this.root, () => this.repaint());
    this.picture.modes.boxes = false;
    this.strip = new Strip(this.root, (number) => this.showFrame(number));
    this.sphere = new SphereView(this.find(".sphere"));
    this.resizing = new ResizeObserver(() => this.repaint());
    this.resizing.observe(this.picture.stage);
    this.key = null;
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-do]");
      if (button) this.act(button.dataset.do);
    });
    this.picture.stage.addEventListener("keydown", (event) => this.press(event));
    for (const canvas of this.picture.canvases) this.listen(canvas);
  }

  dispose() {
    this.sphere.close();
    this.picture.close();
    this.resizing.disconnect();
  }

  // New data from Python: another image, or the original beside it.
  async update({ data }) {
    if (data.key === this.key) return;
    this.key = data.key;
    const pictures = await Picture.load(data);
    if (this.key !== data.key) return;
    this.sphere.close();
    this.data = data;
    this.picture.modes.sides = pictures[1] !== null;
    this.picture.show(pictures, data.width_px, data.height_px, data.tiles, data.frames, data.of);
    this.strip.show(data);
    this.root.dataset.image = data.key;
    const shown = data.of.slice(0, pictures[1] ? 2 : 1).join(" and ");
    this.picture.stage.setAttribute("aria-label", `${shown[0].toUpperCase()}${shown.slice(1)} of ${data.name}`);
    this.repaint();
  }

  act(action) {
    const { view } = this.picture;
    const steps = {
      in: () => view.zoom(1.5),
      out: () => view.zoom(1 / 1.5),
      fit: () => view.fit(),
      pixels: () => view.zoomToPixels(screenDensity()),
      before: () => this.showFrame(this.picture.frame - 1),
      after: () => this.showFrame(this.picture.frame + 1),
      around: () => this.lookAround(),
    };
    steps[action]();
    this.repaint();
  }

  lookAround() {
    if (this.sphere.isOpen) {
      this.sphere.close();
      this.picture.focus();
    } else if (this.picture.sphereLayer) this.sphere.open(this.picture.sphereLayer, [], this.picture.view);
  }

  showFrame(number) {
    this.sphere.close();
    this.picture.showFrame(number);
    this.repaint();
  }

  // Keys work while the picture has the focus: the page has keys of its own.
  press(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const action = event.key === "Escape" && this.sphere.isOpen ? "around" : KEYS[event.key.toLowerCase()];
    const step = !this.sphere.isOpen && STEPS[event.key];
    if (!action && !step) return;
    event.preventDefault();
    event.stopPropagation();
    if (action) return this.act(action);
    this.picture.view.pan(step[0] * STEP_PX, step[1] * STEP_PX);
    this.repaint();
  }

  listen(canvas) {
    let last = null;
    const on = (name, action, options) => canvas.addEventListener(name, action, options);
    on("pointerdown", (event) => {
      this.picture.focus();
      canvas.setPointerCapture(event.pointerId);
      last = { x: event.clientX, y: event.clientY };
    });
    on("pointermove", (event) => {
      if (!last) return;
      this.picture.view.pan(last.x - event.clientX, last.y - event.clientY);
      last = { x: event.clientX, y: event.clientY };
      this.repaint();
    });
    for (const name of ["pointerup", "pointercancel"]) on(name, () => (last = null));
    on("wheel", (event) => {
      event.preventDefault();
      const frame = canvas.getBoundingClientRect();
      this.picture.view.zoom(Math.exp(-event.deltaY / 400), event.clientX - frame.left, event.clientY - frame.top);
      this.repaint();
    }, { passive: false });
  }

  repaint() {
    if (!this.data) return;
    this.picture.paint([]);
    describeResolution(this);
    this.strip.describe(this.picture, null);
    this.find('.bar [data-do="around"]').hidden = !this.picture.sphereLayer;
  }

  find(selector) {
    return this.root.querySelector(selector);
  }
}

const viewers = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!viewers.has(root)) viewers.set(root, new Viewer(root));
  viewers.get(root).update(component);
  return () => {
    viewers.get(root)?.dispose();
    viewers.delete(root);
  };
}
