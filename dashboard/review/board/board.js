// The board: one image with its boxes, and what the reviewer does with it.

const FLICKER_MS = 500;
const PATIENCE_MS = 20_000;

class Board {
  constructor(root) {
    this.root = root.querySelector(".board");
    this.stage = this.root.querySelector(".stage");
    [this.before, this.after] = this.root.querySelectorAll("canvas");
    this.sheets = new Sheets(this.root, {
      reject: (note) => this.send("reject", { note }),
      cancel: () => this.act("cancel"),
    });
    this.claim = new Claim();
    this.view = new View();
    this.boxes = new Boxes([]);
    Object.assign(this, { key: null, turn: null, selected: null, hovered: null, sketched: null, hint: "" });
    Object.assign(this, { showsBoxes: true, isSideBySide: true, isFlickering: false, isPeeking: false });
    Object.assign(this, { isBusy: true, sentAt: 0, flickerAt: 0 });
    for (const canvas of [this.before, this.after]) new Mouse(this, canvas);
    this.keys = new Keys(this);
    this.resizing = new ResizeObserver(() => this.repaint());
    this.resizing.observe(this.stage);
    this.clock = setInterval(() => this.tick(), FLICKER_MS);
    this.listen();
  }

  dispose() {
    clearInterval(this.clock);
    this.resizing.disconnect();
    this.keys.stop();
  }

  listen() {
    for (const name of ["pointerdown", "pointermove", "wheel"]) {
      this.root.addEventListener(name, () => this.claim.noteActivity(), { passive: true });
    }
    this.root.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-do]");
      if (button && button.dataset.do !== "peek") this.act(button.dataset.do);
    });
    const peek = this.button("peek");
    peek.addEventListener("pointerdown", () => this.peek(true));
    for (const name of ["pointerup", "pointerleave"]) peek.addEventListener(name, () => this.peek(false));
  }

  // What Python says: another image, or something new about this one.
  async update({ data, setTriggerValue }) {
    this.trigger = (answer) => setTriggerValue("answer", answer);
    const isDone = this.sent && (data.key !== this.sent || data.is_rendering);
    if (isDone) drafts.forget(this.sent);
    const isAnother = data.key !== this.key;
    const isMadeAnew = isAnother && this.data?.image_id === data.image_id && !this.data.is_rendering;
    const drawn = isMadeAnew ? this.boxes.all.filter((box) => box.kind === "drawn") : [];
    this.data = data;
    if (isAnother) await this.open(data, drawn);
    if (this.data !== data) return; // something newer has come meanwhile
    this.claim.renew(data);
    if (isAnother || data.turn !== this.turn) {
      Object.assign(this, { turn: data.turn, isBusy: false, sent: null, hint: "" });
    }
    this.refresh();
  }

  // Shows an image. What was drawn on it before its result was made anew by others is drawn again.
  async open(data, drawn) {
    this.isBusy = true;
    const pictures = await Promise.all([data.original, data.result].map(loaded));
    if (this.data !== data) return;
    [this.original, this.result] = pictures;
    this.key = data.key;
    this.boxes = new Boxes(data.boxes, drafts.load(data.key));
    for (const { x1, y1, x2, y2 } of drawn) this.boxes.draw({ x1, y1, x2, y2 });
    Object.assign(this, { selected: null, hovered: null, sketched: null, isFlickering: false });
    this.sheets.clear();
    this.measure();
    this.view.photograph(data.width_px, data.height_px);
    if (document.activeElement === document.body) this.focus();
  }

  // What one does with it.

  act(action) {
    this.hint = "";
    const steps = {
      approve: () => this.approve(),
      save: () => this.save(),
      reject: () => this.askWhy(),
      next: () => this.send("next"),
      undo: () => this.change(() => this.boxes.undo()),
      redo: () => this.change(() => this.boxes.redo()),
      drop: () => this.dropSelected(),
      flicker: () => (this.isFlickering = !this.isFlickering && this.result !== null),
      sides: () => (this.isSideBySide = !this.isSideBySide),
      boxes: () => (this.showsBoxes = !this.showsBoxes),
      in: () => this.view.zoom(1.5),
      out: () => this.view.zoom(1 / 1.5),
      fit: () => this.view.fit(),
      help: () => this.sheets.toggleKeys(),
      cancel: () => this.cancel(),
    };
    steps[action]();
    this.refresh();
  }

  approve() {
    if (this.boxes.isChanged) this.hint = "You have changed boxes: save them (S), or undo (U).";
    else if (!this.data.can_approve) this.hint = "There is nothing to approve.";
    else this.send("approve");
  }

  save() {
    if (!this.boxes.isChanged) {
      this.hint = "You have changed nothing." + (this.data.can_approve ? " Approve (A), or mark boxes first." : "");
      return;
    }
    const boxes = this.boxes.destroyed.map(({ x1, y1, x2, y2, score }) => ({ frame: 0, x1, y1, x2, y2, score }));
    this.send("save", { boxes, hold: this.find(".hold input").checked });
  }

  askWhy() {
    if (!this.data.can_reject) this.hint = "There is nothing to reject.";
    else if (this.canChange) this.sheets.askWhy();
  }

  send(kind, more = {}) {
    if (this.isBusy || (this.data.is_rendering && kind !== "next")) return;
    this.trigger({ kind, image_id: this.data.image_id, ...more });
    this.isBusy = true;
    this.sentAt = performance.now();
    this.sent = kind === "next" ? null : this.key;
    this.sheets.close();
    this.focus();
    this.refresh();
  }

  cancel() {
    if (this.sheets.isOpen) this.sheets.close();
    else if (this.selected !== null) this.selected = null;
    else return this.stage.blur();
    this.focus();
  }

  // What one does with its boxes.

  get canChange() {
    return !this.isBusy && !this.data.is_rendering;
  }

  get canEdit() {
    return this.canChange && this.showsBoxes && !this.isPeeking && !this.isFlickering;
  }

  change(step) {
    if (!this.canChange) return;
    step();
    if (!this.boxes.find(this.selected)) this.selected = null;
    if (this.boxes.isChanged) drafts.keep(this.key, this.boxes.all);
    else drafts.forget(this.key);
    this.hint = "";
    this.refresh();
  }

  toggle(id) {
    this.change(() => this.boxes.toggle(id));
  }

  draw(sides) {
    this.change(() => (this.selected = this.boxes.draw(sides)));
  }

  reshape(id, sides) {
    this.change(() => this.boxes.reshape(id, sides));
    this.select(id);
  }

  dropSelected() {
    const box = this.boxes.find(this.selected);
    if (box && box.isDestroyed) this.toggle(box.id);
  }

  toggleSelected() {
    if (this.boxes.find(this.selected)) this.toggle(this.selected);
  }

  selectNext(step) {
    const ids = this.boxes.all.map((box) => box.id);
    if (!ids.length) return;
    const at = ids.indexOf(this.selected);
    this.selected = ids[(at < 0 ? (step > 0 ? 0 : -1) : at + step + ids.length) % ids.length] ?? ids.at(-1);
    this.view.show(this.boxes.find(this.selected));
    this.refresh();
  }

  select(id) {
    this.selected = id;
    this.repaint();
  }

  hover(id) {
    if (id === this.hovered) return;
    this.hovered = id;
    this.repaint();
  }

  // A box that is being drawn, or one that is being moved as it would then be.
  sketch(id, sides) {
    this.sketched = sides && { kind: "drawn", isDestroyed: true, score: 1, ...this.boxes.find(id), ...sides };
    this.repaint();
  }

  pan(right, down) {
    this.view.pan(right, down);
    this.repaint();
  }

  peek(isPeeking) {
    this.isPeeking = isPeeking;
    this.refresh();
  }

  get isFocused() {
    return this.stage.getRootNode().activeElement === this.stage;
  }

  focus() {
    this.stage.focus({ preventScroll: true });
  }

  // What is seen of it.

  tick() {
    if (!this.data) return;
    const now = performance.now();
    if (this.isBusy && this.sentAt && now - this.sentAt > PATIENCE_MS) {
      Object.assign(this, { isBusy: false, sentAt: 0, hint: "No answer has come. Your boxes are kept; try again." });
    }
    if (!this.isBusy && this.claim.isToBeKept) this.trigger({ kind: "active", image_id: this.data.image_id });
    this.flickerAt += 1;
    this.refresh();
  }

  refresh() {
    if (!this.data) return;
    describe(this);
    this.repaint();
  }

  measure() {
    this.root.classList.toggle("sides", this.isSideBySide && !this.isFlickering);
    this.view.resize(this.before.parentElement.clientWidth, this.before.parentElement.clientHeight);
  }

  repaint() {
    if (!this.original) return;
    this.measure();
    const showsResult = this.isFlickering && this.result && this.flickerAt % 2 === 1;
    const { sketched } = this;
    const shown = this.boxes.all.filter((box) => !sketched || box.id !== sketched.id);
    const boxes = this.showsBoxes && !this.isPeeking && !this.isFlickering ? shown : [];
    const marks = { selected: this.selected, hovered: this.hovered };
    paint(this.before, this.view, showsResult ? this.result : this.original, sketched ? [...boxes, sketched] : boxes, marks);
    this.find(".before-tag").textContent = showsResult ? "Result" : "Original";
    if (this.isSideBySide) paint(this.after, this.view, this.result, [], marks);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  button(action) {
    return this.find(`button[data-do="${action}"]`);
  }
}

async function loaded(url) {
  if (!url) return null;
  const picture = new Image();
  picture.src = url;
  await picture.decode();
  return picture;
}

const boards = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!boards.has(root)) boards.set(root, new Board(root));
  boards.get(root).update(component);
  return () => {
    boards.get(root)?.dispose();
    boards.delete(root);
  };
}
