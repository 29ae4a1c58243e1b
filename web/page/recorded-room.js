// A room that is over, as its recording tells it: what the page's parts ask of a room, up to the event that is shown.
// Nothing can be done in it.

/** Events handed out at once. */
const BATCH = 128;

export class RecordedRoom {
  #view;
  #about;
  /** All events, once somebody has asked for them. @type {any[] | null} */
  #records = null;
  /** `seq` of the last event that is shown. */
  #shown;
  /** @type {Set<(moment: Moment) => void>} */
  #listeners = new Set();
  /** Raised when earlier events are shown than before: whoever reads on would read what has not happened. */
  #turn = 0;
  /** @type {(() => void)[]} */
  #awaiting = [];

  /** @typedef {{ seq: number, back: boolean }} Moment the last event that is shown, and whether it was a later one before */

  /** @param {{ id: string, view: import("../client/web.js").View, about: import("../client/web.js").RecordingAbout }} of `view` has all events */
  constructor({ id, view, about }) {
    this.id = id;
    this.#view = view;
    this.#about = about;
    this.#shown = about.last;
    this.hosts = about.hosts;
    this.members = about.members;
  }

  /** Whether this is no room but what is left of one. */
  recorded = true;
  key = "";
  /** @type {any[]} */
  programs = [];
  /** @type {any[]} */
  waiting = [];
  links = { join: null, watch: null };
  features = { packets: true, outbound: "off", targets: [] };
  /** Whoever looks is nobody in it. */
  me = { id: 0, role: "viewer", name: "", host: null };
  connection = "over";
  wire = { settings: null };

  get snapshot() {
    return { hosts: this.hosts, members: this.members, programs: [], now: this.#about.ends, oldest: this.#about.first };
  }

  /** `seq` of the last event that is shown. */
  get shown() {
    return this.#shown;
  }

  /** All events, also those that are not shown yet: made once, for all who ask. */
  get records() {
    this.#records ??= this.#view.records(0, this.#view.eventCount());
    return this.#records ?? [];
  }

  /** Shows everything up to this event. @param {number} seq @param {{ id: number, cable: boolean }[]} hosts the machines as they were then */
  show(seq, hosts) {
    const cables = new Map(hosts.map(({ id, cable }) => [id, cable]));
    this.hosts = this.hosts.map((host) => ({ ...host, cable: cables.get(host.id) ?? host.cable }));
    const back = seq < this.#shown;
    if (seq === this.#shown) return;
    this.#shown = seq;
    if (back) this.#turn += 1;
    for (const wake of this.#awaiting.splice(0)) wake();
    for (const listener of this.#listeners) listener({ seq, back });
  }

  /** @param {string} what @param {(detail: any) => void} listener */
  on(what, listener) {
    if (what === "moment") this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * The events up to the one that is shown, and those after it when they come to be; ends when the page goes back.
   * @param {{ signal?: AbortSignal }} [options]
   */
  async *trace({ signal } = {}) {
    const turn = this.#turn;
    let count = 0;
    for (const record of this.records) {
      count += 1;
      // The drawing does not wait until everybody has read everything.
      if (count % BATCH === 0) await new Promise((resolve) => setTimeout(resolve));
      if (turn !== this.#turn || signal?.aborted) return;
      while (record.seq > this.#shown) {
        await new Promise((resolve) => this.#awaiting.push(() => resolve(undefined)));
        if (turn !== this.#turn || signal?.aborted) return;
      }
      yield record;
      if (turn !== this.#turn || signal?.aborted) return;
    }
  }

  /** Its packets as a pcapng file: their headers are built anew. @returns {Promise<Blob>} */
  pcap() {
    const began = this.#about.made - this.#about.ends / 1e6;
    const bytes = /** @type {Uint8Array<ArrayBuffer>} */ (this.#view.pcapng(began));
    return Promise.resolve(new Blob([bytes], { type: "application/x-pcapng" }));
  }

  source() {
    return Promise.resolve(false);
  }

  inFront() {}
}
