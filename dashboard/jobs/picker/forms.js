// Presigned forms for the next pictures, asked for in batches: each expires after some minutes, and counts against the
// quotas until its upload is submitted.

const MOST_FORMS = 50;
const LEAST_BATCH_BYTES = 50_000_000;
const BATCH_S = 60;
const USABLE_SHARE = 0.75; // of a form's time: an upload that starts must also end

class Forms {
  constructor(getUrl) {
    Object.assign(this, { getUrl, ready: [], asking: Promise.resolve() });
  }

  // A form for a picture of `size` bytes. `next` are the sizes of the pictures after it, and `speed` is in bytes a second.
  take(size, next, speed, signal) {
    const taken = this.asking.then(async () => {
      const now = performance.now();
      this.ready = this.ready.filter((form) => form.usableUntil > now);
      const at = this.ready.findIndex((form) => form.max_bytes >= size);
      if (at >= 0) return this.ready.splice(at, 1)[0];
      this.ready = await this.ask(batch(size, next, speed), signal);
      return this.ready.shift();
    });
    this.asking = taken.catch(() => {});
    return taken;
  }

  async ask(sizes, signal) {
    let response;
    try {
      const body = JSON.stringify({ count: sizes.length, max_bytes: Math.max(...sizes) });
      response = await fetch(`${this.getUrl()}/forms`, {
        method: "POST", body, signal, headers: { "Content-Type": "application/json" },
      });
    } catch {
      throw new NotSent(0, "Blurline does not answer.");
    }
    if (!response.ok) throw new NotSent(response.status, await response.text());
    const forms = await response.json();
    return forms.map((form) => ({ ...form, usableUntil: performance.now() + form.valid_s * 1000 * USABLE_SHARE }));
  }
}

function batch(size, next, speed) {
  const sizes = [size];
  let bytes = size;
  for (const each of next) {
    bytes += each;
    if (sizes.length === MOST_FORMS || bytes > Math.max(LEAST_BATCH_BYTES, speed * BATCH_S)) break;
    sizes.push(each);
  }
  return sizes;
}
