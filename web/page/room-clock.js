// The room's clock as this page can know it: nanoseconds since the room began. Only for what counts down on the
// screen; the order of events is the trace's, never a clock's.

export class RoomClock {
  /** Nanoseconds that the room is ahead of this page. @type {number} */
  #ahead = -Infinity;

  /** An event arrived just now; the one that travelled fastest tells most. @param {number} time its nanoseconds */
  heard(time) {
    this.#ahead = Math.max(this.#ahead, time - performance.now() * 1e6);
  }

  /** Nanoseconds since the room began; 0 before the first event. */
  now() {
    return this.#ahead === -Infinity ? 0 : performance.now() * 1e6 + this.#ahead;
  }
}
