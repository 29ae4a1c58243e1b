// The seats of a class: a tile each, and one of them opened beside.
import { button, element, find, reconcile } from "../base/element.js";
import { ordered, state, stepsWords, stuckPart, time } from "./board-words.js";
import { seatPanel } from "./seat-panel.js";

/** @typedef {import("./board-words.js").Seat} Seat */

/** From so many seats on tiles are small. */
const MANY = 48;

export class BoardTiles {
  #board;
  #list = find("#tiles");
  #panel = find("#seat");
  /** @type {import("./board-words.js").Order} */
  #order = "stuck";
  /** The seat that is open. @type {number | null} */
  #open = null;
  #drawnPanel = "";
  /** Does what the panel's buttons say; the acts give it. @type {(act: string, seat: Seat) => void} */
  onact = () => {};

  /** @param {import("./board.js").Board} board */
  constructor(board) {
    this.#board = board;
    const choices = element("div", { class: "choices", role: "group", "aria-label": "Order" });
    for (const [order, label] of /** @type {const} */ ([["stuck", "Longest at a step first"], ["name", "By name"], ["seat", "By seat"]])) {
      const one = button(label, () => {
        this.#order = order;
        for (const other of choices.children) other.setAttribute("aria-pressed", String(other === one));
        board.draw();
      }, { "aria-pressed": String(order === "stuck") });
      choices.append(one);
    }
    find("#order").append(choices, element("span", { class: "soft", id: "hands" }));
    this.#list.addEventListener("click", (event) => {
      const tile = /** @type {HTMLElement} */ (event.target).closest("li");
      if (tile?.dataset.key) this.open(Number(tile.dataset.key));
    });
    document.addEventListener("keydown", ({ key }) => {
      if (key === "Escape" && this.#open !== null && !document.querySelector("dialog[open]")) this.open(null);
    });
  }

  /** @param {number | null} seat */
  open(seat) {
    const before = this.#open;
    this.#open = seat === this.#open ? null : seat;
    this.#drawnPanel = "";
    this.#board.draw();
    if (this.#open === null && before !== null) requestAnimationFrame(() => /** @type {HTMLElement | null} */ (this.#list.querySelector(`[data-key="${before}"] button`))?.focus());
  }

  draw() {
    const { seats, about } = this.#board;
    const now = this.#board.now();
    const all = ordered([...seats.values()], this.#board.hidesNames && this.#order === "name" ? "seat" : this.#order);
    find("#order").hidden = all.length === 0;
    find("#empty").hidden = all.length > 0 || about.most === 0;
    this.#list.classList.toggle("many", all.length > MANY);
    reconcile(this.#list, all.map((seat) => this.#tile(seat, now)), update);
    const up = all.filter(({ hand }) => hand !== null);
    const first = [...up].sort((one, other) => Number(one.hand) - Number(other.hand))[0];
    const hands = up.length === 0 ? "" : `${up.length === 1 ? "One hand is" : `${up.length} hands are`} up; first ${this.#board.called(first)}.`;
    if (find("#hands").textContent !== hands) find("#hands").textContent = hands;
    this.#drawPanel(now);
  }

  /** @param {Seat} seat @param {number} now */
  #tile(seat, now) {
    const many = this.#list.classList.contains("many");
    const said = state(seat, now, many ? "short" : "usual");
    const hand = seat.hand === null ? "" : `hand up ${time(now - seat.hand)}`;
    const name = this.#board.called(seat);
    const part = stuckPart(seat, now);
    const bar = element("span", { class: "tile-bar", "aria-hidden": "true" });
    bar.style.setProperty("--part", part.toFixed(2));
    const words = [name, stepsWords(seat), hand, state(seat, now, "whole"), part > 0 ? `at this step for ${time(now - seat.since)}` : ""].filter(Boolean).join(", ");
    const inside = element(
      "button",
      { type: "button", class: "tile", "aria-label": words, "aria-pressed": String(this.#open === seat.seat) },
      element("span", { class: "tile-name", dir: "auto" }, name),
      seat.hand === null ? null : element("span", { class: "tile-hand" }, many ? "hand" : "hand up", element("span", { class: "tile-since" }, ` ${time(now - seat.hand)}`)),
      element("span", { class: "tile-dots", "aria-hidden": "true" }, ...dots(seat.steps)),
      element("span", { class: "tile-state" }, said || (part > 0 ? `${time(now - seat.since)} at this step` : "")),
      bar,
    );
    const marks = { away: String(!seat.here), looked: String(seat.looked) };
    return element("li", { data: { key: String(seat.seat), said: `${words}${part.toFixed(2)}${JSON.stringify(marks)}${this.#open === seat.seat}`, ...marks } }, inside);
  }

  /** @param {number} now */
  #drawPanel(now) {
    const seat = this.#open === null ? undefined : this.#board.seats.get(this.#open);
    this.#panel.hidden = !seat;
    document.body.classList.toggle("with-seat", Boolean(seat));
    if (!seat) return;
    // Anew only when something of it has changed, but for its times: whoever walks through its buttons keeps the focus.
    const drawn = JSON.stringify([seat, this.#board.about, this.#board.hidesNames]);
    if (drawn !== this.#drawnPanel) {
      const focused = this.#panel.contains(document.activeElement) ? document.activeElement?.textContent : null;
      this.#panel.replaceChildren(...seatPanel({ seat, board: this.#board, act: (act) => this.onact(act, seat), close: () => this.open(null) }));
      if (focused) [...this.#panel.querySelectorAll("button")].find((one) => one.textContent === focused)?.focus();
      else if (this.#drawnPanel === "") this.#panel.querySelector("button")?.focus({ preventScroll: true });
      this.#drawnPanel = drawn;
    }
    const line = this.#panel.querySelector(".seat-state");
    const said = state(seat, now, "whole") || `${time(now - seat.since)} at this step`;
    if (line && line.textContent !== said) line.textContent = said;
  }
}

/** @param {HTMLElement} kept @param {HTMLElement} made */
function update(kept, made) {
  if (kept.dataset.said === made.dataset.said) return;
  Object.assign(kept.dataset, made.dataset);
  const [old, fresh] = [kept.firstElementChild, made.firstElementChild];
  if (!old || !fresh) return;
  // The button itself stays: it may have the focus.
  for (const name of ["aria-label", "aria-pressed"]) old.setAttribute(name, fresh.getAttribute(name) ?? "");
  old.replaceChildren(...fresh.childNodes);
}

/** @param {string} steps */
function dots(steps) {
  return [...steps].map((step) => element("span", { class: "step-dot", data: { step: { p: "passed", s: "skipped" }[step] ?? "open" } }));
}
