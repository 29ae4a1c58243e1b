// What one machine's column works with: programs in tabs, the call console beside them, and the button that runs what
// is open. It hands out three pieces (tabs, button, body); where they stand is the column's affair.
import { element, find } from "../base/element.js";
import { firstFile, load } from "./catalogue.js";
import { MOST_FILES, isFileName } from "./code-store.js";
import { FileMenu, freeName } from "./file-menu.js";
import { namesLike } from "./file-names.js";
import { ProgramPane, endWords } from "./program-pane.js";
import { RunButton } from "./run-button.js";
import { SourceShare } from "./source-share.js";
import { TabRow } from "./tab-row.js";

/** The console's tab. */
export const BY_HAND = "By hand";
/** The file that takes what cannot be done there. */
const BY_HAND_FILE = "by-hand.py";
/** How long a deletion can be undone, milliseconds. */
const UNDO_MS = 10_000;

/**
 * @typedef {object} Surroundings what all desks share
 * @property {any} room
 * @property {any} view
 * @property {{ now: () => number }} clock
 * @property {import("./code-store.js").CodeStore} store
 * @property {import("./python-state.js").PythonState} python
 * @property {Map<string, Desk>} [desks] those where this page runs programs, by their machines' names
 */

export class Desk {
  #shared;
  #host;
  #part;
  /** @type {Map<string, ProgramPane>} */
  #programs = new Map();
  #tabs = new TabRow((name) => this.open(name));
  /** In the machine's head, and on small screens above the wire. @type {RunButton[]} */
  #runs;
  /** The file that Run runs. */
  #file = "";
  /** What was suggested last. */
  #suggested = "";
  /** Its files are here. */
  #begun = false;
  /** @type {Promise<void>} */
  #ready;
  #menu;
  #share;
  console;
  body = element("div", { class: "desk" });
  /** What a program does is different now. */
  onchange = () => {};

  /** @param {Surroundings} shared @param {{ id: number, name: string }} host @param {string} part @param {HTMLElement} console */
  constructor(shared, host, part, console) {
    this.#shared = shared;
    (shared.desks ??= new Map()).set(host.name, this);
    this.#host = host;
    this.#part = part;
    this.console = /** @type {any} */ (console);
    this.#runs = [false, true].map((named) => new RunButton({ machine: host.name, toggle: () => this.toggle(), named }));
    this.body.append(console);
    // A line that a lesson carries out is seen where it is carried out.
    console.addEventListener("wireside-line", () => this.open(BY_HAND));
    console.addEventListener("wireside-program", (event) => {
      void this.put(BY_HAND_FILE, /** @type {CustomEvent} */ (event).detail.source, { keep: true }).catch((error) => this.#say(error.message));
    });
    this.#menu = new FileMenu(this, part, host.name);
    for (const node of this.#menu.nodes) this.#tabs.end(node);
    this.#tabs.onmenu = (name) => {
      this.open(name);
      this.#menu.open();
    };
    shared.python.onchange(() => this.#update());
    shared.room.on("connection", () => this.#update());
    this.#share = new SourceShare(shared.room, host.name);
    this.#share.onchange = (file, text, by) => this.#changedBy(file, text, by);
    this.#ready = this.#begin();
  }

  /** The row of tabs. */
  get tabs() {
    return this.#tabs.node;
  }

  /** The button, and the line that shows how far Python is. */
  get runner() {
    return this.#runs[0].node;
  }

  /** The same with the machine's name on it, to stand elsewhere. */
  get namedRunner() {
    return this.#runs[1].node;
  }

  /** What the program does that was started last, for the machine's head; null when nothing runs. @returns {{ mood: "waiting" | "running", words: string } | null} */
  get mood() {
    const running = [...this.#programs.values()].find(({ control }) => control.isRunning);
    const doing = running?.control.doing;
    if (doing?.state === "waiting") return { mood: "waiting", words: `waiting in ${doing.call}()` };
    if (doing?.state === "input") return { mood: "waiting", words: "waiting for input" };
    return null;
  }

  async #begin() {
    const kept = this.#shared.store.machine(this.#part);
    const files = await this.#filesOf(kept);
    for (const { file, text, original } of files) this.#add(file, text, original);
    this.#begun = true;
    this.#file = files.find(({ file }) => file === kept?.open)?.file ?? files[0].file;
    await this.#shared.python.known;
    this.open(kept?.open === BY_HAND || !this.#shared.python.ok ? BY_HAND : this.#file);
    void this.#listen();
  }

  /**
   * What stood here the last time, and at the first visit the tutorial's program.
   * @param {import("./code-store.js").Machine | null} kept
   * @returns {Promise<{ file: string, text: string, original: string | null }[]>}
   */
  async #filesOf(kept) {
    const files = Object.entries(kept?.files ?? {});
    // Code that was kept before it was said what of it is untouched can be the tutorial's own.
    const first = firstFile(this.#part);
    const text = kept?.untouched && files.length > 0 ? "" : await load(first.path);
    if (files.length === 0) return [{ file: first.file, text, original: text }];
    const untouched = kept?.untouched ?? files.filter((one) => one[1] === text).map(([file]) => file);
    return files.map(([file, text]) => ({ file, text, original: untouched.includes(file) ? text : null }));
  }

  /** What the others in the room do with the programs of this machine. */
  async #listen() {
    const { room } = this.#shared;
    /** Programs that run in other pages. @type {Map<number, string>} */
    const elsewhere = new Map();
    /** The newest text of each program: what it runs when it begins. @type {Map<string, string>} */
    const texts = new Map();
    for await (const event of room.trace()) {
      this.#share.passed(event);
      if (event.host !== this.#host.name) continue;
      const pane = this.#programs.get(event.name);
      if (event.kind === "source") {
        texts.set(event.name, event.text ?? "");
        this.#share.heard(event);
      } else if (event.kind !== "program") continue;
      else if (event.change === "ended" && elsewhere.delete(event.id)) pane?.runsElsewhere(null);
      else if (event.change === "began") {
        const text = texts.get(event.name);
        if (text !== undefined) pane?.ranAs(event.id, text);
        if (!event.by || event.member === room.me.id) continue;
        elsewhere.set(event.id, event.name);
        pane?.runsElsewhere(event.by);
      }
    }
  }

  /** @param {string} file @param {string} text @param {string} by */
  #changedBy(file, text, by) {
    const pane = this.#programs.get(file);
    if (pane) pane.changedBy(text, by);
    else if (isFileName(file) && this.#programs.size < MOST_FILES) this.#add(file, text, null);
  }

  /** @param {string} file @param {string} text @param {string | null} original what was put there and not typed, if that is known */
  #add(file, text, original) {
    const { room, view, clock, store } = this.#shared;
    const pane = new ProgramPane({ room, view, clock, store, host: this.#host, part: this.#part, file, text, original, runOn: (...there) => this.#elsewhere(...there) });
    pane.onchange = () => this.#update();
    pane.ontoggle = () => this.toggle(file);
    pane.ontext = (now) => this.#share.tell(file, now);
    this.#share.offer(file, text);
    this.#programs.set(file, pane);
    this.body.append(pane.node);
    this.#drawTabs();
  }

  /** What puts a file on another machine, beside what is somebody's own there, and runs it. @param {string} host @param {string} file @param {string} text */
  #elsewhere(host, file, text) {
    const desk = this.#shared.desks?.get(host);
    if (!desk) return null;
    return async () => {
      const name = await desk.put(file, text, { keep: true });
      await desk.run(name);
      return name;
    };
  }

  #drawTabs() {
    this.#tabs.show([...this.#programs.keys(), BY_HAND], this.#tabs.chosen || this.#file);
  }

  /** Brings a program or the console to the front. @param {string} name */
  open(name) {
    if (name !== BY_HAND) this.#file = name;
    this.console.hidden = name !== BY_HAND;
    for (const [file, pane] of this.#programs) pane.node.hidden = file !== name;
    this.#tabs.show([...this.#programs.keys(), BY_HAND], name);
    this.#menu.of(name === BY_HAND ? "" : name);
    this.#shared.store.open(this.#part, name);
    this.#share.front(name);
    this.#update();
  }

  /** Brings the console to the front, now or as soon as there is a choice. */
  openByHand() {
    void this.#ready.then(() => this.open(BY_HAND));
  }

  /**
   * Puts a program on the machine and opens it: in place of one of that name, or with `keep` beside it where that one is
   * somebody's own work. Rejects when the machine has no place for another file.
   * @param {string} file @param {string} source @param {{ keep?: boolean }} [options]
   * @returns {Promise<string>} the name it got
   */
  async put(file, source, { keep = false } = {}) {
    await this.#ready;
    const name = keep ? this.#placeFor(file, source) : file;
    const pane = this.#programs.get(name);
    if (pane) pane.put(source);
    else if (this.#programs.size >= MOST_FILES) throw new Error(`${this.#host.name} has ${MOST_FILES} files already: delete one first`);
    else this.#add(name, source, source);
    this.#keep();
    this.open(name);
    return name;
  }

  /** The first name like `file` under which no work of somebody's is in the way of `source`. @param {string} file @param {string} source */
  #placeFor(file, source) {
    const taken = (/** @type {string} */ name) => {
      const pane = this.#programs.get(name);
      return pane !== undefined && pane.text !== source && pane.isEdited;
    };
    // There are more names than a machine has files.
    return [file, ...namesLike(file)].find((name) => !taken(name)) ?? "";
  }

  /** The names of all files. @returns {string[]} */
  get files() {
    return [...this.#programs.keys()];
  }

  /** Makes an empty file and opens it. @param {string} file */
  make(file) {
    if (this.has(file)) return this.open(file);
    this.#add(file, "", "");
    this.#keep();
    this.open(file);
    this.#programs.get(file)?.focus();
  }

  /** A second one of the same text. @param {string} file */
  duplicate(file) {
    const name = freeName(this, file);
    const text = this.text(file);
    if (text === null || this.#programs.size >= MOST_FILES) return;
    this.#add(name, text, null);
    this.#keep();
    this.open(name);
  }

  /** Gives a file that does not run another name. @param {string} file @param {string} name */
  rename(file, name) {
    const pane = this.#programs.get(file);
    if (!pane || pane.control.isRunning || this.has(name) || !isFileName(name)) return;
    this.#shared.store.rename(this.#part, file, name);
    const order = this.files.map((one) => (one === file ? name : one));
    this.#drop(file);
    this.#add(name, pane.text, pane.original);
    const panes = new Map(this.#programs);
    this.#programs.clear();
    for (const one of order) this.#programs.set(one, /** @type {ProgramPane} */ (panes.get(one)));
    this.open(name);
  }

  /** Hands a file to the person's computer. @param {string} file */
  download(file) {
    const address = URL.createObjectURL(new Blob([this.text(file) ?? ""], { type: "text/x-python" }));
    element("a", { href: address, download: file }).click();
    setTimeout(() => URL.revokeObjectURL(address), UNDO_MS);
  }

  /** Deletes a file that does not run; for a while it can be had back. @param {string} file */
  remove(file) {
    const pane = this.#programs.get(file);
    if (!pane || pane.control.isRunning) return;
    const { text, original } = pane;
    const after = this.files[this.files.indexOf(file) + 1] ?? this.files[this.files.indexOf(file) - 1];
    this.#drop(file);
    this.#shared.store.remove(this.#part, file);
    if (this.#file === file) this.#file = after ?? "";
    this.open(after ?? BY_HAND);
    const undo = () => {
      const name = freeName(this, file);
      if (this.#programs.size >= MOST_FILES) return this.#say(`${this.#host.name} has ${MOST_FILES} files already: delete another one first.`);
      this.#add(name, text, original);
      this.#keep();
      this.open(name);
      this.#say(`${name} is back.`);
    };
    this.#say(`${file} on ${this.#host.name} is deleted.`, [{ label: "Undo", run: undo }]);
  }

  /** All files, in the order of their tabs. */
  #keep() {
    for (const [file, { text, isEdited }] of this.#programs) this.#shared.store.keep(this.#part, file, text, !isEdited);
  }

  /** @param {string} file */
  #drop(file) {
    this.#programs.get(file)?.end();
    this.#programs.delete(file);
  }

  /** @param {string} text @param {{ label: string, run: () => void }[]} [actions] */
  #say(text, actions = []) {
    const bar = /** @type {import("../base/notice-bar.js").NoticeBar} */ (find("notice-bar"));
    bar.show("info", { tone: "good", text, actions, for: UNDO_MS });
  }

  /** Whether there is a file of this name. @param {string} file */
  has(file) {
    return this.#programs.has(file);
  }

  /** The text of a file; null where there is none of that name. @param {string} file */
  text(file) {
    return this.#programs.get(file)?.text ?? null;
  }

  /** Whether a file is somebody's own work: its text is not what was put there. @param {string} file */
  isEdited(file) {
    return this.#programs.get(file)?.isEdited ?? false;
  }

  /** The files that run in this page now. @returns {string[]} */
  get runningFiles() {
    return [...this.#programs].filter(([, { control }]) => control.isRunning).map(([file]) => file);
  }

  /** Stops all that runs here; resolves when all of it has ended. */
  async stopAll() {
    await Promise.all(this.runningFiles.map((file) => this.stop(file)));
  }

  /** Whether somebody is at work in the tab that is open: it is not to be taken out of sight. */
  get inUse() {
    if (this.#tabs.chosen === BY_HAND) return this.console.inUse === true;
    return this.#programs.get(this.#tabs.chosen)?.inUse ?? false;
  }

  /** Runs a program, or stops the one that runs. @param {string} [file] */
  toggle(file) {
    if (this.#programs.get(file ?? this.#file)?.control.isRunning) return void this.stop(file);
    // What went wrong stands in its output.
    this.run(file).catch(() => {});
  }

  /**
   * Runs a program of this machine. Rejects where there is none of that name, it runs already, or Python cannot run.
   * @param {string} [file]
   * @returns {Promise<{ ended: Promise<import("./run-control.js").Exit> }>}
   */
  async run(file) {
    await this.#ready;
    // Only now: who pressed Run before there was a program means the one that has come.
    const wanted = file ?? this.#file;
    const pane = this.#programs.get(wanted);
    if (!pane) throw new Error(wanted ? `there is no ${wanted} on ${this.#host.name}` : `there is no program on ${this.#host.name}`);
    this.open(wanted);
    this.#share.tell(wanted, pane.text);
    this.#share.flush();
    return pane.run();
  }

  /** Stops a program; resolves when it has ended, with whether one ran. @param {string} [file] @returns {Promise<boolean>} */
  async stop(file = this.#file) {
    const pane = this.#programs.get(file);
    if (!pane?.control.isRunning) return false;
    await pane.stop();
    return true;
  }

  /** Makes a line the next thing to do in the console, or not. Answers whether it can be seen there. @param {string | null} line */
  suggestLine(line) {
    this.#bring(line === null ? null : BY_HAND, line);
    const taken = this.console.suggest?.(line);
    return line !== null && taken !== false && this.console.suggest !== undefined && this.console.checkVisibility();
  }

  /** Puts a line at the prompt. @param {string} line */
  fillLine(line) {
    this.open(BY_HAND);
    this.console.fill?.(line);
  }

  /**
   * Opens a tab for what is suggested, once: whoever goes elsewhere then is not fetched back, and nobody is taken out of
   * a tab that they are at work in. @param {string | null} tab @param {string | null} what
   */
  #bring(tab, what) {
    if (tab === null) return;
    const suggested = `${tab} ${what}`;
    if (suggested === this.#suggested) return;
    if (tab !== this.#tabs.chosen && this.inUse) return;
    this.open(tab);
    this.#suggested = suggested;
  }

  /**
   * Makes Run the next thing to do, or not. Answers whether nobody else has to offer it: the button is there to be pressed,
   * or was, and the room has not told yet that the program began.
   * @param {string | null} file
   */
  suggestRun(file) {
    const pane = file === null ? undefined : this.#programs.get(file);
    const begins = pane?.control.isRunning === true;
    const can = pane !== undefined && this.#shared.python.ok && !begins && !this.#isOver;
    if (can) this.#bring(file, "run");
    // The button runs what is open.
    const here = can && file === this.#file;
    for (const run of this.#runs) run.suggest(here);
    return begins || (here && this.#runs.some((run) => run.isVisible));
  }

  /** Whether there is no session any more: nothing can be run. */
  get #isOver() {
    return this.#shared.room.connection === "over";
  }

  /** Marks the lines of code that belong to what is raised. @param {import("../base/code-light.js").CodeLine[]} lines */
  light(lines) {
    for (const { lines: own } of this.#programs.values()) own.light(lines);
    this.console.lines?.light(lines);
  }

  /** Where a line of code is in the window, if it can be seen there. @param {import("../base/code-light.js").CodeLine} line @returns {DOMRect | null} */
  boxOf(line) {
    const places = [...[...this.#programs.values()].map((pane) => pane.lines), this.console.lines];
    return places.map((place) => place?.boxOf(line)).find(Boolean) ?? null;
  }

  #update() {
    const pane = this.#programs.get(this.#file);
    const { python } = this.#shared;
    const doing = pane?.control.doing ?? { state: "idle" };
    const none = this.#begun && this.#programs.size === 0;
    for (const run of this.#runs) run.show({ file: this.#file, none, doing, python, over: this.#isOver });
    for (const [file, program] of this.#programs) {
      const { control } = program;
      if (python.is === "missing") program.cannotRun(python.sentence);
      this.#tabs.mark(file, control.isRunning ? "running" : control.doing.state === "ended" ? endWords(control.doing.exit) : "");
    }
    this.onchange();
  }
}
