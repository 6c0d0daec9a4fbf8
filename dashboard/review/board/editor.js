// Changes the boxes of the board's picture by the reviewer's hand: selects, draws, moves, resizes, classifies.

class Editor {
  constructor(board) {
    Object.assign(this, { board, boxes: new Boxes([]), className: FACE, nudged: null });
  }

  // The boxes of another picture, and those that the reviewer drew before, if any.
  open(found, draft) {
    this.boxes = new Boxes(found, draft);
  }

  // Undoes or redoes a step.
  travel(what, step) {
    const at = this.boxes.at;
    this.change(() => this.board.showFrame(step()));
    if (this.boxes.at !== at) this.board.spoken.say(`${what}. ${this.shownBoxes.length} boxes.`);
  }

  // The boxes of the shown frame.
  get shownBoxes() {
    return this.boxes.all.filter((box) => box.frame === this.board.picture.frame);
  }

  change(step) {
    if (!this.board.canChange) return;
    step();
    if (!this.boxes.find(this.board.picture.selected)) this.board.picture.selected = null;
    if (this.boxes.isChanged) drafts.keep(this.board.key, this.boxes.all);
    else drafts.remove(this.board.key);
    this.board.hint = "";
    this.board.refresh();
  }

  toggle(id) {
    if (!this.board.canChange) return;
    this.change(() => this.boxes.toggle(id));
    const box = this.boxes.find(id);
    if (box) this.say(box, fateInWords(box));
    else this.board.spoken.say(`Box deleted. ${this.shownBoxes.length} boxes.`);
  }

  draw(sides) {
    if (!this.board.canChange) return;
    this.change(() => (this.board.picture.selected = this.boxes.draw(sides, this.className, this.board.picture.frame)));
    this.say(this.selectedBox, `drawn at ${placeInWords(this.selectedBox)}`);
  }

  // Draws a box in the middle of the view.
  mark() {
    if (!this.board.canChange) return;
    this.board.sphere.close();
    if (!this.board.canEdit) this.board.hint = "The boxes are hidden. Show them first (B).";
    else {
      this.draw(inMiddle(this.board.picture.view));
      this.board.picture.focus();
    }
  }

  reshape(id, sides) {
    this.change(() => this.boxes.reshape(id, sides));
    this.select(id);
  }

  // Moves or resizes the selected box by a step of an arrow key; the steps of a held key are undone at once.
  nudge(how, [right, down], isHeld) {
    const { view } = this.board.picture;
    const before = this.selectedBox;
    if (!before.isDestroyed) {
      this.say(before, `${fateInWords(before)}: press Enter before you move it`);
      return;
    }
    const step = arrowStep(view);
    const sides = how(before, right * step, down * step, view);
    const isFurther = isHeld && this.nudged === this.boxes.all;
    this.change(() => (isFurther ? this.boxes.reshapeFurther(before.id, sides) : this.boxes.reshape(before.id, sides)));
    this.nudged = this.boxes.all;
    const box = this.selectedBox;
    view.reveal(box);
    this.board.repaint();
    this.say(box, how === moved ? `moved to ${placeInWords(box)}` : `resized`);
  }

  // The selected box, if the shown frame has one.
  get selectedBox() {
    return this.shownBoxes.find((box) => box.id === this.board.picture.selected);
  }

  say(box, more) {
    this.board.spoken.say(boxInWords(box, this.shownBoxes, more));
  }

  // The class of the selected box, or else of boxes to draw.
  get shownClass() {
    return this.boxes.find(this.board.picture.selected)?.class_name || this.className;
  }

  // Sets it, by default to the next class.
  classify(className) {
    const names = this.board.data.classes || [FACE];
    const chosen = className || names[(names.indexOf(this.shownClass) + 1) % names.length];
    const box = this.boxes.find(this.board.picture.selected);
    if (box && box.class_name !== chosen) {
      this.change(() => this.boxes.classify(box.id, chosen));
      if (this.selectedBox) this.say(this.selectedBox, fateInWords(this.selectedBox));
    }
    this.className = chosen;
    this.board.refresh();
  }

  dropSelected() {
    const box = this.boxes.find(this.board.picture.selected);
    if (box && box.isDestroyed) this.toggle(box.id);
  }

  toggleSelected() {
    if (this.boxes.find(this.board.picture.selected)) this.toggle(this.board.picture.selected);
  }

  selectNext(step) {
    const ids = this.shownBoxes.map((box) => box.id);
    if (!ids.length) return;
    const at = ids.indexOf(this.board.picture.selected);
    const id = at < 0 ? ids.at(step > 0 ? 0 : -1) : ids[(at + step + ids.length) % ids.length];
    this.board.picture.view.show(this.boxes.find(id));
    this.select(id);
    this.say(this.selectedBox, `${fateInWords(this.selectedBox)}, ${placeInWords(this.selectedBox)}`);
  }

  select(id) {
    this.board.picture.selected = id;
    this.board.repaint();
  }

  hover(id) {
    if (id === this.board.picture.hovered) return;
    this.board.picture.hovered = id;
    this.board.repaint();
  }

  // The preview of a box that is being drawn, moved or resized.
  sketch(id, sides) {
    this.board.picture.sketched = sides && { kind: "drawn", class_name: this.className, isDestroyed: true, score: 1, ...this.boxes.find(id), ...sides };
    this.board.repaint();
  }
}
