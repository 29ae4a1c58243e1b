// Wireside for JavaScript: real TCP and UDP sockets on the machines of a room. See wireside.d.ts.
//
//   import { openRoom } from "./wireside.js"
//   const room = await openRoom()
//   const program = await room.program("client")
//   const s = await program.socket()
//   await s.connect(["tutorial", 12345])
//   new TextDecoder().decode(await s.recv(1024))
import * as args from "./arguments.js";
import { RoomError, callError } from "./errors.js";
import { Port } from "./port.js";
import { Room } from "./room.js";
import { scriptUrl } from "./script-url.js";

export {
  LimitError,
  PolicyError,
  ProtocolError,
  PythonError,
  ResolveError,
  RoomError,
  SocketError,
  TimedOutError,
} from "./errors.js";
export { Program, Socket } from "./program.js";
export { Room } from "./room.js";
export { Run } from "./run.js";

/** Failed tries before a first connection is given up. */
const FIRST_TRIES = 2;
/** How long the worker and its WebAssembly may be on their way, in milliseconds. */
const LOAD_MS = 60_000;
/** How long the server may take for one answer, in milliseconds. It delays whoever comes too fast, by less than this. */
const ANSWER_MS = 60_000;

/**
 * Opens a new room, or joins the one of a link with the role its key gives.
 * @param {string} [link] `https://host/r/<id>#<key>`
 * @param {{ name?: string, key?: string, token?: string, trace?: boolean, server?: string, signal?: AbortSignal }} [options]
 * @returns {Promise<Room>}
 */
export async function openRoom(link, options = {}) {
  const name = String(options.name ?? "");
  if ([...name].length > 32) throw new RangeError("a name has at most 32 characters");
  options.signal?.throwIfAborted();
  const { origin, id, key } = link === undefined ? await make(options) : parse(link, options.key);
  const token = options.token ? args.secret(options.token, "the token") : undefined;
  const socket = new URL(`/r/${encodeURIComponent(id)}/socket`, origin);
  socket.protocol = socket.protocol === "https:" ? "wss:" : "ws:";
  const worker = new Worker(scriptUrl("./worker.js"), { type: "module", name: "wireside" });
  const port = new Port(worker);
  try {
    const begun = begin(port, worker, origin, options.signal);
    port.tell({ do: "open", url: socket.href, key: args.secret(key, "the key"), name, token, trace: options.trace ?? true });
    const room = new Room(port, { origin, key, begun: await begun });
    endWithPage(room, worker);
    return room;
  } catch (error) {
    worker.terminate();
    throw error;
  }
}

/** Makes a room. @param {{ server?: string, signal?: AbortSignal }} options */
async function make({ server, signal }) {
  // Where the client came from: for a page of another origin that is not its own.
  const origin = new URL(server ?? import.meta.url).origin;
  let answer;
  try {
    answer = await answered(fetch(new URL("/rooms", origin), { method: "POST", signal }));
  } catch (error) {
    signal?.throwIfAborted();
    throw Object.assign(unreachable(origin), { cause: error });
  }
  if (!answer.ok) throw await refusal(answer);
  const { room, owner } = await answered(answer.json());
  return { origin, id: room, key: owner };
}

/** Why no room was made. @param {Response} answer */
async function refusal(answer) {
  const body = await answer.json().catch(() => ({}));
  const message = body.message ?? `the server answered ${answer.status}`;
  // What the request is called in the server's log, where it has a line there.
  const { request, next } = body;
  if (body.class === "limit") return new RoomError("LIMIT", message, { limit: body.limit, value: body.value, request });
  if (body.rule === "draining") return new RoomError("DRAINING", message, { request, ...(/^https?:\/\//.test(next) && { next }) });
  if (body.class === "policy") return new RoomError("POLICY", message, { rule: body.rule, request });
  return new RoomError("UNAVAILABLE", message, { request });
}

/** @param {string} link @param {string} [key] */
function parse(link, key) {
  const url = new URL(link, import.meta.url);
  const match = /^\/r\/([^/]+)\/?$/.exec(url.pathname);
  if (!match) throw new TypeError("a room's link is https://host/r/<id>#<key>");
  const found = key ?? url.hash.slice(1);
  if (!/^[A-Za-z0-9_-]{22}$/.test(found)) throw new RoomError("WRONG_KEY", "the link has no key, or not all of it");
  return { origin: url.origin, id: decodeURIComponent(match[1]), key: found };
}

/**
 * The first welcome, or why there is none.
 * @param {Port} port @param {Worker} worker @param {string} origin @param {AbortSignal} [signal]
 * @returns {Promise<Extract<import("./worker.js").Told, { type: "begun" }>>}
 */
function begin(port, worker, origin, signal) {
  return new Promise((resolve, reject) => {
    let failures = 0;
    const stop = (/** @type {unknown} */ error) => {
      clearTimeout(patience);
      reject(error);
    };
    const unable = (/** @type {string | undefined} */ why) =>
      stop(new RoomError("NOT_LOADED", `the client could not be loaded: ${why || "a file did not come, see the console"}`));
    let patience = setTimeout(() => unable(`it has not come for ${LOAD_MS / 1000} s`), LOAD_MS);
    signal?.addEventListener("abort", () => stop(signal.reason), { once: true });
    worker.onerror = (event) => unable(event.message);
    port.onnews = (news) => {
      if (news.type === "begun") {
        clearTimeout(patience);
        resolve(news);
      } else if (news.type === "loaded") {
        clearTimeout(patience);
        patience = setTimeout(() => stop(unreachable()), ANSWER_MS);
      } else if (news.type === "unable") unable(news.message);
      else if (news.type === "refused") stop(callError("openRoom", news.error));
      else if (news.type === "connection" && news.state !== "away" && ++failures === FIRST_TRIES) void silence(origin).then(stop);
    };
  });
}

/** Tells a server that is gone from a WebSocket that is blocked on the way. @param {string} origin */
async function silence(origin) {
  try {
    await answered(fetch(new URL("/health", origin), { cache: "no-store" }));
  } catch {
    return unreachable();
  }
  return new RoomError("BLOCKED", "the live connection (WebSocket) was blocked");
}

/** To a page of another origin a server that does not know it looks like one that is not there. @param {string} [origin] */
function unreachable(origin = location.origin) {
  const known = origin === location.origin ? "" : `, or was not started with --origin ${location.origin}`;
  return new RoomError("UNREACHABLE", `the server does not answer${known}`);
}

/** What was asked for, unless it takes too long. @template T @param {Promise<T>} asked @returns {Promise<T>} */
function answered(asked) {
  return new Promise((resolve, reject) => {
    const patience = setTimeout(() => reject(unreachable()), ANSWER_MS);
    asked.then(resolve, reject).finally(() => clearTimeout(patience));
  });
}

/** Says goodbye when the page really goes, and wakes the connection when the network is back. @param {Room} room @param {Worker} worker */
function endWithPage(room, worker) {
  addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) room.bye();
  });
  addEventListener("online", () => room.retry());
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted) room.retry();
  });
  worker.onerror = (event) => console.error(`wireside: ${event.message}`);
}
