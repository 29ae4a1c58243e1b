// Each machine's part of the menu "Wire…": its cable, its experiments, and a fresh network.
import { button, element } from "../base/element.js";
import { refusal } from "./wire-words.js";

/** Each try waits twice as long as the one before, from 1 s on. @type {[number, string][]} */
const RETRIES = [1, 2, 3, 4, 5, 6].map((count) => [count, `${count}: gives up after ${2 ** (count + 1) - 1} s`]);

/** @type {[number, string][]} */
const COOKIES = [
  [0, "never"],
  [1, "when its queue is full"],
  [2, "always"],
];

/** @type {[number, string][]} */
const OVERFLOW = [
  [0, "stays silent"],
  [1, "breaks off with RST"],
];

const PATIENT = "While the wire is held no kernel gives up. Let all through first.";

export class MachineSettings {
  #room;
  /** @type {Map<number, { root: HTMLElement, update: () => void }>} */
  #machines = new Map();
  root = element("div", { class: "wire-menu-machines" });

  /** @param {import("../client/room.js").Room} room */
  constructor(room) {
    this.#room = room;
    this.update();
  }

  /** Machines come and go, and others may change them too. */
  update() {
    const hosts = this.#room.hosts.toSorted((a, b) => placeOf(a) - placeOf(b));
    for (const [id, { root }] of this.#machines) {
      if (hosts.some((host) => host.id === id)) continue;
      root.remove();
      this.#machines.delete(id);
    }
    for (const host of hosts) {
      if (!this.#machines.has(host.id)) this.#add(host);
      this.#machines.get(host.id)?.update();
    }
  }

  /** @param {import("../client/wireside.js").Host} host */
  #add(host) {
    const said = element("p", { class: "wire-menu-said", role: "status" });
    const cable = this.#cable(host, said);
    const experiments = host.readyMade ? null : this.#trials(host, said);
    const name = element("h3", { dir: "auto" }, host.name, " ", element("span", { class: "mono soft" }, host.address));
    // No landmark: the page has one of this name already.
    const root = element(
      "div",
      { class: "wire-menu-machine", role: "group", "aria-label": host.name },
      element("div", { class: "wire-menu-head" }, name, cable.root),
      experiments?.root,
      said,
    );
    const update = () => {
      cable.update();
      experiments?.update();
    };
    this.#machines.set(host.id, { root, update });
    this.root.append(root);
  }

  /** The machine as it is now. @param {number} id @returns {import("../client/wireside.js").Host | undefined} */
  #hostOf(id) {
    return this.#room.hosts.find((host) => host.id === id);
  }

  /** @param {import("../client/wireside.js").Host} host @param {HTMLElement} said */
  #cable({ id, name }, said) {
    const plugged = () => this.#hostOf(id)?.cable !== false;
    const turn = () => {
      const wish = !plugged();
      this.#try(said, () => this.#room.cable(id, wish), () => cableWords(name, wish));
    };
    const root = button("", turn, { class: "button wire-menu-cable" });
    const update = () => {
      root.textContent = plugged() ? "Cut the cable" : "Mend the cable";
      root.setAttribute("aria-label", `${root.textContent} of ${name}`);
      root.classList.toggle("cut", !plugged());
    };
    return { root, update };
  }

  /** @param {import("../client/wireside.js").Host} host @param {HTMLElement} said */
  #trials(host, said) {
    const retries = this.#choice(host, said, "SynRetries", "SYN retries", RETRIES);
    const overflow = this.#choice(host, said, "AbortOnOverflow", "Full queue", OVERFLOW);
    const cookies = this.#choice(host, said, "SynCookies", "SYN cookies", COOKIES);
    const choices = [retries, overflow, cookies];
    const patient = element("p", { class: "wire-menu-note soft" }, PATIENT);
    const renew = () =>
      this.#try(
        said,
        () => this.#room.freshNetwork(host.id),
        () => `${host.name} has a fresh network. Sockets it had are gone.`,
      );
    const update = () => {
      const held = Boolean(this.#room.wire.settings?.held);
      patient.hidden = !held;
      retries.select.disabled = held;
      for (const choice of choices) choice.update();
    };
    const fresh = button("Fresh network", renew, { "aria-label": `Fresh network for ${host.name}`, "aria-describedby": `wire-fresh-${host.id}` });
    const note = `Every socket of ${host.name} is gone at once, TIME_WAIT included; its experiments stay as they are set.`;
    const root = element(
      "details",
      { class: "wire-menu-trials" },
      element("summary", {}, "Experiments"),
      ...choices.map((choice) => choice.root),
      patient,
      element("p", { class: "wire-menu-note soft", id: `wire-fresh-${host.id}` }, note),
      fresh,
    );
    return { root, update };
  }

  /** @param {import("../client/wireside.js").Host} host @param {HTMLElement} said @param {import("../client/web.js").Sysctl} setting @param {string} label @param {[number, string][]} values */
  #choice(host, said, setting, label, values) {
    const id = `wire-${setting}-${host.id}`;
    const select = /** @type {HTMLSelectElement} */ (element("select", { class: "field", id }));
    for (const [value, text] of values) select.append(element("option", { value }, text));
    const update = () => {
      const now = this.#hostOf(host.id)?.sysctls?.[setting];
      // A value that is not among those offered was set by a program of somebody's own.
      const offered = values.some(([value]) => value === now);
      select.value = offered ? String(now) : "";
    };
    select.addEventListener("change", () => {
      const value = Number(select.value);
      const done = () => `${host.name}, ${label}: ${select.selectedOptions[0]?.text ?? value}.`;
      this.#try(said, () => this.#room.sysctl(host.id, setting, value), done).then(update);
    });
    const root = element("div", { class: "wire-menu-row" }, element("label", { for: id }, label), select);
    return { root, select, update };
  }

  /** @param {HTMLElement} said @param {() => Promise<unknown>} command @param {() => string} done */
  async #try(said, command, done) {
    said.classList.remove("wrong");
    try {
      await command();
      said.textContent = done();
    } catch (error) {
      said.classList.add("wrong");
      said.textContent = refusal(error);
    }
    said.scrollIntoView({ block: "nearest" });
  }
}

/** In the order of the lines in the drawing. @param {import("../client/wireside.js").Host} host */
function placeOf({ name, readyMade }) {
  if (readyMade) return 2;
  return name === "server" ? 1 : 0;
}

/** @param {string} name @param {boolean} plugged */
function cableWords(name, plugged) {
  return plugged ? `${name} is on the wire again.` : `The cable of ${name} is cut: nothing reaches it or leaves it.`;
}
