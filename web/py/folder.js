// The machine's folder as one program has it: its working directory. The files are there when it begins; what it makes,
// changes and deletes is told to the page, as far as a machine's folder can hold it. Two programs that run at once have a
// copy each.
import { FOLDER_FILES, FOLDER_FILE_BYTES } from "./vocabulary.js";

/** What a program adds to the files, wherever they are, in bytes: beyond it the disk is full. */
const DISK = 64 * 1024 * 1024;
/** The kernel's own view of processes: nothing in it is a file. */
const NO_FILES = "/proc";
/** Changes are told at most this often while the program is busy. Milliseconds. */
const TELL_MS = 100;
/** Emscripten's number of "No space left on device". */
const ENOSPC = 51;

/** Flags of open(2). */
const CREAT_OR_TRUNC = 0o1100;

/** What may change a file or its name. */
const CHANGING = ["write", "open", "unlink", "rename", "doTruncate", "mkdir", "rmdir", "symlink", "close"];

/** @typedef {{ name: string, bytes: Uint8Array }} NamedBytes */
/** @typedef {{ files: NamedBytes[], removed: string[], left: { name: string, why: "folder" | "large" | "many", size: number }[] }} Change */

export class Folder {
  #fs;
  #tell;
  #path;
  /** Files as the page knows them: by name, their node's number and size. @type {Map<string, { id: number, size: number }>} */
  #known = new Map();
  /** Nodes that were written. @type {Set<any>} */
  #written = new Set();
  /** Those of which the page was told that it does not get them. @type {Map<string, number>} */
  #left = new Map();
  #touched = false;
  #sent = 0;
  /** Bytes that it added, at most: what was deleted is seen when they are counted. */
  #used = 0;
  /** Bytes of the files that were there before it began, without its own folder. */
  #before = 0;

  /** @param {any} fs Emscripten's @param {(change: Change) => void} tell */
  constructor(fs, tell) {
    this.#fs = fs;
    this.#tell = tell;
    this.#path = fs.cwd();
  }

  /** Puts a file there. Answers whether that could be done: a script may have a name that no file has. @param {NamedBytes} file */
  put({ name, bytes }) {
    try {
      this.#fs.writeFile(`${this.#path}/${name}`, bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** From now on what changes is the program's doing. */
  watch() {
    this.#before = this.#bytesOfAll();
    for (const [name, node] of this.#nodes()) {
      if (!node) continue;
      this.#known.set(name, { id: node.id, size: this.#sizeOf(node) });
      this.#used += this.#sizeOf(node);
    }
    this.#before -= this.#used;
    const fs = this.#fs;
    for (const name of CHANGING) {
      const original = fs[name].bind(fs);
      fs[name] = (/** @type {any[]} */ ...given) => {
        if (name !== "open" && name !== "close") this.#touched = true;
        if (name === "write") this.#writes(given[0], given[3], given[4]);
        else if (name === "doTruncate") this.#grows(given[1], given[2]);
        const result = original(...given);
        if (name === "open" && Number(given[1]) & CREAT_OR_TRUNC) {
          this.#touched = true;
          this.#written.add(result.node);
        } else if (name === "close") this.send();
        return result;
      };
    }
  }

  /** Tells what has changed, `now` or when it was not told for a while. @param {boolean} [now] */
  send(now = false) {
    if (!this.#touched) return;
    const time = performance.now();
    if (!now && time - this.#sent < TELL_MS) return;
    this.#touched = false;
    this.#sent = time;
    const change = this.#change();
    this.#written.clear();
    if (change.files.length + change.removed.length + change.left.length > 0) this.#tell(change);
  }

  /** @returns {Change} */
  #change() {
    /** @type {Change} */
    const change = { files: [], removed: [], left: [] };
    const nodes = this.#nodes();
    for (const [name, node] of nodes) {
      if (!node) this.#leave(change, name, "folder", 0);
      else this.#look(change, name, node);
    }
    for (const name of this.#known.keys()) {
      if (nodes.has(name)) continue;
      this.#known.delete(name);
      change.removed.push(name);
    }
    return change;
  }

  /** @param {Change} change @param {string} name @param {any} node */
  #look(change, name, node) {
    const known = this.#known.get(name);
    const size = this.#sizeOf(node);
    if (known && known.id === node.id && known.size === size && !this.#written.has(node)) return;
    if (size > FOLDER_FILE_BYTES) return this.#leave(change, name, "large", size);
    if (!known && this.#known.size >= FOLDER_FILES) return this.#leave(change, name, "many", size);
    this.#known.set(name, { id: node.id, size });
    this.#left.delete(name);
    change.files.push({ name, bytes: this.#fs.readFile(`${this.#path}/${name}`) });
  }

  /** Says once of a file that the page does not get it. @param {Change} change @param {string} name @param {"folder" | "large" | "many"} why @param {number} size */
  #leave(change, name, why, size) {
    if (this.#left.has(name) || change.left.length >= FOLDER_FILES) return;
    this.#left.set(name, size);
    change.left.push({ name, why, size });
  }

  /** What is in the folder: files with their nodes, and folders without. @returns {Map<string, any>} */
  #nodes() {
    const nodes = new Map();
    for (const name of this.#fs.readdir(this.#path)) {
      if (name === "." || name === "..") continue;
      const { node } = this.#fs.lookupPath(`${this.#path}/${name}`, { follow: true, noent_okay: true });
      // A link to nothing is none of both.
      if (node) nodes.set(name, this.#fs.isFile(node.mode) ? node : null);
    }
    return nodes;
  }

  /** @param {any} node @returns {number} */
  #sizeOf(node) {
    return node.usedBytes ?? 0;
  }

  /** @param {any} stream @param {number} length @param {number | undefined} position */
  #writes(stream, length, position) {
    const { node } = stream;
    if (!node || !this.#fs.isFile(node.mode)) return;
    this.#written.add(node);
    this.#grows(node, (position ?? stream.position) + length);
  }

  /** A file is to have so many bytes: there may be no room for them. @param {any} node @param {number} size */
  #grows(node, size) {
    const grows = size - this.#sizeOf(node);
    if (!(grows > 0)) return;
    if (this.#used + grows > DISK) this.#used = this.#bytesOfAll() - this.#before;
    if (this.#used + grows > DISK) throw new this.#fs.ErrnoError(ENOSPC);
    this.#used += grows;
  }

  /** Bytes of all files, those included that are open and have no name any more. */
  #bytesOfAll() {
    /** @type {Set<any>} */
    const nodes = new Set();
    this.#collect("/", nodes);
    for (const stream of this.#fs.streams) if (stream?.node && this.#fs.isFile(stream.node.mode)) nodes.add(stream.node);
    return [...nodes].reduce((sum, node) => sum + this.#sizeOf(node), 0);
  }

  /** Files below a folder. @param {string} folder @param {Set<any>} nodes */
  #collect(folder, nodes) {
    for (const name of this.#fs.readdir(folder)) {
      if (name === "." || name === "..") continue;
      const path = `${folder === "/" ? "" : folder}/${name}`;
      if (path === NO_FILES) continue;
      const { node } = this.#fs.lookupPath(path, { follow: false, noent_okay: true });
      if (!node) continue;
      if (this.#fs.isDir(node.mode)) this.#collect(path, nodes);
      else if (this.#fs.isFile(node.mode)) nodes.add(node);
    }
  }
}
