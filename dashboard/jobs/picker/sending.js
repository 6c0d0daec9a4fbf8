// The upload of the chosen pictures. It goes on while the user looks at other pages, and keeps what has arrived: a
// picture with a key is not uploaded twice.

const AT_ONCE = 4;
const PAUSES_MS = [1000, 2000, 4000, 8000, 16_000];
const SPEED_MS = 6000;

class Sending {
  // `route` outlives this upload: whether the store can be reached from here (null: not known yet).
  constructor(id, choice, route, getUrl) {
    Object.assign(this, { id, choice, route, getUrl, state: "running", problem: "", onChange: () => {}, samples: [] });
    this.forms = new Forms(getUrl);
    this.underway = new Map();
  }

  get pictures() {
    return this.choice.pictures;
  }

  get failed() {
    return this.pictures.filter((picture) => picture.problem);
  }

  get sentBytes() {
    return [...this.underway.values()].reduce((sum, bytes) => sum + bytes, this.arrivedBytes);
  }

  // Bytes a second, over the last seconds.
  get speed() {
    const [first, last] = [this.samples[0], this.samples.at(-1)];
    return first && last.at > first.at ? Math.max(0, ((last.bytes - first.bytes) / (last.at - first.at)) * 1000) : 0;
  }

  async run() {
    Object.assign(this, { state: "running", problem: "", samples: [], abort: new AbortController() });
    for (const picture of this.pictures) picture.problem = "";
    const arrived = this.pictures.filter((picture) => picture.key);
    Object.assign(this, { arrived: arrived.length, arrivedBytes: arrived.reduce((sum, { size }) => sum + size, 0) });
    // Ordered by size, so that the forms of a batch are for files of about the same size.
    this.queue = this.pictures.filter((picture) => !picture.key).sort((one, other) => one.size - other.size);
    this.onChange();
    if (this.route.isDirect === null) await this.work(1); // one file shows whether the store can be reached
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.work(Infinity)));
    if (this.state === "running") this.state = this.failed.length || this.problem ? "failed" : "done";
    this.onChange();
  }

  stop() {
    if (this.state === "running") this.state = "stopped";
    this.abort?.abort();
  }

  leaveOutFailed() {
    for (const picture of this.failed) this.choice.remove(picture);
    this.run();
  }

  note() {
    const now = performance.now();
    this.samples.push({ at: now, bytes: this.sentBytes });
    while (this.samples.length > 2 && this.samples[0].at < now - SPEED_MS) this.samples.shift();
    this.onChange();
  }

  async work(most) {
    for (let count = 0; count < most && this.state === "running" && !this.problem && this.queue.length; count += 1) {
      const picture = this.queue.shift();
      try {
        picture.key = await this.deliver(picture);
        this.arrived += 1;
        this.arrivedBytes += picture.size;
      } catch (error) {
        if (error.endsAll) this.problem = error.message;
        else if (this.state === "running") picture.problem = error.message;
      }
      this.underway.delete(picture);
      this.note();
    }
  }

  // The key under which the picture has arrived.
  async deliver(picture) {
    const content = await readable(picture);
    for (let tries = 0; ; ) {
      const form = await this.form(picture);
      try {
        await this.send(form, picture, content);
        return form.key;
      } catch (problem) {
        this.underway.delete(picture);
        if (this.state !== "running") throw problem;
        if (this.route.isDirect === null) {
          this.route.isDirect = false;
          continue;
        }
        if ((problem.isFinal && tries > 0) || tries === PAUSES_MS.length) throw problem;
        await pause(PAUSES_MS[tries], this.abort.signal);
        tries += 1;
      }
    }
  }

  async send(form, picture, content) {
    const watch = {
      isFirst: this.route.isDirect === null,
      signal: this.abort.signal,
      onProgress: (bytes) => {
        this.underway.set(picture, Math.min(bytes, picture.size));
        this.note();
      },
    };
    if (this.route.isDirect === false) return sendThroughDashboard(this.getUrl(), form, content, watch);
    try {
      await sendToStore(form, content, watch);
    } catch (problem) {
      if (problem.status) this.route.isDirect = true;
      throw problem;
    }
    this.route.isDirect = true;
  }

  async form(picture) {
    for (let tries = 0; ; tries += 1) {
      try {
        return await this.forms.take(picture.size, this.queue.slice(0, MOST_FORMS).map((each) => each.size), this.speed, this.abort.signal);
      } catch (problem) {
        if (problem.isFinal || tries === PAUSES_MS.length || this.state !== "running") {
          throw Object.assign(problem, { endsAll: this.state === "running" });
        }
        await pause(PAUSES_MS[tries], this.abort.signal);
      }
    }
  }
}

// The picture's content, once its first byte was read: the file may be gone by now.
async function readable(picture) {
  try {
    const content = await picture.content();
    await content.slice(0, 1).arrayBuffer();
    return content;
  } catch (error) {
    throw error instanceof ZipProblem ? error : new Error("The file was moved or changed. Choose it again.");
  }
}

function pause(ms, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
