// What a Python program can ask of the world outside its worker, as calls that block: the worker sleeps on shared memory
// until somebody else has written the answer. That is the quickest way, for a program of one thread; `messages.js` has the
// same calls for several threads, and for where there is no shared memory.
//
// It knows nothing of sockets: calls are JSON in the protocol's own form, made and read by `_kernel.py`.
import { BLOCKING, PaneMemory } from "./pane-memory.js";

/** A call that takes longer is one that waits, and the page is told. Milliseconds. */
const NOTICE_MS = 25;
/** While output has no reader, look for a SIGINT this often. Milliseconds. */
const LOOK_MS = 50;

export class Sys {
  /** The line of the script that is being executed, or undefined. @type {() => number | undefined} */
  where = () => undefined;
  #memory;
  #port;
  /** @type {(news: any) => void} */
  #tell;
  #transcript;
  #folder;

  /**
   * @param {{ buffer: SharedArrayBuffer, port: MessagePort, tell: (news: any) => void, transcript: import("./transcript.js").Transcript,
   *   folder: import("./folder.js").Folder }} ends
   */
  constructor({ buffer, port, tell, transcript, folder }) {
    this.#memory = new PaneMemory(buffer);
    this.#port = port;
    this.#tell = tell;
    this.#transcript = transcript;
    this.#folder = folder;
  }

  /** What Pyodide looks at for a SIGINT. */
  get signal() {
    return this.#memory.signal;
  }

  /**
   * Makes a call and waits for its answer.
   * @param {string} text the request @param {Uint8Array} [payload] @param {string} [name] for the page @param {number} [fd]
   */
  call(text, payload, name = "", fd) {
    this.#transcript.send();
    this.#memory.beginCall();
    this.#port.postMessage({ do: "call", n: BLOCKING, asked: text, payload }, payload ? [payload.buffer] : []);
    if (!this.#memory.wait(NOTICE_MS)) {
      this.#waiting({ state: "waiting", call: name, fd: fd ?? null, line: JSON.parse(text).line });
      while (!this.#memory.wait(Infinity));
      this.#tell({ state: "running" });
    }
    return this.#memory.take();
  }

  /** The room's machines, asked of the client's worker: nothing goes over the wire. @returns {import("./etc.js").Machine[]} */
  machines() {
    this.#memory.beginCall();
    this.#port.postMessage({ do: "machines", n: BLOCKING });
    while (!this.#memory.wait(Infinity));
    return JSON.parse(this.#memory.take()?.text ?? "{}").ok ?? [];
  }

  /** Sleeps, or less when there is a SIGINT. @param {number} ms @param {string} name for the page */
  sleep(ms, name) {
    this.#transcript.send();
    const until = performance.now() + ms;
    this.#memory.beginAsking();
    if (!this.#memory.wait(Math.min(ms, NOTICE_MS)) && ms > NOTICE_MS) {
      this.#waiting({ state: "waiting", call: name, fd: null, line: this.#line() });
      while (!this.#memory.wait(Math.max(until - performance.now(), 0)) && performance.now() < until);
      this.#tell({ state: "running" });
    }
    this.#memory.take();
  }

  /** A line of input with its end, empty at the end of file; null when there was a SIGINT. */
  readLine() {
    this.#transcript.send();
    this.#memory.beginAsking();
    this.#waiting({ state: "input", line: this.#line() });
    while (!this.#memory.wait(Infinity));
    this.#tell({ state: "running" });
    return this.#memory.take()?.bytes ?? null;
  }

  /**
   * What comes at a prompt: a line as above (`input`), or what the page wants to know meanwhile (`ask`); null when there was a SIGINT.
   * @param {string} signs what stands before its lines, as JSON @returns {{ text: string, bytes: Uint8Array } | null}
   */
  atPrompt(signs) {
    this.#transcript.send();
    this.#memory.beginAsking();
    this.#waiting({ state: "input", line: null, prompt: JSON.parse(signs) });
    while (!this.#memory.wait(Infinity));
    const came = this.#memory.take();
    // Whoever is asked something is at the prompt all the time.
    if (came?.text !== "ask") this.#tell({ state: "running" });
    return came;
  }

  /** Takes the SIGINT, if there is one. */
  takeInterrupt() {
    return this.#memory.takeInterrupt();
  }

  /**
   * Writes output, and waits while nobody reads it.
   * @param {number} stream 1 or 2 @param {Uint8Array} bytes
   * @returns {number} how much was written: less than all when there was a SIGINT
   */
  write(stream, bytes) {
    let done = 0;
    while (done < bytes.length) {
      const { taken, tell } = this.#memory.write(stream, bytes.subarray(done));
      if (tell) this.#tell({ output: true });
      done += taken;
      if (taken > 0) continue;
      if (this.#memory.interrupted) break;
      this.#memory.waitForRoom(LOOK_MS);
    }
    this.#transcript.add(stream, bytes.subarray(0, done));
    return done;
  }

  #line() {
    return this.where() ?? null;
  }

  /** @param {any} state */
  #waiting(state) {
    this.#folder.send(true);
    this.#tell({ ...state, since: Date.now() });
  }
}
