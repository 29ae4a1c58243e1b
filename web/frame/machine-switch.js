// Goes to another machine: one other is a button, several are a menu, so that any number of them has room.
import { element } from "../base/element.js";
import { machineLabel, machineNames } from "../base/people.js";
import { popover } from "../base/popover.js";

/** @typedef {import("./machines.js").Host} Host */

export class MachineSwitch {
  #room;
  #pick;
  #label;
  #moodOf;
  #fresh;
  /** @type {Host[]} */
  #hosts = [];
  #menu = /** @type {HTMLButtonElement} */ (
    element("button", { type: "button", class: "machine-pick machine-others", "aria-haspopup": "dialog", data: { key: "others" } })
  );

  /**
   * @param {import("../client/room.js").Room} room
   * @param {{ label: string, pick: (host: Host) => void, moodOf: (host: Host) => { mood: string, words: string }, fresh: (host: Host) => boolean }} parts
   *   `moodOf` what a machine does, `fresh` whether it printed something that nobody has looked at
   */
  constructor(room, { label, pick, moodOf, fresh }) {
    this.#room = room;
    this.#pick = pick;
    this.#label = label;
    this.#moodOf = moodOf;
    this.#fresh = fresh;
    popover(this.#menu, { label, fill: (close) => [this.#list(close)] });
  }

  /** The buttons for these machines, which are not on the screen. @param {Host[]} hosts @returns {HTMLElement[]} */
  buttons(hosts) {
    this.#hosts = hosts;
    if (hosts.length < 2) return hosts.map((host) => pickButton(this.#room, host, false, () => this.#pick(host)));
    const words = `${hosts.length} other machines`;
    if (this.#menu.firstChild?.textContent !== words) this.#menu.replaceChildren(element("span", {}, words));
    this.mark();
    return [this.#menu];
  }

  /** Whether one of them printed something that nobody has looked at. */
  mark() {
    const fresh = this.#hosts.some((host) => this.#fresh(host));
    this.#menu.toggleAttribute("data-news", fresh);
    const words = `${this.#hosts.length} other machines`;
    this.#menu.setAttribute("aria-label", fresh ? `${words}, something new was printed` : words);
  }

  /** @param {() => void} close */
  #list(close) {
    const items = this.#hosts.map((host) => {
      const { mood, words } = this.#moodOf(host);
      const news = this.#fresh(host) ? "something new was printed" : "";
      const go = () => {
        close();
        this.#pick(host);
      };
      return element(
        "button",
        { type: "button", class: "link plain machine-choice", on: { click: go } },
        element("span", { class: "dot", data: mood ? { mood } : {} }),
        nameOf(this.#room, host),
        element("span", { class: "soft" }, [words, news].filter(Boolean).join(", ")),
      );
    });
    return element("div", { class: "menu-list machine-choices" }, element("h2", {}, this.#label), ...items);
  }
}

/**
 * A button that shows a machine: its dot says what the machine does, and so does its label.
 * @param {import("../client/room.js").Room} room @param {Host} host @param {boolean} shown @param {() => void} pick
 */
export function pickButton(room, host, shown, pick) {
  return element(
    "button",
    { type: "button", class: "machine-pick", data: { key: host.id, dot: host.id, name: machineLabel(room, host) }, "aria-pressed": String(shown), on: { click: pick } },
    element("span", { class: "dot" }),
    nameOf(room, host),
  );
}

/** Brings a button that stays up to what it would be if it were made now. @param {HTMLElement} kept @param {HTMLElement} made */
export function keepUp(kept, made) {
  if (kept.classList.contains("machine-others")) return;
  kept.setAttribute("aria-pressed", made.getAttribute("aria-pressed") ?? "false");
  if (kept.dataset.name === made.dataset.name) return;
  kept.dataset.name = made.dataset.name;
  kept.replaceChildren(...made.childNodes);
}

/** Where there is little room, the person's name gives way and the machine's stays. @param {import("../client/room.js").Room} room @param {Host} host */
export function nameOf(room, host) {
  const { person, machine } = machineNames(room, host);
  if (person === null) return element("span", { class: "pick-name" }, machine);
  return element("span", { class: "pick-names" }, element("span", { class: "pick-name", dir: "auto" }, person), element("span", {}, ` · ${machine}`));
}
