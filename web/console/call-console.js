// The "By hand" tab of a machine: lines in Python's spelling become real calls of a program on it. The wasm Console
// thinks; this element makes the calls and shows what comes of them. On machines of other people it only listens.
import init, { Console } from "../client/web.js";
import { CallButtons } from "./call-buttons.js";
import { cancel, ended, makeCall } from "./caller.js";
import { EntryLines } from "./entry-lines.js";
import { EntryView } from "./entry-view.js";
import { LogEnd } from "./log-end.js";
import { PromptLine } from "./prompt-line.js";
import { ConsoleMemory } from "./memory.js";
import { roomSocketsOf } from "../base/room-sockets.js";
import { announce } from "../base/announce.js";
import { element } from "../base/element.js";

/** Name of the console's program. */
const PROGRAM = "By hand";
/** Entries that the console in Rust keeps, but for those that wait (`HISTORY` in crates/web/src/console/interpreter.rs). */
const HISTORY = 200;
/** How often a running number changes. */
const TICK_MS = 100;
/** How often what a call waits for is looked at again. */
const LOOK_MS = 1000;
/** A waiting call is said again after these times. */
const SAID_AFTER_MS = [10_000, 60_000];
/** How long a reset waits for calls that were cancelled. */
const RESET_MS = 5000;

/** @typedef {import("../client/web.js").ShownEntry} ShownEntry */

export class CallConsole extends HTMLElement {
  /** @type {import("../client/wireside.js").Room} */
  #room;
  /** @type {import("../client/wireside.js").Host} */
  #host;
  /** @type {import("../client/web.js").View | undefined} */
  #view;
  #readOnly = false;
  /** @type {Console | null} */
  #console = null;
  /** @type {Promise<import("../client/wireside.js").Program> | null} */
  #program = null;
  /** @type {ConsoleMemory | null} */
  #memory = null;
  /** @type {Promise<void>} */
  #ready = Promise.resolve();
  /** @type {Map<number, EntryView>} */
  #entries = new Map();
  /** @type {Map<number, AbortController>} */
  #calls = new Map();
  /** Calls from before a reload, by the entry that waits for them. @type {Map<number, import("../client/wireside.js").Room["waiting"][number]>} */
  #inherited = new Map();
  /** Told when an entry ends. @type {Map<number, (shown: ShownEntry) => void>} */
  #ends = new Map();
  /** Entries whose calls are being made, until they have ended. @type {Map<number, Promise<void>>} */
  #following = new Map();
  /** What was pasted, from the line of an entry on that could not be read. @type {Map<number, string>} */
  #rests = new Map();
  /** @type {string | null} */
  #next = null;
  /** @type {CallButtons | null} */
  #buttons = null;
  /** @type {PromptLine | null} */
  #prompt = null;
  #list = element("ol", { class: "cc-list" });
  /** Links with what its lines did. */
  lines = new EntryLines(this.#list);
  #empty = element("p", { class: "cc-empty" });
  /** What else there is for Python. */
  #any = element("span", {});
  #log = element("div", { class: "cc-log", role: "log", tabindex: "0" }, this.#empty, this.#list);
  #end = new LogEnd(this.#log);
  #history = element("div", { class: "cc-history" }, this.#log, this.#end.button);
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;
  #looked = 0;
  #listening = new AbortController();

  /**
   * Begins. `readOnly` is for machines that this page does not control: their calls are shown as the trace tells them.
   * @param {{ room: import("../client/room.js").Room, host: import("../client/wireside.js").Host, view?: import("../client/web.js").View, readOnly?: boolean }} parts
   */
  attach({ room, host, view, readOnly = false }) {
    this.#room = room;
    this.#host = host;
    this.#view = view;
    this.#readOnly = readOnly;
    this.#log.setAttribute("aria-label", `Calls on ${host.name}`);
    this.#empty.textContent = readOnly
      ? `What is called by hand on ${host.name} appears here.`
      : "Each line is one real call on this machine. Press a button, or type it as in Python.";
    this.#empty.append(this.#any);
    this.#ready = this.#begin();
    this.#ready.catch((error) => this.#broken(error));
  }

  disconnectedCallback() {
    clearInterval(this.#ticking);
    this.#ticking = undefined;
  }

  /** Nobody looks at it any more. */
  leave() {
    this.#listening.abort();
    clearInterval(this.#ticking);
  }

  connectedCallback() {
    this.#tickWhileWaiting();
  }

  /**
   * Makes the lesson's next line the one filled button. False where this console cannot take it.
   * @param {string | null} line
   */
  suggest(line) {
    if (this.#readOnly) return false;
    this.#next = line;
    if (this.#console) this.#drawButtons();
    return true;
  }

  /**
   * Runs a line as if it had been typed. Resolves when it has ended well, rejects when it failed.
   * @param {string} line
   * @returns {Promise<ShownEntry>}
   */
  async run(line) {
    if (this.#readOnly) throw new Error("this machine is not yours");
    await this.#ready;
    const shown = await this.#submit(line);
    if (shown.state === "failed") throw new Error(shown.error?.python || shown.error?.sentence || "the call failed");
    return shown;
  }

  /** Whether its machine has a Python prompt, for lines that are no calls. @param {boolean} has */
  offerPrompt(has) {
    this.toggleAttribute("data-prompt", has);
    if (has && !this.#readOnly) this.#any.textContent = " The Python prompt (+) takes any Python.";
  }

  /** Puts a line into the prompt, to be changed or sent. @param {string} line */
  fill(line) {
    this.#prompt?.fill(line, true);
  }

  /** The same as {@link run}. @param {string} line */
  doLine(line) {
    return this.run(line);
  }

  /** Whether somebody is at work here: something half-typed, the caret or a key's focus, or a call that waits. */
  get inUse() {
    const focused = document.activeElement;
    // A button that was pressed with the pointer has the focus as well, and nobody is at it any more.
    const here = focused !== null && this.contains(focused) && focused.matches(":focus-visible");
    return here || this.#prompt?.isTyped === true || this.#waiting.length > 0;
  }

  /** The names of open sockets. @returns {{ name: string, fd: number }[]} */
  variables() {
    return this.#readOnly ? [] : (this.#console?.sockets() ?? []);
  }

  /**
   * Begins anew, with real calls: what waits is cancelled, what is open is closed, and the names are forgotten. The history
   * stays. Resolves with whether that is done, after some seconds at the latest.
   * @returns {Promise<boolean>}
   */
  async reset() {
    if (this.#readOnly) throw new Error("this machine is not yours");
    await this.#ready;
    const late = new Promise((resolve) => setTimeout(resolve, RESET_MS));
    await Promise.race([this.#closeAll(), late]);
    const done = this.#waiting.length === 0 && this.variables().length === 0;
    if (done) this.#console?.forget();
    this.#save();
    this.#drawButtons();
    return done;
  }

  async #closeAll() {
    for (const entry of this.#waiting) this.#cancelEntry(entry.id);
    await Promise.all(this.#following.values());
    // One socket may have several names.
    for (let open = this.variables(); open.length > 0; ) {
      const shown = await this.#submit(`${open[0].name}.close()`, { aside: true });
      const left = this.variables();
      // What cannot be closed is not tried again.
      if (shown.state === "failed" || left.length >= open.length) return;
      open = left;
    }
  }

  get #waiting() {
    return [...this.#entries.values()].filter((entry) => entry.waits);
  }

  async #begin() {
    // Does nothing when the page's other parts have loaded the client already.
    await init();
    this.#console = new Console(this.#host.name);
    if (this.#readOnly) {
      this.replaceChildren(element("div", { class: "cc-frame" }, this.#history));
      this.#listen();
      return;
    }
    this.#memory = new ConsoleMemory(this.#room.id, this.#host.name);
    this.#draw();
    await this.#comeBack();
    this.#drawButtons();
  }

  #draw() {
    const machine = this.#host.name;
    this.#buttons = new CallButtons({
      machine,
      onrun: (line) => void this.#submit(line),
      onedit: (line) => this.#prompt?.fill(line, true),
      every: () => this.#console?.everyCall() ?? [],
    });
    this.#prompt = new PromptLine({
      machine,
      history: () => this.#console?.lines() ?? [],
      onsubmit: (line) => this.#typed(line),
      onpaste: (text) => void this.#pasted(text),
      oninterrupt: () => this.#interrupt(),
    });
    const [row, all] = this.#buttons.nodes;
    this.replaceChildren(
      element("div", { class: "cc-frame" }, this.#history, element("div", { class: "cc-foot" }, row, this.#prompt.node, all)),
    );
  }

  /** After a reload the program, its descriptors and its waiting calls are still there. */
  async #comeBack() {
    const console = /** @type {Console} */ (this.#console);
    const room = this.#room;
    const before = room.programs.some(
      (one) => one.host === this.#host.id && one.name === PROGRAM && one.by === room.me.id,
    );
    if (!before) return;
    const program = await this.#open();
    const waiting = room.waiting.filter((one) => one.program === program.id);
    const saved = this.#memory?.read();
    const entries = console.restore(
      saved?.console ?? "",
      Int32Array.from(program.sockets, ({ fd }) => fd),
      waiting.map(({ call }) => call),
    );
    for (const shown of console.history()) this.#show(shown, saved?.since[shown.id]);
    entries.forEach((entry, at) => {
      this.#inherited.set(entry, waiting[at]);
      this.#attend(entry, ended(waiting[at].result));
    });
    this.#end.follow();
    this.#tickWhileWaiting();
  }

  #open() {
    this.#program ??= this.#room.program(this.#host.name, { name: PROGRAM, lifetime: "member" });
    this.#program?.then(
      ({ id }) => this.lines.belongTo(id),
      () => (this.#program = null),
    );
    return this.#program;
  }

  /** @param {string} line */
  async #typed(line) {
    if (Console.statements(line).length > 1) {
      this.#prompt?.clear();
      return this.#pasted(line);
    }
    const ending = this.#submit(line);
    const [entry] = [...this.#entries.values()].slice(-1);
    const shown = this.#console?.entry(entry.id);
    if (shown?.column !== null && shown?.column !== undefined) {
      const indent = line.length - line.trimStart().length;
      this.#prompt?.point(shown.column + indent);
    } else this.#prompt?.clear();
    await ending;
  }

  /** Several lines: one after the other, until one fails. @param {string} text */
  async #pasted(text) {
    const lines = text.split("\n");
    for (const [at, line] of lines.entries()) {
      for (const statement of Console.statements(line)) {
        const shown = await this.#submit(statement, { rest: lines.slice(at).join("\n").trimEnd() });
        if (shown.state === "failed") return;
      }
    }
  }

  /**
   * Takes a line and carries it out. Resolves with its entry once it has ended.
   * @param {string} line
   * @param {{ aside?: boolean, rest?: string }} [options] `aside`: it is not brought to the front; `rest`: what was pasted with it
   * @returns {Promise<ShownEntry>}
   */
  #submit(line, { aside = false, rest } = {}) {
    const console = /** @type {Console} */ (this.#console);
    const asked = console.submit(line);
    if (rest !== undefined && !asked.request) this.#rests.set(asked.entry, rest);
    const shown = console.entry(asked.entry);
    this.#show(shown, Date.now());
    this.#end.follow();
    if (!aside) this.#tell("wireside-line", { line: shown.line, entry: asked.entry });
    if (!asked.request) {
      this.#settled(asked.entry);
      return Promise.resolve(console.entry(asked.entry));
    }
    const ending = new Promise((resolve) => this.#ends.set(asked.entry, resolve));
    this.#save();
    this.#drawButtons();
    this.#tickWhileWaiting();
    this.#attend(asked.entry, this.#make(asked.entry, asked.request));
    return /** @type {Promise<ShownEntry>} */ (ending);
  }

  /** @param {number} entry @param {import("../client/web.js").CallAndWait} request @returns {Promise<import("./caller.js").End>} */
  async #make(entry, request) {
    const controller = new AbortController();
    this.#calls.set(entry, controller);
    const payload = this.#console?.payload(entry) ?? new Uint8Array();
    try {
      const program = await this.#open();
      return await makeCall(program, request, entry, payload, controller.signal);
    } catch (error) {
      return ended(Promise.reject(error));
    } finally {
      this.#calls.delete(entry);
    }
  }

  /** @param {number} entry @param {Promise<import("./caller.js").End>} end */
  #attend(entry, end) {
    const following = this.#follow(entry, end).finally(() => this.#following.delete(entry));
    this.#following.set(entry, following);
  }

  /** Goes from one call of an entry to its next. @param {number} entry @param {Promise<import("./caller.js").End>} end */
  async #follow(entry, end) {
    const console = /** @type {Console} */ (this.#console);
    for (;;) {
      const now = await end;
      const asked = this.#tellConsole(console, entry, now);
      this.#update(entry);
      if (!asked?.request) break;
      end = this.#make(asked.entry, asked.request);
    }
    this.#settled(entry);
  }

  /** @param {Console} console @param {number} entry @param {import("./caller.js").End} end */
  #tellConsole(console, entry, end) {
    if ("error" in end) {
      this.#lookAround();
      return console.failed(entry, end.error);
    }
    if ("lost" in end) {
      console.lost(entry, end.lost);
      return null;
    }
    return console.ended(entry, end.value, end.bytes);
  }

  /** @param {number} entry */
  #settled(entry) {
    this.#update(entry);
    this.#save();
    this.#drawButtons();
    const shown = /** @type {Console} */ (this.#console).entry(entry);
    this.#ends.get(entry)?.(shown);
    this.#ends.delete(entry);
    this.#tell("wireside-line-ended", { line: shown.line, entry, state: shown.state });
  }

  /** @param {number} entry */
  #cancelEntry(entry) {
    const controller = this.#calls.get(entry);
    if (controller) return cancel(controller);
    // A call from before the reload has no controller: the client knows it by its number.
    this.#inherited.get(entry)?.cancel?.();
  }

  /** Cancels the newest call that waits. */
  #interrupt() {
    const newest = this.#waiting.at(-1);
    if (newest) this.#cancelEntry(newest.id);
    return newest !== undefined;
  }

  /** @param {ShownEntry} shown @param {number} [since] */
  #show(shown, since = Date.now()) {
    const oncancel = this.#readOnly ? null : () => this.#cancelEntry(shown.id);
    const onprogram = this.#readOnly ? null : () => this.#tell("wireside-program", { source: this.#programOf(shown) });
    const onprompt = this.#readOnly ? null : () => this.#tell("wireside-prompt", { source: this.#rests.get(shown.id) ?? shown.line });
    const view = new EntryView(shown, { since, oncancel, onprogram, onprompt });
    this.#entries.set(shown.id, view);
    this.#list.append(view.node);
    this.#empty.hidden = true;
    this.#evict();
  }

  /** A program of what was done here so far, and of a line that cannot be done here. @param {ShownEntry} last */
  #programOf(last) {
    /** @type {ShownEntry[]} */
    const history = this.#console?.history() ?? [];
    // poll() and ping() are this prompt's own.
    const python = (/** @type {ShownEntry} */ { id, state, by, line }) => id < last.id && state === "done" && !by && !/^(poll|ping)\(|= *(poll|ping)\(/.test(line);
    const lines = history.filter(python).map(({ line }) => line);
    return ["import socket", "", ...lines, this.#rests.get(last.id) ?? last.line, ""].join("\n");
  }

  /** The wasm Console keeps a bounded history; what it evicted is not shown either. */
  #evict() {
    // Oldest first, and one asked for at a time: all of it at each call would take longer than the calls.
    for (const [id, view] of this.#entries) {
      if (this.#entries.size <= HISTORY) return;
      if (this.#console?.entry(id)) continue;
      view.node.remove();
      this.#entries.delete(id);
      this.#rests.delete(id);
    }
  }

  /** @param {number} entry */
  #update(entry) {
    const shown = this.#console?.entry(entry);
    if (shown) this.#entries.get(entry)?.update(shown);
    this.#end.grown();
  }

  #drawButtons() {
    this.#buttons?.show(this.#console?.suggestions() ?? [], this.#next);
  }

  #save() {
    this.#memory?.keep(() => {
      const waiting = this.#waiting;
      return { console: this.#console?.save() ?? "", since: Object.fromEntries(waiting.map(({ id, since }) => [id, since])) };
    });
  }

  // Waiting

  #tickWhileWaiting() {
    if (this.#ticking !== undefined || !this.isConnected) return;
    this.#ticking = setInterval(() => this.#tick(), TICK_MS);
  }

  #tick() {
    const waiting = this.#waiting;
    if (waiting.length === 0 || this.#room.connection === "over") {
      clearInterval(this.#ticking);
      this.#ticking = undefined;
      return;
    }
    const now = Date.now();
    if (now - this.#looked > LOOK_MS) {
      this.#looked = now;
      this.#lookAround();
      for (const entry of waiting) {
        const shown = this.#console?.entry(entry.id);
        if (shown?.waiting) entry.updateWaiting(shown);
      }
    }
    for (const entry of waiting) {
      const before = now - entry.since - TICK_MS;
      const elapsed = entry.tick(now);
      if (SAID_AFTER_MS.some((after) => before < after && elapsed >= after)) {
        announce(`${entry.line} on ${this.#host.name} has been waiting ${Math.round(elapsed / 1000)} seconds.`);
      }
    }
    this.#end.grown();
  }

  /** Tells the console what the view knows of the sockets in the room, so that its sentences can be exact. */
  #lookAround() {
    if (!this.#view) return;
    this.#console?.roomSockets(roomSocketsOf({ room: this.#room, view: this.#view, host: this.#host }));
  }

  // Other people's machines

  async #listen() {
    const console = /** @type {Console} */ (this.#console);
    const beginnings = new Set();
    for await (const event of this.#room.trace({ signal: this.#listening.signal })) {
      if (event.kind !== "call") continue;
      if (event.phase === "begin" && event.host !== this.#host.name) continue;
      if (event.phase === "end" && !beginnings.delete(event.id)) continue;
      if (event.phase === "begin") beginnings.add(event.id);
      const entry = this.#view?.observe(console, event.seq);
      if (entry === undefined) continue;
      if (this.#entries.has(entry)) this.#update(entry);
      else this.#show(console.entry(entry));
      this.#end.grown();
      this.#tickWhileWaiting();
    }
  }

  /** @param {string} name @param {object} detail */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { bubbles: true, detail: { host: this.#host.name, ...detail } }));
  }

  /** @param {unknown} error */
  #broken(error) {
    this.#empty.hidden = false;
    this.#empty.textContent = `Calls by hand do not work now: ${error instanceof Error ? error.message : error}`;
    if (!this.#log.isConnected) this.replaceChildren(this.#history);
  }
}

customElements.define("call-console", CallConsole);
