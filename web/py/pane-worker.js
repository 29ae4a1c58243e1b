// The worker of one Python program: loads CPython (Pyodide), then runs one script, once, as a process does.
//
// Starting CPython takes seconds. So it was started when Wireside was built, and every worker begins from a picture of that
// one's memory (`python.snapshot.gz`); the first of a page unpacks it for all.
//
// Where the browser can suspend WebAssembly the script has threads (`stacks.js`), and its calls go by messages while it has
// more than one. Where memory is shared, the calls of one thread block (`sys.js`). One of both there must be.
//
// Messages in: `{ do: "load", base, files, module, snapshot }`, then `{ do: "run", ... }`. Out: `{ progress }`, `{ ready }`, what
// the program is doing (`{ state }`), `{ output }`, what it made of its files (`{ folder }`), `{ ended }`, `{ failed }`.
import { confine } from "./confine.js";
import { Downloads, SNAPSHOT } from "./downloads.js";
import { mendErrno } from "./errno.js";
import { provideHosts } from "./etc.js";
import { Folder } from "./folder.js";
import { mustHave, suspends } from "./internals.js";
import { Messages } from "./messages.js";
import { Stacks } from "./stacks.js";
import { Sys } from "./sys.js";
import { mendTrampoline } from "./trampoline.js";
import { Transcript } from "./transcript.js";
import { HOME } from "./vocabulary.js";

/** Our own part of Python's library, in the order of loading. */
const LIBRARY = ["_vocabulary.py", "linux.py", "wireside.py", "_absent.py", "_script.py", "_threads.py", "_pane.py", "_kernel.py", "_signals.py", "_arguments.py", "_text_form.py", "_unix.py", "_addresses.py", "_options.py", "_services.py", "_names.py", "_vectors.py", "_endings.py", "_socket.py", "_epoll.py", "_select.py", "_descriptors.py", "_loop.py", "_streams.py", "_platform.py", "_prompt.py", "runner.py"];
const FOLDER = "/lib/wireside";
/** The first descriptor of a file, as `_descriptors.py` has it. */
const FILES = 1024;

/** @type {any} */
let pyodide = null;
/** Where the browser suspends WebAssembly. @type {Stacks | null} */
let stacks = null;
/** @type {Messages | null} */
let messages = null;
/** What Python asks: `sys` blocks. @type {{ sys: Sys | null, messages: Messages | null, ending: (ended: string) => void,
 * end: (ended: string) => void, answer: (text: string) => void, machines: () => string }} */
const bridge = { sys: null, messages: null, ending: () => {}, end: () => {}, answer: () => {}, machines: () => "[]" };

self.onmessage = ({ data }) => {
  if (data.do === "load") load(data).catch(fail);
  else if (data.do === "run") run(data).catch(fail);
  else messages?.receive(data);
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
  pyodide = await loadPyodide({ indexURL: base, env: { HOME }, ...start });
  const taken = picture ?? shared(pyodide.makeMemorySnapshot());
  const suspending = suspends();
  mustHave(pyodide._module, suspending);
  numberFilesFrom(FILES);
  mendTrampoline(pyodide._module);
  if (suspending) stacks = new Stacks(pyodide);
  pyodide.FS.mkdirTree(FOLDER);
  for (const [at, source] of (await Promise.all(library)).entries()) pyodide.FS.writeFile(`${FOLDER}/${LIBRARY[at]}`, source);
  // Those whom a script asks come with it.
  pyodide.registerJsModule("_bridge", { ends: () => bridge });
  pyodide.runPython(`import sys; sys.path.insert(0, "${FOLDER}"); import runner; runner.prepare(${stacks ? "True" : "False"})`);
  mendErrno(pyodide._module, JSON.parse(pyodide.runPython("import json, linux; json.dumps(linux.raised)")));
  if (stacks) stacks.entry = pyodide.pyimport("_threads").enter;
  self.postMessage({ ready: true, module: downloads.module, snapshot: snapshot ? null : taken });
}

/** Descriptors of files are never below, where those of sockets are: the two tables have no number in common. @param {number} least */
function numberFilesFrom(least) {
  const { FS } = pyodide;
  const next = FS.nextfd.bind(FS);
  FS.nextfd = () => {
    for (let fd = least; fd <= FS.MAX_OPEN_FDS; fd += 1) if (!FS.streams[fd]) return fd;
    // It fails in its own way.
    return next();
  };
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

/**
 * Runs a script; without a source it is a prompt, where the script is typed.
 * @param {{ name: string, source: string | null, args: string[], files: import("./folder.js").NamedBytes[], hostname: string, port: MessagePort,
 *   buffer: SharedArrayBuffer | null }} script
 */
async function run({ name, source, args, files, hostname, port, buffer }) {
  const tell = (/** @type {any} */ news) => self.postMessage(news);
  const transcript = new Transcript(port);
  const folder = new Folder(pyodide.FS, (change) => self.postMessage({ folder: change }, { transfer: change.files.map(({ bytes }) => bytes.buffer) }));
  const script = source === null ? [] : [{ name, bytes: new TextEncoder().encode(source) }];
  for (const file of [...files, ...script]) folder.put(file);
  folder.watch();
  bridge.ending = (ended) => tell({ ending: JSON.parse(ended) });
  bridge.answer = (text) => tell({ answer: JSON.parse(text) });
  bridge.end = (ended) => {
    // What threads are left do nothing that anybody is told.
    if (stacks) stacks.onnotice = () => {};
    transcript.send();
    folder.send(true);
    tell({ ended: JSON.parse(ended) });
  };
  const sys = buffer ? new Sys({ buffer, port, tell, transcript, folder }) : null;
  bridge.sys = sys;
  if (sys) sys.where = pyodide.pyimport("_script").line;
  const machines = () => sys?.machines() ?? messages?.machines ?? [];
  bridge.machines = () => JSON.stringify(machines());
  confine();
  tell({ state: "running" });
  const runner = pyodide.pyimport("runner");
  const begin = source === null ? runner.prompt : runner.run;
  const asked = source === null ? [hostname] : [name, source, pyodide.toPy(args), hostname];
  if (!stacks) {
    provideHosts(pyodide.FS, machines);
    pyodide.setInterruptBuffer(sys?.signal);
    return bridge.end(begin(...asked));
  }
  const overflow = pyodide.pyimport("runner").overflow;
  // C's recursion has filled the engine's stack before C's own. Nothing can be caught any more, but it can be told.
  stacks.onfail = (error) => (error instanceof RangeError ? bridge.end(overflow()) : fail(error));
  messages = bridge.messages = new Messages({ port, tell, transcript, stacks });
  provideHosts(pyodide.FS, machines);
  const notice = pyodide.pyimport("_pane").notice;
  stacks.onnotice = () => {
    folder.send(true);
    notice();
  };
  stacks.begin(sys?.signal ?? null);
  try {
    bridge.end(await stacks.main(begin, asked));
  } catch (error) {
    stacks.onfail(error);
  }
}
