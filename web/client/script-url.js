// Addresses of our own worker scripts; where Trusted Types are enforced, through the one policy of our name.
//
// Browsers start no worker from another origin. A page of another origin that imports the client starts one from a line
// of its own, a blob, which imports ours: imports are asked for by CORS, as the client itself was.

/** The scripts that may become workers, from here. */
const WORKERS = ["./worker.js", "../py/pane-worker.js"];

/** @type {any} */
let policy = null;
/** The lines of this page's own, by the script each imports. @type {Map<string, string>} */
const blobs = new Map();

/** What `new Worker` takes for one of our workers. @param {string} script as in `WORKERS` @returns {string} */
export function scriptUrl(script) {
  const url = absolute(script);
  const { trustedTypes } = /** @type {any} */ (globalThis);
  if (!trustedTypes) return startable(url);
  policy ??= trustedTypes.createPolicy("wireside", { createScriptURL: ours });
  return policy.createScriptURL(url);
}

/** @param {string} script */
function absolute(script) {
  return new URL(script, import.meta.url).href;
}

/** @param {string} url */
function ours(url) {
  if (WORKERS.some((script) => url === absolute(script))) return startable(url);
  throw new TypeError("not one of the client's own scripts");
}

/** @param {string} url one of ours */
function startable(url) {
  if (new URL(url).origin === location.origin) return url;
  const known = blobs.get(url);
  if (known) return known;
  const blob = URL.createObjectURL(new Blob([`import ${JSON.stringify(url)};`], { type: "text/javascript" }));
  blobs.set(url, blob);
  return blob;
}
