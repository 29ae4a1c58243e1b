// Whether Python can run on this page, and how much of it is here. Loading begins when the page has nothing else to do,
// and where data or memory are short, only at the first Run.

/** Milliseconds after which an idle moment is not waited for any longer. */
const IDLE_MS = 2000;
/** Gigabytes of memory under which nothing is loaded before it is wanted. */
const MEMORY_GB = 4;

export class PythonState {
  /** @type {"unknown" | "missing" | "absent" | "loading" | "ready"} */
  is = "unknown";
  /** Why it is missing, for the person. */
  sentence = "";
  /** Bytes as they travel. */
  loaded = 0;
  total = 0;
  /** Resolves when it is known whether Python can run. @type {Promise<void>} */
  known;
  /** @type {(() => void)[]} */
  #listeners = [];
  /** @type {any} */
  #python = null;

  constructor() {
    this.known = this.#ask();
  }

  /** Whether it can run. */
  get ok() {
    return this.is !== "missing" && this.is !== "unknown";
  }

  /** @param {() => void} listener */
  onchange(listener) {
    this.#listeners.push(listener);
  }

  async #ask() {
    try {
      this.#python = await import("../client/python.js");
      const answer = await this.#python.available();
      this.#set(answer.ok ? { is: "absent" } : { is: "missing", sentence: answer.sentence });
    } catch (error) {
      console.error(error);
      this.#set({ is: "missing", sentence: "Python could not be loaded. Everything else on this page works." });
    }
  }

  /** Loads it in an idle moment, unless this device should be spared. */
  async loadWhenIdle() {
    await this.known;
    if (!this.ok || isSparing()) return;
    const idle = /** @type {any} */ (globalThis).requestIdleCallback ?? ((/** @type {() => void} */ then) => setTimeout(then, 200));
    idle(() => void this.#load(), { timeout: IDLE_MS });
  }

  async #load() {
    try {
      await this.#python.preload((/** @type {{ loaded: number, total: number, ready: boolean }} */ { loaded, total, ready }) =>
        this.#set({ is: ready ? "ready" : "loading", loaded, total }),
      );
      this.#set({ is: "ready" });
    } catch (error) {
      // The next Run tries again, and says so if it fails too.
      this.#set({ is: "absent" });
      console.warn(error);
    }
  }

  /** @param {{ is: PythonState["is"], sentence?: string, loaded?: number, total?: number }} now */
  #set(now) {
    Object.assign(this, now);
    for (const listener of this.#listeners) listener();
  }
}

/** Whether data or memory are short here. */
function isSparing() {
  const { connection, deviceMemory } = /** @type {any} */ (navigator);
  return connection?.saveData === true || (deviceMemory !== undefined && deviceMemory < MEMORY_GB);
}
