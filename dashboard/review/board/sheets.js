// The sheets over the picture: the reason for a rejection, and the list of keys.

class Sheets {
  constructor(root, { reject, cancel }) {
    this.rejection = root.querySelector(".rejection");
    this.keys = root.querySelector(".keys");
    this.note = root.querySelector("#note");
    this.rejection.addEventListener("submit", (event) => {
      event.preventDefault();
      reject(this.note.value);
    });
    this.rejection.addEventListener("keydown", (event) => {
      if (event.key === "Escape") cancel();
      if (event.key === "Enter" && !event.shiftKey && event.target === this.note) {
        event.preventDefault();
        this.rejection.requestSubmit();
      }
    });
  }

  get isOpen() {
    return !this.rejection.hidden || !this.keys.hidden;
  }

  askWhy() {
    this.rejection.hidden = false;
    this.note.focus();
  }

  toggleKeys() {
    this.keys.hidden = !this.keys.hidden;
  }

  close() {
    this.rejection.hidden = true;
    this.keys.hidden = true;
  }

  clear() {
    this.close();
    this.note.value = "";
  }
}
