// Workers with Python in them, loaded in advance: each runs one program and is then gone, as a process. See python.d.ts.
import { COMMON, travelling } from "../py/downloads.js";
import { suspends } from "../py/internals.js";
import { PythonError } from "./errors.js";
import { scriptUrl } from "./script-url.js";

/** Workers that wait for a script: one for each machine of a first visit. Each holds some 20 MiB. */
const SPARES = 2;
const SPARES_SMALL = 1;
/** Devices with less memory keep fewer, in GiB. */
const SMALL_GIB = 4;

const INSECURE =
  'This browser runs Python only at a secure address (https, or localhost). Everything else on this page works. Use "By ' +
  'hand", or a current Chrome, Edge or Firefox, or ask whoever runs this server for the https link.';
const FRAMED =
  "This browser runs Python only in a whole page, not in a frame of another site's page. Calls by hand work here; opened full, " +
  "Python runs, too.";
const NOT_BUILT = "This server was built without Python. Everything else on this page works.";

/** @typedef {{ base: string, files: import("../py/downloads.js").Files }} Files */
/** @typedef {{ loaded: number, total: number, ready: boolean }} Progress */

/** @type {Promise<{ python: Files | null, why: string | null }> | null} */
let manifest = null;
/** What the first worker has fetched, for all others. @type {import("../py/downloads.js").Common | null} */
let common = null;
/** @type {Interpreter[]} */
const spares = [];

export { suspends };

/** Whether calls can block here on shared memory. */
export function sharesMemory() {
  return globalThis.crossOriginIsolated === true && typeof SharedArrayBuffer === "function";
}

/** Whether it is the frame around this page that keeps Python away: at the same address a whole page is isolated. */
function isFramed() {
  const { top, location } = globalThis;
  const secure = location?.protocol === "https:" || /^(localhost|127\.0\.0\.1|\[::1\])$/.test(location?.hostname ?? "");
  return secure && top !== undefined && top !== globalThis.self;
}

function readManifest() {
  const url = new URL("../vendor/manifest.js", import.meta.url).href;
  manifest ??= import(url).catch(() => ({ python: null, why: null }));
  return manifest;
}

/** @returns {Promise<{ ok: true, files: Files } | { ok: false, reason: "insecure" | "not-built", sentence: string }>} */
export async function available() {
  const { python, why } = await readManifest();
  if (!python) return { ok: false, reason: "not-built", sentence: why ?? NOT_BUILT };
  if (!sharesMemory() && !suspends()) return { ok: false, reason: "insecure", sentence: isFramed() ? FRAMED : INSECURE };
  return { ok: true, files: python };
}

/** One worker: it loads, waits for a script, runs it, and is ended. */
export class Interpreter {
  /** @type {Progress} */
  progress;
  /** @type {(progress: Progress) => void} */
  onprogress = () => {};
  /** What the script's worker tells. @type {(news: any) => void} */
  onnews = () => {};
  /** Resolves when it can run a script. @type {Promise<void>} */
  ready;
  /** Somebody ended it. */
  ended = false;
  #worker;
  /** @type {(error?: Error) => void} */
  #loaded = () => {};

  /** @param {Files} files */
  constructor({ base, files }) {
    // What an earlier worker has for all does not travel again.
    const coming = Object.entries(files).filter(([name]) => common === null || !COMMON.includes(name));
    const total = coming.reduce((sum, [, file]) => sum + travelling(file), 0);
    this.progress = { loaded: 0, total, ready: false };
    this.ready = new Promise((resolve, reject) => {
      this.#loaded = (error) => (error ? reject(error) : resolve());
    });
    // Whoever takes it asks; a spare that failed is replaced.
    this.ready.catch(() => {});
    this.#worker = new Worker(scriptUrl("../py/pane-worker.js"), { type: "module", name: "python" });
    this.#worker.onmessage = ({ data }) => this.#hear(data);
    this.#worker.onerror = (event) => this.#hear({ failed: event.message ?? "the worker could not be started" });
    this.#worker.postMessage({ do: "load", base: new URL(base, import.meta.url).href, files, given: common });
  }

  /** @param {any} message @param {Transferable[]} [transfer] */
  tell(message, transfer = []) {
    this.#worker.postMessage(message, transfer);
  }

  /** At once, whatever it does. */
  end() {
    this.ended = true;
    this.#worker.terminate();
    this.#loaded(new PythonError("not-loaded", "Python was ended while it was loading."));
  }

  /** @param {any} news */
  #hear(news) {
    if (news.progress !== undefined) this.#progress({ ...this.progress, loaded: news.progress });
    else if (news.ready) {
      common ??= news.common;
      this.#progress({ ...this.progress, loaded: this.progress.total, ready: true });
      this.#loaded();
    } else if (news.failed && !this.progress.ready) {
      const at = spares.indexOf(this);
      if (at >= 0) spares.splice(at, 1);
      this.#worker.terminate();
      this.#loaded(new PythonError("not-loaded", `Python could not be loaded: ${news.failed}`));
    } else this.onnews(news);
  }

  /** @param {Progress} progress */
  #progress(progress) {
    this.progress = progress;
    this.onprogress(progress);
  }
}

/** @param {Files} files */
function spare(files) {
  const interpreter = new Interpreter(files);
  spares.push(interpreter);
  return interpreter;
}

/** Keeps spares ready, one after another: the first brings what all others share. @param {Files} files */
async function refill(files) {
  const { deviceMemory = SMALL_GIB } = /** @type {any} */ (navigator);
  const most = deviceMemory < SMALL_GIB ? SPARES_SMALL : SPARES;
  while (spares.length < most) await spare(files).ready;
}

/** @type {Promise<void> | null} */
let refilling = null;

/** @param {Files} files */
function keepSpares(files) {
  refilling ??= refill(files)
    .catch(() => {})
    .finally(() => {
      refilling = null;
    });
}

/** @param {(progress: Progress) => void} [onprogress] */
export async function preload(onprogress = () => {}) {
  const found = await available();
  if (!found.ok) return;
  const first = spares[0] ?? spare(found.files);
  const listen = first.onprogress;
  first.onprogress = (progress) => {
    listen(progress);
    onprogress(progress);
  };
  onprogress(first.progress);
  try {
    await first.ready;
  } catch (error) {
    // A script had taken it, and was stopped before it began: the next one loads as well.
    if (!first.ended) throw error;
  }
  keepSpares(found.files);
}

/** A worker for a script, loaded or about to be. @returns {Promise<Interpreter>} */
export async function take() {
  const found = await available();
  if (!found.ok) throw new PythonError(found.reason, found.sentence);
  const taken = spares.shift() ?? new Interpreter(found.files);
  taken.ready.then(
    () => keepSpares(found.files),
    () => {},
  );
  return taken;
}
