// The calls that make sense now, as buttons that make them; all other calls under a disclosure, to be edited first.
import { button, element, reconcile } from "../base/element.js";

/** @typedef {import("../client/web.js").Suggestion} Suggestion */

export class CallButtons {
  #row;
  #all;
  #list = element("ul", { class: "cc-all-list" });
  #onrun;
  #onedit;

  /** @param {{ machine: string, onrun: (line: string) => void, onedit: (line: string) => void, every: () => Suggestion[] }} options */
  constructor({ machine, onrun, onedit, every }) {
    this.#onrun = onrun;
    this.#onedit = onedit;
    this.#row = element("div", { class: "cc-now", role: "group", "aria-label": `Calls that make sense now on ${machine}` });
    this.#all = /** @type {HTMLDetailsElement} */ (
      element(
        "details",
        { class: "cc-details cc-all" },
        element("summary", {}, "All calls"),
        element(
          "div",
          { class: "cc-all-panel" },
          element("p", { class: "cc-note" }, "Press one: it goes into the prompt, where you can change it first."),
          this.#list,
        ),
      )
    );
    this.#all.addEventListener("toggle", () => {
      if (this.#all.open) this.#fill(every());
    });
    this.#all.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !this.#all.open) return;
      event.stopPropagation();
      this.#all.open = false;
      this.#all.querySelector("summary")?.focus();
    });
    this.nodes = [this.#row, this.#all];
  }

  /** @param {Suggestion[]} suggestions @param {string | null} next the line that is the page's one filled button */
  show(suggestions, next) {
    const known = suggestions.find(({ line }) => next !== null && same(line, next));
    const first = next === null ? [] : [{ line: next, words: known?.words ?? "the lesson's next step" }];
    const rest = suggestions.filter((one) => one !== known);
    const focused = this.#row.contains(document.activeElement);
    reconcile(
      this.#row,
      [...first, ...rest].map((one, at) => this.#button(one, at === 0 && next !== null)),
      (kept, made) => (kept.className = made.className),
    );
    // Whoever pressed a button that is gone now would start again at the top of the page.
    if (focused && !this.#row.contains(document.activeElement)) this.#row.querySelector("button")?.focus({ preventScroll: true });
  }

  /** @param {Suggestion} one @param {boolean} filled */
  #button({ line, words }, filled) {
    return button(line, () => this.#onrun(line), {
      class: filled ? "button filled cc-call" : "button cc-call",
      title: words,
      data: { key: line },
    });
  }

  /** @param {Suggestion[]} calls */
  #fill(calls) {
    this.#list.replaceChildren(
      ...calls.map(({ line, words }) =>
        element("li", {}, this.#edited(line, words)),
      ),
    );
  }

  /** @param {string} line @param {string} words */
  #edited(line, words) {
    const made = button(line, () => this.#edit(line), { class: "link cc-edit" });
    made.append(element("span", { class: "cc-words" }, words));
    return made;
  }

  /** @param {string} line */
  #edit(line) {
    this.#all.open = false;
    this.#onedit(line);
  }
}

/** Whether two lines ask for the same, however they are quoted and spaced. @param {string} a @param {string} b */
function same(a, b) {
  const plain = (/** @type {string} */ line) => line.replaceAll("'", '"').replaceAll(/\s+/g, "");
  return plain(a) === plain(b);
}
