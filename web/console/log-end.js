// Keeps the end of a history in sight, for as long as its reader stays there. It asks the browser for a layout once a
// frame at most, however much is added.
import { button } from "../base/element.js";
import { onScroll } from "../base/on-scroll.js";

/** Distance from the end that still counts as there, pixels. */
const NEAR = 48;

export class LogEnd {
  #log;
  #follows = true;
  #scheduled = false;
  /** Where it was scrolled to when last heard of. */
  #top = 0;
  /** To the end, for who has left it. */
  button = button("Newest", () => this.follow(), { class: "button cc-newer", hidden: true });

  /** @param {HTMLElement} log that scrolls */
  constructor(log) {
    this.#log = log;
    onScroll(log, (byHand) => this.#scrolled(byHand));
    new ResizeObserver(() => this.grown()).observe(log);
  }

  /** Something was added, or changed its height. */
  grown() {
    if (!this.#follows || this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => {
      this.#scheduled = false;
      if (this.#follows) this.#go();
    });
  }

  /** To the end from now on. */
  follow() {
    this.#follows = true;
    this.button.hidden = true;
    this.grown();
  }

  #go() {
    this.#log.scrollTop = this.#log.scrollHeight;
    this.#top = this.#log.scrollTop;
  }

  /** The end may move away by itself; only whose hand scrolls up leaves it. @param {boolean} byHand */
  #scrolled(byHand) {
    const { scrollHeight, scrollTop, clientHeight } = this.#log;
    const there = scrollHeight - scrollTop - clientHeight < NEAR;
    const up = byHand && scrollTop < this.#top - 1;
    this.#top = scrollTop;
    if (there || up) this.#follows = there;
    this.button.hidden = this.#follows;
  }
}
