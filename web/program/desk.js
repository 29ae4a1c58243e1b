// What one machine's column works with: programs in tabs, the call console beside them, and the button that runs what
// is open. It hands out three pieces (tabs, button, body); where they stand is the column's affair.
import { Archive, folderFull, isFileName, isProgramName, nameShown } from "../client/web.js";
import { element, find } from "../base/element.js";
import { BROWSER, DeskBrowser } from "./desk-browser.js";
import { DeskPrompt, PROMPT } from "./desk-prompt.js";
import { acceptDrops } from "./file-drop.js";
import { FileMenu, freeName } from "./file-menu.js";
import { MachineFiles, equal } from "./machine-files.js";
import { ProgramPane } from "./program-pane.js";
import { endWords } from "./program-words.js";
import { RunButton } from "./run-button.js";
import { SourceShare } from "./source-share.js";
import { TabRow } from "./tab-row.js";

/** The console's tab. */
export const BY_HAND = "By hand";
/** The file that takes what cannot be done there. */
const BY_HAND_FILE = "by-hand.py";
/** How long a deletion can be undone, milliseconds. */
const UNDO_MS = 10_000;
/** Names of files that have room in a sentence. */
const NAMED = 3;

/**
 * @typedef {object} DeskContext what all desks share
 * @property {import("../client/room.js").Room} room
 * @property {import("../client/web.js").View} view
 * @property {{ now: () => number }} clock
 * @property {import("./code-store.js").CodeStore} store
 * @property {import("./python-state.js").PythonState} python
 * @property {Map<string, Desk>} [desks] those where this page runs programs, by their machines' names
 */

/** @typedef {{ file: string, text: string, typed: string }} Moved a program as it ran, with its line of arguments */

export class Desk {
  #shared;
  #host;
  #part;
  /** @type {MachineFiles} */
  #files;
  /** What programs have written and nobody has looked at. @type {Set<string>} */
  #unseen = new Set();
  #prompt;
  #tabs = new TabRow((name) => {
    this.#chosenByHand = true;
    this.open(name);
  });
  /** In the machine's head, and on small screens above the wire. @type {RunButton[]} */
  #runs;
  /** The file that Run runs. */
  #file = "";
  /** What was suggested last. */
  #suggested = "";
  /** Somebody has pressed a tab: what the page opens by itself as it begins comes too late. */
  #chosenByHand = false;
  /** Its files are here. */
  #begun = false;
  /** @type {Promise<void>} */
  #ready;
  #menu;
  #share;
  #browser;
  console;
  body = element("div", { class: "desk" });
  /** What a program does is different now. */
  onchange = () => {};

  /** @param {DeskContext} shared @param {{ id: number, name: string }} host @param {string} part @param {HTMLElement} console */
  constructor(shared, host, part, console) {
    this.#shared = shared;
    (shared.desks ??= new Map()).set(host.name, this);
    this.#host = host;
    this.#part = part;
    this.console = /** @type {import("../console/call-console.js").CallConsole} */ (console);
    this.#runs = [false, true].map((named) => new RunButton({ machine: host.name, toggle: () => this.toggle(), named }));
    this.body.append(console);
    // A line that a lesson carries out is seen where it is carried out.
    console.addEventListener("wireside-line", () => this.open(BY_HAND));
    console.addEventListener("wireside-program", (event) => {
      void this.put(BY_HAND_FILE, /** @type {CustomEvent} */ (event).detail.source, { keep: true }).catch((error) => this.#say(error.message));
    });
    console.addEventListener("wireside-prompt", (event) => void this.openPrompt(/** @type {CustomEvent} */ (event).detail.source));
    this.#menu = new FileMenu(this, part, host.name);
    for (const node of this.#menu.nodes) this.#tabs.end(node);
    this.#tabs.onmenu = (name) => {
      this.open(name);
      this.#menu.open();
    };
    shared.python.onchange(() => this.#update());
    shared.room.on("connection", () => this.#update());
    this.#files = new MachineFiles({ store: shared.store, host: host.name, part, programPane: (...of) => this.#programPane(...of) });
    this.#share = new SourceShare(shared.room, host.name);
    this.#share.onchange = (file, text, by) => this.#changedBy(file, text, by);
    acceptDrops(this.body, (files, folders) => void this.bringAll(files, folders));
    this.#prompt = new DeskPrompt({
      room: shared.room,
      host: host.name,
      body: this.body,
      files: () => this.#files.contents(),
      changed: (change) => this.#changedByProgram(PROMPT, change),
      onchange: () => this.#update(),
      onclose: () => this.#closePrompt(),
      ontyped: (text) => this.#share.tell(PROMPT, text),
    });
    this.#browser = new DeskBrowser({
      shared,
      host,
      body: this.body,
      onclose: () => this.open(this.#file || BY_HAND),
    });
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
    const running = [...this.#files.programs.values()].find(({ control }) => control.isRunning);
    const doing = running?.control.doing ?? this.#prompt.pane?.doing;
    if (doing?.state === "waiting") return { mood: "waiting", words: `waiting in ${doing.call}()` };
    if (doing?.state === "input") return { mood: "waiting", words: "waiting for input" };
    return null;
  }

  async #begin() {
    const kept = this.#shared.store.machine(this.#part);
    const lost = await this.#files.load(kept);
    if (lost > 0) this.#say(`This browser has not kept ${lost === 1 ? "a file" : `${lost} files`} of ${this.#host.name}.`, { bad: true });
    this.#begun = true;
    const names = [...this.#files.programs.keys()];
    if (this.#file === "") this.#file = names.find((file) => file === kept?.open) ?? names[0] ?? "";
    await this.#shared.python.known;
    this.#prompt.comeBack();
    void this.#listen();
    if (this.#chosenByHand) return this.#update();
    const other = kept && (this.#isData(kept.open) || this.#prompt.tabs.includes(kept.open));
    const open = other ? kept.open : this.#file || BY_HAND;
    this.open(kept?.open === BY_HAND || !this.#shared.python.ok ? BY_HAND : open);
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
      const pane = this.#files.programs.get(event.name);
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
    const pane = this.#files.programs.get(file);
    if (pane) pane.changedBy(text, by);
    else if (isProgramName(file) && !this.#files.full(file, text)) {
      this.#files.add(file, text, null);
      this.#drawTabs();
    }
  }

  /** What shows a program. @param {string} file @param {string} text @param {string | null} original what was put there and not typed, if that is known */
  #programPane(file, text, original) {
    const { room, view, clock, store } = this.#shared;
    const folder = {
      beside: (/** @type {string} */ one) => this.#files.contents().filter(({ name }) => name !== one),
      changed: (/** @type {string} */ by, /** @type {import("../client/wireside.js").FolderChange} */ change) => this.#changedByProgram(by, change),
    };
    const runOn = (/** @type {[string, Moved]} */ ...there) => this.#elsewhere(...there);
    const pane = new ProgramPane({ room, view, clock, store, host: this.#host, part: this.#part, file, text, original, folder, runOn });
    pane.onchange = () => this.#update();
    pane.ontoggle = () => this.toggle(file);
    pane.ontext = (now) => this.#share.tell(file, now);
    this.#share.offer(file, text);
    return pane;
  }

  /** A program has changed the machine's files. @param {string} by @param {import("../client/wireside.js").FolderChange} change */
  #changedByProgram(by, { files, removed, left }) {
    const said = left.map(({ name, why, size }) => notKept(name, why, size));
    for (const { name, bytes } of files) {
      const wrong = isFileName(name) ? this.#files.full(name, bytes) : `${nameShown(name)} has a name that a file of the page cannot have.`;
      if (wrong) said.push(wrong);
      else {
        this.#files.written(name, bytes);
        if (this.#tabs.chosen !== name) this.#unseen.add(name);
      }
    }
    for (const name of removed) if (this.has(name) && !this.runningFiles.includes(name)) this.remove(name, by);
    this.#drawTabs();
    this.#update();
    const teller = by === PROMPT ? this.#prompt.pane : this.#files.programs.get(by);
    for (const words of said) teller?.say(`Not kept beyond the program's end: ${words}`);
  }

  /**
   * What puts a program on another machine, beside what is somebody's own there, with the files that it had beside it here, and
   * runs it there as it ran here. @param {string} host @param {Moved} program
   */
  #elsewhere(host, { file, text, typed }) {
    const desk = this.#shared.desks?.get(host);
    if (!desk) return null;
    return async () => {
      const beside = await desk.lend(this.#files.contents().filter(({ name }) => name !== file));
      const name = await desk.put(file, text, { keep: true });
      const pane = desk.#files.programs.get(name);
      if (pane) pane.argumentLine = typed;
      await desk.run(name);
      return [`A copy of it runs on ${host} now, as ${name}.`, ...beside].join(" ");
    };
  }

  /**
   * Takes files that a program of another machine has beside it, as far as there are none of these names here and there is
   * room. @param {{ name: string, bytes: Uint8Array }[]} files @returns {Promise<string[]>} what became of them, in sentences
   */
  async lend(files) {
    await this.#ready;
    const { name: host } = this.#host;
    /** @type {{ copied: string[], own: string[], left: string[] }} */
    const became = { copied: [], own: [], left: [] };
    for (const { name, bytes } of files) {
      if (this.has(name)) {
        if (!equal(this.#files.bytesOf(name), bytes)) became.own.push(name);
      } else if (this.#files.full(name, bytes)) became.left.push(name);
      else {
        this.#files.add(name, bytes.slice(), null);
        became.copied.push(name);
      }
    }
    if (became.copied.length > 0) this.#files.keep(...became.copied);
    this.#drawTabs();
    return [
      ...(became.copied.length > 0 ? [`With it went ${few(became.copied)}.`] : []),
      ...(became.own.length > 0 ? [`${host} keeps its own ${few(became.own)}.`] : []),
      ...(became.left.length > 0 ? [`There was no room for ${few(became.left)}.`] : []),
    ];
  }

  /** Whether a file is no program. @param {string} file */
  #isData(file) {
    return this.#files.data(file) !== undefined;
  }

  #drawTabs() {
    this.#tabs.show(this.#tabNames, this.#tabs.chosen || this.#file);
  }

  /** Files first, then what is none. */
  get #tabNames() {
    return [...this.files, ...this.#prompt.tabs, ...this.#browser.tabs, BY_HAND];
  }

  /** Brings the room's browser to the front; there is one a machine. */
  browse() {
    this.#browser.open(() => this.open(BROWSER));
  }

  /** Stops the room's browser, if it is the program of this number; whether it was. @param {number} program */
  stopBrowser(program) {
    return this.#browser.pane?.stop(program) ?? false;
  }

  /** Why there can be no Python prompt; nothing where there can. */
  get noPrompt() {
    if (this.#isOver) return "This room is over.";
    return this.#shared.python.ok ? undefined : this.#shared.python.sentence || "Python is not here yet.";
  }

  /** Brings the Python prompt to the front, and begins it. @param {string} [source] what is put there, to be looked at */
  async openPrompt(source) {
    await this.#ready;
    await this.#prompt.open(() => this.open(PROMPT), source);
  }

  #closePrompt() {
    const closed = this.#prompt.close();
    this.open(this.#file || BY_HAND);
    this.#tabs.focus();
    void closed;
  }

  /** Brings a file or the console to the front. @param {string} name */
  open(name) {
    if (this.#files.programs.has(name)) this.#file = name;
    this.console.hidden = name !== BY_HAND;
    if (this.#browser.pane) this.#browser.pane.node.hidden = name !== BROWSER;
    for (const [file, pane] of this.#files.panes) {
      pane.node.hidden = file !== name;
      // An editor begins with its first sight.
      if (file === name && !pane.node.isConnected) this.body.append(pane.node);
    }
    if (this.#prompt.pane) this.#prompt.pane.node.hidden = name !== PROMPT;
    this.#files.data(name)?.show();
    this.#unseen.delete(name);
    this.#tabs.show(this.#tabNames, name);
    this.#menu.of(this.has(name) ? name : "");
    this.#shared.store.open(this.#part, name);
    // Data stays in this page, and so does what the browser shows.
    if (!this.#isData(name) && name !== BROWSER) this.#share.front(name);
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
    const name = keep ? this.#files.placeFor(file, source) : file;
    const full = this.#files.full(name, source);
    if (full) throw new Error(full);
    const pane = this.#files.programs.get(name);
    if (pane) pane.put(source);
    else {
      this.#files.add(name, source, source);
      this.#drawTabs();
    }
    this.#files.keep(name);
    this.open(name);
    return name;
  }

  /**
   * Files from the person's computer: all that can be taken, and a sentence for each that cannot.
   * @param {File[]} brought @param {string[]} [folders] names of folders among them, which cannot be taken
   */
  async bringAll(brought, folders = []) {
    await this.#ready;
    const said = folders.map((name) => `${nameShown(name)} is a folder: open it and bring its files.`);
    /** @type {string[]} */
    const here = [];
    for (const file of brought) {
      try {
        const name = await this.#files.take(file);
        this.#unseen.delete(name);
        here.push(name);
      } catch (error) {
        said.push(/** @type {Error} */ (error).message);
      }
    }
    this.#drawTabs();
    this.#files.keep(...here);
    const last = here.at(-1);
    if (last) this.open(here.find((name) => this.#files.programs.has(name)) ?? last);
    if (said.length > 3) said.splice(3, said.length, `And ${said.length - 3} more could not be taken.`);
    if (here.length > 1 || (here.length > 0 && said.length > 0)) said.unshift(`${here.length} ${here.length === 1 ? "file is" : "files are"} on ${this.#host.name} now.`);
    if (said.length > 0) this.#say(said.join(" "), { bad: here.length === 0 || said.length > 1 });
  }

  /** Why there is no room for another file; nothing where there is. @param {string} [file] */
  noRoomFor(file = "Another file") {
    return this.#files.full(file, "");
  }

  /** Makes an empty file and opens it. @param {string} file */
  make(file) {
    if (!this.has(file)) {
      const full = this.#files.full(file, "");
      if (full) return this.#say(full, { bad: true });
      this.#files.add(file, "", "");
      this.#files.keep(file);
    }
    this.open(file);
    this.#files.pane(file)?.focus();
  }

  /** A second one of the same content. @param {string} file */
  duplicate(file) {
    const name = freeName(this, file);
    const content = this.text(file) ?? this.#files.data(file)?.bytes.slice();
    if (content === undefined) return;
    const full = this.#files.full(name, content);
    if (full) return this.#say(full, { bad: true });
    this.#files.add(name, content, null);
    this.#files.keep(name);
    this.open(name);
  }

  /** Gives a file that does not run another name. @param {string} file @param {string} name */
  rename(file, name) {
    const found = this.#files.atRest(file);
    if (!found || this.has(name) || !isFileName(name)) return;
    this.#files.rename(file, name, found);
    this.#unseen.delete(file);
    if (this.#file === file) this.#file = this.#files.programs.has(name) ? name : ([...this.#files.programs.keys()][0] ?? "");
    this.#files.keep(name);
    this.open(name);
  }

  /** Hands a file to the person's computer. @param {string} file */
  download(file) {
    const type = this.#files.programs.has(file) ? "text/x-python" : "application/octet-stream";
    handOver(file, new Blob([/** @type {any} */ (this.#files.bytesOf(file))], { type }));
  }

  /** The same with all files, in one archive. */
  downloadAll() {
    const archive = new Archive();
    const now = new Date();
    try {
      for (const { name, bytes } of this.#files.contents()) archive.add(name, bytes);
      const zip = archive.zip(now.getFullYear(), now.getMonth() + 1, now.getDate(), now.getHours(), now.getMinutes(), now.getSeconds());
      if (zip) handOver(`${this.#host.name}.zip`, new Blob([/** @type {any} */ (zip)], { type: "application/zip" }));
    } finally {
      archive.free();
    }
  }

  /** Deletes a file that does not run; for a while it can be had back. @param {string} file @param {string} [by] the program that did it */
  remove(file, by) {
    const found = this.#files.atRest(file);
    if (!found) return;
    const { content, original } = found;
    const after = this.files[this.files.indexOf(file) + 1] ?? this.files[this.files.indexOf(file) - 1];
    const front = this.#tabs.chosen;
    this.#files.remove(file);
    this.#unseen.delete(file);
    if (this.#file === file) this.#file = after && this.#files.programs.has(after) ? after : ([...this.#files.programs.keys()][0] ?? "");
    this.open(front === file ? (after ?? BY_HAND) : front);
    const undo = () => {
      const name = freeName(this, file);
      const full = this.#files.full(name, content);
      if (full) return this.#say(full, { bad: true });
      this.#files.add(name, content, original);
      this.#files.keep(name);
      this.open(name);
      this.#say(`${nameShown(name)} is back.`);
    };
    this.#say(`${nameShown(file)} on ${this.#host.name} is deleted${by ? ` by ${by}` : ""}.`, { actions: [{ label: "Undo", run: undo }] });
  }

  /** @param {string} text @param {{ actions?: { label: string, run: () => void }[], bad?: boolean }} [options] */
  #say(text, { actions = [], bad = false } = {}) {
    const bar = /** @type {import("../base/notice-bar.js").NoticeBar} */ (find("notice-bar"));
    bar.show("info", { tone: bad ? "bad" : "good", text, actions, for: bad ? 2 * UNDO_MS : UNDO_MS });
  }

  /** The names of all files. @returns {string[]} */
  get files() {
    return this.#files.names;
  }

  /** Resolves once the files that are kept for this machine are here. @returns {Promise<unknown>} */
  get ready() {
    return this.#ready;
  }

  /** Whether there is a file of this name. @param {string} file */
  has(file) {
    return this.#files.has(file);
  }

  /** The text of a program; null where there is none of that name. @param {string} file */
  text(file) {
    return this.#files.text(file);
  }

  /** Whether a file is somebody's own work: its text is not what was put there. @param {string} file */
  isEdited(file) {
    return this.#files.isEdited(file);
  }

  /** The files that run in this page now. @returns {string[]} */
  get runningFiles() {
    return this.#files.running;
  }

  /** Stops all that runs here; resolves when all of it has ended. */
  async stopAll() {
    await Promise.all([...this.runningFiles.map((file) => this.stop(file)), this.#prompt.pane?.end()]);
  }

  /** Whether somebody is at work in the tab that is open: it is not to be taken out of sight. */
  get inUse() {
    if (this.#tabs.chosen === BY_HAND) return this.console.inUse === true;
    if (this.#tabs.chosen === BROWSER) return this.#browser.pane?.inUse ?? false;
    if (this.#tabs.chosen === PROMPT) return this.#prompt.pane?.inUse ?? false;
    return this.#files.pane(this.#tabs.chosen)?.inUse ?? false;
  }

  /** Runs a program, or stops the one that runs. @param {string} [file] */
  toggle(file) {
    if (this.#files.programs.get(file ?? this.#file)?.control.isRunning) return void this.stop(file);
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
    const pane = this.#files.programs.get(wanted);
    if (!pane) throw new Error(wanted ? `there is no ${wanted} on ${this.#host.name}` : `there is no program on ${this.#host.name}`);
    this.open(wanted);
    this.#share.tell(wanted, pane.text);
    this.#share.flush();
    return pane.run();
  }

  /** Stops a program; resolves when it has ended, with whether one ran. @param {string} [file] @returns {Promise<boolean>} */
  async stop(file = this.#file) {
    const pane = this.#files.programs.get(file);
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
    if (this.#suggested === "" && this.#chosenByHand) {
      this.#suggested = suggested;
      return;
    }
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
    const pane = file === null ? undefined : this.#files.programs.get(file);
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
    for (const { lines: own } of this.#files.programs.values()) own.light(lines);
    this.#prompt.pane?.lines.light(lines);
    this.console.lines?.light(lines);
  }

  /** Where a line of code is in the window, if it can be seen there. @param {import("../base/code-light.js").CodeLine} line @returns {DOMRect | null} */
  boxOf(line) {
    const places = [...[...this.#files.programs.values()].map((pane) => pane.lines), this.#prompt.pane?.lines, this.console.lines];
    return places.map((place) => place?.boxOf(line)).find(Boolean) ?? null;
  }

  #update() {
    const pane = this.#files.programs.get(this.#file);
    const { python } = this.#shared;
    const doing = pane?.control.doing ?? { state: "idle" };
    const none = this.#begun && this.#files.programs.size === 0;
    const apart = this.#isData(this.#tabs.chosen) || this.#tabs.chosen === PROMPT;
    for (const run of this.#runs) run.show({ file: this.#file, none, doing, python, over: this.#isOver, apart });
    for (const [file, program] of this.#files.programs) {
      const { control } = program;
      if (python.is === "missing") program.cannotRun(python.sentence);
      const now = control.isRunning ? "running" : control.doing.state === "ended" ? endWords(control.doing.exit) : "";
      this.#tabs.mark(file, this.#unseen.has(file) && !control.isRunning ? "new" : now);
    }
    this.#tabs.mark(PROMPT, this.#prompt.mark);
    this.console.offerPrompt?.(python.ok);
    for (const file of this.#files.names.filter((name) => this.#isData(name))) this.#tabs.mark(file, this.#unseen.has(file) ? "new" : "");
    this.onchange();
  }
}

/** Names in a sentence. @param {string[]} names */
function few(names) {
  const shown = names.slice(0, NAMED).map(nameShown).join(", ");
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}

/** @param {string} name @param {Blob} content */
function handOver(name, content) {
  const address = URL.createObjectURL(content);
  element("a", { href: address, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(address), UNDO_MS);
}

/** @param {string} name @param {"folder" | "large" | "many"} why @param {number} size */
function notKept(name, why, size) {
  if (why === "folder") return `the folder ${nameShown(name)}. A machine has one folder, without others in it.`;
  if (why === "many") return folderFull(name, Number.MAX_SAFE_INTEGER, 0, undefined, 0) ?? name;
  return folderFull(name, 0, 0, undefined, size) ?? name;
}
