// The keyboard: shortcuts for the buttons, and control of the picture.

const ACTIONS = {
  a: "approve", s: "save", r: "reject", n: "next",
  u: "undo", U: "redo", f: "flicker", d: "sides", b: "boxes",
  "+": "in", "=": "in", "-": "out", 0: "fit", 1: "pixels", "[": "before", "]": "after", "?": "help", l: "around",
  c: "classify", m: "mark", Delete: "drop", Backspace: "drop", Escape: "cancel",
};
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const PAN_PX = 80;
const REPEATABLE = new Set(["in", "out", "undo", "redo", "before", "after"]);

class Keys {
  constructor(board) {
    this.board = board;
    this.heard = new AbortController();
    const on = (name, action) =>
      window.addEventListener(name, action.bind(this), { capture: true, signal: this.heard.signal });
    on("keydown", this.press);
    on("keyup", (event) => event.key.toLowerCase() === "o" && board.peek(false));
    on("blur", () => board.peek(false));
  }

  stop() {
    this.heard.abort();
  }

  // Our keys are not passed on, since Streamlit has shortcuts too. A repeated key triggers no decision.
  press(event) {
    this.board.claim.noteActivity();
    if (event.ctrlKey || event.metaKey || event.altKey || isWriting(event) || !this.take(event)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }

  take(event) {
    const { board } = this;
    const arrow = ARROWS[event.key];
    const isOnPicture = board.picture.isFocused;
    if (arrow && isOnPicture && board.editor.selectedBox && board.canEdit) {
      board.editor.nudge(event.shiftKey ? resized : moved, arrow, event.repeat);
    } else if (arrow && isOnPicture) {
      board.pan(arrow[0] * PAN_PX, arrow[1] * PAN_PX);
    } else if (event.key === "Tab" && isOnPicture) {
      board.editor.selectNext(event.shiftKey ? -1 : 1);
    } else if (event.key === "Enter" && isOnPicture) {
      board.editor.toggleSelected();
    } else if (event.key.toLowerCase() === "o") {
      board.peek(true);
    } else {
      const key = event.key.length === 1 && event.shiftKey ? event.key : lowered(event.key);
      const action = ACTIONS[key];
      if (!action) return false;
      if (!event.repeat || REPEATABLE.has(action)) board.act(action);
    }
    return true;
  }
}

function lowered(key) {
  return key.length === 1 ? key.toLowerCase() : key;
}

function isWriting(event) {
  const element = event.composedPath()[0];
  const isText = element instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(element.type);
  return isText || element instanceof HTMLSelectElement || element instanceof HTMLTextAreaElement || element.isContentEditable === true;
}
