// Addresses of the room's browser: what somebody typed, where a link leads, and where somebody listens. Knows no document.
import { HOST_NAME } from "../py/vocabulary.js";

/** Longest address, in UTF-16 units. */
export const ADDRESS_LENGTH = 2048;
/** Addresses that are suggested at once. */
const SUGGESTED = 6;
/** The one of the ready-made servers that speaks HTTP. */
const READY_MADE = "http://tutorial/";

/** What begins with a scheme: `server:6789` does not. */
const SCHEME = /^([a-z][a-z0-9+.-]*:\/\/|(about|blob|data|file|https?|javascript|mailto|tel|view-source):(?!\d))/i;
const ONLY_HTTP = "This browser opens http:// only";

/**
 * @typedef {object} Address
 * @property {string} text the whole of it
 * @property {string} host a name or a number, an IPv6 one without its brackets
 * @property {number} port
 * @property {string} authority host and port as the request's Host header has them
 * @property {string} target path and query: what the request asks for
 */

/**
 * An address as somebody types it: `server:6789/HelloWorld.html`, with `http://` or without.
 * @param {string} typed
 * @returns {{ address: Address, fault?: undefined } | { address?: undefined, fault: string }}
 */
export function readAddress(typed) {
  const text = typed.trim();
  if (text === "") return { fault: "An address has at least a machine: http://server/" };
  if (text.length > ADDRESS_LENGTH) return { fault: `This address has ${text.length} characters; here one has at most ${ADDRESS_LENGTH}.` };
  if (/^[/?#]/.test(text)) return { fault: `Which machine? An address begins with one: http://server${text.startsWith("/") ? "" : "/"}${text}` };
  return read(SCHEME.test(text) ? text : `http://${text}`);
}

/**
 * Where a link of a page leads, or a redirect.
 * @param {string} link as it stands there @param {string} base the page's address
 * @returns {{ address: Address, fault?: undefined } | { address?: undefined, fault: string }}
 */
export function resolveLink(link, base) {
  if (link.length > ADDRESS_LENGTH) return { fault: `It has more than ${ADDRESS_LENGTH} characters.` };
  try {
    return read(new URL(link, base).href);
  } catch {
    return { fault: "It is no address." };
  }
}

/** @param {string} text @returns {ReturnType<typeof readAddress>} */
function read(text) {
  let url;
  try {
    url = new URL(text);
  } catch {
    return { fault: whyNot(text) };
  }
  if (url.protocol !== "http:") return { fault: otherScheme(url.protocol) };
  if (url.username || url.password) return { fault: "This browser sends no names and passwords: leave out what stands before the @." };
  if (url.port === "0") return { fault: "Nobody listens on port 0: a port is a number from 1 to 65535." };
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (host.length > HOST_NAME) return { fault: `The name of a machine has at most ${HOST_NAME} characters.` };
  const address = { text: url.href, host, port: url.port === "" ? 80 : Number(url.port), authority: url.host, target: url.pathname + url.search };
  return { address };
}

/** @param {string} text what no URL can be made of */
function whyNot(text) {
  const authority = /^[a-z]+:[/\\]*([^/\\?#]*)/i.exec(text)?.[1] ?? "";
  const port = /:([^:\]]*)$/.exec(authority)?.[1];
  if (port !== undefined && port !== "" && !(/^\d+$/.test(port) && Number(port) <= 65535)) return "A port is a number from 1 to 65535, as in http://server:6789/";
  if (authority.replace(/:.*$/, "") === "") return "An address has at least a machine: http://server/";
  return "This is no address. One looks like http://server:6789/index.html";
}

/** @param {string} protocol with its colon */
function otherScheme(protocol) {
  if (protocol === "https:") return `${ONLY_HTTP}, not https://: what goes over this wire is there to be read.`;
  if (protocol === "javascript:") return `${ONLY_HTTP}; this is a script, and it runs none.`;
  return `${ONLY_HTTP}, not ${protocol}`;
}

/**
 * Addresses where somebody listens now, the likeliest first: other machines, then one's own, then the ready-made server.
 * @param {{ name: string, address: string, own: boolean, readyMade: boolean, sockets: { listens: boolean, local: string, program?: string | null }[] }[]} machines
 * @returns {{ text: string, words: string }[]}
 */
export function suggestions(machines) {
  /** @type {Map<string, string>} */
  const found = new Map();
  const people = machines.filter(({ readyMade }) => !readyMade);
  for (const machine of [...people.filter(({ own }) => !own), ...people.filter(({ own }) => own)]) {
    for (const { listens, local, program } of machine.sockets) {
      const at = listens && listener(local, machine);
      if (at) found.set(at, `${program && program !== "By hand" ? program : "a socket"} listens on ${machine.name}`);
    }
  }
  // That machine comes when it is called for.
  const known = [...found].slice(0, SUGGESTED - 1);
  return [...known, [READY_MADE, "a ready-made web server of one page"]].map(([text, words]) => ({ text, words }));
}

/** Where to call a listener, if it can be called from here. @param {string} local @param {{ name: string, own: boolean }} machine */
function listener(local, { name, own }) {
  const colon = local.lastIndexOf(":");
  const [host, port] = [local.slice(0, colon), Number(local.slice(colon + 1))];
  if (colon < 0 || !(port > 0)) return null;
  const loopback = host.startsWith("127.");
  if (loopback && !own) return null;
  return `http://${loopback ? "localhost" : name}${port === 80 ? "" : `:${port}`}/`;
}
