// The text of a block of lines at a Python prompt: how the next line begins, how it is shown once it was typed, and what of
// something that was copied from elsewhere is code. Knows no elements.

const INDENT = "    ";

/** What a new line at the caret begins with: the line's own indentation, and more after a colon. @param {string} text @param {number} caret */
export function indentAt(text, caret) {
  const line = text.slice(text.lastIndexOf("\n", caret - 1) + 1, caret);
  const own = /^[ \t]*/.exec(line)?.[0] ?? "";
  return /:\s*(#.*)?$/.test(line) ? own + INDENT : own;
}

/** How many characters before the caret go at once by Backspace: a step of indentation, where nothing else stands there. @param {string} text @param {number} caret */
export function stepBack(text, caret) {
  const before = text.slice(text.lastIndexOf("\n", caret - 1) + 1, caret);
  if (before === "" || /[^ ]/.test(before)) return 1;
  return before.length % INDENT.length || INDENT.length;
}

/** What Tab adds where there is nothing to complete: up to the next step of indentation; nothing on a first line. @param {string} text @param {number} caret */
export function stepOn(text, caret) {
  const start = text.lastIndexOf("\n", caret - 1) + 1;
  const before = text.slice(start, caret);
  return start > 0 && /^[ \t]*$/.test(before) ? INDENT.slice(before.length % INDENT.length) : "";
}

/** A block without the empty lines that ended it. @param {string} text */
export function withoutEnd(text) {
  return text.replace(/(\n[ \t]*)+$/, "");
}

/** A block as a terminal shows it, with what stands before its lines. @param {string} text @param {[string, string]} signs */
export function shown(text, [first, next]) {
  return text
    .split("\n")
    .map((line, at) => `${at === 0 ? first : next}${line.trim() === "" ? "" : line}\n`)
    .join("");
}

/** The code in something that was copied: of what stood at a prompt, the lines that were typed there. @param {string} text */
export function codeOf(text) {
  const lines = text.replaceAll(/\r\n?/g, "\n").split("\n");
  const first = lines.find((line) => line.trim() !== "");
  if (!first?.startsWith(">>> ")) return lines.join("\n").replace(/\n+$/, "");
  return lines
    .filter((line) => /^(>>>|\.\.\.)( |$)/.test(line))
    .map((line) => line.slice(4))
    .join("\n")
    .replace(/\n+$/, "");
}

/** What all of some texts begin with. @param {string[]} texts */
export function commonStart(texts) {
  const [first = "", ...others] = texts;
  let length = first.length;
  for (const other of others) while (!other.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}
