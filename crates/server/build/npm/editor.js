// The page's editor for Python, as one module: CodeMirror with as little around it as a beginner's program needs.
// The build bundles this file; `web/editor/code-editor.js` is what the page uses.
//
// Tab is left to the browser, so that the keyboard can leave: Enter indents, Ctrl-] and Ctrl-[ move lines.
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { bracketMatching, forceParsing, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { Annotation, Compartment, EditorSelection, EditorState, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, ViewPlugin, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

// Colours come from outside, by custom properties that cross the shadow root; `web/editor/code-editor.css` sets them.
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-keyword)", fontWeight: "600" },
  { tag: [tags.string, tags.special(tags.string), tags.character], color: "var(--code-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-number)" },
  { tag: [tags.function(tags.definition(tags.variableName)), tags.definition(tags.className)], color: "var(--code-name)" },
  { tag: tags.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: tags.invalid, color: "var(--code-invalid)" },
]);

/** Letters that turn the order of others and that CodeMirror does not mark by itself: code is read as it stands there. */
const TURNING = /[\u202a-\u202c\u2068]/g;

/** How long Enter waits at most for what the lines before it mean, milliseconds: their indentation decides the new line's. */
const PARSE_MS = 200;

/** Before Enter does what it does: while a computer is busy the parser is behind. @param {EditorView} view */
function parsed(view) {
  forceParsing(view, view.state.selection.main.head, PARSE_MS);
  return false;
}

const look = EditorView.theme({
  "&": { height: "100%", color: "inherit", backgroundColor: "transparent" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { font: "inherit", lineHeight: "inherit", overflow: "auto" },
  ".cm-content": { padding: "var(--code-padding) 0", caretColor: "currentColor" },
  ".cm-line": { padding: "0 var(--code-padding)" },
  ".cm-gutters": { color: "var(--code-gutter)", backgroundColor: "transparent", border: "none" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "1.75em", padding: "0 0.25em 0 0.5em" },
  "&.cm-focused .cm-matchingBracket, .cm-matchingBracket": {
    backgroundColor: "transparent",
    outline: "1px solid var(--code-bracket)",
  },
  "&.cm-focused .cm-nonmatchingBracket, .cm-nonmatchingBracket": {
    backgroundColor: "transparent",
    color: "var(--code-invalid)",
  },
  ".cm-mark-linked": {
    backgroundColor: "var(--code-linked-tint)",
    boxShadow: "inset 3px 0 var(--code-linked)",
  },
  ".cm-mark-waiting": {
    backgroundColor: "var(--code-waiting-tint)",
    boxShadow: "inset 3px 0 var(--code-waiting)",
  },
  // Who waits there, at the line's right edge; no part of the text.
  ".cm-line[data-threads]": { display: "flow-root" },
  ".cm-line[data-threads]::after": {
    content: "attr(data-threads)",
    float: "right",
    paddingLeft: "2ch",
    textIndent: "0",
    color: "var(--code-waiting)",
    pointerEvents: "none",
  },
  ".cm-mark-error": { backgroundColor: "var(--code-error-tint)", boxShadow: "inset 3px 0 var(--code-error)" },
});

/** Deepest indentation, in spaces, under which a long line goes on; a deeper one goes on there, too. */
const DEEPEST = 24;
/** How much further to the right a line goes on, in letters. */
const FURTHER = 2;

const hangs = Array.from({ length: DEEPEST + 1 }, (_, spaces) => Decoration.line({ class: `cm-hang-${spaces}` }));
const hangingLook = EditorView.theme(
  Object.fromEntries(
    hangs.map((_, spaces) => [
      `.cm-line.cm-hang-${spaces}`,
      {
        paddingLeft: `calc(var(--code-padding) + ${spaces + FURTHER}ch)`,
        textIndent: `${-(spaces + FURTHER)}ch`,
      },
    ]),
  ),
);

/** Long lines wrap under their own indentation: what belongs to a block looks so. */
const hanging = ViewPlugin.fromClass(
  class {
    /** @param {EditorView} view */
    constructor(view) {
      this.lines = this.look(view);
    }

    /** @param {import("@codemirror/view").ViewUpdate} update */
    update(update) {
      if (update.docChanged || update.viewportChanged) this.lines = this.look(update.view);
    }

    /** @param {EditorView} view */
    look(view) {
      const ranges = [];
      for (const { from, to } of view.visibleRanges) {
        for (let at = from; at <= to; ) {
          const line = view.state.doc.lineAt(at);
          const spaces = Math.min(DEEPEST, line.text.length - line.text.trimStart().length);
          ranges.push(hangs[spaces].range(line.from));
          at = line.to + 1;
        }
      }
      return Decoration.set(ranges);
    }
  },
  { decorations: (plugin) => plugin.lines },
);

/** @typedef {"waiting" | "error"} Mark */

/** The kinds of marks, the one that is seen where both are on a line last. @type {Mark[]} */
const MARKS = ["waiting", "error"];

const setMark = StateEffect.define();
const setLinked = StateEffect.define();
const setThreads = StateEffect.define();
/** A change made by the program, which nobody has to be told about. */
const ours = Annotation.define();

/** One mark of a kind; it moves with its line. @param {Mark} kind */
const markField = (kind) => {
  const decoration = Decoration.line({ class: `cm-mark-${kind}` });
  return StateField.define({
    create: () => Decoration.none,
    update(marks, transaction) {
      marks = marks.map(transaction.changes);
      for (const effect of transaction.effects) {
        if (!effect.is(setMark) || effect.value.kind !== kind) continue;
        const { line } = effect.value;
        const { doc } = transaction.state;
        const there = line !== null && line >= 1 && line <= doc.lines;
        marks = there ? Decoration.set(decoration.range(doc.line(line).from)) : Decoration.none;
      }
      return marks;
    },
    provide: (field) => EditorView.decorations.from(field),
  });
};

/** The lines that belong to something outside of the text. */
const linkedField = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    const { doc } = transaction.state;
    const linked = Decoration.line({ class: "cm-mark-linked" });
    for (const effect of transaction.effects) {
      if (!effect.is(setLinked)) continue;
      const lines = effect.value.filter((/** @type {number} */ line) => line >= 1 && line <= doc.lines);
      marks = Decoration.set(lines.map((/** @type {number} */ line) => linked.range(doc.line(line).from)), true);
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/** The lines in which the threads of a program wait, where it has several. */
const threadsField = StateField.define({
  create: () => Decoration.none,
  update(marks, transaction) {
    marks = marks.map(transaction.changes);
    const { doc } = transaction.state;
    for (const effect of transaction.effects) {
      if (!effect.is(setThreads)) continue;
      const there = effect.value.filter((/** @type {{ line: number }} */ { line }) => line >= 1 && line <= doc.lines);
      const ranges = there.map((/** @type {{ line: number, names: string }} */ { line, names }) =>
        Decoration.line({ class: "cm-mark-waiting", attributes: { "data-threads": names } }).range(doc.line(line).from),
      );
      marks = Decoration.set(ranges, true);
    }
    return marks;
  },
  provide: (field) => EditorView.decorations.from(field),
});

/**
 * @param {{
 *   parent: ShadowRoot | Element, `parent` a shadow root or an element in one: elsewhere the page's policy refuses styles
 *   doc?: string,
 *   selection?: { anchor: number, head: number }, in UTF-16 code units
 *   onchange?: (text: string) => void, `onchange` is called for what the user changed
 *   onrun?: () => void, `onrun` for Ctrl+Enter and Cmd+Enter
 *   online?: (line: number | null) => void, `online` with the line, from 1, that the pointer is on or the caret was moved to
 *   readOnly?: boolean,
 *   label?: string,
 * }} options
 */
export function createEditor({ parent, doc = "", selection, onchange, onrun, online, readOnly = false, label = "Program" }) {
  const writing = new Compartment();
  const naming = new Compartment();
  /** @param {boolean} value */
  const writable = (value) => [
    EditorState.readOnly.of(value),
    EditorView.contentAttributes.of({ "aria-readonly": String(value) }),
  ];
  /** @param {string} value */
  const named = (value) => EditorView.contentAttributes.of({ "aria-label": value });
  const run = () => {
    onrun?.();
    return true;
  };
  const length = EditorState.create({ doc }).doc.length;
  const start = selection && EditorSelection.single(Math.min(selection.anchor, length), Math.min(selection.head, length));
  const root = parent.getRootNode();
  const view = new EditorView({
    parent,
    root: root instanceof ShadowRoot ? root : undefined,
    state: EditorState.create({
      doc,
      selection: start,
      extensions: [
        lineNumbers(),
        highlightSpecialChars({ addSpecialChars: TURNING }),
        history(),
        python(),
        indentUnit.of("    "),
        indentOnInput(),
        bracketMatching(),
        syntaxHighlighting(colours),
        look,
        linkedField,
        threadsField,
        MARKS.map(markField),
        writing.of(writable(readOnly)),
        naming.of(named(label)),
        EditorView.lineWrapping,
        hangingLook,
        hanging,
        EditorView.contentAttributes.of({ autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
        keymap.of([{ key: "Ctrl-Enter", run }, { key: "Meta-Enter", run }, { key: "Enter", run: parsed }, ...historyKeymap, ...defaultKeymap]),
        EditorView.updateListener.of((update) => {
          const theirs = update.transactions.some((one) => one.docChanged && !one.annotation(ours));
          if (theirs) onchange?.(update.state.doc.toString());
          // Where somebody types the line is being written, not asked about.
          const moved = update.selectionSet && !update.docChanged && update.view.hasFocus;
          if (moved) online?.(update.state.doc.lineAt(update.state.selection.main.head).number);
        }),
        EditorView.domEventHandlers({
          pointermove: (event, view) => {
            if (event.pointerType === "touch") return;
            const at = view.posAtCoords({ x: event.clientX, y: event.clientY });
            online?.(at === null ? null : view.state.doc.lineAt(at).number);
          },
          pointerleave: () => online?.(null),
          blur: () => online?.(null),
        }),
      ],
    }),
  });

  return {
    /** The whole program. */
    get text() {
      return view.state.doc.toString();
    },
    /** Changes only what differs, so that the caret and the marks of other lines stay where they are. */
    set text(/** @type {string} */ wanted) {
      const text = wanted.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
      const old = this.text;
      if (text === old) return;
      let from = 0;
      while (from < old.length && from < text.length && old[from] === text[from]) from += 1;
      let [to, end] = [old.length, text.length];
      while (to > from && end > from && old[to - 1] === text[end - 1]) [to, end] = [to - 1, end - 1];
      view.dispatch({ changes: { from, to, insert: text.slice(from, end) }, annotations: ours.of(true) });
    },
    focus() {
      view.focus();
    },
    /**
     * Marks a line, instead of the one that had this mark; `null` takes it away.
     * @param {number | null} line from 1; one that is not there takes the mark away
     * @param {Mark} [kind] without it `null` takes all marks away
     */
    markLine(line, kind) {
      const kinds = kind === undefined ? MARKS : [kind];
      view.dispatch({ effects: kinds.map((one) => setMark.of({ line, kind: one })) });
      // An error is shown; a line that waits is not worth taking the text away from whoever reads another part of it.
      const reveal = kind === "error" && line !== null && line >= 1 && line <= view.state.doc.lines;
      if (reveal) view.dispatch({ effects: EditorView.scrollIntoView(view.state.doc.line(line).from) });
    },
    /** Marks all lines that belong to something outside of the text. @param {number[]} lines from 1 */
    linkLines(lines) {
      view.dispatch({ effects: setLinked.of(lines) });
    },
    /** Marks the lines in which threads wait, with their names. @param {{ line: number, names: string }[]} lines from 1 */
    markThreads(lines) {
      view.dispatch({ effects: setThreads.of(lines) });
    },
    /** Puts the caret on a line and shows it. @param {number} line from 1 */
    goTo(line) {
      if (line < 1 || line > view.state.doc.lines) return;
      view.dispatch({ selection: { anchor: view.state.doc.line(line).from }, scrollIntoView: true });
      view.focus();
    },
    /** Where a line is in the window, as far as it can be seen; null when it cannot. @param {number} line from 1 @returns {DOMRect | null} */
    boxOf(line) {
      if (line < 1 || line > view.state.doc.lines) return null;
      const { top, height } = view.lineBlockAt(view.state.doc.line(line).from);
      const seen = view.scrollDOM.getBoundingClientRect();
      const y = view.documentTop + top;
      if (y < seen.top || y + height > seen.bottom) return null;
      return new DOMRect(seen.left, y, seen.width, height);
    },
    /** @param {boolean} value */
    setReadOnly(value) {
      view.dispatch({ effects: writing.reconfigure(writable(value)) });
    },
    /** @param {string} value */
    setLabel(value) {
      view.dispatch({ effects: naming.reconfigure(named(value)) });
    },
    /** @param {number} top in pixels */
    scrollTo(top) {
      view.scrollDOM.scrollTop = top;
    },
    destroy() {
      view.destroy();
    },
  };
}
