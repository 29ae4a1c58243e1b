// Which part of the drawing exists: what is seen plus one screen, most of it where the reader is going.

/** So much of a screen is drawn ahead; the rest of the one screen behind. */
const AHEAD = 0.75;
/** With less than this of a screen left on either side the next part is drawn. */
const LEFT = 0.2;

export class DrawnPart {
  #top = NaN;
  #bottom = NaN;
  #before = 0;
  #down = true;

  /** The part to draw around what is seen, in pixels of the scroller. @param {number} top @param {number} height */
  around(top, height) {
    this.#turn(top);
    const above = (this.#down ? 1 - AHEAD : AHEAD) * height;
    this.#top = top - above;
    this.#bottom = top - above + 2 * height;
    return { top: this.#top, bottom: this.#bottom };
  }

  /** Whether enough is drawn around what is seen; `end` is the height of everything. @param {number} top @param {number} height @param {number} end */
  suffices(top, height, end) {
    this.#turn(top);
    const left = LEFT * height;
    return Math.max(0, top - left) >= this.#top && Math.min(end, top + height + left) <= this.#bottom;
  }

  /** @param {number} top */
  #turn(top) {
    if (top !== this.#before) this.#down = top > this.#before;
    this.#before = top;
  }
}
