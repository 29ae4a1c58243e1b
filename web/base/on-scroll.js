// Hears that something was scrolled, without asking the browser for a layout in the middle of a frame. Only what a hand
// moves has to be known at once, since who follows would scroll it back; anything else can wait until the frame is drawn.

/** So long after a hand was there what scrolls may be its doing: wheels and touches run on. Milliseconds. */
const RUNS_ON_MS = 1000;

/**
 * @param {HTMLElement} scroller
 * @param {(byHand: boolean) => void} heard `byHand`: somebody scrolls; else the browser did, as when what was hidden shows
 */
export function onScroll(scroller, heard) {
  let last = -Infinity;
  const touch = () => (last = performance.now());
  // Whoever walks there with Tab is there too: the browser scrolls to what gets the focus.
  for (const input of ["wheel", "touchmove", "pointerdown", "keydown", "focusin"]) scroller.addEventListener(input, touch, { passive: true });
  scroller.addEventListener("pointermove", (event) => event.buttons > 0 && touch(), { passive: true });
  const scrolled = () => (performance.now() - last < RUNS_ON_MS ? heard(true) : void setTimeout(() => heard(false)));
  scroller.addEventListener("scroll", scrolled, { passive: true });
}
