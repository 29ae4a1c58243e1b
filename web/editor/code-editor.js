// An editor for one program: <code-editor label="server.py">. It begins as a plain text field; when the bundle named by
// /vendor/manifest.js has come, CodeMirror takes over with the text, the selection and the focus as they are. Where
// there is no bundle it stays what it is, and does the same but for colours and marked lines.
import { element } from "../base/element.js";

/** @typedef {"waiting" | "error"} Mark */
/** @typedef {(options: Record<string, any>) => any} CreateEditor the bundle's only export */

/** The bundle, asked for once for all editors of the page; null where this build has none. @type {Promise<CreateEditor | null> | null} */
let bundle = null;

async function load() {
  const manifest = await import("../vendor/manifest.js");
  return manifest.editor === null ? null : (await import(manifest.editor)).createEditor;
}

/**
 * Events: `code-line` with the number of the line that the pointer is on or the caret was moved to, or null; `change` when somebody has changed the text (not when the page has set it), `run` for Ctrl+Enter and
 * Cmd+Enter; both bubble. Tab leaves. Attribute `data-editor`: `plain` or `full`.
 */
export class CodeEditor extends HTMLElement {
  static observedAttributes = ["label", "readonly"];

  #place = element("div", { class: "place" });
  #field = /** @type {HTMLTextAreaElement} */ (
    element("textarea", {
      wrap: "off",
      autocomplete: "off",
      autocapitalize: "off",
      autocorrect: "off",
      spellcheck: "false",
      dir: "ltr",
    })
  );
  /** What the bundle made; null while the text is in the plain field. @type {any} */
  #editor = null;
  /** Lines that belong to something outside of the text, for an editor that has not come yet. @type {number[]} */
  #linked = [];
  /** Where threads wait. @type {{ line: number, names: string }[]} */
  #threads = [];
  /** The line told last. @type {number | null} */
  #line = null;
  /** Marked lines, for an editor that has not come yet. @type {Map<Mark, number>} */
  #marks = new Map();
  #composing = false;

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open", delegatesFocus: true });
    root.append(element("link", { rel: "stylesheet", href: "/editor/code-editor.css", crossorigin: "" }), this.#place);
    this.#place.append(this.#field);
    this.#field.addEventListener("input", () => this.#tell("change"));
    // The field's own `change` comes when it is left, which is not what this element means by it.
    this.#field.addEventListener("change", (event) => event.stopPropagation());
    this.#field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" || event.isComposing || !(event.ctrlKey || event.metaKey)) return;
      event.preventDefault();
      this.#tell("run");
    });
    this.#field.addEventListener("compositionstart", () => (this.#composing = true));
    this.#field.addEventListener("compositionend", () => {
      this.#composing = false;
      // After the input event with what was composed.
      queueMicrotask(() => this.#upgrade());
    });
  }

  connectedCallback() {
    this.#describe();
    this.#upgrade();
  }

  disconnectedCallback() {
    // Moving within the page disconnects and connects again at once; that shall not cost the undo history.
    queueMicrotask(() => {
      if (!this.isConnected) this.#downgrade();
    });
  }

  attributeChangedCallback() {
    this.#describe();
  }

  /** The whole program. */
  get text() {
    return this.#editor ? this.#editor.text : this.#field.value;
  }

  set text(/** @type {string} */ text) {
    if (this.#editor) this.#editor.text = text;
    else if (this.#field.value !== text) this.#field.value = text;
  }

  get readOnly() {
    return this.hasAttribute("readonly");
  }

  set readOnly(/** @type {boolean} */ value) {
    this.toggleAttribute("readonly", value);
  }

  /** Its accessible name: what program this is. */
  get label() {
    return this.getAttribute("label") ?? "Program";
  }

  set label(/** @type {string} */ value) {
    this.setAttribute("label", value);
  }

  /** @param {FocusOptions} [options] */
  focus(options) {
    if (this.#editor) this.#editor.focus();
    else this.#field.focus(options);
  }

  /**
   * Marks a line instead of the one that had this mark; `null` takes it away.
   * @param {number | null} line from 1
   * @param {Mark} [kind] without it `null` takes all marks away
   */
  markLine(line, kind) {
    if (kind === undefined) this.#marks.clear();
    else if (line === null) this.#marks.delete(kind);
    else this.#marks.set(kind, line);
    this.#editor?.markLine(line, kind);
  }

  /** Marks the lines in which threads wait, with their names. @param {{ line: number, names: string }[]} lines from 1 */
  markThreads(lines) {
    if (JSON.stringify(lines) === JSON.stringify(this.#threads)) return;
    this.#threads = lines;
    this.#editor?.markThreads(lines);
  }

  /** Puts the caret on a line and shows it. @param {number} line from 1 */
  goTo(line) {
    if (this.#editor) return this.#editor.goTo(line);
    const start = this.#field.value.split("\n", line - 1).reduce((sum, one) => sum + one.length + 1, 0);
    this.#field.focus();
    this.#field.setSelectionRange(start, start);
  }

  /** Marks all lines that belong to something outside of the text. @param {number[]} lines from 1 */
  linkLines(lines) {
    if (lines.join() === this.#linked.join()) return;
    this.#linked = lines;
    this.#editor?.linkLines(lines);
  }

  /** Where a line is in the window, as far as it can be seen. @param {number} line from 1 @returns {DOMRect | null} */
  boxOf(line) {
    return this.#editor?.boxOf(line) ?? null;
  }

  /** @param {number | null} line */
  #tellLine(line) {
    if (line === this.#line) return;
    this.#line = line;
    this.dispatchEvent(new CustomEvent("code-line", { detail: line }));
  }

  /** @param {"change" | "run"} what */
  #tell(what) {
    // The marks of a text that has changed since are the editor's to move.
    if (what === "change" && !this.#editor) this.#marks.clear();
    this.dispatchEvent(new Event(what, { bubbles: true }));
  }

  #describe() {
    this.#field.setAttribute("aria-label", this.label);
    this.#field.readOnly = this.readOnly;
    this.#editor?.setLabel(this.label);
    this.#editor?.setReadOnly(this.readOnly);
  }

  /** Lets CodeMirror take over, once it is here and nobody is in the middle of composing a character. */
  async #upgrade() {
    if (this.#editor) return;
    this.dataset.editor ??= "plain";
    let create;
    try {
      bundle ??= load();
      create = await bundle;
    } catch (error) {
      // The plain field does the job. The next editor tries again.
      bundle = null;
      console.warn("the editor did not come:", error);
      return;
    }
    if (!create || this.#editor || this.#composing || !this.isConnected) return;
    const field = this.#field;
    const focused = this.shadowRoot?.activeElement === field;
    const backward = field.selectionDirection === "backward";
    const [start, end] = [field.selectionStart, field.selectionEnd];
    const scroll = field.scrollTop;
    field.remove();
    this.#editor = create({
      parent: this.#place,
      doc: field.value,
      selection: backward ? { anchor: end, head: start } : { anchor: start, head: end },
      readOnly: this.readOnly,
      label: this.label,
      onchange: () => this.#tell("change"),
      onrun: () => this.#tell("run"),
      online: (/** @type {number | null} */ line) => this.#tellLine(line),
    });
    this.dataset.editor = "full";
    for (const [kind, line] of this.#marks) this.#editor.markLine(line, kind);
    this.#editor.linkLines(this.#linked);
    this.#editor.markThreads(this.#threads);
    if (focused) this.#editor.focus();
    else this.#editor.scrollTo(scroll);
  }

  /** Back to the plain field, with the text: what listens to the window has to end with the element. */
  #downgrade() {
    if (!this.#editor) return;
    this.#field.value = this.#editor.text;
    this.#editor.destroy();
    this.#editor = null;
    this.#place.append(this.#field);
    this.dataset.editor = "plain";
  }
}

customElements.define("code-editor", CodeEditor);
