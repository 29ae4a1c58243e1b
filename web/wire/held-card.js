// A held packet in HTML: what it is, and what can be done with it.
import { element } from "../base/element.js";

/**
 * @typedef {object} HeldActions
 * @property {(packet: number) => void} deliver
 * @property {(packet: number) => void} drop
 */

/**
 * @param {{ title: string, packet: number, seq: number }} held `packet`: the newest of its pile
 * @param {HeldActions | null} actions null: nothing can be done about it
 * @param {{ heading?: HTMLElement, where?: string }} [how] `heading` instead of the title; `where` it is, for who cannot see it
 */
export function heldCard({ title, packet, seq }, actions, { heading, where = "" } = {}) {
  const head = heading ?? element("span", {}, title);
  head.classList.add("wire-card-title");
  const card = element("div", { class: "wire-card", data: { seq: String(seq) } }, head);
  card.append(actions ? buttons(`${title}${where}`, packet, actions) : element("span", { class: "wire-card-note" }, "held"));
  return card;
}

/** @param {string} name @param {number} packet @param {HeldActions} actions */
function buttons(name, packet, { deliver, drop }) {
  const one = (/** @type {string} */ verb, /** @type {(packet: number) => void} */ act) =>
    element("button", { type: "button", "aria-label": `${verb} ${name}`, on: { click: () => act(packet) } }, verb);
  return element("div", { class: "wire-card-buttons" }, one("Deliver", deliver), one("Drop", drop));
}
