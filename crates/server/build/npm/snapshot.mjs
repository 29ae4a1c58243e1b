// Starts CPython once, while Wireside is built, and keeps a picture of its memory: whoever begins from that is ready in
// a tenth of the time. Usage: node snapshot.mjs FILE
import { renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { loadPyodide } from "pyodide";

const [, , file] = process.argv;
const folder = dirname(fileURLToPath(import.meta.url));
// What Python sees as its own path: one that is the same everywhere.
process.argv[1] = "./this.program";

/** What most scripts need, directly or not. */
const WANTED = "import atexit, io, json, linecache, selectors, signal, socket, struct, threading, traceback";

const pyodide = await loadPyodide({ env: { HOME: "/home/user" }, _makeSnapshot: true });
pyodide.runPython(WANTED);
const picture = Buffer.from(pyodide.makeMemorySnapshot());
if (picture.includes(folder)) throw new Error("the picture of Python's memory has a path of this machine in it");
// Under another name first: a build that is interrupted leaves no half of a file behind.
writeFileSync(`${file}.part`, gzipSync(picture));
renameSync(`${file}.part`, file);
