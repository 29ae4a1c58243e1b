// The Python prompt of one machine: a program like others whose lines are typed. Above what was typed and printed, below the field
// for the next lines; what waits can be interrupted, and what has ended can be begun again.
import { announce } from "../base/announce.js";
import { button, element } from "../base/element.js";
import { OutputMemory } from "./output-memory.js";
import { indentAt, shown, withoutEnd } from "./prompt-block.js";
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
const NO_SIGNS = /** @type {[string, string]} */ (["", ""]);
/** What takes longer is said to be under way. Milliseconds. */
const LASTS_MS = 200;
/** Most of what was typed that the others in the room see, in UTF-16 code units. */
const SHARED = 64 * 1024;

export class PromptPane {
  #output = /** @type {import("./output-log.js").OutputLog} */ (document.createElement("output-log"));
  #field;
  #threads = new ThreadList();
  #note = element("p", { class: "prompt-note soft", hidden: true });
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
  #pending = false;
  /** Tab was pressed behind it. */
  #tabbed = false;
  /** It is to run. */
  #wanted = false;
  /** A program asks for a line by itself. */
  #asked = false;
  #leaving = new AbortController();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #late;
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
      complete: (before) => this.#complete(before),
      enter: () => void this.#enter(),
      interrupt: () => this.#interrupted(),
      end: () => this.#endInput(),
    });
    const close = button("Close", () => this.onclose(), { class: "link", "aria-label": "Close the Python prompt", title: "Ends it and closes this tab" });
    this.node = element(
      "div",
      { class: "program prompt", role: "group", "aria-label": `Python prompt on ${host}` },
      element("div", { class: "prompt-head mono" }, element("span", { class: "soft" }, "$ python"), this.#stop, close),
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
      this.#threads.belongTo(program);
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
    return this.#field.text !== "" || this.node.contains(document.activeElement);
  }

  /** What it waits in, for the machine's head: at its own prompt it waits for nothing. @returns {import("./run-control.js").Doing} */
  get doing() {
    return this.#atPrompt ? { state: "idle" } : this.control.doing;
  }

  get #atPrompt() {
    const { doing } = this.control;
    return doing.state === "input" && doing.prompt !== undefined;
  }

  /** Enter: a line for whoever asks, or a block that may be complete. What is typed while that is being asked waits behind it. */
  async #enter() {
    const { doing } = this.control;
    if (doing.state === "input" && !this.#atPrompt) return this.#answer();
    if (this.#pending) return this.#field.newLine({ indented: false });
    if (this.#field.isWithin) return this.#field.newLine();
    const entered = ++this.#entered;
    this.#pending = true;
    for (let text = /** @type {string | null} */ (this.#field.text); text !== null; ) text = await this.#enterBlock(text, entered);
    if (entered !== this.#entered) return;
    this.#pending = false;
    if (this.#tabbed) this.#field.complete();
    this.#tabbed = false;
  }

  /** How a word can go on. One question at a time: a block that is on its way comes first. @param {string} before */
  async #complete(before) {
    this.#tabbed = this.#pending;
    return this.#pending ? null : this.control.complete(before);
  }

  /**
   * Hands a block over, or begins its next line. The next block, where Enter was pressed meanwhile.
   * @param {string} text @param {number} entered @returns {Promise<string | null>}
   */
  async #enterBlock(text, entered) {
    const more = text.trim() === "" ? false : await this.control.wantsMore(text);
    // What came of the block before stands before this one.
    await this.control.caughtUp();
    // It was given up or changed meanwhile, or there is nobody any more.
    if (more === null || entered !== this.#entered || !this.#field.text.startsWith(text)) return null;
    const [line, ...rest] = this.#field.text.slice(text.length).split("\n");
    const block = more ? `${text}\n${indentAt(text, text.length)}${line}` : line;
    if (!more) this.#give(text);
    // The Enter behind it is done.
    this.#field.set(block + rest.join("\n"));
    return rest.length > 0 ? block : null;
  }

  /** What stands in the field is for `input()`. */
  async #answer() {
    this.#giveUp();
    const line = this.#field.takeLine();
    await this.control.caughtUp();
    this.#output.print(`${line}\n`, "stdin");
    this.#send(line);
  }

  /** The block that was on its way is none. */
  #giveUp() {
    this.#entered += 1;
    this.#pending = this.#tabbed = false;
  }

  /** @param {string} text a block that is complete */
  #give(text) {
    const block = withoutEnd(text);
    if (block.trim() === "") {
      if (this.#atPrompt) this.#output.print(shown("", this.#signs), "stdin");
      return;
    }
    this.#output.print(shown(block, this.#signs), "stdin", this.#count + 1);
    // The empty line that ended it is none of its own.
    if (text !== block) this.#output.print(shown("", [this.#signs[1], ""]), "stdin");
    this.#count += block.split("\n").length;
    this.#memory.add(block);
    this.#typed = `${this.#typed}${block}\n`.slice(-SHARED);
    this.ontyped(this.#typed);
    this.#note.hidden = true;
    this.#field.clear();
    this.#send(block);
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
    const ahead = this.#pending && !this.#atPrompt;
    this.#giveUp();
    if (!this.control.isRunning) return;
    // As in a terminal, what was typed ahead is gone.
    if (ahead) this.#field.clear();
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
    if (asked) this.#field.sign = NO_SIGNS;
    else if (this.#atPrompt) this.#field.sign = this.#signs;
    if (asked || this.#atPrompt) this.#field.busy = asked ? "a line for the program" : "";
    this.#field.label = asked ? `Input for the program on ${this.#host}` : `Python on ${this.#host}`;
    this.#stop.hidden = !isRunning;
    this.#again.hidden = this.#ended.hidden = isRunning;
    this.#ended.textContent = doing.state === "ended" ? `It ${endWords(doing.exit)}; its sockets are closed.` : "It does not run.";
    this.#showBusy(asked ? "" : words(doing));
    this.#output.placeholder = doing.state === "starting" ? startWords(doing) : "";
    const threads = ("threads" in doing ? doing.threads : null) ?? [];
    this.#threads.show(threads, "deadlock" in doing && doing.deadlock === true);
    if (asked && !this.#asked) announce(`The program on ${this.#host} asks for a line.`);
    this.#asked = asked;
    if (lost) this.#again.focus();
    if (begun) this.#field.focus();
    this.onchange();
  }

  /** Says what it does, where that lasts: quick lines do not flicker. As in a terminal nothing stands before a line meanwhile. @param {string} words */
  #showBusy(words) {
    clearTimeout(this.#late);
    if (words === "") return;
    this.#late = setTimeout(() => {
      this.#field.sign = NO_SIGNS;
      this.#field.busy = words;
      announce(`The Python prompt on ${this.#host} ${words}.`);
    }, LASTS_MS);
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
