// Words of the field in prose: the first of each in a paragraph opens its card.
import { element } from "./element.js";
import { popover } from "./popover.js";
import { piecesOf, sources, termOfCode } from "./terms.js";

/** What ends a word, a clause or a quotation, and stands beside it. */
const PUNCTUATION = /^[,.;:!?)\u201d\u2019]+/;

/** A text as nodes, with the words that have a card. @param {string} text @param {Set<string>} [seen] ids of terms that the paragraph has had */
export function withTerms(text, seen) {
  /** @type {(string | HTMLElement)[]} */
  const nodes = [];
  /** @type {HTMLElement | null} */
  let word = null;
  for (const piece of piecesOf(text, seen)) {
    if (typeof piece !== "string") {
      word = opener(piece.term, piece.word);
      nodes.push(word);
      continue;
    }
    // A line may end after a button, but not between a word and its comma.
    const mark = (word && PUNCTUATION.exec(piece)?.[0]) ?? "";
    if (word && mark) nodes.splice(-1, 1, element("span", { class: "unbroken" }, word, mark));
    word = null;
    if (piece.length > mark.length) nodes.push(piece.slice(mark.length));
  }
  return nodes;
}

/** What the machine says; the first time that it names a call or a word of the field it opens its card. @param {string} text @param {Set<string>} seen */
export function codeWithTerm(text, seen) {
  const made = element("code", {}, text);
  const term = termOfCode(text);
  if (!term || seen.has(term.id)) return made;
  seen.add(term.id);
  return opener(term, made);
}

/** @param {import("./glossary.js").Term} term @param {string | Node} content */
function opener(term, content) {
  const made = element("button", { type: "button", class: "term" }, content);
  popover(made, { label: term.term, class: "term-card", fill: () => card(term) });
  return made;
}

/** @param {import("./glossary.js").Term} term */
function card(term) {
  const whole = element("a", { class: "link", href: `/learn/glossary#${term.id}`, target: "_blank", rel: "noopener" }, "All words");
  const parts = [
    element("strong", { class: "mono" }, term.term),
    element("p", {}, term.says),
    element("p", { class: "soft term-sources" }, sources(term)),
    whole,
  ];
  // Escape closes the card, and not what it lies over.
  const keydown = (/** @type {KeyboardEvent} */ event) => {
    if (event.key === "Escape") event.stopPropagation();
  };
  return [element("div", { on: { keydown } }, ...parts)];
}
