// What one sees of a machine that somebody else works on: the text of its programs, what they print, and the calls made
// by hand, with the tab in front that the other has in front, until one picks a tab oneself. The programs themselves run
// in the other person's page.
import "../editor/code-editor.js";
import "./output-log.js";
import { element } from "../base/element.js";
import { PROGRAM as BROWSER } from "../browser/visit.js";
import { calledBy } from "../base/people.js";
import { RunLines } from "../base/code-light.js";
import { divider } from "./divider.js";
import { TabRow } from "./tab-row.js";

const BY_HAND = "By hand";

export class WatchedDesk {
  #room;
  #host;
  /** What each program printed, by its name: as many as the room has programs. @type {Map<string, { node: HTMLElement, editor: import("../editor/code-editor.js").CodeEditor,
   * lines: RunLines, log: import("./output-log.js").OutputLog, note: HTMLElement }>} */
  #outputs = new Map();
  /** Numbers of the programs that run. @type {Set<number>} */
  #running = new Set();
  #tabs = new TabRow((name) => this.#pick(name));
  #chosen = BY_HAND;
  /** The tab that the other has in front. */
  #front = "";
  /** Somebody has picked a tab here: the other's is not followed any more. */
  #picked = false;
  console;
  body = element("div", { class: "desk" });
  runner = element("span", { class: "runner" });
  namedRunner = element("span", { class: "runner" });
  mood = null;
  onchange = () => {};

  /** @param {{ room: import("../client/room.js").Room }} shared @param {{ id: number, name: string }} host @param {HTMLElement} console */
  constructor({ room }, host, console) {
    this.#room = room;
    this.#host = host;
    this.console = /** @type {import("../console/call-console.js").CallConsole} */ (console);
    this.body.append(console);
    this.open(BY_HAND);
    void this.#listen();
  }

  get tabs() {
    return this.#tabs.node;
  }

  /** @param {string} name */
  #pick(name) {
    this.#picked = true;
    this.open(name);
  }

  /** Shows what the other has in front, as soon as it is known here. */
  #follow() {
    const there = this.#front === BY_HAND || this.#outputs.has(this.#front);
    if (!this.#picked && there && this.#chosen !== this.#front) this.open(this.#front);
  }

  /** @param {string} name */
  open(name) {
    this.#chosen = name;
    this.console.hidden = name !== BY_HAND;
    for (const [file, { node }] of this.#outputs) node.hidden = file !== name;
    this.#tabs.show([...this.#outputs.keys(), BY_HAND], name);
  }

  /** Marks the lines of code that belong to what is raised. @param {import("../base/code-light.js").CodeLine[]} lines */
  light(lines) {
    for (const { lines: own } of this.#outputs.values()) own.light(lines);
  }

  /** Where a line of code is in the window, if it can be seen there. @param {import("../base/code-light.js").CodeLine} line @returns {DOMRect | null} */
  boxOf(line) {
    return [...this.#outputs.values()].map(({ lines }) => lines.boxOf(line)).find(Boolean) ?? null;
  }

  async #listen() {
    for await (const event of this.#room.trace()) {
      if (event.host !== this.#host.name) continue;
      if (event.kind === "source" && event.text !== null) this.#source(event);
      else if (event.kind === "in_front") this.#fronted(event);
      else if (event.kind === "program") this.#program(event);
      else if (event.kind === "output") this.#printed(event);
    }
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #source({ name, text }) {
    this.#output(name).editor.text = text;
    // Nobody has said what is in front: code is more than an empty console.
    if (this.#front === "") this.#front = name;
    this.#follow();
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #fronted({ name }) {
    this.#front = name;
    this.#follow();
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #program({ change, id, name, by, member }) {
    // A browser has neither text nor output; its calls are on the wire.
    if (name === BROWSER) return;
    if (change === "began" && name !== BY_HAND && by) {
      this.#running.add(id);
      const { log, note, lines, editor } = this.#output(name);
      lines.ran(id, editor.text);
      log.clear();
      note.textContent = `Runs in ${possessive(calledBy(this.#room, member, by))} page.`;
      this.#front = name;
      this.#follow();
    } else if (change === "ended" && this.#running.delete(id)) {
      this.#output(name).note.textContent = "Ended.";
    }
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #printed({ program, text, stream }) {
    this.#output(program).log.print(text, stream);
  }

  /** @param {string} name */
  #output(name) {
    const known = this.#outputs.get(name);
    if (known) return known;
    const log = /** @type {import("./output-log.js").OutputLog} */ (document.createElement("output-log"));
    log.label = `Output of ${name} on ${this.#host.name}`;
    const note = element("p", { class: "program-note soft", dir: "auto" });
    const editor = /** @type {import("../editor/code-editor.js").CodeEditor} */ (document.createElement("code-editor"));
    editor.label = `${name} on ${this.#host.name}`;
    editor.readOnly = true;
    const output = element("section", { class: "program-output" }, divider(), log);
    const node = element("div", { class: "program", hidden: true }, editor, note, output);
    const made = { node, log, note, editor, lines: new RunLines(editor) };
    this.#outputs.set(name, made);
    this.body.append(node);
    this.open(this.#chosen);
    return made;
  }
}

/** @param {string} name */
function possessive(name) {
  return name === "you" ? "your" : `${name}'s`;
}
