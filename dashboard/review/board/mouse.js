// The mouse on the picture: click, draw, move, resize, zoom and pan.

const CLICK_PX = 4;
const CORNER_PX = 9;
const ROOM_FOR_CORNERS_PX = 28;
const [LEFT, MIDDLE, RIGHT] = [0, 1, 2];

class Mouse {
  constructor(board, canvas) {
    this.board = board;
    this.canvas = canvas;
    this.drag = null;
    const on = (name, action, options) => canvas.addEventListener(name, action.bind(this), options);
    on("pointerdown", this.press);
    on("pointermove", this.move);
    on("pointerup", this.release);
    on("pointercancel", this.cancel);
    on("pointerleave", () => this.board.editor.hover(null));
    on("contextmenu", (event) => event.preventDefault());
    on("wheel", this.zoom, { passive: false });
  }

  at(event) {
    const frame = this.canvas.getBoundingClientRect();
    return { x: event.clientX - frame.left, y: event.clientY - frame.top };
  }

  press(event) {
    this.board.picture.focus();
    this.canvas.setPointerCapture(event.pointerId);
    const at = this.at(event);
    if (event.button === MIDDLE || event.button === RIGHT) {
      event.preventDefault();
      this.drag = { kind: "pan", at };
    } else if (event.button === LEFT && this.board.canEdit) {
      this.drag = { ...this.dragAt(at, event.shiftKey), at, isMoved: false };
    }
  }

  move(event) {
    const at = this.at(event);
    const { drag, board } = this;
    if (!drag) {
      const box = this.boxAt(at);
      this.canvas.style.cursor = box && this.cornerAt(box, at) ? "nwse-resize" : box ? "pointer" : "crosshair";
      board.editor.hover(box ? box.id : null);
      return;
    }
    if (drag.kind === "pan") {
      board.pan(drag.at.x - at.x, drag.at.y - at.y);
      drag.at = at;
    } else if (drag.isMoved || Math.hypot(at.x - drag.at.x, at.y - drag.at.y) >= CLICK_PX) {
      drag.isMoved = true;
      board.editor.sketch(drag.box ? drag.box.id : null, this.sides(drag, at));
    }
  }

  release(event) {
    const { drag, board } = this;
    this.drag = null;
    board.editor.sketch(null, null);
    if (!drag || drag.kind === "pan") return;
    if (!drag.isMoved) {
      if (drag.touched) board.editor.toggle(drag.touched.id);
      else board.editor.select(null);
      return;
    }
    const sides = this.sides(drag, this.at(event));
    const least = LEAST_BOX_PX;
    if (sides.x2 - sides.x1 < least || sides.y2 - sides.y1 < least) return;
    if (drag.box) board.editor.reshape(drag.box.id, sides);
    else board.editor.draw(sides);
  }

  cancel() {
    this.drag = null;
    this.board.editor.sketch(null, null);
  }

  zoom(event) {
    event.preventDefault();
    const at = this.at(event);
    this.board.picture.view.zoom(Math.exp(-event.deltaY / 400), at.x, at.y);
    this.board.repaint();
  }

  // The drag that a press starts: move a box, resize it by a corner, or draw. Only destroyed boxes can be moved; a
  // candidate can be clicked or drawn over.
  dragAt(at, isDrawing) {
    const touched = this.boxAt(at);
    if (isDrawing || !touched || !touched.isDestroyed) return { kind: "draw", touched };
    const corner = this.cornerAt(touched, at);
    return corner ? { kind: "resize", box: touched, touched, corner } : { kind: "move", box: touched, touched };
  }

  // The smallest box under the point, so that no box hides another.
  boxAt(at) {
    if (!this.board.picture.showsBoxes) return null;
    const { view } = this.board.picture;
    const near = this.board.editor.shownBoxes.filter((box) => {
      const [start, end] = [view.toPane(box.x1, box.y1), view.toPane(box.x2, box.y2)];
      const slack = CORNER_PX / 2;
      return (
        at.x >= start.x - slack && at.x <= end.x + slack && at.y >= start.y - slack && at.y <= end.y + slack
      );
    });
    const area = (box) => (box.x2 - box.x1) * (box.y2 - box.y1);
    return near.sort((one, other) => area(one) - area(other))[0] || null;
  }

  cornerAt(box, at) {
    const { view } = this.board.picture;
    const [start, end] = [view.toPane(box.x1, box.y1), view.toPane(box.x2, box.y2)];
    if (!box.isDestroyed || Math.min(end.x - start.x, end.y - start.y) < ROOM_FOR_CORNERS_PX) return null;
    const x = Math.abs(at.x - start.x) <= CORNER_PX ? "x1" : Math.abs(at.x - end.x) <= CORNER_PX ? "x2" : null;
    const y = Math.abs(at.y - start.y) <= CORNER_PX ? "y1" : Math.abs(at.y - end.y) <= CORNER_PX ? "y2" : null;
    return x && y ? { x, y } : null;
  }

  // The box that the drag makes, within the photograph.
  sides(drag, at) {
    const { view } = this.board.picture;
    const [from, to] = [view.toPhoto(drag.at.x, drag.at.y), view.toPhoto(at.x, at.y)];
    const [right, down] = [to.x - from.x, to.y - from.y];
    if (drag.kind === "draw") return ordered(from.x, from.y, to.x, to.y, view);
    if (drag.kind === "move") return moved(drag.box, right, down, view);
    const { x1, y1, x2, y2 } = drag.box;
    const sides = { x1, y1, x2, y2 };
    sides[drag.corner.x] += right;
    sides[drag.corner.y] += down;
    return ordered(sides.x1, sides.y1, sides.x2, sides.y2, view);
  }
}
