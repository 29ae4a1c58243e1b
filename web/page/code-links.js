// Ties code and wire: what is pointed at on one side is raised on the other, and a thread leads from a line to its call.
import { svg } from "../wire/svg.js";

/** From a thread's end to what it leads to, pixels. */
const AWAY = 3;
/** From a line of code to where its thread turns, between the columns, pixels. */
const TURN = 8;

export class CodeLinks {
  #view;
  #wire;
  #panes;
  /** @type {import("../base/code-light.js").CodeLine[]} */
  #lines = [];
  #threads = svg("svg", { class: "code-threads", "aria-hidden": "true" });

  /** @param {{ view: import("../client/web.js").View, wire: import("../wire/wire-view.js").WireView, panes: any[] }} parts */
  constructor({ view, wire, panes }) {
    this.#view = view;
    this.#wire = wire;
    this.#panes = panes;
    document.body.append(this.#threads);
    document.addEventListener("code-light", (event) => wire.lightCode?.(/** @type {CustomEvent} */ (event).detail));
    wire.addEventListener("wire-light", (event) => this.#light(/** @type {CustomEvent} */ (event).detail));
    wire.onpaint = () => this.#draw();
    for (const moves of ["scroll", "resize"]) addEventListener(moves, () => this.#draw(), { capture: true, passive: true });
  }

  /** Marks the code of these events, which nobody points at on the wire. @param {number[]} seqs @param {number} until nothing later is drawn */
  point(seqs, until) {
    this.#light(seqs, until);
  }

  /** @param {number[]} seqs @param {number} [until] */
  #light(seqs, until = Infinity) {
    const lines = seqs.length > 0 ? this.#view.codeLines(Float64Array.from(seqs)) : [];
    this.#lines = lines.map((line) => ((line.end ?? 0) > until ? { ...line, end: undefined } : line));
    for (const pane of this.#panes) pane.light(this.#lines);
    this.#draw();
  }

  #draw() {
    if (this.#lines.length === 0 && !this.#threads.hasChildNodes()) return;
    const threads = this.#lines.map((line) => this.#thread(line)).filter((thread) => thread !== null);
    this.#threads.replaceChildren(...threads);
  }

  /** @param {import("../base/code-light.js").CodeLine} line */
  #thread(line) {
    const code = this.#panes.map((pane) => pane.boxOf(line)).find(Boolean);
    const found = code && this.#wire.boxOf({ seq: line.seq, end: line.end ?? null });
    if (!found) return null;
    const { box: call, beyond } = found;
    // Only where they stand side by side, the wire between the machines.
    const right = code.left >= call.right;
    if (!right && code.right > call.left) return null;
    const side = right ? -1 : 1;
    const from = right ? code.left : code.right;
    const [y1, y2] = [code.top + code.height / 2, call.top + call.height / 2].map((y) => Math.round(y) + 0.5);
    const turn = Math.round(from + side * TURN) + 0.5;
    // To the call; or, where that is scrolled away, an arrow's head in the direction.
    const end = beyond ? `m-4 ${-5 * beyond}l4 ${5 * beyond}l4 ${-5 * beyond}` : `H${(right ? call.right : call.left) - side * AWAY}`;
    return svg("path", { d: `M${from} ${y1}H${turn}V${y2}${end}`, class: "code-thread" });
  }
}
