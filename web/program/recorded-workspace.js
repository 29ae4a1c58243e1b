// What one machine's programs were and printed in a recording, up to the event that is shown. Nothing runs here.
import { element } from "../base/element.js";
import { ReadOnlyPrograms } from "./read-only-programs.js";
import { BY_HAND } from "./tab-row.js";

export class RecordedWorkspace {
  #shared;
  #host;
  /** What happened on this machine that is shown here. @type {any[]} */
  #events;
  /** How many of them are shown. */
  #at = 0;
  #programs;
  /** Numbers of the programs that run, with their names. @type {Map<number, string>} */
  #running = new Map();
  runner = element("span", { class: "runner", hidden: true });
  namedRunner = null;
  mood = null;
  onchange = () => {};

  /** @param {{ room: any, view: import("../client/web.js").View }} shared @param {{ id: number, name: string }} host @param {HTMLElement} console */
  constructor(shared, host, console) {
    this.#shared = shared;
    this.#host = host;
    this.#events = shared.room.records.filter((/** @type {import("../client/wireside.js").TraceRecord} */ event) => event.host === host.name && KINDS.has(event.kind));
    this.#programs = new ReadOnlyPrograms({
      machine: host.name,
      console: /** @type {import("../console/call-console.js").CallConsole} */ (console),
      placeholder: "What the program printed appears here.",
      note: NOT_YET,
    });
    this.#first();
    const [first] = this.#programs.all;
    if (first) this.#programs.open(first[0]);
    shared.room.on("moment", (/** @type {{ seq: number, back: boolean }} */ moment) => this.#show(moment));
    // The console begins when this is handed out.
    this.#show({ seq: shared.room.shown, back: false });
  }

  get console() {
    return this.#programs.console;
  }

  get body() {
    return this.#programs.body;
  }

  get tabs() {
    return this.#programs.tabs;
  }

  /** Marks the lines of code that belong to what is raised. @param {import("../base/code-light.js").CodeLine[]} lines */
  light(lines) {
    this.#programs.light(lines);
  }

  /** Where a line of code is in the window, if it can be seen there. @param {import("../base/code-light.js").CodeLine} line */
  boxOf(line) {
    return this.#programs.boxOf(line);
  }

  /** @param {{ seq: number, back: boolean }} moment */
  #show({ seq, back }) {
    if (back) this.#begin();
    for (; this.#at < this.#events.length && this.#events[this.#at].seq <= seq; this.#at += 1) this.#happened(this.#events[this.#at]);
    for (const [name, { note }] of this.#programs.all) {
      const runs = [...this.#running.values()].includes(name);
      if (runs) note.textContent = "Runs.";
      this.#programs.mark(name, runs ? "running" : "");
    }
  }

  /** Back to before the first event. */
  #begin() {
    this.#at = 0;
    this.#running.clear();
    for (const [, { log, note }] of this.#programs.all) {
      log.clear();
      note.textContent = NOT_YET;
    }
    this.#first();
    this.#consoleAnew();
  }

  /** The console only goes on: one that goes back is another one. */
  #consoleAnew() {
    const fresh = /** @type {import("../console/call-console.js").CallConsole} */ (document.createElement("call-console"));
    this.console.leave?.();
    this.#programs.replaceConsole(fresh);
    fresh.attach?.({ room: this.#shared.room, host: /** @type {import("../client/wireside.js").Host} */ (this.#host), view: this.#shared.view, readOnly: true });
  }

  /** What a program's text was first is there before it was told: there is something to read. */
  #first() {
    /** @type {Set<string>} */
    const seen = new Set();
    for (const { kind, name, text } of this.#events) {
      if (kind !== "source" || text === null || seen.has(name)) continue;
      seen.add(name);
      setText(this.#programs.program(name).editor, text);
    }
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #happened(event) {
    if (event.kind === "source") {
      if (event.text !== null) setText(this.#programs.program(event.name).editor, event.text);
    } else if (event.kind === "in_front") this.#programs.follow(event.name);
    else if (event.kind === "program") this.#ran(event);
    else this.#programs.program(event.program).log.print(event.text, event.stream);
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #ran({ change, id, name }) {
    if (name === BY_HAND) return;
    const { editor, lines, log, note } = this.#programs.program(name);
    if (change === "began") {
      this.#running.set(id, name);
      lines.ran(id, editor.text);
      log.clear();
      this.#programs.follow(name);
    } else if (this.#running.delete(id)) note.textContent = "Ended.";
  }
}

/** @param {import("../editor/code-editor.js").CodeEditor} editor @param {string} text */
function setText(editor, text) {
  if (editor.text !== text) editor.text = text;
}

const NOT_YET = "Has not begun yet.";
const KINDS = new Set(["source", "in_front", "program", "output"]);
