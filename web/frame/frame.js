// The frame: which machine stands at which side, which view shows on a small screen, and the order of regions.
import { element, find, reconcile } from "../base/element.js";
import { moodOf } from "./mood.js";
import { MachineSwitch, keepUp, pickButton } from "./machine-switch.js";
import { leftHost, rightHosts } from "./machines.js";
import { machineLabel, shortLabel } from "../base/people.js";

const NARROW = matchMedia("(max-width: 63.99rem)");
const SMALL = matchMedia("(max-width: 39.99rem)");

export class Frame {
  #room;
  #left;
  #right;
  #picker = find("#machine-picker");
  /** @type {number | null} the machine somebody picked for the right side */
  #picked = null;
  #moodOf;
  /** Machines that printed something while they were not on the screen, by their name. @type {Set<string>} */
  #news = new Set();
  #switches;
  /** Called when what is on the screen has changed. */
  onshow = () => {};
  /** Called when what a program of this page does has changed. */
  onprogram = () => {};

  /** @param {import("../program/workspace.js").WorkspaceContext} shared @param {(host: any) => { waiting: any[], sockets: any[] }} doing */
  constructor(shared, doing) {
    this.#room = shared.room;
    this.#moodOf = doing;
    this.#left = /** @type {import("./machine-pane.js").MachinePane} */ (find("#left machine-pane"));
    this.#right = /** @type {import("./machine-pane.js").MachinePane} */ (find("#right machine-pane"));
    const others = () =>
      new MachineSwitch(this.#room, {
        label: "Other machines",
        pick: (host) => this.#pick(host),
        moodOf: (host) => this.#nowOf(host),
        fresh: ({ name }) => this.#news.has(name),
      });
    this.#switches = { pane: others(), picker: others() };
    this.#left.attach(shared, this.#switches.pane);
    this.#right.attach(shared, this.#switches.pane);
    for (const pane of [this.#left, this.#right]) pane.onchange = () => this.onprogram();
    document.addEventListener("wireside-view", () => this.refresh());
    this.update();
    void this.#listen();
  }

  /** Remembers which machines print something that nobody sees. */
  async #listen() {
    const began = this.#room.snapshot.now;
    for await (const { kind, host, time } of this.#room.trace()) {
      if (kind !== "output" || time <= began || this.#news.has(host) || this.shows(host)) continue;
      this.#news.add(host);
      this.refresh();
    }
  }

  /** What a machine is doing. @param {import("./machines.js").Host} host */
  #nowOf(host) {
    const { waiting, sockets } = this.#moodOf(host);
    return moodOf(waiting, sockets);
  }

  /** The pane that shows a machine, or null. @param {string} name */
  paneOf(name) {
    return [this.#left, this.#right].find((pane) => pane.host?.name === name) ?? null;
  }

  get panes() {
    return [this.#left, this.#right];
  }

  /** The machine at the left. @returns {import("./machines.js").Host | null} */
  get leftHost() {
    return this.#left.host;
  }

  /** Brings a machine to the screen. @param {string} name */
  reveal(name) {
    const host = rightHosts(this.#room).find((one) => one.name === name);
    if (host) this.#pick(host);
    else showView("left");
    this.onshow();
  }

  /** Brings the consoles to the front of the machines that this page works on. */
  openByHand() {
    for (const pane of this.panes) pane.openByHand();
  }

  /** Whether a machine is on the screen now. @param {string} name */
  shows(name) {
    const pane = this.paneOf(name);
    return Boolean(pane && pane.offsetParent !== null);
  }

  /** @param {import("./machines.js").Host} host */
  #pick(host) {
    this.#picked = host.id;
    showView("right");
    this.update();
    this.onshow();
  }

  update() {
    const left = leftHost(this.#room);
    const choices = rightHosts(this.#room);
    const right = choices.find(({ id }) => id === this.#picked) ?? choices[0] ?? null;
    if (left) this.#left.show(left, [left]);
    if (right) this.#right.show(right, choices);
    // On a small screen the wire's view has them, the server's first: it is the one to start.
    const runners = [this.#right, this.#left].map((pane) => pane.workspace?.namedRunner).filter((node) => node != null);
    const row = find("#runners");
    if (row.children.length !== runners.length || runners.some((one, at) => row.children[at] !== one)) row.replaceChildren(...runners);
    row.hidden = runners.length === 0;
    this.#drawPicker(left, choices, right);
    this.refresh();
  }

  /** Only what the machines are doing. */
  refresh() {
    for (const pane of [this.#left, this.#right]) {
      if (!pane.host) continue;
      const { waiting, sockets } = this.#moodOf(pane.host);
      pane.update(moodOf(waiting, sockets), sockets);
    }
    for (const name of this.#news) if (this.shows(name)) this.#news.delete(name);
    for (const button of document.querySelectorAll("[data-dot]")) this.#drawDot(/** @type {HTMLElement} */ (button));
    for (const others of Object.values(this.#switches)) others.mark();
  }

  /** @param {HTMLElement} button */
  #drawDot(button) {
    const host = this.#room.hosts.find((/** @type {{ id: number }} */ { id }) => String(id) === button.dataset.dot);
    if (!host) return;
    const { mood, words } = this.#nowOf(host);
    const dot = button.querySelector(".dot");
    if (dot instanceof HTMLElement) {
      if (mood) dot.dataset.mood = mood;
      else delete dot.dataset.mood;
    }
    const fresh = this.#news.has(host.name);
    button.toggleAttribute("data-news", fresh);
    const label = [machineLabel(this.#room, host), words, fresh ? "something new was printed" : ""].filter(Boolean).join(", ");
    if (button.getAttribute("aria-label") !== label) button.setAttribute("aria-label", label);
  }

  /** @param {any} left @param {any[]} choices @param {any} right */
  #drawPicker(left, choices, right) {
    const side = document.body.dataset.machine;
    const tabs = [];
    if (left) tabs.push(pickButton(this.#room, left, side === "left", () => (showView("left"), this.update(), this.onshow())));
    if (right) tabs.push(pickButton(this.#room, right, side === "right", () => this.#pick(right)));
    const others = choices.filter(({ id }) => id !== right?.id);
    reconcile(this.#picker, [...tabs, ...this.#switches.picker.buttons(others)], keepUp);
    this.#drawViews(left, right);
  }

  /** @param {any} left @param {any} right */
  #drawViews(left, right) {
    for (const [view, host] of [["left", left], ["right", right]]) {
      if (!host) continue;
      const button = find(`#views [data-view="${view}"]`);
      const name = shortLabel(this.#room, host);
      if (button.dataset.dot === String(host.id) && button.dataset.name === name) continue;
      Object.assign(button.dataset, { dot: host.id, name });
      button.replaceChildren(element("span", { class: "dot" }), element("span", { class: "pick-name", dir: "auto" }, name));
    }
  }
}

/** Whether the screen shows one view at a time. */
export function isSmall() {
  return SMALL.matches;
}

/** Shows one view on a small screen, and one machine on a middling one. @param {string} view wire, left, right, lesson */
export function showView(view) {
  document.body.dataset.view = view;
  if (view === "left" || view === "right") document.body.dataset.machine = view;
  for (const button of document.querySelectorAll("#views [data-view]")) {
    button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.view === view));
  }
}

/** @returns {{ id: string, show: () => void }[]} the regions of F6, in the order of the screen */
export function regions() {
  const region = (/** @type {string} */ id, /** @type {string} */ view) => ({ id, show: () => view && showView(view) });
  const all = [region("lesson", ""), region("left", "left"), region("wire", "wire"), region("right", "right")];
  return SMALL.matches ? [...all, region("lesson-view", "lesson")] : all;
}

/** Keeps the order of reading the order of the screen: on narrow screens the wire comes before the machines. */
export function followWidth() {
  const place = () => {
    const [frame, left, wire, picker] = ["#frame", "#left", "#wire", "#machine-picker"].map((id) => find(id));
    const before = NARROW.matches ? picker.nextElementSibling : wire;
    if (before === left) return;
    if (left.nextElementSibling === before) return;
    if ("moveBefore" in frame) /** @type {any} */ (frame).moveBefore(left, before);
    else frame.insertBefore(left, before);
  };
  place();
  NARROW.addEventListener("change", place);
}

for (const button of document.querySelectorAll("#views [data-view]")) {
  button.addEventListener("click", () => {
    showView(/** @type {HTMLElement} */ (button).dataset.view ?? "wire");
    document.dispatchEvent(new CustomEvent("wireside-view"));
  });
}
