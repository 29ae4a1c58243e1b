// Files that are too large for the browser's small storage, or no text: kept in IndexedDB for a reload and the next visit.
// Where that is refused (private windows), and in frames of other pages, they last as long as the page.
import { framed, passing } from "./browser-storage.js";

const STORE = "files";
/** What was kept for one room only is forgotten after so long, milliseconds. */
const FORGET_MS = 7 * 24 * 3600 * 1000;

/** The scope of what every room of this browser finds. */
export const OWN = "own";

/** @typedef {[scope: string, part: string, file: string]} Key */

/** @type {Promise<IDBDatabase> | null} */
let opened = null;

function open() {
  opened ??= new Promise((resolve, reject) => {
    if (framed) return reject(new Error("nothing is kept in a frame"));
    const request = indexedDB.open("wireside", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
  return opened;
}

/**
 * @template Result
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<Result>} ask
 * @returns {Promise<Result>}
 */
async function within(mode, ask) {
  const store = (await open()).transaction(STORE, mode).objectStore(STORE);
  const request = ask(store);
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {Key} key @returns {Promise<Uint8Array | null>} */
export async function kept(key) {
  const found = await within("readonly", (store) => store.get(key)).catch(() => null);
  return found?.bytes instanceof Uint8Array ? found.bytes : null;
}

/** Keeps it; answers whether that was possible. @param {Key} key @param {Uint8Array} bytes @returns {Promise<boolean>} */
export function keep(key, bytes) {
  return within("readwrite", (store) => store.put({ bytes, when: Date.now() }, key)).then(
    () => true,
    () => false,
  );
}

/** @param {Key} key */
export function forget(key) {
  return within("readwrite", (store) => store.delete(key)).catch(() => {});
}

/** Where a page's code in a room stands in the small storage, until its tab is closed. @param {string} room */
export function codeOf(room) {
  return `wireside.code.${room}`;
}

/** What this tab has written in a room goes on in the one that took its place. @param {string} from @param {string} to */
export function carryCode(from, to) {
  try {
    const code = passing().getItem(codeOf(from));
    if (!code || passing().getItem(codeOf(to))) return;
    passing().setItem(codeOf(to), code);
    // Large files that are the other room's alone; those of every room are found here as well.
    for (const [part, { large = [] }] of Object.entries(JSON.parse(code).code)) {
      for (const file of large) void kept([from, part, file]).then((bytes) => bytes && keep([to, part, file], bytes));
    }
  } catch {
    // Storage is full or refused: the room begins as it would for anybody.
  }
}

/** Forgets what rooms left here that nobody will come back to. */
export async function forgetOld() {
  const all = await within("readonly", (store) => store.getAllKeys()).catch(() => []);
  for (const key of all) {
    if (!Array.isArray(key) || key[0] === OWN) continue;
    const found = await within("readonly", (store) => store.get(key)).catch(() => null);
    if (!(found?.when > Date.now() - FORGET_MS)) await forget(/** @type {any} */ (key));
  }
}
