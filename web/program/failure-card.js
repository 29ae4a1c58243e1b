// Why a program ended, in the words of the card that a call by hand gets: the last failed call of the program, if that
// is what the traceback is about. The words are the console's own, in Rust; nothing here reads source text.
import { Console } from "/client/web.js";
import { button, element } from "/page/element.js";

/** Sentences for which a fresh network is the way out. */
const TAKEN = "EADDRINUSE";

export class FailureCard {
  #room;
  #view;
  #clock;
  #host;
  node = element("aside", { class: "failure", hidden: true });
  /** The last failed call: its begin and its end in the trace. @type {[any, any] | null} */
  #failed = null;
  #next = 0;
  /** @type {AbortController | null} */
  #watching = null;
  /** Settled when the program's calls have all been heard. @type {Promise<void>} */
  #heard = Promise.resolve();

  /** @param {{ room: any, view: any, clock: { now: () => number }, host: { id: number, name: string } }} parts */
  constructor({ room, view, clock, host }) {
    this.#room = room;
    this.#view = view;
    this.#clock = clock;
    this.#host = host;
  }

  clear() {
    this.#watching?.abort();
    this.#failed = null;
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
    /** Calls that have begun: a program has few at once. @type {Map<number, any>} */
    const begun = new Map();
    for await (const event of this.#room.trace({ from: this.#next, signal })) {
      if (event.kind === "program" && event.id === program && event.change === "ended") return;
      if (event.kind !== "call") continue;
      if (event.phase === "begin" && event.program_id === program) begun.set(event.id, event);
      const begin = begun.get(event.id);
      if (event.phase !== "end" || !begin) continue;
      begun.delete(event.id);
      if (event.error) this.#failed = [begin, event];
    }
  }

  /** @param {import("/program/run-control.js").Exit} exit */
  async show({ error }) {
    // The program's end is in the trace behind its calls.
    await this.#heard;
    if (!error || !this.#failed) return;
    const [begin, end] = this.#failed;
    if (end.error.class !== "resolve" && (end.error.errno ?? null) !== error.errno) return;
    const card = this.#words(begin, end);
    if (!card) return;
    const name = card.number === null ? card.name : `${card.name} ${card.number}`;
    const fresh = card.name === TAKEN ? [button("Fresh network", () => this.#freshen(), { class: "button" })] : [];
    this.node.replaceChildren(
      element("h4", { class: "failure-name mono" }, name),
      element("p", {}, card.sentence),
      card.hint ? element("p", { class: "soft" }, card.hint) : "",
      ...fresh,
    );
    this.node.hidden = false;
  }

  /** @param {any} begin @param {any} end */
  #words(begin, end) {
    const console = new Console(this.#host.name);
    try {
      const machines = this.#room.hosts.map((/** @type {any} */ host) => ({
        address: host.address,
        own: host.id === this.#host.id,
        sockets: this.#view.sockets(host.id, this.#clock.now()),
      }));
      console.surroundings(machines);
      console.overhear(begin);
      const entry = console.overhear(end);
      return entry === undefined ? null : console.entry(entry).error;
    } finally {
      console.free();
    }
  }

  async #freshen() {
    await this.#room.freshNetwork(this.#host.id);
    this.node.replaceChildren(element("p", {}, `${this.#host.name} has a fresh network: no old connection rests on it. Run it again.`));
  }
}
