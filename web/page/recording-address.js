// Whether the address is that of a recording, and the recording's bytes, asked for before anything else of the page is
// there.
import { patiently } from "../base/patience.js";
import { ownerKey } from "../base/storage.js";

/** @returns {{ id: string, room: string | null, bytes: Promise<Uint8Array> } | null} the recording of the address bar; `room`: it is the last of this one */
export function recordingOfAddress() {
  const { pathname, search } = location;
  const [, id = null] = /^\/s\/([a-z2-9]{1,64})\/?$/.exec(pathname) ?? [];
  const [, room = null] = /^\/r\/([A-Za-z0-9_-]{1,64})\/?$/.exec(search === LAST ? pathname : "") ?? [];
  if (id === null && room === null) return null;
  const bytes = id !== null ? fetched(id) : lastOf(room ?? "");
  // Whoever waits for it is told.
  bytes.catch(() => {});
  return { id: id ?? "", room, bytes };
}

/** What stands behind a room's address where what happened in it is shown. */
const LAST = "?last";

/** The address of what happened in a room that has ended. @param {string} room @param {string} key the owner's stays out of the address */
export function lastAddress(room, key) {
  return `/r/${room}${LAST}#${ownerKey.get(room) === null ? key : ""}`;
}

/** Whether what happened in a room that has ended is offered to whoever has this key. @param {string} room @param {string} key */
export async function isOffered(room, key) {
  const answer = await asked(room, key);
  void answer?.body?.cancel();
  return answer?.status === 200;
}

/** @param {string} room */
async function lastOf(room) {
  const answer = await asked(room, location.hash.slice(1));
  if (!answer) throw new Error("The server does not answer. Is it still running?");
  if (answer.status === 204) throw new Error("This room has ended, and what happened in it is not offered any more.");
  return bytesOf(answer);
}

/** @param {string} room @param {string} key */
function asked(room, key) {
  const headers = { Authorization: `Bearer ${ownerKey.get(room) ?? key}` };
  return patiently(() => fetch(`/r/${room}/last`, { headers, credentials: "omit" })).catch(() => null);
}

/**
 * The bytes of a recording, or in an error a sentence why not. A class opens a link together: where that is too much at once, it
 * waits and asks again.
 * @param {string} id @returns {Promise<Uint8Array>}
 */
export async function fetched(id) {
  const answer = await patiently(() => fetch(`/s/${id}/events`, { credentials: "omit" })).catch(() => {
    throw new Error("The server does not answer. Is it still running?");
  });
  if (answer.status === 404) throw new Error("There is no recording at this address, or it was deleted.");
  return bytesOf(answer);
}

/** @param {Response} answer */
async function bytesOf(answer) {
  if (!answer.ok) {
    const { message = `the server answered ${answer.status}` } = await answer.json().catch(() => ({}));
    throw new Error(`The recording cannot be opened: ${message}.`);
  }
  return new Uint8Array(await answer.arrayBuffer());
}
