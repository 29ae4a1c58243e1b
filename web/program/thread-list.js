// What each thread of a program does, where it has several: a list under its output, and a card when none can go on.
import { pointAt } from "../base/code-light.js";
import { element } from "../base/element.js";

/** @typedef {import("../client/wireside.js").RunThread} Thread */

/** Names that have room at a line's edge. */
const NAMES = 2;

export class ThreadList {
  #count = element("summary", {});
  #list = element("ul", { class: "thread-list" });
  #details = element("details", { class: "threads", hidden: true }, this.#count, this.#list);
  #deadlock = element("aside", { class: "failure deadlock", hidden: true, role: "status" });
  #shown = "";
  #program = 0;
  nodes = [this.#deadlock, this.#details];
  /** Somebody wants to see a line. @type {(line: number) => void} */
  online = () => {};

  constructor() {
    for (const node of this.nodes) {
      node.addEventListener("pointerover", (event) => {
        if (event.pointerType !== "touch") this.#pointAt(node, event.target);
      });
      node.addEventListener("pointerleave", () => pointAt(node, null));
      // Whoever has no pointer raises the same.
      node.addEventListener("focusin", (event) => this.#pointAt(node, event.target));
      node.addEventListener("focusout", () => pointAt(node, null));
    }
  }

  /** What runs now. @param {number} program by its number in the room */
  belongTo(program) {
    this.#program = program;
  }

  /** Raises the calls of the line in which a thread waits. @param {HTMLElement} list @param {EventTarget | null} target */
  #pointAt(list, target) {
    const thread = target instanceof Element ? target.closest("[data-line]") : null;
    const line = Number(thread instanceof HTMLElement ? thread.dataset.line : 0);
    pointAt(list, line && this.#program ? { program: this.#program, line } : null);
  }

  /** @param {Thread[]} threads none where there is one only @param {boolean} deadlock */
  show(threads, deadlock) {
    const now = JSON.stringify([threads, deadlock]);
    if (now === this.#shown) return;
    this.#shown = now;
    // The card says the same, and more.
    this.#details.hidden = threads.length === 0 || deadlock;
    this.#count.textContent = `${threads.length} threads`;
    this.#list.replaceChildren(...threads.map((thread) => this.#item(thread, `${doing(thread)}${since(thread)}`)));
    this.#deadlock.hidden = !deadlock;
    if (deadlock) this.#deadlock.replaceChildren(...this.#stuck(threads));
  }

  /** @param {Thread} thread @param {string} does */
  #item(thread, does) {
    const words = [element("b", { class: "mono", dir: "auto" }, thread.name), ` ${does}`];
    return element("li", {}, ...(thread.line === null ? words : [this.#toLine(thread.line, words)]));
  }

  /** @param {number} line @param {(Node | string)[]} words */
  #toLine(line, words) {
    const button = element("button", { type: "button", class: "thread-line", "data-line": String(line) }, ...words);
    button.addEventListener("click", () => this.online(line));
    return button;
  }

  /** @param {Thread[]} threads */
  #stuck(threads) {
    const lines = threads.map((thread) => this.#item(thread, `${awaited(thread)}.`));
    return [
      element("h4", { class: "failure-name" }, threads.length === 0 ? "It waits for itself" : "Deadlock"),
      element(
        "p",
        {},
        threads.length === 0
          ? "It waits for a lock that nobody is left to release."
          : "Every thread waits for another, or for a lock that another holds. None of them can ever go on; Stop ends the program.",
      ),
      ...(lines.length > 0 ? [element("ul", {}, ...lines)] : []),
    ];
  }
}

/** The names of those who wait in each line. @param {Thread[]} threads @returns {{ line: number, names: string }[]} */
export function waitingLines(threads) {
  /** @type {Map<number, string[]>} */
  const lines = new Map();
  for (const { line, name } of threads) {
    // Without the function that `threading` adds in brackets: there is little room.
    if (line !== null) lines.set(line, [...(lines.get(line) ?? []), name.replace(/ \(\w+\)$/, "")]);
  }
  return [...lines].map(([line, names]) => ({ line, names: few(names) }));
}

/** @param {string[]} names */
function few(names) {
  const more = names.length - NAMES;
  return more > 0 ? `${names.slice(0, NAMES).join(", ")} +${more}` : names.join(", ");
}

/** @param {Thread} thread */
function doing({ call, line, awaits }) {
  if (call === null) return "runs";
  if (call === "prompt") return "waits at the prompt";
  const where = line === null ? "" : `, line ${line}`;
  if (call === "input") return `waits for input${where}`;
  const whom = awaits?.thread ? ` for ${awaits.thread}` : "";
  return `waits in ${call}()${where}${whom}`;
}

/** @param {Thread} thread */
function since({ since }) {
  return since === null ? "" : `, since ${new Date(since).toLocaleTimeString("en-GB")}`;
}

/** @param {Thread} thread */
function awaited({ call, line, awaits }) {
  const where = line === null ? "" : `, line ${line},`;
  if (awaits?.ends) return `waits in ${call}()${where} for the end of ${awaits.thread}`;
  if (!awaits?.thread) return `waits in ${call}()${where} for somebody to wake it`;
  const held = awaits.line === null ? "holds" : `holds since line ${awaits.line}`;
  return `waits in ${call}()${where} for a lock that ${awaits.thread} ${held}`;
}
