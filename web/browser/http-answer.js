// What a server answers, as it comes: finds the head, then the body's end, and says what is wrong with them. It takes
// whatever a beginner's server sends; what is not HTTP is kept as it is. Makes no call and knows no document.
import { ChunkedBody } from "./chunked.js";
import { counted, number } from "../base/counted.js";
import { Gathered, letters } from "./gathered.js";
import { beginsHead, endOfHead, excerpt, header, readHead, skipBlank, values } from "./head.js";

/** @typedef {import("./head.js").Head} Head */

/** Longest head, in bytes. */
export const HEAD_BYTES = 64 * 1024;
/** How much of a body is read, in bytes. */
export const BODY_BYTES = 2 * 1024 * 1024;
/** Answers before the answer (100 Continue) that are passed over. */
const INTERIM = 8;

/**
 * Where the body ends: after so many bytes, with its last chunk, or where the connection ends.
 * @typedef {{ by: "length", length: number } | { by: "chunks", chunks: ChunkedBody } | { by: "close" } | { by: "none" }} End
 */

export class AnswerReader {
  #most;
  /** Everything that came and is kept: what went over the wire. */
  #raw = new Gathered();
  /** Where the head begins in it, and where the body does. */
  #start = 0;
  #bodyAt = -1;
  /** How far the head's end has been looked for. */
  #looked = 0;
  #interim = 0;
  /** Whether it has a head at all; null while nobody can know. @type {boolean | null} */
  #hasHead = null;
  /** @type {Head | null} */
  head = null;
  /** @type {End} */
  #end = { by: "close" };
  /** Bytes that came, kept or not. */
  received = 0;
  /** Nothing more is to be read. */
  done = false;
  /** All of the body is here. */
  complete = false;
  /** What is wrong with it, beside its head. @type {string[]} */
  #notes = [];

  /** @param {{ bodyBytes?: number }} [bounds] */
  constructor({ bodyBytes = BODY_BYTES } = {}) {
    this.#most = bodyBytes;
  }

  /** @param {Uint8Array} bytes as recv() gave them */
  push(bytes) {
    if (this.done) return;
    this.received += bytes.length;
    const before = this.#raw.length;
    const room = this.#bodyAt < 0 ? HEAD_BYTES + this.#most : this.#bodyAt + this.#most;
    this.#raw.push(bytes.subarray(0, Math.max(0, room - before)));
    if (this.#bodyAt < 0) this.#findHead(false);
    else this.#read(this.#raw.bytes.subarray(before));
    if (!this.done && this.#bodyAt < 0 && this.#raw.length - this.#start > HEAD_BYTES) this.#tooLong();
    if (!this.done && this.#bodyAt >= 0 && this.#bodyLength >= this.#most) this.#cut();
  }

  /** The other side has closed: recv() gave nothing. */
  end() {
    if (this.done) return;
    if (this.#bodyAt < 0) this.#findHead(true);
    if (this.#bodyAt < 0) this.#noHead();
    else if (!this.done) this.#ended();
    this.done = true;
  }

  /** It will not come to its end: somebody stopped it, or the connection broke. */
  stop() {
    if (this.#bodyAt < 0 && !this.done && this.#raw.length > 0) this.#findHead(true);
    this.done = true;
  }

  /** Everything that came, as far as it was kept. */
  get raw() {
    return this.#raw.bytes;
  }

  /** The head as it came; nothing where there is none. */
  get rawHead() {
    return this.#hasHead === false ? new Uint8Array() : this.raw.subarray(0, this.#bodyAt < 0 ? undefined : this.#bodyAt);
  }

  /** The body as it came, sizes of chunks included, and what came behind it. */
  get rawBody() {
    return this.#bodyAt < 0 ? new Uint8Array() : this.raw.subarray(this.#bodyAt);
  }

  /** What was meant to be shown. */
  get body() {
    if (this.#end.by === "chunks") return this.#end.chunks.body.bytes;
    if (this.#end.by === "none") return new Uint8Array();
    return this.#end.by === "length" ? this.rawBody.subarray(0, this.#end.length) : this.rawBody;
  }

  /** Whether what came has a status line; null while nobody can know. */
  get hasHead() {
    return this.#hasHead;
  }

  /** What is not as HTTP has it, a sentence each. */
  get notes() {
    return [...(this.head?.notes ?? []), ...this.#notes];
  }

  /** Whether no byte has come. */
  get isEmpty() {
    return this.received === 0;
  }

  /** What it waits for, in words that go on after "for". */
  get waitsFor() {
    if (this.isEmpty) return "the first byte of the answer";
    if (this.#bodyAt < 0) return `the empty line that ends the head; ${counted(this.received, "byte")} came so far`;
    if (this.#end.by === "chunks") return this.#end.chunks.waitsFor;
    if (this.#end.by === "length") return `the rest of the body: ${number(this.#bodyLength)} of ${counted(this.#end.length, "byte")} are here`;
    const why = this.hasHead ? "no Content-Length says where the body ends, so it ends there" : "an answer without a head ends there";
    return `the end of the connection: ${why}; ${counted(this.#bodyLength, "byte")} came so far`;
  }

  get #bodyLength() {
    return this.#raw.length - this.#bodyAt;
  }

  /** @param {boolean} ended @returns {void} */
  #findHead(ended) {
    const { bytes } = this.#raw;
    this.#hasHead ??= bytes.length === 0 ? null : beginsHead(bytes, ended);
    if (this.#hasHead === null) return;
    if (!this.#hasHead) return this.#bare();
    if (this.#looked === 0) this.#looked = this.#start = skipBlank(bytes);
    const end = endOfHead(bytes, this.#looked);
    if (end < 0) {
      this.#looked = Math.max(this.#start, bytes.length - 3);
      return;
    }
    const head = readHead(bytes.subarray(this.#start, end), true);
    const { status } = head;
    if (status !== null && status >= 100 && status < 200 && status !== 101 && this.#interim < INTERIM) {
      this.#interim += 1;
      this.#looked = this.#start = end;
      return this.#findHead(ended);
    }
    if (this.#interim === 0 && this.#start > 0) this.#notes.push("Something blank stands before the status line: the very first byte of an answer is the H of HTTP.");
    this.head = head;
    this.#bodyAt = end;
    this.#end = this.#framing(head);
    this.#read(bytes.subarray(end));
  }

  /** Where the body will end. @param {Head} head @returns {End} */
  #framing(head) {
    if (head.status === 204 || head.status === 304) return { by: "none" };
    const coding = values(head, "transfer-encoding").join(",").toLowerCase();
    const lengths = [...new Set(values(head, "content-length"))];
    if (coding !== "" && coding !== "identity") {
      if (lengths.length > 0) this.#notes.push("It has both Transfer-Encoding and Content-Length, and only one may say where the body ends. Transfer-Encoding was believed.");
      if (coding.trim() === "chunked") return { by: "chunks", chunks: new ChunkedBody() };
      this.#notes.push(`This browser cannot read Transfer-Encoding “${excerpt(coding)}”: the body is shown as it came.`);
      return { by: "close" };
    }
    if (lengths.length > 1) this.#notes.push("It has several Content-Lengths that differ: none was believed.");
    if (lengths.length !== 1) return { by: "close" };
    if (/^\d{1,15}$/.test(lengths[0])) return { by: "length", length: Number(lengths[0]) };
    this.#notes.push(`Content-Length is “${excerpt(lengths[0])}”, which is no number of bytes: it was not believed.`);
    return { by: "close" };
  }

  /** @param {Uint8Array} bytes more of the body */
  #read(bytes) {
    const end = this.#end;
    if (end.by === "chunks") {
      const own = end.chunks.push(bytes);
      if (end.chunks.bare && end.chunks.done) this.#notes.push("Lines of chunks' sizes end with \\n alone. HTTP has \\r\\n.");
      if (end.chunks.broken) this.#notes.push(`The body comes in chunks, but ${end.chunks.broken}. What came before is shown.`);
      if (end.chunks.broken || end.chunks.done) this.#finish(end.chunks.done, bytes.length - own, "the last chunk");
    } else if (end.by === "length" && this.#bodyLength >= end.length) {
      this.#finish(true, this.#bodyLength - end.length, `the ${counted(end.length, "byte")} that Content-Length says`);
      if (this.#bodyLength > end.length && characters(this.rawBody) === end.length) this.#notes.push(`Content-Length is the number of bytes: this text has ${number(end.length)} characters, and ${counted(this.#bodyLength, "byte")} in UTF-8.`);
    } else if (end.by === "none") {
      this.#finish(true, bytes.length, `the head, and an answer of status ${this.head?.status} has no body`);
    }
  }

  /** @param {boolean} complete @param {number} surplus bytes that came behind the end @param {string} what stands before them */
  #finish(complete, surplus, what) {
    this.done = true;
    this.complete = complete;
    if (complete && surplus > 0) this.#notes.push(`${counted(surplus, "byte")} more came behind ${what}: ${surplus === 1 ? "it is" : "they are"} not shown.`);
  }

  /** What came has no head: all of it is body. */
  #bare() {
    this.#bodyAt = 0;
    const { bytes } = this.#raw;
    const first = letters(bytes.subarray(0, 200)).split(/\r?\n/)[0];
    // A record of TLS: an alert, or a handshake.
    if ((bytes[0] === 0x15 || bytes[0] === 0x16) && bytes[1] === 3) this.#notes.push("This looks like TLS: that server speaks https, and only it can read what it says.");
    else if (/^[A-Za-z][A-Za-z-]*: /.test(first)) this.#notes.push(`There is no status line: the answer begins with the header “${excerpt(first)}”. The line before it should be HTTP/1.1 200 OK`);
    else this.#notes.push(`There is no status line: the answer begins with “${excerpt(first)}”. HTTP begins with a line like HTTP/1.1 200 OK, then headers, then an empty line. What came is shown as it is.`);
  }

  /** The connection ended within the head. */
  #noHead() {
    const bytes = this.#raw.bytes.subarray(this.#start);
    if (this.isEmpty) return void this.#notes.push("The server closed the connection without sending a byte.");
    this.head = readHead(bytes, false);
    const page = letters(bytes).split("\n").find((line) => line.trimStart().startsWith("<"));
    const more = page === undefined ? "" : ` “${excerpt(page.trim())}” looks like the page itself: an empty line has to stand before it.`;
    this.#notes.push(`The connection ended within the head: the empty line that ends it never came.${more}`);
  }

  /** The connection ended within the body, or at its end. */
  #ended() {
    const end = this.#end;
    this.complete = end.by === "close";
    if (end.by === "length") this.#notes.push(`The connection ended after ${number(this.#bodyLength)} of the ${counted(end.length, "byte")} that Content-Length says.`);
    if (end.by === "chunks") this.#notes.push(`The connection ended before the last chunk: it waited for ${end.chunks.waitsFor}.`);
  }

  #tooLong() {
    this.done = true;
    this.head = readHead(this.#raw.bytes.subarray(this.#start, this.#start + HEAD_BYTES), false);
    this.#notes.push(`The head has no end within ${HEAD_BYTES / 1024} KiB, and a head here has at most that: no more was read.`);
  }

  #cut() {
    this.done = true;
    this.complete = false;
    const all = this.#end.by === "length" ? ` of ${counted(this.#end.length, "byte")}` : "";
    this.#notes.push(`This browser reads at most ${this.#most / 1024 / 1024} MiB of a body: the first ${counted(this.#most, "byte")}${all} are here, and the connection was closed.`);
  }

  /** Whether it leads elsewhere, and where: the header as it stands. @returns {string | null} */
  get location() {
    const moved = this.head?.status;
    if (!this.head || ![301, 302, 303, 307, 308].includes(moved ?? 0) || this.#bodyAt < 0) return null;
    return header(this.head, "location");
  }
}

/** How many characters bytes are in UTF-8; NaN where they are none. @param {Uint8Array} bytes */
function characters(bytes) {
  try {
    return [...new TextDecoder("utf-8", { fatal: true }).decode(bytes)].length;
  } catch {
    return Number.NaN;
  }
}
