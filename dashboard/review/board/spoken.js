// What the board says of its boxes, for those who do not see the picture, and at its foot.

class Spoken {
  constructor(root) {
    this.element = root.querySelector(".spoken");
  }

  // Says a text, also if it is the last one again.
  say(text) {
    this.element.replaceChildren(document.createTextNode(text));
  }

  clear() {
    this.element.replaceChildren();
  }
}

// A box of the shown frame in words: "Box 2 of 5, 40 × 52 px". `more` follows.
function boxInWords(box, shown, more) {
  const [width, height] = [box.x2 - box.x1, box.y2 - box.y1].map(Math.round);
  return `Box ${shown.indexOf(box) + 1} of ${shown.length}, ${width} × ${height} px, ${more}.`;
}

function placeInWords({ x1, y1 }) {
  return `${Math.round(x1)} from the left, ${Math.round(y1)} from the top`;
}

// What becomes of a box in the result.
function fateInWords(box) {
  const what = box.class_name || FACE;
  if (box.kind === "drawn") return `${what}, drawn`;
  if (box.isDestroyed) return `${what}, destroyed`;
  return { found: `${what}, dropped`, candidate: `${what}, a candidate`, ...FINDINGS }[box.kind];
}
