// "Do it for me", and the parts of it that a button or a link of the lesson stands for: carries out, one at a time.
import { CannotDo } from "/page/lesson-doing.js";

export class LessonHelper {
  #lessons;
  #doing;
  #lesson;
  #onchange;
  #oncannot;
  #busy = false;
  /** The step whose cards are to be sorted once it has run. @type {string | null} */
  #sorting = null;

  /**
   * @param {{ lessons: any, doing: import("/page/lesson-doing.js").LessonDoing, lesson: () => any, onchange: () => void,
   *   oncannot: (why: string) => void }} parts `lesson` is what Rust says about it now
   */
  constructor({ lessons, doing, lesson, onchange, oncannot }) {
    this.#lessons = lessons;
    this.#doing = doing;
    this.#lesson = lesson;
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
    if (!current) return;
    this.#sorting = current.cards.length > 0 ? current.title : null;
    await this.perform(current.does);
  }

  /** @param {any[]} does */
  async perform(does) {
    if (this.#busy) return;
    this.#busy = true;
    this.#onchange();
    const { id, current } = this.#lesson();
    try {
      for (const doing of does) {
        const told = await this.#doing.perform(doing, id);
        // The step may be passed by now; what is left of its doing is done all the same, so that the room is right.
        if (!told && this.#lessons.drawn()?.current?.title === current?.title) this.#lessons.did();
      }
    } catch (error) {
      // A call that failed is shown by its console, where it went wrong.
      if (error instanceof CannotDo) this.#oncannot(error.message);
    } finally {
      this.#busy = false;
      this.#onchange();
    }
  }

  /** Puts the cards as the run has marked them, where that was asked for. @param {any} current @returns {boolean} whether it did */
  sort(current) {
    if (this.#sorting === null) return false;
    if (current?.title !== this.#sorting) this.#sorting = null;
    else if (marked(current.cards)) {
      this.#sorting = null;
      const order = [...current.cards].sort((a, b) => a.place - b.place).map(({ card }) => card);
      this.#lessons.arrange(Uint32Array.from(order));
      return true;
    }
    return false;
  }
}

/** Whether the run has marked the cards. @param {any[]} cards */
export function marked(cards) {
  return cards.every(({ place }) => (place ?? null) !== null);
}
