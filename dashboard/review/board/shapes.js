// Boxes that are drawn, moved and resized within the photograph, in its pixels.

const LEAST_BOX_PX = 2;
const STEP_ON_SCREEN_PX = 4;
const NEW_BOX_ON_SCREEN_PX = 96;

// The sides of a box moved by so much.
function moved({ x1, y1, x2, y2 }, right, down, view) {
  const [along, downwards] = [shift(right, x1, x2, view.width), shift(down, y1, y2, view.height)];
  return { x1: x1 + along, y1: y1 + downwards, x2: x2 + along, y2: y2 + downwards };
}

// The sides of a box whose right and bottom side are moved by so much.
function resized({ x1, y1, x2, y2 }, right, down, view) {
  return { x1, y1, x2: resizedSide(x1, x2, right, view.width), y2: resizedSide(y1, y2, down, view.height) };
}

// The sides of a new box in the middle of what the pane shows.
function inMiddle(view) {
  const half = Math.max(LEAST_BOX_PX, Math.min(NEW_BOX_ON_SCREEN_PX / view.scale, view.width / 2, view.height / 2)) / 2;
  return ordered(view.x - half, view.y - half, view.x + half, view.y + half, view);
}

// One step of an arrow key: whole pixels of the photograph, finer the larger it is shown.
function arrowStep(view) {
  return Math.max(1, Math.round(STEP_ON_SCREEN_PX / view.scale));
}

// The wanted shift, limited so that the box stays inside the photograph.
function shift(wanted, start, end, length) {
  return Math.min(Math.max(wanted, Math.min(0, -start)), Math.max(0, length - end));
}

// Only a side that is moved is limited: a box may start out beyond the photograph.
function resizedSide(start, end, wanted, length) {
  return wanted === 0 ? end : Math.min(Math.max(end + wanted, start + LEAST_BOX_PX), Math.max(end, length));
}

function ordered(x1, y1, x2, y2, view) {
  const [left, right] = [x1, x2].map((x) => Math.min(Math.max(x, 0), view.width)).sort((a, b) => a - b);
  const [top, bottom] = [y1, y2].map((y) => Math.min(Math.max(y, 0), view.height)).sort((a, b) => a - b);
  return { x1: left, y1: top, x2: right, y2: bottom };
}
