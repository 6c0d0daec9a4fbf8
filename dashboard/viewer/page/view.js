// The part of the photograph that a pane shows. `scale` is in CSS pixels per pixel of the photograph; `x` and `y` are
// the point of the photograph in the centre of the pane.

const MOST_ENLARGED = 16;
const LEAST_JUDGED_PX = 96; // of a box's longer side on the screen
const JUDGED_PX = 160;

class View {
  constructor() {
    this.resize(1, 1);
    this.photograph(1, 1);
  }

  photograph(width, height) {
    this.width = width;
    this.height = height;
    this.fit();
  }

  resize(paneWidth, paneHeight) {
    const wasFitting = this.isFitting;
    this.paneWidth = Math.max(1, paneWidth);
    this.paneHeight = Math.max(1, paneHeight);
    if (wasFitting) this.fit();
  }

  get fitting() {
    return Math.min(this.paneWidth / this.width, this.paneHeight / this.height);
  }

  fit() {
    this.isFitting = true;
    this.scale = this.fitting;
    this.x = this.width / 2;
    this.y = this.height / 2;
  }

  // Zooms around a point of the pane, which stays in place.
  zoom(factor, atX = this.paneWidth / 2, atY = this.paneHeight / 2) {
    const point = this.toPhoto(atX, atY);
    const scale = Math.min(Math.max(this.scale * factor, this.fitting), Math.max(MOST_ENLARGED, this.fitting));
    if (scale === this.fitting) return this.fit();
    this.isFitting = false;
    this.scale = scale;
    this.x = point.x - (atX - this.paneWidth / 2) / scale;
    this.y = point.y - (atY - this.paneHeight / 2) / scale;
    this.keepInside();
  }

  pan(right, down) {
    this.x += right / this.scale;
    this.y += down / this.scale;
    this.keepInside();
  }

  // One pixel of the photograph for each of the screen, around the middle of the pane.
  zoomToPixels(density) {
    this.zoom(1 / density / this.scale);
  }

  // Shows a box so large that a face in it can be judged, unless it already is.
  show(box) {
    const [start, end] = [this.toPane(box.x1, box.y1), this.toPane(box.x2, box.y2)];
    const isVisible = start.x >= 0 && start.y >= 0 && end.x <= this.paneWidth && end.y <= this.paneHeight;
    const side = Math.max(box.x2 - box.x1, box.y2 - box.y1);
    const isJudgeable = side * this.scale >= LEAST_JUDGED_PX;
    if (isVisible && isJudgeable) return;
    this.isFitting = false;
    if (!isJudgeable) this.scale = Math.min(JUDGED_PX / side, MOST_ENLARGED);
    this.scale = Math.max(this.fitting, Math.min(this.scale, (0.9 * Math.min(this.paneWidth, this.paneHeight)) / side));
    this.x = (box.x1 + box.x2) / 2;
    this.y = (box.y1 + box.y2) / 2;
    this.keepInside();
  }

  // Pans no further than it takes to have a box in view.
  reveal(box) {
    const [start, end] = [this.toPane(box.x1, box.y1), this.toPane(box.x2, box.y2)];
    const way = (from, to, length) => (from < 0 ? from : Math.max(0, Math.min(from, to - length)));
    const [right, down] = [way(start.x, end.x, this.paneWidth), way(start.y, end.y, this.paneHeight)];
    if (!right && !down) return;
    this.isFitting = false;
    this.pan(right, down);
  }

  toPane(x, y) {
    return {
      x: (x - this.x) * this.scale + this.paneWidth / 2,
      y: (y - this.y) * this.scale + this.paneHeight / 2,
    };
  }

  toPhoto(x, y) {
    return {
      x: (x - this.paneWidth / 2) / this.scale + this.x,
      y: (y - this.paneHeight / 2) / this.scale + this.y,
    };
  }

  // Keeps the centre of the pane on the photograph.
  keepInside() {
    this.x = Math.min(Math.max(this.x, 0), this.width);
    this.y = Math.min(Math.max(this.y, 0), this.height);
  }
}
