// The files of a drop, also those in folders. A file's name is its path in the dropped folder.

// `[[name, File], …]`. Must be called while the drop is handled: the browser empties the list afterwards.
async function droppedFiles(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = [...transfer.files];
  if (!entries.length) return files.map((file) => [file.name, file]);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push([entry.fullPath, file]);
    return;
  }
  const reader = entry.createReader();
  const read = () => new Promise((resolve, reject) => reader.readEntries(resolve, reject));
  for (let some = await read(); some.length; some = await read()) {
    for (const each of some) await walk(each, found);
  }
}

// Files by name, as people count: a folder has no order of its own.
function inOrder(files) {
  const { compare } = new Intl.Collator("en", { numeric: true });
  return files.sort(([one], [other]) => compare(one, other));
}
