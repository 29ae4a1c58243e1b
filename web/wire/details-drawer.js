// One event in full: a plain sentence, why it came and what it means, then fields, then bytes, then what it was caused by and led
// to.
import { button, element } from "../base/element.js";
import { withTerms } from "../base/term-card.js";
import { ExplainedPart } from "./explained.js";

export class DetailsDrawer {
  #root;
  #onclose;
  #ongo;
  #sheet = false;
  #explained;
  /** The event shown; 0 when closed. */
  seq = 0;

  /**
   * @param {{ onclose: () => void, ongo: (seq: number) => void }} actions
   */
  constructor({ onclose, ongo }) {
    this.#onclose = onclose;
    this.#ongo = ongo;
    this.#explained = new ExplainedPart(ongo);
    this.#root = element("aside", { class: "wire-details", "aria-label": "Details", hidden: true });
    this.#root.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      this.close();
    });
    // On a phone going back closes the sheet.
    addEventListener("popstate", () => {
      if (!this.#sheet || this.seq === 0) return;
      this.#sheet = false;
      this.close();
    });
  }

  get root() {
    return this.#root;
  }

  /**
   * @param {import("../client/web.js").Details} details
   * @param {{ explained: import("../client/web.js").Explained, buttons: HTMLElement[], focus: boolean, sheet: boolean }} how
   */
  show(details, { explained, buttons, focus, sheet }) {
    const opening = this.seq === 0;
    this.#explained.show(explained);
    this.seq = details.seq;
    const heading = element("h3", { tabindex: -1, dir: "auto" }, details.title);
    const close = button("Close", () => this.close(), { class: "link plain", "aria-label": "Close details" });
    this.#root.replaceChildren(
      element("header", {}, heading, close),
      element("p", { class: "prose", dir: "auto" }, details.sentence),
      ...(buttons.length > 0 ? [element("p", { class: "wire-details-buttons" }, ...buttons)] : []),
      this.#explained.node,
      ...(details.error ? [errorCard(details.error)] : []),
      fields(details.fields),
      ...(details.bytes ? [dump(details.bytes)] : []),
      ...(details.forms ? [forms(details.forms)] : []),
      ...(details.line ? [element("pre", { class: "wire-line", tabindex: 0 }, details.line.trimStart())] : []),
      ...this.#links("Caused by", details.caused_by),
      ...this.#links("Led to", details.led_to),
    );
    this.#root.hidden = false;
    this.#root.classList.toggle("sheet", sheet);
    this.#root.scrollTop = 0;
    if (focus) heading.focus();
    if (opening && sheet) {
      this.#sheet = true;
      history.pushState({ ...history.state, sheet: true }, "");
    }
  }

  /** What is known by now. @param {import("../client/web.js").Explained} explained */
  explain(explained) {
    this.#explained.show(explained);
  }

  /** How much of another element's lower part it covers, pixels. @param {HTMLElement} other */
  covers(other) {
    if (this.seq === 0) return 0;
    const [mine, theirs] = [this.#root.getBoundingClientRect(), other.getBoundingClientRect()];
    const across = mine.left < theirs.right && mine.right > theirs.left;
    return across && mine.height < theirs.height ? Math.max(0, theirs.bottom - mine.top) : 0;
  }

  close() {
    if (this.seq === 0) return;
    const focused = this.#root.contains(document.activeElement);
    this.seq = 0;
    this.#root.hidden = true;
    if (this.#sheet) {
      this.#sheet = false;
      history.back();
    }
    if (focused) this.#onclose();
  }

  /** @param {string} title @param {import("../client/web.js").Link[]} links @returns {HTMLElement[]} */
  #links(title, links) {
    if (links.length === 0) return [];
    const items = links.map(({ seq, text }) => {
      const link = button(text, () => this.#ongo(seq), { class: "link wire-link" });
      return element("li", {}, link);
    });
    return [element("h4", {}, title), element("ul", {}, ...items)];
  }
}

/** @param {import("../client/web.js").Field[]} all */
function fields(all) {
  return element(
    "dl",
    { class: "wire-fields" },
    ...all.flatMap(({ name, value }) => [element("dt", {}, name), element("dd", { dir: "auto" }, value)]),
  );
}

/** @param {import("../client/web.js").Bytes} bytes */
function dump({ lines, text, length, truncated }) {
  const hex = lines.map((/** @type {string[]} */ [at, hex, ascii]) => `${at}  ${hex.padEnd(47)}  ${ascii}`).join("\n");
  const size = truncated ? `the first ${Math.min(length, 512)} of ${length.toLocaleString("en")} bytes` : `${length} bytes`;
  return element(
    "div",
    { class: "wire-bytes" },
    element("h4", {}, size),
    element("p", { class: "mono", dir: "auto" }, text),
    element("pre", { tabindex: 0, "aria-label": "Bytes in hexadecimal" }, hex),
  );
}

/** @param {import("../client/web.js").ErrorCard} error */
function errorCard({ class: kind, name, number, message, sentence, hint }) {
  const title = number === null || number === undefined ? name : `${name} ${number}`;
  return element(
    "div",
    { class: `wire-error ${kind}` },
    element("p", { class: "mono" }, element("strong", {}, title), ` ${message}`),
    element("p", { class: "prose" }, ...withTerms(sentence)),
    ...(hint ? [element("p", { class: "prose soft" }, ...withTerms(hint))] : []),
  );
}

/** @param {import("../client/web.js").Forms} all */
function forms({ python, rust, c }) {
  const one = (/** @type {string} */ name, /** @type {string} */ code) => [
    element("h5", {}, name),
    element("pre", { tabindex: 0 }, code),
  ];
  return element(
    "details",
    { class: "wire-forms" },
    element("summary", {}, "The same step in Python, Rust and C"),
    ...one("Python", python),
    ...one("Rust", rust),
    ...one("C", c),
  );
}
