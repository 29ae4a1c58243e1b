// The notes on the scrubber: a small flag where each is pinned, and the text of the one that is shown.
import { announce } from "../base/announce.js";
import { button, element, reconcile } from "../base/element.js";

/** How wide a flag is, in pixels: notes that are nearer to each other have one together. */
const WIDE = 24;

/** @typedef {{ at: number, seqs: number[] }} Place notes that have one flag, and where it is, a fraction of the range */

export class Flags {
  #view;
  #notes;
  #ongo;
  /** Over the scrubber's range. */
  root = element("span", { class: "wire-flags" });
  #text = element("span", { class: "prose", dir: "auto" });
  #change = button("Change", () => this.#ask(), { class: "link" });
  /** The note at the event that is shown. */
  note = element("p", { class: "wire-note", hidden: true }, this.#text, this.#change);
  #shown = 0;
  #last = 0;
  /** By the `seq` of their first. @type {Map<number, Place>} */
  #places = new Map();

  /** @param {import("../client/web.js").View} view @param {import("./notes.js").Notes} notes @param {(seq: number) => void} ongo */
  constructor(view, notes, ongo) {
    this.#view = view;
    this.#notes = notes;
    this.#ongo = ongo;
    this.#change.hidden = !notes.open;
    new ResizeObserver(() => this.#draw()).observe(this.root);
  }

  /** Index of the row of the first note after one row, up to another; -1 where there is none. @param {number} after @param {number} to */
  between(after, to) {
    const indices = this.#notes.list.map(({ seq }) => this.#view.indexOf(seq));
    return indices.find((index) => index > after && index <= to) ?? -1;
  }

  /** @param {number} last index of the last row @param {number} shown `seq` of the event shown last */
  update(last, shown) {
    [this.#last, this.#shown] = [last, shown];
    this.#draw();
    const text = this.#notes.at(shown);
    this.note.hidden = !text;
    if (this.#text.textContent === text) return;
    this.#text.textContent = text;
    // What was hidden is not read out by itself when it comes.
    if (text) announce(`Note: ${text}`);
  }

  #draw() {
    this.#places = this.#placed();
    const wanted = [...this.#places].map(([seq, place]) => this.#flag(seq, place));
    reconcile(this.root, wanted, (kept, made) => {
      kept.style.setProperty("--at", made.style.getPropertyValue("--at"));
      kept.title = made.title;
      kept.setAttribute("aria-label", made.getAttribute("aria-label") ?? "");
    });
  }

  /** Where there are flags: none upon another. */
  #placed() {
    /** @type {Map<number, Place>} */
    const places = new Map();
    // This is asked all the time, and how wide something is costs a layout.
    if (this.#notes.list.length === 0) return places;
    const wide = this.root.clientWidth || 1;
    /** @type {Place | null} */
    let before = null;
    for (const { seq } of this.#notes.list) {
      const at = Math.min(1, this.#view.indexOf(seq) / Math.max(1, this.#last));
      if (before && (at - before.at) * wide < WIDE) before.seqs.push(seq);
      else places.set(seq, (before = { at, seqs: [seq] }));
    }
    return places;
  }

  /** @param {number} seq of the first @param {Place} place */
  #flag(seq, { at, seqs }) {
    const texts = seqs.map((one) => this.#notes.at(one));
    const label = texts.length === 1 ? `To the note: ${texts[0]}` : `To the next of ${texts.length} notes: ${texts.join(" \u00b7 ")}`;
    const made = button("", () => this.#next(seq), { class: "wire-flag", "aria-label": label, title: texts.join("\n"), data: { key: seq } });
    made.style.setProperty("--at", String(at));
    return made;
  }

  /** To the note of a flag that comes after what is shown, else to its first. @param {number} seq of the first */
  #next(seq) {
    const { seqs } = this.#places.get(seq) ?? { seqs: [seq] };
    this.#ongo(seqs.find((one) => one > this.#shown) ?? seqs[0]);
  }

  #ask() {
    const sentence = this.#view.details(this.#shown)?.sentence ?? "";
    this.#notes.ask(this.#shown, sentence);
  }
}
