// The worker of one Python program: loads CPython (Pyodide), then runs one script, once, as a process does.
//
// Starting CPython takes seconds. So it was started when Wireside was built, and every worker begins from a picture of that
// one's memory (`picture.js`). The picture and Python's library are the same bytes for all workers of a page, where memory is
// shared; the first of them fetches both.
//
// Where the browser can suspend WebAssembly the script has threads (`stacks.js`), and its calls go by messages while it has
// more than one. Where memory is shared, the calls of one thread block (`sys.js`). One of both there must be.
//
// Messages in: `{ do: "load", base, files, given }`, then `{ do: "run", ... }`. Out: `{ progress }`, `{ ready }`, what
// the program is doing (`{ state }`), `{ output }`, what it made of its files (`{ folder }`), `{ ended }`, `{ failed }`.
import { confine } from "./confine.js";
import { Downloads } from "./downloads.js";
import { mendErrno } from "./errno.js";
import { provideHosts } from "./etc.js";
import { Folder } from "./folder.js";
import { mustHave, suspends } from "./internals.js";
import { library } from "./library.js";
import { Messages } from "./messages.js";
import { Picture } from "./picture.js";
import { Stacks } from "./stacks.js";
import { Sys } from "./sys.js";
import { mendTrampoline } from "./trampoline.js";
import { Transcript } from "./transcript.js";
import { HOME } from "./vocabulary.js";

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
 * @param {{ base: string, files: import("./downloads.js").Files, given: import("./downloads.js").Common | null }} from `given`
 *   is what an earlier worker has for all
 */
async function load({ base, files, given }) {
  const downloads = new Downloads({ base, files, given, onprogress: (progress) => self.postMessage({ progress }) });
  const ours = library();
  downloads.begin("pyodide-lock.json");
  const [{ loadPyodide }, common] = await Promise.all([
    downloads.script("pyodide.mjs"),
    downloads.common(),
    // Pyodide imports it by itself: here it is counted, and comes at once.
    downloads.script("pyodide.asm.mjs"),
  ]);
  const picture = new Picture(common.picture);
  downloads.onmemory = (memory) => picture.begin(memory);
  pyodide = await loadPyodide({
    indexURL: base,
    env: { HOME },
    _loadSnapshot: picture.whole,
  });
  // What has been imported so far came with the picture.
  placeLibrary(pyodide.FS, common.library);
  if (!picture.restored) throw new Error("this Pyodide does not begin from a picture of its memory");
  const suspending = suspends();
  mustHave(pyodide._module, suspending);
  numberFilesFrom(FILES);
  mendTrampoline(pyodide._module);
  if (suspending) stacks = new Stacks(pyodide);
  pyodide.FS.mkdirTree(FOLDER);
  for (const [name, source] of await ours) pyodide.FS.writeFile(`${FOLDER}/${name}`, source);
  // Those whom a script asks come with it.
  pyodide.registerJsModule("_bridge", { ends: () => bridge });
  pyodide.runPython(`import sys; sys.path.insert(0, "${FOLDER}"); import runner; runner.prepare(${stacks ? "True" : "False"})`);
  mendErrno(pyodide._module, JSON.parse(pyodide.runPython("import json, linux; json.dumps(linux.raised)")));
  if (stacks) stacks.entry = pyodide.pyimport("_threads").enter;
  self.postMessage({ ready: true, common: given ? null : common });
}

/** Python's library, in the place of the empty file that Pyodide has made for it. @param {any} FS @param {Uint8Array} bytes */
function placeLibrary(FS, bytes) {
  const name = FS.readdir("/lib").find((/** @type {string} */ entry) => entry.endsWith(".zip"));
  const { node } = FS.lookupPath(`/lib/${name}`);
  node.contents = bytes;
  node.usedBytes = bytes.length;
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
