// The original and the result, side by side or alternating.

class Picture {
  // `changed` is called when more of a picture has arrived.
  constructor(root, changed) {
    this.changed = changed;
    this.root = root;
    this.stage = root.querySelector(".stage");
    this.canvases = [...root.querySelectorAll("canvas")];
    this.tag = root.querySelector(".before-tag");
    this.view = new View();
    this.reduced = 0;
    this.modes = { peek: false, flicker: false, sides: true, boxes: true };
    Object.assign(this, { original: null, result: null, selected: null, hovered: null, sketched: null, ticks: 0 });
    Object.assign(this, { frame: 0, frames: 1, seen: new Set() });
  }

  // Rejects if a picture cannot be decoded.
  static load({ original, result }) {
    return Promise.all([original, result].map(loaded));
  }

  // `tiles`: the address of their tiles, if they have any. `frames`: how many frames or pages they have.
  // `of`: what the two pictures are.
  show([original, result], width, height, tiles = null, frames = 1, of = ["original", "result"]) {
    this.close();
    this.firstTag = of[0] === "original" ? "Original" : "Result";
    const mayBeSphere = Math.abs(width / height / 2 - 1) < 0.01; // only the tiles say it
    const layer = (image, of) => {
      const isReduced = image && tiles && (image.naturalWidth < width || frames > 1 || mayBeSphere);
      return image && { image, frame: 0, tiles: isReduced ? new Tiles(`${tiles}/${of}`, this.changed) : null };
    };
    Object.assign(this, { frame: 0, frames, seen: new Set() });
    Object.assign(this, { original: layer(original, of[0]), result: layer(result, of[1]) });
    Object.assign(this, { selected: null, hovered: null, sketched: null });
    for (const each of [this.original, this.result]) each?.tiles?.load();
    this.modes.flicker = false;
    this.measure();
    this.view.photograph(width, height);
  }

  // Whether a frame can be shown: the sizes of the frames have arrived.
  has(number) {
    return Boolean(this.original?.tiles?.sizes?.frames[number]);
  }

  // Shows another frame. The part of it stays the same if it has the same size.
  showFrame(number) {
    if (!this.has(number) || number === this.frame) return;
    const size = this.original.tiles.sizes.frames[number];
    this.frame = number;
    for (const layer of [this.original, this.result]) if (layer) layer.frame = number;
    Object.assign(this, { selected: null, hovered: null, sketched: null });
    if (size.width_px !== this.view.width || size.height_px !== this.view.height) {
      this.view.photograph(size.width_px, size.height_px);
    }
  }

  // The result, or else the original, with its `sphere`, if the shown frame is a sphere. A result may have lost the
  // metadata that says so.
  get sphereLayer() {
    const spheres = [this.result, this.original].map((layer) => layer?.tiles?.sizes?.frames[this.frame]?.sphere);
    const sphere = spheres[0] || spheres[1];
    const layer = [this.result, this.original].find((each) => each?.tiles?.sizes);
    return sphere && layer ? { ...layer, sphere } : null;
  }

  get areAllSeen() {
    return this.seen.size >= this.frames;
  }

  close() {
    for (const layer of [this.original, this.result]) layer?.tiles?.close();
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

  // Drawn boxes and findings are also shown on the result, where missed faces are easiest to see.
  paint(all) {
    if (!this.original) return;
    this.measure();
    const { view, sketched } = this;
    const others = all
      .filter((box) => !sketched || box.id !== sketched.id)
      .sort((one, other) => isOpenFinding(one) - isOpenFinding(other)); // findings lie on top
    const boxes = this.showsBoxes ? [...others, ...(sketched ? [sketched] : [])] : [];
    const isResultsTurn = this.modes.flicker && this.ticks % 2 === 1;
    const [before, after] = this.canvases;
    this.reduced = paint(before, view, isResultsTurn ? this.result : this.original, boxes, this);
    this.tag.textContent = isResultsTurn ? "Result" : this.firstTag;
    if (this.modes.sides && !this.modes.flicker) {
      const drawn = boxes.filter((box) => box.kind === "drawn" || box.kind in FINDINGS);
      this.reduced = Math.max(this.reduced, paint(after, view, this.result, drawn, this));
    }
    if (this.reduced < Infinity) this.seen.add(this.frame);
    if (this.modes.flicker) this.fetchOther(isResultsTurn ? this.original : this.result);
  }

  // Tiles of the picture that alternates with the painted one.
  fetchOther(other) {
    const scratch = (this.scratch ??= document.createElement("canvas"));
    if (other) paint(scratch, this.view, other, [], this);
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
