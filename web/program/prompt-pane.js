// The Python prompt of one machine: a program like others whose lines are typed. Above what was typed and printed, below the field
// for the next lines; what waits can be interrupted, and what has ended can be begun again.
import { announce } from "../base/announce.js";
import { button, element } from "../base/element.js";
import { OutputMemory } from "./output-memory.js";
import { shown, withoutEnd } from "./prompt-block.js";
import { PromptField } from "./prompt-field.js";
import { PromptLines } from "./prompt-lines.js";
import { PromptMemory } from "./prompt-memory.js";
import { endWords, startWords } from "./program-words.js";
import { RunControl } from "./run-control.js";
import { ThreadList } from "./thread-list.js";

/** Its tab, and the name of its program in the room. */
export const PROMPT = "Python prompt";
/** What stands before its lines while nothing is known of them. */
const SIGNS = /** @type {[string, string]} */ ([">>> ", "... "]);
/** Most of what was typed that the others in the room see, in UTF-16 code units. */
const SHARED = 64 * 1024;

export class PromptPane {
  #output = /** @type {import("./output-log.js").OutputLog} */ (document.createElement("output-log"));
  #field;
  #threads = new ThreadList();
  #busy = element("p", { class: "prompt-doing" });
  #note = element("p", { class: "prompt-note soft", hidden: true });
  #interrupt = button("Ctrl-C", () => this.#interrupted(), { class: "button", title: "Interrupts what runs or waits: KeyboardInterrupt" });
  #stop = button("Stop", () => void this.end(), { class: "button", title: "Ends the prompt and closes its sockets (Ctrl+.)" });
  #again = button("Start again", () => void this.start(), { class: "button" });
  #ended = element("p", { class: "prompt-ended soft" });
  #memory;
  #host;
  #files;
  #signs = SIGNS;
  /** Lines typed so far. */
  #count = 0;
  /** All of them, for those who watch. */
  #typed = "";
  /** Blocks on their way: one that was given up is forgotten. */
  #entered = 0;
  /** It is to run. */
  #wanted = false;
  /** A program asks for a line by itself. */
  #asked = false;
  #leaving = new AbortController();
  #printed;
  control;
  node;
  lines;
  /** What it does is different now. */
  onchange = () => {};
  /** It is to be closed. */
  onclose = () => {};
  /** What was typed since it began. @type {(text: string) => void} */
  ontyped = () => {};

  /**
   * @param {{ room: import("../client/room.js").Room, host: string, files: () => { name: string, bytes: Uint8Array }[],
   *   changed: (change: import("../client/wireside.js").FolderChange) => void }} parts `files`: those of its machine, as they are when it begins
   */
  constructor({ room, host, files, changed }) {
    this.#host = host;
    this.#files = files;
    this.#memory = new PromptMemory(room.id, host);
    this.#printed = new OutputMemory(room.id, host, PROMPT);
    this.control = new RunControl({ room, host, file: PROMPT });
    this.control.onchange = () => this.#changed();
    this.control.onfolder = changed;
    this.control.onoutput = (text, stream) => this.#output.print(text, stream);
    this.lines = new PromptLines(this.#output.list);
    this.#output.label = `Python prompt on ${host}`;
    this.#field = new PromptField({
      history: () => this.#memory.blocks,
      complete: (before) => this.control.complete(before),
      enter: () => void this.#enter(),
      interrupt: () => this.#interrupted(),
      end: () => this.#endInput(),
    });
    const close = button("Close", () => this.onclose(), { class: "link prompt-close", "aria-label": "Close the Python prompt", title: "Ends it and closes this tab" });
    this.node = element(
      "div",
      { class: "program prompt", role: "group", "aria-label": `Python prompt on ${host}` },
      element("div", { class: "prompt-head mono" }, element("span", { class: "soft" }, "$ python"), this.#busy, this.#interrupt, this.#stop, close),
      this.#note,
      element("section", { class: "program-output" }, this.#output, ...this.#threads.nodes),
      element("div", { class: "prompt-foot" }, this.#field.node, this.#ended, this.#again),
    );
    this.node.addEventListener("keydown", (event) => this.#key(event));
    for (const { text, stream } of this.#printed.read()) this.#output.print(`${text}\n`, stream);
    addEventListener("pagehide", () => this.#printed.write(this.#output.kept, this.control.isRunning), { signal: this.#leaving.signal });
    this.#changed();
  }

  /** Whether there was one on this machine when the page was left. @param {string} room @param {string} host */
  static wasOpen(room, host) {
    return new PromptMemory(room, host).open;
  }

  /** Begins, unless it runs. */
  async start() {
    this.#wanted = true;
    if (this.control.isRunning) return;
    this.#memory.open = true;
    this.#count = 0;
    this.#typed = "";
    this.#signs = SIGNS;
    try {
      const { program, ended } = await this.control.run(null, { files: this.#files() });
      this.lines.belongTo(program);
      // It was ended while the room was being asked for it.
      if (!this.#wanted) void this.control.end();
      void ended.then((exit) => this.#over(exit));
    } catch (error) {
      this.#output.print(`${/** @type {Error} */ (error).message}\n`, "stderr");
      this.#changed();
    }
  }

  /** Ends it, as a closed terminal does; resolves when it has ended. */
  end() {
    this.#wanted = false;
    return this.control.end();
  }

  /** Its tab is closed: nothing is left of it but what was typed, for the arrow keys. */
  async close() {
    this.#memory.open = false;
    this.#leaving.abort();
    this.#printed.write([], false);
    this.node.remove();
    await this.end();
  }

  /** Puts a block there to be looked at, beside nothing that was typed. @param {string} block @param {string} note where it comes from */
  put(block, note) {
    // What stands there is not lost.
    this.#memory.add(this.#field.text);
    this.#field.set(block);
    this.#note.textContent = note;
    this.#note.hidden = false;
    this.#field.focus();
  }

  /** Says something that is not the program's. @param {string} words */
  say(words) {
    this.#output.print(`${words}\n`, "note");
  }

  focus() {
    if (this.#field.node.hidden) this.#again.focus();
    else this.#field.focus();
  }

  /** Whether somebody is at work in it. */
  get inUse() {
    return this.control.isRunning && (this.#field.text !== "" || this.node.contains(document.activeElement));
  }

  /** What it waits in, for the machine's head: at its own prompt it waits for nothing. */
  get doing() {
    const { doing } = this.control;
    return this.#atPrompt ? { state: "idle" } : doing;
  }

  get #atPrompt() {
    const { doing } = this.control;
    return doing.state === "input" && doing.prompt !== undefined;
  }

  /** Enter: a line for whoever asks, or a block that is complete, or the next line of one. */
  async #enter() {
    const entered = ++this.#entered;
    const { text } = this.#field;
    const { doing } = this.control;
    if (doing.state === "input" && !this.#atPrompt) return this.#answer(text);
    if (this.#field.isWithin) return this.#field.newLine();
    if (text.trim() === "") {
      if (this.#atPrompt) this.#output.print(shown("", this.#signs), "stdin");
      return this.#field.clear();
    }
    const more = await this.control.wantsMore(text);
    // It was given up or changed meanwhile, or there is nobody any more.
    if (more === null || entered !== this.#entered || text !== this.#field.text) return;
    if (more) this.#field.newLine();
    else this.#give(text);
  }

  /** @param {string} line for `input()` */
  #answer(line) {
    this.#output.print(`${line}\n`, "stdin");
    this.#send(line);
    this.#field.clear();
  }

  /** @param {string} text a block that is complete */
  #give(text) {
    const block = withoutEnd(text);
    this.#output.print(shown(text, this.#signs), "stdin", this.#count + 1);
    this.#count += block.split("\n").length;
    this.#memory.add(block);
    this.#typed = `${this.#typed}${block}\n`.slice(-SHARED);
    this.ontyped(this.#typed);
    this.#note.hidden = true;
    this.#send(block);
    this.#field.clear();
  }

  /** @param {string | null} line */
  #send(line) {
    try {
      this.control.input(line);
    } catch (error) {
      this.#output.print(`${/** @type {Error} */ (error).message}\n`, "note");
    }
  }

  /** Ctrl-D. */
  #endInput() {
    if (this.control.doing.state !== "input") return;
    this.#output.print(`${this.#atPrompt ? this.#signs[0] : ""}^D\n`, "stdin");
    this.#send(null);
  }

  /** Ctrl-C: what stands in the field is given up, or what runs is interrupted. */
  #interrupted() {
    this.#entered += 1;
    if (!this.control.isRunning) return;
    if (this.#atPrompt) {
      this.#output.print(shown(this.#field.text, this.#signs), "stdin");
      this.#field.clear();
    } else this.#output.print("^C\n", "stdin");
    this.control.interrupt();
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    if (!event.ctrlKey && !event.metaKey) return;
    // What is selected is copied, as everywhere.
    const interrupts = event.key === "c" && event.ctrlKey && getSelection()?.isCollapsed && event.target !== this.#field.node.querySelector("textarea");
    if (event.key === ".") void this.end();
    else if (interrupts) this.#interrupted();
    else return;
    event.preventDefault();
  }

  #changed() {
    const { doing, isRunning } = this.control;
    if (doing.state === "input" && doing.prompt) this.#signs = doing.prompt;
    const asked = doing.state === "input" && !this.#atPrompt;
    const lost = !isRunning && this.#field.node.contains(document.activeElement);
    const begun = isRunning && document.activeElement === this.#again;
    this.#field.node.hidden = !isRunning;
    this.#field.sign = asked ? ["", ""] : this.#signs;
    this.#field.label = asked ? `Input for the program on ${this.#host}` : `Python on ${this.#host}`;
    this.#interrupt.hidden = this.#stop.hidden = !isRunning;
    this.#again.hidden = this.#ended.hidden = isRunning;
    this.#ended.textContent = doing.state === "ended" ? `The prompt ${endWords(doing.exit)}; its sockets are closed.` : "The prompt does not run.";
    this.#busy.dataset.state = doing.state;
    this.#busy.textContent = asked ? "The program asks for a line." : words(doing);
    this.#output.placeholder = doing.state === "starting" ? startWords(doing) : "";
    const threads = ("threads" in doing ? doing.threads : null) ?? [];
    this.#threads.show(threads, "deadlock" in doing && doing.deadlock === true);
    if (asked && !this.#asked) announce(`The program on ${this.#host} asks for a line.`);
    this.#asked = asked;
    if (lost) this.#again.focus();
    if (begun) this.#field.focus();
    this.onchange();
  }

  /** @param {import("./run-control.js").Exit} exit */
  #over(exit) {
    this.#output.toEnd();
    announce(`The Python prompt on ${this.#host} ${endWords(exit)}.`);
  }
}

/** What it does, in a word; nothing at the prompt. @param {import("./run-control.js").Doing} doing */
function words(doing) {
  if (doing.state === "waiting") return `waits in ${doing.call}()`;
  return doing.state === "running" ? "runs" : "";
}
