// Random access to the bytes of a file, which is read in pieces as they are needed.

const PIECE_BYTES = 65_536;

class Bytes {
  constructor(blob) {
    Object.assign(this, { blob, size: blob.size, start: 0, piece: new DataView(new ArrayBuffer(0)) });
  }

  // A view of `count` bytes from `at` on. Throws a RangeError where the file ends before.
  async view(at, count) {
    if (at < 0 || at + count > this.size) throw new RangeError("The file ends too early.");
    if (at < this.start || at + count > this.start + this.piece.byteLength) {
      const end = Math.min(this.size, at + Math.max(count, PIECE_BYTES));
      this.piece = new DataView(await this.blob.slice(at, end).arrayBuffer());
      this.start = at;
    }
    return new DataView(this.piece.buffer, at - this.start, count);
  }

  async text(at, count) {
    const view = await this.view(at, count);
    return Array.from({ length: count }, (_, index) => String.fromCharCode(view.getUint8(index))).join("");
  }
}
