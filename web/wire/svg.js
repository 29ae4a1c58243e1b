// Makes SVG elements. Text only ever becomes text: there is no way to pass markup through here.

/** @template {import("../client/web.js").Form["form"]} F @typedef {Extract<import("../client/web.js").Shape, { form: F }>} ShapeOf a shape of one form */

const SPACE = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string | number | undefined>} [attributes] those that are undefined are left out
 * @param {...Node} children
 * @returns {SVGElement}
 */
export function svg(tag, attributes = {}, ...children) {
  const made = /** @type {SVGElement} */ (document.createElementNS(SPACE, tag));
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined) made.setAttribute(name, String(value));
  }
  made.append(...children);
  return made;
}

/** @param {string} text @param {Record<string, string | number | undefined>} attributes */
export function svgText(text, attributes) {
  const made = svg("text", attributes);
  made.textContent = text;
  return made;
}

/** The patterns that bands and bars are filled with: states are told apart without colour too. */
export function patterns() {
  const hatch = (/** @type {string} */ id, /** @type {string} */ tone, /** @type {number} */ size) =>
    svg(
      "pattern",
      { id, width: size, height: size, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { width: size, height: size, class: `tint-${tone}` }),
      svg("rect", { width: size / 2, height: size, class: `solid-${tone}` }),
    );
  return svg(
    "defs",
    {},
    hatch("wire-stripes", "wait", 6),
    hatch("wire-hatch", "closing", 4),
    svg(
      "pattern",
      { id: "wire-dots", width: 4, height: 4, patternUnits: "userSpaceOnUse" },
      svg("rect", { width: 4, height: 4, class: "tint-wait" }),
      svg("circle", { cx: 2, cy: 2, r: 1, class: "solid-wait" }),
    ),
    svg(
      "pattern",
      { id: "wire-lane", width: 8, height: 8, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" },
      svg("rect", { width: 1, height: 8, class: "solid-rule" }),
    ),
  );
}
