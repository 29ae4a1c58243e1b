// The top bar: who is here, what you are called, Share, and the ··· menu.
import { showAbout } from "/page/about.js";
import { announcing, personName, theme } from "/page/storage.js";
import { button, element, find } from "/page/element.js";
import { openKeys } from "/page/keyboard.js";
import { popover } from "/page/popover.js";
import { openShare } from "/page/share-dialog.js";
import { savePackets } from "/wire/packet-files.js";

/** Longest name of a person, in Unicode scalar values (`limits::NAME`). */
const NAME_LENGTH = 32;

export class TopBar {
  #people = find("#people");
  #you = find("#you");
  #share = /** @type {HTMLButtonElement} */ (find("#share"));
  /** @type {any} */
  #room = null;
  /** The link of a copy of what is on the page. @type {() => Promise<string>} */
  #copy = () => Promise.reject(new Error("no room is open"));

  constructor() {
    popover(this.#people, { label: "People", fill: (close) => [this.#peopleList(), ...this.#renameForm(close)] });
    popover(this.#you, { label: "You", fill: (close) => this.#renameForm(close) });
    popover(find("#menu"), { label: "More", fill: (close) => menu(close, this.#room) });
    this.#share.addEventListener("click", () => void this.#openShare());
  }

  async #openShare() {
    const sharing = { links: this.#room.links, owner: this.#room.me.role === "owner" };
    try {
      openShare({ ...sharing, copy: await this.#copy(), why: "" });
    } catch (error) {
      openShare({ ...sharing, copy: null, why: /** @type {Error} */ (error).message });
    }
  }

  /** @param {any} room @param {() => Promise<string>} copy the link of a copy of what is on the page */
  attach(room, copy) {
    this.#room = room;
    this.#copy = copy;
    this.#share.disabled = false;
    this.update();
  }

  update() {
    const { members, me } = this.#room;
    this.#people.hidden = members.length < 2;
    this.#people.textContent = `${members.length} here`;
    const mine = members.find((/** @type {any} */ { id }) => id === me.id);
    this.#you.textContent = (me.role === "viewer" ? "watching" : mine?.name) || "you";
    this.#you.title = "You: change your name";
  }

  #peopleList() {
    const { members, me, hosts } = this.#room;
    return element(
      "ul",
      { class: "people-list" },
      ...members.map((/** @type {any} */ member) =>
        element(
          "li",
          {},
          element("span", { dir: "auto" }, `${member.name}${member.id === me.id ? " (you)" : ""}`),
          element("span", { class: "soft" }, placeOf(member, hosts)),
        ),
      ),
    );
  }

  /** @param {() => void} close */
  #renameForm(close) {
    const { members, me } = this.#room ?? { members: [], me: null };
    const mine = members.find((/** @type {any} */ { id }) => id === me?.id);
    const field = /** @type {HTMLInputElement} */ (
      element("input", { class: "field", id: "name", value: mine?.name ?? personName.get(), maxlength: NAME_LENGTH, autocomplete: "nickname", dir: "auto" })
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
      if (name) {
        personName.set(name);
        this.#room?.rename(name);
      }
      close();
    });
    return [form];
  }
}

/** @param {any} member @param {any[]} hosts */
function placeOf(member, hosts) {
  if (member.role === "viewer") return "watching";
  if (member.role === "owner") return "owner";
  const host = hosts.find(({ id, name }) => id === member.host || name === member.host);
  return host ? `guest on ${host.name}` : "guest";
}

/** @param {() => void} close @param {any} room none while no room is open */
function menu(close, room) {
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
