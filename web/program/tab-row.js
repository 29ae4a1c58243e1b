// A row of tabs, as the ARIA practices have it: one stop for Tab, arrows between.
import { element, reconcile } from "/page/element.js";

export class TabRow {
  #list = element("div", { class: "tab-list", role: "tablist" });
  #choose;
  #chosen = "";
  node = element("div", { class: "tab-row" }, this.#list);

  /** @param {(name: string) => void} choose */
  constructor(choose) {
    this.#choose = choose;
    this.#list.addEventListener("keydown", (event) => this.#key(event));
  }

  get chosen() {
    return this.#chosen;
  }

  /** Something that stands behind the tabs. @param {HTMLElement} last */
  end(last) {
    this.node.append(last);
  }

  /** @param {string[]} names @param {string} chosen */
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
  }

  /** What a tab's program does, in a word; shown as a dot and said. @param {string} name @param {string} words */
  mark(name, words) {
    const tab = [...this.#list.children].find((one) => /** @type {HTMLElement} */ (one).dataset.key === name);
    if (!(tab instanceof HTMLElement)) return;
    tab.dataset.mark = words;
    tab.setAttribute("aria-label", words ? `${name}, ${words}` : name);
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
        on: { click: () => this.#choose(name) },
      },
      name,
    );
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const tabs = /** @type {HTMLElement[]} */ ([...this.#list.children]);
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
