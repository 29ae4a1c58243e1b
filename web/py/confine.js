// What a program must not reach from its worker: everything of the page's origin. A script can take the import hook away and
// has the worker's own globals then, so these go before the script begins. It is a list of what stays, since browsers add new
// ways to connect; none of it makes a request, keeps anything, or makes another worker with globals of its own.

/** The language's own, and what Pyodide and the way to the machine use while a script runs. */
const STAYS = new Set([
  // ECMAScript. `eval` and `Function` are there and refused by the page's policy.
  ..."globalThis Infinity NaN undefined eval isFinite isNaN parseFloat parseInt decodeURI decodeURIComponent encodeURI".split(" "),
  ..."encodeURIComponent escape unescape Object Function Boolean Symbol Error AggregateError EvalError RangeError".split(" "),
  ..."ReferenceError SyntaxError TypeError URIError SuppressedError Number BigInt Math Date Temporal String RegExp Array".split(" "),
  ..."Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array BigInt64Array BigUint64Array".split(" "),
  ..."Float16Array Float32Array Float64Array Map Set WeakMap WeakSet WeakRef FinalizationRegistry ArrayBuffer".split(" "),
  ..."SharedArrayBuffer DataView Atomics JSON Iterator AsyncIterator Promise Reflect Proxy Intl WebAssembly".split(" "),
  ..."InternalError DisposableStack AsyncDisposableStack constructor".split(" "),
  // This worker's way to the page, whose messages are checked there.
  ..."self postMessage onmessage onmessageerror onerror onunhandledrejection close name crossOriginIsolated isSecureContext".split(" "),
  ..."addEventListener removeEventListener dispatchEvent".split(" "),
  // Time, text, memory, randomness.
  ..."setTimeout clearTimeout setInterval clearInterval queueMicrotask structuredClone reportError performance console".split(" "),
  ..."TextEncoder TextDecoder URL URLSearchParams atob btoa crypto Crypto Event EventTarget MessageEvent ErrorEvent".split(" "),
  ..."PromiseRejectionEvent MessagePort AbortController AbortSignal DOMException Performance".split(" "),
]);

/** Takes everything else from this worker, for good. Gives the names of what could not be taken. */
export function confine() {
  /** @type {any} */
  const world = globalThis;
  const left = [];
  for (let level = world; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
    for (const name of Object.getOwnPropertyNames(level)) {
      if (STAYS.has(name) || name.startsWith("_")) continue;
      if (!gone(level, name)) left.push(name);
    }
  }
  // It makes an address out of bytes, from which a worker could begin.
  delete (/** @type {any} */ (URL).createObjectURL);
  return left;
}

/** @param {any} level @param {string} name */
function gone(level, name) {
  try {
    delete level[name];
  } catch {
    // Not to be deleted: then perhaps to be replaced.
  }
  if (!Object.hasOwn(level, name)) return true;
  try {
    level[name] = undefined;
  } catch {
    return false;
  }
  return level[name] === undefined;
}
