// Text no longer than what takes it may be, counted as people count letters: no letter beyond U+FFFF is cut in two.

/** The beginning of a text. @param {string} text @param {number} most letters */
export function bounded(text, most) {
  return [...text].slice(0, most).join("");
}
