// Finds the words of the field in prose. Which there are stands in glossary.js; how one opens its card, in term-card.js.
import { GLOSSARY } from "./glossary.js";

/** Words that open a card in one paragraph at most: more would be all that one sees. */
const MOST = 6;

/** By each of their spellings. @type {Map<string, import("./glossary.js").Term>} */
const BY_FORM = new Map(GLOSSARY.filter(({ quiet }) => !quiet).flatMap((term) => [term.term, ...(term.forms ?? [])].map((form) => /** @type {const} */ ([form, term]))));

/** Longer spellings first, and only whole words. Lower case may begin a sentence with a capital. */
const FINDER = new RegExp(`(?<![\\w.-])(?:${[...BY_FORM.keys()].sort((a, b) => b.length - a.length).map(either).join("|")})(?![\\w]|\\(\\)|[.-]\\w)`, "gu");

/** @param {string} form */
function either(form) {
  const [first, rest] = [form[0], escaped(form.slice(1))];
  return /[a-z]/.test(first) ? `[${first}${first.toUpperCase()}]${rest}` : `${escaped(first)}${rest}`;
}

/** @param {string} text */
function escaped(text) {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
}

/** @param {string} word as it stands in prose @returns {import("./glossary.js").Term | null} */
export function termOf(word) {
  return BY_FORM.get(word) ?? BY_FORM.get(word.charAt(0).toLowerCase() + word.slice(1)) ?? null;
}

/**
 * A text in pieces: plain ones, and words that have a card.
 * @param {string} text @param {Set<string>} seen ids of terms that the paragraph has had, and which it gets
 * @returns {(string | { word: string, term: import("./glossary.js").Term })[]}
 */
export function piecesOf(text, seen = new Set()) {
  const pieces = [];
  let at = 0;
  for (const found of text.matchAll(FINDER)) {
    const term = termOf(found[0]);
    if (!term || seen.has(term.id) || seen.size >= MOST) continue;
    seen.add(term.id);
    if (found.index > at) pieces.push(text.slice(at, found.index));
    pieces.push({ word: found[0], term });
    at = found.index + found[0].length;
  }
  if (at < text.length) pieces.push(text.slice(at));
  return pieces;
}

/** The term that a piece of code names: a call, with or without its arguments, an option, a state. @param {string} code */
export function termOfCode(code) {
  const [, name] = /^(\w+)\(.*\)$/.exec(code) ?? [null, code];
  return termOf(`${name}()`) ?? termOf(code);
}

/** Where it is said in full. @param {import("./glossary.js").Term} term */
export function sources({ man, rfc }) {
  return [man, rfc].filter(Boolean).join(" · ");
}
