// Packets: lines, their heads and the marks at their tails.
import { svg, svgText } from "./svg.js";

/** @typedef {[number, number]} Point */

/** @param {import("./svg.js").ShapeOf<"arrow">} shape */
export function arrow({ points, line, head, kernel, again, ghost }) {
  const group = svg("g", { class: `arrow ${line}` });
  const end = /** @type {Point} */ (points[points.length - 1]);
  const before = /** @type {Point} */ (points[points.length - 2]);
  // The line ends where the head begins, so that a hollow head stays hollow.
  const stop = head === "filled" || head === "hollow" ? toward(end, before, 7) : end;
  const path = [...points.slice(0, -1), stop].map(([x, y]) => `${round(x)},${round(y)}`).join(" ");
  group.append(svg("polyline", { points: path, class: "shaft" }));
  if (ghost) {
    group.append(svg("line", { x1: end[0], y1: end[1], x2: ghost[0], y2: ghost[1], class: "ghost" }));
  }
  group.append(...headOf(head, before, end));
  const first = /** @type {Point} */ (points[0]);
  const side = Math.sign(end[0] - first[0]) || 1;
  if (kernel) group.append(diamond(first));
  if (again) group.append(svgText("↻", { x: first[0] + side * 14, y: first[1] + 14, class: "mark again-mark" }));
  return group;
}

/** A packet of a machine to itself: out and back on one lifeline. @param {import("./svg.js").ShapeOf<"loop">} shape */
export function loop({ x, y1, y2, side, line, head, kernel, again }) {
  const out = side * 40;
  const start = /** @type {Point} */ ([x + side * 4, y1]);
  const end = /** @type {Point} */ ([x + side * 4, y2]);
  const group = svg("g", { class: `arrow ${line}` });
  const d = `M${start.join(",")} C${x + out * 1.25},${y1} ${x + out * 1.25},${y2} ${end[0] + side * 7},${y2}`;
  group.append(svg("path", { d, class: "shaft" }));
  group.append(...headOf(head, [end[0] + side * 20, y2], end));
  if (kernel) group.append(diamond(start));
  if (again) group.append(svgText("↻", { x: start[0] + side * 12, y: y1 - 3, class: "mark again-mark" }));
  return group;
}

/** @param {import("./svg.js").ShapeOf<"arc">} shape */
export function arc({ x, y1, y2, side }) {
  const out = x + side * Math.min(46, 14 + (y2 - y1) / 6);
  return svg("path", { d: `M${x},${y1 + 3} C${out},${y1 + 10} ${out},${y2 - 10} ${x},${y2 - 3}`, class: "arc" });
}

/** @param {import("./svg.js").ShapeOf<"fold">} shape */
export function fold({ x1, y1, x2, y2, text }) {
  const side = Math.sign(x2 - x1) || 1;
  const group = svg("g", { class: "arrow fold" });
  group.append(svg("line", { x1, y1, x2: x2 - side * 10, y2, class: "shaft" }));
  group.append(...headOf("filled", [x1, y1], [x2, y2], 12));
  group.append(svgText(text, { x: (x1 + x2) / 2, y: y1 - 7, class: "text flags anchor-middle" }));
  return group;
}

/**
 * @param {string} head @param {Point} from @param {Point} to @param {number} [size]
 * @returns {SVGElement[]}
 */
function headOf(head, from, to, size = 8) {
  const angle = (Math.atan2(to[1] - from[1], to[0] - from[0]) * 180) / Math.PI;
  const place = `translate(${round(to[0])} ${round(to[1])}) rotate(${round(angle)})`;
  const half = size / 2;
  switch (head) {
    case "filled":
      return [svg("path", { d: `M0,0 L${-size},${-half} L${-size},${half} Z`, transform: place, class: "head filled" })];
    case "hollow":
      return [svg("path", { d: `M0,0 L${-size},${-half} L${-size},${half} Z`, transform: place, class: "head hollow" })];
    case "open":
      return [svg("path", { d: `M${-size},${-half} L0,0 L${-size},${half}`, transform: place, class: "head open" })];
    case "bar":
      return [svg("path", { d: "M0,-7 L0,7", transform: place, class: "head end-bar" })];
    case "cross":
      return [svg("path", { d: "M-5,-5 L5,5 M-5,5 L5,-5", transform: `translate(${to[0]} ${to[1]})`, class: "head cross" })];
    case "torn":
      return [
        svg("path", { d: "M-5,-5 L5,5 M-5,5 L5,-5", transform: `translate(${to[0]} ${to[1]})`, class: "head cross" }),
        svg("path", {
          d: "M8,-10 h7 l3,4 l-3,2 l3,3 l-10,0 Z",
          transform: `translate(${to[0]} ${to[1]})`,
          class: "head torn",
        }),
      ];
    default:
      return [];
  }
}

/** The kernel, by itself. @param {Point} at */
function diamond([x, y]) {
  return svg("path", { d: `M${x},${y - 4} l4,4 l-4,4 l-4,-4 Z`, class: "mark kernel" });
}

/** @param {Point} from @param {Point} to @param {number} by @returns {Point} */
function toward(from, to, by) {
  const length = Math.hypot(to[0] - from[0], to[1] - from[1]) || 1;
  return [from[0] + ((to[0] - from[0]) * by) / length, from[1] + ((to[1] - from[1]) * by) / length];
}

/** @param {number} value */
function round(value) {
  return Math.round(value * 10) / 10;
}
