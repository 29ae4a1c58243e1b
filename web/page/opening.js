// How this page comes into a room: which key it uses, what it remembers, and what to say when it cannot.
import { embedded, leadTo } from "./embedded.js";
import { inTheLog } from "../base/request-name.js";
import { lookKey, ownerKey, personName, sessionToken } from "../base/storage.js";

/** @returns {{ id: string, key: string } | null} the room of the address bar; null asks for a new one */
export function roomOfAddress() {
  const match = /^\/r\/([^/]+)\/?$/.exec(location.pathname);
  return match ? { id: decodeURIComponent(match[1]), key: location.hash.slice(1) } : null;
}

/**
 * @typedef {(link?: string, options?: import("../client/wireside.js").OpenOptions) => Promise<import("../client/room.js").Room>} Open gives
 *   the page's own room, which has more than the published one
 * @param {Open} openRoom
 * @returns {Promise<import("../client/room.js").Room>} the room
 */
export async function enter(openRoom) {
  const asked = roomOfAddress();
  // In a frame of somebody's page there is nothing to go on with, and nothing is remembered.
  if (embedded) return openRoom(undefined, {});
  const name = personName.get();
  if (!asked) return settle(await openRoom(undefined, { name }));
  const key = ownerKey.get(asked.id) ?? (asked.key || (lookKey.get(asked.id) ?? ""));
  const link = `${location.origin}/r/${asked.id}#${key}`;
  const token = sessionToken.get(asked.id) ?? undefined;
  return settle(await openRoom(link, { name, token }).catch((error) => again(error, asked.id, () => openRoom(link, { name }))));
}

/** The session that a reload would go on with may be over; the room may still be there. @param {any} error @param {string} room @param {() => Promise<import("../client/room.js").Room>} fresh */
function again(error, room, fresh) {
  if (error?.code === "SESSION_OVER") return fresh();
  // Whoever comes again after that comes as somebody new.
  if (error?.code === "REMOVED") sessionToken.set(room, null);
  throw error;
}

/**
 * Remembers who we are there. The address bar always holds the link to join: opened in a second browser it joins
 * with a machine of its own, and the owner's key never leaves this one.
 * @param {import("../client/room.js").Room} room
 */
function settle(room) {
  if (room.token) sessionToken.set(room.id, room.token);
  if (room.me.role === "owner" && room.key) ownerKey.set(room.id, room.key);
  if (room.me.role === "owner" && room.links.join) {
    const { pathname, hash } = new URL(room.links.join, location.origin);
    history.replaceState(null, "", `${pathname}${location.search}${hash}`);
  }
  if (room.me.role === "viewer" && room.key && new URLSearchParams(location.search).has("look")) {
    lookKey.set(room.id, room.key);
    history.replaceState(null, "", `${location.pathname}${location.search}`);
  }
  return room;
}

/**
 * What a page says that got no room.
 * @param {any} error
 * @returns {{ key: string, notice: import("../base/notice-bar.js").Notice, about: string }}
 */
export function refusal(error) {
  const said = unnamed(error);
  const named = inTheLog(error?.request);
  return named ? { ...said, notice: { ...said.notice, text: `${said.about.replace(/\.$/, "")}${named}.` } } : said;
}

/** The same without the request's name in the log. @param {any} error @returns {ReturnType<typeof refusal>} */
function unnamed(error) {
  const fresh = { label: "Open a new room", run: () => leadTo("/") };
  const again = { label: "Try again", run: () => location.reload() };
  switch (error?.code) {
    case "NO_ROOM":
      return bad("ended", "This room has ended; its sockets are closed.", [{ ...fresh, label: "Open it in a new room" }]);
    case "REMOVED":
      return bad("ended", "The owner of this room has removed you.", [fresh]);
    case "WRONG_KEY":
      return bad("unavailable", "This link's key does not open the room. Ask for the link again.", [fresh]);
    case "UNAVAILABLE":
      return bad("unavailable", error.message, [again]);
    case "LIMIT":
      return bad("unavailable", limitSentence(error), [again]);
    case "DRAINING":
      return bad("unavailable", asSentence(error.message), error.next ? [elsewhere(error.next), again] : [again]);
    case "BLOCKED":
      return bad("connection", BLOCKED, [again]);
    case "NOT_LOADED":
      return bad("unavailable", notLoaded("what speaks with the server"), [again]);
    case "UNREACHABLE":
      return bad("connection", "The server does not answer. Is it still running?", [again]);
    default:
      return bad("unavailable", `The room could not be opened: ${error?.message ?? error}`, [again]);
  }
}

/** @param {string} message */
function asSentence(message) {
  return `${message[0].toUpperCase()}${message.slice(1)}.`;
}

/** The way to the server that makes new rooms while this one goes away. @param {string} next */
function elsewhere(next) {
  return { label: `Open a room at ${new URL(next).host}`, run: () => location.assign(next) };
}

const BLOCKED =
  "The page arrived, but its live connection was blocked, often by a school or company filter.";

/** @param {string} what in words, as it goes on in a sentence */
export function notLoaded(what) {
  return `A part of this page did not come through: ${what}. Reload; if it stays so, an extension or a filter on the way may block it.`;
}

/** @param {any} error */
function limitSentence({ limit, value }) {
  const count = Number(value).toLocaleString("en");
  if (limit === "server-rooms") return `All ${count} rooms are taken. Try again in a while.`;
  return `This is full: ${limit}, at most ${count}.`;
}

/** @param {string} key @param {string} text @param {{ label: string, run: () => void }[]} actions */
function bad(key, text, actions) {
  return { key, notice: { tone: /** @type {const} */ ("bad"), text, alert: true, actions }, about: text };
}
