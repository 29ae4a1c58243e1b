// A row of tabs, as the ARIA practices have it: one stop for Tab, arrows between. What does not fit becomes narrower, and
// then an entry of a menu: it is never two rows.
import { button, element, reconcile } from "../base/element.js";
import { popover } from "../base/popover.js";

/** The tab of the console. */
export const BY_HAND = "By hand";
/** How long a finger rests on a tab to have its menu, milliseconds. */
const LONG_PRESS_MS = 500;
/** How long a browser takes to make a click of it, milliseconds. */
const AFTER_CLICK_MS = 60;
/** How far it may move meanwhile, pixels. */
const STILL = 10;

export class TabRow {
  #list = element("div", { class: "tab-list", role: "tablist" });
  #more = button("", () => {}, { class: "link plain tab-hidden", "aria-haspopup": "dialog", hidden: true });
  #choose;
  #chosen = "";
  /** Names that are in the menu. @type {string[]} */
  #hidden = [];
  /** A tab's own menu was asked for. @type {(name: string) => void} */
  onmenu = () => {};
  node = element("div", { class: "tab-row" }, this.#list, this.#more);

  /** @param {(name: string) => void} choose */
  constructor(choose) {
    this.#choose = choose;
    this.#list.addEventListener("keydown", (event) => this.#key(event));
    this.#listenForMenus();
    popover(this.#more, { label: "Other tabs", fill: (close) => [this.#others(close)] });
    new ResizeObserver(() => this.#fit()).observe(this.node);
  }

  get chosen() {
    return this.#chosen;
  }

  /** To the chosen one. */
  focus() {
    this.#tabs.find(({ dataset }) => dataset.key === this.#chosen)?.focus();
  }

  /** Something that stands behind the tabs. @param {HTMLElement} last */
  end(last) {
    this.node.append(last);
  }

  /** @param {string[]} names the last one is always in sight @param {string} chosen */
  show(names, chosen) {
    this.#chosen = chosen;
    reconcile(
      this.#list,
      names.map((name) => this.#tab(name, name === chosen)),
      (kept, made) => {
        kept.setAttribute("aria-selected", made.getAttribute("aria-selected") ?? "false");
        kept.tabIndex = made.tabIndex;
      },
    );
    this.#fit();
  }

  /** What a tab's program does, in a word; shown as a dot and said. @param {string} name @param {string} words */
  mark(name, words) {
    const tab = this.#tabs.find((one) => one.dataset.key === name);
    if (!tab || tab.dataset.mark === words) return;
    tab.dataset.mark = words;
    tab.setAttribute("aria-label", words ? `${name}, ${words}` : name);
    this.#fit();
  }

  /** @returns {HTMLElement[]} */
  get #tabs() {
    return /** @type {HTMLElement[]} */ ([...this.#list.children]);
  }

  /** @param {string} name @param {boolean} chosen */
  #tab(name, chosen) {
    return element(
      "button",
      {
        type: "button",
        class: "machine-tab",
        role: "tab",
        data: { key: name },
        "aria-selected": String(chosen),
        tabindex: chosen ? "0" : "-1",
        title: name,
        on: { click: () => this.#choose(name) },
      },
      element("span", { class: "tab-name" }, name),
    );
  }

  /** Hides what does not fit: from the end, but never the last tab nor the chosen one. */
  #fit() {
    const tabs = this.#tabs;
    for (const tab of tabs) tab.hidden = false;
    this.#more.hidden = true;
    const overflows = () => this.#list.scrollWidth > this.#list.clientWidth + 1;
    const going = tabs.slice(0, -1).filter(({ dataset }) => dataset.key !== this.#chosen);
    this.#hidden = [];
    while (overflows() && going.length > 0) {
      const tab = /** @type {HTMLElement} */ (going.pop());
      tab.hidden = true;
      this.#hidden.unshift(tab.dataset.key ?? "");
      this.#more.hidden = false;
      this.#more.textContent = `${this.#hidden.length} more`;
    }
  }

  /** @param {() => void} close */
  #others(close) {
    const choose = (/** @type {string} */ name) => {
      close();
      this.#choose(name);
    };
    const marks = new Map(this.#tabs.map(({ dataset }) => [dataset.key, dataset.mark]));
    return element(
      "div",
      { class: "menu-list" },
      ...this.#hidden.map((name) => {
        const mark = marks.get(name);
        return button(mark ? `${name}, ${mark}` : name, () => choose(name), { class: "link" });
      }),
    );
  }

  /** A menu comes by the right button, by its key, and by a finger that rests. */
  #listenForMenus() {
    /** @type {{ x: number, y: number, long: boolean, timer: ReturnType<typeof setTimeout> } | null} */
    let finger = null;
    const lift = () => {
      if (finger) clearTimeout(finger.timer);
      finger = null;
    };
    this.#list.addEventListener("pointerdown", (event) => {
      if (event.pointerType !== "touch") return;
      lift();
      const down = { x: event.clientX, y: event.clientY, long: false, timer: setTimeout(() => (down.long = true), LONG_PRESS_MS) };
      finger = down;
    });
    this.#list.addEventListener("pointermove", ({ clientX, clientY }) => {
      if (finger && Math.hypot(clientX - finger.x, clientY - finger.y) > STILL) lift();
    });
    for (const end of ["pointerup", "pointercancel"]) {
      this.#list.addEventListener(end, ({ target }) => {
        const long = finger?.long === true;
        lift();
        // Only after the click that a browser makes of it: that would close what has opened.
        if (long) setTimeout(() => this.#menuOf(target), AFTER_CLICK_MS);
      });
    }
    this.#list.addEventListener("contextmenu", (event) => {
      event.preventDefault();
      if (finger) finger.long = true;
      else this.#menuOf(event.target);
    });
  }

  /** @param {EventTarget | null} target */
  #menuOf(target) {
    const tab = target instanceof Element ? target.closest(".machine-tab") : null;
    if (tab instanceof HTMLElement && tab.dataset.key) this.onmenu(tab.dataset.key);
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.key === "ContextMenu" || (event.key === "F10" && event.shiftKey)) {
      event.preventDefault();
      this.#menuOf(event.target);
      return;
    }
    const tabs = this.#tabs.filter((tab) => !tab.hidden);
    const here = tabs.findIndex((tab) => tab === document.activeElement);
    const steps = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 };
    const to = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (here < 0 || to === undefined) return;
    event.preventDefault();
    const tab = tabs[(to + tabs.length) % tabs.length];
    tab.focus();
    tab.click();
  }
}
