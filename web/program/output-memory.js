// What a program printed, over a reload of this tab. Its end is kept; the rest was on the screen long enough.
import { passing } from "../base/browser-storage.js";

/** Lines kept. */
const LINES = 200;

/** @typedef {{ stream: import("./output-log.js").Stream, text: string }} Line */

export class OutputMemory {
  #key;

  /** @param {string} room @param {string} machine @param {string} file */
  constructor(room, machine, file) {
    this.#key = `wireside.output.${room}.${machine}.${file}`;
  }

  /** @returns {Line[]} */
  read() {
    try {
      const lines = JSON.parse(passing().getItem(this.#key) ?? "[]");
      return Array.isArray(lines) ? lines.filter(isLine) : [];
    } catch {
      return [];
    }
  }

  /** @param {Line[]} lines @param {boolean} running whether the page takes the program with it */
  write(lines, running) {
    const kept = lines.slice(-LINES);
    if (running) kept.push({ stream: "stderr", text: "(The page was left, and the program ended with it.)" });
    try {
      if (kept.length === 0) passing().removeItem(this.#key);
      else passing().setItem(this.#key, JSON.stringify(kept));
    } catch {
      // Full or refused: the output is gone with the page.
    }
  }
}

/** @param {any} line @returns {line is Line} */
function isLine(line) {
  return typeof line?.text === "string" && ["stdout", "stderr", "stdin", "note"].includes(line.stream);
}
