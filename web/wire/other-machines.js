// The machines that are not drawn: one button beside the names, which opens a list. Who is picked there is drawn from
// then on, in the place of who has been quiet for longest.
import { counted } from "../base/counted.js";
import { button, element, reconcile } from "../base/element.js";
import { popover } from "../base/popover.js";

/** Distance between the menu and its button, and to the edges of the window, pixels. */
const APART = 4;
const EDGE = 12;
/** So many can be picked at once; the layout draws as many of the latest as it has room for. */
const MOST = 8;

/** @typedef {{ host: number, name: string, guest?: string, count: number }} Hidden as the layout says */

export class OtherMachines {
  #onpick;
  /** Numbers of the machines that were picked, the latest last. @type {number[]} */
  pinned = [];
  /** @type {Hidden[]} */
  #hidden = [];
  /** Those that are drawn. @type {{ host: number, name: string }[]} */
  #drawn = [];
  #list = element("ul", { class: "wire-others-list" });
  #picked = element("ul", { class: "wire-others-list" });
  #pickedTitle = element("h2", {}, "Picked by you");
  #close = () => {};
  button = element("button", { type: "button", class: "link wire-others", "aria-haspopup": "dialog", hidden: true });

  /** @param {() => void} onpick */
  constructor(onpick) {
    this.#onpick = onpick;
    popover(this.button, { label: "Machines that are not drawn", class: "wire-others-menu", fill: (close) => this.#fill(close) });
  }

  /** @param {Hidden[]} hidden @param {import("../client/web.js").Lifeline[]} lifelines */
  draw(hidden, lifelines) {
    this.#hidden = hidden;
    this.#drawn = lifelines;
    this.button.hidden = hidden.length === 0;
    const words = `${hidden.length} more`;
    if (this.button.textContent !== words) {
      this.button.textContent = words;
      this.button.setAttribute("aria-label", `${words} ${hidden.length === 1 ? "machine" : "machines"}, not drawn`);
    }
    if (this.#list.isConnected) this.#update();
  }

  /** @param {() => void} close @returns {Node[]} */
  #fill(close) {
    this.#close = close;
    this.#update();
    const content = element(
      "div",
      { class: "stack" },
      element("h2", {}, "Not drawn"),
      element("p", { class: "soft" }, "There is room for those that acted last. Pick one, and it is drawn too."),
      this.#list,
      this.#pickedTitle,
      this.#picked,
      button("Close", close, { class: "link" }),
    );
    requestAnimationFrame(() => place(content.parentElement, this.button));
    return [content];
  }

  #update() {
    const rows = this.#hidden.map((hidden) => this.#row(hidden));
    reconcile(this.#list, rows, (kept, made) => {
      if (kept.textContent !== made.textContent) kept.replaceChildren(...made.childNodes);
    });
    const picked = this.#drawn.filter(({ host }) => this.pinned.includes(host)).map((line) => this.#pick(line));
    this.#pickedTitle.hidden = picked.length === 0;
    reconcile(this.#picked, picked, () => {});
  }

  /** @param {Hidden} hidden */
  #row({ host, name, guest, count }) {
    const events = counted(count, "event");
    const whole = guest && guest !== name ? `${name}, ${guest}` : name;
    const act = () => {
      this.pinned = [...this.pinned.filter((one) => one !== host), host].slice(-MOST);
      this.#close();
      this.#onpick();
    };
    return element(
      "li",
      { data: { key: String(host) } },
      button(name, act, { class: "link", dir: "auto", title: whole, "aria-label": `Draw ${whole}: ${events} not drawn` }),
      element("span", { class: "soft", "aria-hidden": "true" }, events),
    );
  }

  /** @param {{ host: number, name: string }} line */
  #pick({ host, name }) {
    const act = () => {
      this.pinned = this.pinned.filter((one) => one !== host);
      this.#close();
      this.#onpick();
    };
    return element(
      "li",
      { data: { key: String(host) } },
      element("span", { dir: "auto", title: name }, name),
      button("Let go", act, { class: "link", "aria-label": `Let ${name} go: it is drawn while it acts` }),
    );
  }
}

/** Stands under its button, within the window. @param {HTMLElement | null} panel @param {HTMLElement} anchor */
function place(panel, anchor) {
  if (!panel) return;
  for (const property of ["left", "top", "max-height"]) panel.style.removeProperty(property);
  const { left, right, bottom } = anchor.getBoundingClientRect();
  const { clientWidth, clientHeight } = document.documentElement;
  const wanted = (left + right - panel.offsetWidth) / 2;
  panel.style.left = `${Math.max(EDGE, Math.min(wanted, clientWidth - panel.offsetWidth - EDGE))}px`;
  panel.style.top = `${bottom + APART}px`;
  panel.style.maxHeight = `${Math.max(120, clientHeight - bottom - APART - EDGE)}px`;
}
