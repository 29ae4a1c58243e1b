// The wire's head: its title, one sentence about its state, Hold, the list; and the machines' names, which stay.
import { announce } from "/page/announce.js";
import { button, element, reconcile } from "/page/element.js";
import { WireMenu } from "./wire-menu.js";
import { endedByRule, HELD_TOO_LONG, heldWords, refusal, settingsWords } from "./wire-words.js";

/** What the button says; the middle is left out where there is little room. */
const HOLD = ["Hold", " the wire", ""];
const LET_THROUGH = ["Let ", "all ", "through"];

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
  names = element("div", { class: "wire-names" });

  /** @param {{ room: any, view: any, scale: number, onlist: (shown: boolean) => void }} parts */
  constructor({ room, view, scale, onlist }) {
    this.#room = room;
    this.#scale = scale;
    this.#view = view;
    this.#hold = button(HOLD.join(""), () => this.toggleHold(), { class: "button wire-hold", "aria-pressed": "false" });
    this.#list = button("As a list", () => this.#toggle(onlist), { class: "link wire-as-list", "aria-pressed": "false" });
    this.#hold.replaceChildren(HOLD[0], long(HOLD[1]));
    this.#list.replaceChildren(long("As a "), "list");
    this.#menu = new WireMenu({ room, view });
    this.root = element("header", { class: "wire-head" }, this.#title, this.#menu.button, this.#state, this.#list, this.#hold);
    this.update();
  }

  /** Whether this page may command the wire, and the server can. */
  get mayHold() {
    const { me, features, wire } = this.#room;
    return Boolean(wire?.hold && me?.role === "owner" && features?.packets !== false && features?.hold !== false);
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
    const { held } = this.#view.wire();
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

  /** @param {any} scene @param {number} now nanoseconds @param {number} slow nanoseconds of a burst shown slowly */
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
    this.#drawNames(scene, now);
  }

  /** Holding that ends by itself is said until somebody holds again. @param {boolean} held */
  #noticeEnd(held) {
    if (held === this.#held) return;
    this.#held = held;
    this.#heldTooLong = !held && endedByRule(this.#view);
    if (this.#heldTooLong) announce(HELD_TOO_LONG);
  }

  /** @param {any} scene @param {any} wire @param {number} slow */
  #sentence(scene, wire, slow) {
    if (performance.now() < this.#saidUntil && this.#saidOf === stateOf(wire)) return this.#said;
    const settings = settingsWords(wire, this.#room.hosts);
    const doing = this.#doing(scene, wire, slow);
    if (doing && settings) return `${settings} · ${doing}`;
    return doing || settings || (scene.last === 0 || scene.height < 60 ? "nothing has happened yet" : "");
  }

  /** @param {any} scene @param {any} wire @param {number} slow */
  #doing(scene, wire, slow) {
    if (wire.held) return heldWords(wire.holding, scene);
    if (this.#heldTooLong) return HELD_TOO_LONG;
    return slow > 0 ? `took ${took(slow)}, shown slowly` : "";
  }

  /** @param {any} scene @param {number} now */
  #drawNames({ lifelines, sticky, hidden, narrow }, now) {
    this.names.classList.toggle("narrow", narrow);
    const wanted = lifelines.map((/** @type {any} */ { host, name, x, side, outside }) => {
      const waits = sticky.filter((/** @type {any} */ call) => call.host === host && !outside);
      const lines = waits.map((/** @type {any} */ { text, since }) =>
        element("span", { class: "wire-sticky" }, `${text} ${took(now - since)}`),
      );
      const made = element("div", { class: "wire-name", data: { key: `${host}`, side: String(side) } }, element("b", {}, name), ...lines);
      this.#stand(made, x * this.#scale, side, narrow);
      return made;
    });
    if (hidden.length > 0) wanted.push(this.#hidden(hidden));
    reconcile(this.names, wanted, (kept, made) => {
      if (kept.textContent !== made.textContent) kept.replaceChildren(...made.childNodes);
      for (const property of ["left", "right", "transform"]) kept.style.setProperty(property, made.style.getPropertyValue(property));
    });
  }

  /** @param {HTMLElement} made @param {number} x @param {number} side @param {boolean} narrow */
  #stand(made, x, side, narrow) {
    if (narrow && side < 0) made.style.left = "0";
    else if (narrow) made.style.right = "0";
    else {
      made.style.left = `${x}px`;
      made.style.transform = "translateX(-50%)";
    }
  }

  /** @param {any[]} hidden */
  #hidden(hidden) {
    const text = hidden.map(({ name, count }) => `${name} ${count}`).join(", ");
    return element("div", { class: "wire-hidden", data: { key: "hidden" } }, `+ ${text}`);
  }
}

/** @param {any} wire */
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
