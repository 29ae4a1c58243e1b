// The one polite status: at most one sentence a second, the newest wins.
import { announcing } from "./storage.js";
import { find } from "./element.js";

const APART_MS = 1000;

let pending = "";
/** @type {ReturnType<typeof setTimeout> | undefined} */
let timer;

/** @param {string} sentence */
export function announce(sentence) {
  if (!announcing.get()) return;
  if (timer !== undefined) {
    pending = sentence;
    return;
  }
  say(sentence);
}

/** @param {string} sentence */
function say(sentence) {
  const status = find("#status");
  // The same text twice would not be read out: a changed text node is.
  status.textContent = status.textContent === sentence ? `${sentence}\u00a0` : sentence;
  timer = setTimeout(() => {
    timer = undefined;
    const next = pending;
    pending = "";
    if (next) say(next);
  }, APART_MS);
}
