// Bytes as they came: as text with its hidden characters marked, or in hexadecimal. Much of it comes piece by piece.
import { hexDump, visibleOutput } from "../client/web.js";
import { button, element } from "../base/element.js";
import { letters } from "./gathered.js";

/** Bytes shown as text at first, and that each press adds. */
const TEXT = 16 * 1024;
const MORE_TEXT = 128 * 1024;
/** Lines of a dump at first, and that each press adds; bytes in a line, as `dump.rs` has it. */
const ROWS = 32;
const MORE_ROWS = 4096;
const ROW = 8;

/** A head: its lines, each `\r` marked, so that one that is missing is missed. @param {Uint8Array} bytes @param {string} label */
export function headView(bytes, label) {
  return element("pre", { class: "browser-bytes", tabindex: "0", role: "group", "aria-label": label, dir: "ltr" }, visibleOutput(letters(bytes)));
}

/** Text that grows with each press. @param {string} text @param {string} label */
export function textView(text, label) {
  return growing(label, text.length, (from) => {
    const end = from + (from === 0 ? TEXT : MORE_TEXT);
    // Not in the middle of a character that takes two units.
    const to = (text.codePointAt(end - 1) ?? 0) > 0xffff ? end + 1 : end;
    return [visibleOutput(text.slice(from, to)), to];
  });
}

/** @param {Uint8Array} bytes @param {string} label */
export function hexView(bytes, label) {
  return growing(label, bytes.length, (from) => {
    const rows = from === 0 ? ROWS : MORE_ROWS;
    return [hexDump(bytes, from, rows), from + rows * ROW];
  }, "browser-hex");
}

/** A body: text or hexadecimal, with a button for the other. @param {Uint8Array} bytes @param {string | null} text null where it is none @param {string} label */
export function bodyView(bytes, text, label) {
  if (text === null || bytes.length === 0) return hexView(bytes, label);
  let hex = false;
  const other = button("As bytes", () => {
    hex = !hex;
    other.textContent = hex ? "As text" : "As bytes";
    box.replaceChildren(hex ? hexView(bytes, label) : textView(text, label), other);
  }, { class: "link" });
  const box = element("div", {}, textView(text, label), other);
  return box;
}

/** @param {string} label @param {number} length @param {(from: number) => [string, number]} piece what comes next, and where the one after it begins @param {string} [look] */
function growing(label, length, piece, look = "") {
  let [shown, next] = piece(0);
  const place = element("pre", { class: `browser-bytes ${look}`, tabindex: "0", role: "group", "aria-label": label, dir: "auto" }, shown);
  const more = button("Show more", () => {
    [shown, next] = piece(next);
    place.append(shown);
    more.hidden = next >= length;
  }, { class: "link", hidden: next >= length });
  return element("div", {}, place, more);
}
