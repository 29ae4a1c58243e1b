// What is pressed within the drawing: buttons in HTML over the SVG, at places the layout chose.
import { element } from "../base/element.js";
import { heldCard } from "./held-card.js";

/**
 * @typedef {object} More
 * @property {(seq: number) => void} unfold
 * @property {(call: number, seq: number) => void} cancel
 * @property {boolean} holds whether this page may command the wire
 * @typedef {import("./held-card.js").HeldActions & More} Actions
 */

/** A card that is narrower than this has smaller letters, pixels. */
const TIGHT = 104;

export class Overlay {
  #root;
  #actions;
  /** @type {Map<string, { element: HTMLElement, signature: string }>} */
  #placed = new Map();
  /** @type {Map<string, import("../client/web.js").Shape>} what may be pressed, by key */
  #shapes = new Map();
  #live = true;

  /** @param {HTMLElement} root @param {Actions} actions */
  constructor(root, actions) {
    this.#root = root;
    this.#actions = actions;
  }

  /** The packets that are held, as drawn. */
  get cards() {
    return [...this.#shapes.values()].filter((shape) => shape.form === "card");
  }

  /** @param {import("../client/web.js").Scene} scene what changed @param {boolean} live whether anything can be done about what is shown */
  paint({ shapes, gone }, live) {
    for (const key of gone) {
      this.#shapes.delete(key);
      this.#remove(key);
    }
    const pressed = shapes.filter(isPressed);
    for (const shape of pressed) this.#shapes.set(shape.key, shape);
    const wanted = live === this.#live ? pressed : this.#shapes.values();
    this.#live = live;
    for (const shape of wanted) {
      const made = this.#make(shape, live);
      if (made) this.#place(shape, made);
      else this.#remove(shape.key);
    }
  }

  /** @param {string} key */
  #remove(key) {
    this.#placed.get(key)?.element.remove();
    this.#placed.delete(key);
  }

  /** @param {import("../client/web.js").Shape} shape @param {{ signature: string, make: () => HTMLElement, left: number, top: number, anchor: string }} made */
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

  /** @param {import("../client/web.js").Shape} shape @param {boolean} live */
  #make(shape, live) {
    if (shape.form === "card") return this.#card(shape, live);
    if (shape.form === "fold") return this.#fold(shape);
    if (shape.form === "text" && shape.role === "cancel" && live) return this.#cancel(shape);
    return null;
  }

  /** @param {import("./svg.js").ShapeOf<"card">} shape @param {boolean} live */
  #card({ x, y, width, title, packet, seq }, live) {
    const holds = this.#actions.holds && live;
    const make = () => {
      const card = heldCard({ title, packet, seq }, holds ? this.#actions : null);
      card.style.width = `${width}px`;
      card.classList.toggle("tight", width < TIGHT);
      return card;
    };
    return { signature: `${title} ${packet} ${holds}`, make, left: x, top: y, anchor: "start" };
  }

  /** @param {import("./svg.js").ShapeOf<"fold">} shape */
  #fold({ x1, x2, y1, text, seq }) {
    const make = () =>
      element("button", { type: "button", class: "wire-unfold", "aria-label": `Unfold ${text}`, on: { click: () => this.#actions.unfold(seq) } }, "unfold");
    return { signature: text, make, left: (x1 + x2) / 2, top: y1 + 8, anchor: "middle" };
  }

  /** @param {import("./svg.js").ShapeOf<"text">} shape */
  #cancel({ key, x, y, anchor, text, seq }) {
    const call = Number(key.slice("cancel".length));
    const make = () =>
      element("button", { type: "button", class: "wire-cancel", on: { click: () => this.#actions.cancel(call, seq) } }, text);
    return { signature: text, make, left: x, top: y - 13, anchor };
  }
}

/** @param {import("../client/web.js").Shape} shape */
function isPressed(shape) {
  return shape.form === "card" || shape.form === "fold" || (shape.form === "text" && shape.role === "cancel");
}
