// Keeps the SVG equal to the layout's shapes: makes what is new or different, drops what is gone.
import { make } from "./forms.js";
import { patterns, svg } from "./svg.js";

/** Back to front. */
const LAYERS = ["areas", "bands", "lines", "patches", "labels", "top"];

/** @type {Record<string, string>} */
const LAYER_OF = {
  row: "areas",
  lane: "areas",
  band: "bands",
  bar: "bands",
  hairline: "lines",
  arc: "lines",
  arrow: "lines",
  loop: "lines",
  fold: "lines",
  patch: "patches",
  card: "top",
  now: "top",
};

export class Painter {
  #root;
  #lifelines = svg("g", { class: "lifelines" });
  /** @type {Record<string, SVGElement>} */
  #layers = {};
  /** @type {Map<string, { element: SVGElement, seq: number }>} */
  #painted = new Map();
  #lines = "";
  /** @type {Set<number>} */
  #lit = new Set();
  #chosen = 0;
  #row = 0;

  /** @param {SVGElement} root */
  constructor(root) {
    this.#root = root;
    root.append(patterns());
    for (const name of LAYERS) {
      const layer = svg("g", { class: name });
      this.#layers[name] = layer;
      root.append(layer);
      if (name === "areas") root.append(this.#lifelines);
    }
  }

  /** Whether nothing is drawn but the now-line. */
  get empty() {
    return this.#painted.size === (this.#painted.has("now") ? 1 : 0);
  }

  /** @param {import("../client/web.js").Scene} scene what changed @param {boolean} live whether new packets draw in */
  paint({ lifelines, shapes, gone }, live) {
    this.#paintLifelines(lifelines);
    for (const key of gone) {
      this.#painted.get(key)?.element.remove();
      this.#painted.delete(key);
    }
    for (const shape of shapes) this.#paintShape(shape, live);
  }

  /** What stands on the line below everything. @param {string} word */
  sayNow(word) {
    const said = this.#painted.get("now")?.element.querySelector("text");
    if (said && said.textContent !== word) said.textContent = word;
  }

  /** @param {import("../client/web.js").Shape} shape @param {boolean} live */
  #paintShape(shape, live) {
    const old = this.#painted.get(shape.key);
    const painted = { element: make(shape), seq: shape.seq };
    if (!old && live && shape.form === "arrow") painted.element.classList.add("fresh");
    if (this.#lit.size > 0 || this.#chosen !== 0) this.#mark(painted);
    if (old) old.element.replaceWith(painted.element);
    else this.#layers[LAYER_OF[shape.form] ?? "labels"].append(painted.element);
    this.#painted.set(shape.key, painted);
  }

  /** @param {import("../client/web.js").Lifeline[]} lifelines */
  #paintLifelines(lifelines) {
    const signature = lifelines.map(({ x }) => x).join();
    if (signature === this.#lines) return;
    this.#lines = signature;
    const lines = lifelines.map(({ x }) => svg("line", { x1: x, y1: 0, x2: x, y2: "100%", class: "lifeline" }));
    this.#lifelines.replaceChildren(...lines);
  }

  /** Raises what belongs to these events and lowers the rest. @param {number[]} seqs none: everything as usual */
  light(seqs) {
    this.#lit = new Set(seqs);
    this.#root.classList.toggle("lowered", seqs.length > 0);
    this.#markAll();
  }

  /** Whether something is raised. */
  get lit() {
    return this.#lit.size > 0;
  }

  /** Where calls are drawn in the window: their words first, then their bars. @param {number[]} seqs of their begins and ends */
  boxesOf(seqs) {
    const drawn = [...this.#painted.values()].filter(({ seq }) => seq !== 0 && seqs.includes(seq)).map(({ element }) => element);
    const [words, bars] = [".call", ".bar, .tick"].map((which) => drawn.filter((element) => element.matches(which)));
    return [...words, ...bars].map((element) => element.getBoundingClientRect());
  }

  /** @param {number} seq 0: none @param {number} [row] `seq` of the row it is drawn in */
  choose(seq, row = seq) {
    this.#chosen = seq;
    this.#row = row;
    this.#markAll();
  }

  #markAll() {
    for (const painted of this.#painted.values()) this.#mark(painted);
  }

  /** @param {{ element: SVGElement, seq: number }} painted */
  #mark({ element, seq }) {
    element.classList.toggle("lit", this.#lit.has(seq));
    element.classList.toggle("chosen", seq !== 0 && (seq === this.#chosen || seq === this.#row));
  }
}
