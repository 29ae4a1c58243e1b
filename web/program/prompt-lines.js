// Links between the lines that were typed at a Python prompt and what they did on the wire. They are counted from the first one.
import { pointAt } from "../base/code-light.js";

export class PromptLines {
  #list;
  #program = 0;

  /** @param {HTMLElement} list of lines, those that were typed with their numbers */
  constructor(list) {
    this.#list = list;
    list.addEventListener("pointerover", (event) => {
      if (event.pointerType === "touch") return;
      const line = numberOf(event.target);
      pointAt(list, line && this.#program ? { program: this.#program, line } : null);
    });
    list.addEventListener("pointerleave", () => pointAt(list, null));
  }

  /** A new prompt: the lines of the one before belong to nothing. @param {number} program by its number in the room */
  belongTo(program) {
    for (const line of this.#typed) delete line.dataset.line;
    this.#program = program;
  }

  /** @returns {HTMLElement[]} */
  get #typed() {
    return [...this.#list.querySelectorAll("[data-line]")].filter((line) => line instanceof HTMLElement);
  }

  /** @param {import("../base/code-light.js").CodeLine[]} lines */
  light(lines) {
    const own = new Set(lines.filter(({ program }) => program === this.#program).map(({ line }) => line));
    for (const typed of this.#typed) typed.classList.toggle("linked", own.has(numberOf(typed)));
  }

  /** Where a line is in the window, if it is one of its own and can be seen. @param {import("../base/code-light.js").CodeLine} line @returns {DOMRect | null} */
  boxOf({ program, line }) {
    if (program !== this.#program || !this.#list.checkVisibility()) return null;
    const typed = this.#list.querySelector(`[data-line="${line}"]`);
    if (!typed) return null;
    const [box, seen] = [typed.getBoundingClientRect(), this.#list.getBoundingClientRect()];
    return box.top >= seen.top && box.bottom <= seen.bottom ? box : null;
  }
}

/** The number of the line that an element stands in; 0 for none. @param {EventTarget | null} target */
function numberOf(target) {
  const line = target instanceof Element ? target.closest("[data-line]") : null;
  return Number(line instanceof HTMLElement ? line.dataset.line : 0);
}
