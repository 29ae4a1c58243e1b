// One line of the history: the call, what it waits for, what came back or why it failed. Shows; decides nothing.
import { button, element } from "../base/element.js";
import { withTerms } from "../base/term-card.js";

/** Waiting is shown only when it lasts, so that quick calls do not flicker. */
const NOTICEABLE_MS = 150;

/** @typedef {import("../client/web.js").ShownEntry} ShownEntry */

export class EntryView {
  /** @type {ShownEntry} */
  #shown;
  #oncancel;
  #onprogram;
  #onprompt;
  #since;
  #end = element("div", { class: "cc-end" });
  #steps = element("ol", { class: "cc-steps" });
  #wait = element("p", { class: "cc-wait", hidden: true });
  #elapsed = element("span", { "aria-hidden": "true" });
  #spoken = element("span", { class: "unseen" });
  #sentence = element("span", { class: "cc-wait-for" });
  #cancel;

  /**
   * @param {ShownEntry} shown
   * @param {{ since: number, oncancel: (() => void) | null, onprogram: (() => void) | null, onprompt: (() => void) | null }} options
   */
  constructor(shown, { since, oncancel, onprogram, onprompt }) {
    this.#shown = shown;
    this.#onprogram = onprogram;
    this.#onprompt = onprompt;
    this.#since = since;
    this.#oncancel = oncancel;
    this.#cancel = button("Cancel", () => this.#oncancel?.(), { class: "button cc-cancel" });
    this.#wait.append(this.#elapsed, this.#spoken, " ", this.#sentence, ...(oncancel ? [this.#cancel] : []));
    this.node = element("li", { class: "cc-entry", data: { key: shown.id } }, head(shown), this.#steps, this.#wait, this.#end);
    this.update(shown);
  }

  get id() {
    return this.#shown.id;
  }

  get waits() {
    return this.#shown.state === "waiting";
  }

  /** When it began, in milliseconds since 1970. */
  get since() {
    return this.#since;
  }

  get line() {
    return this.#shown.line;
  }

  /** @param {ShownEntry} shown */
  update(shown) {
    const focused = this.#wait.contains(document.activeElement);
    this.#shown = shown;
    this.node.dataset.state = shown.state;
    this.#steps.replaceChildren(...shown.steps.map(step));
    this.#steps.hidden = shown.steps.length === 0;
    if (shown.waiting) this.tick(Date.now());
    else this.#wait.hidden = true;
    // Cancel is gone with the waiting; its focus stays near.
    if (focused && !shown.waiting) /** @type {HTMLElement | null} */ (this.node.closest("[tabindex]"))?.focus({ preventScroll: true });
    this.#end.replaceChildren(...(shown.state === "waiting" ? [] : this.#ending(shown)));
  }

  /** Only the words about waiting: the rest stands. @param {ShownEntry} shown */
  updateWaiting(shown) {
    this.#shown = shown;
    this.tick(Date.now());
  }

  /** Lets the waiting time run. @param {number} now milliseconds since 1970 @returns {number} how long it has waited */
  tick(now) {
    const { waiting } = this.#shown;
    if (!waiting) return 0;
    const elapsed = Math.max(0, now - this.#since);
    this.#wait.hidden = elapsed < NOTICEABLE_MS;
    setText(this.#elapsed, `${waiting.call} has been waiting ${duration(elapsed)}.`);
    // Said once: a number that runs must not be read out.
    setText(this.#spoken, `${waiting.call} is waiting.`);
    // Only when it is another one: who reads a word's card keeps it.
    if (this.#sentence.textContent !== waiting.sentence) this.#sentence.replaceChildren(...withTerms(waiting.sentence));
    this.#cancel.setAttribute("aria-label", `Cancel ${waiting.call}`);
    return elapsed;
  }

  /** @param {ShownEntry} shown @returns {Node[]} */
  #ending(shown) {
    /** @type {Node[]} */
    const parts = [];
    if (shown.error) parts.push(errorCard(shown.error, { onprogram: this.#onprogram, onprompt: this.#onprompt }));
    if (shown.result) parts.push(element("pre", { class: "cc-result", dir: "auto" }, shown.result));
    const dump = shown.bytes && hexDump(shown.bytes);
    const more = [dump && hexToggle(dump), valueDetails(shown), formDetails(shown)].filter((part) => part !== null);
    if (more.length > 0) parts.push(element("div", { class: "cc-more" }, ...more));
    if (dump) parts.push(dump);
    if (shown.note) parts.push(element("p", { class: "cc-note cc-remark" }, ...withTerms(shown.note)));
    return parts;
  }
}

/** @param {ShownEntry} shown */
function head(shown) {
  const code = element("code", { class: "cc-line" }, shown.line);
  const pointer =
    shown.column === null ? null : element("span", { class: "cc-pointer", "aria-hidden": "true" }, `${" ".repeat(shown.column)}^`);
  return element(
    "div",
    { class: "cc-head" },
    element("span", { class: "cc-sign", "aria-hidden": "true" }, ">>>"),
    element("div", { class: "cc-typed" }, code, pointer),
    shown.by ? element("span", { class: "cc-by" }, shown.by) : null,
  );
}

/** @param {{ text: string, result: string, failed: boolean }} step */
function step({ text, result, failed }) {
  return element(
    "li",
    { class: "cc-step" },
    element("code", {}, text),
    result ? element("span", { class: "cc-step-end", data: { failed } }, result) : null,
  );
}

/** @param {NonNullable<ShownEntry["error"]>} error @param {{ onprogram: (() => void) | null, onprompt: (() => void) | null }} ways where the line can go instead */
function errorCard(error, { onprogram, onprompt }) {
  const python = error.remedy?.do === "intoProgram";
  const number = error.number === null ? null : element("span", { class: "cc-number" }, String(error.number));
  const headline = ["fault", "beyond"].includes(error.class) ? null : element("p", { class: "cc-error-name" }, element("strong", {}, error.name), " ", number);
  return element(
    "div",
    { class: "cc-error", role: "group", "aria-label": error.class === "beyond" ? "Not by hand" : `Error ${error.name}`, data: { class: error.class } },
    headline,
    error.python ? element("pre", { class: "cc-python", dir: "auto" }, error.python) : null,
    element("p", { class: "cc-sentence" }, ...withTerms(error.sentence)),
    error.hint ? element("p", { class: "cc-hint" }, ...withTerms(error.hint)) : null,
    python && onprompt ? button("Put it at the Python prompt", onprompt, { class: "link cc-into cc-to-prompt" }) : null,
    python && onprogram ? button("Put it into a program", onprogram, { class: "link cc-into" }) : null,
  );
}

/** @param {NonNullable<ShownEntry["bytes"]>} bytes */
function hexDump({ hex, kept, length }) {
  const cut = kept < length ? `\n… ${length - kept} more bytes` : "";
  return element("pre", { class: "cc-hex", hidden: true, tabindex: "0", "aria-label": "Bytes in hexadecimal" }, hex + cut);
}

/** @param {HTMLElement} dump */
function hexToggle(dump) {
  const toggle = button(
    "Hex",
    () => {
      dump.hidden = !dump.hidden;
      toggle.setAttribute("aria-pressed", String(!dump.hidden));
    },
    { class: "link cc-toggle", "aria-pressed": "false" },
  );
  return toggle;
}

/** @param {ShownEntry} shown */
function valueDetails(shown) {
  if (!shown.value || shown.value === shown.result) return null;
  return details("in full", "In full: all that Python returns", () => [element("pre", { class: "cc-form", tabindex: "0", dir: "auto" }, shown.value)]);
}

/** @param {ShownEntry} shown */
function formDetails(shown) {
  if (shown.forms.length === 0) return null;
  return details("Python · Rust · C", "Same step in Python, Rust, C", () =>
    /** @type {[string, "python" | "rust" | "c"][]} */ ([
      ["Python", "python"],
      ["Rust, socket2", "rust"],
      ["C", "c"],
    ]).flatMap(([title, key]) => [
      element("p", { class: "cc-language" }, title),
      element(
        "pre",
        { class: "cc-form", tabindex: "0", "aria-label": title },
        shown.forms.map((form) => form[key]).join("\n"),
      ),
    ]),
  );
}

/** A disclosure whose inside is made when it is first opened. @param {string} label @param {string} title @param {() => Node[]} inside */
function details(label, title, inside) {
  const made = element("details", { class: "cc-details" }, element("summary", { "aria-label": title, title }, label));
  made.addEventListener("toggle", () => made.append(...inside()), { once: true });
  return made;
}

/** Time as people say it. @param {number} milliseconds */
export function duration(milliseconds) {
  const seconds = milliseconds / 1000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  return `${minutes} min ${Math.floor(seconds % 60)} s`;
}

/** @param {HTMLElement} target @param {string} text */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}
