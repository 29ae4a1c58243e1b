// A visit to an address: the calls that a browser's program makes, one after the other, until the page and its pictures
// are here. Follows redirects; stops when it is told to. Shows nothing.
import { counted } from "../base/counted.js";
import { resolveLink } from "./address.js";
import { contentOf, pictureType } from "./content.js";
import { AnswerReader } from "./http-answer.js";
import { requestFor } from "./request.js";

/** Redirects that are followed. */
export const REDIRECTS = 5;
/** Pictures that are fetched for a page, and how much of each. */
export const PICTURES = 8;
export const PICTURE_BYTES = 1024 * 1024;
/** Addresses of a name that are tried. */
const TRIED = 4;
/** Bytes asked for at once. */
const RECV = 65_536;
/** What the room calls the program that makes these calls. */
export const PROGRAM = "browser";

/** @typedef {import("./address.js").Address} Address */
/** @typedef {import("../client/program.js").Program} Program */
/**
 * @typedef {object} Exchange a request and what came of it
 * @property {Address} address
 * @property {"page" | "picture"} what
 * @property {Uint8Array | null} request as far as it was sent
 * @property {AnswerReader} answer
 * @property {boolean} whole it came to its end by itself
 * @property {any} error the call's that ended it
 */

export class Visit {
  #open;
  #onchange;
  #stopping = new AbortController();
  /** @type {Program | null} */
  #program = null;
  /** Every request, in the order they were made. @type {Exchange[]} */
  exchanges = [];
  /** The page itself: the last of them that was no picture. @type {Exchange | null} */
  page = null;
  /** What it does: `opening`, `pictures`, or how it ended. @type {"opening" | "pictures" | "done" | "stopped" | "failed"} */
  state = "opening";
  /** The call that ended it, counted from 1 as the program made them. @type {{ number: number, name: string, error: any } | null} */
  failed = null;
  /** What there is to say of the way to the page. @type {string[]} */
  notes = [];
  /** What there is to say of its pictures. @type {string[]} */
  pictureNotes = [];
  /** The call that it makes now, and since when (`performance.now`). @type {{ name: string, since: number } | null} */
  doing = null;
  /** When it began, and how long it took in all. */
  #began = performance.now();
  took = 0;
  #calls = 0;
  /** Which call each error came of. @type {WeakMap<object, { number: number, name: string, error: any }>} */
  #failures = new WeakMap();

  /**
   * @param {() => Promise<Program>} open makes the program that makes the calls
   * @param {() => void} onchange something is different now
   */
  constructor(open, onchange) {
    this.#open = open;
    this.#onchange = onchange;
  }

  /** Number of its program in the room; null while there is none. */
  get program() {
    return this.#program?.id ?? null;
  }

  get isOver() {
    return ["done", "stopped", "failed"].includes(this.state);
  }

  /** Where the page lies, as the browser's address line says it. */
  get address() {
    return this.page?.address.text ?? "";
  }

  /** Ends it: what waits is cancelled. */
  stop() {
    this.#stopping.abort();
  }

  /**
   * Fetches the page. What went wrong is in `state`, `failed` and `notes`.
   * @param {Address} address @param {(program: number) => void} began its program is there
   */
  async fetch(address, began) {
    await this.#do(async () => {
      this.#program = await this.#open();
      began(this.#program.id);
      await this.#follow(address);
    });
  }

  /**
   * Fetches the pictures of the page, as a browser does: those that lie where the page does, each once.
   * @param {string[]} links as they stand in the page @param {string} base
   * @returns {Promise<Map<string, string>>} data: addresses by link
   */
  async pictures(links, base) {
    /** @type {Map<string, string>} */
    const fetched = new Map();
    const { page } = this;
    if (!page || this.state !== "done") return fetched;
    this.state = "pictures";
    await this.#do(async () => {
      for (const [text, { address, as }] of this.#wanted(links, base, page.address)) {
        const exchange = await this.#exchange(address, "picture").catch(this.#unlessStopped);
        const data = exchange && picture(exchange);
        if (data) for (const link of as) fetched.set(link, data);
        else this.pictureNotes.push(`The picture ${text} is not shown: ${exchange ? whyNot(exchange) : "the call for it failed."}`);
      }
    });
    return fetched;
  }

  /** Ends the program: its descriptors are closed. */
  async leave() {
    await this.#program?.exit().catch(() => {});
  }

  /** @param {() => Promise<void>} work */
  async #do(work) {
    try {
      this.#stopping.signal.throwIfAborted();
      await work();
      this.state = "done";
    } catch (error) {
      this.state = this.#stopping.signal.aborted ? "stopped" : "failed";
      if (this.state === "failed") this.failed = this.#failures.get(/** @type {any} */ (error)) ?? { number: 0, name: "", error };
    }
    this.doing = null;
    this.took = performance.now() - this.#began;
    this.#onchange();
  }

  /** @param {Address} address */
  async #follow(address) {
    for (let redirects = 0; ; redirects += 1) {
      const { answer } = await this.#exchange(address, "page");
      const next = this.#next(answer, address);
      if (!next) return;
      if (redirects === REDIRECTS) {
        this.notes.push(`The server has sent this browser on ${REDIRECTS + 1} times, and it follows ${REDIRECTS} times at most. Next would have been ${next.text}`);
        return;
      }
      address = next;
    }
  }

  /** Where an answer leads on to. @param {AnswerReader} answer @param {Address} from */
  #next(answer, from) {
    const { head, location } = answer;
    if (location === null) {
      if (head && [301, 302, 303, 307, 308].includes(head.status ?? 0)) this.notes.push(`Status ${head.status} leads elsewhere, but no header Location says where.`);
      return null;
    }
    const { address, fault } = resolveLink(location, from.text);
    if (!address) this.notes.push(`It leads on to “${location.slice(0, 200)}”, which is not opened: ${fault}`);
    return address ?? null;
  }

  /**
   * One connection, one request, one answer.
   * @param {Address} address @param {Exchange["what"]} what
   */
  async #exchange(address, what) {
    const answer = new AnswerReader(what === "picture" ? { bodyBytes: PICTURE_BYTES } : {});
    /** @type {Exchange} */
    const exchange = { address, what, request: null, answer, whole: false, error: null };
    this.exchanges.push(exchange);
    if (what === "page") this.page = exchange;
    this.#onchange();
    try {
      const socket = await this.#connect(address);
      try {
        await this.#send(socket, exchange);
        await this.#receive(socket, answer, what);
      } finally {
        // Also where it was stopped: the descriptor is not to be left open.
        await this.#call("close", () => socket.close()).catch(() => {});
      }
      exchange.whole = true;
      return exchange;
    } catch (error) {
      exchange.error = error;
      throw error;
    } finally {
      answer.stop();
      this.#onchange();
    }
  }

  /** @param {Address} address */
  async #connect({ host, port }) {
    const program = /** @type {Program} */ (this.#program);
    const { signal } = this.#stopping;
    const numeric = /^[\d.]+$/.test(host) || host.includes(":");
    const family = host.includes(":") ? "AF_INET6" : "AF_INET";
    const found = numeric ? [{ address: host }] : await this.#call("getaddrinfo", () => program.getaddrinfo(host, port, { signal, family }));
    for (const [index, { address }] of found.slice(0, TRIED).entries()) {
      const socket = await this.#call("socket", () => program.socket(family, "SOCK_STREAM", { signal }));
      try {
        await this.#call("connect", () => socket.connect([address, port], { signal }));
        return socket;
      } catch (error) {
        await this.#call("close", () => socket.close()).catch(() => {});
        if (signal.aborted || index + 1 >= Math.min(found.length, TRIED)) throw error;
      }
    }
    throw new Error(`${host} has no address`);
  }

  /** @param {import("../client/program.js").Socket} socket @param {Exchange} exchange */
  async #send(socket, exchange) {
    const request = requestFor(exchange.address);
    for (let sent = 0; sent < request.length; ) {
      sent += await this.#call("send", () => socket.send(request.subarray(sent), { signal: this.#stopping.signal }));
      exchange.request = request.subarray(0, sent);
    }
    this.#onchange();
  }

  /** @param {import("../client/program.js").Socket} socket @param {AnswerReader} answer @param {Exchange["what"]} what */
  async #receive(socket, answer, what) {
    while (!answer.done) {
      const bytes = await this.#call("recv", () => socket.recv(RECV, { signal: this.#stopping.signal }));
      if (bytes.length === 0) answer.end();
      else answer.push(bytes);
      // The page behind a redirect is not waited for.
      if (what === "page" && answer.location !== null) return;
      this.#onchange();
    }
  }

  /**
   * Makes a call, and remembers which one it was where it fails.
   * @template Value @param {string} name as the trace has it @param {() => Promise<Value>} make @returns {Promise<Value>}
   */
  async #call(name, make) {
    const number = (this.#calls += 1);
    this.doing = { name, since: performance.now() };
    try {
      return await make();
    } catch (error) {
      this.#failures.set(/** @type {any} */ (error), { number, name, error });
      throw error;
    }
  }

  /** For a picture that failed the page is not at fault. */
  #unlessStopped = (/** @type {any} */ error) => {
    if (this.#stopping.signal.aborted || error?.name === "RoomError") throw error;
    return null;
  };

  /**
   * Pictures to fetch, by their addresses, each with the links that mean it.
   * @param {string[]} links @param {string} base @param {Address} page
   */
  #wanted(links, base, page) {
    /** @type {Map<string, { address: Address, as: string[] }>} */
    const wanted = new Map();
    const left = { elsewhere: 0, many: 0 };
    for (const link of new Set(links)) {
      if (/^data:/i.test(link)) continue;
      const { address } = resolveLink(link, base);
      const text = address && address.text.replace(/#.*$/s, "");
      const known = text && wanted.get(text);
      if (known) known.as.push(link);
      else if (!address || !text || address.authority !== page.authority) left.elsewhere += 1;
      else if (wanted.size === PICTURES) left.many += 1;
      else wanted.set(text, { address, as: [link] });
    }
    if (left.elsewhere > 0) this.pictureNotes.push(`${counted(left.elsewhere, "picture")} of other places ${left.elsewhere === 1 ? "was" : "were"} not asked for: only those that lie where the page does are.`);
    if (left.many > 0) this.pictureNotes.push(`${counted(left.many, "picture")} more ${left.many === 1 ? "was" : "were"} not asked for: ${PICTURES} of a page are.`);
    return wanted;
  }
}

/** A picture as a data: address; null where it is none. @param {Exchange} exchange */
function picture({ answer }) {
  const { kind, type } = contentOf(answer);
  const shown = kind === "picture" && answer.complete && answer.head?.status === 200 ? pictureType(type) : null;
  return shown && `data:${shown};base64,${base64(answer.body)}`;
}

/** @param {Exchange} exchange */
function whyNot({ answer }) {
  const { head } = answer;
  if (!head) return "its answer has no head.";
  if (head.status !== 200) return `the server says ${head.status} ${head.reason}.`.replace(" .", ".");
  const { type } = contentOf(answer);
  if (!pictureType(type)) return `its Content-Type is ${type || "not said"}.`;
  return answer.notes.at(-1) ?? "it did not come whole.";
}

/** @param {Uint8Array} bytes */
export function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

