// A sentence's pieces as nodes. The pieces come from Rust; text only ever becomes text.
import { element } from "../base/element.js";
import { codeWithTerm, withTerms } from "../base/term-card.js";

/**
 * @typedef {{ kind: "text" | "code", text: string } | { kind: "call", text: string, host: string, line: string }
 *   | { kind: "program", text: string, host: string, path: string } | { kind: "lesson", text: string, id: string }
 *   | { kind: "event", text: string, seq: number }} Piece
 * @typedef {{ rename: (name: string) => string, follow: (piece: import("../client/web.js").Piece) => void }} Ways `rename` says what a machine of the
 *   lesson is called here, `follow` puts a call or a program in place, opens a lesson or shows an event
 */

/** @param {Piece[]} pieces @param {Ways} ways @returns {(string | HTMLElement)[]} */
export function inline(pieces, { rename, follow }) {
  /** @type {Set<string>} */
  const seen = new Set();
  return pieces.flatMap((piece) => {
    if (piece.kind === "text") return withTerms(piece.text, seen);
    if (piece.kind === "code") return [codeWithTerm(rename(piece.text), seen)];
    const title = titleOf(piece, rename);
    return [element("button", { type: "button", class: "put", title, on: { click: () => follow(piece) } }, piece.text)];
  });
}

/** What a person reads of a sentence. @param {Piece[]} pieces @param {(name: string) => string} rename */
export function plain(pieces, rename) {
  return pieces.map((piece) => (piece.kind === "code" ? rename(piece.text) : piece.text)).join("");
}

/** @param {import("../client/web.js").Piece} piece @param {(name: string) => string} rename */
function titleOf(piece, rename) {
  if (piece.kind === "call") return `Put this call at the prompt of ${rename(piece.host)}`;
  if (piece.kind === "program") return `Put this program on ${rename(piece.host)}`;
  return piece.kind === "event" ? "Show it in the wire" : "Open this lesson";
}
