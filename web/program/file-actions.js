// What is done with a machine's files, by a person, from another machine and by its programs: names, room, what comes to the
// front, what can be had back. What is in the files is `machine-files.js`'s, what is seen of them their panes'.
import { folderFull, isFileName, nameShown } from "../client/web.js";
import { counted } from "../base/counted.js";
import { namesLike } from "./file-names.js";
import { equal } from "./machine-files.js";

/** Names of files that have room in a sentence. */
const NAMED = 3;
/** Sentences about files that cannot be taken, one each, before they are counted. */
const REFUSALS = 3;

/**
 * @typedef {object} Front what shows the files
 * @property {() => string} chosen the tab in front
 * @property {(name: string) => void} open brings a file's tab to the front
 * @property {(file: string, instead: string) => void} gone there is no file of this name any more; who meant it may mean another
 * @property {() => void} draw there are other files
 */
/** @typedef {{ actions?: { label: string, run: () => void }[], bad?: boolean }} SayOptions */
/** @typedef {{ name: string, bytes: Uint8Array }} NamedBytes */

export class FileActions {
  #host;
  #files;
  #front;
  #say;
  /** What programs have written and nobody has looked at. @type {Set<string>} */
  #unseen = new Set();

  /**
   * @param {{ host: string, files: import("./machine-files.js").MachineFiles, front: Front,
   *   say: (text: string, options?: SayOptions) => void }} of `host`: the machine's name
   */
  constructor({ host, files, front, say }) {
    this.#host = host;
    this.#files = files;
    this.#front = front;
    this.#say = say;
  }

  /** Whether a program has written a file that nobody has looked at since. @param {string} file */
  isUnseen(file) {
    return this.#unseen.has(file);
  }

  /** Somebody looks at a file. @param {string} file */
  seen(file) {
    this.#unseen.delete(file);
  }

  /** The first name like this that is free. @param {string} file */
  freeName(file) {
    return [file, ...namesLike(file)].find((name) => !this.#files.has(name)) ?? file;
  }

  /** Why there is no room for another file; nothing where there is. @param {string} [file] */
  noRoomFor(file = "Another file") {
    return this.#files.full(file, "");
  }

  /**
   * Puts a program here and opens it: in place of one of that name, or with `keep` beside it where that one is somebody's own
   * work. Throws where the machine has no place for another file. @param {string} file @param {string} source @param {boolean} keep
   * @returns {string} the name it got
   */
  put(file, source, keep) {
    const name = keep ? this.#files.placeFor(file, source) : file;
    const full = this.#files.full(name, source);
    if (full) throw new Error(full);
    const pane = this.#files.programs.get(name);
    if (pane) pane.put(source);
    else {
      this.#files.add(name, source, source);
      this.#front.draw();
    }
    this.#files.keep(name);
    this.#front.open(name);
    return name;
  }

  /** Makes an empty file and opens it. @param {string} file */
  make(file) {
    if (!this.#files.has(file) && !this.#add(file, "", "")) return;
    this.#front.open(file);
    this.#files.pane(file)?.focus();
  }

  /** A second one of the same content. @param {string} file */
  duplicate(file) {
    const name = this.freeName(file);
    const content = this.#files.text(file) ?? this.#files.data(file)?.bytes.slice();
    if (content !== undefined && this.#add(name, content, null)) this.#front.open(name);
  }

  /** Gives a file that does not run another name. @param {string} file @param {string} name */
  rename(file, name) {
    const found = this.#files.atRest(file);
    if (!found || this.#files.has(name) || !isFileName(name)) return;
    this.#files.rename(file, name, found);
    this.#unseen.delete(file);
    this.#front.gone(file, name);
    this.#files.keep(name);
    this.#front.open(name);
  }

  /** Deletes a file that does not run; for a while it can be had back. @param {string} file @param {string} [by] the program that did it */
  remove(file, by) {
    const found = this.#files.atRest(file);
    if (!found) return;
    const names = this.#files.names;
    const at = names.indexOf(file);
    const beside = names[at + 1] ?? names[at - 1] ?? "";
    const chosen = this.#front.chosen();
    this.#files.remove(file);
    this.#unseen.delete(file);
    this.#front.gone(file, beside);
    this.#front.open(chosen === file ? beside : chosen);
    const undo = () => {
      const name = this.freeName(file);
      if (!this.#add(name, found.content, found.original)) return;
      this.#front.open(name);
      this.#say(`${nameShown(name)} is back.`);
    };
    this.#say(`${nameShown(file)} on ${this.#host} is deleted${by ? ` by ${by}` : ""}.`, { actions: [{ label: "Undo", run: undo }] });
  }

  /**
   * Files from the person's computer: all that can be taken, and a sentence for each that cannot.
   * @param {File[]} brought @param {string[]} folders names of folders among them, which cannot be taken
   */
  async bringAll(brought, folders) {
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
    this.#front.draw();
    this.#files.keep(...here);
    const last = here.at(-1);
    if (last) this.#front.open(here.find((name) => this.#files.programs.has(name)) ?? last);
    if (said.length > REFUSALS) said.splice(REFUSALS, said.length, `And ${said.length - REFUSALS} more could not be taken.`);
    if (here.length > 1 || (here.length > 0 && said.length > 0)) said.unshift(`${counted(here.length, "file")} ${here.length === 1 ? "is" : "are"} on ${this.#host} now.`);
    if (said.length > 0) this.#say(said.join(" "), { bad: here.length === 0 || said.length > 1 });
  }

  /**
   * Takes files that a program of another machine has beside it, as far as there are none of these names here and there is
   * room. @param {NamedBytes[]} files @returns {string[]} what became of them, in sentences
   */
  lend(files) {
    /** @type {{ copied: string[], own: string[], left: string[] }} */
    const became = { copied: [], own: [], left: [] };
    for (const { name, bytes } of files) {
      if (this.#files.has(name)) {
        if (!equal(this.#files.bytesOf(name), bytes)) became.own.push(name);
      } else if (this.#files.full(name, bytes)) became.left.push(name);
      else {
        this.#files.add(name, bytes.slice(), null);
        became.copied.push(name);
      }
    }
    if (became.copied.length > 0) this.#files.keep(...became.copied);
    this.#front.draw();
    return [
      ...(became.copied.length > 0 ? [`With it went ${few(became.copied)}.`] : []),
      ...(became.own.length > 0 ? [`${this.#host} keeps its own ${few(became.own)}.`] : []),
      ...(became.left.length > 0 ? [`There was no room for ${few(became.left)}.`] : []),
    ];
  }

  /**
   * A program has changed the machine's files. @param {string} by @param {import("../client/wireside.js").FolderChange} change
   * @returns {string[]} what could not be kept, in sentences
   */
  changedByProgram(by, { files, removed, left }) {
    const said = left.map(({ name, why, size }) => notKept(name, why, size));
    for (const { name, bytes } of files) {
      const wrong = isFileName(name) ? this.#files.full(name, bytes) : `${nameShown(name)} has a name that a file of the page cannot have.`;
      if (wrong) said.push(wrong);
      else {
        this.#files.written(name, bytes);
        if (this.#front.chosen() !== name) this.#unseen.add(name);
      }
    }
    for (const name of removed) if (this.#files.has(name)) this.remove(name, by);
    this.#front.draw();
    return said;
  }

  /** A file that is not here yet; false where it finds no room, which is said. @param {string} name @param {string | Uint8Array} content @param {string | null} original */
  #add(name, content, original) {
    const full = this.#files.full(name, content);
    if (full) {
      this.#say(full, { bad: true });
      return false;
    }
    this.#files.add(name, content, original);
    this.#files.keep(name);
    return true;
  }
}

/** Names in a sentence. @param {string[]} names */
function few(names) {
  const shown = names.slice(0, NAMED).map(nameShown).join(", ");
  return names.length > NAMED ? `${shown} and ${names.length - NAMED} more` : shown;
}

/** @param {string} name @param {"folder" | "large" | "many"} why @param {number} size */
function notKept(name, why, size) {
  if (why === "folder") return `the folder ${nameShown(name)}. A machine has one folder, without others in it.`;
  if (why === "many") return folderFull(name, Number.MAX_SAFE_INTEGER, 0, undefined, 0) ?? name;
  return folderFull(name, 0, 0, undefined, size) ?? name;
}
