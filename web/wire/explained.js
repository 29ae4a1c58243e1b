// What the rules say of an event and of its connection: sentences, each with the events it rests on as links.
import { button, element } from "../base/element.js";
import { withTerms } from "../base/term-card.js";

/** @typedef {import("../client/web.js").Explained} Explained */

export class ExplainedPart {
  #ongo;
  #said = "";
  #open = false;
  node = element("section", { class: "explained", "aria-label": "Explained", hidden: true });

  /** @param {(seq: number) => void} ongo shows an event */
  constructor(ongo) {
    this.#ongo = ongo;
  }

  /** Only where it has changed: who reads a link keeps it. @param {Explained} explained */
  show(explained) {
    const said = JSON.stringify(explained);
    if (said === this.#said) return;
    this.#said = said;
    const focused = [...this.node.querySelectorAll("button, summary")].indexOf(/** @type {Element} */ (document.activeElement));
    this.node.replaceChildren(...this.#content(explained));
    this.node.hidden = explained.event.length === 0 && explained.connection.length === 0;
    if (focused >= 0) /** @type {HTMLElement | undefined} */ ([...this.node.querySelectorAll("button, summary")][focused])?.focus();
  }

  /** @param {Explained} explained */
  #content({ event, connection }) {
    const own = event.map((sentence) => this.#sentence(sentence));
    if (connection.length === 0) return own;
    const whole = /** @type {HTMLDetailsElement} */ (
      element("details", { class: "explained-whole", open: this.#open }, element("summary", {}, "The whole connection"), ...connection.map((sentence) => this.#sentence(sentence)))
    );
    whole.addEventListener("toggle", () => (this.#open = whole.open));
    return [...own, whole];
  }

  /** @param {import("../client/web.js").ExplainedSentence} sentence */
  #sentence({ about, text, events }) {
    const links = events.map((seq) => button(`event ${seq}`, () => this.#ongo(seq), { class: "link evidence" }));
    return element("p", { class: "prose", data: { about } }, ...withTerms(text), ...links.flatMap((link) => [" ", link]));
  }
}
