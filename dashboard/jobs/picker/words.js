// The picker's texts.

const NAMED = 5;
const MOST_NAMED = 500;
const MOST_LISTED = 300;

function limitsText({ max_file_bytes: bytes, max_pixels: pixels, max_images_per_job: images }) {
  const each = `up to ${millions(bytes)} MB and ${millions(pixels)} megapixels each`;
  return `JPEG, PNG, WebP, AVIF, HEIC, TIFF, GIF and BMP, ${each}; at most ${whole(images)} in one job.`;
}

function summaryText(choice) {
  if (choice.reading) return `Looking at ${whole(choice.read)} of ${counted(choice.reading, "file")}…`;
  return choice.pictures.length ? `${counted(choice.pictures.length, "photograph")}, ${bytesText(choice.bytes)}` : "";
}

function sentText(sending) {
  const { arrived, pictures, choice, speed } = sending;
  const of = `${whole(arrived)} of ${counted(pictures.length, "photograph")}`;
  if (sending.state === "done") return `${of} uploaded. Creating the job…`;
  const [total, sent] = [choice.bytes, sending.sentBytes];
  const parts = [of, `${bytesText(sent)} of ${bytesText(total)}`];
  if (sending.state === "running" && speed > 0) {
    parts.push(`${bytesText(speed)}/s`, `${timeText((total - sent) / speed)} left`);
  }
  return parts.join(" · ");
}

function wayText({ route, state }) {
  const sentences = [];
  if (route.isDirect === false) {
    sentences.push(
      "This browser cannot reach the store directly, so the photographs go through the dashboard, which is slower.",
      "Your operator can run `blurline doctor` to see what the store must allow.",
    );
  }
  if (state === "running") {
    sentences.push("You can look at other pages meanwhile. Keep this tab open until the upload has ended.");
  }
  return sentences.join(" ");
}

// `[heading, lines]` of what went wrong.
function noticeText(choice, sending) {
  if (sending?.state === "failed" && sending.problem) return [sending.problem, []];
  if (sending?.state === "failed") {
    const lines = sending.failed.map((picture) => `${picture.name}: ${picture.problem}`);
    return [`${counted(lines.length, "photograph")} could not be uploaded, so nothing is submitted yet.`, lines];
  }
  return choice.leftOut.length ? [`Left out: ${counted(choice.leftOut.length, "file")}`, choice.leftOut] : ["", []];
}

function describeNotice(box, [heading, lines]) {
  box.hidden = !heading;
  box.querySelector("p").textContent = heading;
  const [first, rest] = [lines.slice(0, NAMED), lines.slice(NAMED, MOST_NAMED)];
  box.querySelector("ul").replaceChildren(...first.map(item));
  const more = box.querySelector("details");
  more.hidden = !rest.length;
  more.querySelector("summary").textContent = `And ${whole(lines.length - NAMED)} more`;
  more.querySelector("ul").replaceChildren(...rest.map(item));
}

function describeChosen(box, choice, canChange) {
  box.hidden = !choice.pictures.length;
  const shown = choice.pictures.slice(0, MOST_LISTED).map((picture) => row(picture, choice, canChange));
  const more = choice.pictures.length - shown.length;
  box.querySelector("ul").replaceChildren(...shown, ...(more > 0 ? [item(`And ${whole(more)} more`)] : []));
}

function row(picture, choice, canChange) {
  const li = document.createElement("li");
  const sides = picture.sides ? `${picture.sides.join(" × ")} · ` : "";
  for (const [name, text] of [["name", picture.name], ["facts", `${sides}${bytesText(picture.size)}`]]) {
    const span = document.createElement("span");
    Object.assign(span, { className: name, textContent: text, title: text });
    li.append(span);
  }
  if (canChange) {
    const button = document.createElement("button");
    Object.assign(button, { type: "button", textContent: "×", onclick: () => choice.remove(picture) });
    button.setAttribute("aria-label", `Remove ${picture.name}`);
    li.append(button);
  }
  return li;
}

function item(text) {
  const li = document.createElement("li");
  li.textContent = text;
  return li;
}
