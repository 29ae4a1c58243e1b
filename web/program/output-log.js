// What a program printed: the last lines of it, as text, with the count of those that are gone. Grows by whole frames,
// so that a program that prints without end does not hold up the page.
import { element } from "../base/element.js";
import { visibleOutput } from "../client/web.js";

/** Lines that are shown. */
const LINES = 1000;
/** Longest line that is shown, in UTF-16 code units. */
const LINE = 4000;
/** Distance from the end within which the log follows, pixels. */
const NEAR_END = 24;

export const PLACEHOLDER = "What the program prints appears here.";

/** @typedef {"stdout" | "stderr" | "stdin" | "note"} Stream a note is the page's, not the program's */

export class OutputLog extends HTMLElement {
  #list = element("pre", { class: "output-lines", role: "log", tabindex: "0" });
  #cut = element("p", { class: "output-cut soft", hidden: true });
  #empty = element("p", { class: "output-empty soft" }, PLACEHOLDER);
  /** Pieces that wait for the next frame. @type {{ stream: Stream, text: string, first?: number }[]} */
  #pending = [];
  /** The line that has not ended yet. @type {HTMLElement | null} */
  #line = null;
  /** @type {Stream} */
  #stream = "stdout";
  #lines = 0;
  #scheduled = false;

  connectedCallback() {
    if (this.#list.isConnected) return;
    this.replaceChildren(this.#cut, this.#empty, this.#list);
  }

  /** @param {string} label */
  set label(label) {
    this.#list.setAttribute("aria-label", label);
  }

  /** What stands here while nothing was printed. @param {string} words */
  set placeholder(words) {
    if (this.#empty.textContent !== words) this.#empty.textContent = words;
  }

  /** Shows its end again, after something else took room. */
  toEnd() {
    this.#flush();
    this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** The lines shown, for a reload. @returns {{ stream: Stream, text: string }[]} */
  get kept() {
    this.#flush();
    return [...this.#list.children].map((line) => ({
      stream: /** @type {Stream} */ (/** @type {HTMLElement} */ (line).dataset.stream ?? "stdout"),
      text: line.textContent ?? "",
    }));
  }

  /** Where its lines stand, to be pointed at. */
  get list() {
    return this.#list;
  }

  /** @param {string} text @param {Stream} [stream] @param {number} [first] the number of its first line, where its lines have numbers */
  print(text, stream = "stdout", first) {
    if (text === "") return;
    const last = this.#pending.at(-1);
    if (last?.stream === stream && first === undefined && last.first === undefined) last.text = keepEnd(last.text + text);
    else this.#pending.push({ stream, text: keepEnd(text), first });
    if (this.#scheduled) return;
    this.#scheduled = true;
    requestAnimationFrame(() => this.#flush());
  }

  clear() {
    this.#pending = [];
    this.#line = null;
    this.#lines = 0;
    this.#list.replaceChildren();
    this.#cut.hidden = true;
    this.#empty.hidden = false;
  }

  #flush() {
    this.#scheduled = false;
    if (this.#pending.length === 0) return;
    const follows = this.#list.scrollHeight - this.#list.scrollTop - this.#list.clientHeight < NEAR_END;
    for (const { stream, text, first } of this.#pending.splice(0)) this.#append(stream, text, first);
    const over = this.#list.children.length - LINES;
    for (let at = 0; at < over; at += 1) this.#list.firstElementChild?.remove();
    this.#empty.hidden = true;
    this.#cut.hidden = this.#lines <= LINES;
    if (!this.#cut.hidden) this.#cut.textContent = `showing the last ${LINES.toLocaleString("en")} of ${this.#lines.toLocaleString("en")} lines`;
    if (follows) this.#list.scrollTop = this.#list.scrollHeight;
  }

  /** @param {Stream} stream @param {string} text @param {number} [first] */
  #append(stream, text, first) {
    if (this.#line && (first !== undefined || (stream !== this.#stream && stream !== "stdin"))) this.#line = null;
    this.#stream = stream;
    const lines = text.replaceAll("\r\n", "\n").split("\n");
    // What a frame cannot show anyway is only counted.
    const skipped = Math.max(0, lines.length - LINES - 1);
    if (skipped > 0) {
      this.#lines += skipped - (this.#line ? 1 : 0);
      this.#line = null;
      lines.splice(0, skipped);
    }
    lines.forEach((line, at) => {
      if (line !== "" || at < lines.length - 1) this.#extend(stream, line);
      if (first !== undefined && this.#line) this.#line.dataset.line = String(first + at);
      if (at < lines.length - 1) this.#line = null;
    });
  }

  /** @param {Stream} stream @param {string} text part of a line */
  #extend(stream, text) {
    if (!this.#line) {
      this.#line = element("div", { class: "output-line", dir: "auto", data: { stream } });
      this.#list.append(this.#line);
      this.#lines += 1;
    }
    const room = LINE - (this.#line.textContent?.length ?? 0);
    if (room > 0) this.#line.append(visibleOutput(text.slice(0, room)));
  }
}

/** More than can be shown is not kept until the next frame either; its lines are still counted. @param {string} text */
function keepEnd(text) {
  const most = LINES * 200;
  if (text.length <= most) return text;
  const cut = text.length - most;
  const gone = text.slice(0, cut).split("\n").length - 1;
  return "\n".repeat(Math.min(gone, most)) + text.slice(cut);
}

customElements.define("output-log", OutputLog);
