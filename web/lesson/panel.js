// What hangs below the strip when it is asked for: help, an explanation, cards to sort. It pushes nothing, and Escape
// closes it.
import { button, element } from "../base/element.js";
import { inline } from "./prose.js";

/** @typedef {import("./prose.js").Ways} Ways */

export class LessonPanel {
  #strip;
  #onclose;
  /** @type {HTMLElement | null} */
  #panel = null;
  /** What is shown: `hint`, `why`, `sentence`, `cards`, `choices`, `cannot`, or nothing. */
  shows = "";

  /** @param {HTMLElement} strip where it hangs @param {() => void} onclose */
  constructor(strip, onclose) {
    this.#strip = strip;
    this.#onclose = onclose;
    strip.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.shows) this.close();
    });
  }

  /** @param {string} what @param {(Node | string)[]} content */
  open(what, content) {
    const focus = this.#panel?.contains(document.activeElement) ? focusKey() : null;
    this.#panel?.remove();
    const closer = button("Close", () => this.close(), { class: "link" });
    const label = LABELS[what];
    this.#panel = element("div", { class: `hint hint-${what}`, role: "region", "aria-label": label }, ...content, element("div", { class: "row" }, closer));
    this.#strip.append(this.#panel);
    this.shows = what;
    if (focus) /** @type {HTMLElement | null} */ (this.#panel.querySelector(`[data-key="${focus}"]`))?.focus();
  }

  close() {
    this.#panel?.remove();
    this.#panel = null;
    this.shows = "";
    this.#onclose();
  }
}

/** @type {Record<string, string>} */
const LABELS = { hint: "Help", why: "Why", sentence: "All of the sentence", cards: "Cards", cannot: "Help", choices: "What do you expect?" };

/** Cards are drawn anew when one moves: the same button keeps the focus. */
function focusKey() {
  const { dataset } = /** @type {HTMLElement} */ (document.activeElement);
  return dataset.key ?? null;
}

/**
 * Help for a step, and what is not so yet.
 * @param {import("../client/web.js").Current} current @param {Ways} ways @param {number} [strength] how much of the stronger help
 * is shown @param {() => void} [ask] asks for the next
 */
export function hintContent(current, ways, strength = 0, ask = () => {}) {
  const shown = [current.hint, ...current.stronger.slice(0, strength)];
  const content = shown.map((pieces) => element("p", { class: "prose" }, ...inline(pieces, ways)));
  if (strength < current.stronger.length) {
    const more = button(strength === 0 ? "A stronger hint" : "How it goes", ask, { class: "link", data: { key: "stronger" } });
    content.push(element("p", {}, more));
  }
  if (current.missing.length > 0) {
    const items = current.missing.map((/** @type {import("../client/web.js").Piece[]} */ pieces) => element("li", { class: "prose" }, ...inline(pieces, ways)));
    content.push(element("h3", {}, "Not so yet"), element("ul", { class: "missing" }, ...items));
  }
  return content;
}

/** Why it was so, and what was predicted. @param {import("../client/web.js").Last} last @param {Ways} ways */
export function whyContent(last, ways) {
  const content = [];
  if (last.predict && last.prediction !== undefined && last.prediction !== null) {
    const said = last.predict.choices[last.prediction];
    const right = last.predict.choices[last.predict.right];
    const sentence = last.prediction === last.predict.right ? `You said: ${said}. So it was.` : `You said: ${said}. It was: ${right}.`;
    content.push(element("p", { class: "prose" }, sentence));
  }
  content.push(element("p", { class: "prose" }, ...inline(last.explain, ways)));
  return content;
}

/**
 * Cards in the learner's order, with the run's marking once there was one.
 * @param {import("../client/web.js").DrawnCard[]} cards @param {Ways} ways @param {(order: number[]) => void} arrange @param {(seq: number) => void} reveal
 */
export function cardsContent(cards, ways, arrange, reveal) {
  const marked = cards.every(({ place }) => place !== undefined && place !== null);
  const right = cards.filter(({ place }, at) => place === at).length;
  const said = marked
    ? `The run has happened: ${right} of ${cards.length} cards are where they belong. Move the others.`
    : "Put them in the order in which they will happen. Then run it: the run is the marking.";
  const move = (/** @type {number} */ from, /** @type {number} */ to) => {
    const order = cards.map(({ card }) => card);
    order.splice(to, 0, ...order.splice(from, 1));
    arrange(order);
  };
  const items = cards.map(({ card, text, seq, place }, at) => {
    const fits = marked && place === at;
    const mark = marked ? element("span", { class: fits ? "card-right" : "card-wrong" }, fits ? "✓ right" : "not here") : null;
    const see = seq ? button("see", () => reveal(seq), { class: "link card-see" }) : null;
    return element(
      "li",
      { class: "card", data: { card } },
      grip(at, move),
      element("span", { class: "card-text" }, ...inline(text, ways)),
      element("span", { class: "card-mark" }, mark, see),
      button("↑", () => move(at, at - 1), { class: "button card-move", "aria-label": `Earlier: card ${at + 1}`, disabled: at === 0, data: { key: `up-${card}` } }),
      button("↓", () => move(at, at + 1), { class: "button card-move", "aria-label": `Later: card ${at + 1}`, disabled: at === cards.length - 1, data: { key: `down-${card}` } }),
    );
  });
  return [element("p", { class: "prose", role: "status" }, said), element("ol", { class: "cards" }, ...items)];
}

/**
 * What a card is dragged by. Others make room while it moves; where it is dropped it stays. By keyboard there are buttons.
 * @param {number} from the card's place @param {(from: number, to: number) => void} move
 */
function grip(from, move) {
  const handle = element("span", { class: "card-grip", "aria-hidden": "true", title: "Drag to its place" }, "⠿");
  handle.addEventListener("pointerdown", (event) => {
    const card = /** @type {HTMLElement} */ (handle.closest(".card"));
    const list = /** @type {HTMLElement} */ (card.parentElement);
    handle.setPointerCapture(event.pointerId);
    card.classList.add("is-dragged");
    event.preventDefault();
    const follow = (/** @type {PointerEvent} */ { clientY }) => {
      const others = [...list.children].filter((one) => one !== card);
      const next = others.find((one) => clientY < middleOf(one));
      if (card.nextElementSibling !== (next ?? null)) list.insertBefore(card, next ?? null);
    };
    const end = () => {
      handle.removeEventListener("pointermove", follow);
      card.classList.remove("is-dragged");
      const to = [...list.children].indexOf(card);
      if (to !== from) move(from, to);
    };
    handle.addEventListener("pointermove", follow);
    handle.addEventListener("lostpointercapture", end, { once: true });
  });
  return handle;
}

/** @param {Element} one */
function middleOf(one) {
  const { top, height } = one.getBoundingClientRect();
  return top + height / 2;
}
