// The tiles of a picture, in the layout of Deep Zoom: fetched where a pane needs more detail than the view has. The
// last ones are kept.

const MOST_TILES = 128; // about 1 MB each
const AT_ONCE = 6;
const TRY_AGAIN_MS = 3000;

class Tiles {
  // `changed` is called when a tile has arrived.
  constructor(address, changed) {
    Object.assign(this, { address, changed, sizes: null, wanted: [], active: 0, askedAt: -Infinity });
    this.tiles = new Map(); // by place: a bitmap, or null while it is being fetched; the last used ones at the end
  }

  // Fetches the sizes of the frames. The first time, the picture is cut for it.
  async load() {
    if (this.sizes || !this.address || performance.now() - this.askedAt < TRY_AGAIN_MS) return;
    this.askedAt = Infinity;
    const response = await fetch(this.address).catch(() => null);
    if (response?.ok) this.sizes = await response.json();
    this.askedAt = response?.status === 404 ? Infinity : performance.now();
    this.changed();
  }

  close() {
    this.address = null;
    this.wanted = [];
    for (const bitmap of this.tiles.values()) bitmap?.close();
    this.tiles.clear();
  }

  // Paints the visible part of a frame over what is there. Returns whether every pixel is as sharp as the screen can
  // show it.
  paint(context, view, frame, density) {
    const size = this.sizes?.frames[frame];
    if (!size) {
      this.load();
      return false;
    }
    const level = levelFor(size, view.scale * density);
    const places = visible(view, size, level, this.sizes.tile_px);
    const key = (place) => `${frame} ${place.level} ${place.column} ${place.row}`;
    this.wanted = places.filter((place) => !this.tiles.has(key(place))).map((place) => ({ ...place, frame, key: key(place) }));
    for (const place of places) {
      const bitmap = this.tiles.get(key(place));
      if (bitmap) {
        this.tiles.delete(key(place));
        this.tiles.set(key(place), bitmap);
        paintTile(context, view, bitmap, place, size, this.sizes.tile_px);
      }
    }
    this.fetchNext();
    return places.every((place) => this.tiles.get(key(place)));
  }

  fetchNext() {
    while (this.active < AT_ONCE && this.wanted.length) this.fetch(this.wanted.shift());
  }

  async fetch({ key, frame, level, column, row }) {
    const { address } = this;
    this.active += 1;
    this.tiles.set(key, null);
    const response = await fetch(`${address}/${frame}/${level}/${column}/${row}`).catch(() => null);
    const bitmap = response?.ok ? await createImageBitmap(await response.blob()).catch(() => null) : null;
    this.active -= 1;
    if (!this.address) return bitmap?.close();
    if (bitmap) this.keep(key, bitmap);
    else setTimeout(() => this.forget(key), TRY_AGAIN_MS);
    this.changed();
  }

  keep(key, bitmap) {
    this.tiles.set(key, bitmap);
    for (const [oldest, kept] of this.tiles) {
      if (this.tiles.size <= MOST_TILES) return;
      if (kept) this.tiles.delete(oldest);
      kept?.close();
    }
  }

  forget(key) {
    this.tiles.delete(key);
    if (this.address) this.changed();
  }
}

// The smallest level that has a pixel for each of the screen.
function levelFor({ top_level: top }, pixelsPerPixel) {
  return Math.min(top, Math.max(0, top - Math.max(0, Math.floor(-Math.log2(pixelsPerPixel) + 1e-6))));
}

// The tiles that a pane shows, those in its middle first.
function visible(view, size, level, tilePx) {
  const side = tilePx * 2 ** (size.top_level - level); // in pixels of the photograph
  const [start, end] = [view.toPhoto(0, 0), view.toPhoto(view.paneWidth, view.paneHeight)];
  const first = (from) => Math.max(0, Math.floor(from / side));
  const last = (to, length) => Math.min(Math.ceil(length / side) - 1, Math.floor(to / side));
  const places = [];
  for (let row = first(start.y); row <= last(end.y, size.height_px); row += 1) {
    for (let column = first(start.x); column <= last(end.x, size.width_px); column += 1) {
      places.push({ level, column, row, far: Math.hypot((column + 0.5) * side - view.x, (row + 0.5) * side - view.y) });
    }
  }
  return places.sort((one, other) => one.far - other.far);
}

function paintTile(context, view, bitmap, { level, column, row }, size, tilePx) {
  const pixel = 2 ** (size.top_level - level);
  const [left, top] = [column * tilePx * pixel, row * tilePx * pixel];
  const start = view.toPane(left, top);
  const end = view.toPane(
    Math.min(size.width_px, left + bitmap.width * pixel),
    Math.min(size.height_px, top + bitmap.height * pixel),
  );
  context.drawImage(bitmap, start.x, start.y, end.x - start.x, end.y - start.y);
}
