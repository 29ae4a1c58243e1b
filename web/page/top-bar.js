// The top bar: who is here, what you are called, Share, and the ··· menu.
import { showAbout } from "../base/about.js";
import { announce } from "../base/announce.js";
import { announcing, personName, theme } from "../base/storage.js";
import { button, element, find } from "../base/element.js";
import { isSmall } from "../frame/frame.js";
import { openKeys } from "./keyboard.js";
import { PeopleList } from "./people-list.js";
import { called, ownName, personOf } from "../base/people.js";
import { popover } from "../base/popover.js";
import { makeClass, makeClassLine } from "../class/make-class.js";
import { openShare } from "./share-dialog.js";
import { savePackets } from "../wire/packet-files.js";
import { NAME } from "../py/vocabulary.js";

export class TopBar {
  #people = find("#people");
  #you = find("#you");
  #share = /** @type {HTMLButtonElement} */ (find("#share"));
  /** @type {any} */
  #room = null;
  #list = new PeopleList(() => this.#room);
  /** Who was here when it was told last. @type {Map<number, string> | null} */
  #told = null;
  /** The link of a copy of what is on the page. @type {() => Promise<{ link: string, left: string[] }>} */
  #copy = () => Promise.reject(new Error("no room is open"));

  /** What is pinned to events. @type {import("../wire/notes.js").Notes | null} */
  #notes = null;
  /** @type {() => string | null} */
  #lesson = () => null;

  /** What Share does instead. @type {(() => void) | null} */
  #replaced = null;

  constructor() {
    popover(this.#people, { label: "People", class: "at-start", fill: (close) => [this.#list.open(), ...this.#renameForm(close)] });
    popover(this.#you, { label: "You", fill: (close) => [this.#myPart(), ...this.#renameForm(close)] });
    popover(find("#menu"), { label: "More", fill: (close) => menu(close, this.#room, this.#classLine(close)) });
    this.#share.addEventListener("click", () => void this.#openShare());
  }

  /** What makes a class of this page's lesson and files. @param {() => void} close */
  #classLine(close) {
    if (!this.#room || this.#replaced || this.#room.me.role !== "owner") return null;
    return makeClassLine(() => (close(), makeClass({ lesson: this.#lesson(), copy: this.#copy })));
  }

  /** Opens what keeps a recording of the room. */
  keep() {
    void this.#openShare({ toKeep: true });
  }

  /** @param {{ toKeep?: boolean }} [options] */
  async #openShare(options) {
    if (this.#replaced) return this.#replaced();
    // There is nobody to be invited to a room that is over.
    const links = this.#room.connection === "over" ? {} : this.#room.links;
    const owner = this.#room.me.role === "owner";
    const keeps = owner && this.#room.connection !== "over" ? this.#room : null;
    const sharing = { links, owner, keeps, notes: this.#notes?.list ?? [] };
    try {
      openShare({ ...sharing, copy: await this.#copy(), why: "" }, options);
    } catch (error) {
      openShare({ ...sharing, copy: null, why: /** @type {Error} */ (error).message }, options);
    }
  }

  /**
   * @param {import("../client/room.js").Room} room @param {() => Promise<{ link: string, left: string[] }>} copy the link of a copy of what is
   *   on the page, and what is not in it @param {import("../wire/notes.js").Notes} notes @param {() => string | null} lesson the one that is open
   */
  attach(room, copy, notes, lesson) {
    this.#room = room;
    this.#notes = notes;
    this.#copy = copy;
    this.#lesson = lesson;
    this.#share.disabled = false;
    this.update();
  }

  /** A recording is open: nobody is here. @param {any} room @param {() => void} share what Share does then */
  attachRecording(room, share) {
    this.#room = room;
    this.#replaced = share;
    this.#share.disabled = false;
    this.#you.hidden = this.#people.hidden = true;
  }

  update() {
    const { members, me } = this.#room;
    this.#people.hidden = members.length < 2 || this.#room.connection === "over";
    this.#people.textContent = `${members.length} here`;
    this.#you.textContent = isSmall() && this.#mine() === "your room" ? "you" : this.#mine();
    this.#you.title = "You: change your name";
    this.#list.update();
    this.#told = tellChanges(this.#room, this.#told, me.id);
  }

  /** What the page's own person is called: their name, else what they are here. */
  #mine() {
    const { me } = this.#room;
    const mine = personOf(this.#room, me.id);
    const name = mine && ownName(this.#room, mine);
    if (me.role === "viewer") return name ? `${name}, watching` : "watching";
    return name ?? (me.role === "owner" ? "your room" : (mine?.name ?? "you"));
  }

  /** What this person is here, in a sentence. */
  #myPart() {
    const mine = this.#room && personOf(this.#room, this.#room.me.id);
    return element("p", { class: "my-part" }, mine ? PARTS[/** @type {keyof typeof PARTS} */ (mine.role)] : "");
  }

  /** @param {() => void} close */
  #renameForm(close) {
    const person = this.#room && personOf(this.#room, this.#room.me.id);
    const mine = (person && ownName(this.#room, person)) ?? personName.get();
    const field = /** @type {HTMLInputElement} */ (
      element("input", { class: "field", id: "name", value: mine, maxlength: NAME, autocomplete: "nickname", dir: "auto" })
    );
    const save = element("button", { class: "button" }, "Save");
    const form = element(
      "form",
      { class: "stack rename" },
      element("label", { for: "name" }, "Your name, as the others see it"),
      element("div", { class: "row" }, field, save),
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const name = field.value.trim();
      personName.set(name);
      // Without one the server calls them as it calls everybody who has said none.
      if (name !== mine) this.#room?.rename(name);
      close();
    });
    return [form];
  }
}

/** What each is here, to themselves. */
const PARTS = {
  owner: "This is your room: the machines client and server, the wire, and who is in it.",
  participant: "You are a guest, with a machine of your own. The other machines and the wire are the owner's.",
  viewer: "You are watching: you see everything and change nothing.",
};

/**
 * Says who has come and gone, for those who do not see it.
 * @param {import("../client/room.js").Room} room @param {Map<number, string> | null} before null at first @param {number} own
 * @returns {Map<number, string>} who is here now
 */
function tellChanges(room, before, own) {
  /** @type {Map<number, string>} */
  const now = new Map(room.members.map((/** @type {import("../base/people.js").Person} */ one) => [one.id, called(room, one)]));
  if (!before) return now;
  for (const [id, name] of now) if (id !== own && !before.has(id)) announce(`${name} is here.`);
  for (const [id, name] of before) if (id !== own && !now.has(id)) announce(`${name} has left.`);
  return now;
}

/** @param {() => void} close @param {import("../client/room.js").Room} room none while no room is open @param {HTMLElement | null} classLine */
function menu(close, room, classLine) {
  return [
    element(
      "div",
      { class: "stack" },
      element("h2", {}, "Light or dark"),
      choices(
        [
          ["system", "As the system"],
          ["light", "Light"],
          ["dark", "Dark"],
        ],
        theme.get(),
        (wish) => {
          theme.set(wish);
          if (wish === "system") delete document.documentElement.dataset.theme;
          else document.documentElement.dataset.theme = wish;
        },
      ),
      element("h2", {}, "Read events out (screen readers)"),
      choices(
        [
          ["on", "On"],
          ["off", "Off"],
        ],
        announcing.get() ? "on" : "off",
        (wish) => announcing.set(wish === "on"),
      ),
      element(
        "div",
        { class: "menu-list" },
        ...(room?.features?.packets
          ? [button("Save packets (pcapng)", () => (close(), savePackets(room)), { class: "link" })]
          : []),
        element("a", { class: "link", href: "/learn/", target: "_blank", rel: "noopener" }, "The course on one page"),
        element("a", { class: "link", href: "/learn/glossary", target: "_blank", rel: "noopener" }, "Words"),
        ...(classLine ? [classLine] : []),
        button("About Wireside", () => (close(), showAbout()), { class: "link" }),
        button("Keyboard", () => (close(), openKeys()), { class: "link" }),
        element("a", { class: "link", href: "/", target: "_blank", rel: "noopener" }, "Open a new room"),
      ),
    ),
  ];
}

/** @param {string[][]} options @param {string} chosen @param {(wish: string) => void} choose */
function choices(options, chosen, choose) {
  const group = element("div", { class: "choices", role: "group" });
  for (const [wish, label] of options) {
    const one = button(
      label,
      () => {
        choose(wish);
        for (const other of group.children) other.setAttribute("aria-pressed", String(other === one));
      },
      { "aria-pressed": String(wish === chosen) },
    );
    group.append(one);
  }
  return group;
}
