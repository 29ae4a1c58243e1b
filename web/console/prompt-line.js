// The prompt: one line in Python's spelling, with the lines before it under the arrow keys. Tab leaves.
import { button, element } from "../base/element.js";

/** Longest line, in characters; the parser's bound is in bytes. */
const LONGEST = 4096;

export class PromptLine {
  /** Lines typed so far, oldest first. @type {() => string[]} */
  #history;
  /** How far back; 0 is the line being typed. */
  #back = 0;
  /** What was being typed before going back. */
  #draft = "";
  #input;
  #run;

  /**
   * @param {{ machine: string, history: () => string[], onsubmit: (line: string) => void,
   *   onpaste: (text: string) => void, oninterrupt: () => boolean }} options
   */
  constructor({ machine, history, onsubmit, onpaste, oninterrupt }) {
    this.#history = history;
    const label = `A call on ${machine}, as in Python`;
    this.#input = /** @type {HTMLInputElement} */ (
      element("input", {
        class: "field mono cc-input",
        type: "text",
        maxlength: String(LONGEST),
        "aria-label": label,
        placeholder: "a call, in Python",
        autocomplete: "off",
        autocapitalize: "off",
        autocorrect: "off",
        spellcheck: "false",
        enterkeyhint: "send",
        dir: "ltr",
      })
    );
    this.#run = button("Call", () => {}, { type: "submit", class: "button cc-run" });
    this.node = /** @type {HTMLFormElement} */ (
      element("form", { class: "cc-prompt" }, element("span", { class: "cc-sign", "aria-hidden": "true" }, ">>>"), this.#input, this.#run)
    );
    this.node.addEventListener("submit", (event) => {
      event.preventDefault();
      const line = this.#input.value;
      if (line.trim() !== "") onsubmit(line);
    });
    this.#input.addEventListener("keydown", (event) => this.#key(event, oninterrupt));
    this.#input.addEventListener("input", () => (this.#back = 0));
    this.#input.addEventListener("paste", (event) => {
      const text = event.clipboardData?.getData("text/plain") ?? "";
      if (!/[\r\n]./s.test(text.trim())) return;
      event.preventDefault();
      onpaste(text.replaceAll("\r\n", "\n").replaceAll("\r", "\n"));
    });
  }

  /** Puts a line in, ready to be edited. @param {string} line @param {boolean} focus only when somebody asked for it */
  fill(line, focus) {
    this.#set(line);
    if (focus) this.#input.focus();
  }

  /** Whether something stands in it that was not sent. */
  get isTyped() {
    return this.#input.value !== "";
  }

  /** The line was taken. */
  clear() {
    this.#set("");
    this.#back = 0;
    this.#draft = "";
  }

  /** The line has a fault at a column: it stays, with the caret there if somebody is typing. @param {number} column in Unicode scalar values */
  point(column) {
    if (document.activeElement !== this.#input) return;
    const at = [...this.#input.value].slice(0, column).join("").length;
    this.#input.setSelectionRange(at, at);
  }

  /** @param {KeyboardEvent} event @param {() => boolean} oninterrupt */
  #key(event, oninterrupt) {
    if (event.isComposing) return;
    const plain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    if (plain && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
      event.preventDefault();
      this.#walk(event.key === "ArrowUp" ? 1 : -1);
    } else if (event.ctrlKey && event.key === "c" && this.#input.selectionStart === this.#input.selectionEnd) {
      // As in a terminal: interrupts what waits. With a selection it copies, as everywhere.
      if (oninterrupt()) event.preventDefault();
    }
  }

  /** @param {1 | -1} step */
  #walk(step) {
    const lines = this.#history().filter((line, at, all) => line !== "" && line !== all[at + 1]);
    const back = Math.min(Math.max(this.#back + step, 0), lines.length);
    if (back === this.#back) return;
    if (this.#back === 0) this.#draft = this.#input.value;
    this.#back = back;
    this.#set(back === 0 ? this.#draft : lines[lines.length - back]);
  }

  /** @param {string} line */
  #set(line) {
    this.#input.value = line;
    this.#input.setSelectionRange(line.length, line.length);
  }
}
