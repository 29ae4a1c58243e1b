// What is pressed within the drawing: buttons in HTML over the SVG, at places the layout chose.
import { element } from "/page/element.js";

/**
 * @typedef {object} Actions
 * @property {(packet: number) => void} deliver
 * @property {(packet: number) => void} drop
 * @property {(seq: number) => void} unfold
 * @property {(call: number, seq: number) => void} cancel
 * @property {boolean} holds whether this page may command the wire
 */

export class Overlay {
  #root;
  #actions;
  /** @type {Map<string, { element: HTMLElement, signature: string }>} */
  #placed = new Map();

  /** @param {HTMLElement} root @param {Actions} actions */
  constructor(root, actions) {
    this.#root = root;
    this.#actions = actions;
  }

  /** @param {any[]} shapes @param {boolean} live whether anything can be done about what is shown */
  paint(shapes, live) {
    /** @type {Set<string>} */
    const seen = new Set();
    for (const shape of shapes) {
      const made = this.#make(shape, live);
      if (!made) continue;
      seen.add(shape.key);
      this.#place(shape, made);
    }
    for (const [key, { element: old }] of this.#placed) {
      if (seen.has(key)) continue;
      old.remove();
      this.#placed.delete(key);
    }
  }

  /** @param {any} shape @param {{ signature: string, make: () => HTMLElement, left: number, top: number, anchor: string }} made */
  #place(shape, { signature, make, left, top, anchor }) {
    const old = this.#placed.get(shape.key);
    const placed = old?.signature === signature ? old.element : make();
    if (placed !== old?.element) {
      if (old) old.element.replaceWith(placed);
      else this.#root.append(placed);
      this.#placed.set(shape.key, { element: placed, signature });
    }
    placed.style.left = `${left}px`;
    placed.style.top = `${top}px`;
    placed.dataset.anchor = anchor;
  }

  /** @param {any} shape @param {boolean} live */
  #make(shape, live) {
    if (shape.form === "card") return this.#card(shape, live);
    if (shape.form === "fold") return this.#fold(shape);
    if (shape.form === "text" && shape.role === "cancel" && live) return this.#cancel(shape);
    return null;
  }

  /** @param {any} shape @param {boolean} live */
  #card({ x, y, width, title, packet, seq }, live) {
    const { deliver, drop } = this.#actions;
    const holds = this.#actions.holds && live;
    const make = () => {
      const buttons = element(
        "div",
        { class: "wire-card-buttons" },
        element("button", { type: "button", "aria-label": `Deliver ${title}`, on: { click: () => deliver(packet) } }, "Deliver"),
        element("button", { type: "button", "aria-label": `Drop ${title}`, on: { click: () => drop(packet) } }, "Drop"),
      );
      const card = element("div", { class: "wire-card", data: { seq: String(seq) } }, element("span", { class: "wire-card-title" }, title));
      card.append(holds ? buttons : element("span", { class: "wire-card-note" }, "held"));
      card.style.width = `${width}px`;
      return card;
    };
    return { signature: `${title} ${packet} ${holds}`, make, left: x, top: y, anchor: "start" };
  }

  /** @param {any} shape */
  #fold({ x1, x2, y1, text, seq }) {
    const make = () =>
      element("button", { type: "button", class: "wire-unfold", "aria-label": `Unfold ${text}`, on: { click: () => this.#actions.unfold(seq) } }, "unfold");
    return { signature: text, make, left: (x1 + x2) / 2, top: y1 + 8, anchor: "middle" };
  }

  /** @param {any} shape */
  #cancel({ key, x, y, anchor, text, seq }) {
    const call = Number(key.slice("cancel".length));
    const make = () =>
      element("button", { type: "button", class: "wire-cancel", on: { click: () => this.#actions.cancel(call, seq) } }, text);
    return { signature: text, make, left: x, top: y - 13, anchor };
  }
}
