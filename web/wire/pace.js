// When a picture that costs much is drawn next. A busy program makes hundreds of calls each second: a drawing in every frame
// would then be all that a small machine does, and the calls would wait for it.

/** A drawing that took longer than this, with all that the browser does for it, is followed by a rest. Milliseconds. */
const QUICK_MS = 12;
/** The rest, in times of what the drawing took, ... */
const REST = 3;
/** ... and at most. Milliseconds. */
const MOST_MS = 200;
/** For no longer does a pressed button keep the drawing as it is, milliseconds. */
const PRESSED_MS = 1000;

export class Pace {
  #draw;
  #wanted = false;
  /** A drawing is under way, or its rest. */
  #busy = false;
  /** The rest; 0 while there is none. */
  #resting = 0;
  /** Somebody presses a button; 0 while nobody does. */
  #pressed = 0;

  /** @param {() => void} draw */
  constructor(draw) {
    this.#draw = draw;
  }

  /** Draws in the next frame, or after the rest. */
  soon() {
    this.#wanted = true;
    if (this.#busy || this.#pressed) return;
    this.#busy = true;
    requestAnimationFrame(() => {
      if (this.#pressed) return this.#next();
      const began = performance.now();
      this.#wanted = false;
      this.#draw();
      // The next task comes when the frame has been painted.
      setTimeout(() => this.#rest(performance.now() - began));
    });
  }

  /** Draws in the next frame, whatever the last one took: somebody looks at a place where nothing is drawn. */
  atOnce() {
    clearTimeout(this.#resting);
    if (this.#resting) this.#next();
    this.soon();
  }

  /** Somebody has pressed a button and not let it go: it is to stay under the pointer until then. */
  press() {
    clearTimeout(this.#pressed);
    this.#pressed = setTimeout(() => this.release(), PRESSED_MS);
  }

  /** What came meanwhile is drawn. */
  release() {
    if (!this.#pressed) return;
    clearTimeout(this.#pressed);
    this.#pressed = 0;
    if (this.#wanted) this.soon();
  }

  /** @param {number} took */
  #rest(took) {
    this.#resting = setTimeout(() => this.#next(), took > QUICK_MS ? Math.min(took * REST, MOST_MS) : 0);
  }

  #next() {
    this.#resting = 0;
    this.#busy = false;
    if (this.#wanted) this.soon();
  }
}
