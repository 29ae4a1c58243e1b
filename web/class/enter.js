// The way from a seat to its room: its key is remembered, and the page becomes the room's.
import { ownerKey } from "../base/storage.js";
import { rememberRoom } from "./memory.js";

/**
 * @param {string} id the class @param {{ room: string, owner: string, lesson: string | null, start?: string | null }} seat `start`: the
 *   fragment of a copy's link, which the room begins with
 */
export function enterSeat(id, { room, owner, lesson, start }) {
  ownerKey.set(room, owner);
  rememberRoom(id, room);
  const search = lesson ? `?lesson=${encodeURIComponent(lesson)}` : "";
  // Where nothing is remembered the key itself leads in.
  const fragment = start ?? (ownerKey.get(room) === owner ? "" : owner);
  location.replace(`/r/${encodeURIComponent(room)}${search}${fragment ? `#${fragment}` : ""}`);
}
