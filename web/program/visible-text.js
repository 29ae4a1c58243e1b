// Text of programs as it may be shown: what controls a terminal, or turns the direction of what follows, becomes a mark.

/** C0 and C1 controls but the line's end and the tab, and the invisible characters of bidirectional text. */
const HIDDEN = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g;

/** @param {string} text @returns {string} */
export function visible(text) {
  return text.replace(HIDDEN, (letter) => mark(letter.charCodeAt(0)));
}

/** @param {number} code */
function mark(code) {
  // Unicode has a picture for each C0 control.
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  return `\\u${code.toString(16).padStart(4, "0")}`;
}
