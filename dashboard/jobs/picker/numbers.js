// Numbers as people read them.

function whole(number) {
  return Math.round(number).toLocaleString("en-US");
}

// Exact enough to differ from a limit that is exceeded.
function millions(number) {
  return (number / 1e6).toLocaleString("en-US", { maximumFractionDigits: 3 });
}

function counted(number, noun) {
  return `${whole(number)} ${noun}${number === 1 ? "" : "s"}`;
}

function bytesText(bytes) {
  const [unit, name] = bytes >= 1e9 ? [1e9, "GB"] : bytes >= 1e6 ? [1e6, "MB"] : [1e3, "kB"];
  return `${(bytes / unit).toFixed(unit === 1e3 ? 0 : 1)} ${name}`;
}

function timeText(seconds) {
  if (seconds < 60) return `${Math.max(1, Math.ceil(seconds))} s`;
  if (seconds < 3600) return `${Math.ceil(seconds / 60)} min`;
  return `${Math.floor(seconds / 3600)} h ${Math.ceil((seconds % 3600) / 60)} min`;
}
