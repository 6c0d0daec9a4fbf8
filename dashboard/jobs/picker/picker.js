// The field for photographs of the Submit page. What is chosen belongs to the tab, not to the field: it and its upload
// go on while other pages are shown.

const REDRAW_MS = 150;

const tab = (globalThis.blurlineSubmission ??= newTab());

function newTab() {
  const made = { choice: new Choice(), sending: null, route: { isDirect: null }, url: "" };
  addEventListener("beforeunload", (event) => made.sending?.state === "running" && event.preventDefault());
  return made;
}

class Picker {
  constructor(root) {
    this.root = root.querySelector(".picker");
    this.told = "";
    this.listen();
    tab.choice.onChange = () => this.changed();
    if (tab.sending) tab.sending.onChange = () => this.redrawSoon();
  }

  dispose() {
    tab.choice.onChange = () => {};
    if (tab.sending) tab.sending.onChange = () => {};
    this.isDisposed = true;
  }

  listen() {
    const { root } = this;
    const files = this.find("input.files");
    const folder = this.find("input.folder");
    files.onchange = () => {
      this.add([...files.files].map((file) => [file.name, file]));
      files.value = "";
    };
    folder.onchange = () => {
      this.add(inOrder([...folder.files].map((file) => [file.webkitRelativePath, file])));
      folder.value = "";
    };
    const act = {
      files: () => files.click(),
      folder: () => folder.click(),
      clear: () => tab.choice.clear(),
      retry: () => tab.sending.run(),
      leave: () => tab.sending.leaveOutFailed(),
      stop: () => this.stop(),
    };
    root.addEventListener("click", (event) => act[event.target.closest("[data-do]")?.dataset.do]?.());
    root.addEventListener("dragover", (event) => {
      event.preventDefault();
      root.classList.add("over");
    });
    root.addEventListener("dragleave", () => root.classList.remove("over"));
    root.addEventListener("drop", (event) => this.drop(event));
  }

  async drop(event) {
    event.preventDefault();
    this.root.classList.remove("over");
    if (!this.data.sending) await this.add(inOrder(await droppedFiles(event.dataTransfer)));
  }

  add(files) {
    return tab.choice.add(files, this.data.limits);
  }

  // What the page says: the limits, its knowledge of the choice, and the upload that it asks for or has finished.
  update({ data, setTriggerValue }) {
    Object.assign(this, { data, trigger: (answer) => setTriggerValue("answer", answer) });
    tab.url = data.url;
    if (tab.sending && [data.finished, data.lost].includes(tab.sending.id)) this.end(data);
    if (data.sending && tab.sending?.id !== data.sending) this.begin(data.sending);
    if (!data.sending && tab.sending) {
      tab.sending.stop();
      tab.sending = null;
    }
    this.changed();
  }

  begin(id) {
    tab.sending = new Sending(id, tab.choice, tab.route, () => tab.url);
    tab.sending.onChange = () => this.redrawSoon();
    tab.sending.run();
  }

  // After the job was created, or the uploads are no longer valid.
  end(data) {
    if (data.finished === tab.sending.id) tab.choice.clear();
    else for (const picture of tab.choice.pictures) picture.key = null;
    tab.sending = null;
  }

  stop() {
    tab.sending.stop();
    this.trigger({ kind: "stopped", id: tab.sending.id });
  }

  changed() {
    this.tell();
    this.redrawSoon();
  }

  // Tells the page once what it does not know yet. A new session of the page knows nothing.
  tell() {
    if (!this.data) return;
    const { choice, sending } = tab;
    let answer = null;
    if (sending && sending.id === this.data.sending) {
      const images = () => choice.pictures.map(({ key, name }) => ({ key, name }));
      if (sending.state === "done") answer = { kind: "uploaded", id: sending.id, images: images() };
    } else if (!choice.reading && (choice.pictures.length !== this.data.count || choice.bytes !== this.data.size_bytes)) {
      answer = { kind: "chosen", count: choice.pictures.length, size_bytes: choice.bytes };
    }
    const text = JSON.stringify(answer);
    if (answer && text !== this.told) this.trigger(answer);
    this.told = text;
  }

  redrawSoon() {
    if (tab.sending?.state === "done") this.tell();
    this.timer ??= setTimeout(() => {
      this.timer = null;
      if (!this.isDisposed && this.data) this.redraw();
    }, REDRAW_MS);
  }

  redraw() {
    const { choice, sending } = tab;
    const isSending = Boolean(this.data.sending && sending);
    this.find(".drop").hidden = isSending;
    this.find(".limits").textContent = limitsText(this.data.limits);
    this.find(".summary").hidden = isSending || !summaryText(choice);
    this.find(".summary span").textContent = summaryText(choice);
    this.button("clear").hidden = Boolean(choice.reading);
    const notice = noticeText(choice, isSending ? sending : null);
    this.ifNew("notice", notice.flat().join("\n"), () => describeNotice(this.find(".notice"), notice));
    const ids = choice.pictures.map((picture) => picture.id).join("\n");
    this.ifNew("chosen", `${isSending}${ids}`, () => describeChosen(this.find(".chosen"), choice, !isSending));
    this.find(".sending").hidden = !isSending;
    if (isSending) this.redrawSending(sending);
  }

  redrawSending(sending) {
    this.find("progress").value = sending.choice.bytes ? sending.sentBytes / sending.choice.bytes : 0;
    this.find(".sent").textContent = sentText(sending);
    this.find(".way").textContent = wayText(sending);
    this.button("retry").hidden = sending.state !== "failed";
    this.button("leave").hidden = sending.state !== "failed" || !sending.failed.length || !sending.arrived;
    this.button("stop").hidden = sending.state === "done";
  }

  // Draws a part only when it differs: its reader may be scrolling in it.
  ifNew(part, content, draw) {
    this.drawn ??= {};
    if (this.drawn[part] !== content) draw();
    this.drawn[part] = content;
  }

  find(selector) {
    return this.root.querySelector(selector);
  }

  button(action) {
    return this.find(`button[data-do="${action}"]`);
  }
}

const pickers = new WeakMap();

export default function (component) {
  const root = component.parentElement;
  if (!pickers.has(root)) pickers.set(root, new Picker(root));
  pickers.get(root).update(component);
  return () => {
    pickers.get(root)?.dispose();
    pickers.delete(root);
  };
}
