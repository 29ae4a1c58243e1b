// The wire's head: its title, one sentence about its state, Hold, the list; and the machines' names, which stay.
import { announce } from "../base/announce.js";
import { number } from "../base/counted.js";
import { button, element, reconcile } from "../base/element.js";
import { OtherMachines } from "./other-machines.js";
import { WireMenu } from "./wire-menu.js";
import { endedByRule, HELD_TOO_LONG, heldWords, refusal, settingsWords } from "./wire-words.js";

/** What the button says; the middle is left out where there is little room. */
const HOLD = ["Hold", " the wire", ""];
const LET_THROUGH = ["Let ", "all ", "through"];

/** Where a name or a call that waits stands. */
const PLACE = ["left", "width", "--row"];

/** @typedef {import("../client/web.js").Scene & { cards: import("./wire-words.js").HeldPacket[] }} DrawnWire what is drawn, and the packets held in it */
/** @typedef {{ count: number, took: number } | null} Slow a burst shown slowly: its events, and nanoseconds */

export class WireHead {
  #room;
  #view;
  #scale;
  #state = element("span", { class: "wire-state soft" }, "nothing has happened yet");
  #hold;
  #list;
  #menu;
  #title = element("h2", {}, "Wire");
  #shown = false;
  #said = "";
  #saidUntil = 0;
  /** The wire when it was said: what is said then holds no longer than that. */
  #saidOf = "";
  #held = false;
  /** Holding ended by itself, and nobody has held since. */
  #heldTooLong = false;
  narrow = false;
  root;
  /** The machines that are not drawn. */
  others;
  #labels = element("div", { class: "wire-labels" });
  names;

  /** @param {{ room: import("../client/room.js").Room, view: import("../client/web.js").View, scale: () => number, onlist: (shown: boolean) => void, onpick: () => void }} parts */
  constructor({ room, view, scale, onlist, onpick }) {
    this.#room = room;
    this.#scale = scale;
    this.#view = view;
    this.#hold = button(HOLD.join(""), () => this.toggleHold(), { class: "button wire-hold", "aria-pressed": "false" });
    this.#list = button("As a list", () => this.#toggle(onlist), { class: "link wire-as-list", "aria-pressed": "false" });
    this.#hold.replaceChildren(HOLD[0], long(HOLD[1]));
    this.#list.replaceChildren(long("As a "), "list");
    this.#menu = new WireMenu({ room, view });
    this.others = new OtherMachines(onpick);
    this.names = element("div", { class: "wire-names" }, this.#labels, this.others.button);
    this.root = element("header", { class: "wire-head" }, this.#title, this.#menu.button, this.#state, this.#list, this.#hold);
    this.update();
  }

  /** Whether this page may command the wire, and the server can. */
  get mayHold() {
    const { me, features } = this.#room;
    return me.role === "owner" && features.packets;
  }

  update() {
    const may = this.mayHold;
    this.#hold.hidden = !may;
    this.#menu.button.hidden = !may;
    // The menu's button says the same, for the eye.
    this.#title.classList.toggle("unseen", may);
    this.#menu.update();
  }

  /** @param {string} sentence for a few seconds */
  say(sentence) {
    this.#said = sentence;
    this.#saidUntil = performance.now() + 5000;
    this.#saidOf = stateOf(this.#view.wire());
  }

  async toggleHold() {
    if (!this.mayHold) return;
    // What the button says to whoever presses it: the wire may have changed since it was painted.
    const held = this.#hold.getAttribute("aria-pressed") === "true";
    try {
      await (held ? this.#room.wire.release() : this.#room.wire.hold());
    } catch (error) {
      this.say(refusal(error));
    }
  }

  /**
   * Makes Hold the page's one filled button. False where it is not what the lesson wants, or is not here.
   * @param {unknown} command `hold` or `release`
   */
  suggest(command) {
    const { held } = this.#view.wire();
    const mine = this.mayHold && ((command === "hold" && !held) || (command === "release" && held));
    this.#hold.classList.toggle("filled", mine);
    return mine && this.#hold.checkVisibility();
  }

  /** @param {(shown: boolean) => void} onlist */
  #toggle(onlist) {
    this.#shown = !this.#shown;
    this.#list.setAttribute("aria-pressed", String(this.#shown));
    const other = this.#shown ? "drawing" : "list";
    this.#list.replaceChildren(long("As a "), other);
    onlist(this.#shown);
  }

  /** @param {DrawnWire} scene @param {number} now nanoseconds @param {Slow} slow */
  draw(scene, now, slow) {
    this.narrow = scene.narrow;
    const wire = this.#view.wire();
    this.#noticeEnd(wire.held);
    const sentence = this.#sentence(scene, wire, slow);
    if (this.#state.textContent !== sentence) this.#state.textContent = sentence;
    this.#hold.setAttribute("aria-pressed", String(wire.held));
    if (this.#hold.textContent !== (wire.held ? LET_THROUGH : HOLD).join("")) {
      const [first, second, third] = wire.held ? LET_THROUGH : HOLD;
      this.#hold.replaceChildren(first, long(second), third);
    }
    this.#hold.classList.toggle("held", wire.held);
    this.#drawNames(scene);
  }

  /** Holding that ends by itself is said until somebody holds again. @param {boolean} held */
  #noticeEnd(held) {
    if (held === this.#held) return;
    this.#held = held;
    this.#heldTooLong = !held && endedByRule(this.#view);
    if (this.#heldTooLong) announce(HELD_TOO_LONG);
  }

  /** @param {DrawnWire} scene @param {import("../client/web.js").WireNow} wire @param {Slow} slow */
  #sentence(scene, wire, slow) {
    if (performance.now() < this.#saidUntil && this.#saidOf === stateOf(wire)) return this.#said;
    const settings = settingsWords(wire, this.#room.hosts);
    const doing = this.#doing(scene, wire, slow);
    if (doing && settings) return `${settings} · ${doing}`;
    const nothing = /** @type {any} */ (this.#room).recorded ? "" : "nothing has happened yet";
    return doing || settings || (scene.last === 0 || scene.height < 60 ? nothing : "");
  }

  /** @param {DrawnWire} scene @param {import("../client/web.js").WireNow} wire @param {Slow} slow */
  #doing(scene, wire, slow) {
    if (wire.held) return heldWords(wire.holding, scene);
    if (this.#heldTooLong) return HELD_TOO_LONG;
    return slow ? `${number(slow.count)} events in ${took(slow.took)}, shown slowly` : "";
  }

  /** @param {import("../client/web.js").Scene} scene */
  #drawNames({ lifelines, sticky, hidden, narrow }) {
    this.names.classList.toggle("narrow", narrow);
    this.names.classList.toggle("many", lifelines.length > 2);
    const rows = Math.max(0, ...sticky.map(({ row }) => row + 1));
    this.names.style.setProperty("--rows", String(rows));
    this.others.draw(hidden, lifelines);
    const wanted = [
      ...lifelines.map((line) => this.#name(line)),
      ...sticky.map((call) => this.#sticky(call)),
    ];
    reconcile(this.#labels, wanted, (kept, made) => {
      if (kept.textContent !== made.textContent) kept.replaceChildren(...made.childNodes);
      if (kept.title !== made.title) kept.title = made.title;
      for (const property of PLACE) kept.style.setProperty(property, made.style.getPropertyValue(property));
      kept.dataset.side = made.dataset.side;
    });
  }

  /** @param {import("../client/web.js").Lifeline} line */
  #name({ host, name, address, guest, left, wide, side, outside }) {
    const whole = outside ? "Everything outside the room" : [name, guest, address].filter(Boolean).join(" \u00b7 ");
    const made = element("div", { class: "wire-name", title: whole, data: { key: `${host}`, side: String(side) } }, element("b", { dir: "auto" }, name));
    this.#stand(made, left, wide);
    return made;
  }

  /** A call that waits, and began above what is seen. @param {import("../client/web.js").Sticky} call */
  #sticky({ call, host, text, left, wide, row }) {
    const made = element("span", { class: "wire-sticky", data: { key: `call${call}`, host: String(host) } }, text);
    this.#stand(made, left, wide);
    made.style.setProperty("--row", String(row));
    return made;
  }

  /** @param {HTMLElement} made @param {number} left @param {number} wide as the layout says */
  #stand(made, left, wide) {
    const scale = this.#scale();
    made.style.left = `${left * scale}px`;
    made.style.width = `${wide * scale}px`;
  }
}

/** @param {import("../client/web.js").WireNow} wire */
function stateOf({ held, holding, delay_ms: delay, loss }) {
  return [held, holding, delay, loss].join();
}

/** Text that is left out where there is little room. @param {string} text */
function long(text) {
  return element("span", { class: "wire-long" }, text);
}

/** @param {number} nanoseconds */
function took(nanoseconds) {
  const ms = nanoseconds / 1e6;
  if (ms < 10) return `${ms.toFixed(1)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.floor((ms / 1000) % 60)} s`;
}
