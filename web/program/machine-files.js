// The files of one machine, each in the pane that shows it: which there are, what is in them, what room is left, and what of
// them the browser keeps.
import { folderFull, isProgramName, nameBrought, nameShown } from "../client/web.js";
import { firstFile, load } from "./catalogue.js";
import { namesLike } from "./file-names.js";

/** Rust counts bytes in 32 bits here. */
const MOST_COUNTED = 2 ** 32 - 1;

export class MachineFiles {
  #store;
  #part;
  #programPane;
  #dataPane;
  /** @type {Map<string, import("./program-pane.js").ProgramPane>} */
  #programs = new Map();
  /** Its other files. @type {Map<string, import("./data-pane.js").DataPane>} */
  #data = new Map();

  /**
   * @param {{ store: import("./code-store.js").CodeStore, part: string,
   *   programPane: (file: string, text: string, original: string | null) => import("./program-pane.js").ProgramPane,
   *   dataPane: (file: string, bytes: Uint8Array, untouched: boolean) => import("./data-pane.js").DataPane }} of
   */
  constructor({ store, part, programPane, dataPane }) {
    this.#store = store;
    this.#part = part;
    this.#programPane = programPane;
    this.#dataPane = dataPane;
  }

  /** The programs, by their names and in the order of their tabs. */
  get programs() {
    return this.#programs;
  }

  /** What shows a file. @param {string} file */
  pane(file) {
    return this.#programs.get(file) ?? this.#data.get(file);
  }

  /** The pane of a file that is no program. @param {string} file */
  data(file) {
    return this.#data.get(file);
  }

  /** All panes with their files' names. @returns {[string, import("./program-pane.js").ProgramPane | import("./data-pane.js").DataPane][]} */
  get panes() {
    return [...this.#programs, ...this.#data];
  }

  /** The names of all files, programs first. @returns {string[]} */
  get names() {
    return [...this.#programs.keys(), ...this.#data.keys()];
  }

  /** Whether there is a file of this name. @param {string} file */
  has(file) {
    return this.#programs.has(file) || this.#data.has(file);
  }

  /** The text of a program; null where there is none of that name. @param {string} file */
  text(file) {
    return this.#programs.get(file)?.text ?? null;
  }

  /** Whether a file is somebody's own work: its text is not what was put there. @param {string} file */
  isEdited(file) {
    return this.pane(file)?.isEdited ?? false;
  }

  /** The files that run in this page now. @returns {string[]} */
  get running() {
    return [...this.#programs].filter(([, { control }]) => control.isRunning).map(([file]) => file);
  }

  /** All files as they are now. @returns {{ name: string, bytes: Uint8Array }[]} */
  contents() {
    return this.names.map((name) => ({ name, bytes: this.bytesOf(name) }));
  }

  /** What is in a file. @param {string} file @returns {Uint8Array} */
  bytesOf(file) {
    const program = this.#programs.get(file);
    return program ? new TextEncoder().encode(program.text) : this.#data.get(file)?.bytes ?? new Uint8Array();
  }

  /** Why a file finds no room here; nothing where it does. @param {string} file @param {string | Uint8Array} content */
  full(file, content) {
    const held = this.contents();
    const bytes = held.reduce((sum, one) => sum + one.bytes.length, 0);
    const replaced = held.find(({ name }) => name === file)?.bytes.length;
    const size = typeof content === "string" ? new TextEncoder().encode(content).length : content.length;
    return folderFull(file, held.length, bytes, replaced, size);
  }

  /**
   * A file of any kind. @param {string} file @param {string | Uint8Array} content
   * @param {string | null} original what was put there and not typed, if that is known; of data, anything but null
   */
  add(file, content, original) {
    const text = isProgramName(file) ? textOf(content) : null;
    if (text !== null) return void this.#programs.set(file, this.#programPane(file, text, original));
    const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
    const pane = this.#dataPane(file, bytes, original !== null);
    pane.onkeep = () => this.keepFile(file);
    this.#data.set(file, pane);
  }

  /**
   * Puts here what stood here the last time, and at the first visit the tutorial's program.
   * @param {import("./code-store.js").Machine | null} kept
   * @returns {Promise<number>} how many files this browser has not kept
   */
  async load(kept) {
    const files = Object.entries(kept?.files ?? {});
    const large = kept?.large ?? [];
    // Code that was kept before it was said what of it is untouched can be the tutorial's own.
    const first = firstFile(this.#part);
    const text = kept?.untouched && files.length + large.length > 0 ? "" : await load(first.path);
    if (files.length + large.length === 0) {
      this.add(first.file, text, text);
      return 0;
    }
    const untouched = kept?.untouched ?? files.filter((one) => one[1] === text).map(([file]) => file);
    // All of them are fetched before the first is here: who looks sees none or all.
    const stored = await this.#large(large);
    for (const [file, text] of files) this.add(file, text, untouched.includes(file) ? text : null);
    for (const { file, content } of stored) this.add(file, content, null);
    return large.length - stored.length;
  }

  /** What stands in the browser's large storage. @param {string[]} files */
  async #large(files) {
    const found = [];
    for (const file of files) {
      const content = await this.#store.large(this.#part, file);
      if (content) found.push({ file, content });
      else this.#store.remove(this.#part, file);
    }
    return found;
  }

  /** What a program has written. @param {string} file @param {Uint8Array} bytes */
  written(file, bytes) {
    const text = isProgramName(file) ? textOf(bytes) : null;
    const program = this.#programs.get(file);
    if (program && text !== null) program.written(text);
    else if (this.#data.has(file)) this.#data.get(file)?.put(bytes);
    else if (!program) this.add(file, bytes, null);
    this.keepFile(file);
  }

  /** The first name like `file` under which no work of somebody's is in the way of `source`. @param {string} file @param {string} source */
  placeFor(file, source) {
    const taken = (/** @type {string} */ name) => {
      const pane = this.#programs.get(name);
      return this.#data.has(name) || (pane !== undefined && pane.text !== source && pane.isEdited);
    };
    // There are more names than a machine has files.
    return [file, ...namesLike(file)].find((name) => !taken(name)) ?? "";
  }

  /** A file from the person's computer; rejects with why it cannot be taken. @param {File} brought @returns {Promise<string>} the name it got */
  async take(brought) {
    const wanted = nameBrought(brought.name);
    // Before it is read: it can be of any size.
    const large = folderFull(wanted, 0, 0, undefined, Math.min(brought.size, MOST_COUNTED));
    if (large) throw new Error(brought.size > MOST_COUNTED ? `${nameShown(wanted)} is far too large: a file here has at most 1 MiB.` : large);
    const bytes = new Uint8Array(await brought.arrayBuffer());
    const text = isProgramName(wanted) ? textOf(bytes) : null;
    if (isProgramName(wanted) && text === null) throw new Error(`${nameShown(wanted)} is no text in UTF-8.`);
    const content = text?.replaceAll(/\r\n?/g, "\n") ?? bytes;
    const same = (/** @type {string} */ name) => equal(this.bytesOf(name), typeof content === "string" ? new TextEncoder().encode(content) : content);
    // What nobody has changed gives way.
    const free = (/** @type {string} */ name) => !this.has(name) || (!this.isEdited(name) && !this.running.includes(name));
    const name = [wanted, ...namesLike(wanted)].find((one) => free(one) || same(one)) ?? wanted;
    if (this.has(name) && same(name)) return name;
    const full = this.full(name, content);
    if (full) throw new Error(full);
    const program = this.#programs.get(name);
    if (program && text !== null) program.written(/** @type {string} */ (content));
    else {
      this.drop(name);
      this.add(name, content, null);
    }
    return name;
  }

  /** Gives a file another name; its place among the others stays. @param {string} file @param {string} name @param {{ content: string | Uint8Array, original: string | null }} found */
  rename(file, name, { content, original }) {
    const order = this.names.map((one) => (one === file ? name : one));
    this.#store.rename(this.#part, file, name);
    this.drop(file);
    this.add(name, content, original);
    this.#programs = inOrder(this.#programs, order);
    this.#data = inOrder(this.#data, order);
  }

  /** Takes a file away, here and from what the browser keeps. @param {string} file */
  remove(file) {
    this.drop(file);
    this.#store.remove(this.#part, file);
  }

  /** Keeps files that have changed, and with them all that nobody has changed yet. @param {string[]} changed */
  keep(...changed) {
    this.#store.together(() => {
      for (const file of this.names) if (changed.includes(file) || !this.#store.has(this.#part, file)) this.keepFile(file);
    });
  }

  /** Keeps one. @param {string} file */
  keepFile(file) {
    const program = this.#programs.get(file);
    const data = this.#data.get(file);
    if (program) this.#store.keep(this.#part, file, program.text, !program.isEdited);
    else if (data) this.#store.keep(this.#part, file, data.content, !data.isEdited);
  }

  /**
   * What is in a file, and what of it was put there, as `add` takes them; null where there is none, or it runs.
   * @param {string} file @returns {{ content: string | Uint8Array, original: string | null } | null}
   */
  atRest(file) {
    const program = this.#programs.get(file);
    if (program) return program.control.isRunning ? null : { content: program.text, original: program.original };
    const data = this.#data.get(file);
    return data ? { content: data.bytes, original: data.isEdited ? null : "" } : null;
  }

  /** Takes a file away, without a word. @param {string} file */
  drop(file) {
    this.pane(file)?.end();
    this.#programs.delete(file);
    this.#data.delete(file);
  }
}

/** What a file has in it as text; null where that is no UTF-8. @param {string | Uint8Array} content */
function textOf(content) {
  if (typeof content === "string") return content;
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    return null;
  }
}

/** Whether the same bytes are in both. @param {Uint8Array} one @param {Uint8Array} other */
export function equal(one, other) {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** @template Pane @param {Map<string, Pane>} panes @param {string[]} order names of all of them and of others */
function inOrder(panes, order) {
  /** @type {Map<string, Pane>} */
  const ordered = new Map();
  for (const name of order) {
    const pane = panes.get(name);
    if (pane) ordered.set(name, pane);
  }
  return ordered;
}
