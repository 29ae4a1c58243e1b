// The code on this person's machines: kept for this room over a reload, and for the next visit. A room that was
// opened from somebody's copy keeps its code to itself: a visitor's own programs are not overwritten by a link.

/** Longest text of one program that is kept, in UTF-16 code units; the same as the longest that runs. */
export const LONGEST = 256 * 1024;
/** Most files of one machine. */
export const MOST_FILES = 16;

/**
 * @typedef {{ open: string, files: Record<string, string>, untouched?: string[] }} Machine what is open, every file's text, and
 *   the files that hold what was put there and nobody has changed
 * @typedef {Record<string, Machine>} Code by the machine's part: `client`, `server`, or its name
 */

export class CodeStore {
  #room;
  #own;
  /** @type {Code} */
  #code;

  /**
   * @param {string} room
   * @param {Code | null} copied code that came with the link this room was opened from
   */
  constructor(room, copied) {
    this.#room = room;
    const here = read(() => sessionStorage, `wireside.code.${room}`);
    this.#own = !copied && !here?.copied;
    this.#code = here?.code ?? copied ?? read(() => localStorage, "wireside.code")?.code ?? {};
    if (copied && !here) this.#write();
  }

  /** @param {string} part @returns {Machine | null} */
  machine(part) {
    return this.#code[part] ?? null;
  }

  /** Whether the next visit finds this code by itself; what came with somebody's copy stays in its room. */
  get isKept() {
    return this.#own;
  }

  /** Everything, to give a copy of. @returns {Code} */
  get code() {
    return structuredClone(this.#code);
  }

  /** @param {string} part @param {string} file @param {string} text @param {boolean} untouched whether it is what was put there */
  keep(part, file, text, untouched) {
    const machine = (this.#code[part] ??= { open: file, files: {} });
    if (!(file in machine.files) && Object.keys(machine.files).length >= MOST_FILES) return;
    machine.files[file] = text.slice(0, LONGEST);
    const others = (machine.untouched ?? []).filter((one) => one !== file);
    machine.untouched = untouched ? [...others, file] : others;
    this.#write();
  }

  /** Forgets a file. @param {string} part @param {string} file */
  remove(part, file) {
    const machine = this.#code[part];
    if (!machine) return;
    delete machine.files[file];
    machine.untouched = machine.untouched?.filter((one) => one !== file);
    this.#write();
  }

  /** Gives a file another name, in its place among the others. @param {string} part @param {string} file @param {string} name */
  rename(part, file, name) {
    const machine = this.#code[part];
    if (!machine || !(file in machine.files)) return;
    const renamed = (/** @type {string} */ one) => (one === file ? name : one);
    machine.files = Object.fromEntries(Object.entries(machine.files).map(([one, text]) => [renamed(one), text]));
    machine.untouched = machine.untouched?.map(renamed);
    machine.open = renamed(machine.open);
    this.#write();
  }

  /** @param {string} part @param {string} file */
  open(part, file) {
    const machine = (this.#code[part] ??= { open: file, files: {} });
    if (machine.open === file) return;
    machine.open = file;
    this.#write();
  }

  #write() {
    write(() => sessionStorage, `wireside.code.${this.#room}`, { code: this.#code, copied: !this.#own });
    if (this.#own) write(() => localStorage, "wireside.code", { code: this.#code });
  }
}

/** @param {() => Storage} storage @param {string} key @returns {{ code: Code, copied?: boolean } | null} */
function read(storage, key) {
  try {
    const kept = JSON.parse(storage().getItem(key) ?? "null");
    return kept && isCode(kept.code) ? kept : null;
  } catch {
    return null;
  }
}

/** @param {() => Storage} storage @param {string} key @param {object} value */
function write(storage, key, value) {
  try {
    storage().setItem(key, JSON.stringify(value));
  } catch {
    // Full or refused: the code is there until the page goes.
  }
}

/** Whether something from outside is code: machines with a few short files each. @param {any} value @returns {value is Code} */
export function isCode(value) {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  const machines = Object.values(value);
  return machines.length <= 20 && machines.every(isMachine);
}

/** @param {any} machine */
function isMachine(machine) {
  if (typeof machine !== "object" || machine === null || typeof machine.open !== "string") return false;
  if (typeof machine.files !== "object" || machine.files === null) return false;
  const files = Object.entries(machine.files);
  const { untouched = [] } = machine;
  if (!Array.isArray(untouched) || untouched.length > MOST_FILES) return false;
  if (!untouched.every((name) => typeof name === "string" && Object.hasOwn(machine.files, name))) return false;
  return files.length <= MOST_FILES && files.every(([name, text]) => isFileName(name) && typeof text === "string" && text.length <= LONGEST);
}

/** The names a program may have here. @param {any} name */
export function isFileName(name) {
  return typeof name === "string" && /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,27}\.py$/.test(name);
}
