// What a console remembers over a reload, in this tab only. Storage may be refused; then it just forgets.

/** Most of one machine's memory, in UTF-16 code units. */
const LONGEST = 160 * 1024;

export class ConsoleMemory {
  #key;

  /** @param {string} room @param {string} machine */
  constructor(room, machine) {
    this.#key = `wireside.console.${room}.${machine}`;
  }

  /** @returns {{ console: string, since: Record<string, number> } | null} */
  read() {
    try {
      const saved = JSON.parse(sessionStorage.getItem(this.#key) ?? "null");
      if (typeof saved?.console !== "string") return null;
      return { console: saved.console, since: typeof saved.since === "object" && saved.since ? saved.since : {} };
    } catch {
      return null;
    }
  }

  /** @param {string} console from the wasm Console @param {Record<string, number>} since when waiting entries began */
  write(console, since) {
    const text = JSON.stringify({ console, since });
    if (text.length > LONGEST) return;
    try {
      sessionStorage.setItem(this.#key, text);
    } catch {
      // Full or refused: the console comes back without its history.
    }
  }
}
