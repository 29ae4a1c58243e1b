// Links between the lines of a console's history and what they did on the wire. A line's number is its entry's.
import { pointAt } from "../base/code-light.js";

export class EntryLines {
  #list;
  #program = 0;

  /** @param {HTMLElement} list of entries */
  constructor(list) {
    this.#list = list;
    const point = (/** @type {Event} */ { target }) => {
      const line = entryOf(target);
      pointAt(list, line && this.#program ? { program: this.#program, line } : null);
    };
    list.addEventListener("pointerover", (event) => event.pointerType !== "touch" && point(event));
    list.addEventListener("focusin", point);
    for (const left of ["pointerleave", "focusout"]) list.addEventListener(left, () => pointAt(list, null));
  }

  /** @param {number} program the console's, by its number in the room */
  belongTo(program) {
    this.#program = program;
  }

  /** @param {import("../base/code-light.js").CodeLine[]} lines */
  light(lines) {
    const own = new Set(lines.filter(({ program }) => program === this.#program).map(({ line }) => line));
    for (const entry of this.#list.children) entry.classList.toggle("linked", own.has(entryOf(entry)));
  }

  /** @param {import("../base/code-light.js").CodeLine} line @returns {DOMRect | null} */
  boxOf({ program, line }) {
    if (program !== this.#program || !this.#list.checkVisibility()) return null;
    const entry = [...this.#list.children].find((one) => entryOf(one) === line);
    const head = entry?.querySelector(".cc-head");
    const log = this.#list.parentElement;
    if (!head || !log) return null;
    const [box, seen] = [head.getBoundingClientRect(), log.getBoundingClientRect()];
    return box.top >= seen.top && box.bottom <= seen.bottom ? box : null;
  }
}

/** Number of the entry that an element stands in; 0 for none. @param {EventTarget | null} target */
function entryOf(target) {
  const entry = target instanceof Element ? target.closest(".cc-entry") : null;
  return Number(entry instanceof HTMLElement ? entry.dataset.key : 0);
}
