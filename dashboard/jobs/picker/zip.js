// The entries of a ZIP, each read on its own when it is uploaded. A ZIP is not trusted: its entries are counted before
// they are listed, and no more of an entry is unpacked than its stated size.

const MOST_ENTRIES = 20_000;
const MOST_DIRECTORY_BYTES = 64_000_000;
const END_BYTES = 22;
const MOST_END_BYTES = END_BYTES + 0xffff;
const ENTRY_BYTES = 46;
const ENCRYPTED = 0x1;
const UTF8 = 0x800;
const [STORED, DEFLATED] = [0, 8];

class ZipProblem extends Error {}

function isZip(start) {
  return start.startsWith("PK\x03\x04") || start.startsWith("PK\x05\x06");
}

// `{entries, isLocked}`: the files that can be read, and whether others are encrypted or compressed in another way.
async function readZip(file) {
  const { count, at, size } = await findDirectory(file);
  if (count > MOST_ENTRIES) throw new ZipProblem(`${file.name} contains more than ${whole(MOST_ENTRIES)} files. Split it.`);
  if (size > MOST_DIRECTORY_BYTES) throw unreadable(file);
  const view = new DataView(await file.slice(at, at + size).arrayBuffer());
  const entries = [];
  let isLocked = false;
  try {
    for (let entry = 0, offset = 0; entry < count; entry += 1) {
      if (view.getUint32(offset, true) !== 0x02014b50) throw unreadable(file);
      const found = readEntry(view, offset);
      offset += ENTRY_BYTES + found.variableBytes;
      if (found.name.endsWith("/")) continue;
      if (found.isLocked) isLocked = true;
      else entries.push(new ZipEntry(file, found));
    }
  } catch (error) {
    throw error instanceof RangeError ? unreadable(file) : error;
  }
  return { entries, isLocked };
}

async function findDirectory(file) {
  const tail = new DataView(await file.slice(Math.max(0, file.size - MOST_END_BYTES)).arrayBuffer());
  for (let at = tail.byteLength - END_BYTES; at >= 0; at -= 1) {
    if (tail.getUint32(at, true) !== 0x06054b50) continue;
    const end = { count: tail.getUint16(at + 10, true), size: tail.getUint32(at + 12, true), at: tail.getUint32(at + 16, true) };
    // A ZIP of more than 4 GB has its true numbers elsewhere.
    if (end.at === 0xffffffff || end.size === 0xffffffff) {
      throw new ZipProblem(`${file.name} is a ZIP of more than 4 GB. Unpack it, and drop its folder.`);
    }
    return end;
  }
  throw unreadable(file);
}

function readEntry(view, at) {
  const flags = view.getUint16(at + 8, true);
  const method = view.getUint16(at + 10, true);
  const lengths = [28, 30, 32].map((offset) => view.getUint16(at + offset, true));
  const name = new Uint8Array(view.buffer, at + ENTRY_BYTES, lengths[0]);
  return {
    name: decodedName(name, Boolean(flags & UTF8)),
    packedBytes: view.getUint32(at + 20, true),
    size: view.getUint32(at + 24, true),
    at: view.getUint32(at + 42, true),
    isPacked: method === DEFLATED,
    isLocked: Boolean(flags & ENCRYPTED) || ![STORED, DEFLATED].includes(method),
    variableBytes: lengths[0] + lengths[1] + lengths[2],
  };
}

// Names without the UTF-8 flag are in an unknown code page, but most programs write UTF-8 all the same.
function decodedName(name, isUtf8) {
  try {
    return new TextDecoder("utf-8", { fatal: !isUtf8 }).decode(name);
  } catch {
    return new TextDecoder("windows-1252").decode(name);
  }
}

class ZipEntry {
  constructor(file, found) {
    Object.assign(this, { file, name: found.name, size: found.size, found });
  }

  // The content. Throws a ZipProblem when the ZIP is damaged or the entry has another size than it states.
  async content() {
    const blob = await this.unpacked(this.size);
    if (blob.size !== this.size) throw this.damaged();
    return blob;
  }

  // The first bytes, with which the header is read.
  async start(bytes) {
    return this.unpacked(Math.min(bytes, this.size));
  }

  async unpacked(mostBytes) {
    const head = new DataView(await this.file.slice(this.found.at, this.found.at + 30).arrayBuffer());
    if (head.byteLength < 30 || head.getUint32(0, true) !== 0x04034b50) throw this.damaged();
    const from = this.found.at + 30 + head.getUint16(26, true) + head.getUint16(28, true);
    const packed = this.file.slice(from, from + this.found.packedBytes);
    if (!this.found.isPacked) return packed.slice(0, mostBytes);
    const reader = packed.stream().pipeThrough(new DecompressionStream("deflate-raw")).getReader();
    const chunks = [];
    let length = 0;
    try {
      for (let next = await reader.read(); !next.done; next = await reader.read()) {
        chunks.push(next.value);
        length += next.value.length;
        if (length < mostBytes) continue;
        if (mostBytes === this.size && length > mostBytes) throw this.damaged();
        if (mostBytes < this.size) break;
      }
    } catch (error) {
      throw error instanceof ZipProblem ? error : this.damaged();
    } finally {
      reader.cancel().catch(() => {});
    }
    return new Blob(chunks).slice(0, mostBytes);
  }

  damaged() {
    return new ZipProblem(`${this.name} cannot be unpacked because its ZIP is damaged. Create the ZIP file again.`);
  }
}

function unreadable(file) {
  return new ZipProblem(`${file.name} is not a readable ZIP file. Create it again.`);
}
