// Why a program ended, in the words of the card that a call by hand gets: only where the exception that ended it is that
// of one of its own calls. The words are the console's own, in Rust; nothing here reads source text.
import { Console } from "../client/web.js";
import { roomSocketsOf } from "../base/room-sockets.js";
import { button, element } from "../base/element.js";
import { withTerms } from "../base/term-card.js";

/** Failed calls that are kept: an exception may be raised long after its call. */
const FAILED = 64;
/** Calls that are kept since they tell how a socket came to be what it is. */
const TOLD = 256;
const TELLING = ["socket", "bind", "listen", "accept", "connect", "shutdown"];

/** @typedef {{ number: number, begin: any, end: any }} ProgramCall a call of the program: its begin and its end in the trace */

export class FailureCard {
  #room;
  #view;
  #clock;
  #host;
  #runOn;
  node = element("aside", { class: "failure", hidden: true });
  /** @type {ProgramCall[]} */
  #failed = [];
  /** @type {ProgramCall[]} */
  #told = [];
  #next = 0;
  /** @type {AbortController | null} */
  #watching = null;
  /** Settled when the program's calls have all been heard. @type {Promise<void>} */
  #heard = Promise.resolve();

  /**
   * @param {{ room: import("../client/room.js").Room, view: import("../client/web.js").View, clock: { now: () => number }, host: { id: number, name: string },
   *   runOn: (host: string) => (() => Promise<string>) | null }} parts `runOn`: what runs this program on another machine, where
   *   that can be done; it resolves with a sentence that says so
   */
  constructor({ room, view, clock, host, runOn }) {
    this.#room = room;
    this.#view = view;
    this.#clock = clock;
    this.#host = host;
    this.#runOn = runOn;
  }

  clear() {
    this.#watching?.abort();
    this.#failed = [];
    this.#told = [];
    this.node.hidden = true;
    this.#next = this.#view.lastSeq() + 1;
  }

  /** Listens to the calls of a program. @param {number} program its number in the room */
  watch(program) {
    this.#watching = new AbortController();
    this.#heard = this.#listen(program, this.#watching.signal);
  }

  /** @param {number} program @param {AbortSignal} signal */
  async #listen(program, signal) {
    /** Calls that have begun: a program has few at once. @type {Map<number, ProgramCall>} */
    const begun = new Map();
    let number = 0;
    for await (const event of this.#room.trace({ from: this.#next, signal })) {
      if (event.kind === "program" && event.id === program && event.change === "ended") return;
      if (event.kind !== "call") continue;
      if (event.phase === "begin" && event.program_id === program) {
        number += 1;
        begun.set(event.id, { number, begin: event, end: null });
      }
      const made = begun.get(event.id);
      if (event.phase !== "end" || !made) continue;
      begun.delete(event.id);
      made.end = event;
      if (event.error) keep(this.#failed, made, FAILED);
      else if (TELLING.includes(made.begin.call)) keep(this.#told, made, TOLD);
    }
  }

  /** @param {import("./run-control.js").Exit} exit */
  async show({ error }) {
    if (!error?.call) return;
    // The program's end is in the trace behind its calls.
    await this.#heard;
    const { number, name } = error.call;
    const made = this.#failed.find((one) => one.number === number);
    // A call that the lab refused before it was one is not in the trace, and the numbers are others from then on.
    if (!made || made.begin.call !== name || !same(made.end.error, error)) return;
    const card = this.#words(made);
    if (!card) return;
    this.node.replaceChildren(
      element("h4", { class: "failure-name mono" }, card.number === null ? card.name : `${card.name} ${card.number}`),
      element("p", {}, ...withTerms(card.sentence)),
      card.hint ? element("p", { class: "soft" }, ...withTerms(card.hint)) : "",
      ...this.#remedy(card.remedy),
    );
    this.node.hidden = false;
  }

  /** @param {ProgramCall} made @returns {any} */
  #words({ number, begin, end }) {
    const console = new Console(this.#host.name);
    try {
      console.roomSockets(roomSocketsOf({ room: this.#room, view: this.#view, host: this.#host, now: this.#clock.now() }));
      for (const told of this.#told.filter((one) => one.number < number)) {
        this.#view.observe(console, told.begin.seq);
        this.#view.observe(console, told.end.seq);
      }
      this.#view.observe(console, begin.seq);
      const entry = this.#view.observe(console, end.seq);
      return entry === undefined ? null : console.entry(entry).error;
    } finally {
      console.free();
    }
  }

  /** @param {{ do: "freshNetwork" } | { do: "runOn", host: string } | null} remedy @returns {Node[]} */
  #remedy(remedy) {
    if (remedy?.do === "freshNetwork") return [button("Fresh network", () => this.#freshen(), { class: "button" })];
    const run = remedy?.do === "runOn" ? this.#runOn(remedy.host) : null;
    if (!run || remedy?.do !== "runOn") return [];
    return [button(`Run both on ${remedy.host}`, () => this.#runThere(run), { class: "button" })];
  }

  /** @param {() => Promise<string>} run */
  async #runThere(run) {
    try {
      this.#say(await run());
    } catch (error) {
      this.#say(/** @type {Error} */ (error).message);
    }
  }

  async #freshen() {
    await this.#room.freshNetwork(this.#host.id);
    this.#say(`${this.#host.name} has a fresh network: no old connection rests on it. Run it again.`);
  }

  /** @param {string} words */
  #say(words) {
    this.node.replaceChildren(element("p", { role: "status" }, words));
  }
}

/** @param {ProgramCall[]} list @param {ProgramCall} made @param {number} most */
function keep(list, made, most) {
  list.push(made);
  if (list.length > most) list.shift();
}

/** Whether a call's failure and the exception that ended the program agree. @param {any} failure @param {{ errno: number | null }} error */
function same(failure, { errno }) {
  // Of a name that nobody has: the lab's own rule, or that there is no such name.
  return failure.class === "resolve" || (failure.class === "policy" && errno === -2) || (failure.errno ?? null) === errno;
}
