// One file on its way: to the store with its form, or through the dashboard where the browser cannot reach the store.

const STALLED_MS = 60_000;
const UNREACHABLE_MS = 20_000;

// Why a file did not arrive. `status` is 0 when there was no answer.
class NotSent extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }

  get isFinal() {
    return this.status >= 400 && this.status < 500 && ![408, 425, 429].includes(this.status);
  }
}

function sendToStore(form, blob, watch) {
  const body = new FormData();
  for (const [name, value] of Object.entries(form.fields)) body.append(name, value);
  body.append("file", blob, "picture");
  return send(form.url, body, watch, "The store");
}

function sendThroughDashboard(url, form, blob, watch) {
  return send(`${url}/files/${form.id}`, blob, watch, "The dashboard");
}

// `watch` has `isFirst`, `signal` and `onProgress(bytes)`. Rejects with NotSent.
function send(url, body, { isFirst, signal, onProgress }, receiver) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    let timer;
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => request.abort(), isFirst ? UNREACHABLE_MS : STALLED_MS);
    };
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(new NotSent(request.status, reason(request, receiver)));
    };
    const stop = () => request.abort();
    request.upload.onprogress = (event) => {
      wait();
      onProgress(event.loaded);
    };
    request.onloadend = end;
    signal.addEventListener("abort", stop);
    request.open("POST", url);
    if (body instanceof Blob) request.setRequestHeader("Content-Type", "application/octet-stream");
    wait();
    request.send(body);
  });
}

function reason(request, receiver) {
  if (!request.status) return `${receiver} does not answer.`;
  if (request.getResponseHeader("Content-Type")?.startsWith("text/plain")) return request.responseText;
  const said = request.responseText.match(/<Message>([^<]{1,300})<\/Message>/)?.[1];
  return `${receiver} refuses it (${request.status}${said ? `: ${said}` : ""}).`;
}
