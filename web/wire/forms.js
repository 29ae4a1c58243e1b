// One SVG element for one shape of the layout, by its form. Where everything is was decided in Rust.
import { arc, arrow, fold, loop } from "./arrow-forms.js";
import { svg, svgText } from "./svg.js";

/** From one square of a queue to the next, as in the layout. */
const SQUARE = 7;

/** @type {{ [F in import("../client/web.js").Form["form"]]: (shape: import("./svg.js").ShapeOf<F>) => SVGElement }} */
const MAKERS = {
  row: ({ y, height }) => svg("rect", { x: 0, y, width: "100%", height, class: "row" }),
  gap,
  arrow,
  loop,
  arc,
  fold,
  text: ({ x, y, anchor, role, tone, text, fit }) =>
    svgText(text, {
      x,
      y,
      class: `text ${role} tone-${tone || "ink"} anchor-${anchor}`,
      textLength: fit,
      lengthAdjust: fit === undefined ? undefined : "spacingAndGlyphs",
    }),
  patch: ({ x, y, width, height }) => svg("rect", { x, y, width, height, class: "patch" }),
  hairline: ({ x1, y1, x2, y2 }) => svg("line", { x1, y1, x2, y2, class: "hairline" }),
  bar,
  band,
  unread: ({ x, y, text, side }) =>
    svg(
      "g",
      { class: "unread" },
      svg("rect", { x: side > 0 ? x : x - 4, y: y - 9, width: 4, height: 10 }),
      svgText(text, { x: x + side * 7, y, class: `text small tone-soft anchor-${side > 0 ? "start" : "end"}` }),
    ),
  card,
  queue,
  lane: ({ x, width }) => svg("rect", { x, y: 0, width, height: "100%", class: "lane" }),
  note: ({ x, y, text, tone }) => svgText(text, { x, y, class: `text note tone-${tone} anchor-middle` }),
  now: ({ x, y }) =>
    svg(
      "g",
      { class: "now" },
      svg("line", { x1: 0, y1: y, x2: "100%", y2: y }),
      svgText("now", { x, y: y + 4, class: "text small tone-soft anchor-middle" }),
    ),
};

/** @param {import("../client/web.js").Shape} shape @returns {SVGElement} */
export function make(shape) {
  const maker = /** @type {(shape: import("../client/web.js").Shape) => SVGElement} */ (MAKERS[shape.form]);
  const made = maker(shape);
  if (shape.seq) made.dataset.seq = String(shape.seq);
  if (shape.onlyThen) made.classList.add("only-then");
  return made;
}

/** @param {import("./svg.js").ShapeOf<"gap">} shape */
function gap({ y, x1, x2, text, cut }) {
  const middle = (x1 + x2) / 2;
  const half = text.length * 3.4 + 6;
  const group = svg("g", { class: "gap" });
  group.append(svg("line", { x1, y1: y, x2: middle - half, y2: y }), svg("line", { x1: middle + half, y1: y, x2, y2: y }));
  group.append(svgText(text, { x: middle, y: y + 4, class: "text small tone-soft anchor-middle" }));
  if (cut) group.classList.add("cut");
  return group;
}

/** @param {import("./svg.js").ShapeOf<"bar">} shape */
function bar({ x, y1, y2, style, tone }) {
  if (style === "tick") return svg("line", { x1: x - 5, y1, x2: x + 5, y2: y1, class: `tick tone-${tone}` });
  return svg("rect", {
    x: x - 3,
    y: y1,
    width: 6,
    height: Math.max(2, y2 - y1),
    class: `bar ${style} tone-${tone}`,
  });
}

/** @param {import("./svg.js").ShapeOf<"band">} shape */
function band({ x, y1, y2, width, tone, fill, inferred, ends, left }) {
  const height = Math.max(1, y2 - y1);
  const group = svg("g", { class: `band ${fill} tone-${tone}${inferred ? " inferred" : ""}` });
  group.append(svg("rect", { x: x + 0.5, y: y1, width: width - 1, height, class: "outline" }));
  if (fill === "double") group.append(svg("rect", { x: x + 2.5, y: y1 + 2, width: Math.max(1, width - 5), height: Math.max(1, height - 4), class: "inner" }));
  if (fill === "drain") {
    // It empties from the top.
    const full = height * Math.min(1, Math.max(0, left));
    group.append(svg("rect", { x: x + 1.5, y: y1 + height - full, width: width - 3, height: full, class: "left" }));
  }
  if (ends) group.append(svg("line", { x1: x - 2, y1: y2, x2: x + width + 2, y2, class: "end" }));
  return group;
}

/** @param {import("./svg.js").ShapeOf<"queue">} shape */
function queue({ x, y, filled, places, squares, side }) {
  const group = svg("g", { class: "queue" });
  for (let place = 0; place < squares; place += 1) {
    const at = x + side * place * SQUARE - (side < 0 ? 5 : 0);
    group.append(svg("rect", { x: at, y: y + 1.5, width: 5, height: 5, class: place < filled ? "taken" : "free" }));
  }
  const text = svgText(`${filled} of ${places}`, {
    x: x + side * (squares * SQUARE + (squares ? 2 : 0)),
    y: y + 8,
    class: `text small tone-act anchor-${side > 0 ? "start" : "end"}`,
  });
  group.append(text);
  return group;
}

/** The card's paper, and the pile beneath it; its text and buttons are HTML, on top. @param {import("./svg.js").ShapeOf<"card">} shape */
function card({ x, y, width, height, copies, left, sender }) {
  const group = svg("g", { class: "card" });
  for (let copy = Math.min(copies, 3) - 1; copy >= 0; copy -= 1) {
    group.append(svg("rect", { x: x + copy * 3, y: y + copy * 3, width, height, class: "paper" }));
  }
  if (left !== undefined && left !== null) {
    // The kernel's patience, beside the sender.
    const [cx, cy, r] = [sender + (x > sender ? 18 : -18), y + height - 8, 7];
    const around = 2 * Math.PI * r;
    group.append(svg("circle", { cx, cy, r, class: "ring" }));
    group.append(
      svg("circle", {
        cx,
        cy,
        r,
        class: "ring-left",
        "stroke-dasharray": `${around * left} ${around}`,
        transform: `rotate(-90 ${cx} ${cy})`,
      }),
    );
  }
  return group;
}
