// Asks the server about a class, and hears what is new of it.
import { inTheLog } from "../base/request-name.js";

/** How long to wait before a stream that broke is asked for again, milliseconds. */
const AGAIN = [500, 1000, 2000, 5000];
/** A connection on which nothing came for so long is given up, milliseconds: the server gives a sign each 10 to 15 s, and a network that
 * went away without a word leaves nothing else to notice it by. */
const SILENCE = 30_000;
/** Longest line that is believed, in UTF-16 code units. */
const LONGEST = 1 << 20;

/** What the server refuses, in words. */
export class Refused extends Error {
  /** @param {string} message @param {{ status?: number, rule?: string, limit?: string, value?: number, request?: string }} [about] */
  constructor(message, about = {}) {
    super(message);
    Object.assign(this, about);
    this.status = about.status ?? 0;
    this.rule = about.rule ?? "";
    this.limit = about.limit ?? "";
    this.value = about.value ?? 0;
    /** Its name in the server's log, as it stands behind a sentence. */
    this.named = inTheLog(about.request);
  }
}

/**
 * @param {string} path @param {{ key?: string | null, body?: object, signal?: AbortSignal }} [options] with a body it is a POST
 * @returns {Promise<Response>} a good answer @throws {Refused}
 */
export async function ask(path, { key, body, signal } = {}) {
  /** @type {Record<string, string>} */
  const headers = {};
  if (key) headers.Authorization = `Bearer ${key}`;
  if (body) headers["Content-Type"] = "application/json";
  const method = body ? "POST" : "GET";
  const answer = await fetch(path, { method, headers, body: body && JSON.stringify(body), credentials: "omit", signal }).catch((error) => {
    throw signal?.aborted ? error : new Refused("The server does not answer.");
  });
  if (answer.ok) return answer;
  const { message, rule, limit, value, request } = await answer.json().catch(() => ({}));
  throw new Refused(message ? sentence(message, request) : `The server answered ${answer.status}.`, { status: answer.status, rule, limit, value, request });
}

/** @param {string} message @param {unknown} request */
function sentence(message, request) {
  return `${message[0].toUpperCase()}${message.slice(1)}${inTheLog(request)}.`;
}

/**
 * Hears a stream until the class is over, or the server says that there is nothing to hear. A connection that breaks, or falls silent, is made again.
 * @param {string} path @param {string} key
 * @param {{ heard: (line: any) => void, broken?: (isBroken: boolean) => void, begins?: () => void }} told `begins`: what comes now is everything there is
 * @returns {Promise<string | Refused>} why there is no more: `closed`, `empty`, `draining`, or a refusal
 */
export async function hear(path, key, { heard, broken = () => {}, begins = () => {} }) {
  for (let failures = 0; ; failures++) {
    const patience = new Patience(SILENCE);
    try {
      const answer = await ask(path, { key, signal: patience.signal });
      begins();
      broken(false);
      for await (const line of lines(answer, () => patience.renew())) {
        failures = 0;
        if (typeof line.over === "string") return line.over;
        heard(line);
      }
    } catch (error) {
      if (error instanceof Refused && [403, 404].includes(error.status)) return error;
    } finally {
      patience.end();
    }
    broken(true);
    await new Promise((resolve) => setTimeout(resolve, AGAIN[Math.min(failures, AGAIN.length - 1)]));
  }
}

/** Aborts what has its signal where it is not renewed in time. */
class Patience {
  #controller = new AbortController();
  #time;
  #timer;

  /** @param {number} time milliseconds */
  constructor(time) {
    this.#time = time;
    this.#timer = setTimeout(() => this.#controller.abort(), time);
  }

  get signal() {
    return this.#controller.signal;
  }

  renew() {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#controller.abort(), this.#time);
  }

  /** Whatever has the signal ends. */
  end() {
    clearTimeout(this.#timer);
    this.#controller.abort();
  }
}

/** @param {Response} answer @param {() => void} came something did, be it an empty sign of life */
async function* lines({ body }, came) {
  if (!body) return;
  const reader = body.pipeThrough(/** @type {any} */ (new TextDecoderStream())).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    came();
    rest += value;
    const whole = rest.split("\n");
    rest = whole.pop() ?? "";
    for (const line of whole) if (line) yield JSON.parse(line);
    if (rest.length > LONGEST) throw new Error("a line without an end");
  }
}
