// The menus of a machine's files: what `+` offers, and what can be done with one file. Shows and asks; the workspace and `file-actions.js` do it.
import { button, element } from "../base/element.js";
import { popover } from "../base/popover.js";
import { load, offered } from "./catalogue.js";
import { nameFault, nameShown } from "../client/web.js";

/** Most files that are looked at at once: more than a machine can have. */
const MOST_AT_ONCE = 200;

/** @typedef {import("./workspace.js").Workspace} Workspace */

export class FileMenu {
  #workspace;
  #actions;
  #part;
  #machine;
  #more;
  #file;

  /**
   * @param {Workspace} workspace @param {import("./file-actions.js").FileActions} actions
   * @param {string} part the machine's part in the tutorial @param {string} machine its name
   */
  constructor(workspace, actions, part, machine) {
    this.#workspace = workspace;
    this.#actions = actions;
    this.#part = part;
    this.#machine = machine;
    this.#file = button("⋯", () => {}, { class: "link plain tab-menu", "aria-haspopup": "dialog", hidden: true });
    popover(this.#file, { label: "This file", fill: (close) => [this.#ofFile(close)] });
    this.#more = button("+", () => {}, { class: "link plain tab-more", "aria-label": `New file on ${machine}`, "aria-haspopup": "dialog" });
    popover(this.#more, { label: "New file", fill: (close) => [this.#fresh(close)] });
  }

  /** The buttons, for the end of the row of tabs. */
  get nodes() {
    return [this.#file, this.#more];
  }

  /** The file whose menu there is; empty for none. @param {string} file */
  of(file) {
    this.#file.hidden = file === "";
    this.#file.dataset.file = file;
    this.#file.setAttribute("aria-label", `${nameShown(file)}: rename, duplicate, download, delete`);
    this.#file.title = `Rename, duplicate, download or delete ${nameShown(file)}`;
  }

  /** Opens the menu of the file. */
  open() {
    if (!this.#file.hidden) this.#file.click();
  }

  /** What `+` offers. @param {() => void} close */
  #fresh(close) {
    const why = this.#actions.noRoomFor();
    const full = why !== undefined;
    const said = element("p", { class: "soft", role: "status", hidden: !full }, why);
    const picker = /** @type {HTMLInputElement} */ (element("input", { type: "file", multiple: true, hidden: true }));
    picker.addEventListener("change", () => void this.#take(picker, close));
    const own = element("div", { class: "menu-list" });
    const entries = [
      button("New file", () => own.replaceChildren(this.#naming(this.#actions.freeName("program.py"), "Make it", (name) => this.#actions.make(name), close)), { class: "link", disabled: full }),
      button("Open from this computer", () => picker.click(), { class: "link", disabled: full }),
      button("Python prompt", () => {
        close();
        void this.#workspace.openPrompt();
      }, { class: "link", disabled: this.#workspace.noPrompt !== undefined, title: this.#workspace.noPrompt ?? "Real Python, line by line, with sockets of its own" }),
      button("Browser", () => {
        close();
        this.#workspace.browse();
      }, { class: "link" }),
      button("Download all as zip", () => {
        close();
        this.#workspace.downloadAll();
      }, { class: "link", disabled: this.#workspace.files.length === 0 }),
    ];
    const drop = element("p", { class: "soft drop-hint" }, "Files can be dropped on the machine too.");
    own.append(...entries, picker);
    return element("div", { class: "stack file-menu" }, own, drop, said, element("hr"), this.#readyMade(said, close));
  }

  /** @param {HTMLElement} said @param {() => void} close */
  #readyMade(said, close) {
    const list = element("div", { class: "menu-list" });
    for (const { file, path, title } of offered(this.#part)) {
      const open = async () => {
        try {
          await this.#workspace.put(file, await load(path), { keep: true });
          close();
        } catch (error) {
          say(said, error);
        }
      };
      const beside = this.#workspace.isEdited(file) ? `${file}, beside yours` : file;
      const made = button("", () => void open(), { class: "link offer" });
      made.replaceChildren(element("span", {}, title), element("span", { class: "soft mono" }, beside));
      list.append(made);
    }
    return list;
  }

  /** What can be done with the file that is open. @param {() => void} close */
  #ofFile(close) {
    const file = this.#file.dataset.file ?? "";
    const runs = this.#workspace.runningFiles.includes(file);
    const list = element("div", { class: "menu-list" });
    const done = (/** @type {() => void} */ act) => () => {
      close();
      act();
    };
    list.append(
      button("Rename", () => list.replaceChildren(this.#naming(file, "Rename", (name) => this.#actions.rename(file, name), close)), { class: "link", disabled: runs }),
      button("Duplicate", done(() => this.#actions.duplicate(file)), { class: "link", disabled: this.#actions.noRoomFor() !== undefined }),
      button("Download", done(() => this.#workspace.download(file)), { class: "link" }),
      button("Delete", done(() => this.#actions.remove(file)), { class: "link", disabled: runs }),
    );
    const why = runs ? element("p", { class: "soft" }, "It runs. Stop it to rename or delete it.") : "";
    return element("div", { class: "stack file-menu" }, element("h2", { class: "mono" }, nameShown(file)), list, why);
  }

  /** A field for a name. @param {string} file @param {string} label @param {(name: string) => void} act @param {() => void} close */
  #naming(file, label, act, close) {
    const field = /** @type {HTMLInputElement} */ (
      element("input", { class: "field mono", value: file, "aria-label": "Name of the file", maxlength: 255, autocomplete: "off", spellcheck: "false", autocapitalize: "off" })
    );
    const said = element("p", { class: "soft", role: "status" });
    const form = element("form", { class: "stack" }, element("div", { class: "row" }, field, element("button", { class: "button" }, label)), said);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const typed = field.value.trim();
      // Without an ending it is a program.
      const name = typed === "" || typed.includes(".") || typed.includes("/") ? typed : `${typed}.py`;
      const fault = nameFault(name);
      if (fault) return void (said.textContent = fault);
      if (name !== file && this.#workspace.has(name)) return void (said.textContent = `There is a ${name} already.`);
      close();
      act(name);
    });
    queueMicrotask(() => {
      field.focus();
      const dot = file.lastIndexOf(".");
      field.setSelectionRange(0, dot > 0 ? dot : file.length);
    });
    return form;
  }

  /** Files from the person's computer. @param {HTMLInputElement} picker @param {() => void} close */
  async #take(picker, close) {
    const files = [...(picker.files ?? [])].slice(0, MOST_AT_ONCE);
    close();
    await this.#workspace.bringAll(files);
  }
}

/** @param {HTMLElement} said @param {any} error */
function say(said, error) {
  said.hidden = false;
  said.textContent = error.message;
}
