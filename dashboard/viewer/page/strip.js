// The strip of frames or pages under the picture, where there are several.

const THUMB_PX = 96;

class Strip {
  constructor(root, choose) {
    this.element = root.querySelector(".strip");
    this.key = null;
    this.element.addEventListener("click", (event) => {
      const button = event.target.closest("button[data-frame]");
      if (button) choose(Number(button.dataset.frame));
    });
  }

  // A new picture.
  show({ key, frames }) {
    this.key = key;
    this.element.hidden = !(frames > 1);
    this.element.replaceChildren(...Array.from({ length: frames > 1 ? frames : 0 }, (_, number) => frameButton(number)));
  }

  // `tiles` are those of the result, or else of the original; `boxes` are those of all frames, null outside a review.
  describe({ frame: shown, seen, result, original }, boxes) {
    const tiles = result?.tiles || original?.tiles;
    const counts = new Map();
    for (const { frame, isDestroyed } of boxes || []) if (isDestroyed) counts.set(frame, (counts.get(frame) || 0) + 1);
    const open = new Map((boxes || []).filter(isOpenFinding).map((box) => [box.frame, FINDINGS[box.kind]]));
    for (const button of this.element.children) {
      const number = Number(button.dataset.frame);
      const count = counts.get(number) || 0;
      if (button.getAttribute("aria-current") !== String(number === shown)) {
        button.setAttribute("aria-current", String(number === shown));
        if (number === shown) button.scrollIntoView?.({ block: "nearest", inline: "nearest" });
      }
      button.classList.toggle("seen", boxes !== null && seen.has(number));
      button.classList.toggle("open", open.has(number));
      const state = `${open.has(number) ? `${open.get(number)}, ` : ""}${seen.has(number) ? "seen" : "not seen yet"}`;
      const said = `Frame ${number + 1}` + (boxes ? `, ${count} destroyed, ${state}` : "");
      if (button.getAttribute("aria-label") !== said) button.setAttribute("aria-label", said);
      const size = tiles?.sizes?.frames[number];
      const image = button.querySelector("img");
      if (size && !image.hasAttribute("src")) image.src = `${tiles.address}/${number}/${thumbLevel(size)}/0/0`;
    }
  }
}

function frameButton(number) {
  const button = document.createElement("button");
  button.type = "button";
  button.dataset.frame = number;
  const image = Object.assign(new Image(), { alt: "", loading: "lazy" });
  const label = Object.assign(document.createElement("span"), { textContent: number + 1 });
  button.append(image, label);
  return button;
}

// The level whose longer side is at most the thumbnail's, in one tile.
function thumbLevel({ width_px: width, height_px: height, top_level: top }) {
  return Math.max(0, top - Math.max(0, Math.ceil(Math.log2(Math.max(width, height) / THUMB_PX))));
}
