// The memory of a CPython that has started, kept as what is different in it from the memory that its WebAssembly begins with.
// Most of that is zeros, or the module's own data: neither has to travel, nor to lie in memory twice.
//
// A file of it, in words of 32 bits, little-endian: how long Pyodide's own head is, how long the memory, how much of its
// beginning is the module's data, and how many runs there are; place and length of each run; the head; the runs' bytes.
// `crates/server/build/npm/snapshot.mjs` makes one and tries it; the worker of every program begins from it.

/** Before the runs' places, in words. */
const FIXED = 4;
/** Bytes that are the same or not as one: half of it would be less than 1 % smaller. */
const GRAIN = 256;

/**
 * The file.
 * @param {{ head: Uint8Array, memory: Uint8Array, begun: Uint8Array }} of `begun` is what the memory was when it was made
 * @returns {Uint8Array}
 */
export function pack({ head, memory, begun }) {
  if (begun.length !== memory.length) throw new Error("the memory has grown: a program's does not begin with so much");
  /** @type {[number, number][]} */
  const runs = [];
  for (let at = 0; at < memory.length; at += GRAIN) {
    if (isSame(memory, begun, at, at + GRAIN)) continue;
    const last = runs.at(-1);
    if (last && last[0] + last[1] === at) last[1] += GRAIN;
    else runs.push([at, GRAIN]);
  }
  const words = Uint32Array.from([head.length, memory.length, end(begun), runs.length, ...runs.flat()]);
  const parts = [new Uint8Array(words.buffer), head, ...runs.map(([at, length]) => memory.subarray(at, at + length))];
  const file = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    file.set(part, at);
    at += part.length;
  }
  return file;
}

/** @param {Uint8Array} one @param {Uint8Array} other @param {number} from @param {number} to */
function isSame(one, other, from, to) {
  for (let at = from; at < to; at += 1) if (one[at] !== other[at]) return false;
  return true;
}

/** Where the last grain with something in it ends. @param {Uint8Array} bytes */
function end(bytes) {
  const last = bytes.findLastIndex((byte) => byte !== 0);
  return Math.ceil((last + 1) / GRAIN) * GRAIN;
}

/** Gives one module's memory what a picture has. */
export class Picture {
  #file;
  #words;
  /** @type {WebAssembly.Memory | null} */
  #memory = null;
  #data = new Uint8Array();
  #restored = false;

  /** @param {Uint8Array} file may lie in shared memory */
  constructor(file) {
    this.#file = file;
    const fixed = new Uint32Array(file.buffer, file.byteOffset, FIXED);
    this.#words = new Uint32Array(file.buffer, file.byteOffset, FIXED + 2 * fixed[3]);
  }

  /** Pyodide has taken it. */
  get restored() {
    return this.#restored;
  }

  /** The memory of a module that was just made: nothing has run in it. @param {WebAssembly.Memory} memory */
  begin(memory) {
    this.#memory = memory;
    this.#data = new Uint8Array(memory.buffer, 0, this.#words[2]).slice();
  }

  /**
   * What Pyodide takes for a whole picture (`_loadSnapshot`): it reads the head, then copies what `subarray` says is the rest
   * into memory. The rest is there by then, and what is left to be copied is nothing.
   */
  get whole() {
    const from = this.#words.byteLength;
    // A copy: decoders take no shared memory.
    const head = this.#file.slice(from, from + this.#words[0]);
    /** @param {number} at @param {number} [to] */
    const subarray = (at, to) => (to === undefined ? this.#restore() : Uint8Array.prototype.subarray.call(head, at, to));
    return Object.defineProperty(head, "subarray", { value: subarray, configurable: true });
  }

  #restore() {
    if (!this.#memory) throw new Error("this Pyodide makes its memory in another way");
    const memory = new Uint8Array(this.#memory.buffer);
    const [head, size, data] = this.#words;
    if (memory.length !== size) throw new Error("this Pyodide's memory has another size");
    // Constructors have run since.
    memory.set(this.#data);
    let cleared = data;
    let at = this.#words.byteLength + head;
    for (let word = FIXED; word < this.#words.length; word += 2) {
      const [place, length] = this.#words.subarray(word, word + 2);
      clear(this.#memory, cleared, place);
      memory.set(this.#file.subarray(at, at + length), place);
      at += length;
      cleared = Math.max(cleared, place + length);
    }
    clear(this.#memory, cleared, size);
    this.#data = new Uint8Array();
    this.#restored = true;
    return new Uint8Array();
  }
}

/**
 * Writes zeros where there are none. Where there are it writes nothing, so that the system need not find memory for it.
 * @param {WebAssembly.Memory} memory @param {number} from @param {number} to both of whole words
 */
function clear(memory, from, to) {
  if (from >= to) return;
  const words = new Int32Array(memory.buffer, from, (to - from) >> 2);
  for (let at = 0; at < words.length; at += 1) if (words[at] !== 0) words[at] = 0;
}
