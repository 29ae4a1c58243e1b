// One machine's column. Shows one machine at a time; every machine keeps a workspace of its own while others show.
import "./socket-list.js";
import { find, reconcile } from "../base/element.js";
import { MachineSwitch, keepUp, nameOf } from "./machine-switch.js";
import { controls, isMine, keeperOf, partOf } from "./machines.js";
import { machineLabel } from "../base/people.js";
import { Workspace } from "../program/workspace.js";
import { RecordedWorkspace } from "../program/recorded-workspace.js";
import { WatchedWorkspace } from "../program/watched-workspace.js";

/** @typedef {import("./machines.js").Host} Host */

export class MachinePane extends HTMLElement {
  /** @type {import("../program/workspace.js").WorkspaceContext | null} */
  #shared = null;
  /** @type {Host | null} */
  #host = null;
  /** @type {Map<number, Workspace | WatchedWorkspace | RecordedWorkspace>} */
  #workspaces = new Map();
  /** @type {MachineSwitch | null} */
  #switch = null;
  /** Called when what a program does is different now. */
  onchange = () => {};

  /** @param {import("../program/workspace.js").WorkspaceContext} shared @param {MachineSwitch} others leads to the machines that are not here */
  attach(shared, others) {
    this.#shared = shared;
    this.#switch = others;
  }

  /** Only once it has been begun with a room. */
  get #room() {
    return /** @type {import("../program/workspace.js").WorkspaceContext} */ (this.#shared).room;
  }

  get host() {
    return this.#host;
  }

  /** The workspace of the machine that shows, or null while there is none. */
  get workspace() {
    return this.#host ? (this.#workspaces.get(this.#host.id) ?? null) : null;
  }

  /** The console of the machine that shows, or null while there is none. @returns {any} */
  get console() {
    return this.workspace?.console ?? null;
  }

  /** The workspace, where programs of this page run on it. @returns {Workspace | null} */
  get #own() {
    return this.workspace instanceof Workspace ? this.workspace : null;
  }

  /** Runs a program of this machine. @param {string} [file] */
  async run(file) {
    if (!this.#own) throw new Error("no program of this page runs on that machine");
    return this.#own.run(file);
  }

  /** Stops a program; resolves when it has ended, with whether one ran. @param {string} [file] */
  async stop(file) {
    return (await this.#own?.stop(file)) ?? false;
  }

  /** Stops the room's browser, if it is the program of this number; whether it was. @param {number} program */
  stopBrowser(program) {
    return this.#own?.stopBrowser(program) ?? false;
  }

  /** Puts a program on this machine; the name it got. @param {string} file @param {string} source @param {{ keep?: boolean }} [options] */
  async put(file, source, options) {
    return (await this.#own?.put(file, source, options)) ?? file;
  }

  /** Brings the console to the front. */
  openByHand() {
    this.#own?.openByHand();
  }

  /** Makes a line the next thing to do in the console, or not; answers whether it can be seen there. @param {string | null} line */
  suggestLine(line) {
    return this.#own?.suggestLine(line) ?? false;
  }

  /** Puts a line at the console's prompt. @param {string} line */
  fillLine(line) {
    this.#own?.fillLine(line);
  }

  /** Makes Run the next thing to do, or not; answers whether it can be seen and pressed. @param {string | null} file */
  suggestRun(file) {
    return this.#own?.suggestRun(file) ?? false;
  }

  /** Marks the lines of code that belong to what is raised on the wire. @param {import("../base/code-light.js").CodeLine[]} lines */
  light(lines) {
    for (const workspace of this.#workspaces.values()) workspace.light(lines);
  }

  /** Where a line of code is in the window, if it can be seen there. @param {import("../base/code-light.js").CodeLine} line */
  boxOf(line) {
    return this.workspace?.boxOf(line) ?? null;
  }

  /** @param {Host} host @param {Host[]} choices machines that can stand here, this one among them */
  show(host, choices) {
    const changed = this.#host?.id !== host.id;
    this.#host = host;
    this.#drawName(host);
    setText(find(".machine-address", this), host.address);
    if (changed) this.#showWorkspace(host);
    this.#drawSwitch(host, choices);
  }

  /** @param {Host} host */
  #drawName(host) {
    const name = find(".machine-name", this);
    const words = isMine(this.#room, host) ? host.name : machineLabel(this.#room, host);
    if (name.dataset.name === words) return;
    name.dataset.name = words;
    name.replaceChildren(...(words === host.name ? [host.name] : [nameOf(this.#room, host)]));
  }

  /** @param {Host} host */
  #showWorkspace(host) {
    const workspace = this.#workspaces.get(host.id) ?? this.#newWorkspace(host);
    for (const [id, one] of this.#workspaces) one.body.hidden = id !== host.id;
    find(".machine-files", this).replaceChildren(workspace.tabs);
    find(".machine-run", this).replaceChildren(workspace.runner);
  }

  /** @param {Host} host */
  #newWorkspace(host) {
    const shared = /** @type {import("../program/workspace.js").WorkspaceContext} */ (this.#shared);
    const body = find(".machine-body", this);
    // The first machine takes the console that the page came with.
    const vacant = this.#workspaces.size === 0 ? body.querySelector("call-console") : null;
    const console = /** @type {HTMLElement} */ (vacant ?? document.createElement("call-console"));
    const readOnly = !controls(shared.room, host);
    const workspace = /** @type {any} */ (shared.room).recorded
      ? new RecordedWorkspace(shared, host, console)
      : readOnly
        ? new WatchedWorkspace(shared, host, console)
        : new Workspace(shared, host, partOf(shared.room, host), console);
    workspace.onchange = () => this.onchange();
    if (this.#workspaces.size === 0) body.replaceChildren();
    body.append(workspace.body);
    this.#workspaces.set(host.id, workspace);
    /** @type {import("../console/call-console.js").CallConsole} */ (console).attach?.({ room: shared.room, host: /** @type {import("../client/wireside.js").Host} */ (host), view: shared.view, readOnly });
    return workspace;
  }

  /** @param {Host} host @param {Host[]} choices */
  #drawSwitch(host, choices) {
    const row = find(".machine-switch", this);
    row.hidden = choices.length < 2;
    if (row.hidden) return;
    const others = choices.filter(({ id }) => id !== host.id);
    reconcile(row, this.#switch?.buttons(others) ?? [], keepUp);
  }

  /** @param {{ mood: string, words: string }} mood @param {import("./socket-list.js").SocketRow[]} sockets */
  update(mood, sockets) {
    if (!this.#host) return;
    const state = find(".machine-state", this);
    const now = this.workspace?.mood ?? mood;
    if (now.mood === "waiting") {
      state.dataset.mood = "waiting";
      setText(state, now.words);
    } else if (/** @type {any} */ (this.#room).recorded) {
      delete state.dataset.mood;
      setText(state, "");
    } else if (!controls(this.#room, this.#host)) {
      state.dataset.mood = "watching";
      // A guest's name stands in the machine's own.
      setText(state, this.#host.guest == null ? `run by ${keeperOf(this.#room, this.#host)}` : "a guest's machine");
    } else {
      delete state.dataset.mood;
      setText(state, "");
    }
    /** @type {import("./socket-list.js").SocketList} */ (find("socket-list", this)).show?.(this.#host.name, sockets);
  }
}

/** @param {HTMLElement} target @param {string} text */
function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

customElements.define("machine-pane", MachinePane);
