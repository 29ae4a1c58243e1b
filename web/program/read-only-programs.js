// The programs of one machine that are somebody else's, or a recording's: the text of each, what it prints and a note, in tabs
// beside the console. Nothing of them can be changed or run here. When there is what to show is whoever's who has them.
import "../editor/code-editor.js";
import "./output-log.js";
import { element } from "../base/element.js";
import { RunLines } from "../base/code-light.js";
import { divider } from "./divider.js";
import { BY_HAND, TabRow } from "./tab-row.js";

/** @typedef {{ node: HTMLElement, editor: import("../editor/code-editor.js").CodeEditor, lines: RunLines, log: import("./output-log.js").OutputLog, note: HTMLElement }} ShownProgram */

export class ReadOnlyPrograms {
  #machine;
  #placeholder;
  #note;
  /** By their names. @type {Map<string, ShownProgram>} */
  #programs = new Map();
  #tabs = new TabRow((name) => this.#pick(name));
  #chosen = BY_HAND;
  /** What is to be in front, as soon as it is here. */
  #front = "";
  /** Somebody has picked a tab here: nothing is followed any more. */
  #picked = false;
  body = element("div", { class: "workspace" });

  /**
   * @param {{ machine: string, console: import("../console/call-console.js").CallConsole, placeholder?: string, note?: string }} of
   *   the machine's name; what stands in place of output and as a note before there is any
   */
  constructor({ machine, console, placeholder, note = "" }) {
    this.#machine = machine;
    this.#placeholder = placeholder;
    this.#note = note;
    this.console = console;
    this.body.append(console);
    this.open(BY_HAND);
  }

  /** The row of tabs. */
  get tabs() {
    return this.#tabs.node;
  }

  /** With their names, in the order in which they came. @returns {[string, ShownProgram][]} */
  get all() {
    return [...this.#programs];
  }

  /** What is to be in front: nothing has been said yet where it is empty. */
  get front() {
    return this.#front;
  }

  /** Another console takes the place of the one that was there. @param {import("../console/call-console.js").CallConsole} console */
  replaceConsole(console) {
    console.hidden = this.console.hidden;
    this.console.replaceWith(console);
    this.console = console;
  }

  /** @param {string} name */
  #pick(name) {
    this.#picked = true;
    this.open(name);
  }

  /** Brings a tab to the front, now or when there is one, unless somebody has picked one. @param {string} name */
  follow(name) {
    this.#front = name;
    const there = name === BY_HAND || this.#programs.has(name);
    if (!this.#picked && there && this.#chosen !== name) this.open(name);
  }

  /** @param {string} name */
  open(name) {
    this.#chosen = name;
    this.console.hidden = name !== BY_HAND;
    for (const [file, { node }] of this.#programs) node.hidden = file !== name;
    this.#tabs.show([...this.#programs.keys(), BY_HAND], name);
  }

  /** What a program's tab says it does, in a word. @param {string} name @param {string} words */
  mark(name, words) {
    this.#tabs.mark(name, words);
  }

  /** A program, which is here from now on. @param {string} name @returns {ShownProgram} */
  program(name) {
    const known = this.#programs.get(name);
    if (known) return known;
    const log = /** @type {import("./output-log.js").OutputLog} */ (document.createElement("output-log"));
    log.label = `Output of ${name} on ${this.#machine}`;
    if (this.#placeholder) log.placeholder = this.#placeholder;
    const note = element("p", { class: "program-note soft", dir: "auto" }, this.#note);
    const editor = /** @type {import("../editor/code-editor.js").CodeEditor} */ (document.createElement("code-editor"));
    editor.label = `${name} on ${this.#machine}`;
    editor.readOnly = true;
    const output = element("section", { class: "program-output" }, divider(), log);
    const node = element("div", { class: "program", hidden: true }, editor, note, output);
    const made = { node, log, note, editor, lines: new RunLines(editor) };
    this.#programs.set(name, made);
    this.body.append(node);
    this.open(this.#chosen);
    if (this.#front === name) this.follow(name);
    return made;
  }

  /** Marks the lines of code that belong to what is raised. @param {import("../base/code-light.js").CodeLine[]} lines */
  light(lines) {
    for (const { lines: own } of this.#programs.values()) own.light(lines);
    this.console.lines?.light(lines);
  }

  /** Where a line of code is in the window, if it can be seen there. @param {import("../base/code-light.js").CodeLine} line @returns {DOMRect | null} */
  boxOf(line) {
    const places = [...[...this.#programs.values()].map(({ lines }) => lines), this.console.lines];
    return places.map((place) => place?.boxOf(line)).find(Boolean) ?? null;
  }
}
