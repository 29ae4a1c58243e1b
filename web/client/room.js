// A room as this page is in it: people, machines, programs, the wire and the trace.
import * as args from "./arguments.js";
import { callError } from "./errors.js";
import { Program, nameOf } from "./program.js";
import { WIRE_DELAY_MS } from "../py/vocabulary.js";
import { run } from "./run.js";

/** Events fetched at once while reading the trace. */
const BATCH = 256;

/** @typedef {Extract<import("./web.js").News, { type: "begun" }>} Begun how a session begins */

export class Room {
  #port;
  #origin;
  #key;
  /** @type {import("./web.js").RoomNews} */
  #now;
  /** @type {import("./web.js").SessionNews} */
  #session;
  /** Told of it: each event has its own detail. @type {Map<string, Set<(detail: any) => void>>} */
  #listeners = new Map();
  /** Programs of an earlier page that nobody has asked for yet. @type {import("./web.js").ProgramNews[]} */
  #inherited = [];
  /** The `seq` after the newest event. */
  #next = 0;
  /** @type {(() => void)[]} */
  #awaitingEvents = [];
  /** @type {Error | null} */
  #over = null;
  /** @type {"open" | "lost" | "away" | "over"} */
  #state = "open";

  /**
   * @param {import("./port.js").Port} port
   * @param {{ origin: string, key: string, begun: Begun }} entry
   */
  constructor(port, { origin, key, begun }) {
    this.#port = port;
    this.#origin = origin;
    this.#key = key;
    this.#begin(begun);
    this.wire = new Wire(port, () => this.#now.wire);
    port.onnews = (news) => this.#hear(news);
  }

  /** The room's id, as in its address. @returns {string} */
  get id() {
    return this.#session.room;
  }

  /** The key this page came with, base64url. */
  get key() {
    return this.#key;
  }

  /** Goes on with this session after a reload: keep it in sessionStorage. @returns {string} */
  get token() {
    return args.secretText(this.#session.token);
  }

  /** Whether this page goes on with the session of an earlier one. @returns {boolean} */
  get reattached() {
    return this.#reattached;
  }
  #reattached = false;

  /** Addresses to hand on; null where this role may not. @returns {{ join: string | null, watch: string | null }} */
  get links() {
    const link = (/** @type {number[] | null} */ key) => key && `${this.#origin}/r/${this.id}#${args.secretText(key)}`;
    return { join: link(this.#session.join), watch: link(this.#session.watch) };
  }

  /** Who this page is. */
  get me() {
    const { member: id, role } = this.#session;
    return this.members.find((member) => member.id === id) ?? { id, role, name: "", host: null };
  }

  /** The people. @returns {import("./wireside.js").Member[]} */
  get members() {
    return this.#now.members;
  }

  /** The machines. @returns {import("./wireside.js").Host[]} */
  get hosts() {
    return this.#now.hosts;
  }

  /** All programs of the room. @returns {import("./wireside.js").ProgramInfo[]} */
  get programs() {
    return this.#now.programs;
  }

  /** What this server can do. */
  get features() {
    return this.#session.features;
  }

  /** Whether calls go through now. @returns {"open" | "lost" | "away" | "over"} */
  get connection() {
    return this.#state;
  }

  /** Everything of the room now, plain, as the wasm `View.seed` takes it; `now` in nanoseconds since the room began. */
  get snapshot() {
    return { ...this.#now, now: this.#session.now, oldest: this.#session.oldest };
  }

  /** This person's calls from before a reload that still wait, each with its result to come. */
  get waiting() {
    return this.#waiting;
  }
  /** @type {import("./wireside.js").Room["waiting"]} */
  #waiting = [];

  /**
   * A program on a machine: a descriptor table of its own. After a reload, the one with that name goes on.
   * @param {string | number} host name or number
   * @param {{ name?: string, lifetime?: "member" | "page", signal?: AbortSignal }} [options]
   */
  async program(host, { name = "By hand", lifetime = "member", signal } = {}) {
    const machine = this.#host(host);
    const before = lifetime === "member" ? this.#inherit(machine, name) : null;
    if (before) return before;
    const request = { do: "openProgram", host: machine.id, name: String(name), lifetime: lifetime === "page" ? "Page" : "Member" };
    const { ok } = await this.#port.ask("program", request, signal);
    return new Program(this.#port, { id: ok, name, host: machine });
  }

  /** @param {import("./wireside.js").Host} machine @param {string} name */
  #inherit(machine, name) {
    const at = this.#inherited.findIndex((one) => one.host === machine.id && one.name === name);
    if (at < 0) return null;
    const [info] = this.#inherited.splice(at, 1);
    const program = new Program(this.#port, { id: info.id, name, host: machine });
    for (const [of, fd] of this.#session.descriptors) if (of === info.id) program.adopt(fd);
    return program;
  }

  /** @param {string | number} host */
  #host(host) {
    const machine = this.hosts.find(({ id, name, aliases }) => id === host || name === host || aliases.includes(String(host)));
    if (!machine) throw new RangeError(`there is no machine ${String(host)} in this room`);
    return machine;
  }

  /**
   * The trace from the oldest kept event, then live, as the records that JSON exports have. Ends with the session.
   * @param {{ from?: number, signal?: AbortSignal }} [options]
   */
  async *trace({ from = 0, signal } = {}) {
    const stopped = new Promise((resolve) => signal?.addEventListener("abort", () => resolve(undefined), { once: true }));
    let next = from;
    while (!signal?.aborted) {
      const { ok } = await this.#port.ask("trace", { do: "records", from: next, most: BATCH });
      const [after, records] = ok;
      yield* records;
      next = after;
      if (records.length === 0) {
        if (this.#over) return;
        if (this.#next <= next) await Promise.race([this.#moreEvents(), stopped]);
      }
    }
  }

  #moreEvents() {
    return new Promise((resolve) => this.#awaitingEvents.push(() => resolve(undefined)));
  }

  /**
   * Listens. `change`: people, machines, programs or the wire. `connection`: `{ state, leftMs }`. `notice`:
   * `{ kind, leftMs, count }`. `trace`: events in the wire format, as bytes for the wasm `View.push`, from the
   * oldest kept; some may come twice.
   * @template {keyof import("./wireside.js").RoomEvents} Name
   * @param {Name} what
   * @param {(detail: import("./wireside.js").RoomEvents[Name]) => void} listener
   * @returns {() => void} stops listening
   */
  on(what, listener) {
    if (!["change", "connection", "notice", "trace"].includes(what)) throw new TypeError(`a room has no event ${what}`);
    const listeners = this.#listeners.get(what) ?? new Set();
    this.#listeners.set(what, listeners);
    if (what === "trace") this.#replay(listeners, /** @type {(bytes: Uint8Array) => void} */ (listener));
    else listeners.add(listener);
    return () => {
      listeners.delete(listener);
      stopped.add(listener);
    };
  }

  /** @param {Set<(bytes: Uint8Array) => void>} listeners @param {(bytes: Uint8Array) => void} listener */
  async #replay(listeners, listener) {
    stopped.delete(listener);
    const { ok } = await this.#port.ask("trace", { do: "history" });
    if (stopped.has(listener)) return;
    // The answer holds every event whose news came before it, so nothing is between it and the live ones.
    listeners.add(listener);
    for (const bytes of ok) listener(bytes);
  }

  /**
   * Shows everybody the text of a program as it stands in this page's editor.
   * @param {string | number} host @param {string} name @param {string} text
   * @returns {Promise<boolean>} false where it is too long to be shown
   */
  async source(host, name, text) {
    const request = { do: "source", host: this.#host(host).id, name: String(name), text: String(text) };
    return (await this.#port.ask("source", request)).ok;
  }

  /**
   * Tells those who watch what stands in front on a machine in this page: a program's file, or its console.
   * @param {string | number} host @param {string} name
   */
  inFront(host, name) {
    this.#port.tell({ do: "inFront", host: this.#host(host).id, name: String(name) });
  }

  /**
   * Ends the session of a guest or a watcher, with their programs and their machine. Only owners may. Whoever has the
   * link can come in again, as somebody new.
   * @param {number} member their number
   */
  async remove(member) {
    await this.#port.ask("remove", { do: "remove", member: args.integer(member, "the member", 0) });
  }

  /** A new name for this person. @param {string} name at most 32 characters */
  rename(name) {
    if ([...String(name)].length > 32) throw new RangeError("a name has at most 32 characters");
    this.#port.tell({ do: "rename", name: String(name) });
  }

  /**
   * Tells how far this person has come in a lesson: an event for everybody who watches the room. A session may tell 64
   * of them at once and one more each second; viewers' are not recorded.
   * @param {string} lesson its id, at most 32 characters
   * @param {string} step its title, at most 32 characters
   * @param {{ evidence: number } | "skipped"} outcome `evidence` is the `seq` of the event that shows it
   */
  progress(lesson, step, outcome) {
    for (const name of [lesson, step]) if ([...String(name)].length > 32) throw new RangeError("a name has at most 32 characters");
    const passed = outcome !== "skipped" && { Passed: { evidence: args.integer(outcome.evidence, "the evidence", 0, Number.MAX_SAFE_INTEGER) } };
    this.#port.tell({ do: "progress", lesson: String(lesson), step: String(step), outcome: passed || "Skipped" });
  }

  /** Asks that the room stays open longer. */
  keepOpen() {
    this.#port.tell({ do: "keepOpen" });
  }

  /** Tries to connect now rather than later. */
  retry() {
    this.#port.tell({ do: "retry" });
  }

  /** Cuts or mends a machine's cable. @param {string | number} host @param {boolean} plugged */
  async cable(host, plugged) {
    await this.#command("cable", host, { Cable: Boolean(plugged) });
  }

  /** Gives a machine a fresh network: every socket on it is gone. @param {string | number} host */
  async freshNetwork(host) {
    await this.#command("freshNetwork", host, "FreshNetwork");
  }

  /** Changes a kernel setting of a machine. @param {string | number} host @param {"SynRetries" | "AbortOnOverflow" | "SynCookies"} name @param {number} value */
  async sysctl(host, name, value) {
    await this.#command("sysctl", host, { Sysctl: { name, value: args.integer(value, "the value", 0) } });
  }

  /** @param {string} call @param {string | number} host @param {object | string} command */
  async #command(call, host, command) {
    await this.#port.ask(call, { do: "host", host: this.#host(host).id, command });
  }

  /** The room's packets as a pcapng file, as Wireshark reads it: the last few megabytes. @returns {Promise<Blob>} */
  async pcap() {
    const headers = { Authorization: `Bearer ${this.#key}` };
    const response = await fetch(`${this.#origin}/r/${this.id}/pcap`, { headers, credentials: "omit" });
    if (!response.ok) throw new Error(`the packets could not be fetched (HTTP ${response.status})`);
    return response.blob();
  }

  /**
   * Runs a Python script on a machine, as a program that ends with the page.
   * @param {string | number} host @param {string} name @param {string} source
   * @param {{ args?: string[], files?: { name: string, bytes: Uint8Array }[], signal?: AbortSignal }} [options]
   */
  async run(host, name, source, options = {}) {
    const open = () => this.program(host, { name, lifetime: "page", signal: options.signal });
    return run(this.#port, open, String(source), options);
  }

  /**
   * Opens a Python prompt on a machine, as a program that ends with the page.
   * @param {string | number} host @param {string} name
   * @param {{ files?: { name: string, bytes: Uint8Array }[], signal?: AbortSignal }} [options]
   */
  async prompt(host, name, options = {}) {
    const open = () => this.program(host, { name, lifetime: "page", signal: options.signal });
    return run(this.#port, open, null, options);
  }

  /** A port through which another worker may make calls as this page does. @returns {MessagePort} */
  port() {
    const { port1, port2 } = new MessageChannel();
    this.#port.tell({ do: "port", port: port1 }, [port1]);
    return port2;
  }

  /** Leaves for good: this page's Python programs end at once. */
  close() {
    this.#port.tell({ do: "bye" });
    this.#port.tell({ do: "close" });
  }

  /** The page is being unloaded. */
  bye() {
    this.#port.tell({ do: "bye" });
  }

  /** @param {Begun} begun */
  #begin({ session, room, reattached }) {
    this.#session = session;
    this.#now = room;
    this.#reattached = reattached;
    const mine = (/** @type {import("./web.js").ProgramNews} */ { by, lifetime }) => by === session.member && lifetime === "Member";
    this.#inherited = room.programs.filter(mine);
    this.#waiting = session.waiting.map(([id, program, call]) => {
      const controller = new AbortController();
      const ended = this.#port.ask(nameOf(call), { do: "await", id }, controller.signal);
      const result = ended.then(({ ok, payload }) => ({ value: ok, bytes: payload ?? new Uint8Array() }));
      // Nobody has to ask for it.
      result.catch(() => {});
      return { id, program, call, result, cancel: () => controller.abort() };
    });
  }

  /** @param {import("./worker.js").Told} news */
  #hear(news) {
    switch (news.type) {
      case "change":
        this.#now = news.room;
        return this.#emit("change", undefined);
      case "trace":
        this.#next = news.next;
        for (const wake of this.#awaitingEvents.splice(0)) wake();
        return this.#emit("trace", news.payload);
      case "connection":
        return this.#connection(news.state === "failed" ? "lost" : news.state, news.leftMs);
      case "notice":
        this.#emit("notice", news.notice);
        if (!news.error) return undefined;
        this.#end(news.error);
        return this.#connection("over", 0);
      case "skipped":
        return this.#emit("notice", { kind: "skipped", count: news.count, leftMs: null });
      case "refused":
        this.#end(news.error);
        return this.#connection("over", 0);
    }
  }

  /** @param {import("./errors.js").Failure} error */
  #end(error) {
    this.#over = callError("session", error);
    for (const wake of this.#awaitingEvents.splice(0)) wake();
  }

  /** @param {"open" | "lost" | "away" | "over"} state @param {number | null} leftMs */
  #connection(state, leftMs) {
    this.#state = state;
    this.#emit("connection", { state, leftMs, error: this.#over });
  }

  /** @param {string} what @param {unknown} detail */
  #emit(what, detail) {
    for (const listener of this.#listeners.get(what) ?? []) listener(detail);
  }
}

/** Trace listeners that were stopped while their replay was on its way. @type {WeakSet<object>} */
const stopped = new WeakSet();

class Wire {
  #port;
  #settings;

  /** @param {import("./port.js").Port} port @param {() => import("./web.js").WireNews} settings */
  constructor(port, settings) {
    this.#port = port;
    this.#settings = settings;
  }

  /** `{ held, delay, loss, seed }` now; delay one way in milliseconds. */
  get settings() {
    return this.#settings();
  }

  /** Packets stop half-way from now on. */
  hold() {
    return this.#command("hold", "Hold");
  }

  /** Lets the oldest held packet through. */
  step() {
    return this.#command("step", "Step");
  }

  /** Lets one packet through. @param {number} packet its id in the trace */
  deliver(packet) {
    return this.#command("deliver", { Deliver: id(packet) });
  }

  /** Takes one packet off the wire. @param {number} packet its id in the trace */
  drop(packet) {
    return this.#command("drop", { Drop: id(packet) });
  }

  /** Lets everything through, and from now on again. */
  release() {
    return this.#command("release", "Release");
  }

  /** @param {{ delay?: number, loss?: number, seed?: number }} settings milliseconds one way; probability */
  set({ delay, loss, seed }) {
    if (delay !== undefined && !(delay >= 0 && delay <= WIRE_DELAY_MS)) throw new RangeError(`delay must be 0-${WIRE_DELAY_MS} ms`);
    if (loss !== undefined && !(loss >= 0 && loss <= 1)) throw new RangeError("loss must be a probability, 0-1");
    const set = {
      delay_ms: delay ?? null,
      loss: loss ?? null,
      seed: seed === undefined ? null : args.integer(seed, "the seed", 0, Number.MAX_SAFE_INTEGER),
    };
    return this.#command("set", { Set: set });
  }

  /** @param {string} name @param {object | string} command */
  async #command(name, command) {
    await this.#port.ask(`wire.${name}`, { do: "wire", command });
  }
}

/** @param {number} packet */
function id(packet) {
  return args.integer(packet, "a packet's id", 0, Number.MAX_SAFE_INTEGER);
}
