// The menu "Wire…": what the wire does to every packet, and what each machine has of its own. For the owner.
import { announce } from "../base/announce.js";
import { number } from "../base/counted.js";
import { button, element } from "../base/element.js";
import { popover } from "../base/popover.js";
import { WIRE_DELAY_MS as DELAY } from "../py/vocabulary.js";
import { MachineSettings } from "./machine-settings.js";
import { savePackets } from "./packet-files.js";
import { percent, refusal, settingsWords } from "./wire-words.js";

/** Distance between the menu and its button, and to the edge of the window, pixels. */
const APART = 4;
const EDGE = 12;

const SMALL = matchMedia("(max-width: 39.99rem)");

export class WireMenu {
  #room;
  #view;
  /** @type {MachineSettings | null} */
  #machines = null;
  /** The button that opens it. */
  button = element("button", { type: "button", class: "link wire-menu-open", "aria-haspopup": "dialog" }, "Wire…");

  /** @param {{ room: import("../client/room.js").Room, view: import("../client/web.js").View }} parts */
  constructor({ room, view }) {
    this.#room = room;
    this.#view = view;
    this.button.title = "Delay, loss, cables, experiments";
    popover(this.button, { label: "Wire", class: "wire-menu", places: true, fill: (close) => this.#fill(close) });
  }

  /** The room is different now. */
  update() {
    if (this.#machines?.root.isConnected) this.#machines.update();
  }

  /** @param {() => void} close */
  #fill(close) {
    this.#machines = new MachineSettings(this.#room);
    const said = element("p", { class: "wire-menu-said", role: "status" });
    const save = button("Save packets (pcapng)", async () => say(said, await savePackets(this.#room)), { class: "link" });
    const closer = element("button", { type: "button", class: "link", on: { click: close } }, "Close");
    const content = element(
      "div",
      { class: "wire-menu-parts" },
      element("h2", {}, "Wire"),
      this.#settings(),
      this.#machines.root,
      said,
      element("footer", { class: "wire-menu-foot" }, save, closer),
    );
    requestAnimationFrame(() => place(/** @type {HTMLElement} */ (content.parentElement), this.button));
    return [content];
  }

  #settings() {
    const wire = this.#view.wire();
    const delay = field("wire-delay", wire.delay_ms, { inputmode: "numeric", max: DELAY, step: 1 });
    const loss = field("wire-loss", percent(wire.loss), { inputmode: "decimal", max: 100, step: 0.1 });
    const seed = field("wire-seed", wire.seed, { inputmode: "numeric", max: Number.MAX_SAFE_INTEGER, step: 1, "aria-describedby": "wire-seed-note" });
    const said = element("p", { class: "wire-menu-said", role: "status" });
    const form = element(
      "form",
      { class: "wire-menu-form", novalidate: true },
      row("Delay", "wire-delay", delay, "ms each way"),
      row("Loss", "wire-loss", loss, "%"),
      row("Seed", "wire-seed", seed, "of the losses"),
      element("p", { class: "wire-menu-note soft", id: "wire-seed-note" }, "The same seed loses the same packets. Set begins it anew."),
      element(
        "div",
        { class: "wire-menu-buttons" },
        element("button", { class: "button" }, "Set"),
        element("button", { type: "button", class: "link", on: { click: () => this.#plain({ delay, loss, said }) } }, "No delay, no loss"),
      ),
      said,
    );
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit({ delay, loss, seed, said });
    });
    return form;
  }

  /** @param {Record<string, any>} parts */
  #plain({ delay, loss, said }) {
    for (const input of [delay, loss]) {
      input.value = "0";
      input.removeAttribute("aria-invalid");
    }
    this.#set({ delay: 0, loss: 0 }, said);
  }

  /** @param {Record<string, any>} parts */
  #submit({ delay, loss, seed, said }) {
    const wrong = [
      check(delay, DELAY, true, `Delay is a whole number from 0 to ${number(DELAY)} ms.`),
      check(loss, 100, false, "Loss is 0 to 100 %."),
      check(seed, Number.MAX_SAFE_INTEGER, true, "The seed is a whole number from 0."),
    ].find(Boolean);
    if (wrong) {
      say(said, wrong.sentence, true);
      wrong.input.focus();
      return;
    }
    this.#set({ delay: Number(delay.value), loss: Number(loss.value) / 100, seed: Number(seed.value) }, said);
  }

  /** @param {{ delay: number, loss: number, seed?: number }} settings @param {HTMLElement} said */
  async #set(settings, said) {
    try {
      await this.#room.wire.set(settings);
      const words = settingsWords({ delay_ms: settings.delay, loss: settings.loss }, []);
      say(said, words ? `Set: ${words}.` : "Set: no delay, no loss.");
      if (!said.isConnected) announce(said.textContent ?? "");
    } catch (error) {
      say(said, refusal(error), true);
    }
  }
}

/** A field for a number. @param {string} id @param {number} value @param {Record<string, any>} properties */
function field(id, value, properties) {
  return /** @type {HTMLInputElement} */ (
    element("input", { type: "number", class: "field mono", id, value, min: 0, autocomplete: "off", ...properties })
  );
}

/** @param {string} name @param {string} id @param {HTMLElement} input @param {string} unit */
function row(name, id, input, unit) {
  const label = element("label", { for: id }, name, element("span", { class: "unseen" }, `, ${unit}`));
  return element("div", { class: "wire-menu-row" }, label, input, element("span", { class: "soft", "aria-hidden": "true" }, unit));
}

/**
 * @param {HTMLInputElement} input @param {number} most @param {boolean} whole @param {string} sentence
 * @returns {{ input: HTMLInputElement, sentence: string } | null}
 */
function check(input, most, whole, sentence) {
  const value = input.valueAsNumber;
  const fine = value >= 0 && value <= most && (!whole || Number.isInteger(value));
  if (fine) input.removeAttribute("aria-invalid");
  else input.setAttribute("aria-invalid", "true");
  return fine ? null : { input, sentence };
}

/** @param {HTMLElement} said @param {string} sentence @param {boolean} [wrong] */
export function say(said, sentence, wrong = false) {
  said.classList.toggle("wrong", wrong);
  said.textContent = sentence;
}

/** Stands under its button, within the window; on a phone the stylesheet has its place. @param {HTMLElement} panel @param {HTMLElement} anchor */
function place(panel, anchor) {
  for (const property of ["left", "top", "max-height"]) panel.style.removeProperty(property);
  if (SMALL.matches) return;
  const { left, bottom } = anchor.getBoundingClientRect();
  const rightmost = document.documentElement.clientWidth - panel.offsetWidth - EDGE;
  panel.style.left = `${Math.max(EDGE, Math.min(left, rightmost))}px`;
  panel.style.top = `${bottom + APART}px`;
  panel.style.maxHeight = `calc(100dvh - ${bottom + APART + EDGE}px)`;
}
