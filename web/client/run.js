// A Python program on its way, as the page holds it: what it prints, what it waits for, input, and Stop.
import { PythonError } from "./errors.js";
import { PaneMemory } from "../py/pane-memory.js";
import { FOLDER_BYTES, FOLDER_FILES } from "../py/vocabulary.js";
import { sharesMemory, suspends, take } from "./python.js";

/** Longest script, in bytes: it is shown, kept and handed on in links. */
const SOURCE = 256 * 1024;
/** Input that was typed and not asked for yet, in bytes. */
const INPUT = 64 * 1024;
/** How long an interrupted program may take to end, in milliseconds. */
const GRACE_MS = 1000;
/** Output is handed on at most this often, in milliseconds. */
const OUTPUT_MS = 50;

const SIGINT = 130;
const SIGKILL = 137;

/** @typedef {{ status: "exited" | "error" | "stopped" | "terminated", code: number, error: any }} Exit */

/** @param {"stopped" | "terminated"} status @returns {Exit} */
const killed = (status) => ({ status, code: status === "stopped" ? SIGINT : SIGKILL, error: null });

export class Run {
  /** @type {any} */
  #state;
  /** @type {((state: any) => void) | null} */
  onchange = null;
  /** It has changed files. @type {((change: import("../py/folder.js").Change) => void) | null} */
  onfolder = null;
  /** @type {Promise<Exit>} */
  exit;
  /** @type {(exit: Exit) => void} */
  #settle = () => {};
  #over = false;
  /** How its main thread was stopped, while others had not ended. @type {Exit | null} */
  #ending = null;
  #port;
  #program;
  #interpreter;
  #memory;
  #source;
  /** Lines nobody has asked for yet; empty is the end of file. @type {Uint8Array[]} */
  #typed = [];
  /** Bytes of lines that the program has and has not read yet. */
  #ahead = 0;
  #begun = false;
  /** What the page wants to know of a prompt, and who waits for it. @type {{ n: number, text: string, sent: boolean, resolve: (answer: any) => void } | null} */
  #question = null;
  #questions = 0;
  /** Output that did not come through shared memory. @type {{ stream: number, bytes: Uint8Array }[]} */
  #pieces = [];
  /** @type {() => void} */
  #wake = () => {};
  /** Ends the reader's pause. @type {() => void} */
  #hurry = () => {};
  /** Who waits until everything is read. @type {(() => void)[]} */
  #catching = [];
  #decoders = [new TextDecoder(), new TextDecoder()];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #grace;

  /**
   * @param {{ port: import("./port.js").Port, program: import("./program.js").Program,
   *   interpreter: import("./python.js").Interpreter, source: string | null, args: string[],
   *   files: import("../py/folder.js").NamedBytes[] }} parts `source`: null for a prompt
   */
  constructor({ port, program, interpreter, source, args, files }) {
    this.#port = port;
    this.#program = program;
    this.#interpreter = interpreter;
    this.#source = { source, args, files };
    this.#memory = sharesMemory() ? new PaneMemory() : null;
    this.#state = starting(interpreter.progress);
    this.exit = new Promise((resolve) => {
      this.#settle = resolve;
    });
    interpreter.onprogress = (progress) => this.#state.state === "starting" && this.#change(starting(progress));
    interpreter.onnews = (news) => this.#hear(news);
    this.#begin();
  }

  get name() {
    return this.#program.name;
  }

  get host() {
    return this.#program.host;
  }

  /** Number of its program in the room. */
  get program() {
    return this.#program.id;
  }

  /** What it is doing. */
  get state() {
    return this.#state;
  }

  /** What it prints, for one reader. @returns {AsyncIterable<{ stream: "stdout" | "stderr", text: string }>} */
  get output() {
    return { [Symbol.asyncIterator]: () => this.#read() };
  }

  /** A line for `input()`, or null for the end of file. @param {string | null} line */
  input(line) {
    const bytes = new TextEncoder().encode(line === null ? "" : `${line}\n`);
    const waiting = this.#typed.reduce((sum, typed) => sum + typed.length, this.#ahead);
    if (waiting + bytes.length > INPUT) throw new RangeError(`at most ${INPUT} bytes of input may wait`);
    this.#typed.push(bytes);
    this.#feed();
  }

  /** Interrupts it, as Ctrl-C does; later ends it. @returns {Promise<Exit>} */
  stop() {
    if (this.#state.state === "starting") this.#finish(killed("stopped"));
    else if (!this.#over) {
      this.interrupt();
      this.#grace ??= setTimeout(() => this.#finish(this.#ending ?? killed("terminated")), GRACE_MS);
    }
    return this.exit;
  }

  /** Ctrl-C, and no more: what becomes of it is the program's affair. */
  interrupt() {
    if (this.#over || !this.#begun) return;
    this.#memory?.interrupt();
    this.#interpreter.tell({ do: "interrupt" });
    this.#port.tell({ do: "interrupt", program: this.program });
  }

  /** Ends it at once, as when its terminal is closed. @returns {Promise<Exit>} */
  end() {
    this.#finish(killed("terminated"));
    return this.exit;
  }

  /**
   * Asks a prompt something while it waits for a line: `{ more: block }`, `{ complete: before }`. Null where it cannot say, is
   * asked something else meanwhile, or ends. @param {object} question @returns {Promise<any>}
   */
  ask(question) {
    this.#answer(null);
    if (this.#over) return Promise.resolve(null);
    return new Promise((resolve) => {
      const n = ++this.#questions;
      this.#question = { n, text: JSON.stringify({ n, ...question }), sent: false, resolve };
      this.#feed();
    });
  }

  /** Resolves when everything that it has printed so far has been read. */
  async caughtUp() {
    if (this.#state.state === "ended") return;
    await new Promise((resolve) => {
      this.#catching.push(() => resolve(undefined));
      this.#hurry();
      this.#wake();
    });
  }

  /** @param {any} answer */
  #answer(answer) {
    const asked = this.#question;
    this.#question = null;
    asked?.resolve(answer);
  }

  async #begin() {
    try {
      await this.#interpreter.ready;
    } catch (error) {
      const { name, message } = /** @type {Error} */ (error);
      return this.#finish({ status: "error", code: 1, error: { type: name, message, line: null, errno: null, call: null } });
    }
    if (this.#over) return;
    const { port1, port2 } = new MessageChannel();
    const buffer = this.#memory?.buffer ?? null;
    this.#port.tell({ do: "pane", port: port1, program: this.program, buffer }, [port1]);
    const script = { name: this.name, hostname: this.host.name, ...this.#source };
    this.#interpreter.tell({ do: "run", ...script, port: port2, buffer }, [port2]);
    this.#begun = true;
    this.#feed();
  }

  /** @param {any} news */
  #hear(news) {
    if (this.#over) return;
    if (news.output) {
      if (news.output !== true) this.#pieces.push(news.output);
      this.#wake();
    } else if (news.read !== undefined) this.#ahead -= news.read;
    else if (news.folder) this.onfolder?.(news.folder);
    else if (news.answer) {
      // One to a question before this one is of no use any more.
      if (news.answer.n === this.#question?.n) this.#answer(news.answer.answer);
    }
    else if (news.state) {
      this.#change(news);
      this.#feed();
    } else if (news.ended) this.#finish(news.ended);
    else if (news.ending) this.#ending = news.ending.status === "stopped" ? news.ending : null;
    else if (news.failed) {
      this.#pieces.push({ stream: 2, bytes: new TextEncoder().encode(`Python itself has failed: ${news.failed}\n`) });
      this.#finish(killed("terminated"));
    }
  }

  /** Gives it what was typed: where it can wait for that beside other things at once, else when it waits for a line. */
  #feed() {
    this.#feedQuestion();
    if (suspends()) {
      if (!this.#begun) return;
      for (const bytes of this.#typed.splice(0)) {
        this.#ahead += bytes.length;
        this.#interpreter.tell({ do: "input", bytes });
      }
    } else if (this.#state.state === "input" && this.#typed.length > 0) {
      // Some text tells the end of file from an interruption.
      if (this.#memory?.answerAsked("input", this.#typed[0])) this.#typed.shift();
    }
  }

  /** Only who is at a prompt is asked: a question that comes late would be answered as if it were the next. */
  #feedQuestion() {
    const asked = this.#question;
    if (!asked || asked.sent || !this.#state.prompt) return;
    if (suspends()) {
      asked.sent = true;
      this.#interpreter.tell({ do: "ask", question: asked.text });
    } else asked.sent = this.#memory?.answerAsked("ask", new TextEncoder().encode(asked.text)) ?? false;
  }

  /** @param {Exit} exit */
  async #finish(exit) {
    if (this.#over) return;
    this.#over = true;
    this.#answer(null);
    clearTimeout(this.#grace);
    this.#interpreter.end();
    // As at a process's exit its descriptors are closed. Where the session is over that has happened already.
    await this.#program.exit().catch(() => {});
    this.#change({ state: "ended", exit });
    this.#settle(exit);
    this.#wake();
  }

  /** @param {any} state */
  #change(state) {
    this.#state = state;
    this.onchange?.(state);
  }

  async *#read() {
    for (;;) {
      const ended = this.#state.state === "ended";
      const news = new Promise((resolve) => {
        this.#wake = () => resolve(undefined);
      });
      const catching = this.#catching.splice(0);
      const pieces = this.#take();
      yield* pieces;
      for (const caughtUp of catching) caughtUp();
      if (ended) return;
      await news;
      if (pieces.length > 0 && !document.hidden && !this.#over && this.#catching.length === 0) await this.#pause();
    }
  }

  #pause() {
    return new Promise((resolve) => {
      this.#hurry = () => resolve(undefined);
      setTimeout(resolve, OUTPUT_MS);
    });
  }

  /** All output that is here, joined by stream. */
  #take() {
    const pieces = [...(this.#memory?.readOutput() ?? []), ...this.#pieces.splice(0)];
    if (!this.#memory) this.#interpreter.tell({ do: "taken", bytes: pieces.reduce((sum, { bytes }) => sum + bytes.length, 0) });
    /** @type {{ stream: "stdout" | "stderr", text: string }[]} */
    const joined = [];
    for (const { stream, bytes } of pieces) {
      const name = stream === 1 ? "stdout" : "stderr";
      const text = this.#decoders[stream - 1].decode(bytes, { stream: true });
      const last = joined.at(-1);
      if (last?.stream === name) last.text += text;
      else joined.push({ stream: name, text });
    }
    return joined.filter(({ text }) => text !== "");
  }
}

/** @param {import("./python.js").Progress} progress */
function starting({ loaded, total }) {
  return { state: "starting", loaded, total };
}

/**
 * Runs a script as a program of a room; without one, a prompt where it is typed.
 * @param {import("./port.js").Port} port
 * @param {() => Promise<import("./program.js").Program>} open makes the program
 * @param {string | null} source
 * @param {{ args?: string[], files?: import("../py/folder.js").NamedBytes[], signal?: AbortSignal }} options
 */
export async function run(port, open, source, { args = [], files = [], signal }) {
  signal?.throwIfAborted();
  const length = new TextEncoder().encode(source ?? "").length;
  if (length > SOURCE) {
    throw new PythonError("source", `This script has ${length} bytes; at most ${SOURCE} (256 KiB) can be run here.`);
  }
  const bytes = files.reduce((sum, file) => sum + file.bytes.length, 0);
  if (files.length > FOLDER_FILES || bytes > FOLDER_BYTES) {
    throw new PythonError("files", `These are ${files.length} files of ${bytes} bytes; a program has at most ${FOLDER_FILES} of ${FOLDER_BYTES} (8 MiB) together.`);
  }
  if (files.some(({ name }) => !isFileName(name))) throw new PythonError("files", "One of these files has a name that a file cannot have.");
  const interpreter = await take();
  let program;
  try {
    program = await open();
  } catch (error) {
    interpreter.end();
    throw error;
  }
  const started = new Run({ port, program, interpreter, source, args: args.map(String), files });
  signal?.addEventListener("abort", () => started.stop(), { once: true });
  if (signal?.aborted) started.stop();
  return started;
}

/** @param {string} name */
function isFileName(name) {
  return typeof name === "string" && name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name);
}
