// The notice bar: one notice at a time, the most important one. It lies over the strip and pushes nothing.
import { button, element } from "./element.js";

/**
 * @typedef {object} Notice
 * @property {"bad" | "wait" | "good"} tone
 * @property {string | ((seconds: number) => string)} text a function gets the seconds left until `until`
 * @property {number} [until] performance.now() at which a countdown ends
 * @property {number} [for] milliseconds after which it goes by itself
 * @property {boolean} [alert] it needs a decision: read out at once
 * @property {{ label: string, run: () => void }[]} [actions]
 */

/** Most important first. */
const ORDER = ["ended", "unavailable", "connection", "missing", "ends", "outdated", "packets", "info", "compared"];

export class NoticeBar extends HTMLElement {
  /** @type {Map<string, Notice>} */
  #notices = new Map();
  #shown = "";
  #visible = element("p", { class: "notice-text" });
  #polite = element("p", { class: "unseen", role: "status" });
  #alert = element("p", { class: "unseen", role: "alert" });
  #actions = element("div", { class: "notice-actions" });
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;

  connectedCallback() {
    this.replaceChildren(this.#visible, this.#actions, this.#polite, this.#alert);
    this.#draw();
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  /** @param {string} key one of ORDER @param {Notice} notice */
  show(key, notice) {
    this.#notices.set(key, notice);
    if (this.#shown === key) this.#shown = "";
    this.#draw();
    if (notice.for) {
      setTimeout(() => {
        if (this.#notices.get(key) === notice) this.clear(key);
      }, notice.for);
    }
  }

  /** @param {string} key */
  clear(key) {
    if (this.#notices.delete(key)) this.#draw();
  }

  /** @param {string} key */
  has(key) {
    return this.#notices.has(key);
  }

  #draw() {
    const key = ORDER.find((name) => this.#notices.has(name)) ?? "";
    const notice = this.#notices.get(key);
    if (!notice) {
      this.#shown = "";
      delete this.dataset.tone;
      clearInterval(this.#ticking);
      this.#ticking = undefined;
      return;
    }
    if (key !== this.#shown) this.#begin(key, notice);
    this.#write(notice);
  }

  /** @param {string} key @param {Notice} notice */
  #begin(key, notice) {
    this.#shown = key;
    this.dataset.tone = notice.tone;
    this.#actions.replaceChildren(...(notice.actions ?? []).map(({ label, run }) => button(label, run)));
    // Read out once; the running countdown is for the eye.
    (notice.alert ? this.#alert : this.#polite).textContent = textOf(notice);
    (notice.alert ? this.#polite : this.#alert).textContent = "";
    clearInterval(this.#ticking);
    this.#ticking = notice.until === undefined ? undefined : setInterval(() => this.#write(notice), 1000);
  }

  /** @param {Notice} notice */
  #write(notice) {
    const text = textOf(notice);
    if (this.#visible.textContent !== text) this.#visible.textContent = text;
  }
}

/** @param {Notice} notice */
function textOf({ text, until }) {
  if (typeof text === "string") return text;
  return text(Math.max(0, Math.ceil(((until ?? 0) - performance.now()) / 1000)));
}

/** @param {number} seconds */
export function minutes(seconds) {
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
}

customElements.define("notice-bar", NoticeBar);
