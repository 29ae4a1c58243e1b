// How fast fresh events appear: a handshake takes 30 microseconds, and drawn at once it is a flash.

const ONE_MS = 90;
const FEW = 24;
const ALL_MS = 1500;

export class Reveal {
  /** `seq` up to which everything is shown. */
  shown = 0;
  #last = 0;
  #credit = 0;
  #pace = 0;
  #before = 0;
  /** `seq` of the first event of the burst being shown slowly; 0 when none is. */
  burst = 0;
  /** Of that burst what was drawn: how many events, and the `seq` of the first and the last. */
  drawn = { count: 0, first: 0, last: 0 };

  /** Whether something waits to be shown. */
  get waits() {
    return this.shown < this.#last;
  }

  /** @param {number} last `seq` of the newest event @param {boolean} slowly */
  arrived(last, slowly) {
    if (last <= this.#last) return;
    const fresh = !this.waits;
    this.#last = last;
    if (!slowly) return this.finish();
    const waiting = last - this.shown;
    if (fresh) {
      this.burst = this.shown + 1;
      this.drawn = { count: 0, first: 0, last: 0 };
      this.#before = performance.now();
      this.#credit = 1;
    }
    this.#pace = waiting <= FEW ? ONE_MS : ALL_MS / waiting;
  }

  /** Shows everything at once. */
  finish() {
    this.shown = this.#last;
    this.burst = 0;
  }

  /** Goes on by the time that passed. @param {(seq: number) => boolean} drawn whether an event is in the drawing */
  go(drawn) {
    const now = performance.now();
    this.#credit += (now - this.#before) / this.#pace;
    this.#before = now;
    while (this.waits && this.#credit >= 1) {
      this.shown += 1;
      // What is not drawn takes no time.
      if (!drawn(this.shown)) continue;
      this.#credit -= 1;
      const { count, first } = this.drawn;
      this.drawn = { count: count + 1, first: first || this.shown, last: this.shown };
    }
    if (!this.waits) this.#credit = 0;
  }
}
