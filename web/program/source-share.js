// The text of a machine's programs between the people of a room: this page's changes go out when typing rests, the
// others' come in. The newest counts. What nobody has changed yet goes out as soon as somebody else is here to see it, and
// so does what stands in front.

/** How long typing rests before the others see it: a session may send one text a second. */
const REST_MS = 1200;
/** Texts that may go out at once, and how long each further one waits: a session may send 16 at once and one a second. */
const AT_ONCE = 8;
const EACH_MS = 1100;
/** How long a tab stands in front before the others see it. */
const FRONT_MS = 300;

export class SourceShare {
  #room;
  #host;
  /** Texts that wait to go out, by file. @type {Map<string, string>} */
  #waiting = new Map();
  /** What the others have of each file: sent from here, or come from them. @type {Map<string, string>} */
  #known = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;
  /** Texts as they were before anybody changed them, by file, for those who come. @type {Map<string, string>} */
  #offers = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #offering;
  /** What stands in front here, and what the others know of. */
  #front = { here: "", told: "" };
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #fronting;
  /** Everything that happened before this page came has been heard: what is said now is the newest. */
  #upToDate = false;
  /** Somebody else changed a program. @type {(file: string, text: string, by: string) => void} */
  onchange = () => {};

  /** @param {import("../client/room.js").Room} room @param {string} host */
  constructor(room, host) {
    this.#room = room;
    this.#host = host;
    room.on("change", () => this.#show());
  }

  /** The text of a file here is this now. @param {string} file @param {string} text */
  tell(file, text) {
    if (this.#known.get(file) === text) return;
    this.#offers.delete(file);
    this.#waiting.set(file, text);
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.flush(), REST_MS);
  }

  /** The text of a file that nobody has changed yet. @param {string} file @param {string} text */
  offer(file, text) {
    if (this.#known.has(file) || this.#waiting.has(file)) return;
    this.#offers.set(file, text);
    this.#show();
  }

  /** This stands in front here now. @param {string} name a file, or the console */
  front(name) {
    this.#front.here = name;
    this.#show();
  }

  /** Sends what only this page knows, once somebody else is here and this is the page that decides. */
  #show() {
    if (!this.#upToDate || this.#room.connection !== "open" || !this.#hasCompany) return;
    // Who comes sees first what stands in front.
    if (this.#front.told === "") this.#tellFront();
    else this.#fronting ??= setTimeout(() => this.#tellFront(), FRONT_MS);
    this.#offerSome(AT_ONCE);
  }

  /** Sends so many of the texts that nobody has changed, and the others one after another. @param {number} count */
  #offerSome(count) {
    if (this.#room.connection !== "open") return;
    for (const [file, text] of [...this.#offers].slice(0, this.#offering ? 0 : count)) {
      this.#offers.delete(file);
      this.#send(file, text);
    }
    if (this.#offers.size === 0) return;
    this.#offering ??= setTimeout(() => {
      this.#offering = undefined;
      this.#offerSome(1);
    }, EACH_MS);
  }

  #tellFront() {
    this.#fronting = undefined;
    const { here, told } = this.#front;
    if (here === told || here === "" || this.#room.connection !== "open") return;
    this.#front.told = here;
    this.#room.inFront(this.#host, here);
  }

  /** Whether others are here, and no page that was here before this one says the same of this machine. */
  get #hasCompany() {
    const { members, me, hosts } = this.#room;
    if (members.length < 2) return false;
    const machine = hosts.find(({ name }) => name === this.#host);
    if (machine?.guest === me.id) return true;
    return !members.some(({ id, role }) => role === "owner" && id < me.id);
  }

  /** @param {string} file @param {string} text */
  #send(file, text) {
    this.#known.set(file, text);
    this.#room.source(this.#host, file, text).catch((/** @type {Error} */ error) => console.warn(error));
  }

  /** Sends what waits now: whoever sees a program run sees what runs. */
  flush() {
    clearTimeout(this.#resting);
    for (const [file, text] of this.#waiting) this.#send(file, text);
    this.#waiting.clear();
  }

  /** Any event of the trace: after this page's own arrival, everything is heard as it happens. @param {import("../client/wireside.js").TraceRecord} event */
  passed({ kind, change, member, time }) {
    if (this.#upToDate) return;
    const arrived = kind === "people" && change === "joined" && member === this.#room.me.id;
    this.#upToDate = arrived || time > this.#room.snapshot.now;
    this.#show();
  }

  /** What this person's page sent before it was reloaded: the others have that. @param {string} file @param {string} text */
  #saidBefore(file, text) {
    if (this.#upToDate) return;
    this.#known.set(file, text);
    if (this.#offers.get(file) === text) this.#offers.delete(file);
  }

  /** An event `source` of the trace. @param {import("../client/wireside.js").TraceRecord} event */
  heard({ host, name, text, member, by }) {
    if (host !== this.#host || text === null) return;
    if (member === this.#room.me.id) return this.#saidBefore(name, text);
    this.#offers.delete(name);
    this.#waiting.delete(name);
    if (this.#known.get(name) === text) return;
    this.#known.set(name, text);
    this.onchange(name, text, by);
  }
}
