// The chosen pictures, and why other files are left out. Nothing is uploaded before.

const READ_AT_ONCE = 8;
const HEADER_BYTES = 262_144; // of an entry of a ZIP, which is unpacked for it
const LONGEST_NAME = 255;

class Choice {
  constructor() {
    Object.assign(this, { pictures: [], leftOut: [], known: new Set(), reading: 0, read: 0, onChange: () => {} });
  }

  get bytes() {
    return this.pictures.reduce((sum, picture) => sum + picture.size, 0);
  }

  // Adds files, `[[name, File], …]`, as far as `limits` allow.
  async add(files, limits) {
    this.reading += files.length;
    this.onChange();
    const queue = files.values();
    const found = new Array(files.length);
    let at = 0;
    const work = async () => {
      for (const [name, file] of queue) {
        const place = at++;
        found[place] = await this.look(plainName(name), file, limits);
        this.read += 1;
        if (this.read % 25 === 0) this.onChange();
      }
    };
    await Promise.all(Array.from({ length: READ_AT_ONCE }, work));
    for (const each of found.flat()) this.take(each, limits);
    this.reading -= files.length;
    this.read -= files.length;
    this.onChange();
  }

  remove(picture) {
    this.pictures = this.pictures.filter((each) => each !== picture);
    this.known.delete(picture.id);
    this.onChange();
  }

  clear() {
    Object.assign(this, { pictures: [], leftOut: [], known: new Set() });
    this.onChange();
  }

  // The picture, the pictures of a ZIP, or `{why}` for each file that is left out.
  async look(name, file, limits) {
    if (!name || isHidden(name)) return [];
    try {
      const start = String.fromCharCode(...new Uint8Array(await file.slice(0, 4).arrayBuffer()));
      if (isZip(start)) return await this.unpack(name, file, limits);
    } catch (error) {
      return [{ why: error instanceof ZipProblem ? error.message : `${name} cannot be read.` }];
    }
    return [await inspect(new ChosenFile(name, file), limits)];
  }

  async unpack(name, file, limits) {
    const { entries, isLocked } = await readZip(file);
    const found = [];
    for (const entry of entries) {
      entry.name = plainName(entry.name);
      if (entry.name && !isHidden(entry.name)) found.push(await inspect(new ChosenEntry(name, entry), limits));
    }
    if (isLocked) found.push({ why: `${name} contains files that are encrypted or use an unsupported compression.` });
    return found;
  }

  take(found, limits) {
    if (found.why) {
      this.leftOut.push(found.why);
    } else if (this.known.has(found.id)) {
      this.leftOut.push(`${found.name} is already chosen.`);
    } else if (this.pictures.length >= limits.max_images_per_job) {
      this.leftOut.push(`${found.name} is one too many: a job has at most ${counted(limits.max_images_per_job, "photograph")}.`);
    } else {
      this.known.add(found.id);
      this.pictures.push(found);
    }
  }
}

// A file on the user's disk. `key` is where it lies in the store once it is uploaded.
class ChosenFile {
  constructor(name, file) {
    Object.assign(this, { name, size: file.size, key: null, sides: null, file });
    this.id = `${name}/${file.size}/${file.lastModified}`;
  }

  async header() {
    return this.file;
  }

  async content() {
    return this.file;
  }
}

class ChosenEntry {
  constructor(zipName, entry) {
    Object.assign(this, { name: entry.name, size: entry.size, key: null, sides: null, entry });
    this.id = `${zipName}/${entry.name}/${entry.size}`;
  }

  async header() {
    return this.entry.start(HEADER_BYTES);
  }

  async content() {
    return this.entry.content();
  }
}

// The picture with its `sides`, or `{why}` it would be refused.
async function inspect(picture, limits) {
  const { name, size } = picture;
  const extension = name.includes(".") ? name.slice(name.lastIndexOf(".")).toLowerCase() : "";
  if (!limits.extensions.includes(extension)) return { why: `${name} is not a picture.` };
  if (size === 0) return { why: `${name} is empty.` };
  if (size > limits.max_file_bytes) {
    return { why: `${name} has ${millions(size)} MB, but a file can have at most ${millions(limits.max_file_bytes)} MB.` };
  }
  let header;
  try {
    header = await readHeader(await picture.header());
  } catch (error) {
    return { why: error instanceof ZipProblem ? error.message : `${name} cannot be read.` };
  }
  if (!header) return { why: `${name} is not a picture in a supported format, although its name says so.` };
  const pixels = header.frames.reduce((sum, [width, height]) => sum + width * height, 0);
  if (header.frames.length > limits.max_frames) {
    return { why: `${name} has ${counted(header.frames.length, "page")}, but at most ${whole(limits.max_frames)} are accepted.` };
  }
  if (pixels > limits.max_pixels) {
    return { why: `${name} has ${millions(pixels)} megapixels, but at most ${millions(limits.max_pixels)} are accepted.` };
  }
  const [first] = header.frames;
  if (first && !first[2]) picture.sides = first.slice(0, 2);
  return picture;
}

// The name as a relative path that stays in its folder and has no control characters.
function plainName(name) {
  const parts = name.replaceAll("\\", "/").split("/");
  const kept = parts.filter((part) => !["", ".", ".."].includes(part)).join("/");
  return [...kept.replace(/(?! )[\p{C}\p{Z}]/gu, "")].slice(-LONGEST_NAME).join("");
}

// Whether the file is hidden, or one that macOS adds to a ZIP.
function isHidden(name) {
  return name.split("/").some((part) => part.startsWith(".") || part === "__MACOSX");
}
