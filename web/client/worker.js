// The worker that owns a room's session: WebAssembly, WebSocket and all. It passes requests in and news out.
// Requests are `{ n, do, ... }`, answers `{ n, ok, payload }` or `{ n, error }`, news `{ news }`.
import init, { Session } from "./web.js";
import { ended, refused } from "./errors.js";
import { BLOCKING, PaneMemory } from "../py/pane-memory.js";

const NO_BYTES = new Uint8Array();

/** @typedef {import("./web.js").News & { payload?: Uint8Array, error?: unknown }} News what the session tells */
/** @typedef {{ type: "failed", id: number, error: import("./errors.js").Failure }} Failed */
/**
 * @typedef {(Exclude<News, { type: "refused" | "notice" }> | (Extract<News, { type: "refused" }> & { error: import("./errors.js").SessionOver })
 *   | (Extract<News, { type: "notice" }> & { error?: import("./errors.js").SessionOver })) & { payload?: Uint8Array }
 *   | { type: "loaded" } | { type: "unable", message: string }} Told what the page is told
 */
/** @typedef {Extract<News, { type: "result" | "answer" | "program" }> | Failed} Settling what ends a call or a request */
/** @typedef {{ postMessage: (message: { n: number, ok?: unknown, text?: string, error?: unknown, payload?: Uint8Array }, options?: StructuredSerializeOptions) => void }} Answers who asked */

/** @type {Promise<Session> | null} */
let session = null;
/** Who waits for a call: by the call's number. @type {Map<number, { port: Answers, n: number, calls: Map<number, number> }>} */
const waiting = new Map();
/** Results of calls made before a reload that came before anybody asked for them. @type {Map<number, Settling | null>} */
const early = new Map();
/** Calls of Python programs, by program: their panes' own numbers and ours. @type {Map<number, Map<number, number>>} */
const panes = new Map();
/** Ways to those panes that share no memory: they are told what others ask for. @type {Map<number, MessagePort>} */
const told = new Map();
/** The room's machines, for those who read /etc/hosts. @type {import("../py/etc.js").Machine[]} */
let machines = [];
/** Why the session is over. @type {import("./errors.js").SessionOver | null} */
let over = null;

serve(self);

/** @param {Answers & { onmessage: ((event: MessageEvent) => void) | null }} port the page, or a worker that the page lets make calls */
function serve(port) {
  /** Numbers of this port's calls, by its own numbers. @type {Map<number, number>} */
  const calls = new Map();
  port.onmessage = (/** @type {MessageEvent} */ { data }) => answer(port, calls, data);
}

/**
 * Serves the worker of a Python program: it may make that program's calls and show its output, and nothing else.
 * Where it shares memory its calls may block, and the answers to those go there.
 * @param {{ port: MessagePort, program: number, buffer: SharedArrayBuffer | null }} request
 */
function servePane({ port, program, buffer }) {
  const memory = buffer && new PaneMemory(buffer);
  const blocked = {
    postMessage: (/** @type {{ n: number, text?: string, payload?: Uint8Array }} */ { payload, text, ...rest }) => memory?.answerCall(text ?? JSON.stringify(rest), payload),
  };
  /** @type {Map<number, number>} */
  const calls = new Map();
  panes.set(program, calls);
  if (!memory) {
    told.set(program, port);
    port.postMessage({ machines });
  }
  port.onmessage = async (/** @type {MessageEvent} */ { data }) => {
    if (!["call", "output", "cancel", "machines"].includes(data.do)) return;
    const blocks = memory !== null && ["call", "machines"].includes(data.do) && data.n === BLOCKING;
    await answer(blocks ? blocked : port, calls, { ...data, program });
    // It was interrupted before its call was here to be cancelled.
    if (blocks && memory.interrupted) interrupt(program);
  };
}

/** Ends the call in which a Python program blocks, as a signal does. Others it cancels itself. @param {number} program */
async function interrupt(program) {
  const live = await session;
  const id = panes.get(program)?.get(BLOCKING);
  if (id !== undefined) live?.cancel(id);
}

/** @param {Answers} port @param {Map<number, number>} calls @param {any} request */
async function answer(port, calls, request) {
  const { n } = request;
  try {
    if (request.do === "open") {
      session ??= open(request);
      await session.catch((error) => self.postMessage({ news: { type: "unable", message: String(error?.message ?? error) } }));
      return;
    }
    const live = await /** @type {Promise<Session>} */ (session);
    const made = begin(live, calls, request);
    if (made === undefined) return;
    if (made.id === undefined) return reply(port, { n, ok: made.ok });
    if (over) return reply(port, { n, error: over });
    calls.set(n, made.id);
    waiting.set(made.id, { port, n, calls });
    settle(early.get(made.id) ?? null);
  } catch (error) {
    reply(port, { n, error: failureOf(error) });
  }
}

/** What failed in the session says of itself, others by their text. @param {unknown} error @returns {import("./errors.js").Failure} */
function failureOf(error) {
  if (typeof error === "object" && error !== null && "class" in error) return /** @type {import("./errors.js").Failure} */ (error);
  return { class: "error", message: error instanceof Error ? error.message : String(error) };
}

/**
 * Begins what a request asks for. An `id` will be settled by news, `ok` is the answer itself, nothing has none.
 * @param {Session} live @param {Map<number, number>} calls @param {any} request
 * @returns {{ id: number, ok?: undefined } | { id?: undefined, ok: any } | undefined}
 */
function begin(live, calls, request) {
  switch (request.do) {
    case "call":
      if (request.asked !== undefined) return { id: live.callText(request.program, request.asked, request.payload ?? NO_BYTES) };
      return { id: live.call(request.program, request.call, request.wait, request.line ?? undefined, request.payload ?? NO_BYTES) };
    case "cancel": {
      const id = calls.get(request.of);
      return id === undefined ? undefined : void live.cancel(id);
    }
    case "await":
      return { id: request.id };
    case "openProgram":
      return { id: live.openProgram(request.host, request.name, request.lifetime) };
    case "closeProgram":
      panes.delete(request.program);
      told.delete(request.program);
      return { id: live.closeProgram(request.program) };
    case "machines":
      return { ok: machines };
    case "wire":
      return { id: live.wire(request.command) };
    case "host":
      return { id: live.host(request.host, request.command) };
    case "history":
      return { ok: live.history() };
    case "records":
      return { ok: live.records(request.from, request.most) };
    case "output":
      return void live.output(request.program, request.error, request.text);
    case "source":
      return { ok: live.source(request.host, request.name, request.text) };
    case "inFront":
      return void live.inFront(request.host, request.name);
    case "remove":
      return { id: live.remove(request.member) };
    case "rename":
      return void live.rename(request.name);
    case "progress":
      return void live.progress(request.lesson, request.step, request.outcome);
    case "keepOpen":
      return void live.keepOpen();
    case "retry":
      return void live.retry();
    case "bye":
      return void live.bye();
    case "close":
      return void live.close();
    case "port":
      return void serve(request.port);
    case "pane":
      return void servePane(request);
    case "interrupt":
      return void interrupt(request.program);
    default:
      throw new Error(`there is no request ${request.do}`);
  }
}

/** @param {{ url: string, key: Uint8Array, name: string, token?: Uint8Array, trace: boolean }} options */
async function open({ url, key, name, token, trace }) {
  await init();
  self.postMessage({ news: { type: "loaded" } });
  return new Session(url, key, name, token, trace, hear);
}

/** News of the session. @param {News} news */
function hear(news) {
  switch (news.type) {
    case "result":
    case "answer":
    case "failed":
    case "program":
      return settle(news);
    case "change":
      meet(news.room);
      break;
    case "begun":
      meet(news.room);
      for (const [id] of news.session.waiting) early.set(id, null);
      break;
    case "refused":
      end(refused(news.refusal));
      break;
    case "notice": {
      const error = ended(news.notice.kind);
      if (error) end(error);
      break;
    }
  }
  const transfer = news.payload ? [news.payload.buffer] : [];
  self.postMessage({ news: over ? { ...news, error: over } : news }, { transfer });
}

/** Takes in who is there, as a machine's /etc/hosts has it. @param {import("./web.js").RoomNews} room */
function meet({ hosts }) {
  const now = hosts.map(({ name, aliases, address }) => ({ name, aliases, address }));
  if (JSON.stringify(now) === JSON.stringify(machines)) return;
  machines = now;
  for (const port of told.values()) port.postMessage({ machines });
}

/** Nothing will be answered any more. @param {import("./errors.js").SessionOver} error */
function end(error) {
  over = error;
  for (const [id] of waiting) settle({ type: "failed", id, error });
}

/** Answers whoever waits for a call. @param {Settling | null} news */
function settle(news) {
  if (news === null) return;
  const asked = waiting.get(news.id);
  if (!asked) {
    if (early.has(news.id)) early.set(news.id, news);
    return;
  }
  early.delete(news.id);
  waiting.delete(news.id);
  asked.calls.delete(asked.n);
  if (news.type === "failed") return reply(asked.port, { n: asked.n, error: news.error });
  if (news.type === "program") return reply(asked.port, { n: asked.n, ok: news.program });
  const transfer = news.payload ? [news.payload.buffer] : [];
  const answer = news.type === "answer" ? { text: news.text } : { ok: news.value };
  asked.port.postMessage({ n: asked.n, ...answer, payload: news.payload }, { transfer });
}

/** @param {Answers} port @param {{ n: number, ok?: unknown, error?: unknown }} message */
function reply(port, message) {
  port.postMessage(message);
}
