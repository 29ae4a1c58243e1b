// Addresses of our own worker scripts; where Trusted Types are enforced, through the one policy of our name.

/** The scripts that may become workers, from here. */
const WORKERS = ["./worker.js", "../py/pane-worker.js"];

/** @type {any} */
let policy = null;

/** What `new Worker` takes for one of our workers. @param {string} script as in `WORKERS` @returns {string} */
export function scriptUrl(script) {
  const url = absolute(script);
  const { trustedTypes } = /** @type {any} */ (globalThis);
  if (!trustedTypes) return url;
  policy ??= trustedTypes.createPolicy("wireside", { createScriptURL: ours });
  return policy.createScriptURL(url);
}

/** @param {string} script */
function absolute(script) {
  return new URL(script, import.meta.url).href;
}

/** @param {string} url */
function ours(url) {
  if (WORKERS.some((script) => url === absolute(script))) return url;
  throw new TypeError("not one of the client's own scripts");
}
