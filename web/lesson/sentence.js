// The strip's one sentence, of which at most two lines are shown: where it is longer, "more" leads to all of it.
import { button, element } from "../base/element.js";

export class LessonSentence {
  #text = element("p", { class: "prose sentence" });
  #more;
  node;

  /** @param {() => void} onmore shows all of it elsewhere */
  constructor(onmore) {
    this.#more = button("more", onmore, { class: "link sentence-more", hidden: true, "aria-label": "more of the sentence" });
    this.node = element("div", { class: "sentence-place" }, this.#text, this.#more);
    new ResizeObserver(() => this.#measure()).observe(this.#text);
  }

  /** @param {(Node | string)[]} content */
  show(...content) {
    this.#text.replaceChildren(...content);
    requestAnimationFrame(() => this.#measure());
  }

  #measure() {
    this.#more.hidden = this.#text.scrollHeight <= this.#text.clientHeight + 1;
  }
}
