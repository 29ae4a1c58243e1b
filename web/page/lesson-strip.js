// The lesson strip: the step that comes next, one sentence, and ways to be helped. It watches the trace and never
// blocks a control: whoever does something else is simply somewhere else in the lesson.
import { announce } from "/page/announce.js";
import { button, element, find } from "/page/element.js";
import { isSmall, showView } from "/page/frame.js";
import { inline } from "/page/lesson-format.js";
import { lessonList } from "/page/lesson-list.js";
import { Progress } from "/page/lesson-progress.js";
import { popover } from "/page/popover.js";
import { skippedSteps } from "/page/storage.js";

/** @typedef {import("/page/lesson-format.js").Lesson} Lesson */

export class LessonStrip extends HTMLElement {
  /** @type {Lesson | null} */
  #lesson = null;
  /** @type {Progress | null} */
  #progress = null;
  /** @type {any} */
  #room = null;
  /** @type {any} */
  #frame = null;
  #count = /** @type {HTMLButtonElement} */ (button("1 of 6", () => {}, { class: "link plain count", disabled: true }));
  #sentence = element("p", { class: "prose sentence" });
  #actions = element("div", { class: "strip-actions" });
  #primary = button("", () => this.#act(), { class: "button filled", hidden: true });
  #help = button("Do it for me", () => this.#doIt(), { disabled: true });
  #stuck = button("Stuck?", () => this.#toggleHint(), { class: "link wide-only", "aria-expanded": "false", disabled: true });
  #skip = button("Skip", () => this.#skipStep(), { class: "link wide-only", disabled: true });
  /** @type {HTMLElement | null} */
  #hint = null;
  /** How many lines of the step are done already. */
  #done = 0;
  /** @type {any} the step that is drawn */
  #drawn = undefined;
  /** What the list of steps shows, to draw it again only when that has changed. */
  #listed = "";
  #busy = false;
  #scheduled = false;
  /** Whether what comes is news and not history. */
  #live = false;
  /** @type {() => void} */
  #primaryAction = () => {};
  /** Shows the recorded event with this `seq` in the wire. @type {(seq: number) => void} */
  onevidence = () => {};

  connectedCallback() {
    const first = this.querySelector(".sentence");
    if (first) this.#sentence.append(...first.childNodes);
    this.#actions.append(this.#primary, this.#help, this.#stuck, this.#skip);
    this.replaceChildren(this.#count, this.#sentence, this.#actions);
    // On a small screen the list is a view of its own.
    this.#count.addEventListener("click", (event) => {
      if (!isSmall()) return;
      event.stopImmediatePropagation();
      this.#showAll();
    });
    popover(this.#count, { label: "All steps", class: "at-start", fill: (close) => [this.#list(false, close)] });
  }

  /** @param {{ lesson: Lesson, room: any, frame: any }} parts */
  attach({ lesson, room, frame }) {
    this.#lesson = lesson;
    this.#room = room;
    this.#frame = frame;
    const guest = room.me.role === "participant";
    const includes = (/** @type {string} */ audience) => audience === "everybody" || audience === (guest ? "guest" : "owner");
    this.#progress = new Progress(lesson, includes, skippedSteps.get(room.id));
    this.#count.disabled = false;
    this.refresh();
    // What arrives in the first moment is the recording so far.
    requestAnimationFrame(() => requestAnimationFrame(() => (this.#live = true)));
  }

  /** @param {number} seq @param {Record<string, string | number | undefined>} facts */
  feed(seq, facts) {
    if (!this.#progress) return;
    const current = this.#progress.current;
    const changed = this.#progress.feed(seq, facts);
    if (this.#progress.current !== current) this.#done = 0;
    else if (current) this.#countLine(current.step, facts);
    if (changed || this.#done > 0) this.refresh();
  }

  /** @param {import("/page/lesson-format.js").Step} step @param {Record<string, string | number | undefined>} facts */
  #countLine(step, facts) {
    const next = step.does[this.#done];
    if (!next || facts.kind !== "call" || facts.phase !== "end" || facts.result !== "ok") return;
    if (next.host === facts.host && callOf(next.line) === facts.call) this.#done += 1;
  }

  /** Draws once a frame, however much has happened. */
  refresh() {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  #draw() {
    const progress = this.#progress;
    if (!progress) return;
    const current = progress.current;
    const { step, of } = progress.place;
    this.#count.textContent = current ? `${step} of ${of}` : "All done";
    const part = progress.parts[progress.part];
    if (part) this.#count.title = `Part ${progress.part + 1} of ${progress.parts.length}: ${part.title}`;
    if (this.#drawn !== current) this.#drawStep(current);
    this.#drawActions(current);
    this.#drawList(progress);
  }

  /** Only when a step has changed: the list keeps the focus of whoever walks through it. @param {Progress} progress */
  #drawList(progress) {
    const marks = progress.parts.map(({ standings }) => standings.map(({ evidence, skipped }) => [evidence, skipped]));
    const drawn = JSON.stringify([progress.current?.name, marks]);
    if (drawn === this.#listed) return;
    this.#listed = drawn;
    find("#lesson-view").replaceChildren(this.#list(true, () => showView("wire")));
  }

  /** @param {import("/page/lesson-progress.js").Standing | null} current */
  #drawStep(current) {
    this.#closeHint();
    const text = this.#watching && current ? `You are watching. The lesson is at: ${current.step.title}.` : (current?.step.text ?? this.#endText());
    this.#sentence.replaceChildren(...this.#passedMark(), ...inline(text, this.#rename));
    const passed = this.#progress?.last?.step.passed ?? "";
    if (this.#live && this.#drawn !== undefined) announce(`${passed} ${plain(text, this.#rename)}`.trim());
    this.#drawn = current;
  }

  get #watching() {
    return this.#room.me.role === "viewer";
  }

  #endText() {
    const front = this.#lesson?.front ?? {};
    return (this.#room.me.role === "participant" && front["end-guest"]) || front.end || "";
  }

  #passedMark() {
    const last = this.#progress?.last;
    if (!last || last.evidence === null) return [];
    const seq = last.evidence;
    return [
      element(
        "button",
        { type: "button", class: "passed", title: "Show it in the wire", on: { click: () => this.onevidence(seq) } },
        element("span", {}, last.step.passed),
      ),
      " ",
    ];
  }

  /** @param {import("/page/lesson-progress.js").Standing | null} current */
  #drawActions(current) {
    const watching = this.#watching;
    const next = watching ? null : (current?.step.does[this.#done] ?? null);
    const host = next ? this.#hostName(next.host) : "";
    const suggested = this.#suggest(host, next?.line ?? null);
    const shown = next !== null && this.#frame.shows(host);
    if (!current && !watching) this.#setPrimary("Share", () => find("#share").click());
    else if (next && !shown && !document.body.dataset.only) this.#setPrimary(`Show ${host}`, () => this.#frame.reveal(host));
    else this.#setPrimary("", () => {});
    this.#help.hidden = !next;
    this.#help.disabled = this.#busy;
    this.#help.classList.toggle("filled", shown && !suggested);
    this.#stuck.hidden = watching || !current?.step.hint;
    this.#skip.hidden = !current || watching;
    this.#stuck.disabled = false;
    this.#skip.disabled = false;
  }

  /** Asks the machine's console to make this line its next button. @param {string} host @param {string | null} line */
  #suggest(host, line) {
    let taken = false;
    for (const pane of this.#frame.panes) {
      const mine = line !== null && pane.host?.name === host;
      const took = pane.console?.suggest?.(mine ? line : null);
      if (mine && pane.console?.suggest && took !== false) taken = true;
    }
    return taken;
  }

  /** @param {string} label @param {() => void} action */
  #setPrimary(label, action) {
    this.#primary.hidden = label === "";
    if (label && this.#primary.textContent !== label) this.#primary.textContent = label;
    this.#primaryAction = action;
  }

  #act() {
    this.#primaryAction();
  }

  async #doIt() {
    const current = this.#progress?.current;
    if (!current || this.#busy) return;
    this.#busy = true;
    this.refresh();
    try {
      for (const { host, line, waits } of current.step.does.slice(this.#done)) {
        const name = this.#hostName(host);
        const console = this.#frame.paneOf(name)?.console;
        if (!console?.run) return;
        const ended = console.run(line);
        // A call that waits for the next step must not be waited for here.
        if (waits) ended?.catch?.(() => {});
        else await ended;
      }
    } catch {
      // The console shows what went wrong, where it went wrong.
    } finally {
      this.#busy = false;
      this.refresh();
    }
  }

  #skipStep() {
    if (!this.#progress) return;
    this.#progress.skip();
    this.#done = 0;
    skippedSteps.set(this.#room.id, this.#progress.skipped);
    this.refresh();
  }

  #toggleHint() {
    if (this.#hint) return this.#closeHint();
    const hint = this.#progress?.current?.step.hint ?? "";
    this.#hint = element("div", { class: "hint prose", role: "note" }, ...inline(hint, this.#rename));
    this.append(this.#hint);
    this.#stuck.setAttribute("aria-expanded", "true");
    announce(plain(hint, this.#rename));
  }

  #closeHint() {
    this.#hint?.remove();
    this.#hint = null;
    this.#stuck.setAttribute("aria-expanded", "false");
  }

  #showAll() {
    showView("lesson");
    find("#lesson-view").focus({ preventScroll: true });
  }

  /** @param {boolean} detail @param {() => void} close */
  #list(detail, close) {
    const { lesson, progress } = { lesson: this.#lesson, progress: this.#progress };
    if (!lesson || !progress) return element("div");
    return lessonList(lesson, progress, {
      rename: this.#rename,
      detail,
      go: (standing) => {
        progress.goTo(standing);
        this.#done = 0;
        skippedSteps.set(this.#room.id, progress.skipped);
        close();
        this.refresh();
      },
      skip: () => this.#skipStep(),
    });
  }

  /** A lesson says `client`; for a guest that is the machine they came with. @param {string} name */
  #hostName(name) {
    return name === "client" ? (this.#frame.leftHost?.name ?? name) : name;
  }

  #rename = (/** @type {string} */ code) => (code === "client" ? this.#hostName(code) : code);
}

/** The system call a line makes, as the trace names it. @param {string} line */
function callOf(line) {
  const name = /(\w+)\([^]*$/.exec(line.replace(/^[^(]*=\s*/, ""))?.[1] ?? "";
  return name === "sendall" ? "send" : name;
}

/** @param {string} text @param {(code: string) => string} rename */
function plain(text, rename) {
  return text.split("`").map((piece, at) => (at % 2 ? rename(piece) : piece)).join("");
}

customElements.define("lesson-strip", LessonStrip);
