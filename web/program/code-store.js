// The files of this person's machines: kept for this room over a reload, and for the next visit. A room that was
// opened from somebody's copy keeps its code to itself: a visitor's own programs are not overwritten by a link.
//
// Text stands in the small storage, which is there at once and takes what was typed last when the page goes; large text and
// bytes stand in the large one (`file-store.js`).
import { isFileName, isProgramName } from "../client/web.js";
import { FOLDER_FILES } from "../py/vocabulary.js";
import { lasting, passing } from "../base/browser-storage.js";
import { OWN, codeOf, forget, forgetOld, keep, kept } from "../base/file-store.js";

/** Longest text of one file that stands in the small storage, and of all of a machine together, in UTF-16 code units. */
const LONGEST = 256 * 1024;
const TOGETHER = 384 * 1024;
/** Longest line of arguments that is kept. */
const LONGEST_ARGUMENTS = 4096;

/**
 * @typedef {{ open: string, files: Record<string, string>, untouched?: string[], large?: string[], arguments?: Record<string, string> }}
 *   Machine what is open, every file's text, the files that hold what was put there and nobody has changed, those that stand in
 *   the large storage, and what is typed behind a program's name
 * @typedef {Record<string, Machine>} Code by the machine's part: `client`, `server`, or its name
 */

export class CodeStore {
  #room;
  #own;
  /** Changes are not written yet. */
  #waits = false;
  /** @type {Code} */
  #code;

  /**
   * @param {string} room
   * @param {Code | null} copied code that came with the link this room was opened from
   */
  constructor(room, copied) {
    this.#room = room;
    const here = read(passing, codeOf(room));
    this.#own = !copied && !here?.copied;
    this.#code = here?.code ?? copied ?? read(lasting, "wireside.code")?.code ?? {};
    if (copied && !here) this.#write();
    void forgetOld();
  }

  /** @param {string} part @returns {Machine | null} */
  machine(part) {
    return this.#code[part] ?? null;
  }

  /** Whether the next visit finds this code by itself; what came with somebody's copy stays in its room. */
  get isKept() {
    return this.#own;
  }

  /** All text in the small storage, to give a copy of, and what is not in it: files by their machines. @returns {{ code: Code, left: string[] }} */
  get code() {
    const code = structuredClone(this.#code);
    const left = Object.entries(code).flatMap(([part, { large = [] }]) => large.map((file) => `${file} on ${part}`));
    for (const machine of Object.values(code)) {
      delete machine.large;
      machine.untouched = machine.untouched?.filter((file) => Object.hasOwn(machine.files, file));
      const typed = Object.entries(machine.arguments ?? {}).filter(([file]) => Object.hasOwn(machine.files, file));
      machine.arguments = Object.fromEntries(typed);
    }
    return { code, left };
  }

  /**
   * @param {string} part @param {string} file @param {string | Uint8Array} content text, or bytes of something else
   * @param {boolean} untouched whether it is what was put there
   */
  keep(part, file, content, untouched) {
    const machine = (this.#code[part] ??= { open: file, files: {} });
    if (this.#isNew(machine, file) && namesOf(machine).length >= FOLDER_FILES) return;
    const others = (machine.untouched ?? []).filter((one) => one !== file);
    machine.untouched = untouched ? [...others, file] : others;
    const wasLarge = machine.large?.includes(file) ?? false;
    if (typeof content === "string" && fits(machine, file, content)) {
      machine.files[file] = content;
      if (wasLarge) this.#forgetLarge(part, machine, file);
    } else {
      delete machine.files[file];
      if (!wasLarge) machine.large = [...(machine.large ?? []), file];
      void keep(this.#key(part, file), typeof content === "string" ? new TextEncoder().encode(content) : content);
    }
    this.#write();
  }

  /** Whether a file is kept. @param {string} part @param {string} file */
  has(part, file) {
    const machine = this.#code[part];
    return machine !== undefined && !this.#isNew(machine, file);
  }

  /** Several changes, which are written once. @param {() => void} changes */
  together(changes) {
    this.#waits = true;
    try {
      changes();
    } finally {
      this.#waits = false;
      this.#write();
    }
  }

  /** What stands in the large storage; null where it is gone. @param {string} part @param {string} file */
  large(part, file) {
    return kept(this.#key(part, file));
  }

  /** Forgets a file. @param {string} part @param {string} file */
  remove(part, file) {
    const machine = this.#code[part];
    if (!machine) return;
    delete machine.files[file];
    delete machine.arguments?.[file];
    if (machine.large?.includes(file)) this.#forgetLarge(part, machine, file);
    machine.untouched = machine.untouched?.filter((one) => one !== file);
    this.#write();
  }

  /** Gives a file another name, in its place among the others. @param {string} part @param {string} file @param {string} name */
  rename(part, file, name) {
    const machine = this.#code[part];
    if (!machine || this.#isNew(machine, file)) return;
    const renamed = (/** @type {string} */ one) => (one === file ? name : one);
    const inPlace = (/** @type {Record<string, string>} */ all) => Object.fromEntries(Object.entries(all).map(([one, text]) => [renamed(one), text]));
    machine.files = inPlace(machine.files);
    machine.untouched = machine.untouched?.map(renamed);
    machine.arguments = machine.arguments && inPlace(machine.arguments);
    machine.open = renamed(machine.open);
    if (machine.large?.includes(file)) {
      machine.large = machine.large.map(renamed);
      const [from, to] = [this.#key(part, file), this.#key(part, name)];
      void kept(from).then(async (bytes) => {
        if (bytes && (await keep(to, bytes))) await forget(from);
      });
    }
    this.#write();
  }

  /** @param {string} part @param {string} file */
  open(part, file) {
    const machine = (this.#code[part] ??= { open: file, files: {} });
    if (machine.open === file) return;
    machine.open = file;
    this.#write();
  }

  /** What is typed behind a program's name. @param {string} part @param {string} file */
  argumentsOf(part, file) {
    return this.#code[part]?.arguments?.[file] ?? "";
  }

  /** @param {string} part @param {string} file @param {string} line */
  keepArguments(part, file, line) {
    const machine = this.#code[part];
    if (!machine || line.length > LONGEST_ARGUMENTS || this.argumentsOf(part, file) === line) return;
    const all = (machine.arguments ??= {});
    if (line === "") delete all[file];
    else all[file] = line;
    this.#write();
  }

  /** @param {Machine} machine @param {string} file */
  #isNew(machine, file) {
    return !Object.hasOwn(machine.files, file) && !machine.large?.includes(file);
  }

  /** @param {string} part @param {Machine} machine @param {string} file */
  #forgetLarge(part, machine, file) {
    machine.large = machine.large?.filter((one) => one !== file);
    void forget(this.#key(part, file));
  }

  /** @param {string} part @param {string} file @returns {import("../base/file-store.js").Key} */
  #key(part, file) {
    return [this.#own ? OWN : this.#room, part, file];
  }

  #write() {
    if (this.#waits) return;
    write(passing, codeOf(this.#room), { code: this.#code, copied: !this.#own });
    if (this.#own) write(lasting, "wireside.code", { code: this.#code });
  }
}

/** Every file of a machine. @param {Machine} machine @returns {string[]} */
export function namesOf({ files, large = [] }) {
  return [...Object.keys(files), ...large];
}

/** Whether a text has room in the small storage. @param {Machine} machine @param {string} file @param {string} text */
function fits({ files }, file, text) {
  const others = Object.entries(files).reduce((sum, [one, { length }]) => sum + (one === file ? 0 : length), 0);
  return text.length <= LONGEST && others + text.length <= TOGETHER;
}

/** @param {() => import("../base/browser-storage.js").Place} storage @param {string} key @returns {{ code: Code, copied?: boolean } | null} */
function read(storage, key) {
  try {
    const found = JSON.parse(storage().getItem(key) ?? "null");
    return found && isCode(found.code) ? found : null;
  } catch {
    return null;
  }
}

/** @param {() => import("../base/browser-storage.js").Place} storage @param {string} key @param {object} value */
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
  const { untouched = [], large = [], arguments: typed = {} } = machine;
  const isList = (/** @type {any} */ names) => Array.isArray(names) && names.length <= FOLDER_FILES && names.every((name) => typeof name === "string");
  if (!isList(untouched) || !isList(large) || !large.every(isFileName)) return false;
  const names = namesOf(machine);
  if (names.length > FOLDER_FILES || !untouched.every((/** @type {string} */ name) => names.includes(name))) return false;
  if (typeof typed !== "object" || typed === null) return false;
  const known = (/** @type {[string, any]} */ [name, line]) => names.includes(name) && typeof line === "string" && line.length <= LONGEST_ARGUMENTS;
  if (!Object.entries(typed).every(known)) return false;
  return Object.entries(machine.files).every(([name, text]) => isFileName(name) && typeof text === "string" && text.length <= LONGEST);
}

export { isProgramName };
