// The board: one image with its boxes, and the reviewer's actions.

const FLICKER_MS = 500;
const PATIENCE_MS = 20_000;

class Board {
  constructor(root) {
    this.root = root.querySelector(".board");
    this.picture = new Picture(this.root, () => this.refresh());
    this.sheets = new Sheets(this.root, {
      reject: (note) => this.send("reject", { note }),
      cancel: () => this.act("cancel"),
    });
    this.sphere = new SphereView(this.root.querySelector(".sphere"));
    this.strip = new Strip(this.root, (number) => this.showFrame(number));
    this.claim = new Claim();
    this.spoken = new Spoken(this.root);
    this.editor = new Editor(this);
    Object.assign(this, { key: null, turn: null, hint: "", isBusy: true, sentAt: 0 });
    for (const canvas of this.picture.canvases) new Mouse(this, canvas);
    this.keys = new Keys(this);
    this.resizing = new ResizeObserver(() => this.repaint());
    this.resizing.observe(this.picture.stage);
    this.clock = setInterval(() => this.tick(), FLICKER_MS);
    this.listen();
  }

  dispose() {
    clearInterval(this.clock);
    this.sphere.close();
    this.picture.close();
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
    this.find(".class select").addEventListener("change", (event) => {
      this.editor.classify(event.target.value);
      this.picture.focus();
    });
    const peek = this.button("peek");
    peek.addEventListener("pointerdown", () => this.peek(true));
    for (const name of ["pointerup", "pointerleave"]) peek.addEventListener(name, () => this.peek(false));
  }

  // New data from Python: another image, or a change of this one.
  async update({ data, setTriggerValue }) {
    this.trigger = (answer) => setTriggerValue("answer", answer);
    const isDone = this.sent && (data.key !== this.sent || data.is_rendering);
    if (isDone) drafts.remove(this.sent);
    const isAnother = data.key !== this.key;
    const isRerendered = isAnother && this.data?.image_id === data.image_id && !this.data.is_rendering;
    const drawn = isRerendered ? this.boxes.all.filter((box) => box.kind === "drawn") : [];
    this.data = data;
    if (isAnother) await this.open(data, drawn);
    if (this.data !== data) return; // newer data has arrived meanwhile
    this.claim.renew(data);
    if (isAnother || data.turn !== this.turn) {
      Object.assign(this, { turn: data.turn, isBusy: false, sent: null, hint: "" });
    }
    this.refresh();
  }

  // Shows an image. Boxes drawn before someone else re-rendered its result are drawn again, as are those of a correction
  // whose file failed the check.
  async open(data, drawn) {
    this.isBusy = true;
    const pictures = await Picture.load(data);
    if (this.data !== data) return;
    this.sphere.close();
    this.picture.show(pictures, data.width_px, data.height_px, data.tiles, data.frames);
    this.strip.show(data);
    this.key = data.key;
    const draft = drafts.load(data.key);
    this.editor.open(data.boxes, draft);
    const marks = drawn.length || draft ? drawn : data.kept_marks || [];
    for (const { x1, y1, x2, y2, class_name, frame } of marks) this.boxes.draw({ x1, y1, x2, y2 }, class_name, frame);
    this.frameToShow = [...this.boxes.findings, ...this.boxes.differences][0]?.frame || 0;
    this.sheets.clear();
    this.spoken.clear();
    if (document.activeElement === document.body) this.picture.focus();
  }

  // Actions on the image.

  act(action) {
    this.hint = "";
    const steps = {
      approve: () => this.approve(),
      save: () => this.save(),
      reject: () => this.askWhy(),
      next: () => this.send("next"),
      undo: () => this.editor.travel("Undone", () => this.boxes.undo()),
      redo: () => this.editor.travel("Redone", () => this.boxes.redo()),
      before: () => this.showFrame(this.picture.frame - 1),
      after: () => this.showFrame(this.picture.frame + 1),
      drop: () => this.editor.dropSelected(),
      classify: () => this.editor.classify(),
      mark: () => this.editor.mark(),
      flicker: () => this.picture.toggle("flicker"),
      sides: () => this.picture.toggle("sides"),
      boxes: () => this.picture.toggle("boxes"),
      in: () => this.picture.view.zoom(1.5),
      out: () => this.picture.view.zoom(1 / 1.5),
      fit: () => this.picture.view.fit(),
      pixels: () => this.picture.view.zoomToPixels(screenDensity()),
      around: () => this.lookAround(),
      help: () => this.sheets.toggleKeys(),
      cancel: () => this.cancel(),
    };
    steps[action]();
    this.refresh();
  }

  approve() {
    if (this.boxes.isChanged) this.hint = "You have changed boxes. Save them (S) or undo (U).";
    else if (this.data.is_refused && this.boxes.start.some((box) => box.kind === "finding")) {
      this.hint = "A face is still visible in this file. Mark it (Tab, Enter) and save, or reject.";
    } else if (this.data.is_refused) this.hint = "This file failed Blurline's check, so it is never published. Correct it, or reject.";
    else if (this.data.awaits_another) this.hint = AWAITS_ANOTHER;
    else if (!this.data.can_approve) this.hint = "There is nothing to approve.";
    else if (!this.picture.areAllSeen) {
      this.hint = `You have seen ${this.picture.seen.size} of ${this.picture.frames} frames. Look at the others first ( ] ).`;
    } else if (this.picture.frames > 1) this.send("approve", { frames: [...this.picture.seen] });
    else this.send("approve");
  }

  save() {
    if (!this.boxes.isChanged) {
      this.hint = "You have not changed any boxes." + (this.data.can_approve ? " Approve (A), or mark boxes first." : "");
      return;
    }
    const boxes = this.boxes.destroyed.map(({ frame, x1, y1, x2, y2, score, class_name }) => {
      const box = { frame, x1, y1, x2, y2, score };
      return class_name === FACE ? box : { ...box, class_name };
    });
    const frames = Array.from({ length: this.data.frames || 1 }, (_, number) => number);
    this.send("save", { boxes, ...(frames.length > 1 && { frames }), hold: this.find(".hold input").checked });
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
    this.picture.focus();
    this.refresh();
  }

  cancel() {
    if (this.sheets.isOpen) this.sheets.close();
    else if (this.sphere.isOpen) this.sphere.close();
    else if (this.picture.selected !== null) this.picture.selected = null;
    else return this.picture.stage.blur();
    this.picture.focus();
  }

  // Frames.

  lookAround() {
    if (this.sphere.isOpen) this.sphere.close();
    else if (this.picture.sphereLayer) this.sphere.open(this.picture.sphereLayer, this.editor.shownBoxes, this.picture.view);
    this.picture.focus();
  }

  showFrame(number) {
    this.sphere.close();
    this.picture.showFrame(number);
    this.refresh();
  }

  get boxes() {
    return this.editor.boxes;
  }

  get canChange() {
    return !this.isBusy && !this.data.is_rendering;
  }

  get canEdit() {
    return this.canChange && this.picture.showsBoxes;
  }

  pan(right, down) {
    this.picture.view.pan(right, down);
    this.repaint();
  }

  peek(isPeeking) {
    this.picture.modes.peek = isPeeking;
    this.refresh();
  }

  // Display.

  tick() {
    if (!this.data) return;
    const now = performance.now();
    if (this.isBusy && this.sentAt && now - this.sentAt > PATIENCE_MS) {
      Object.assign(this, { isBusy: false, sentAt: 0, hint: "No response has arrived. Your boxes are kept; try again." });
    }
    if (!this.isBusy && this.claim.needsRenewal) this.trigger({ kind: "active", image_id: this.data.image_id });
    this.picture.ticks += 1;
    this.refresh();
  }

  refresh() {
    if (!this.data) return;
    if (this.frameToShow && this.picture.has(this.frameToShow)) {
      this.picture.showFrame(this.frameToShow);
      this.frameToShow = 0;
    }
    this.repaint();
    describe(this);
  }

  repaint() {
    this.picture.paint(this.editor.shownBoxes);
    describeResolution(this);
    describeClass(this);
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  button(action) {
    return this.find(`button[data-do="${action}"]`);
  }
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
