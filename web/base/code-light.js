// Points at a line of a program's text, so that whoever draws what the line did can raise it. Bubbles.

/** @typedef {{ host: number, program: number, line: number, seq: number, end: number | undefined }} CodeLine as the view tells: `seq` and `end` of the line's newest call */

/** @param {EventTarget} from @param {{ program: number, line: number } | null} line null: at none */
export function pointAt(from, line) {
  from.dispatchEvent(new CustomEvent("code-light", { bubbles: true, detail: line }));
}

/** What ran last of an editor's text, and the links between its lines and what they did. A text that has changed since has none. */
export class RunLines {
  #editor;
  #program = 0;
  #text = "";

  /** @param {HTMLElement & { text: string, linkLines: (lines: number[]) => void, boxOf: (line: number) => DOMRect | null }} editor a code-editor */
  constructor(editor) {
    this.#editor = editor;
    editor.addEventListener("code-line", (event) => {
      const { detail: line } = /** @type {CustomEvent} */ (event);
      pointAt(editor, line !== null && this.#stands ? { program: this.#program, line } : null);
    });
    editor.addEventListener("change", () => pointAt(editor, null));
  }

  /** @param {number} program its number in the room @param {string} text what it runs */
  ran(program, text) {
    this.#program = program;
    this.#text = text;
    // What happens now is watched: nothing of it is lowered because the pointer was left lying on a line.
    pointAt(this.#editor, null);
  }

  /** Marks those of these lines that are its own. @param {CodeLine[]} lines */
  light(lines) {
    this.#editor.linkLines(this.#stands ? lines.filter(({ program }) => program === this.#program).map(({ line }) => line) : []);
  }

  /** Where a line is in the window, if it is one of its own and can be seen. @param {CodeLine} line @returns {DOMRect | null} */
  boxOf({ program, line }) {
    return this.#stands && program === this.#program && this.#editor.checkVisibility() ? this.#editor.boxOf(line) : null;
  }

  /** Whether the lines are still those that ran. */
  get #stands() {
    return this.#program !== 0 && this.#editor.text === this.#text;
  }
}
