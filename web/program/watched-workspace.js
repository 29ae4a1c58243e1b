// What one sees of a machine that somebody else works on: the text of its programs, what they print, and the calls made
// by hand, with the tab in front that the other has in front, until one picks a tab oneself. The programs themselves run
// in the other person's page.
import { element } from "../base/element.js";
import { PROGRAM as BROWSER } from "../browser/visit.js";
import { calledBy } from "../base/people.js";
import { ReadOnlyPrograms } from "./read-only-programs.js";
import { BY_HAND } from "./tab-row.js";

export class WatchedWorkspace {
  #room;
  #host;
  #programs;
  /** Numbers of the programs that run. @type {Set<number>} */
  #running = new Set();
  runner = element("span", { class: "runner" });
  namedRunner = element("span", { class: "runner" });
  mood = null;
  onchange = () => {};

  /** @param {{ room: import("../client/room.js").Room }} shared @param {{ id: number, name: string }} host @param {HTMLElement} console */
  constructor({ room }, host, console) {
    this.#room = room;
    this.#host = host;
    this.#programs = new ReadOnlyPrograms({ machine: host.name, console: /** @type {import("../console/call-console.js").CallConsole} */ (console) });
    void this.#listen();
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

  async #listen() {
    for await (const event of this.#room.trace()) {
      if (event.host !== this.#host.name) continue;
      if (event.kind === "source" && event.text !== null) this.#source(event);
      else if (event.kind === "in_front") this.#programs.follow(event.name);
      else if (event.kind === "program") this.#program(event);
      else if (event.kind === "output") this.#programs.program(event.program).log.print(event.text, event.stream);
    }
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #source({ name, text }) {
    this.#programs.program(name).editor.text = text;
    // Nobody has said what is in front: code is more than an empty console.
    if (this.#programs.front === "") this.#programs.follow(name);
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #program({ change, id, name, by, member }) {
    // A browser has neither text nor output; its calls are on the wire.
    if (name === BROWSER) return;
    if (change === "began" && name !== BY_HAND && by) {
      this.#running.add(id);
      const { log, note, lines, editor } = this.#programs.program(name);
      lines.ran(id, editor.text);
      log.clear();
      note.textContent = `Runs in ${possessive(calledBy(this.#room, member, by))} page.`;
      this.#programs.follow(name);
    } else if (change === "ended" && this.#running.delete(id)) {
      this.#programs.program(name).note.textContent = "Ended.";
    }
  }
}

/** @param {string} name */
function possessive(name) {
  return name === "you" ? "your" : `${name}'s`;
}
