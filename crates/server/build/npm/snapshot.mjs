// Starts CPython once, while Wireside is built, and keeps a picture of its memory: whoever begins from that is ready in
// a tenth of the time. Its library is packed anew first: what is packed once more to travel is smaller if it was not before.
// Usage: node snapshot.mjs PICTURE LIBRARY
import { renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { loadPyodide } from "pyodide";
import { mustHave } from "./internals.mjs";
import { Picture, pack } from "./picture.mjs";

const [, , picture, library] = process.argv;
const folder = dirname(fileURLToPath(import.meta.url));
// What Python sees as its own path: one that is the same everywhere.
process.argv[1] = "./this.program";
const settings = { env: { HOME: "/home/user" } };

/** What most scripts need, directly or not. */
const WANTED = "import atexit, io, json, linecache, selectors, signal, socket, struct, threading, traceback";

/** Every file of the library as it is, and none of them compressed. */
const REPACK = `
import glob, zipfile
[packed] = glob.glob("/lib/python*.zip")
with zipfile.ZipFile(packed) as old, zipfile.ZipFile("/tmp/library.zip", "w", zipfile.ZIP_STORED) as new:
    for file in old.infolist():
        data = old.read(file)
        file.compress_type = zipfile.ZIP_STORED
        new.writestr(file, data)
`;

/**
 * Takes the small free places of Python's own allocator and leaves zeros in them. (It has classes of 16 to 512 bytes; a
 * bytes object has 17 of its own beside what it holds, on 32 bits.)
 */
const FILL = `
def fill():
    import gc
    gc.collect()
    kept = [bytes(size - 17) for size in range(32, 513, 16) for _ in range(150)]
    kept.clear()
fill()
del fill
`;

/** A memory's bytes, just when its module has been made. @type {(memory: WebAssembly.Memory) => void} */
let begins = () => {};
const { instantiate } = WebAssembly;
WebAssembly.instantiate = async (...source) => {
  const made = await instantiate(...source);
  const { memory } = (made.instance ?? made).exports;
  if (memory) begins(memory);
  return made;
};

/** Under another name first: a build that is interrupted leaves no half of a file behind. */
function keep(file, bytes) {
  writeFileSync(`${file}.part`, bytes);
  renameSync(`${file}.part`, file);
}

/** Writes zeros over what malloc(3) has free: it takes all of it, from large to small, and gives it back. */
function clearFree(module) {
  const top = module._sbrk(0);
  const taken = [];
  for (let size = 1 << 18; size >= 16; size >>= 1) {
    for (;;) {
      const at = module._malloc(size);
      // From here on nothing has ever been used.
      if (at + size > top) {
        module._free(at);
        break;
      }
      module.HEAPU8.fill(0, at, at + size);
      taken.push(at);
    }
  }
  for (const at of taken) module._free(at);
}

const packer = await loadPyodide(settings);
packer.runPython(REPACK);
keep(library, packer.FS.readFile("/tmp/library.zip"));

let begun = new Uint8Array();
begins = (memory) => {
  begun = new Uint8Array(memory.buffer).slice();
};
const pyodide = await loadPyodide({ ...settings, stdLibURL: `${folder}/${library}`, _makeSnapshot: true });
// A Pyodide that has lost one of them is none to be built with: browsers would find it out one by one.
mustHave(pyodide._module, true);
pyodide.runPython(WANTED);
pyodide.runPython(FILL);
clearFree(pyodide._module);
const whole = pyodide.makeMemorySnapshot();
if (Buffer.from(whole).includes(folder)) throw new Error("the picture of Python's memory has a path of this machine in it");
const memory = whole.subarray(whole.length - pyodide._module.HEAPU8.length);
const packed = pack({ head: whole.subarray(0, whole.length - memory.length), memory, begun });

// What was kept is tried: a Python that begins from it has just this memory, and runs.
const tried = new Picture(packed);
const loading = tried.whole;
const { subarray } = loading;
let own = null;
begins = (made) => {
  own = made;
  tried.begin(made);
};
Object.defineProperty(loading, "subarray", {
  value: (at, to) => {
    const part = subarray(at, to);
    if (to === undefined && Buffer.compare(new Uint8Array(own.buffer), memory) !== 0) throw new Error("the picture of Python's memory is not that memory");
    return part;
  },
});
const again = await loadPyodide({ ...settings, stdLibURL: `${folder}/${library}`, _loadSnapshot: loading });
if (!tried.restored || again.runPython("import socket; len(socket.__name__)") !== 6) throw new Error("Python does not begin from the picture of its memory");
keep(picture, packed);
