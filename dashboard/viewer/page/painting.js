// Paints the photograph and its boxes.
//
// A layer is one of the two pictures: {image, tiles, frame}, the small view of its first frame and, for a larger picture
// or one of several frames, its tiles.

const COLOURS = { found: "#3ddc97", candidate: "#ffc233", drawn: "#4cc2ff", dropped: "#ff5d5d", finding: "#ff5cf0", difference: "#ff9f7a" };
const FINDINGS = { finding: "a face still visible", difference: "a place that differs" };
const ROOM_FOR_SCORE_PX = 34;

// Returns how many pixels of the photograph one painted pixel stands for, where that is more than the screen could show;
// otherwise 0. Infinity: nothing is painted yet.
function paint(canvas, view, layer, boxes, marks) {
  const density = screenDensity();
  const [width, height] = [Math.round(view.paneWidth * density), Math.round(view.paneHeight * density)];
  if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
  const context = canvas.getContext("2d");
  context.setTransform(density, 0, 0, density, 0, 0);
  context.clearRect(0, 0, view.paneWidth, view.paneHeight);
  const corner = view.toPane(0, 0);
  Object.assign(canvas.dataset, { scale: view.scale, left: corner.x, top: corner.y });
  const reduced = layer ? paintLayer(context, view, layer, corner, density) : 0;
  for (const box of boxes) paintBox(context, view, box, marks);
  return reduced;
}

function paintLayer(context, view, { image: first, tiles, frame }, corner, density) {
  const image = frame === 0 ? first : null;
  const reduced = image ? view.width / image.naturalWidth : Infinity;
  const isEnough = reduced * view.scale * density <= 1 || reduced <= 1;
  const isSharp = isEnough || tiles !== null;
  context.imageSmoothingEnabled = !isSharp || view.scale * density < 4;
  if (image) context.drawImage(image, corner.x, corner.y, view.width * view.scale, view.height * view.scale);
  return isEnough || tiles?.paint(context, view, frame, density) ? 0 : reduced;
}

function screenDensity() {
  return window.devicePixelRatio || 1;
}

function paintBox(context, view, box, { selected, hovered }) {
  const [start, end] = [view.toPane(box.x1, box.y1), view.toPane(box.x2, box.y2)];
  const [width, height] = [end.x - start.x, end.y - start.y];
  if (end.x < 0 || end.y < 0 || start.x > view.paneWidth || start.y > view.paneHeight) return;
  const isDropped = box.kind === "found" && !box.isDestroyed;
  const isOpen = isOpenFinding(box);
  const isMarked = isOpen || box.id === selected || box.id === hovered;
  const colour = isDropped ? COLOURS.dropped : COLOURS[box.kind];
  const thickness = (box.isDestroyed ? 2 : 1.25) + (isMarked ? 1 : 0);
  context.setLineDash(box.isDestroyed ? [] : [5, 4]);
  if (box.kind === "candidate" && !box.isDestroyed && !isMarked) context.globalAlpha = 0.35 + 0.65 * box.score;
  for (const [style, more] of [["rgba(0, 0, 0, 0.55)", 1.5], [colour, 0]]) {
    context.strokeStyle = style;
    context.lineWidth = thickness + more;
    context.strokeRect(start.x, start.y, width, height);
    if (isDropped) paintCross(context, start, end);
  }
  context.setLineDash([]);
  context.globalAlpha = 1;
  if (box.id === selected) paintCorners(context, start, end, colour);
  if (width >= ROOM_FOR_SCORE_PX || isMarked) paintScore(context, start, box, colour);
}

function paintCross(context, start, end) {
  context.beginPath();
  context.moveTo(start.x, start.y);
  context.lineTo(end.x, end.y);
  context.stroke();
}

function paintCorners(context, start, end, colour) {
  context.fillStyle = colour;
  for (const x of [start.x, end.x]) {
    for (const y of [start.y, end.y]) context.fillRect(x - 4, y - 4, 8, 8);
  }
}

// Whether the box is a place for which the file failed its check, which is not marked to be destroyed.
function isOpenFinding(box) {
  return box.kind in FINDINGS && !box.isDestroyed;
}

function paintScore(context, start, box, colour) {
  const score = scoreInWords(box);
  const text = (box.class_name || "face") === "face" ? score : `${box.class_name} ${score}`;
  context.font = "600 11px system-ui, sans-serif";
  const width = context.measureText(text).width + 8;
  const top = Math.max(0, start.y - 17);
  context.fillStyle = "rgba(0, 0, 0, 0.7)";
  context.fillRect(start.x - 1, top, width, 15);
  context.fillStyle = colour;
  context.fillText(text, start.x + 3, top + 11);
}

function scoreInWords(box) {
  if (box.kind === "drawn") return "drawn";
  if (box.kind === "difference") return "differs";
  return `${isOpenFinding(box) ? "still visible " : ""}${box.score.toFixed(2)}`;
}
