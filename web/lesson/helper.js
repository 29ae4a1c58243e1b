// "Do it for me", and the parts of it that a button or a link of the lesson stands for: carries out, one at a time. What
// comes next is decided in Rust, from the room as it is; here it is done and waited for.
import { CannotDo, labelOf } from "./doing.js";
import { plain } from "./prose.js";
import { traceUntil } from "../base/trace-until.js";

/** How long the room may take to come further by itself: a server that starts, a SYN that is sent again. */
const PATIENCE_MS = 12_000;
/** How long an event may take to tell what was done. */
const TOLD_MS = 2_000;
/** More things than any part has, twice over. */
const MOST = 150;

export class LessonHelper {
  #room;
  #lessons;
  #doing;
  #lesson;
  #rename;
  #onchange;
  #oncannot;
  #busy = false;
  /** The step whose cards are to be sorted once it has run. @type {string | null} */
  #sorting = null;
  /** What is being done, in words. */
  doing = "";

  /**
   * @param {{ room: import("../client/room.js").Room, lessons: import("../client/web.js").LessonView, doing: import("./doing.js").LessonDoing, lesson: () => any,
   *   rename: (name: string) => string, onchange: () => void, oncannot: (why: string) => void }} parts `lesson` is what
   *   Rust says about it now
   */
  constructor({ room, lessons, doing, lesson, rename, onchange, oncannot }) {
    this.#room = room;
    this.#lessons = lessons;
    this.#doing = doing;
    this.#lesson = lesson;
    this.#rename = rename;
    this.#onchange = onchange;
    this.#oncannot = oncannot;
  }

  /** Whether something is being carried out. */
  get isBusy() {
    return this.#busy;
  }

  /** Carries out all of the step, and sorts its cards when that has marked them. */
  async step() {
    const { current } = this.#lesson();
    if (!current || this.#busy || !this.#lessons.helpBegin()) return;
    this.#sorting = current.cards.length > 0 ? current.title : null;
    await this.#alone(async () => {
      let passed = false;
      try {
        await this.#follow();
        passed = true;
      } finally {
        this.#lessons.helpEnd(passed);
      }
    });
  }

  /** Begins clean. */
  async clean() {
    await this.#alone(async () => {
      this.#say("Starting clean…");
      await this.#clean();
    });
  }

  /** @param {import("../client/web.js").Doing} doing */
  #carryOut(doing) {
    return doing.do === "clean" ? this.#clean() : this.#doing.perform(doing, this.#lesson().id);
  }

  /** What it takes to make machines clean passes no step. */
  async #clean() {
    this.#lessons.cleanBegins();
    try {
      await this.#doing.clean();
      await this.#until(() => this.#lessons.hasCleaned(), TOLD_MS);
    } finally {
      this.#lessons.cleaned();
    }
  }

  /** Carries out one thing that a button stands for. @param {import("../client/web.js").Doing} doing @param {number} [place] its place in what is left to do */
  async perform(doing, place) {
    await this.#alone(async () => {
      await this.#carryOut(doing);
      if (place !== undefined && !TOLD.has(doing.do)) this.#lessons.did(place);
    });
  }

  /** @param {() => Promise<void>} work */
  async #alone(work) {
    if (this.#busy) return;
    this.#busy = true;
    this.#onchange();
    try {
      await work();
    } catch (error) {
      this.#oncannot(sentence(error));
    } finally {
      this.#busy = false;
      this.doing = "";
      this.#onchange();
    }
  }

  /** One thing after the other until the step is passed. Rejects with the reason why it is not. */
  async #follow() {
    let before = "";
    for (let turn = 0; turn < MOST; turn += 1) {
      this.#onchange();
      const todo = this.#lessons.helpTodo();
      switch (todo.is) {
        case "passed":
          return;
        case "blocked":
          // The recording may be about to tell that it is out of the way.
          if (await this.#until(() => this.#lessons.helpTodo().is !== "blocked", TOLD_MS)) break;
          throw new CannotDo(plain(todo.because, this.#rename));
        case "do": {
          const { doing } = todo;
          const same = JSON.stringify(doing);
          const failure = same === before ? this.#doing.failure(doing) : null;
          if (failure) throw new CannotDo(failure);
          before = same;
          this.#say(`${labelOf(doing, this.#rename)}…`);
          this.#lessons.helpDoes();
          await this.#carryOut(doing);
          this.#lessons.helpDid();
          await this.#until(() => this.#lessons.helpIsTold() && this.#isFurther(same), TOLD_MS);
          break;
        }
        default:
          if (this.#waitsForCards()) return;
          if (!(await this.#until(() => this.#lessons.helpTodo().is !== todo.is, PATIENCE_MS))) throw new CannotDo(this.#missing());
      }
    }
    throw new CannotDo(this.#missing());
  }

  /** Whether what comes next is something else. @param {string} doing */
  #isFurther(doing) {
    this.#onchange();
    const now = this.#lessons.helpTodo();
    return now.is !== "do" || JSON.stringify(now.doing) !== doing;
  }

  /** The run has happened, and the cards are the learner's to sort, or are sorted at the next drawing. */
  #waitsForCards() {
    const { current } = this.#lesson();
    return current?.cards.length > 0 && marked(current.cards);
  }

  /** Why the step is not passed, as far as its checks tell. */
  #missing() {
    const missing = this.#lessons.drawn()?.current?.missing ?? [];
    const said = missing.map((/** @type {import("../client/web.js").Piece[]} */ pieces) => plain(pieces, this.#rename)).join(" ");
    return `It did not come to what this step asks for. ${said}`.trim();
  }

  /** @param {string} words */
  #say(words) {
    this.doing = words;
    this.#onchange();
  }

  /** @param {() => boolean} holds @param {number} most milliseconds */
  #until(holds, most) {
    return traceUntil(this.#room, holds, most);
  }

  /** Puts the cards as the run has marked them, where that was asked for. @param {import("../client/web.js").Current | undefined} current @returns {boolean} whether it did */
  sort(current) {
    if (this.#sorting === null) return false;
    if (current?.title !== this.#sorting) this.#sorting = null;
    else if (marked(current.cards)) {
      this.#sorting = null;
      const order = [...current.cards].sort((a, b) => (a.place ?? 0) - (b.place ?? 0)).map(({ card }) => card);
      this.#lessons.arrange(Uint32Array.from(order));
      return true;
    }
    return false;
  }
}

/** What the trace tells by itself that it was done. */
const TOLD = new Set(["line", "run", "stop", "wire", "fresh", "cable", "kernel"]);

/** @param {any} error */
function sentence(error) {
  const text = String(error?.message ?? error);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

/** Whether the run has marked the cards. @param {import("../client/web.js").DrawnCard[]} cards */
export function marked(cards) {
  return cards.every(({ place }) => (place ?? null) !== null);
}
