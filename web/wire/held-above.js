// What is held above the visible part sticks to its top while no other card is seen, as the calls that wait stick under
// their machines' names: on a small screen a pile that waits for a minute is long since scrolled away.
import { element } from "../base/element.js";
import { heldCard } from "./held-card.js";

export class HeldAbove {
  #actions;
  #go;
  #signature = "";
  root = element("div", { class: "wire-above", hidden: true });

  /** @param {{ actions: import("./overlay.js").Actions, ongo: (seq: number) => void }} parts `ongo`: to an event */
  constructor({ actions, ongo }) {
    this.#actions = actions;
    this.#go = ongo;
  }

  /**
   * @param {{ above: import("../client/web.js").HeldAbove[] }} scene as the layout made it
   * @param {boolean} wanted whether something can be done about what is shown, and nothing else is at hand
   */
  draw({ above }, wanted) {
    const [oldest, ...others] = above;
    const shown = wanted && oldest !== undefined;
    const holds = shown && this.#actions.holds;
    const signature = shown ? [oldest.title, oldest.packet, oldest.seq, others.length, holds].join() : "";
    // It is as large as the drawing, and so are its pixels.
    if (shown) this.root.style.left = `${oldest.x}px`;
    if (signature === this.#signature) return;
    this.#signature = signature;
    this.root.hidden = !shown;
    this.root.replaceChildren(...(shown ? [this.#card(oldest, others.length, holds)] : []));
  }

  /** @param {import("../client/web.js").HeldAbove} held the oldest @param {number} others held above beside it @param {boolean} holds */
  #card(held, others, holds) {
    const { title, seq } = held;
    const more = others > 0 ? `, and ${others} more` : "";
    const name = `Show ${title}, held further up${more}`;
    const heading = element("button", { type: "button", "aria-label": name, on: { click: () => this.#go(seq) } }, `\u2191 ${title}`);
    if (others > 0) heading.append(element("span", { class: "wire-above-more" }, ` +${others}`));
    return heldCard(held, holds ? this.#actions : null, { heading, where: ", held further up" });
  }
}
