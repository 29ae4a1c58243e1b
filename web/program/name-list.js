// Names that a word at the caret can become: a list above the field that is typed in, moved through while the caret stays where
// it is. The field tells assistive technology which one is chosen.
import { element } from "../base/element.js";

let lists = 0;

export class NameList {
  #field;
  #id = `names-${++lists}`;
  #list = element("ul", { class: "name-list mono", role: "listbox", id: this.#id, "aria-label": "Names" });
  #rest = element("p", { class: "name-rest soft", hidden: true }, "There are more: type on.");
  #at = 0;
  /** @type {string[]} */
  #names = [];
  node = element("div", { class: "name-box", hidden: true }, this.#list, this.#rest);
  /** One was chosen with the pointer. @type {(name: string) => void} */
  onchoose = () => {};

  /** @param {HTMLElement} field */
  constructor(field) {
    this.#field = field;
    field.setAttribute("aria-autocomplete", "list");
    field.setAttribute("aria-haspopup", "listbox");
    // The field keeps the focus.
    this.node.addEventListener("pointerdown", (event) => event.preventDefault());
    this.#list.addEventListener("click", ({ target }) => {
      const option = target instanceof Element ? target.closest("[role=option]") : null;
      const name = this.#names[option ? [...this.#list.children].indexOf(option) : -1];
      if (name !== undefined) this.onchoose(name);
    });
  }

  get isOpen() {
    return !this.node.hidden;
  }

  /** The one that Enter takes. */
  get chosen() {
    return this.#names[this.#at] ?? "";
  }

  /** @param {string[]} names @param {boolean} more whether these are not all */
  open(names, more) {
    this.#names = names;
    this.#at = 0;
    this.#list.replaceChildren(...names.map((name, at) => element("li", { role: "option", id: `${this.#id}-${at}`, "aria-selected": String(at === 0) }, lastPart(name))));
    this.#rest.hidden = !more;
    this.node.hidden = false;
    this.#field.setAttribute("aria-controls", this.#id);
    this.#mark();
  }

  close() {
    if (!this.isOpen) return;
    this.node.hidden = true;
    this.#list.replaceChildren();
    this.#names = [];
    this.#field.removeAttribute("aria-controls");
    this.#field.removeAttribute("aria-activedescendant");
  }

  /** @param {number} step */
  move(step) {
    this.#at = (this.#at + step + this.#names.length) % this.#names.length;
    this.#mark();
  }

  /** Scrolls the list, and nothing around it. @param {HTMLElement} option */
  #reach({ offsetTop, offsetHeight }) {
    const { scrollTop, clientHeight } = this.#list;
    this.#list.scrollTop = Math.min(Math.max(scrollTop, offsetTop + offsetHeight - clientHeight), offsetTop);
  }

  #mark() {
    for (const [at, option] of [...this.#list.children].entries()) {
      option.setAttribute("aria-selected", String(at === this.#at));
      if (at !== this.#at) continue;
      this.#field.setAttribute("aria-activedescendant", option.id);
      this.#reach(/** @type {HTMLElement} */ (option));
    }
  }
}

/** What stands behind the last dot: the rest was typed. @param {string} name */
function lastPart(name) {
  return name.slice(name.lastIndexOf(".") + 1);
}
