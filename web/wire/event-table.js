// The events as a table: the page's primary structure. Its rows own the focus; the drawing only mirrors it.
// Only rows near the focus or the visible part exist at a time; `aria-rowcount` says how many there are.
import { element } from "../base/element.js";

/** Height of a row in rem, as in wire-list.css. */
const ROW_REM = 1.75;
/** Rows kept around what is seen. */
const AROUND = 20;
/** How long the rows may lag behind while nobody sees them and the focus is elsewhere, milliseconds. */
const UNSEEN_MS = 200;

export class EventTable {
  #view;
  #table;
  #body;
  #scroller;
  #active = -1;
  #shown = false;
  #limit = 0;
  #counted = -1;
  #later = 0;
  /** @type {Map<number, HTMLElement>} */
  #rows = new Map();

  /**
   * @param {import("../client/web.js").View} view
   * @param {(seq: number, focused: boolean) => void} onchoose
   */
  constructor(view, onchoose) {
    this.#view = view;
    this.#body = element("div", { role: "rowgroup", class: "wire-rows" });
    const head = element(
      "div",
      { role: "rowgroup", class: "wire-rows-head" },
      element(
        "div",
        { role: "row", "aria-rowindex": 1, class: "wire-row head" },
        ...["#", "s", "where", "what"].map((name) => element("span", { role: "columnheader" }, name)),
      ),
    );
    this.#table = element("div", { role: "table", "aria-label": "Events", class: "wire-table" }, head, this.#body);
    this.#scroller = element("div", { class: "wire-list hidden-list" }, this.#table);
    this.#scroller.addEventListener("scroll", () => this.#update(), { passive: true });
    this.#body.addEventListener("focusin", ({ target }) => {
      const index = Number(/** @type {HTMLElement} */ (target).dataset.index);
      if (!Number.isInteger(index)) return;
      this.#active = index;
      onchoose(this.seqAt(index), true);
    });
    this.#body.addEventListener("click", ({ target }) => {
      const row = /** @type {HTMLElement} */ (target).closest("[data-index]");
      if (row instanceof HTMLElement) this.focus(Number(row.dataset.index));
    });
  }

  get root() {
    return this.#scroller;
  }

  /** Index of the row that has, or would get, the focus. */
  get active() {
    return this.#active < 0 ? Math.max(0, this.#count() - 1) : Math.min(this.#active, Math.max(0, this.#count() - 1));
  }

  get shown() {
    return this.#shown;
  }

  get hasFocus() {
    return this.#body.contains(document.activeElement);
  }

  /** @param {boolean} shown visible as a list, or there for assistive technology only */
  show(shown) {
    this.#shown = shown;
    this.#scroller.classList.toggle("hidden-list", !shown);
    if (shown) {
      const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
      this.#scroller.scrollTop = this.active * ROW_REM * rem - this.#scroller.clientHeight / 2;
    }
    this.#update();
  }

  /** @param {number} index @returns {number} */
  seqAt(index) {
    return this.#view.rows(index, 1)[0]?.seq ?? 0;
  }

  /** The event that the focus is on. */
  get seq() {
    return this.seqAt(this.active);
  }

  /** @param {number} index */
  focus(index) {
    const last = this.#count() - 1;
    if (last < 0) return;
    this.#active = Math.max(0, Math.min(index, last));
    this.#update();
    this.#rows.get(this.#active)?.focus({ preventScroll: !this.#shown });
  }

  /** Whoever comes to the rows next comes to the newest. */
  rest() {
    this.#active = -1;
  }

  /** @param {number} seq */
  focusSeq(seq) {
    this.focus(this.#view.indexOf(seq));
  }

  /** Chooses without moving the focus. @param {number} seq */
  point(seq) {
    this.#active = this.#view.indexOf(seq);
    this.#update();
  }

  #count() {
    return this.#limit > 0 ? Math.min(this.#view.rowCount(), this.#view.indexOf(this.#limit + 1)) : this.#view.rowCount();
  }

  /** @param {number} limit `seq` of the last event shown; 0: all */
  refresh(limit) {
    this.#limit = limit;
    if (this.#shown || this.hasFocus) this.#update();
    else this.#later ||= setTimeout(() => this.#update(), UNSEEN_MS);
  }

  #update() {
    clearTimeout(this.#later);
    this.#later = 0;
    const count = this.#count();
    if (count !== this.#counted) {
      this.#counted = count;
      this.#table.setAttribute("aria-rowcount", String(count + 1));
      this.#body.style.height = `${count * ROW_REM}rem`;
    }
    const [top, seen] = this.#shown ? this.#seen() : [this.active, 1];
    const from = Math.max(0, top - AROUND);
    const wanted = this.#view.rows(from, Math.min(count - from, seen + 2 * AROUND));
    this.#keep(wanted, this.active);
  }

  /** Index of the first row that is seen, and how many are. Asks the browser for its layout: only while they are seen. */
  #seen() {
    const height = ROW_REM * parseFloat(getComputedStyle(document.documentElement).fontSize);
    return [Math.floor(this.#scroller.scrollTop / height), Math.ceil(this.#scroller.clientHeight / height)];
  }

  /** @param {import("../client/web.js").TableRow[]} wanted @param {number} active */
  #keep(wanted, active) {
    const indexes = new Set(wanted.map(({ index }) => index));
    for (const [index, row] of this.#rows) {
      // The row with the focus stays, wherever the list has been scrolled to.
      if (indexes.has(index) || row === document.activeElement) continue;
      row.remove();
      this.#rows.delete(index);
    }
    for (const row of wanted) this.#row(row, row.index === active);
    for (const [index, row] of this.#rows) row.tabIndex = index === active ? 0 : -1;
  }

  /** @param {import("../client/web.js").TableRow} row @param {boolean} active */
  #row({ index, seq, clock, kind, place, what, tone, sentence }, active) {
    let made = this.#rows.get(index);
    if (made && made.dataset.sentence === sentence) {
      made.classList.toggle("active", active);
      return;
    }
    const cells = [
      element("span", { role: "cell", class: "number" }, String(seq)),
      element("span", { role: "cell", class: "number" }, clock),
      element("span", { role: "cell" }, place),
      element("span", { role: "cell", dir: "auto", class: `what tone-${tone || "ink"}` }, what),
    ];
    if (made) {
      made.replaceChildren(...cells);
      made.setAttribute("aria-label", sentence);
      made.dataset.sentence = sentence;
    } else {
      made = element(
        "div",
        { role: "row", "aria-rowindex": index + 2, "aria-label": sentence, data: { index: String(index), sentence }, class: `wire-row kind-${kind}` },
        ...cells,
      );
      made.style.top = `${index * ROW_REM}rem`;
      this.#rows.set(index, made);
      this.#body.insertBefore(made, this.#after(index));
    }
    made.classList.toggle("active", active);
  }
  /** The first row after a place; most come last. @param {number} index */
  #after(index) {
    const place = (/** @type {Element} */ child) => Number(/** @type {HTMLElement} */ (child).dataset.index);
    const last = this.#body.lastElementChild;
    if (!last || place(last) < index) return null;
    return [...this.#body.children].find((child) => place(child) > index) ?? null;
  }
}
