// One machine's column. Shows one machine at a time; every machine keeps a console of its own while others show.
import "/page/socket-list.js";
import { element, find, reconcile } from "/page/element.js";
import { controls, keeperOf } from "/page/machines.js";

/** @typedef {import("/page/machines.js").Host} Host */

export class MachinePane extends HTMLElement {
  /** @type {any} */
  #room = null;
  /** @type {any} */
  #view = null;
  /** @type {Host | null} */
  #host = null;
  /** @type {Map<number, HTMLElement>} */
  #consoles = new Map();
  /** Called with the machine that somebody picked. @type {(host: Host) => void} */
  onpick = () => {};

  /** @param {{ room: any, view: any }} parts */
  attach({ room, view }) {
    this.#room = room;
    this.#view = view;
  }

  get host() {
    return this.#host;
  }

  /** The console of the machine that shows, or null while there is none. @returns {any} */
  get console() {
    return this.#host ? (this.#consoles.get(this.#host.id) ?? null) : null;
  }

  /** @param {Host} host @param {Host[]} choices machines that can stand here, this one among them */
  show(host, choices) {
    const changed = this.#host?.id !== host.id;
    this.#host = host;
    setText(find(".machine-name", this), host.name);
    setText(find(".machine-address", this), host.address);
    if (changed) this.#showConsole(host);
    this.#drawSwitch(host, choices);
  }

  /** @param {Host} host */
  #showConsole(host) {
    const body = find(".machine-body", this);
    let mine = this.#consoles.get(host.id);
    if (!mine) {
      // The first machine takes the element that the page came with.
      const vacant = this.#consoles.size === 0 ? body.querySelector("call-console") : null;
      mine = /** @type {HTMLElement} */ (vacant ?? document.createElement("call-console"));
      if (!vacant) body.append(mine);
      this.#consoles.set(host.id, mine);
      const readOnly = !controls(this.#room, host);
      /** @type {any} */ (mine).attach?.({ room: this.#room, host, view: this.#view, readOnly });
    }
    for (const [id, one] of this.#consoles) one.hidden = id !== host.id;
  }

  /** @param {Host} host @param {Host[]} choices */
  #drawSwitch(host, choices) {
    const row = find(".machine-switch", this);
    row.hidden = choices.length < 2;
    reconcile(
      row,
      choices.map((one) =>
        element(
          "button",
          {
            type: "button",
            class: "machine-pick",
            data: { key: one.id, dot: one.id },
            "aria-pressed": String(one.id === host.id),
            on: { click: () => this.onpick(one) },
          },
          element("span", { class: "dot" }),
          one.name,
        ),
      ),
      (kept, made) => kept.setAttribute("aria-pressed", made.getAttribute("aria-pressed") ?? "false"),
    );
  }

  /** @param {{ mood: string, words: string }} mood @param {import("/page/socket-list.js").SocketRow[]} sockets */
  update(mood, sockets) {
    if (!this.#host) return;
    const state = find(".machine-state", this);
    if (mood.mood === "waiting") {
      state.dataset.mood = "waiting";
      setText(state, mood.words);
    } else if (!controls(this.#room, this.#host)) {
      state.dataset.mood = "watching";
      setText(state, this.#room.me.role === "viewer" ? "watching" : `run by ${keeperOf(this.#room, this.#host)}`);
    } else {
      delete state.dataset.mood;
      setText(state, "");
    }
    /** @type {any} */ (find("socket-list", this)).show?.(this.#host.name, sockets);
  }
}

/** @param {HTMLElement} target @param {string} text */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

customElements.define("machine-pane", MachinePane);
