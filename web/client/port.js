// Requests to the worker and their answers, over anything with `postMessage` and `onmessage`.
import { SocketError, callError } from "./errors.js";

const EINTR = 4;

/** @typedef {{ n?: number, news?: undefined, ok?: any, payload?: Uint8Array, error?: import("./errors.js").Failure }} Answer what was asked for is in `ok`: each request has its own */
/** @typedef {{ news: import("./worker.js").Told }} News */
/** @typedef {{ postMessage: (message: object, transfer: Transferable[]) => void, onmessage: ((event: MessageEvent) => unknown) | null }} Way a worker, or a port of one */

export class Port {
  #port;
  #next = 1;
  /** @type {Map<number, { resolve: (answer: Answer) => void, reject: (error: unknown) => void, call: string }>} */
  #waiting = new Map();
  /** @type {(news: import("./worker.js").Told) => void} */
  onnews = () => {};

  /** @param {Way} port */
  constructor(port) {
    this.#port = port;
    port.onmessage = (/** @type {MessageEvent} */ { data }) => this.#receive(data);
  }

  /** A request without an answer. @param {object} request @param {Transferable[]} [transfer] */
  tell(request, transfer = []) {
    this.#port.postMessage(request, transfer);
  }

  /**
   * A request and its answer. An aborted signal cancels it; it then ends with what really happened, and only where
   * that is "interrupted", with the signal's reason.
   * @param {string} call what it is called in errors
   * @param {object} request
   * @param {AbortSignal | null} [signal]
   * @returns {Promise<Answer>}
   */
  async ask(call, request, signal) {
    signal?.throwIfAborted();
    const n = this.#next++;
    const cancel = () => this.tell({ do: "cancel", of: n });
    signal?.addEventListener("abort", cancel, { once: true });
    try {
      return await new Promise((resolve, reject) => {
        this.#waiting.set(n, { resolve, reject, call });
        this.#port.postMessage({ ...request, n }, []);
      });
    } catch (error) {
      if (signal?.aborted && error instanceof SocketError && error.errno === EINTR && !error.taken) throw signal.reason;
      throw error;
    } finally {
      signal?.removeEventListener("abort", cancel);
    }
  }

  /** Fails everything that waits, and whatever is asked later. @param {Error} error */
  fail(error) {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }

  /** @param {Answer | News} message */
  #receive(message) {
    if (message.news) return this.onnews(message.news);
    const { n = 0 } = message;
    const asked = this.#waiting.get(n);
    if (!asked) return;
    this.#waiting.delete(n);
    if (message.error) asked.reject(callError(asked.call, message.error));
    else asked.resolve(message);
  }
}
