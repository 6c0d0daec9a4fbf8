// The boxes of one image and the reviewer's changes, each of which can be undone.
//
// A box: {id, kind, frame, class_name, x1, y1, x2, y2, score, isDestroyed}, in pixels of the upright photograph. Its kind is
// `found` (destroyed by the pipeline), `candidate` (detected but not destroyed), `finding` (a face that the check still saw
// in the written file), `difference` (where that file is not what was meant) or `drawn`; its class what it shows.

const FACE = "face";
const KINDS_OF_FINDINGS = { visible_face: "finding", difference: "difference" };

class Boxes {
  constructor(given, draft) {
    this.start = given.map((box, at) => ({
      id: at,
      kind: KINDS_OF_FINDINGS[box.kind] || (box.destroyed ? "found" : "candidate"),
      isDestroyed: box.destroyed,
      frame: box.frame || 0,
      class_name: box.class_name || FACE,
      x1: box.x1, y1: box.y1, x2: box.x2, y2: box.y2, score: box.score,
    }));
    const kept = draft?.map((box) => ({ class_name: FACE, frame: 0, ...box })); // drafts of older pages lack them
    this.steps = kept ? [this.start, kept] : [this.start];
    this.at = this.steps.length - 1;
  }

  get all() {
    return this.steps[this.at];
  }

  get destroyed() {
    return this.all.filter((box) => box.isDestroyed);
  }

  get isChanged() {
    return this.drawn > 0 || this.all.some((box) => isAltered(box, this.start[box.id]));
  }

  get drawn() {
    return this.all.filter((box) => box.kind === "drawn").length;
  }

  // The faces still visible that are not marked yet.
  get findings() {
    return this.all.filter((box) => box.kind === "finding" && !box.isDestroyed);
  }

  get differences() {
    return this.all.filter((box) => box.kind === "difference" && !box.isDestroyed);
  }

  get dropped() {
    return this.all.filter((box) => box.kind === "found" && !box.isDestroyed).length;
  }

  get canUndo() {
    return this.at > 0;
  }

  get canRedo() {
    return this.at < this.steps.length - 1;
  }

  find(id) {
    return this.all.find((box) => box.id === id);
  }

  // Drops or restores a found box, marks or unmarks a candidate, a finding or a difference, and deletes a drawn box.
  toggle(id) {
    const without = (box) => (box.kind === "drawn" ? [] : [{ ...box, isDestroyed: !box.isDestroyed }]);
    this.step(this.all.flatMap((box) => (box.id === id ? without(box) : [box])));
  }

  // Draws a box and returns its id.
  draw(sides, className = FACE, frame = 0) {
    const id = Math.max(-1, ...this.steps.flat().map((box) => box.id)) + 1;
    this.step([...this.all, { id, kind: "drawn", frame, class_name: className, isDestroyed: true, score: 1, ...sides }]);
    return id;
  }

  reshape(id, sides) {
    this.step(this.all.map((box) => (box.id === id ? { ...box, ...sides } : box)));
  }

  // Goes on with the last step, so that both are undone at once.
  reshapeFurther(id, sides) {
    this.at -= 1;
    this.step(this.steps[this.at + 1].map((box) => (box.id === id ? { ...box, ...sides } : box)));
  }

  // Sets the class of a box. A candidate becomes a box to destroy.
  classify(id, className) {
    this.step(this.all.map((box) => (box.id === id ? { ...box, class_name: className, isDestroyed: true } : box)));
  }

  // Both return the frame of what they changed.
  undo() {
    return this.go(Math.max(0, this.at - 1));
  }

  redo() {
    return this.go(Math.min(this.steps.length - 1, this.at + 1));
  }

  go(at) {
    const before = new Set(this.all);
    this.at = at;
    const after = new Set(this.all);
    return [...this.all.filter((box) => !before.has(box)), ...[...before].filter((box) => !after.has(box))][0]?.frame;
  }

  step(boxes) {
    this.steps = [...this.steps.slice(0, this.at + 1), boxes];
    this.at += 1;
  }
}

function isAltered(box, start) {
  return ["isDestroyed", "class_name", "x1", "y1", "x2", "y2"].some((name) => box[name] !== start[name]);
}

// Unsaved changes, which survive a lost connection, a reload and a visit to another page.
const drafts = {
  load: (caseKey) => JSON.parse(sessionStorage.getItem(`blurline-review ${caseKey}`)),
  keep(caseKey, boxes) {
    try {
      sessionStorage.setItem(`blurline-review ${caseKey}`, JSON.stringify(boxes));
    } catch {
      // The browser's storage is full. The boxes are still on the board.
    }
  },
  remove: (caseKey) => sessionStorage.removeItem(`blurline-review ${caseKey}`),
};
