// What a Python program can ask of the world outside its worker, where there is no shared memory: promises, for which the
// browser suspends WebAssembly (JSPI). The same calls as in `sys.js`. A program that only computes cannot be interrupted;
// the page ends its worker.

import { Transcript } from "./transcript.js";

const NOTICE_MS = 25;
/** Output on its way to a reader: when there is more, the program waits. Bytes. */
const OUTPUT = 64 * 1024;

export class AsyncSys {
  promises = true;
  /** @type {() => number | undefined} */
  where = () => undefined;
  #port;
  /** @type {(news: any) => void} */
  #tell;
  #transcript;
  #n = 0;
  #interrupted = false;
  #unread = 0;
  /** What ends the present wait. @type {(answer: any) => void} */
  #answer = () => {};

  /** @param {{ port: MessagePort, tell: (news: any) => void }} ends */
  constructor({ port, tell }) {
    this.#port = port;
    this.#tell = tell;
    this.#transcript = new Transcript(port);
    port.onmessage = ({ data }) => data.n === this.#n && this.#answer(data);
  }

  /** A message from the page. @param {any} message */
  receive(message) {
    switch (message.do) {
      case "interrupt":
        this.#interrupted = true;
        // A call ends with its own answer: the client's worker cancels it.
        this.#answer(null);
        break;
      case "input":
        this.#answer(message.bytes);
        break;
      case "taken":
        this.#unread -= message.bytes;
        this.#answer(undefined);
    }
  }

  /** @param {string} text @param {Uint8Array} [payload] @param {string} [name] @param {number} [fd] */
  async call(text, payload, name = "", fd) {
    this.#transcript.send();
    const n = ++this.#n;
    const answer = this.#wait((one) => one?.n === n);
    const request = JSON.parse(text);
    this.#port.postMessage({ ...request, do: "call", n, payload }, payload ? [payload.buffer] : []);
    if (this.#interrupted) this.#port.postMessage({ do: "cancel", of: n });
    const waiting = { state: "waiting", call: name, fd: fd ?? null, line: request.line };
    const notice = setTimeout(() => this.#tell({ ...waiting, since: Date.now() }), NOTICE_MS);
    const { payload: bytes, ...rest } = await answer;
    clearTimeout(notice);
    this.#tell({ state: "running" });
    return { text: JSON.stringify(rest), bytes: bytes ?? new Uint8Array() };
  }

  /** @param {number} ms */
  async sleep(ms) {
    this.#transcript.send();
    if (this.#interrupted) return;
    if (ms > NOTICE_MS) this.#tell({ state: "waiting", call: "sleep", fd: null, line: this.where() ?? null, since: Date.now() });
    const woken = this.#wait((answer) => answer === null);
    const timer = setTimeout(() => this.#answer(null), ms);
    await woken;
    clearTimeout(timer);
    this.#tell({ state: "running" });
  }

  async readLine() {
    this.#transcript.send();
    if (this.#interrupted) return null;
    this.#tell({ state: "input", line: this.where() ?? null, since: Date.now() });
    const line = await this.#wait((answer) => answer === null || answer instanceof Uint8Array);
    this.#tell({ state: "running" });
    return line;
  }

  takeInterrupt() {
    const was = this.#interrupted;
    this.#interrupted = false;
    return was;
  }

  /** @param {number} stream @param {Uint8Array} bytes */
  async write(stream, bytes) {
    for (let at = 0; at < bytes.length; at += OUTPUT) {
      const piece = bytes.slice(at, at + OUTPUT);
      while (this.#unread > OUTPUT && !this.#interrupted) await this.#wait((answer) => answer === undefined || answer === null);
      if (this.#interrupted) return at;
      this.#unread += piece.length;
      this.#transcript.add(stream, piece);
      this.#tell({ output: { stream, bytes: piece } });
    }
    return bytes.length;
  }

  /** The script has ended. */
  end() {
    this.#transcript.send();
  }

  /** The first answer that is meant. @param {(answer: any) => boolean} meant @returns {Promise<any>} */
  #wait(meant) {
    return new Promise((resolve) => {
      this.#answer = (answer) => meant(answer) && resolve(answer);
    });
  }
}
