// The button in a machine's head: Run, or Stop. Under it a thin line while Python is on its way: a press counts at once.
import { button, element } from "../base/element.js";

export class RunButton {
  #machine;
  #named;
  #button;
  #bar = element("span", { class: "run-bar", hidden: true });
  #suggested = false;
  #running = false;
  node;

  /** @param {{ machine: string, toggle: () => void, named?: boolean }} parts `named`: the machine's name stands on it */
  constructor({ machine, toggle, named = false }) {
    this.#machine = machine;
    this.#named = named;
    this.#button = button("Run", toggle);
    this.node = element("span", { class: "runner" }, this.#button, this.#bar);
  }

  get isVisible() {
    return this.#button.checkVisibility();
  }

  /** Makes it the one filled button, or not. @param {boolean} suggested */
  suggest(suggested) {
    this.#suggested = suggested;
    this.#fill();
  }

  /**
   * @param {{ file: string, none: boolean, doing: import("./run-control.js").Doing, python: import("./python-state.js").PythonState,
   *   over: boolean, apart: boolean }} now `none`: there is no program, and none on its way; `over`: the room is; `apart`:
   *   what stands below is not the program
   */
  show({ file, none, doing, python, over, apart }) {
    this.#running = !["idle", "ended"].includes(doing.state);
    const label = this.#running ? "Stop" : "Run";
    const words = this.#named ? `${label} ${this.#machine}` : apart && !none ? `${label} ${file}` : label;
    if (this.#button.textContent !== words) this.#button.textContent = words;
    this.#button.setAttribute("aria-label", none ? `${label}: no program on ${this.#machine}` : `${label} ${file} on ${this.#machine}`);
    this.#button.disabled = !this.#running && (over || none || python.is === "missing");
    this.#button.title = over ? "This room is over." : python.is === "missing" ? python.sentence : this.#about(file, none);
    this.#fill();
    this.#progress(doing, python);
  }

  /** @param {string} file @param {boolean} none */
  #about(file, none) {
    if (none) return "There is no program here. + makes one.";
    if (!this.#running) return `Run ${file} (Ctrl+Enter)`;
    return `Stop ${file} (Ctrl+.). It runs in this page, and ends when the page is left or reloaded.`;
  }

  #fill() {
    this.#button.classList.toggle("filled", this.#suggested && !this.#running && !this.#button.disabled);
  }

  /** @param {import("./run-control.js").Doing} doing @param {import("./python-state.js").PythonState} python */
  #progress(doing, python) {
    const { loaded, total } = doing.state === "starting" ? doing : python;
    const coming = doing.state === "starting" || (python.is === "loading" && !this.#running);
    this.#bar.hidden = !coming || total === 0 || loaded >= total;
    this.#bar.style.setProperty("--loaded", String(total > 0 ? loaded / total : 0));
  }
}
