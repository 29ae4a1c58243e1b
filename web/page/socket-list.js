// The sockets of one machine: chips at rest, a table as `ss` would print it when asked for.
import { button, element, reconcile } from "/page/element.js";

/**
 * @typedef {object} SocketRow as the view computes it from the trace (`view.sockets`)
 * @property {number} socket
 * @property {number | null} fd
 * @property {string} state in RFC capitals
 * @property {string} tone `act`, `wait`, `open`, `closing` or `soft`
 * @property {string} local
 * @property {string} peer
 * @property {boolean} listens
 * @property {number} unread bytes; for a listener, connections waiting to be accepted
 * @property {number} unacknowledged bytes; for a listener, the backlog
 * @property {string} timer in words, or empty
 * @property {boolean} accepted
 * @property {boolean} observed
 */

/** The look of a row: its tone, but hollow until somebody accepts the connection. @param {SocketRow} row */
function lookOf({ tone, accepted }) {
  return tone === "open" && !accepted ? "unaccepted" : tone;
}

/** Whose it is. What the kernel finishes by itself, TIME_WAIT above all, is nobody's. @param {SocketRow} row */
function ownerOf({ fd, accepted, tone }) {
  if (fd !== null && fd !== undefined) return `fd ${fd}`;
  return !accepted && (tone === "open" || tone === "wait") ? "not accepted yet" : "no fd";
}

export class SocketList extends HTMLElement {
  #machine = "";
  /** @type {SocketRow[]} */
  #rows = [];
  /** @type {number | null} */
  #chosen = null;
  #title = element("h3", { class: "sockets-title" }, "Sockets");
  #chips = element("div", { class: "chips" });
  #none = element("p", { class: "soft" }, "none yet");
  #toggle = button("Table", () => this.#open(null), { class: "link", hidden: true });
  /** @type {HTMLElement | null} */
  #table = null;

  connectedCallback() {
    const head = element("div", { class: "sockets-head" }, this.#title, this.#toggle);
    this.replaceChildren(head, this.#none, this.#chips);
    this.#draw();
  }

  /** @param {string} machine @param {SocketRow[]} rows */
  show(machine, rows) {
    this.#machine = machine;
    this.#rows = rows;
    this.#draw();
  }

  #draw() {
    this.#none.hidden = this.#rows.length > 0;
    this.#chips.hidden = this.#rows.length === 0;
    this.#toggle.hidden = this.#rows.length === 0;
    // As many as chips have no room for are not missed without a number.
    const title = this.#rows.length > 1 ? `${this.#rows.length} sockets` : "Sockets";
    if (this.#title.textContent !== title) this.#title.textContent = title;
    reconcile(
      this.#chips,
      this.#rows.map((row) => this.#chip(row)),
      (kept, made) => {
        kept.dataset.state = made.dataset.state;
        kept.dataset.observed = made.dataset.observed;
        if (kept.textContent !== made.textContent) kept.replaceChildren(...made.childNodes);
      },
    );
    if (this.#table) this.#fillTable(this.#table);
  }

  /** @param {SocketRow} row */
  #chip(row) {
    const listening = row.listens;
    const end = listening ? row.local : row.unread > 0 ? `${row.unread} unread` : "";
    const waiting = listening && row.unread > 0 ? `${row.unread} waiting` : "";
    return element(
      "button",
      {
        type: "button",
        class: "chip",
        data: { key: row.socket, state: lookOf(row), observed: row.observed },
        on: { click: () => this.#open(row.socket) },
      },
      element("span", {}, ownerOf(row)),
      element("b", {}, row.state),
      end ? element("span", { class: "chip-end" }, end) : null,
      waiting ? element("span", {}, waiting) : null,
    );
  }

  /** @param {number | null} socket */
  #open(socket) {
    this.#chosen = socket;
    if (!this.#table) {
      this.#table = element("div", { class: "socket-table", role: "region", "aria-label": `Sockets of ${this.#machine}` });
      this.#table.addEventListener("keydown", (event) => {
        if (event.key === "Escape") this.#close();
      });
      this.append(this.#table);
    }
    this.#fillTable(this.#table);
    this.#table.querySelector("button")?.focus();
  }

  #close() {
    this.#table?.remove();
    this.#table = null;
    this.#toggle.focus();
  }

  /** @param {HTMLElement} table */
  #fillTable(table) {
    if (!table.firstElementChild) {
      table.append(
        element(
          "div",
          { class: "socket-table-head" },
          `Sockets of ${this.#machine}`,
          button("Close", () => this.#close(), { class: "link" }),
        ),
        element("div", { class: "socket-scroll", tabindex: 0, role: "group", "aria-label": "Table of sockets" }),
      );
    }
    const head = ["socket", "local, remote", "in the kernel"].map((name) => element("th", { scope: "col" }, name));
    table.lastElementChild?.replaceChildren(
      element(
        "table",
        {},
        element("thead", {}, element("tr", {}, ...head)),
        element("tbody", {}, ...this.#rows.map((row) => this.#tableRow(row))),
      ),
    );
  }

  /** @param {SocketRow} row */
  #tableRow(row) {
    const listening = row.listens;
    const kernel = listening
      ? [`${row.unread} waiting to be accepted`, `backlog ${row.unacknowledged}`]
      : [`${row.unread} unread`, `${row.unacknowledged} unacknowledged`];
    if (row.timer) kernel.push(row.timer);
    return element(
      "tr",
      { data: { chosen: row.socket === this.#chosen } },
      element(
        "td",
        {},
        element("span", {}, ownerOf(row)),
        element("span", { class: "state-word", data: { state: lookOf(row) } }, row.state),
        row.observed ? null : element("span", { class: "soft" }, "inferred"),
      ),
      element("td", {}, element("span", {}, row.local || "–"), element("span", {}, row.peer || "–")),
      element("td", {}, ...kernel.map((line) => element("span", {}, line))),
    );
  }
}

customElements.define("socket-list", SocketList);
