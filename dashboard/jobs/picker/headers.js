// The format and size of a picture, from its header. The server decides; this only finds what it would surely refuse.

const MOST_BOXES = 10_000;
const MOST_MARKERS = 10_000;
const MOST_BRANDS_BYTES = 512;
const HEIF_BRAND = /^(hei[cmsx]|hev[cmsx]|mi[af][12f]|msf1|avi[fs])$/;
const BOXES_WITH_CHILDREN = { meta: 4, iprp: 0, ipco: 0 };
const TIFF_WIDTH = 256;
const TIFF_HEIGHT = 257;

// `{format, frames: [[width, height, is cropped], …]}`; without frames where they are not found, null if the file is no picture.
async function readHeader(blob) {
  const bytes = new Bytes(blob);
  const start = await bytes.text(0, Math.min(12, bytes.size));
  const [format, read] = formatOf(start);
  if (!format || (format === "HEIF" && !(await hasHeifBrand(bytes)))) return null;
  try {
    return { format, frames: await read(bytes) };
  } catch {
    return { format, frames: [] };
  }
}

function formatOf(start) {
  if (start.startsWith("\xff\xd8")) return ["JPEG", readJpeg];
  if (start.startsWith("\x89PNG\r\n\x1a\n")) return ["PNG", readPng];
  if (start.startsWith("RIFF") && start.slice(8) === "WEBP") return ["WebP", readWebp];
  if (start.startsWith("GIF8")) return ["GIF", readGif];
  if (start.startsWith("BM")) return ["BMP", readBmp];
  if (start.startsWith("II*\0") || start.startsWith("MM\0*")) return ["TIFF", readTiff];
  if (start.startsWith("II+\0") || start.startsWith("MM\0+")) return ["TIFF", async () => []];
  if (start.slice(4, 8) === "ftyp") return ["HEIF", readHeif];
  return [null, null];
}

// Whether the file is a picture, not a video or another file in boxes.
async function hasHeifBrand(bytes) {
  const length = (await bytes.view(0, 4)).getUint32(0);
  const text = await bytes.text(8, Math.min(length, bytes.size, MOST_BRANDS_BYTES) - 8);
  return text.match(/.{4}/gs)?.some((brand) => HEIF_BRAND.test(brand)) ?? false;
}

async function readPng(bytes) {
  const view = await bytes.view(16, 8);
  return [[view.getUint32(0), view.getUint32(4)]];
}

async function readGif(bytes) {
  const view = await bytes.view(6, 4);
  return [[view.getUint16(0, true), view.getUint16(2, true)]];
}

async function readBmp(bytes) {
  const view = await bytes.view(14, 12);
  if (view.getUint32(0, true) === 12) return [[view.getUint16(4, true), view.getUint16(6, true)]];
  return [[Math.abs(view.getInt32(4, true)), Math.abs(view.getInt32(8, true))]];
}

async function readWebp(bytes) {
  const chunk = await bytes.text(12, 4);
  const view = await bytes.view(20, 10);
  const uint24 = (at) => view.getUint16(at, true) + (view.getUint8(at + 2) << 16);
  if (chunk === "VP8X") return [[uint24(4) + 1, uint24(7) + 1]];
  if (chunk === "VP8 ") return [[view.getUint16(6, true) & 0x3fff, view.getUint16(8, true) & 0x3fff]];
  if (chunk !== "VP8L") return [];
  const sides = view.getUint32(1, true);
  return [[(sides & 0x3fff) + 1, ((sides >>> 14) & 0x3fff) + 1]];
}

// The first frame header (SOF) among the segments.
async function readJpeg(bytes) {
  let at = 2;
  for (let count = 0; count < MOST_MARKERS; count += 1) {
    const view = await bytes.view(at, 4);
    const marker = view.getUint8(1);
    if (view.getUint8(0) !== 0xff) return [];
    if (marker === 0xff) {
      at += 1; // a fill byte
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      const frame = await bytes.view(at + 5, 4);
      return frame.getUint16(0) ? [[frame.getUint16(2), frame.getUint16(0)]] : [];
    } else if (marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8)) {
      at += 2; // without a length
    } else {
      at += 2 + view.getUint16(2);
    }
  }
  return [];
}

// The pages of the chain of directories, without the directories that they point to.
async function readTiff(bytes) {
  const isLittle = (await bytes.text(0, 2)) === "II";
  const frames = [];
  const seen = new Set();
  let at = (await bytes.view(4, 4)).getUint32(0, isLittle);
  while (at && !seen.has(at)) {
    seen.add(at);
    const count = (await bytes.view(at, 2)).getUint16(0, isLittle);
    const view = await bytes.view(at + 2, count * 12 + 4);
    const sides = {};
    for (let entry = 0; entry < count * 12; entry += 12) {
      const isShort = view.getUint16(entry + 2, isLittle) === 3;
      const value = isShort ? view.getUint16(entry + 8, isLittle) : view.getUint32(entry + 8, isLittle);
      sides[view.getUint16(entry, isLittle)] = value;
    }
    if (sides[TIFF_WIDTH] && sides[TIFF_HEIGHT]) frames.push([sides[TIFF_WIDTH], sides[TIFF_HEIGHT]]);
    at = view.getUint32(count * 12, isLittle);
  }
  return frames;
}

// The largest item, and whether a part of it is shown. A picture of tiles has an item of the whole size.
async function readHeif(bytes) {
  const sizes = [];
  let isCropped = false;
  for await (const { type, at } of boxes(bytes, 0, bytes.size)) {
    isCropped ||= type === "clap";
    if (type !== "ispe") continue;
    const view = await bytes.view(at + 4, 8);
    sizes.push([view.getUint32(0), view.getUint32(4)]);
  }
  const [largest] = sizes.sort((one, other) => other[0] * other[1] - one[0] * one[1]);
  return largest ? [[...largest, isCropped]] : [];
}

// The boxes of an ISO base media file that can contain the sizes of items.
async function* boxes(bytes, from, to) {
  let at = from;
  for (let count = 0; count < MOST_BOXES && at + 8 <= to; count += 1) {
    const view = await bytes.view(at, 8);
    const type = await bytes.text(at + 4, 4);
    let [size, head] = [view.getUint32(0), 8];
    if (size === 1) {
      const large = await bytes.view(at + 8, 8);
      [size, head] = [large.getUint32(0) * 2 ** 32 + large.getUint32(4), 16];
    } else if (size === 0) {
      size = to - at;
    }
    if (size < head) return;
    yield { type, at: at + head };
    if (type in BOXES_WITH_CHILDREN) yield* boxes(bytes, at + head + BOXES_WITH_CHILDREN[type], at + size);
    at += size;
  }
}
