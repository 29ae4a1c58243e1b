// A body in chunks (RFC 9112, section 7.1): each with its size in hexadecimal before it. Reads pieces of any size.
import { counted, number } from "../base/counted.js";
import { Gathered } from "./gathered.js";

/** Longest line of a size, and of what stands after the last chunk, in bytes. */
const LINE = 1024;
/** Lines after the last chunk. */
const TRAILERS = 64;

export class ChunkedBody {
  /** What has come, without the sizes. */
  body = new Gathered();
  done = false;
  /** Why what came is no chunk; empty while all is well. */
  broken = "";
  /** A line of a size ended with `\n` alone. */
  bare = false;
  /** @type {"size" | "data" | "after" | "trailer"} */
  #in = "size";
  /** Bytes of this chunk that are still to come. */
  #left = 0;
  #size = 0;
  #line = "";
  #trailers = 0;

  /** What it waits for, in words. */
  get waitsFor() {
    if (this.#in === "data") return `the rest of a chunk: ${number(this.#size - this.#left)} of ${counted(this.#size, "byte")} are here`;
    return this.#in === "trailer" ? "the empty line after the last chunk" : "the next chunk";
  }

  /**
   * @param {Uint8Array} bytes
   * @returns {number} how many of them were its own: fewer than there are where the body has ended, or is broken
   */
  push(bytes) {
    let at = 0;
    while (at < bytes.length && !this.done && !this.broken) {
      at += this.#in === "data" ? this.#data(bytes.subarray(at)) : this.#letter(bytes[at]);
    }
    return at;
  }

  /** @param {Uint8Array} bytes */
  #data(bytes) {
    const taken = bytes.subarray(0, this.#left);
    this.body.push(taken);
    this.#left -= taken.length;
    if (this.#left === 0) this.#in = "after";
    return taken.length;
  }

  /** A letter of a line. @param {number} letter */
  #letter(letter) {
    if (letter !== 10) {
      this.#line += String.fromCharCode(letter);
      if (this.#in === "after" && this.#line !== "\r") this.broken = `a chunk of ${counted(this.#size, "byte")} is not followed by the end of a line: its size says too little`;
      if (this.#line.length > LINE) this.broken = `a chunk's size is a line of at most ${number(LINE)} bytes`;
      return 1;
    }
    const line = this.#line.replace(/\r$/, "");
    if (line.length === this.#line.length) this.bare = true;
    this.#line = "";
    if (this.#in === "size") this.#begin(line);
    else if (this.#in === "after") this.#in = "size";
    else if (line === "") this.done = true;
    else if ((this.#trailers += 1) > TRAILERS) this.broken = `more than ${TRAILERS} lines stand after the last chunk`;
    return 1;
  }

  /** @param {string} line */
  #begin(line) {
    const size = line.split(";")[0].trim();
    if (!/^[0-9a-f]{1,8}$/i.test(size)) {
      this.broken = `where a chunk's size in hexadecimal has to stand, there is “${line.slice(0, 40)}”`;
      return;
    }
    this.#size = this.#left = Number.parseInt(size, 16);
    this.#in = this.#size === 0 ? "trailer" : "data";
  }
}
