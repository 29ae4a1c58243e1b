// What one machine's programs were and printed in a recording, up to the event that is shown. Nothing runs here.
import "../editor/code-editor.js";
import "./output-log.js";
import { element } from "../base/element.js";
import { RunLines } from "../base/code-light.js";
import { divider } from "./divider.js";
import { TabRow } from "./tab-row.js";

const BY_HAND = "By hand";

/** @typedef {{ node: HTMLElement, editor: import("../editor/code-editor.js").CodeEditor, lines: RunLines, log: import("./output-log.js").OutputLog, note: HTMLElement }} Shown */

export class RecordedDesk {
  #shared;
  #host;
  /** What happened on this machine that is shown here. @type {any[]} */
  #events;
  /** How many of them are shown. */
  #at = 0;
  /** By their names. @type {Map<string, Shown>} */
  #programs = new Map();
  /** Numbers of the programs that run, with their names. @type {Map<number, string>} */
  #running = new Map();
  #tabs = new TabRow((name) => this.#pick(name));
  #chosen = BY_HAND;
  /** Somebody has picked a tab here: what was in front then is not followed any more. */
  #picked = false;
  console;
  body = element("div", { class: "desk" });
  runner = element("span", { class: "runner", hidden: true });
  namedRunner = null;
  mood = null;
  onchange = () => {};

  /** @param {{ room: any, view: import("../client/web.js").View }} shared @param {{ id: number, name: string }} host @param {HTMLElement} console */
  constructor(shared, host, console) {
    this.#shared = shared;
    this.#host = host;
    this.console = /** @type {import("../console/call-console.js").CallConsole} */ (console);
    this.#events = shared.room.records.filter((/** @type {import("../client/wireside.js").TraceRecord} */ event) => event.host === host.name && KINDS.has(event.kind));
    this.body.append(console);
    this.#first();
    this.open(this.#programs.keys().next().value ?? BY_HAND);
    shared.room.on("moment", (/** @type {{ seq: number, back: boolean }} */ moment) => this.#show(moment));
    // The console begins when this is handed out.
    this.#show({ seq: shared.room.shown, back: false });
  }

  get tabs() {
    return this.#tabs.node;
  }

  /** @param {string} name */
  #pick(name) {
    this.#picked = true;
    this.open(name);
  }

  /** @param {string} name */
  open(name) {
    this.#chosen = name;
    this.console.hidden = name !== BY_HAND;
    for (const [file, { node }] of this.#programs) node.hidden = file !== name;
    this.#tabs.show([...this.#programs.keys(), BY_HAND], name);
  }

  /** Marks the lines of code that belong to what is raised. @param {import("../base/code-light.js").CodeLine[]} lines */
  light(lines) {
    for (const { lines: own } of this.#programs.values()) own.light(lines);
    this.console.lines?.light(lines);
  }

  /** Where a line of code is in the window, if it can be seen there. @param {import("../base/code-light.js").CodeLine} line @returns {DOMRect | null} */
  boxOf(line) {
    const places = [...this.#programs.values()].map(({ lines }) => lines);
    return [...places, this.console.lines].map((place) => place?.boxOf(line)).find(Boolean) ?? null;
  }

  /** @param {{ seq: number, back: boolean }} moment */
  #show({ seq, back }) {
    if (back) this.#begin();
    for (; this.#at < this.#events.length && this.#events[this.#at].seq <= seq; this.#at += 1) this.#happened(this.#events[this.#at]);
    for (const [name, { note }] of this.#programs) {
      const runs = [...this.#running.values()].includes(name);
      if (runs) note.textContent = "Runs.";
      this.#tabs.mark(name, runs ? "running" : "");
    }
  }

  /** Back to before the first event. */
  #begin() {
    this.#at = 0;
    this.#running.clear();
    for (const { log, note } of this.#programs.values()) {
      log.clear();
      note.textContent = NOT_YET;
    }
    this.#first();
    this.#consoleAnew();
  }

  /** The console only goes on: one that goes back is another one. */
  #consoleAnew() {
    const fresh = /** @type {import("../console/call-console.js").CallConsole} */ (document.createElement("call-console"));
    fresh.hidden = this.console.hidden;
    this.console.leave?.();
    this.console.replaceWith(fresh);
    this.console = fresh;
    fresh.attach?.({ room: this.#shared.room, host: /** @type {import("../client/wireside.js").Host} */ (this.#host), view: this.#shared.view, readOnly: true });
  }

  /** What a program's text was first is there before it was told: there is something to read. */
  #first() {
    /** @type {Set<string>} */
    const seen = new Set();
    for (const { kind, name, text } of this.#events) {
      if (kind !== "source" || text === null || seen.has(name)) continue;
      seen.add(name);
      setText(this.#program(name).editor, text);
    }
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #happened(event) {
    if (event.kind === "source") {
      if (event.text !== null) setText(this.#program(event.name).editor, event.text);
    } else if (event.kind === "in_front") this.#front(event.name);
    else if (event.kind === "program") this.#ran(event);
    else this.#program(event.program).log.print(event.text, event.stream);
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #ran({ change, id, name }) {
    if (name === BY_HAND) return;
    const { editor, lines, log, note } = this.#program(name);
    if (change === "began") {
      this.#running.set(id, name);
      lines.ran(id, editor.text);
      log.clear();
      this.#front(name);
    } else if (this.#running.delete(id)) note.textContent = "Ended.";
  }

  /** @param {string} name */
  #front(name) {
    const there = name === BY_HAND || this.#programs.has(name);
    if (!this.#picked && there && name !== this.#chosen) this.open(name);
  }

  /** @param {string} name @returns {Shown} */
  #program(name) {
    const known = this.#programs.get(name);
    if (known) return known;
    const log = /** @type {import("./output-log.js").OutputLog} */ (document.createElement("output-log"));
    log.label = `Output of ${name} on ${this.#host.name}`;
    log.placeholder = "What the program printed appears here.";
    const note = element("p", { class: "program-note soft", dir: "auto" }, NOT_YET);
    const editor = /** @type {import("../editor/code-editor.js").CodeEditor} */ (document.createElement("code-editor"));
    editor.label = `${name} on ${this.#host.name}`;
    editor.readOnly = true;
    const output = element("section", { class: "program-output" }, divider(), log);
    const node = element("div", { class: "program", hidden: true }, editor, note, output);
    const made = { node, log, note, editor, lines: new RunLines(editor) };
    this.#programs.set(name, made);
    this.body.append(node);
    this.open(this.#chosen);
    return made;
  }
}

/** @param {import("../editor/code-editor.js").CodeEditor} editor @param {string} text */
function setText(editor, text) {
  if (editor.text !== text) editor.text = text;
}

const NOT_YET = "Has not begun yet.";
const KINDS = new Set(["source", "in_front", "program", "output"]);
