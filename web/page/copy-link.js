// "Give a copy": code and lesson in the fragment of a link, which browsers do not send to servers. `#copy=1.` and then
// JSON, deflated, in base64url. Whatever comes in is from outside: bounded, checked, and never run by itself.
import init, { isProgramName } from "../client/web.js";
import { passing } from "../base/browser-storage.js";
import { isCode } from "../program/code-store.js";
import { WIRE_DELAY_MS } from "../py/vocabulary.js";

/** Version of the format. A link of any version ever given out must open for ever. */
const VERSION = 1;
/** Longest link's fragment, in characters: what mail and chat programs still pass on whole. */
const LONGEST_LINK = 32 * 1024;
/** Longest JSON in a link, in bytes. */
const LONGEST_JSON = 1024 * 1024;

/**
 * @typedef {{ lesson: string | null, code: import("../program/code-store.js").Code, wire?: Wire | null }} Copy
 *   `wire`, where it is not as a new room's
 * @typedef {{ delay: number, loss: number, seed?: string, held?: boolean }} Wire milliseconds one way, the probability of loss, what
 *   it is lost by, in digits, and whether packets stop half-way
 */

/** A copy that is no copy, with a sentence for the person who opened it. */
export class CopyError extends Error {}

/**
 * The link, and what is not in it: of the files that are no programs the largest stay out where it would be too long.
 * @param {Copy} copy @returns {Promise<{ link: string, left: string[] }>} @throws {CopyError} when the programs alone are too long
 */
export async function copyLink({ lesson, code, wire }) {
  const fits = structuredClone(code);
  const data = Object.entries(fits).flatMap(([part, { files }]) =>
    Object.entries(files)
      .filter(([file]) => !isProgramName(file))
      .map(([file, { length }]) => ({ part, file, length })),
  );
  data.sort((one, other) => other.length - one.length);
  /** @type {string[]} */
  const left = [];
  for (;;) {
    const fragment = await packed({ lesson, code: fits, wire });
    if (fragment !== null) return { link: `${location.origin}/#${fragment}`, left };
    const out = data.shift();
    if (!out) throw new CopyError("The code is too long for a link.");
    const machine = fits[out.part];
    delete machine.files[out.file];
    machine.untouched = machine.untouched?.filter((one) => one !== out.file);
    left.push(`${out.file} on ${out.part}`);
  }
}

/** What stands in the address of a copy that this tab hands over itself: it can be longer than a link. */
const HERE = "#copy=here";
const HANDED = "wireside.copy";

/** The address of a new room that begins with a copy, in this tab. @param {Copy} copy @returns {Promise<string>} @throws {CopyError} when there is no way for it */
export async function addressWith(copy) {
  const json = JSON.stringify(copy);
  try {
    if (json.length > LONGEST_JSON) throw new CopyError("too long");
    passing().setItem(HANDED, json);
    return `/${HERE}`;
  } catch {
    // Refused, or no room for it: what a link can carry goes by link.
    return (await copyLink(copy)).link;
  }
}

/** What this tab has handed over; once. @returns {Promise<Copy | null>} @throws {CopyError} */
async function handedOver() {
  try {
    const json = passing().getItem(HANDED);
    passing().removeItem(HANDED);
    if (json === null) return null;
    await init();
    return checked(JSON.parse(json));
  } catch {
    throw new CopyError("What was to be copied is not there any more.");
  }
}

/** A copy as a link's fragment; null where that is too long. @param {Copy} copy @returns {Promise<string | null>} */
async function packed({ lesson, code, wire }) {
  const json = new Blob([JSON.stringify(wire ? { lesson, code, wire } : { lesson, code })]);
  if (json.size > LONGEST_JSON) return null;
  const bytes = await pump(json, new CompressionStream("deflate-raw"), LONGEST_JSON).catch(() => null);
  const fragment = bytes && `copy=${VERSION}.${base64url(bytes)}`;
  return fragment === null || fragment.length > LONGEST_LINK ? null : fragment;
}

/** The copy in a fragment; null where there is none. @param {string} fragment with or without # @returns {Promise<Copy | null>} @throws {CopyError} */
export async function copyOf(fragment) {
  if (fragment === HERE) return handedOver();
  const match = /^#?copy=(.*)$/s.exec(fragment);
  if (!match) return null;
  const [version, packed] = split(match[1]);
  if (fragment.length > LONGEST_LINK) throw new CopyError("This link is longer than a copy may be.");
  if (version !== VERSION) throw new CopyError("This link was made by a newer Wireside than this one.");
  try {
    const json = await pump(new Blob([bytes(packed)]), new DecompressionStream("deflate-raw"), LONGEST_JSON);
    // Rust says what a file may be called.
    await init();
    return checked(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json)));
  } catch {
    throw new CopyError("This link is damaged, or not all of it arrived.");
  }
}

/** @param {string} text @returns {[number, string]} */
function split(text) {
  const dot = text.indexOf(".");
  return [Number(text.slice(0, dot)), text.slice(dot + 1)];
}

/** @param {any} value @returns {Copy} */
function checked(value) {
  const known = ["lesson", "code", "wire"];
  if (typeof value !== "object" || value === null || !Object.keys(value).every((key) => known.includes(key))) throw new Error("unknown");
  const { lesson = null, code, wire = null } = value;
  if (lesson !== null && !(typeof lesson === "string" && /^[a-z0-9-]{1,32}$/.test(lesson))) throw new Error("lesson");
  if (!isCode(code)) throw new Error("code");
  if (wire !== null && !isWire(wire)) throw new Error("wire");
  return { lesson, code, wire };
}

/** @param {any} wire */
function isWire(wire) {
  const { delay, loss, seed = "0", held = false } = typeof wire === "object" ? wire : {};
  if (typeof held !== "boolean" || !(typeof seed === "string" && /^[0-9]{1,20}$/.test(seed))) return false;
  return Number.isInteger(delay) && delay >= 0 && delay <= WIRE_DELAY_MS && typeof loss === "number" && loss >= 0 && loss <= 1;
}

/** @param {Blob} blob @param {CompressionStream | DecompressionStream} through @param {number} most bytes of the result */
async function pump(blob, through, most) {
  const reader = blob.stream().pipeThrough(/** @type {any} */ (through)).getReader();
  /** @type {Uint8Array[]} */
  const pieces = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    length += value.length;
    if (length > most) {
      await reader.cancel();
      throw new CopyError("The code is too long for a link.");
    }
    pieces.push(value);
  }
  return new Uint8Array(await new Blob(/** @type {any} */ (pieces)).arrayBuffer());
}

/** @param {Uint8Array} packed */
function base64url(packed) {
  let text = "";
  for (const byte of packed) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** @param {string} text */
function bytes(text) {
  if (!/^[A-Za-z0-9_-]*$/.test(text)) throw new Error("letters");
  return Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (letter) => letter.charCodeAt(0));
}
