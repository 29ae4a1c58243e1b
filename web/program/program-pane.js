// One program on one machine: its text, what it prints, and a line to type when it asks for one.
import "../editor/code-editor.js";
import { splitArguments } from "../client/web.js";
import { announce } from "../base/announce.js";
import { button, element } from "../base/element.js";
import { RunLines } from "../base/code-light.js";
import { divider } from "./divider.js";
import { FailureCard } from "./failure-card.js";
import { PLACEHOLDER } from "./output-log.js";
import { OutputMemory } from "./output-memory.js";
import { endWords, startWords } from "./program-words.js";
import { RunControl } from "./run-control.js";
import { ThreadList, waitingLines } from "./thread-list.js";

/** How long typing rests before the text is kept. */
const REST_MS = 300;
/** How long after a change somebody is taken to be typing still. */
const TYPING_MS = 5000;

/**
 * @typedef {object} Folder the files of its machine
 * @property {(file: string) => { name: string, bytes: Uint8Array }[]} beside all but one
 * @property {(file: string, change: import("../client/wireside.js").FolderChange) => void} changed a program has changed them
 */

export class ProgramPane {
  #editor = /** @type {import("../editor/code-editor.js").CodeEditor} */ (document.createElement("code-editor"));
  #output = /** @type {import("./output-log.js").OutputLog} */ (document.createElement("output-log"));
  #input = /** @type {HTMLInputElement} */ (
    element("input", { class: "field mono program-input", autocomplete: "off", spellcheck: "false", "aria-label": "Input for the program" })
  );
  /** Who asks for it. */
  #asker = element("p", { class: "program-asker soft", hidden: true });
  #asking = element(
    "form",
    { class: "program-ask", hidden: true },
    this.#asker,
    this.#input,
    element("button", { class: "button" }, "Enter"),
    button("Ctrl-D", () => this.#endInput(), { class: "button", title: "The end of the input: no further line comes (Ctrl+D in an empty line)" }),
  );
  /** What is typed behind the program's name. */
  #arguments = /** @type {HTMLInputElement} */ (
    element("input", { class: "program-arguments", placeholder: "arguments", autocomplete: "off", spellcheck: "false", autocapitalize: "off", dir: "ltr" })
  );
  #argumentsFault = element("p", { class: "program-fault", hidden: true, role: "alert" });
  #card;
  #threads = new ThreadList();
  #lines = new RunLines(this.#editor);
  #memory;
  #note = element("p", { class: "program-note soft", hidden: true, dir: "auto", role: "status" });
  /** What it ran last. */
  #ran = "";
  /** The line of arguments that it ran with. */
  #ranWith = "";
  /** Who runs it in another page. @type {string | null} */
  #elsewhere = null;
  #store;
  #part;
  #host;
  /** What was put here and not typed; null where nobody knows. @type {string | null} */
  #original;
  #folder;
  #leaving = new AbortController();
  /** When somebody changed it last, milliseconds since 1970. */
  #typed = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;
  file;
  control;
  node;
  /** What it does is different now. */
  onchange = () => {};
  /** Run or stop was asked for from the keyboard. */
  ontoggle = () => {};
  /** Its text is this now, and was typed or put here. @type {(text: string) => void} */
  ontext = () => {};

  /**
   * @param {{ room: import("../client/room.js").Room, view: import("../client/web.js").View, clock: { now: () => number }, host: { name: string, id: number }, part: string, file: string, text: string,
   *   original: string | null, folder: Folder, runOn: (host: string, program: import("./workspace.js").MovedProgram) => (() => Promise<string>) | null,
   *   store: import("./code-store.js").CodeStore }} parts `original`: what was put here, if it is known; `runOn`: what puts
   *   the program on another machine and runs it there; it resolves with a sentence that says so
   */
  constructor({ room, view, clock, host, part, file, text, original, folder, runOn, store }) {
    this.file = file;
    this.#folder = folder;
    this.#original = original;
    this.#host = host.name;
    this.#part = part;
    this.#store = store;
    this.#memory = new OutputMemory(room.id, host.name, file);
    this.#card = new FailureCard({ room, view, clock, host, runOn: (other) => runOn(other, { file: this.file, text: this.#ran, typed: this.#ranWith }) });
    this.control = new RunControl({ room, host: host.name, file });
    this.control.onchange = () => this.#changed();
    this.control.onfolder = (change) => this.#folder.changed(file, change);
    this.control.onoutput = (printed, stream) => this.#output.print(printed, stream);
    this.#editor.label = `${file} on ${host.name}`;
    this.#arguments.setAttribute("aria-label", `Arguments of ${file} on ${host.name}`);
    this.#arguments.value = store.argumentsOf(part, file);
    this.#editor.text = text;
    this.#output.label = `Output of ${file} on ${host.name}`;
    this.node = element(
      "div",
      { class: "program" },
      element("div", { class: "program-command mono" }, element("label", {}, element("span", { class: "soft" }, `$ python ${file}`), this.#arguments), this.#argumentsFault),
      this.#editor,
      this.#note,
      element("section", { class: "program-output" }, divider(), this.#output, this.#card.node, ...this.#threads.nodes, this.#asking),
    );
    this.#listen();
    for (const { text: line, stream } of this.#memory.read()) this.#output.print(`${line}\n`, stream);
  }

  get text() {
    return /** @type {string} */ (this.#editor.text);
  }

  /** What was put here and not typed; null where nobody knows. */
  get original() {
    return this.#original;
  }

  /** It is deleted: nothing of it is kept any more. */
  end() {
    clearTimeout(this.#resting);
    this.#leaving.abort();
    this.node.remove();
    this.#card.clear();
    this.#memory.write([], false);
  }

  /** Whether its text is another than what was put here: somebody's own work. */
  get isEdited() {
    return this.text !== this.#original;
  }

  /** Whether somebody is at work in it: it is not to be taken out of sight. */
  get inUse() {
    const asked = !this.#asking.hidden && this.#input.value !== "";
    return asked || this.node.contains(document.activeElement) || Date.now() - this.#typed < TYPING_MS;
  }

  /** Puts another text in its place. @param {string} text */
  put(text) {
    this.#original = text;
    this.#editor.text = text;
    this.#keep();
  }

  /** A program wrote it, or it came from somebody's computer: it is nobody's original. @param {string} text */
  written(text) {
    if (this.text === text) return;
    this.#original = null;
    this.#editor.text = text;
    this.#keep();
  }

  /** Says something in its output that is not the program's. @param {string} words */
  say(words) {
    this.#output.print(`${words}\n`, "note");
  }

  /** Somebody else changed it. @param {string} text @param {string} by */
  changedBy(text, by) {
    if (this.text === text) return;
    this.#editor.text = text;
    this.#note.textContent = `changed by ${by}`;
    this.#note.hidden = false;
    this.#store.keep(this.#part, this.file, text, !this.isEdited);
  }

  /** Which program of the room it is that ran, here or in somebody else's page. @param {number} program @param {string} text what it ran */
  ranAs(program, text) {
    this.#lines.ran(program, text);
    this.#threads.belongTo(program);
  }

  /** Its links with what its lines did. */
  get lines() {
    return this.#lines;
  }

  /** Whether it runs in somebody else's page. @param {string | null} by */
  runsElsewhere(by) {
    this.#elsewhere = by;
    this.#note.textContent = by === null ? "" : `runs in ${by}'s page`;
    this.#note.hidden = by === null;
  }

  /** Why nothing can be run here: it stands where the output would be. @param {string} sentence */
  cannotRun(sentence) {
    this.#output.placeholder = sentence;
  }

  /** Runs what stands in the editor. @returns {Promise<{ ended: Promise<any> }>} */
  async run() {
    this.#keep();
    this.#output.clear();
    this.#card.clear();
    this.#editor.markLine(null);
    try {
      const { text } = this;
      this.#ran = text;
      this.#ranWith = this.#arguments.value;
      const { program, ended } = await this.control.run(text, { args: this.#split(), files: this.#folder.beside(this.file) });
      this.#card.watch(program);
      this.ranAs(program, text);
      return { ended: ended.then((exit) => this.#ended(exit)) };
    } catch (error) {
      // What is wrong with the arguments stands below them.
      if (this.#argumentsFault.hidden) this.#output.print(`${/** @type {Error} */ (error).message}\n`, "stderr");
      throw error;
    }
  }

  /** The line of arguments. @param {string} line */
  set argumentLine(line) {
    this.#arguments.value = line;
    this.#store.keepArguments(this.#part, this.file, line);
  }

  /** The arguments. @returns {string[]} @throws where they are none, in a sentence */
  #split() {
    const line = this.#arguments.value;
    this.#store.keepArguments(this.#part, this.file, line);
    let fault = "";
    try {
      return splitArguments(line);
    } catch (error) {
      fault = /** @type {Error} */ (error).message;
      throw error;
    } finally {
      this.#argumentsFault.textContent = fault;
      this.#argumentsFault.hidden = fault === "";
      if (fault) this.#arguments.setAttribute("aria-invalid", "true");
      else this.#arguments.removeAttribute("aria-invalid");
    }
  }

  #endInput() {
    this.#output.print("^D\n", "stdin");
    this.control.input(null);
    this.#input.focus();
  }

  /** Interrupts it; resolves when it has ended. */
  stop() {
    return this.control.stop();
  }

  focus() {
    this.#editor.focus();
  }

  #listen() {
    this.#threads.online = (line) => this.#editor.goTo(line);
    this.#editor.addEventListener("change", () => {
      if (!this.#elsewhere) this.#note.hidden = true;
      this.#typed = Date.now();
      clearTimeout(this.#resting);
      this.#resting = setTimeout(() => this.#keep(), REST_MS);
    });
    this.#editor.addEventListener("run", () => this.ontoggle());
    this.node.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "." || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      void this.stop();
    });
    this.#arguments.addEventListener("change", () => {
      this.#store.keepArguments(this.#part, this.file, this.#arguments.value);
    });
    this.#arguments.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing) return;
      event.preventDefault();
      if (!this.control.isRunning) this.ontoggle();
    });
    this.#input.addEventListener("keydown", (event) => {
      const { selectionStart, selectionEnd, value } = this.#input;
      // What is selected is copied, as everywhere.
      if (event.key === "c" && event.ctrlKey && selectionStart === selectionEnd) this.#interrupted();
      else if (event.key === "d" && event.ctrlKey && value === "") this.#endInput();
      else return;
      event.preventDefault();
    });
    this.#asking.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#output.print(`${this.#input.value}\n`, "stdin");
      this.control.input(this.#input.value);
      this.#input.value = "";
    });
    addEventListener("pagehide", () => this.#leave(), { signal: this.#leaving.signal });
  }

  /** Ctrl-C, as in a terminal: what was half typed is given up. */
  #interrupted() {
    this.#output.print(`${this.#input.value}^C\n`, "stdin");
    this.#input.value = "";
    this.control.interrupt();
  }

  #leave() {
    clearTimeout(this.#resting);
    this.#keep();
    this.#memory.write(this.#output.kept, this.control.isRunning);
  }

  #keep() {
    this.#store.keep(this.#part, this.file, this.text, !this.isEdited);
    this.ontext(this.text);
  }

  #changed() {
    const doing = this.control.doing;
    const reads = ("reads" in doing ? doing.reads : null) ?? [];
    const asks = doing.state === "input" || reads.length > 0;
    // A program of one thread that has printed its prompt and waits for nothing else needs no name.
    const named = reads.some(({ thread, call }) => thread !== null || call !== "input");
    this.#asker.hidden = !named;
    this.#asker.textContent = named ? reads.map(asker).join(" ") : "";
    const asked = asks && this.#asking.hidden;
    this.#asking.hidden = !asks;
    this.#output.placeholder = doing.state === "starting" ? startWords(doing) : PLACEHOLDER;
    if (asked) {
      announce(`${this.file} on ${this.#host} asks for a line.`);
      // It takes room from what was printed last.
      this.#output.toEnd();
    }
    const threads = ("threads" in doing ? doing.threads : null) ?? [];
    this.#threads.show(threads, "deadlock" in doing && doing.deadlock === true);
    this.#editor.markThreads(waitingLines(threads));
    const alone = threads.length === 0;
    if (alone && (doing.state === "waiting" || doing.state === "input")) this.#editor.markLine(doing.line, "waiting");
    else if (doing.state !== "ended") this.#editor.markLine(null);
    this.onchange();
  }

  /** @param {import("./run-control.js").Exit} exit */
  #ended(exit) {
    this.#editor.markLine(exit.error?.line ?? null, "error");
    void this.#card.show(exit).then(() => this.#output.toEnd());
    announce(`${this.file} on ${this.#host} ${endWords(exit)}.`);
    return exit;
  }
}

/** Who takes a line of input, in a sentence. @param {{ thread: string | null, call: string, line: number | null }} reads */
function asker({ thread, call, line }) {
  const where = line === null ? "" : ` in line ${line}`;
  if (call === "input") return `${thread ?? "The program"} asks${where}.`;
  return `${thread ?? "The program"} waits${where} in ${call}(), which a line ends.`;
}
