// How many pixels of the photograph one of the screen shows, and whether the picture has arrived in that detail.
function describeResolution(board) {
  const { view, reduced } = board.picture;
  const label = board.find(".resolution");
  const pixels = 1 / (view.scale * screenDensity());
  const shown = (number) => (number >= 10 ? number.toFixed(0) : number.toFixed(1).replace(/\.0$/, ""));
  const ratio = pixels >= 1 ? `1 : ${shown(pixels)}` : `${shown(1 / pixels)} : 1`;
  const isExact = Math.abs(pixels - 1) < 0.005;
  const detail = reduced === Infinity ? " · loading" : reduced ? ` · detail 1 : ${shown(reduced)}` : "";
  label.textContent = (isExact ? "1 : 1" : ratio) + detail;
  label.classList.toggle("reduced", reduced > 0);
  board.root.dataset.detail = reduced ? "reduced" : "full";
  label.title = reduced
    ? `The full resolution is loading; the picture has less detail until then.`
    : "Pixels of the screen : pixels of the photograph. The picture has all the detail that the screen can show.";
}
