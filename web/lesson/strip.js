// The lesson strip: the step that comes next, one sentence, and ways to be helped. What is passed and what comes next is
// computed in Rust from the trace; nothing here blocks a control: whoever does something else is simply somewhere else.
import { announce } from "../base/announce.js";
import { button, element, find } from "../base/element.js";
import { isSmall, showView } from "../frame/frame.js";
import { CannotDo, LessonDoing } from "./doing.js";
import { LessonHanging } from "./hanging.js";
import { LessonHelper, marked } from "./helper.js";
import { lessonList } from "./list.js";
import { LessonNext } from "./next.js";
import { inline, plain } from "./prose.js";
import { LessonSentence } from "./sentence.js";
import { LessonShelf, remember } from "./shelf.js";
import { stepCalled } from "./step-address.js";
import { popover } from "../base/popover.js";
import { lessonMemory } from "../base/storage.js";
import { showTutorial } from "./tutorial-view.js";

/** @typedef {{ room: import("../client/room.js").Room, frame: import("../frame/frame.js").Frame, view: import("../client/web.js").View, lessons: import("../client/web.js").LessonView, wire?: any, python?: boolean, keep?: boolean, step?: string }} Parts
 *   `step` stands for the step that the address asks for, `lessons` is the wasm `LessonView`, `python` whether programs can run here, `keep` whether the editors keep what
 *   they hold when the first lesson opens (a copy that somebody gave) */

/** How soon an event that is no step's is looked at. */
const SOON_MS = 100;
/** How long a step of which all was done may stand before more help is offered. */
const STANDS_MS = 1500;

export class LessonStrip extends HTMLElement {
  /** @type {Parts | null} */
  #parts = null;
  /** @type {LessonDoing | null} */
  #doing = null;
  /** @type {LessonHelper | null} */
  #helper = null;
  /** @type {LessonNext | null} */
  #next = null;
  #shelf = new LessonShelf();
  /** What Rust says about the lesson now. @type {import("../client/web.js").Drawn | undefined} */
  #drawn = undefined;
  #count = button("1 of 7", () => {}, { class: "link plain count", disabled: true });
  #sentence = new LessonSentence(() => this.#hanging.sentence(this.#sentenceContent()));
  #choices = element("div", { class: "strip-choices", role: "group", "aria-label": "What do you expect?", hidden: true });
  /** Where there is no room for the answers in a row, they hang below the strip. */
  #guess = button("Guess first", () => this.#openChoices(), { class: "button small-only", hidden: true });
  #actions = element("div", { class: "strip-actions" });
  #primary = button("", () => this.#primaryAction(), { class: "button filled", hidden: true });
  #help = button("Do it for me", () => void this.#helper?.step(), { disabled: true });
  #stuck = button("Stuck?", () => this.#toggleHint(), { class: "link wide-only", "aria-expanded": "false", disabled: true });
  /** After the last step: what happened is worth keeping. */
  #keeper = button("Keep", () => this.onkeep(), { class: "button", hidden: true });
  #skip = button("Skip", () => this.#skipStep(), { class: "link wide-only", disabled: true });
  #all = button("All lessons", () => {}, { class: "link wide-only", disabled: true });
  /** What the sentence shows, to draw it again only when that has changed. */
  #said = "";
  /** The step that is drawn. @type {string | null} */
  #step = null;
  /** What the list of steps shows. */
  #listed = "";
  #scheduled = false;
  /** Whether what comes is news and not history. */
  #live = false;
  /** A lesson that was asked for later wins. */
  #opening = 0;
  /** @type {() => void} */
  #primaryAction = () => {};
  /** Shows the recorded event with this `seq` in the wire. @type {(seq: number) => void} */
  onevidence = () => {};
  /** Told where in its lesson the room is, whenever that is drawn. @type {(place: { lesson: string, title: string, step: number, of: number, done: boolean }) => void} */
  onplace = () => {};
  /** Keeps a recording of the room. */
  onkeep = () => {};

  connectedCallback() {
    const first = this.querySelector(".sentence");
    if (first) this.#sentence.show(...first.childNodes);
    this.#actions.append(this.#choices, this.#primary, this.#guess, this.#help, this.#stuck, this.#skip, this.#keeper, this.#all);
    this.replaceChildren(this.#count, this.#sentence.node, this.#actions);
    document.addEventListener("wireside-sentences", () => this.#openTutorial());
    // On a small screen the list is a view of its own.
    this.#count.addEventListener("click", (event) => {
      if (!isSmall()) return;
      event.stopImmediatePropagation();
      this.#showAll();
    });
    for (const [anchor, side] of /** @type {const} */ ([[this.#count, "at-start"], [this.#all, "at-end"]])) {
      popover(anchor, { label: "All lessons", class: side, fill: (close) => [this.#list(false, close)] });
    }
  }

  /** The lesson that is open, by its id. @returns {string | null} */
  get lesson() {
    return this.#drawn?.id ?? null;
  }

  /** The title of the step that is next. @returns {string | null} */
  get step() {
    return this.#drawn?.current?.title ?? null;
  }

  /** Opens the lesson that the address asks for, and follows the room from then on. @param {Parts} parts */
  async attach(parts) {
    const { room, frame, view, lessons, wire } = parts;
    this.#parts = parts;
    this.#doing = new LessonDoing({ room, frame, view, shelf: this.#shelf, rename: this.#rename, programs: () => this.#drawn?.programs ?? [] });
    this.#helper = new LessonHelper({
      room,
      lessons,
      doing: this.#doing,
      lesson: () => this.#drawn,
      rename: this.#rename,
      onchange: () => this.refresh(),
      oncannot: (why) => this.#hanging.cannot(why),
    });
    this.#next = new LessonNext({ frame, wire, rename: this.#rename, perform: (doing) => void this.#helper?.perform(doing, 0) });
    lessons.seed(room.id, { ...room.snapshot, member: room.me.id, watches: room.me.role === "viewer" });
    try {
      await this.#shelf.load();
      const listed = this.#shelf.wanted(parts.python === true);
      const asked = new URLSearchParams(location.search).has("lesson");
      if (listed) await this.#open(listed, { step: stepCalled(listed, parts.step ?? ""), put: asked && parts.keep !== true });
    } catch (error) {
      this.#fail(error);
    }
    this.#count.disabled = this.#all.disabled = false;
    addEventListener("popstate", () => this.#back());
    // What a prompt calls its sockets it knows when the answer has come, which may be after the event.
    document.addEventListener("wireside-line-ended", () => this.refresh());
    // From the oldest event on: the lesson is computed from all of them.
    room.on("trace", (/** @type {Uint8Array} */ events) => {
      if (lessons.push(events)) this.refresh();
      else this.#refreshSoon();
    });
    // What arrives in the first moment is the recording so far.
    requestAnimationFrame(() => requestAnimationFrame(() => {
      this.#live = true;
      this.refresh();
    }));
  }

  /** @param {import("./shelf.js").Listed} listed @param {{ step?: string, put?: boolean }} [options] */
  async #open(listed, { step, put = true } = {}) {
    const turn = ++this.#opening;
    const { room, frame, lessons } = this.#room;
    const source = await this.#shelf.source(listed);
    if (turn !== this.#opening) return;
    if (frame.leftHost) lessons.left(frame.leftHost.id);
    const memory = lessonMemory.get(listed.id);
    lessons.open(source, room.me.role === "participant", memory ?? undefined);
    this.#drawn = lessons.drawn();
    if (step !== undefined) this.#goToTitle(step);
    if (put && !memory?.includes(`"room":"${room.id}"`)) await this.#prepare(listed.id);
    this.refresh();
  }

  /** Files that a lesson wants, into the editors; a lesson without any is done by hand, and one that begins so, too. @param {string} id */
  async #prepare(id) {
    const programs = this.#drawn?.programs ?? [];
    for (const { host, file, path } of programs) {
      try {
        const workspace = this.#parts?.frame.paneOf(this.#rename(host))?.workspace;
        if (!(workspace && "isEdited" in workspace && workspace.isEdited(file))) await this.#doing?.perform({ do: "put", host, file, path }, id);
      } catch (error) {
        // Without Python there are no editors; the step that needs one says so.
        if (!(error instanceof CannotDo)) throw error;
      }
    }
    // Its programs come later: what comes first stands in front.
    if (programs.length === 0 || this.#drawn?.current?.does[0]?.do === "line") this.#room.frame.openByHand();
  }

  /** @param {string} id @param {string} [step] */
  async #choose(id, step) {
    const listed = this.#shelf.listed(id);
    if (!listed) return;
    this.#hanging.close();
    remember(id);
    try {
      await this.#open(listed, { step });
      this.#step = null;
    } catch (error) {
      this.#fail(error);
    }
  }

  /** Somebody sends this page to a lesson, or to a step of it. @param {string | null} lesson @param {string} [step] its title */
  goTo(lesson, step) {
    if (lesson !== null && lesson !== this.lesson) return void this.#choose(lesson, step);
    if (step !== undefined) this.#goToTitle(step);
    this.#hanging.close();
    this.refresh();
  }

  #back() {
    const wanted = this.#shelf.wanted(this.#parts?.python === true);
    if (wanted && wanted.id !== this.#drawn?.id) this.#open(wanted, { put: false }).catch((error) => this.#fail(error));
  }

  /** @param {any} error */
  #fail(error) {
    this.#sentence.show(`This lesson cannot be opened: ${error?.message ?? error}`);
  }

  /** @returns {Parts} */
  get #room() {
    if (!this.#parts) throw new Error("the strip has no room yet");
    return this.#parts;
  }

  /** Draws once a frame, however much has happened. */
  refresh() {
    if (this.#scheduled || !this.#drawn) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.#draw();
    });
  }

  /** What comes next follows from the room, which may change with every event. */
  #refreshSoon() {
    if (this.#soon) return;
    this.#soon = true;
    setTimeout(() => {
      this.#soon = false;
      this.refresh();
    }, SOON_MS);
  }
  #soon = false;

  /** Tells Rust what the prompts call their sockets. */
  #tellHands() {
    const { lessons, frame } = this.#room;
    if (frame.leftHost) lessons.left(frame.leftHost.id);
    for (const { host, console } of frame.panes) {
      if (host && console?.variables) lessons.hand(host.id, console.variables());
    }
  }

  #draw() {
    const { lessons } = this.#room;
    this.#tellHands();
    let drawn = lessons.drawn();
    if (drawn && this.#helper?.sort(drawn.current)) drawn = lessons.drawn();
    this.#drawn = drawn;
    if (!drawn) return;
    this.#keep(drawn.id);
    const { current, part, parts, step, of } = drawn;
    this.#count.textContent = current ? `${step} of ${of}` : "All done";
    const title = parts[part - 1]?.title;
    if (title) this.#count.title = `${drawn.title}, part ${part} of ${parts.length}: ${title}`;
    this.#drawSentence(current);
    this.#drawActions(current);
    this.#hanging.update(current, this.#live);
    this.#drawList();
    this.onplace({ lesson: drawn.id, title: current?.title ?? "", step, of, done: !current });
  }

  /** What was passed is remembered here and told to the room. @param {string} id the lesson's */
  #keep(id) {
    const { room, lessons } = this.#room;
    if (!this.#live || this.#watching) return;
    const news = lessons.takeNews();
    for (const [title, outcome] of news) {
      room.progress(id, title, outcome === "Skipped" ? "skipped" : { evidence: outcome.Passed.evidence });
    }
    lessonMemory.set(id, lessons.memory() ?? null);
  }

  /** Only when it has changed: whoever walks through its links keeps the focus. @param {import("../client/web.js").Current | undefined} current */
  #drawSentence(current) {
    const { pieces, watched } = this.#sentencePieces(current);
    const doing = this.#helper?.doing ?? "";
    const said = JSON.stringify([doing, watched ?? pieces, this.#drawn?.last]);
    if (said === this.#said) return;
    if (doing) {
      this.#sentence.show(element("span", { class: "soft" }, "Doing it for you. "), element("span", { class: "mono" }, doing));
      this.#said = said;
      return;
    }
    this.#sentence.show(...this.#sentenceContent());
    if (this.#live && this.#said) {
      const seen = this.#drawn?.last ? plain(this.#drawn.last.see, this.#rename) : "";
      announce(`${seen} ${watched ?? plain(pieces, this.#rename)}`.trim());
    }
    this.#said = said;
    if (this.#step === (current?.title ?? null)) return;
    this.#step = current?.title ?? null;
    this.#hanging.begin();
  }

  /** What there is to say, and to whoever only watches. @param {import("../client/web.js").Current | undefined} current @returns {{ pieces: import("../client/web.js").Piece[], watched: string | null }} */
  #sentencePieces(current) {
    const pieces = this.#question(current)?.question ?? current?.text ?? this.#drawn?.end ?? [];
    return { pieces, watched: this.#watching && current ? `You are watching. The lesson is at: ${current.title}.` : null };
  }

  /** The same as nodes, after what was passed. @returns {(Node | string)[]} */
  #sentenceContent() {
    const { pieces, watched } = this.#sentencePieces(this.#drawn?.current);
    const now = element("span", { class: "sentence-now" }, ...(watched ? [watched] : inline(pieces, this.#ways)));
    const passed = this.#passedMark();
    return passed.length > 0 ? [element("span", { class: "sentence-passed" }, ...passed), now] : [now];
  }

  /** The question that comes before the run. @param {import("../client/web.js").Current | undefined} current */
  #question(current) {
    const waits = current && !current.begun && !current.aside && !this.#watching && current.prediction === undefined;
    return waits ? current.predict : undefined;
  }

  get #watching() {
    return this.#room.room.me.role === "viewer";
  }

  /** @returns {(HTMLElement | string)[]} */
  #passedMark() {
    const last = this.#drawn?.last;
    if (!last) return [];
    const mark = element(
      "button",
      { type: "button", class: "passed", title: "Show it in the wire", on: { click: () => this.onevidence(last.evidence) } },
      element("span", {}, plain(last.see, this.#rename) || last.title),
    );
    const said = predictionWords(last);
    if (last.explain.length === 0 && !said) return [mark, " "];
    const why = button("Why?", () => this.#hanging.why(last), { class: "put why" });
    const answer = said ? [element("span", { class: "predicted" }, said), " "] : [];
    return [mark, " ", ...answer, ...(last.explain.length > 0 ? [why, " "] : [])];
  }

  /** @param {import("../client/web.js").Current | undefined} current */
  #drawActions(current) {
    const watching = this.#watching;
    const busy = this.#helper?.isBusy === true;
    const question = busy ? undefined : this.#question(current);
    const asks = question !== undefined;
    this.#drawChoices(question?.choices ?? []);
    const sorts = current !== undefined && current.cards.length > 0 && (!current.begun || marked(current.cards)) && this.#hanging.shows !== "cards";
    const does = watching || !current ? [] : current.does;
    // An exercise is for the learner to find: nothing of its solution is offered before it is asked for. What is being
    // done for them is not offered beside it.
    const quiet = busy || current?.exercise || sorts;
    const { primary, mine } = this.#next?.offer(quiet ? null : (does[0] ?? null)) ?? { primary: null, mine: false };
    const stands = this.#stands(current, does, busy);
    if (watching || busy) this.#setPrimary(null);
    else if (!current) this.#setPrimary(this.#endOffer());
    else if (current.blocked) this.#setPrimary({ label: "Start clean", act: () => void this.#helper?.clean() });
    else if (sorts) this.#setPrimary({ label: "Sort the cards", act: () => this.#openCards() });
    else if (current.exercise && this.#hanging.shows !== "hint") this.#setPrimary({ label: "What is missing?", act: () => this.#toggleHint() });
    else this.#setPrimary(primary);
    this.#help.hidden = asks || watching || !current;
    this.#help.disabled = busy;
    const asked = current?.exercise === true && this.#hanging.shows === "hint";
    this.#help.classList.toggle("filled", !this.#help.disabled && !current?.blocked && !sorts && (mine || asked || stands));
    this.#stuck.hidden = watching || asks || !current?.hint.length;
    this.#skip.hidden = !current || watching;
    this.#keeper.hidden = Boolean(current) || this.#room.room.me.role !== "owner";
    this.#stuck.disabled = this.#skip.disabled = false;
  }

  /**
   * Whether the step stands: all of it was done, nothing goes on, and for a moment nothing has come of it.
   * @param {import("../client/web.js").Current | undefined} current @param {import("../client/web.js").Doing[]} does @param {boolean} busy
   */
  #stands(current, does, busy) {
    const stands = current && !current.exercise && !current.blocked && !current.waits && does.length === 0;
    if (!stands || busy) {
      this.#stoodSince = 0;
      return false;
    }
    this.#stoodSince ||= performance.now();
    const left = this.#stoodSince + STANDS_MS - performance.now();
    if (left > 0) setTimeout(() => this.refresh(), left + 10);
    return left <= 0;
  }
  #stoodSince = 0;

  /** What comes after the last step: the next lesson, or sharing. */
  #endOffer() {
    const at = this.#shelf.lessons.findIndex(({ id }) => id === this.#drawn?.id);
    const python = this.#parts?.python === true;
    const next = this.#shelf.lessons.slice(at + 1).find((lesson) => python || !lesson.python);
    if (at < 0 || !next || this.#room.room.me.role === "participant") return { label: "Share", act: () => find("#share").click() };
    return { label: `Next: ${next.title}`, act: () => void this.#choose(next.id) };
  }

  /** @param {string[]} choices */
  #drawChoices(choices) {
    this.#choices.hidden = this.#guess.hidden = choices.length === 0;
    const drawn = [...this.#choices.children].map(({ textContent }) => textContent).join("\n");
    if (drawn === choices.join("\n")) return;
    this.#choices.replaceChildren(...this.#answers(choices));
  }

  /** @param {string[]} choices */
  #answers(choices) {
    return choices.map((choice, at) => button(choice, () => this.#predict(at), { class: "button choice" }));
  }

  #openChoices() {
    const asked = this.#question(this.#drawn?.current);
    if (asked) this.#hanging.choices(asked.question, this.#answers(asked.choices));
  }

  /** @param {number} choice */
  #predict(choice) {
    this.#room.lessons.predict(choice);
    if (this.#hanging.shows === "choices") this.#hanging.close();
    this.refresh();
  }

  /** @param {import("./next.js").Primary} primary */
  #setPrimary(primary) {
    this.#primary.hidden = primary === null;
    if (primary && this.#primary.textContent !== primary.label) this.#primary.textContent = primary.label;
    this.#primaryAction = primary?.act ?? (() => {});
  }

  #skipStep() {
    this.#room.lessons.skip();
    this.refresh();
  }

  #toggleHint() {
    if (this.#hanging.shows === "hint") return this.#hanging.close();
    const current = this.#drawn?.current;
    if (!current) return;
    this.#hanging.hint(current);
    this.#stuck.setAttribute("aria-expanded", "true");
    announce(plain([...current.hint, ...current.missing.flat()], this.#rename));
    this.refresh();
  }

  #openCards() {
    if (this.#drawn?.current) this.#hanging.cards(this.#drawn.current);
    this.refresh();
  }

  #panelClosed() {
    this.#stuck.setAttribute("aria-expanded", "false");
    this.#hanging.closed(this.#drawn?.current);
    this.refresh();
  }

  #showAll() {
    showView("lesson");
    find("#lesson-view").focus({ preventScroll: true });
  }

  /** Only when a step has changed: the list keeps the focus of whoever walks through it. */
  #drawList() {
    const drawn = JSON.stringify([this.#drawn?.id, this.#drawn?.parts]);
    if (drawn === this.#listed) return;
    this.#listed = drawn;
    find("#lesson-view").replaceChildren(this.#list(true, () => showView("wire")));
  }

  /** @param {boolean} detail @param {() => void} close */
  #list(detail, close) {
    if (!this.#drawn) return element("div");
    const { room, lessons, python } = this.#room;
    const go = (/** @type {number} */ part, /** @type {number} */ step) => {
      lessons.goTo(part, step);
      close();
      this.refresh();
    };
    const open = (/** @type {string} */ id, /** @type {string | undefined} */ step) => {
      close();
      void this.#choose(id, step);
    };
    const sentences = () => {
      close();
      this.#openTutorial();
    };
    const guest = room.me.role === "participant";
    const skip = () => this.#skipStep();
    const startOver = () => {
      lessons.startOver();
      close();
      this.refresh();
    };
    return lessonList({ drawn: this.#drawn, shelf: this.#shelf, python: python === true, guest, detail, ways: this.#ways, go, open, sentences, skip, startOver });
  }

  #openTutorial() {
    if (!this.#doing || !this.#shelf.sentences) return;
    const { room, lessons } = this.#room;
    const open = (/** @type {string} */ id) => void this.#choose(id);
    showTutorial({ path: this.#shelf.sentences, room, lessons, doing: this.#doing, ways: this.#ways, titles: this.#shelf.lessons, reveal: this.onevidence, open });
  }

  /** @param {string} title */
  #goToTitle(title) {
    this.#drawn?.parts.forEach(({ steps }, /** @type {number} */ part) => {
      const step = steps.findIndex((one) => one.title === title);
      if (step >= 0) this.#room.lessons.goTo(part, step);
    });
  }

  /** A lesson says `client`; for a guest that is the machine they came with. */
  #rename = (/** @type {string} */ name) => (name === "client" ? (this.#parts?.frame.leftHost?.name ?? name) : name);

  /** @type {import("./prose.js").Ways} */
  #ways = { rename: this.#rename, follow: (piece) => this.#follow(piece) };

  #hanging = new LessonHanging(this, {
    ways: this.#ways,
    arrange: (order) => {
      this.#room.lessons.arrange(Uint32Array.from(order));
      this.refresh();
    },
    evidence: (seq) => this.onevidence(seq),
    onclose: () => this.#panelClosed(),
  });

  /** @param {import("../client/web.js").Piece} piece */
  #follow(piece) {
    if (piece.kind === "call") this.#doing?.putCall(piece);
    else if (piece.kind === "event") this.onevidence(piece.seq);
    else if (piece.kind === "lesson") void this.#choose(piece.id);
    else if (piece.kind === "program") void this.#helper?.perform({ do: "put", host: piece.host, path: piece.path, file: piece.path.split("/").at(-1) ?? piece.path });
  }
}

/** What was said before the run, and what it was; empty where nothing was asked or said. @param {import("../client/web.js").Last} last */
function predictionWords({ predict, prediction }) {
  if (predict === undefined || prediction === undefined) return "";
  if (prediction === predict.right) return "As you said.";
  return `You said: ${predict.choices[prediction]}. It was: ${predict.choices[predict.right]}.`;
}

customElements.define("lesson-strip", LessonStrip);
