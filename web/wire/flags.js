// The notes on the scrubber: a small flag where each is pinned, and the text of the one that is shown.
import { button, element, reconcile } from "../base/element.js";

export class Flags {
  #view;
  #notes;
  #ongo;
  /** Over the scrubber's range. */
  root = element("span", { class: "wire-flags" });
  #text = element("span", { class: "prose", dir: "auto" });
  #change = button("Change", () => this.#ask(), { class: "link" });
  /** The note at the event that is shown. */
  note = element("p", { class: "wire-note", role: "status", hidden: true }, this.#text, this.#change);
  #shown = 0;

  /** @param {import("../client/web.js").View} view @param {import("./notes.js").Notes} notes @param {(seq: number) => void} ongo */
  constructor(view, notes, ongo) {
    this.#view = view;
    this.#notes = notes;
    this.#ongo = ongo;
    this.#change.hidden = !notes.open;
  }

  /** Index of the row of the first note after one row, up to another; -1 where there is none. @param {number} after @param {number} to */
  between(after, to) {
    const indices = this.#notes.list.map(({ seq }) => this.#view.indexOf(seq));
    return indices.find((index) => index > after && index <= to) ?? -1;
  }

  /** @param {number} last index of the last row @param {number} shown `seq` of the event shown last */
  update(last, shown) {
    const wanted = this.#notes.list.map(({ seq, text }) => this.#flag(seq, text, this.#view.indexOf(seq) / Math.max(1, last)));
    reconcile(this.root, wanted, (kept, made) => {
      kept.style.setProperty("--at", made.style.getPropertyValue("--at"));
      kept.title = made.title;
    });
    this.#shown = shown;
    const text = this.#notes.at(shown);
    if (this.#text.textContent !== text) this.#text.textContent = text;
    this.note.hidden = !text;
  }

  /** @param {number} seq @param {string} text @param {number} at a fraction of the range */
  #flag(seq, text, at) {
    const made = button("", () => this.#ongo(seq), { class: "wire-flag", "aria-label": `To the note: ${text}`, title: text, data: { key: seq } });
    made.style.setProperty("--at", String(Math.min(1, at)));
    return made;
  }

  #ask() {
    const sentence = this.#view.details(this.#shown)?.sentence ?? "";
    this.#notes.ask(this.#shown, sentence);
  }
}
