// The field of a Python prompt: a block of lines with what stands before each, the blocks before it under the arrow keys, and
// names under Tab. Escape gives Tab back, so that nobody is caught. What it asks and hands over is its pane's affair.
import { announce } from "../base/announce.js";
import { button, element } from "../base/element.js";
import { NameList } from "./name-list.js";
import { codeOf, commonStart, indentAt, stepBack, stepOn } from "./prompt-block.js";

/** Longest block, in UTF-16 code units: with four bytes each it is what may wait for a program. */
const LONGEST = 16_000;
/** Lines that are in sight at once. */
const ROWS = 10;
/** From here on the first line is out of sight, pixels. */
const SCROLLED = 10;
/** A name at the end of a text, with the dots in it. */
const WORD = /[\p{L}\p{N}_.]*$/u;

/**
 * @typedef {object} Ways
 * @property {() => readonly string[]} history blocks, oldest first
 * @property {(before: string) => Promise<{ word: string, names: string[], more: boolean } | null>} complete
 * @property {() => void} enter the line under the caret is done
 * @property {() => void} interrupt Ctrl-C
 * @property {() => void} end Ctrl-D in an empty line
 */

export class PromptField {
  #ways;
  #input = /** @type {HTMLTextAreaElement} */ (
    element("textarea", {
      class: "prompt-input",
      rows: 1,
      wrap: "off",
      maxlength: LONGEST,
      autocomplete: "off",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
      enterkeyhint: "send",
      dir: "ltr",
    })
  );
  #signs = element("pre", { class: "prompt-signs", "aria-hidden": "true" });
  #names = new NameList(this.#input);
  /** @type {[string, string]} */
  #sign = [">>> ", "... "];
  /** How far back; 0 is the block that is being typed. */
  #back = 0;
  #draft = "";
  /** Escape was pressed: the next Tab leaves. */
  #free = false;
  /** Completions that were asked for: only the newest is shown. */
  #asked = 0;
  #tabButton;
  #interrupt;
  node;

  /** @param {Ways} ways */
  constructor(ways) {
    this.#ways = ways;
    const done = button("Enter", () => this.#enter(), { class: "button" });
    // For hands without such keys.
    this.#tabButton = button("Tab", () => this.#completeHere(), { class: "button prompt-tab", "aria-label": "Complete the name" });
    this.#interrupt = button("Ctrl-C", () => ways.interrupt(), { class: "button", title: "Interrupts what runs or waits: KeyboardInterrupt", hidden: true });
    for (const one of [done, this.#tabButton, this.#interrupt]) one.addEventListener("pointerdown", (event) => event.preventDefault());
    this.node = element("div", { class: "prompt-entry" }, this.#names.node, this.#signs, this.#input, this.#tabButton, this.#interrupt, done);
    this.#names.onchoose = (name) => this.#take(name);
    this.#input.addEventListener("keydown", (event) => this.#key(event));
    this.#input.addEventListener("input", () => this.#typed());
    this.#input.addEventListener("paste", (event) => this.#paste(event));
    this.#input.addEventListener("scroll", () => this.#draw());
    this.#input.addEventListener("blur", () => this.#names.close());
    this.#draw();
  }

  get text() {
    return this.#input.value;
  }

  /** @param {string} label */
  set label(label) {
    this.#input.setAttribute("aria-label", label);
  }

  /** Who waits here is a program and not the prompt: what it does, in words; empty at the prompt. @param {string} words */
  set busy(words) {
    const pressed = document.activeElement === this.#interrupt;
    this.#input.placeholder = words;
    this.#interrupt.hidden = words === "";
    this.#tabButton.hidden = words !== "";
    if (pressed && words === "") this.focus();
  }

  /** What stands before the first line and before the others. @param {[string, string]} sign */
  set sign(sign) {
    if (sign[0] === this.#sign[0] && sign[1] === this.#sign[1]) return;
    this.#sign = sign;
    this.#draw();
  }

  /** Whether something stands in it after the caret's line. */
  get isWithin() {
    return this.text.slice(this.#input.selectionEnd).includes("\n");
  }

  /** What stands in its first line, which goes: the rest stays. */
  takeLine() {
    const [line, ...rest] = this.text.split("\n");
    this.set(rest.join("\n"));
    return line;
  }

  /** Another text, with the caret at its end. @param {string} text */
  set(text) {
    this.#input.value = text.slice(0, LONGEST);
    this.#input.setSelectionRange(text.length, text.length);
    this.#close();
    this.#draw();
  }

  /** The block was taken, or given up. */
  clear() {
    this.#back = 0;
    this.#draft = "";
    this.set("");
  }

  /** A new line at the caret, indented as Python wants it, or not at all. @param {{ indented?: boolean }} [options] */
  newLine({ indented = true } = {}) {
    this.#insert(`\n${indented ? indentAt(this.text, this.#input.selectionStart) : ""}`);
  }

  /** As Tab does. */
  complete() {
    void this.#complete();
  }

  focus() {
    this.#input.focus();
  }

  /** @param {string} text in the place of what is selected */
  #insert(text) {
    this.#replace(this.#input.selectionStart, this.#input.selectionEnd, text);
  }

  /** @param {number} from @param {number} to @param {string} text */
  #replace(from, to, text) {
    if (this.text.length - (to - from) + text.length > LONGEST) return announce(`A block has at most ${LONGEST.toLocaleString("en")} characters.`);
    this.#input.setRangeText(text, from, to, "end");
    this.#draw();
  }

  #draw() {
    const lines = this.text.split("\n").length;
    const rows = Math.min(lines, ROWS);
    this.#input.rows = rows;
    const [first, next] = this.#sign.map((sign) => sign.trimEnd());
    const begin = this.#input.scrollTop > SCROLLED ? next : first;
    this.#signs.textContent = [begin, ...Array.from({ length: rows - 1 }, () => next)].join("\n");
  }

  #typed() {
    this.#back = 0;
    this.#free = false;
    this.#draw();
    if (this.#names.isOpen) void this.#complete(true);
  }

  #enter() {
    if (this.#names.isOpen) return this.#take(this.#names.chosen);
    this.#ways.enter();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (event.isComposing) return;
    const released = this.#free;
    this.#free = event.key === "Shift" ? released : event.key === "Escape";
    const plain = !event.altKey && !event.ctrlKey && !event.metaKey && !event.shiftKey;
    const done = plain ? this.#plainKey(event.key, released) : this.#chord(event);
    if (!done) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {string} key @param {boolean} released Tab leaves @returns {boolean} whether it is done */
  #plainKey(key, released) {
    switch (key) {
      case "Enter":
        this.#enter();
        return true;
      case "Tab":
        return this.#tab(released);
      case "Escape":
        if (!this.#names.isOpen) return false;
        this.#close();
        return true;
      case "ArrowUp":
      case "ArrowDown":
        return this.#arrow(key === "ArrowUp" ? -1 : 1);
      case "Backspace":
        return this.#backspace();
      default:
        return false;
    }
  }

  /** @param {KeyboardEvent} event */
  #chord({ key, ctrlKey, altKey, metaKey, shiftKey }) {
    if (!ctrlKey || altKey || metaKey || shiftKey) return false;
    if (key === "c" && this.#input.selectionStart === this.#input.selectionEnd) this.#ways.interrupt();
    else if (key === "d" && this.text === "") this.#ways.end();
    else return false;
    return true;
  }

  /** @param {boolean} released */
  #tab(released) {
    if (this.#names.isOpen) {
      this.#take(this.#names.chosen);
      return true;
    }
    if (released) return false;
    const indent = stepOn(this.text, this.#input.selectionStart);
    if (indent) this.#insert(indent);
    else if (!WORD.exec(this.#before)?.[0]) return false;
    else void this.#complete();
    return true;
  }

  #completeHere() {
    this.#input.focus();
    void this.#complete();
  }

  get #before() {
    return this.text.slice(0, this.#input.selectionStart);
  }

  /** @param {-1 | 1} step */
  #arrow(step) {
    if (this.#names.isOpen) {
      this.#names.move(step);
      return true;
    }
    const beyond = step < 0 ? this.#before : this.text.slice(this.#input.selectionEnd);
    if (beyond.includes("\n")) return false;
    this.#walk(-step);
    return true;
  }

  /** @param {number} step back in the history */
  #walk(step) {
    const blocks = this.#ways.history();
    const back = Math.min(Math.max(this.#back + step, 0), blocks.length);
    if (back === this.#back) return;
    if (this.#back === 0) this.#draft = this.text;
    this.#back = back;
    this.set(back === 0 ? this.#draft : blocks[blocks.length - back]);
  }

  #backspace() {
    const { selectionStart: at, selectionEnd: end } = this.#input;
    const step = at === end ? stepBack(this.text, at) : 1;
    if (step === 1) return false;
    this.#replace(at - step, at, "");
    return true;
  }

  /** @param {ClipboardEvent} event */
  #paste(event) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!/[\r\n]/.test(text) && !text.startsWith(">>> ")) return;
    event.preventDefault();
    this.#insert(codeOf(text));
    this.#typed();
  }

  // Names

  /** Asks for what the word at the caret can become, and shows it. @param {boolean} [narrows] the list is open already */
  async #complete(narrows = false) {
    const asked = ++this.#asked;
    const { text } = this;
    const before = this.#before;
    const found = await this.#ways.complete(before);
    if (asked !== this.#asked || document.activeElement !== this.#input) return;
    if (!found || text !== this.text || before !== this.#before || found.names.length === 0) {
      this.#names.close();
      if (found && !narrows) announce("No name begins so.");
      return;
    }
    const { word, names, more } = found;
    const start = commonStart(names);
    if (!narrows && names.length === 1) return this.#become(word, names[0]);
    if (!narrows && !more && start.length > word.length) this.#become(word, start);
    this.#names.open(names, more);
    if (!narrows) announce(`${more ? "More than " : ""}${names.length} names. Arrow keys choose, Enter takes, Escape closes.`);
  }

  /** @param {string} name from the list */
  #take(name) {
    // As far as it is typed already.
    const word = WORD.exec(this.#before)?.[0] ?? "";
    const typed = name.startsWith(word) ? word : word.slice(word.lastIndexOf(".") + 1);
    this.#close();
    this.#become(typed, name);
    this.#input.focus();
  }

  /** @param {string} word what stands before the caret @param {string} name */
  #become(word, name) {
    const caret = this.#input.selectionStart;
    this.#replace(caret - word.length, caret, name);
  }

  #close() {
    this.#asked += 1;
    this.#names.close();
  }
}
