// Looking around in a spherical picture (Pannellum), over the flat one. The picture is put together from tiles of a level
// that every graphics card can hold; the flat picture has every pixel.

const MOST_WIDE_PX = 4096;
const SEEN_DEGREES = 75;

class SphereView {
  // `element` holds the view and its buttons.
  constructor(element) {
    this.element = element;
    this.viewer = null;
    this.asked = 0;
  }

  get isOpen() {
    return !this.element.hidden;
  }

  // Shows a frame of `layer` with its boxes, and looks at a point of the photograph.
  async open(layer, boxes, point) {
    this.close();
    const { tiles, frame } = layer;
    const size = tiles.sizes.frames[frame];
    const asked = this.asked;
    this.element.hidden = false;
    this.element.setAttribute("aria-busy", "true");
    const url = await sphereUrl(tiles, frame, size, boxes).catch(() => null);
    if (asked !== this.asked) return url && URL.revokeObjectURL(url);
    this.element.removeAttribute("aria-busy");
    if (!url) return this.close();
    this.url = url;
    const { full_width_px: width, full_height_px: height, top_px: top } = layer.sphere;
    const stage = document.createElement("div");
    this.element.querySelector(".around").replaceChildren(stage);
    this.viewer = window.pannellum.viewer(stage, {
      type: "equirectangular", panorama: url, ignoreGPanoXMP: true, autoLoad: true, showFullscreenCtrl: false,
      compass: false, hfov: SEEN_DEGREES, keyboardZoom: true,
      haov: (360 * size.width_px) / width, vaov: (180 * size.height_px) / height,
      vOffset: 90 - (180 * (top + size.height_px / 2)) / height,
      yaw: (360 * (point.x - size.width_px / 2)) / width,
      pitch: 90 - (180 * (top + point.y)) / height,
    });
    this.viewer.on("load", () => (this.element.dataset.loaded = "true"));
    this.viewer.on("error", () => (this.element.dataset.loaded = "failed"));
    stage.focus();
  }

  close() {
    this.asked += 1;
    this.viewer?.destroy();
    this.viewer = null;
    if (this.url) URL.revokeObjectURL(this.url);
    this.url = null;
    delete this.element.dataset.loaded;
    this.element.hidden = true;
  }
}

// A JPEG of the whole frame as an address of this page.
async function sphereUrl(tiles, frame, size, boxes) {
  let level = size.top_level;
  while (Math.ceil(size.width_px / 2 ** (size.top_level - level)) > MOST_WIDE_PX) level -= 1;
  const pixel = 2 ** (size.top_level - level);
  const [width, height] = [Math.ceil(size.width_px / pixel), Math.ceil(size.height_px / pixel)];
  const canvas = Object.assign(document.createElement("canvas"), { width, height });
  const context = canvas.getContext("2d");
  const places = [];
  for (let left = 0; left < width; left += tiles.sizes.tile_px) {
    for (let top = 0; top < height; top += tiles.sizes.tile_px) places.push({ left, top });
  }
  await Promise.all(places.map(async ({ left, top }) => {
    const place = [frame, level, left / tiles.sizes.tile_px, top / tiles.sizes.tile_px].join("/");
    const response = await fetch(`${tiles.address}/${place}`);
    const bitmap = await createImageBitmap(await response.blob());
    context.drawImage(bitmap, left, top);
    bitmap.close();
  }));
  const view = { paneWidth: width, paneHeight: height, toPane: (x, y) => ({ x: x / pixel, y: y / pixel }) };
  for (const box of boxes) paintBox(context, view, box, { selected: null, hovered: null });
  const file = await new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.92));
  return URL.createObjectURL(file);
}
