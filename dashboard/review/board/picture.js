// The original and the result, side by side or alternating.

class Picture {
  constructor(root) {
    this.root = root;
    this.stage = root.querySelector(".stage");
    this.canvases = [...root.querySelectorAll("canvas")];
    this.tag = root.querySelector(".before-tag");
    this.view = new View();
    this.modes = { peek: false, flicker: false, sides: true, boxes: true };
    Object.assign(this, { original: null, result: null, selected: null, hovered: null, sketched: null, ticks: 0 });
  }

  // Rejects if a picture cannot be decoded.
  static load({ original, result }) {
    return Promise.all([original, result].map(loaded));
  }

  show([original, result], width, height) {
    Object.assign(this, { original, result, selected: null, hovered: null, sketched: null });
    this.modes.flicker = false;
    this.measure();
    this.view.photograph(width, height);
  }

  toggle(mode) {
    this.modes[mode] = !this.modes[mode] && (mode !== "flicker" || this.result !== null);
  }

  get showsBoxes() {
    return this.modes.boxes && !this.modes.peek && !this.modes.flicker;
  }

  measure() {
    this.root.classList.toggle("sides", this.modes.sides && !this.modes.flicker);
    const { clientWidth, clientHeight } = this.canvases[0].parentElement;
    this.view.resize(clientWidth, clientHeight);
  }

  // Drawn boxes are also shown on the result, where missed faces are easiest to see.
  paint(all) {
    if (!this.original) return;
    this.measure();
    const { view, sketched } = this;
    const others = all.filter((box) => !sketched || box.id !== sketched.id);
    const boxes = this.showsBoxes ? [...others, ...(sketched ? [sketched] : [])] : [];
    const isResultsTurn = this.modes.flicker && this.ticks % 2 === 1;
    const [before, after] = this.canvases;
    paint(before, view, isResultsTurn ? this.result : this.original, boxes, this);
    this.tag.textContent = isResultsTurn ? "Result" : "Original";
    if (this.modes.sides) paint(after, view, this.result, boxes.filter((box) => box.kind === "drawn"), this);
  }

  get isFocused() {
    return this.stage.getRootNode().activeElement === this.stage;
  }

  focus() {
    this.stage.focus({ preventScroll: true });
  }
}

async function loaded(url) {
  if (!url) return null;
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  return picture;
}
