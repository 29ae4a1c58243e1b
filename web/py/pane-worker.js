// The worker of one Python program: loads CPython (Pyodide), then runs one script, once, as a process does.
//
// Starting CPython takes seconds. So it was started when Wireside was built, and every worker begins from a picture of that
// one's memory (`python.snapshot.gz`); the first of a page unpacks it for all. That one knew nothing of suspending
// WebAssembly, so where calls block by that, the first worker of a page starts from nothing and takes the picture.
//
// Messages in: `{ do: "load", base, files, module, snapshot }`, then `{ do: "run", ... }`. Out: `{ progress }`, `{ ready }`, what
// the program is doing (`{ state }`), `{ output }`, `{ ended }`, `{ failed }`.
import { confine } from "./confine.js";
import { Downloads, SNAPSHOT } from "./downloads.js";
import { Sys } from "./sys.js";
import { AsyncSys } from "./sys-async.js";

/** Our own part of Python's library, in the order of loading. */
const LIBRARY = ["linux.py", "wireside.py", "_script.py", "_pane.py", "_kernel.py", "_arguments.py", "_addresses.py", "_options.py", "_names.py", "_socket.py", "_select.py", "_loop.py", "_streams.py", "runner.py"];
const FOLDER = "/lib/wireside";

/** @type {any} */
let pyodide = null;
/** @type {Sys | AsyncSys | null} */
let sys = null;

self.onmessage = ({ data }) => {
  if (data.do === "load") load(data).catch(fail);
  else if (data.do === "run") run(data).catch(fail);
  else /** @type {AsyncSys} */ (sys)?.receive?.(data);
};

/** @param {any} error */
function fail(error) {
  self.postMessage({ failed: String(error?.message ?? error) });
}

/**
 * @param {{ base: string, files: Record<string, { size: number, compressed?: number }>, module: WebAssembly.Module | null,
 *   snapshot: Uint8Array | null }} from
 */
async function load({ base, files, module, snapshot }) {
  const downloads = new Downloads({ base, files, module, onprogress: (progress) => self.postMessage({ progress }) });
  const library = LIBRARY.map(text);
  for (const name of ["python_stdlib.zip", "pyodide-lock.json"]) downloads.begin(name);
  const [{ loadPyodide }, picture] = await Promise.all([
    downloads.script("pyodide.mjs"),
    snapshot ?? (files[SNAPSHOT] ? downloads.unpacked(SNAPSHOT).then(shared) : null),
    downloads.compile("pyodide.asm.wasm"),
    // Pyodide imports it by itself: here it is counted, and comes at once.
    downloads.script("pyodide.asm.mjs"),
  ]);
  // Pyodide decodes part of it, and decoders take no shared memory.
  const start = picture ? { _loadSnapshot: picture.slice() } : { _makeSnapshot: true };
  pyodide = await loadPyodide({ indexURL: base, env: { HOME: "/home/user" }, ...start });
  const taken = picture ?? shared(pyodide.makeMemorySnapshot());
  pyodide.FS.mkdirTree(FOLDER);
  for (const [at, source] of (await Promise.all(library)).entries()) pyodide.FS.writeFile(`${FOLDER}/${LIBRARY[at]}`, source);
  // The bridge comes with the script; until then there is nobody to ask.
  pyodide.registerJsModule("_bridge", { current: () => sys });
  pyodide.runPython(`import sys; sys.path.insert(0, "${FOLDER}"); import runner; runner.prepare(${self.crossOriginIsolated ? "True" : "False"})`);
  self.postMessage({ ready: true, module: downloads.module, snapshot: snapshot ? null : taken });
}

/** Memory that need not be copied for every worker, where there is such. @param {Uint8Array} bytes */
function shared(bytes) {
  if (!self.crossOriginIsolated) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}

/** @param {string} name */
async function text(name) {
  const answer = await fetch(new URL(name, import.meta.url));
  if (!answer.ok) throw new Error(`${name} could not be loaded (HTTP ${answer.status})`);
  return answer.text();
}

/** @param {{ name: string, source: string, args: string[], hostname: string, port: MessagePort, buffer: SharedArrayBuffer | null }} script */
async function run({ name, source, args, hostname, port, buffer }) {
  const tell = (/** @type {any} */ news) => self.postMessage(news);
  sys = buffer ? new Sys({ buffer, port, tell }) : new AsyncSys({ port, tell });
  if (sys instanceof Sys) pyodide.setInterruptBuffer(sys.signal);
  const runner = pyodide.pyimport("runner");
  sys.where = pyodide.pyimport("_script").line;
  confine();
  tell({ state: "running" });
  const begin = sys.promises ? runner.run.callPromising : runner.run;
  const ended = await begin.call(runner.run, name, source, pyodide.toPy(args), hostname);
  sys.end();
  tell({ ended: JSON.parse(ended) });
}
