// What one machine's column works with: programs in tabs, the call console beside them, and the button that runs what
// is open. It hands out three pieces (tabs, button, body); where they stand is the column's affair.
import { isProgramName, nameShown } from "../client/web.js";
import { element, find } from "../base/element.js";
import { DataPane } from "./data-pane.js";
import { FileActions } from "./file-actions.js";
import { download, downloadAll } from "./file-download.js";
import { BROWSER, WorkspaceBrowser } from "./workspace-browser.js";
import { WorkspacePrompt, PROMPT } from "./workspace-prompt.js";
import { acceptDrops } from "./file-drop.js";
import { FileMenu } from "./file-menu.js";
import { MachineFiles } from "./machine-files.js";
import { ProgramPane } from "./program-pane.js";
import { endWords } from "./program-words.js";
import { ProgramsElsewhere } from "./programs-elsewhere.js";
import { RunButton } from "./run-button.js";
import { SourceShare } from "./source-share.js";
import { SuggestedTab } from "./suggested-tab.js";
import { BY_HAND, TabRow } from "./tab-row.js";

/** The file that takes what cannot be done there. */
const BY_HAND_FILE = "by-hand.py";
/** How long a deletion can be undone, milliseconds. */
const UNDO_MS = 10_000;

/**
 * @typedef {object} WorkspaceContext what all workspaces share
 * @property {import("../client/room.js").Room} room
 * @property {import("../client/web.js").View} view
 * @property {{ now: () => number }} clock
 * @property {import("./code-store.js").CodeStore} store
 * @property {import("./python-state.js").PythonState} python
 * @property {Map<string, Workspace>} [workspaces] those where this page runs programs, by their machines' names
 */

/** @typedef {{ file: string, text: string, typed: string }} MovedProgram a program as it ran, with its line of arguments */

export class Workspace {
  #shared;
  #host;
  #part;
  /** @type {MachineFiles} */
  #files;
  #actions;
  #prompt;
  #tabs = new TabRow((name) => {
    this.#chosenByHand = true;
    this.open(name);
  });
  /** In the machine's head, and on small screens above the wire. @type {RunButton[]} */
  #runs;
  /** The file that Run runs. */
  #file = "";
  #suggested = new SuggestedTab();
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
  body = element("div", { class: "workspace" });
  /** What a program does is different now. */
  onchange = () => {};

  /** @param {WorkspaceContext} shared @param {{ id: number, name: string }} host @param {string} part @param {HTMLElement} console */
  constructor(shared, host, part, console) {
    this.#shared = shared;
    (shared.workspaces ??= new Map()).set(host.name, this);
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
    this.#files = this.#machineFiles();
    this.#actions = this.#fileActions();
    this.#menu = new FileMenu(this, this.#actions, part, host.name);
    for (const node of this.#menu.nodes) this.#tabs.end(node);
    this.#tabs.onmenu = (name) => {
      this.open(name);
      this.#menu.open();
    };
    shared.python.onchange(() => this.#update());
    shared.room.on("connection", () => this.#update());
    this.#share = new SourceShare(shared.room, host.name);
    this.#share.onchange = (file, text, by) => this.#changedBy(file, text, by);
    acceptDrops(this.body, (files, folders) => void this.bringAll(files, folders));
    this.#prompt = new WorkspacePrompt({
      room: shared.room,
      host: host.name,
      body: this.body,
      files: () => this.#files.contents(),
      changed: (change) => this.#changedByProgram(PROMPT, change),
      onchange: () => this.#update(),
      onclose: () => this.#closePrompt(),
      ontyped: (text) => this.#share.tell(PROMPT, text),
    });
    this.#browser = new WorkspaceBrowser({
      shared,
      host,
      body: this.body,
      onclose: () => this.open(this.#file || BY_HAND),
    });
    this.#ready = this.#begin();
  }

  #machineFiles() {
    return new MachineFiles({
      store: this.#shared.store,
      part: this.#part,
      programPane: (...of) => this.#programPane(...of),
      dataPane: (file, bytes, untouched) => new DataPane({ host: this.#host.name, file, bytes, untouched }),
    });
  }

  #fileActions() {
    const front = {
      chosen: () => this.#tabs.chosen,
      open: (/** @type {string} */ name) => this.open(name || BY_HAND),
      gone: (/** @type {string} */ file, /** @type {string} */ instead) => this.#gone(file, instead),
      draw: () => this.#drawTabs(),
    };
    return new FileActions({ host: this.#host.name, files: this.#files, front, say: (...said) => this.#say(...said) });
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
    const elsewhere = new ProgramsElsewhere({
      host: this.#host.name,
      me: () => room.me.id,
      pane: (name) => this.#files.programs.get(name),
    });
    for await (const event of room.trace()) {
      this.#share.passed(event);
      elsewhere.hear(event);
      if (event.kind === "source" && event.host === this.#host.name) this.#share.heard(event);
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
    const runOn = (/** @type {[string, MovedProgram]} */ ...there) => this.#elsewhere(...there);
    const pane = new ProgramPane({ room, view, clock, store, host: this.#host, part: this.#part, file, text, original, folder, runOn });
    pane.onchange = () => this.#update();
    pane.ontoggle = () => this.toggle(file);
    pane.ontext = (now) => this.#share.tell(file, now);
    this.#share.offer(file, text);
    return pane;
  }

  /** A program has changed the machine's files. @param {string} by @param {import("../client/wireside.js").FolderChange} change */
  #changedByProgram(by, change) {
    const said = this.#actions.changedByProgram(by, change);
    this.#update();
    const teller = by === PROMPT ? this.#prompt.pane : this.#files.programs.get(by);
    for (const words of said) teller?.say(`Not kept beyond the program's end: ${words}`);
  }

  /**
   * What puts a program on another machine, beside what is somebody's own there, with the files that it had beside it here, and
   * runs it there as it ran here. @param {string} host @param {MovedProgram} program
   */
  #elsewhere(host, { file, text, typed }) {
    const workspace = this.#shared.workspaces?.get(host);
    if (!workspace) return null;
    return async () => {
      const beside = await workspace.lend(this.#files.contents().filter(({ name }) => name !== file));
      const name = await workspace.put(file, text, { keep: true });
      const pane = workspace.#files.programs.get(name);
      if (pane) pane.argumentLine = typed;
      await workspace.run(name);
      return [`A copy of it runs on ${host} now, as ${name}.`, ...beside].join(" ");
    };
  }

  /** Takes files that a program of another machine has beside it. @param {{ name: string, bytes: Uint8Array }[]} files @returns {Promise<string[]>} what became of them, in sentences */
  async lend(files) {
    await this.#ready;
    return this.#actions.lend(files);
  }

  /** There is no file of this name any more. @param {string} file @param {string} instead what whoever meant it may mean now */
  #gone(file, instead) {
    if (this.#file !== file) return;
    this.#file = this.#files.programs.has(instead) ? instead : ([...this.#files.programs.keys()][0] ?? "");
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
    this.#actions.seen(name);
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
    return this.#actions.put(file, source, keep);
  }

  /**
   * Files from the person's computer: all that can be taken, and a sentence for each that cannot.
   * @param {File[]} brought @param {string[]} [folders] names of folders among them, which cannot be taken
   */
  async bringAll(brought, folders = []) {
    await this.#ready;
    await this.#actions.bringAll(brought, folders);
  }

  /** Hands a file to the person's computer. @param {string} file */
  download(file) {
    download(file, this.#files.bytesOf(file), this.#files.programs.has(file));
  }

  /** The same with all files, in one archive. */
  downloadAll() {
    downloadAll(this.#host.name, this.#files.contents());
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

  /** Opens a tab for what is suggested, if somebody is to be taken there. @param {string | null} tab @param {string | null} what */
  #bring(tab, what) {
    const front = { chosen: this.#tabs.chosen, chosenByHand: this.#chosenByHand, inUse: this.inUse };
    if (tab !== null && this.#suggested.opens(tab, String(what), front)) this.open(tab);
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
      this.#tabs.mark(file, this.#actions.isUnseen(file) && !control.isRunning ? "new" : now);
    }
    this.#tabs.mark(PROMPT, this.#prompt.mark);
    this.console.offerPrompt?.(python.ok);
    for (const file of this.#files.names.filter((name) => this.#isData(name))) this.#tabs.mark(file, this.#actions.isUnseen(file) ? "new" : "");
    this.onchange();
  }
}
