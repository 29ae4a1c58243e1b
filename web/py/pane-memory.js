// The memory that a program's worker (the pane) shares with those who answer it: the client's worker, which answers its
// calls, and the page, which reads its output, gives it input and interrupts it. The pane blocks on it; nobody else does.
//
// One thing at a time is waited for, so there is one answer: `STATE` says who may write it. Every change of `STATE` is
// atomic, and a waiting pane is woken after it; a wait for a state that is gone already returns at once, so no wake-up
// can be lost.
import { CALL_PAYLOAD } from "./vocabulary.js";

/** Words at the beginning, by their place. */
const STATE = 0;
const TEXT = 1;
const BYTES = 2;
/** Pyodide looks at this word while it computes: 2 is SIGINT. */
const SIGNAL = 3;
/** Bytes of output ever written and ever read, modulo 2^32. */
const WRITTEN = 4;
const READ = 5;
/** The page has been told that there is output, and has not looked yet. */
const TOLD = 6;
const WORDS = 16;

const RUNNING = 0;
const CALLING = 1;
const ASKING = 2;
const ANSWERED = 3;

const SIGINT = 2;

/** The number of every call that blocks; those whose answers come as messages have others. */
export const BLOCKING = 0;

/** Room for an answer: the bytes of one call, and its value, which is small. */
const ANSWER = CALL_PAYLOAD + 64 * 1024;
/** Output that nobody has read yet, in bytes: when it is full the program waits. A power of two. */
const OUTPUT = 64 * 1024;
/** Stream and length before each piece of output. */
const HEAD = 4;

export class PaneMemory {
  #words;
  #answer;
  #output;

  /** @param {SharedArrayBuffer} [buffer] what another side has made */
  constructor(buffer = new SharedArrayBuffer(WORDS * 4 + ANSWER + OUTPUT)) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer, 0, WORDS);
    this.#answer = new Uint8Array(buffer, WORDS * 4, ANSWER);
    this.#output = new Uint8Array(buffer, WORDS * 4 + ANSWER, OUTPUT);
  }

  /** The word that Pyodide looks at. */
  get signal() {
    return this.#words.subarray(SIGNAL, SIGNAL + 1);
  }

  // The pane's side

  /** Before a call is sent to the client's worker. */
  beginCall() {
    Atomics.store(this.#words, STATE, CALLING);
  }

  /** Before the page is asked. */
  beginAsking() {
    Atomics.store(this.#words, STATE, ASKING);
  }

  /**
   * Blocks until there is an answer, the page interrupts what it was asked for, or the time is over.
   * @param {number} ms
   * @returns {boolean} whether it is answered
   */
  wait(ms) {
    const until = performance.now() + ms;
    for (;;) {
      const state = Atomics.load(this.#words, STATE);
      // Who asks the page looks at the signal after saying so, and the page does it the other way round.
      if (state === ASKING && this.interrupted) return true;
      if (state === ANSWERED || state === RUNNING) return true;
      // An interruption wakes whoever waits here; a call still ends with its own answer and not before.
      if (Atomics.wait(this.#words, STATE, state, until - performance.now()) === "timed-out") return false;
    }
  }

  /** The answer; nothing where there was none. @returns {{ text: string, bytes: Uint8Array } | null} */
  take() {
    const answered = Atomics.exchange(this.#words, STATE, RUNNING) === ANSWERED;
    const [text, bytes] = [this.#words[TEXT], this.#words[BYTES]];
    if (!answered || text + bytes === 0) return null;
    // Decoders take no shared memory.
    return {
      text: new TextDecoder().decode(this.#answer.slice(0, text)),
      bytes: this.#answer.slice(text, text + bytes),
    };
  }

  /** Whether a SIGINT is on its way. */
  get interrupted() {
    return Atomics.load(this.#words, SIGNAL) === SIGINT;
  }

  /** Takes the SIGINT, if there is one. */
  takeInterrupt() {
    return Atomics.compareExchange(this.#words, SIGNAL, SIGINT, 0) === SIGINT;
  }

  /**
   * Writes as much output as there is room for.
   * @param {number} stream 1 or 2 @param {Uint8Array} bytes
   * @returns {{ taken: number, tell: boolean }} `tell`: the page has to be told that there is something to read
   */
  write(stream, bytes) {
    const written = this.#words[WRITTEN];
    const room = OUTPUT - ((written - Atomics.load(this.#words, READ)) >>> 0);
    const taken = Math.min(bytes.length, room - HEAD);
    if (taken <= 0) return { taken: 0, tell: false };
    this.#copyIn(written, Uint8Array.of(stream, taken & 0xff, (taken >> 8) & 0xff, taken >> 16));
    this.#copyIn(written + HEAD, bytes.subarray(0, taken));
    Atomics.store(this.#words, WRITTEN, (written + HEAD + taken) | 0);
    return { taken, tell: Atomics.exchange(this.#words, TOLD, 1) === 0 };
  }

  /** Blocks for a while as long as no output is read. Returns at once when there is room, or a SIGINT. @param {number} ms */
  waitForRoom(ms) {
    const read = Atomics.load(this.#words, READ);
    const full = ((this.#words[WRITTEN] - read) >>> 0) + HEAD >= OUTPUT;
    if (full && !this.interrupted) Atomics.wait(this.#words, READ, read, ms);
  }

  // The answering sides

  /** The client's worker answers a call. @param {string} text @param {Uint8Array} [bytes] */
  answerCall(text, bytes) {
    this.#write(CALLING, text, bytes);
  }

  /** The page answers what it was asked; false where nothing waits. @param {string} text @param {Uint8Array} [bytes] */
  answerAsked(text, bytes) {
    return this.#write(ASKING, text, bytes);
  }

  /** @param {number} state @param {string} text @param {Uint8Array} [bytes] */
  #write(state, text, bytes = new Uint8Array()) {
    if (Atomics.load(this.#words, STATE) !== state) return false;
    const encoded = new TextEncoder().encode(text);
    if (encoded.length + bytes.length > ANSWER) throw new RangeError("the answer is larger than an answer can be");
    this.#answer.set(encoded);
    this.#answer.set(bytes, encoded.length);
    this.#words[TEXT] = encoded.length;
    this.#words[BYTES] = bytes.length;
    if (Atomics.compareExchange(this.#words, STATE, state, ANSWERED) !== state) return false;
    Atomics.notify(this.#words, STATE);
    return true;
  }

  // The page's side

  /** SIGINT. A pane that has asked the page, or waits for a reader, wakes; a call is for the client's worker to cancel. */
  interrupt() {
    Atomics.store(this.#words, SIGNAL, SIGINT);
    Atomics.compareExchange(this.#words, STATE, ASKING, RUNNING);
    Atomics.notify(this.#words, STATE);
    Atomics.notify(this.#words, READ);
  }

  /** All output that has come, in order. @returns {{ stream: number, bytes: Uint8Array }[]} */
  readOutput() {
    Atomics.store(this.#words, TOLD, 0);
    const pieces = [];
    let read = this.#words[READ];
    const written = Atomics.load(this.#words, WRITTEN);
    while (read !== written) {
      const [stream, low, middle, high] = this.#copyOut(read, HEAD);
      const length = low | (middle << 8) | (high << 16);
      pieces.push({ stream, bytes: this.#copyOut(read + HEAD, length) });
      read = (read + HEAD + length) | 0;
    }
    if (pieces.length === 0) return pieces;
    Atomics.store(this.#words, READ, read);
    Atomics.notify(this.#words, READ);
    return pieces;
  }

  /** @param {number} at @param {Uint8Array} bytes */
  #copyIn(at, bytes) {
    const from = (at >>> 0) % OUTPUT;
    const first = bytes.subarray(0, OUTPUT - from);
    this.#output.set(first, from);
    this.#output.set(bytes.subarray(first.length), 0);
  }

  /** @param {number} at @param {number} length */
  #copyOut(at, length) {
    const from = (at >>> 0) % OUTPUT;
    const bytes = new Uint8Array(length);
    const first = this.#output.subarray(from, from + length);
    bytes.set(first);
    bytes.set(this.#output.subarray(0, length - first.length), first.length);
    return bytes;
  }
}
