// Pyodide's files on their way: how much of them is here, and the one WebAssembly module that all workers share.
//
// Pyodide fetches its files itself. So `fetch` is replaced in this worker by one that counts what it is asked for.

/** The memory of a CPython that has just started. */
export const SNAPSHOT = "python.snapshot.gz";
/** Progress is told at most this often, in milliseconds. */
const TELL_MS = 50;

export class Downloads {
  /** Compiled from `pyodide.asm.wasm`; another worker saves the work. @type {WebAssembly.Module | null} */
  module;
  #base;
  #files;
  #onprogress;
  /** Of each file, how many of its bytes are here. @type {Map<string, number>} */
  #here = new Map();
  #told = 0;
  /** What is on its way before Pyodide asks for it. @type {Map<string, Promise<Response>>} */
  #begun = new Map();

  /**
   * @param {{ base: string, files: Record<string, { size: number, compressed?: number }>,
   *   module: WebAssembly.Module | null, onprogress: (loaded: number) => void }} options
   */
  constructor({ base, files, module, onprogress }) {
    this.#base = base;
    this.#files = files;
    this.#onprogress = onprogress;
    this.module = module;
    this.#takeFetch();
    this.#takeInstantiate();
    // Pyodide tries it to see what worker this is, and Trusted Types would complain.
    /** @type {any} */ (self).importScripts = () => {
      throw new TypeError("a module worker has no importScripts");
    };
  }

  /** Imports one of the scripts. @param {string} name */
  async script(name) {
    const script = await import(`${this.#base}${name}`);
    this.#count(name, Infinity);
    return script;
  }

  /** Has a file come that Pyodide will ask for. @param {string} name */
  begin(name) {
    const coming = self.fetch(`${this.#base}${name}`);
    // Whoever asks for it hears of an error.
    coming.catch(() => {});
    this.#begun.set(name, coming);
  }

  /** A file's bytes out of their gzip form. @param {string} name @returns {Promise<Uint8Array>} */
  async unpacked(name) {
    const answer = await self.fetch(`${this.#base}${name}`);
    if (!answer.body) throw new Error(`${name} is empty`);
    const unpacked = answer.body.pipeThrough(new DecompressionStream("gzip"));
    return new Uint8Array(await new Response(unpacked).arrayBuffer());
  }

  /** Compiles the WebAssembly module, unless another worker has. @param {string} name */
  async compile(name) {
    this.module ??= await WebAssembly.compileStreaming(self.fetch(`${this.#base}${name}`));
  }

  #takeFetch() {
    const original = self.fetch.bind(self);
    self.fetch = async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : input, self.location.href).href;
      const name = url.startsWith(this.#base) ? url.slice(this.#base.length) : "";
      const begun = this.#begun.get(name);
      if (begun) {
        this.#begun.delete(name);
        return begun;
      }
      // The module is here already: an empty answer takes its place.
      if (this.module && name.endsWith(".wasm")) return new Response(null, { headers: { "content-type": "application/wasm" } });
      const answer = await original(input, init);
      if (!Object.hasOwn(this.#files, name) || !answer.body) return answer;
      if (!answer.ok) throw new Error(`${name} could not be loaded (HTTP ${answer.status})`);
      return new Response(answer.body.pipeThrough(this.#counter(name)), { headers: answer.headers });
    };
  }

  #takeInstantiate() {
    WebAssembly.instantiateStreaming = async (_source, imports) => {
      if (!this.module) throw new Error("the module has not been compiled");
      return { module: this.module, instance: await WebAssembly.instantiate(this.module, imports) };
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

/** Bytes as they travel. @param {{ size: number, compressed?: number }} file @param {number} here */
function travelled({ size, compressed = size }, here) {
  return size === 0 ? 0 : (here / size) * compressed;
}
