// Who is in the room, and what they are here. Whose room it is can remove the others.
import { announce } from "../base/announce.js";
import { button, element, reconcile } from "../base/element.js";
import { ownName, partWords } from "../base/people.js";

/** @typedef {import("../base/people.js").Person} Person */

export class PeopleList {
  #node = element("ul", { class: "people-list", tabindex: -1 });
  #roomOf;
  /** Whose removal is being asked about. @type {number | null} */
  #asked = null;

  /** @param {() => any} roomOf the room, once there is one */
  constructor(roomOf) {
    this.#roomOf = roomOf;
  }

  get #room() {
    return this.#roomOf();
  }

  /** The list as it is when it is opened. */
  open() {
    this.#asked = null;
    this.#fill();
    return this.#node;
  }

  /** People are others now. */
  update() {
    if (this.#node.isConnected) this.#fill();
  }

  #fill() {
    const rows = this.#room.members.map((/** @type {Person} */ person) => this.#row(person));
    reconcile(this.#node, rows, (kept, made) => {
      if (kept.dataset.words === made.dataset.words) return;
      kept.dataset.words = made.dataset.words;
      kept.replaceChildren(...made.childNodes);
    });
  }

  /** @param {Person} person */
  #row(person) {
    const { me } = this.#room;
    const mine = person.id === me.id;
    const name = ownName(this.#room, person) ?? (mine ? "You" : person.role === "owner" ? "The owner" : person.name);
    const part = partWords(this.#room, person);
    const words = `${name}${mine && name !== "You" ? " (you)" : ""}`;
    const removable = me.role === "owner" && !mine && person.role !== "owner";
    const asked = removable && this.#asked === person.id;
    return element(
      "li",
      { data: { key: person.id, words: `${words}|${part}|${asked}` } },
      element("span", { class: "person-name", dir: "auto" }, words),
      element("span", { class: "soft" }, part),
      removable && !asked
        ? button("Remove", () => this.#ask(person), { class: "link", "aria-label": `Remove ${name}` })
        : null,
      asked ? this.#removal(person, name) : null,
    );
  }

  /** Asks before somebody is removed. @param {Person | null} person */
  #ask(person) {
    const before = this.#asked;
    this.#asked = person?.id ?? null;
    this.#fill();
    // Whoever decides otherwise stands where they asked.
    const next = person ? ".removal .button" : `[data-key="${before}"] .link`;
    /** @type {HTMLElement | null} */ (this.#node.querySelector(next))?.focus();
  }

  /** @param {Person} person @param {string} name */
  #removal(person, name) {
    const machine = this.#room.hosts.find((/** @type {{ id: number }} */ { id }) => id === person.host)?.name;
    const what = machine
      ? `Their programs end, and ${machine} goes with everything on it.`
      : "They see nothing more of this room.";
    return element(
      "div",
      { class: "removal stack" },
      element("p", {}, `${what} Whoever has the link can come in again: for a room with new links, open a new one.`),
      element(
        "div",
        { class: "row" },
        button(`Remove ${name}`, () => void this.#remove(person, name)),
        button("Keep", () => this.#ask(null), { class: "link" }),
      ),
    );
  }

  /** @param {Person} person @param {string} name */
  async #remove({ id }, name) {
    this.#asked = null;
    try {
      await this.#room.remove(id);
      announce(`${name} is removed.`);
    } catch (error) {
      announce(`${name} could not be removed: ${/** @type {Error} */ (error).message}.`);
    }
    this.#fill();
    this.#node.focus();
  }
}
