// Keeps the SVG equal to the layout's shapes: makes what is new, drops what is gone, leaves the rest alone.
import { make } from "./forms.js";
import { patterns, svg } from "./svg.js";

/** Back to front. */
const LAYERS = ["areas", "bands", "lines", "labels", "top"];

/** @type {Record<string, string>} */
const LAYER_OF = {
  row: "areas",
  lane: "areas",
  gap: "areas",
  band: "bands",
  bar: "bands",
  hairline: "lines",
  arc: "lines",
  arrow: "lines",
  loop: "lines",
  fold: "lines",
  card: "top",
  now: "top",
};

export class Painter {
  #root;
  #lifelines = svg("g", { class: "lifelines" });
  /** @type {Record<string, SVGElement>} */
  #layers = {};
  /** @type {Map<string, { element: SVGElement, signature: string }>} */
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

  /** @param {any} scene @param {{ live: boolean, height: number }} how whether new packets draw in; height of the plane */
  paint(scene, { live, height }) {
    this.#paintLifelines(scene, height);
    /** @type {Set<string>} */
    const seen = new Set();
    for (const shape of scene.shapes) {
      seen.add(shape.key);
      this.#paintShape(shape, live);
    }
    for (const [key, { element }] of this.#painted) {
      if (seen.has(key)) continue;
      element.remove();
      this.#painted.delete(key);
    }
  }

  /** @param {any} shape @param {boolean} live */
  #paintShape(shape, live) {
    const signature = JSON.stringify(shape);
    const old = this.#painted.get(shape.key);
    if (old?.signature === signature) return;
    const element = make(shape);
    if (!old && live && shape.form === "arrow") element.classList.add("fresh");
    this.#mark(element);
    if (old) old.element.replaceWith(element);
    else this.#layers[LAYER_OF[shape.form] ?? "labels"].append(element);
    this.#painted.set(shape.key, { element, signature });
  }

  /** @param {any} scene @param {number} height */
  #paintLifelines({ lifelines }, height) {
    const signature = JSON.stringify([lifelines.map((/** @type {any} */ { x }) => x), height]);
    if (signature === this.#lines) return;
    this.#lines = signature;
    const lines = lifelines.map((/** @type {any} */ { x }) => svg("line", { x1: x, y1: 0, x2: x, y2: height, class: "lifeline" }));
    this.#lifelines.replaceChildren(...lines);
  }

  /** Raises what belongs to these events and lowers the rest. @param {number[]} seqs none: everything as usual */
  light(seqs) {
    this.#lit = new Set(seqs);
    this.#root.classList.toggle("lowered", seqs.length > 0);
    this.#markAll();
  }

  /** @param {number} seq 0: none @param {number} [row] `seq` of the row it is drawn in */
  choose(seq, row = seq) {
    this.#chosen = seq;
    this.#row = row;
    this.#markAll();
  }

  #markAll() {
    for (const { element } of this.#painted.values()) this.#mark(element);
  }

  /** @param {SVGElement} element */
  #mark(element) {
    const seq = Number(element.dataset.seq ?? 0);
    element.classList.toggle("lit", this.#lit.has(seq));
    element.classList.toggle("chosen", seq !== 0 && (seq === this.#chosen || seq === this.#row));
  }
}
