// The board's texts and the state of its buttons.

const AWAITS_ANOTHER = "You have approved or corrected this result. Another reviewer must approve it too.";

function describe(board) {
  const { data, boxes, root } = board;
  const isWorking = board.isBusy || data.is_rendering;
  Object.assign(root.dataset, { image: data.image_id, name: data.name, busy: String(isWorking) });
  const can = {
    approve: !isWorking && data.can_approve && !boxes.isChanged && board.picture.areAllSeen,
    save: !isWorking && boxes.isChanged,
    reject: !isWorking && data.can_reject,
    next: !board.isBusy,
    undo: !isWorking && boxes.canUndo,
    redo: !isWorking && boxes.canRedo,
    flicker: Boolean(data.result),
  };
  for (const [action, isPossible] of Object.entries(can)) board.button(action).disabled = !isPossible;
  board.button("approve").title = data.awaits_another ? AWAITS_ANOTHER : "";
  board.find(".reason").hidden = !data.awaits_another;
  for (const [mode, isOn] of Object.entries(board.picture.modes)) {
    board.button(mode).setAttribute("aria-pressed", String(isOn));
  }
  board.find('.bar [data-do="around"]').hidden = !board.picture.sphereLayer;
  board.find(".veil").hidden = !isWorking;
  board.find(".veil").textContent = data.is_rendering ? "Rendering your corrections…" : "";
  const message = board.hint || data.message;
  if (board.find(".message").textContent !== message) board.find(".message").textContent = message;
  board.find(".message").classList.toggle("problem", !board.hint && Boolean(data.message));
  board.find(".result .tag").textContent = data.result ? (data.is_refused ? "Refused result" : "Result") : "No result";
  board.find(".legend").replaceChildren(...legend(boxes, board.picture));
  board.strip.describe(board.picture, boxes.all);
  describeClaim(board);
}

function legend(boxes, { frame, frames, seen }) {
  const candidates = boxes.all.filter((box) => box.kind === "candidate" && !box.isDestroyed).length;
  const kept = boxes.destroyed.length - boxes.drawn;
  const entries = [
    ["found", `${kept} destroyed`],
    ["candidate", `${candidates} ${candidates === 1 ? "candidate" : "candidates"}`],
    ["finding", boxes.findings.length && `${boxes.findings.length} still visible`],
    ["difference", boxes.differences.length && placesInWords(boxes.differences.length)],
    ["dropped", boxes.dropped && `${boxes.dropped} dropped`],
    ["drawn", boxes.drawn && `${boxes.drawn} drawn`],
  ].filter(([, text]) => text);
  const shown = entries.map(([kind, text]) => {
    const entry = document.createElement("span");
    entry.className = "entry";
    entry.style.setProperty("--colour", COLOURS[kind]);
    entry.textContent = text;
    return entry;
  });
  if (frames > 1) {
    const left = frames - seen.size;
    const still = left ? `${left} not seen yet` : "all seen";
    shown.push(document.createTextNode(`Frame ${frame + 1} of ${frames}, ${still}`));
  }
  return shown;
}

function placesInWords(count) {
  return count === 1 ? "1 place differs" : `${count} places differ`;
}

function describeClaim(board) {
  const claim = board.find(".claim");
  const { left_s } = board.claim;
  const [minutes, seconds] = [Math.floor(left_s / 60), String(left_s % 60).padStart(2, "0")];
  claim.textContent = left_s ? `claimed for ${minutes}:${seconds}` : "claim expired";
  claim.classList.toggle("short", left_s < 60);
}

// The choice of a class, where an operator's detectors find other classes than faces.
function describeClass(board) {
  const label = board.find(".class");
  const select = label.querySelector("select");
  const names = board.data?.classes || [FACE];
  label.hidden = names.length < 2;
  if (select.options.length !== names.length || names.some((name, at) => select.options[at].value !== name)) {
    select.replaceChildren(...names.map((name) => new Option(name)));
  }
  if (select.value !== board.editor.shownClass) select.value = board.editor.shownClass;
  select.disabled = !board.canChange;
}
