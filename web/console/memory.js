// What a console remembers over a reload, in this tab only. Storage may be refused; then it just forgets.
import { passing } from "../base/browser-storage.js";

/** Most of one machine's memory, in UTF-16 code units. */
const LONGEST = 160 * 1024;
/** How long calls that follow each other quickly wait to be written, in milliseconds. */
const REST_MS = 250;

/** @typedef {{ console: string, since: Record<string, number> }} SavedConsole `console` from the wasm Console, `since` when waiting entries began */

export class ConsoleMemory {
  #key;
  /** What there is to be written. @type {(() => SavedConsole) | null} */
  #look = null;

  /** @param {string} room @param {string} machine */
  constructor(room, machine) {
    this.#key = `wireside.console.${room}.${machine}`;
    addEventListener("pagehide", () => this.#write());
  }

  /** @returns {SavedConsole | null} */
  read() {
    try {
      const saved = JSON.parse(passing().getItem(this.#key) ?? "null");
      if (typeof saved?.console !== "string") return null;
      return { console: saved.console, since: typeof saved.since === "object" && saved.since ? saved.since : {} };
    } catch {
      return null;
    }
  }

  /** Writes what is to be kept, soon, and before the page goes. @param {() => SavedConsole} look */
  keep(look) {
    if (!this.#look) setTimeout(() => this.#write(), REST_MS);
    this.#look = look;
  }

  #write() {
    if (!this.#look) return;
    const text = JSON.stringify(this.#look());
    this.#look = null;
    if (text.length > LONGEST) return;
    try {
      passing().setItem(this.#key, text);
    } catch {
      // Full or refused: the console comes back without its history.
    }
  }
}
