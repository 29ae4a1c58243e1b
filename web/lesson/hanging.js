// What hangs below the lesson strip, one at a time: the sentence in full, answers to choose from, a hint, cards to sort,
// why a step went as it did, and why something cannot be done.
import { element } from "../base/element.js";
import { marked } from "./helper.js";
import { LessonPanel, cardsContent, hintContent, whyContent } from "./panel.js";
import { inline } from "./prose.js";

/** @typedef {import("./prose.js").Ways} Ways */

export class LessonHanging {
  #panel;
  #ways;
  #arrange;
  #evidence;
  /** What the panel was drawn of. */
  #drawn = "";
  /** Whether somebody closed the cards of this step. */
  #closed = false;
  /** How much of the stronger help was asked for, and of which help. */
  #strength = 0;
  #helped = "";

  /**
   * @param {HTMLElement} strip
   * @param {{ ways: Ways, arrange: (order: number[]) => void, evidence: (seq: number) => void, onclose: () => void }} parts
   */
  constructor(strip, { ways, arrange, evidence, onclose }) {
    this.#panel = new LessonPanel(strip, onclose);
    this.#ways = ways;
    this.#arrange = arrange;
    this.#evidence = evidence;
  }

  /** What hangs there: `hint`, `cards`, ... or nothing. */
  get shows() {
    return this.#panel.shows;
  }

  close() {
    this.#panel.close();
  }

  /** Another step: what hung there belonged to the one before. */
  begin() {
    if (this.shows) this.close();
    this.#closed = false;
  }

  /** Somebody closed it. @param {import("../client/web.js").Current | undefined} current */
  closed(current) {
    this.#closed = (current?.cards.length ?? 0) > 0;
  }

  /** @param {(Node | string)[]} content */
  sentence(content) {
    this.#panel.open("sentence", [element("p", { class: "prose" }, ...content)]);
  }

  /** @param {import("../client/web.js").Last} passed the step */
  why(passed) {
    this.#panel.open("why", whyContent(passed, this.#ways));
  }

  /** @param {string} message */
  cannot(message) {
    this.#panel.open("cannot", [element("p", { class: "prose", role: "alert" }, message)]);
  }

  /** @param {import("../client/web.js").Piece[]} question @param {Node[]} answers */
  choices(question, answers) {
    this.#panel.open("choices", [element("p", { class: "prose" }, ...inline(question, this.#ways)), element("div", { class: "stack" }, ...answers)]);
  }

  /** @param {import("../client/web.js").Current} current */
  hint(current) {
    // Another run, another clue: it begins with the weakest.
    const helped = JSON.stringify([current.title, current.hint]);
    if (helped !== this.#helped) [this.#helped, this.#strength] = [helped, 0];
    const stronger = () => {
      this.#strength += 1;
      this.hint(current);
    };
    this.#panel.open("hint", hintContent(current, this.#ways, this.#strength, stronger));
    this.#drawn = helpOf(current);
  }

  /** @param {import("../client/web.js").Current} current */
  cards(current) {
    this.#panel.open("cards", cardsContent(current.cards, this.#ways, this.#arrange, this.#evidence));
    this.#drawn = JSON.stringify(current.cards);
  }

  /** Keeps it up to date; cards come by themselves once the run has marked them. @param {import("../client/web.js").Current | undefined} current @param {boolean} live */
  update(current, live) {
    const { shows } = this;
    if (shows === "hint" && current && helpOf(current) !== this.#drawn) this.hint(current);
    if (!current || current.cards.length === 0) return;
    const comes = shows === "" && marked(current.cards) && live && !this.#closed;
    if (comes || (shows === "cards" && JSON.stringify(current.cards) !== this.#drawn)) this.cards(current);
  }
}

/** What help is drawn of. @param {import("../client/web.js").Current} current */
function helpOf({ missing, hint, stronger }) {
  return JSON.stringify([missing, hint, stronger]);
}
