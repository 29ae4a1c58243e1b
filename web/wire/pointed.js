// Where somebody points in the drawing: a frame around the row of an event, with who it is.
import { element } from "../base/element.js";

/** Above the first row there is no place for words, pixels. */
const LABEL = 24;

/** What an event's details offer to whoever may point somebody else at it. @typedef {(seq: number) => HTMLElement[]} Pointing */

export class PointedAt {
  #view;
  #who = element("span", { class: "wire-pointed-who" });
  root = element("div", { class: "wire-pointed", "aria-hidden": "true", hidden: true }, this.#who);
  #seq = 0;

  /** @param {import("../client/web.js").View} view */
  constructor(view) {
    this.#view = view;
  }

  /** @param {number} seq 0: nowhere @param {string} who as it stands there */
  show(seq, who) {
    this.#seq = seq;
    this.#who.textContent = who;
    this.draw();
  }

  /** Puts the frame where the event is drawn now. */
  draw() {
    const drawn = this.#seq !== 0 && this.#view.rowOf(this.#seq) !== undefined;
    this.root.hidden = !drawn;
    if (!drawn) return;
    const [top, bottom] = /** @type {[number, number]} */ (this.#view.place(this.#seq));
    this.root.classList.toggle("high", top < LABEL);
    this.root.style.top = `${top}px`;
    this.root.style.height = `${bottom - top}px`;
  }
}
