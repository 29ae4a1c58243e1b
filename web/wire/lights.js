// What is raised, and the rest lowered: what belongs to the event or the line of code that somebody points at.

export class Lights {
  #view;
  #painter;
  /** The event that is pointed at, or chosen. */
  #event = 0;
  /** The line of code that is pointed at: it comes before any event. @type {{ program: number, line: number } | null} */
  #code = null;
  /** Up to which event what is raised was looked for. */
  #upTo = 0;
  /** Something else is raised. @type {(seqs: number[]) => void} */
  onchange = () => {};

  /** @param {import("../client/web.js").View} view @param {import("./painter.js").Painter} painter */
  constructor(view, painter) {
    this.#view = view;
    this.#painter = painter;
  }

  /** @param {number} seq 0: nothing in the drawing is pointed at */
  event(seq) {
    this.#event = seq;
    this.#raise();
  }

  /** @param {{ program: number, line: number } | null} line null: none is pointed at */
  code(line) {
    this.#code = line;
    this.#raise();
  }

  /** What is raised grows with what happens. Answers whether anything is. */
  keep() {
    if (this.#painter.lit && this.#view.lastSeq() !== this.#upTo) this.#raise();
    return this.#painter.lit;
  }

  #raise() {
    const seqs = this.#belonging();
    const rows = seqs.map((seq) => this.#view.rowOf(seq)).filter((row) => row !== undefined);
    this.#upTo = this.#view.lastSeq();
    // Beside what is not drawn nothing has to stand back.
    const drawn = seqs.some((seq) => this.#view.moves(seq));
    this.#painter.light(drawn ? [...seqs, ...rows] : []);
    this.onchange(seqs);
  }

  /** @returns {number[]} */
  #belonging() {
    if (this.#code) return this.#view.relatedToLine(this.#code.program, this.#code.line);
    return this.#event ? this.#view.related(this.#event) : [];
  }
}
