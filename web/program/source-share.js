// The text of a machine's programs between the people of a room: this page's changes go out when typing rests, the
// others' come in. The newest counts.

/** How long typing rests before the others see it: a session may send one text a second. */
const REST_MS = 1200;

export class SourceShare {
  #room;
  #host;
  /** Texts that wait to go out, by file. @type {Map<string, string>} */
  #waiting = new Map();
  /** What the others have of each file: sent from here, or come from them. @type {Map<string, string>} */
  #known = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;
  /** Somebody else changed a program. @type {(file: string, text: string, by: string) => void} */
  onchange = () => {};

  /** @param {any} room @param {string} host */
  constructor(room, host) {
    this.#room = room;
    this.#host = host;
  }

  /** The text of a file here is this now. @param {string} file @param {string} text */
  tell(file, text) {
    if (this.#known.get(file) === text) return;
    this.#waiting.set(file, text);
    clearTimeout(this.#resting);
    this.#resting = setTimeout(() => this.flush(), REST_MS);
  }

  /** Sends what waits now: whoever sees a program run sees what runs. */
  flush() {
    clearTimeout(this.#resting);
    for (const [file, text] of this.#waiting) {
      this.#known.set(file, text);
      this.#room.source(this.#host, file, text).catch((/** @type {Error} */ error) => console.warn(error));
    }
    this.#waiting.clear();
  }

  /** An event `source` of the trace. @param {any} event */
  heard({ host, name, text, member, by }) {
    if (host !== this.#host || text === null || member === this.#room.me.id) return;
    this.#waiting.delete(name);
    if (this.#known.get(name) === text) return;
    this.#known.set(name, text);
    this.onchange(name, text, by);
  }
}
