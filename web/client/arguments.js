// Arguments as people write them, checked, and turned into the protocol's own forms. Nothing here asks a server.

import { EVENTS, FAMILIES, FLAGS, HOST_NAME, HOW, KINDS, OPTIONS, OPTION_BYTES } from "../py/vocabulary.js";

const MAX_INT = 2 ** 31 - 1;
const MAX_WAIT_MS = 2 ** 32 - 1;

/** @template T @param {Record<string, T>} table @param {unknown} name @param {string} what @returns {T} */
function of(table, name, what) {
  if (typeof name === "string" && Object.hasOwn(table, name)) return table[name];
  throw new TypeError(`${what} must be one of ${Object.keys(table).join(", ")}, not ${String(name)}`);
}

/** @param {unknown} value @param {string} what @param {number} least @param {number} most */
export function integer(value, what, least = -MAX_INT - 1, most = MAX_INT) {
  if (typeof value !== "number" || !Number.isInteger(value)) throw new TypeError(`${what} must be an integer`);
  if (value < least || value > most) throw new RangeError(`${what} must be ${least}-${most}, not ${value}`);
  return value;
}

/** @param {unknown} value */
export function port(value) {
  return integer(value, "port", 0, 65535);
}

/** A name to resolve, or a numeric address. @param {unknown} name */
export function hostName(name) {
  if (typeof name !== "string") throw new TypeError("the host must be a string");
  if (name.includes("\0")) throw new TypeError("the host must not contain a NUL character");
  if (new TextEncoder().encode(name).length > HOST_NAME) throw new RangeError(`a name has at most ${HOST_NAME} bytes`);
  return name;
}

/** @param {unknown} address @returns {[string, number]} */
export function address(address) {
  if (!Array.isArray(address) || address.length < 2) throw new TypeError('an address is ["host", port], or "unix:/path"');
  return [hostName(address[0]), port(address[1])];
}

/** Whether it is a name of AF_UNIX: `unix:/path`, `unix:@abstract`. @param {unknown} address @returns {address is `unix:${string}`} */
export function isUnix(address) {
  return typeof address === "string" && address.startsWith("unix:");
}

/** Whether a host needs no resolving. @param {string} host */
export function isNumeric(host) {
  const parts = host.split(".");
  return host.includes(":") || (parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256));
}

/** The protocol's form of a numeric address. @param {string} host @param {number} port */
export function socketAddress(host, port) {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}

/** `["10.0.0.1", 80]` from the protocol's form; a name of AF_UNIX is its own. @param {string} text @returns {import("./wireside.js").Address | import("./wireside.js").UnixAddress} */
export function pair(text) {
  if (isUnix(text)) return text;
  const colon = text.lastIndexOf(":");
  return [text.slice(0, colon).replace(/^\[|\]$/g, ""), Number(text.slice(colon + 1))];
}

/** @param {unknown} bytes @returns {Uint8Array} a copy that may be transferred */
export function bytes(bytes) {
  if (typeof bytes === "string") return new TextEncoder().encode(bytes);
  if (bytes instanceof ArrayBuffer) return new Uint8Array(bytes.slice(0));
  if (ArrayBuffer.isView(bytes)) return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice();
  throw new TypeError("bytes must be a Uint8Array, another buffer, or a string");
}

/** `"forever"`, `"no"` or milliseconds. @param {unknown} wait @returns {import("../py/vocabulary.js").protocol.Wait} */
export function wait(wait) {
  if (wait === "forever" || wait === undefined || wait === null) return "Forever";
  if (wait === "no") return "No";
  if (typeof wait !== "number" || Number.isNaN(wait) || wait < 0) {
    throw new RangeError('wait must be "forever", "no" or milliseconds');
  }
  return { Millis: Math.min(Math.ceil(wait), MAX_WAIT_MS) };
}

/** The same, from the protocol's form. @param {import("../py/vocabulary.js").protocol.Wait} wait @returns {"forever" | "no" | number} */
export function publicWait(wait) {
  return wait === "Forever" ? "forever" : wait === "No" ? "no" : wait.Millis;
}

/** The line of a text that makes a call, from 1. @param {number} [line] */
export function line(line) {
  return line === undefined ? undefined : integer(line, "a line", 1);
}

/** Python's timeout in seconds: null waits for ever, 0 not at all. @param {unknown} seconds @returns {import("../py/vocabulary.js").protocol.Wait} */
export function timeout(seconds) {
  if (seconds === null) return "Forever";
  if (typeof seconds !== "number" || !(seconds >= 0)) throw new RangeError("Timeout value out of range");
  return seconds === 0 ? "No" : wait(seconds * 1000);
}

/** @param {unknown} names a name, or several @returns {string[]} */
function list(names) {
  return Array.isArray(names) ? names : String(names).split(/[|\s]+/).filter(Boolean);
}

/** @param {unknown} names */
export function flags(names) {
  if (names === undefined || names === null || names === 0) return 0;
  return list(names).reduce((set, name) => set | of(FLAGS, name, "a flag"), 0);
}

/** @param {unknown} names */
export function pollEvents(names) {
  return list(names).reduce((set, name) => set | of(EVENTS, name.replace(/^POLL/, ""), "an event"), 0);
}

/** @param {number} events @returns {string[]} */
export function pollNames(events) {
  return Object.entries(EVENTS).filter(([, bit]) => events & bit).map(([name]) => name);
}

/** @param {unknown} name */
export const family = (name) => of(FAMILIES, name, "the family");
/** @param {unknown} name */
export const kind = (name) => of(KINDS, name, "the type");
/** @param {unknown} name */
export const how = (name) => of(HOW, name, "how");
/** @param {unknown} name */
export const optionName = (name) => of(OPTIONS, name, "the option")[0];

/** @param {string} name @param {unknown} value @returns {import("../py/vocabulary.js").protocol.OptionValue} */
export function optionValue(name, value) {
  const [, type] = of(OPTIONS, name, "the option");
  switch (type) {
    case "Bool":
      return { Bool: Boolean(value) };
    case "Int":
      return { Int: integer(Number(value), name) };
    case "Bytes": {
      const all = bytes(value);
      if (all.length > OPTION_BYTES) throw new RangeError(`${name} takes at most ${OPTION_BYTES} bytes`);
      return { Bytes: [...all] };
    }
    default:
      if (value === null || value === false) return { Linger: null };
      return { Linger: integer(value, "the linger time in seconds", 0, 65535) };
  }
}

/** @param {import("../py/vocabulary.js").protocol.OptionValue} value the protocol's form */
export function plainOption(value) {
  if ("Bool" in value) return value.Bool ? 1 : 0;
  if ("Bytes" in value) return Uint8Array.from(value.Bytes);
  return "Int" in value ? value.Int : value.Linger;
}

/** 16 bytes from base64url. @param {string} text @param {string} what @returns {Uint8Array} */
export function secret(text, what) {
  if (!/^[A-Za-z0-9_-]{22}$/.test(text)) throw new TypeError(`${what} is 22 letters of base64url`);
  const binary = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(binary, (letter) => letter.charCodeAt(0));
}

/** Base64url from 16 bytes. @param {number[] | Uint8Array} bytes */
export function secretText(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}
