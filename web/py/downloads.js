// Pyodide's files on their way: how much of them is here, and what of them all workers of a page have in common.
//
// Pyodide fetches its files itself. So `fetch` is replaced in this worker by one that counts what it is asked for, and has
// nothing to give of what is here already.

/** @typedef {{ size: number, brotli: number, gzip: number }} Sizes a file's bytes, and those that travel */
/** @typedef {Record<string, Sizes>} Files */
/**
 * @typedef {{ module: WebAssembly.Module, picture: Uint8Array, library: Uint8Array }} Common the WebAssembly, the memory of a
 *   CPython that has just started (`picture.js`), and Python's library (a zip)
 */

const MODULE = "pyodide.asm.wasm";
const PICTURE = "python.memory.bin";
const LIBRARY = "python_stdlib.zip";
/** What only the first worker of a page fetches. */
export const COMMON = [MODULE, PICTURE, LIBRARY];
/** Progress is told at most this often, in milliseconds. */
const TELL_MS = 50;

export class Downloads {
  /** A module has been made, and nothing has run in it. @type {(memory: WebAssembly.Memory) => void} */
  onmemory = () => {};
  #base;
  #files;
  #onprogress;
  #given;
  /** @type {WebAssembly.Module | null} */
  #module;
  /** Of each file, how many of its bytes are here. @type {Map<string, number>} */
  #here = new Map();
  #told = 0;
  /** The browser's own. */
  #original = self.fetch;
  /** What is on its way before Pyodide asks for it. @type {Map<string, Promise<Response>>} */
  #begun = new Map();

  /** @param {{ base: string, files: Files, given: Common | null, onprogress: (loaded: number) => void }} options */
  constructor({ base, files, given, onprogress }) {
    this.#base = base;
    this.#files = files;
    this.#onprogress = onprogress;
    this.#given = given;
    this.#module = given?.module ?? null;
    this.#takeFetch();
    this.#takeInstantiate();
    // Pyodide tries it to see what worker this is, and Trusted Types would complain.
    /** @type {any} */ (self).importScripts = () => {
      throw new TypeError("a module worker has no importScripts");
    };
  }

  /** What all workers have in common. @returns {Promise<Common>} */
  async common() {
    if (this.#given) return this.#given;
    const [module, picture, library] = await Promise.all([
      WebAssembly.compileStreaming(this.#ask(MODULE)),
      this.#bytes(PICTURE),
      this.#bytes(LIBRARY),
    ]);
    this.#module = module;
    return { module, picture, library };
  }

  /** Imports one of the scripts. @param {string} name */
  async script(name) {
    const script = await import(`${this.#base}${name}`);
    this.#count(name, Infinity);
    return script;
  }

  /** Has a file come that Pyodide will ask for. @param {string} name */
  begin(name) {
    const coming = this.#ask(name);
    // Whoever asks for it hears of an error.
    coming.catch(() => {});
    this.#begun.set(name, coming);
  }

  /** A file's bytes, in memory that workers share where there is such. @param {string} name @returns {Promise<Uint8Array>} */
  async #bytes(name) {
    const answer = await this.#ask(name);
    if (!answer.body) throw new Error(`${name} is empty`);
    const { size } = this.#files[name];
    const bytes = new Uint8Array(self.crossOriginIsolated ? new SharedArrayBuffer(size) : new ArrayBuffer(size));
    let here = 0;
    const reader = answer.body.getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      bytes.set(part.value, here);
      here += part.value.length;
    }
    if (here !== size) throw new Error(`${name} ended after ${here} of ${size} bytes`);
    return bytes;
  }

  #takeFetch() {
    this.#original = self.fetch.bind(self);
    self.fetch = async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input, self.location.href).href;
      const name = url.startsWith(this.#base) ? url.slice(this.#base.length) : "";
      const begun = this.#begun.get(name);
      if (begun) {
        this.#begun.delete(name);
        return begun;
      }
      // It is here, and is put where it belongs by ourselves.
      if (COMMON.includes(name)) return new Response(null, { headers: { "content-type": "application/wasm" } });
      return Object.hasOwn(this.#files, name) ? this.#ask(name) : this.#original(input, init);
    };
  }

  /** One of the files, counted. @param {string} name */
  async #ask(name) {
    const answer = await this.#original(`${this.#base}${name}`);
    if (!answer.ok) throw new Error(`${name} could not be loaded (HTTP ${answer.status})`);
    if (!answer.body) return answer;
    return new Response(answer.body.pipeThrough(this.#counter(name)), { headers: answer.headers });
  }

  #takeInstantiate() {
    WebAssembly.instantiateStreaming = async (_source, imports) => {
      if (!this.#module) throw new Error("the module has not been compiled");
      const instance = await WebAssembly.instantiate(this.#module, imports);
      this.onmemory(/** @type {WebAssembly.Memory} */ (instance.exports.memory));
      return { module: this.#module, instance };
    };
  }

  /** @param {string} name */
  #counter(name) {
    return new TransformStream({
      transform: (chunk, controller) => {
        this.#count(name, (this.#here.get(name) ?? 0) + chunk.length);
        controller.enqueue(chunk);
      },
      flush: () => this.#count(name, Infinity),
    });
  }

  /** @param {string} name @param {number} bytes */
  #count(name, bytes) {
    if (!Object.hasOwn(this.#files, name)) return;
    this.#here.set(name, Math.min(bytes, this.#files[name].size));
    if (performance.now() < this.#told + TELL_MS && bytes !== Infinity) return;
    this.#told = performance.now();
    this.#onprogress(Math.round([...this.#here].reduce((sum, [file, here]) => sum + travelled(this.#files[file], here), 0)));
  }
}

/** How many bytes of a file travel: browsers take brotli at secure addresses only, and gzip at others. @param {Sizes} file */
export function travelling({ brotli, gzip }) {
  return isSecureContext ? brotli : gzip;
}

/** Bytes as they travel. @param {Sizes} file @param {number} here */
function travelled(file, here) {
  return file.size === 0 ? 0 : (here / file.size) * travelling(file);
}
