// What was typed at a machine's Python prompt, in this tab for as long as it is there: for the arrow keys, and over a reload.
import { passing } from "../base/browser-storage.js";

/** Blocks kept, and how long one may be, in UTF-16 code units: a longer one is not kept. */
const BLOCKS = 200;
const LONGEST = 4000;
/** Of all together. */
const TOGETHER = 64 * 1024;

export class PromptMemory {
  #key;
  /** Oldest first. @type {string[]} */
  #blocks = [];
  #open = false;

  /** @param {string} room @param {string} machine */
  constructor(room, machine) {
    this.#key = `wireside.prompt.${room}.${machine}`;
    try {
      const kept = JSON.parse(passing().getItem(this.#key) ?? "null");
      const isBlocks = Array.isArray(kept?.blocks) && kept.blocks.every((/** @type {any} */ block) => typeof block === "string");
      if (isBlocks) this.#blocks = kept.blocks.slice(-BLOCKS);
      this.#open = kept?.open === true;
    } catch {
      // Refused, or not ours: it begins with nothing.
    }
  }

  /** @returns {readonly string[]} */
  get blocks() {
    return this.#blocks;
  }

  /** Whether there was a prompt when the page was left. */
  get open() {
    return this.#open;
  }

  set open(open) {
    this.#open = open;
    this.#write();
  }

  /** @param {string} block */
  add(block) {
    if (block.trim() === "" || block.length > LONGEST || block === this.#blocks.at(-1)) return;
    this.#blocks.push(block);
    let length = this.#blocks.reduce((sum, one) => sum + one.length, 0);
    while (this.#blocks.length > BLOCKS || length > TOGETHER) length -= this.#blocks.shift()?.length ?? 0;
    this.#write();
  }

  #write() {
    try {
      passing().setItem(this.#key, JSON.stringify({ blocks: this.#blocks, open: this.#open }));
    } catch {
      // Full or refused: the page remembers until it is left.
    }
  }
}
