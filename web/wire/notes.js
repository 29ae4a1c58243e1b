// Sentences pinned to events: written while a room lives, kept with its recording, shown where it stops playing.
import { bounded } from "../base/bounded.js";
import { element } from "../base/element.js";
import { dialog } from "../base/popover.js";
import { SHARE_NOTE, SHARE_NOTES } from "../py/vocabulary.js";

/** @typedef {{ seq: number, text: string }} Note */

export class Notes {
  /** By the `seq` of their events. @type {Map<number, string>} */
  #all = new Map();
  #keep;
  /** Called when there is another one, or one less. */
  onchange = () => {};

  /** @param {Note[]} all @param {((all: Note[]) => void) | null} keep called with all after each change; null: nobody changes them */
  constructor(all = [], keep = null) {
    this.#keep = keep;
    for (const { seq, text } of all) this.#all.set(seq, text);
  }

  /** Whether they can be written here. */
  get open() {
    return this.#keep !== null;
  }

  /** In the order of their events. @returns {Note[]} */
  get list() {
    return [...this.#all].map(([seq, text]) => ({ seq, text })).toSorted((one, other) => one.seq - other.seq);
  }

  /** @param {number} seq */
  at(seq) {
    return this.#all.get(seq) ?? "";
  }

  /** @param {number} seq @param {string} text empty: takes it away */
  set(seq, text) {
    if (text) this.#all.set(seq, text);
    else this.#all.delete(seq);
    this.#keep?.(this.list);
    this.onchange();
  }

  /** Asks for a note at an event. @param {number} seq @param {string} sentence what happened there */
  ask(seq, sentence) {
    const before = this.at(seq);
    const full = !before && this.#all.size >= SHARE_NOTES;
    const field = /** @type {HTMLTextAreaElement} */ (
      element("textarea", { class: "field note-field", id: "note", rows: 3, maxlength: SHARE_NOTE, dir: "auto", autofocus: true, disabled: full })
    );
    field.value = before;
    const save = element("button", { class: "button filled", disabled: full }, "Pin it");
    const remove = before ? element("button", { type: "button", class: "link", on: { click: () => done("") } }, "Take it away") : null;
    const said = full ? element("p", { class: "soft" }, `A recording has at most ${SHARE_NOTES} notes.`) : null;
    const form = element(
      "form",
      { class: "stack" },
      element("p", { class: "prose soft", dir: "auto" }, sentence),
      element("label", { for: "note" }, "What to say about it: a recording that you keep stops there, and shows it"),
      field,
      said,
      element("div", { class: "row" }, save, remove),
    );
    const made = dialog("A note here", [form]);
    const done = (/** @type {string} */ text) => {
      this.set(seq, text);
      made.close();
    };
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      done(bounded(field.value.trim(), SHARE_NOTE));
    });
  }
}
