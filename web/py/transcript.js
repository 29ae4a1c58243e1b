// What a program prints, for the room's recording: in its place among the program's calls, and bounded, since everybody
// in the room keeps it. The page that runs the program shows all of it.

/** Longest text of one message: 16 KiB, at most 4 bytes a character (3 for half of a pair). */
const MESSAGE = 4096;
/** What nobody has asked to send yet goes at the latest with this many characters, ... */
const PENDING = 16 * 1024;
/** ... or after this time, when more is printed. Milliseconds. */
const PENDING_MS = 50;
/** Characters that may go at once, and then each second. */
const BURST = 64 * 1024;
const EACH_SECOND = 8 * 1024;

export class Transcript {
  #port;
  #decoders = [new TextDecoder(), new TextDecoder()];
  /** In order. @type {{ error: boolean, text: string }[]} */
  #pending = [];
  #length = 0;
  #sent = 0;
  #allowance = BURST;
  #refilled = performance.now();
  /** Characters that were left out and not yet said to be. */
  #left = 0;

  /** @param {MessagePort} port */
  constructor(port) {
    this.#port = port;
  }

  /** @param {number} stream @param {Uint8Array} bytes */
  add(stream, bytes) {
    const text = this.#decoders[stream - 1].decode(bytes, { stream: true });
    const error = stream === 2;
    const last = this.#pending.at(-1);
    if (last?.error === error) last.text += text;
    else this.#pending.push({ error, text });
    this.#length += text.length;
    if (this.#length >= PENDING || performance.now() - this.#sent >= PENDING_MS) this.send();
  }

  /** Before anything else of the program is recorded. */
  send() {
    if (this.#length === 0) return;
    this.#refill();
    for (const { error, text } of this.#pending) this.#say(error, text);
    this.#pending = [];
    this.#length = 0;
    this.#sent = performance.now();
  }

  /** @param {boolean} error @param {string} text */
  #say(error, text) {
    const most = Math.min(text.length, this.#allowance);
    if (most > 0 && this.#left > 0) {
      this.#post(true, `\n[${this.#left.toLocaleString("en")} characters are not in the recording]\n`);
      this.#left = 0;
    }
    for (let at = 0; at < most; at += MESSAGE) this.#post(error, text.slice(at, Math.min(at + MESSAGE, most)));
    this.#allowance -= most;
    this.#left += text.length - most;
  }

  #refill() {
    const now = performance.now();
    this.#allowance = Math.min(this.#allowance + ((now - this.#refilled) / 1000) * EACH_SECOND, BURST) | 0;
    this.#refilled = now;
  }

  /** @param {boolean} error @param {string} text */
  #post(error, text) {
    this.#port.postMessage({ do: "output", error, text });
  }
}
