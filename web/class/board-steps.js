// How many have passed each step: a row of bars, and a sentence about one of them.
import { element, find } from "../base/element.js";
import { passed, worthSaying } from "./board-words.js";

export class BoardSteps {
  #board;
  #section = find("#steps");
  #sentence = element("p", { class: "steps-sentence" });
  #bars = element("ol", { class: "steps-bars" });
  /** The step that somebody points at. @type {number | null} */
  #pointed = null;
  #drawn = "";
  #titles = "";

  /** @param {import("./board.js").Board} board */
  constructor(board) {
    this.#board = board;
    this.#section.append(this.#sentence, this.#bars);
    const point = (/** @type {Event} */ event) => {
      const bar = /** @type {HTMLElement} */ (event.target).closest?.("[data-at]");
      this.#pointed = bar instanceof HTMLElement ? Number(bar.dataset.at) : null;
      this.draw();
    };
    for (const event of ["pointerover", "focusin"]) this.#bars.addEventListener(event, point);
    for (const event of ["pointerleave", "focusout"]) {
      this.#bars.addEventListener(event, () => {
        this.#pointed = null;
        this.draw();
      });
    }
  }

  draw() {
    const { steps, step } = this.#board.about;
    // Whoever is away counts: they are of the class. Who never came does not.
    const seats = [...this.#board.seats.values()].filter(({ came }) => came);
    this.#section.hidden = steps.length === 0 || seats.length === 0;
    if (this.#section.hidden) return;
    const counts = passed(seats, steps.length);
    const at = this.#pointed ?? worthSaying(counts, seats.length, step);
    const drawn = JSON.stringify([counts, seats.length, at, step]);
    if (drawn === this.#drawn) return;
    this.#drawn = drawn;
    this.#sentence.replaceChildren(
      element("b", {}, `${counts[at]} of ${seats.length}`),
      ` ${seats.length === 1 ? "has" : "have"} passed step ${at + 1}: `,
      element("span", { class: "soft" }, steps[at]),
    );
    if (this.#titles !== JSON.stringify(steps)) {
      this.#titles = JSON.stringify(steps);
      this.#bars.replaceChildren(...steps.map((/** @type {string} */ title, /** @type {number} */ number) => bar(title, number)));
    }
    counts.forEach((count, number) => {
      const one = /** @type {HTMLElement} */ (this.#bars.children[number]);
      one.style.setProperty("--part", String(count / seats.length));
      one.classList.toggle("none", count === 0);
      one.classList.toggle("pointed", number === at);
      one.classList.toggle("sent", number === step);
      one.setAttribute("aria-label", `Step ${number + 1}, ${steps[number]}: ${count} of ${seats.length}`);
    });
  }
}

/** @param {string} title @param {number} number */
function bar(title, number) {
  return element("li", { data: { at: String(number) }, title: `${number + 1}. ${title}`, tabindex: "0" }, element("span", { class: "steps-number", "aria-hidden": "true" }, String(number + 1)));
}
