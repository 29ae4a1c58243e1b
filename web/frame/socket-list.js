// The sockets of one machine: chips at rest, a table as `ss` would print it when asked for.
import { button, element, reconcile } from "../base/element.js";

/**
 * @typedef {object} SocketRow as the view computes it from the trace (`view.sockets`)
 * @property {number} socket
 * @property {number | null} fd
 * @property {string} state in RFC capitals
 * @property {string} label the same, but `new` or `bound` for a socket that has done nothing yet
 * @property {string} tone `act`, `wait`, `open`, `closing` or `soft`
 * @property {string} local
 * @property {string} peer
 * @property {boolean} listens
 * @property {number} [unread] bytes, where they are known; for a listener, connections waiting to be accepted
 * @property {number} [unacknowledged] bytes of a stream; for a listener, the backlog
 * @property {string} timer in words, or empty
 * @property {boolean} accepted
 * @property {boolean} observed
 * @property {string | null} [program] the program that has it
 * @property {string} [whose] its program's name, where several programs of the machine have sockets
 */

/** Most chips; the table has all. */
const CHIPS = 24;

/** The look of a row: its tone, but hollow until somebody accepts the connection. @param {SocketRow} row */
function lookOf({ tone, accepted }) {
  return tone === "open" && !accepted ? "unaccepted" : tone;
}

/** Each with its program's name, where a descriptor's number alone would be that of several. @param {SocketRow[]} rows @returns {SocketRow[]} */
function named(rows) {
  const programs = new Set(rows.map(({ program }) => program).filter(Boolean));
  return programs.size < 2 ? rows : rows.map((row) => ({ ...row, whose: row.program ?? undefined }));
}

/** Whose it is. What the kernel finishes by itself, TIME_WAIT above all, is nobody's. @param {SocketRow} row */
function ownerOf({ fd, accepted, tone, whose }) {
  if (fd !== null && fd !== undefined) return whose ? `${whose} fd ${fd}` : `fd ${fd}`;
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
  #none = element("p", { class: "soft" }, "none now");
  #toggle = button("Table", () => this.#open(null), { class: "link", hidden: true });
  /** @type {HTMLElement | null} */
  #table = null;
  #more = button("", () => this.#open(null), { class: "chip chip-more", data: { key: "more" }, hidden: true });
  /** What the chips were fitted for. */
  #fitted = "";

  connectedCallback() {
    const head = element("div", { class: "sockets-head" }, this.#title, this.#toggle);
    this.replaceChildren(head, this.#none, this.#chips);
    new ResizeObserver(() => this.#fit()).observe(this.#chips);
    this.#draw();
  }

  /** @param {string} machine @param {SocketRow[]} rows */
  show(machine, rows) {
    this.#machine = machine;
    this.#rows = named(rows);
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
      [...this.#shown.map((row) => this.#chip(row)), this.#more],
      (kept, made) => {
        if (kept === made) return;
        kept.dataset.state = made.dataset.state;
        kept.dataset.observed = made.dataset.observed;
        if (kept.textContent !== made.textContent) kept.replaceChildren(...made.childNodes);
      },
    );
    const drawn = this.#rows.length + [...this.#chips.children].map((chip) => chip.textContent).join("\n");
    if (drawn !== this.#fitted) this.#fit();
    this.#fitted = this.#rows.length + [...this.#chips.children].map((chip) => chip.textContent).join("\n");
    if (this.#table) this.#fillTable(this.#table);
  }

  /** Those that have chips: what a program has before what the kernel finishes by itself. */
  get #shown() {
    const has = (/** @type {SocketRow} */ { fd }) => fd !== null && fd !== undefined;
    return [...this.#rows.filter(has), ...this.#rows.filter((row) => !has(row))].slice(0, CHIPS);
  }

  /** Two rows of chips, and a button for the others. */
  #fit() {
    const chips = /** @type {HTMLElement[]} */ ([...this.#chips.children].filter((chip) => chip !== this.#more));
    for (const chip of chips) chip.hidden = false;
    const most = this.#chips.clientHeight;
    const inSight = (/** @type {HTMLElement} */ one) => one.offsetTop - this.#chips.offsetTop + one.offsetHeight <= most + 1;
    const tell = (/** @type {number} */ hidden) => {
      this.#more.hidden = hidden === 0;
      this.#more.textContent = `+${hidden}`;
      this.#more.setAttribute("aria-label", `${hidden} more sockets`);
    };
    const over = this.#rows.length - chips.length;
    tell(over);
    // On small screens they are one row that is moved by hand.
    if (getComputedStyle(this.#chips).flexWrap === "nowrap") return;
    let hidden = 0;
    while (chips.length > hidden && !inSight(over + hidden > 0 ? this.#more : /** @type {HTMLElement} */ (chips.at(-1)))) {
      hidden += 1;
      /** @type {HTMLElement} */ (chips.at(-hidden)).hidden = true;
      tell(over + hidden);
    }
  }

  /** @param {SocketRow} row */
  #chip(row) {
    const listening = row.listens;
    const unread = row.unread ?? 0;
    const end = listening ? row.local : unread > 0 ? `${unread} unread` : "";
    const waiting = listening && unread > 0 ? `${unread} waiting` : "";
    return element(
      "button",
      {
        type: "button",
        class: "chip",
        data: { key: row.socket, state: lookOf(row), observed: row.observed },
        on: { click: () => this.#open(row.socket) },
      },
      element("span", {}, ownerOf(row)),
      element("b", {}, row.label),
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
      : [row.unread === undefined ? "" : `${row.unread} unread`, row.unacknowledged === undefined ? "" : `${row.unacknowledged} unacknowledged`];
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
      element("td", {}, ...kernel.filter(Boolean).map((line) => element("span", {}, line))),
    );
  }
}

customElements.define("socket-list", SocketList);
