// The line between a program's text and its output: dragged, or moved by the arrow keys, it gives the text more of the
// height or less. One wish for all programs, kept in the browser; a double click takes it back.
import { element } from "../base/element.js";
import { codeHeight } from "../base/storage.js";

/** The text's part of the height, in per cent: as it is, and within which bounds it can be wished. */
const USUAL = 60;
const [LEAST, MOST] = [20, 85];
const STEP = 5;

/** @type {number | null} null: as it is without a wish */
let wish = codeHeight.get();

/** The line, to stand on the upper edge of the output. */
export function divider() {
  const line = element("div", {
    class: "program-divider",
    role: "separator",
    tabindex: 0,
    "aria-orientation": "horizontal",
    "aria-label": "Height of the code",
    "aria-valuemin": LEAST,
    "aria-valuemax": MOST,
    title: "Drag: more code, or more output",
  });
  line.addEventListener("pointerdown", (event) => line.setPointerCapture(event.pointerId));
  line.addEventListener("pointermove", (event) => {
    const program = line.hasPointerCapture(event.pointerId) && line.closest(".program");
    if (!program) return;
    const { top, height } = program.getBoundingClientRect();
    set(((event.clientY - top) / height) * 100);
  });
  line.addEventListener("dblclick", () => set(null));
  line.addEventListener("keydown", (event) => {
    const now = wish ?? USUAL;
    const steps = { ArrowDown: now + STEP, ArrowUp: now - STEP, Home: LEAST, End: MOST };
    const to = steps[/** @type {keyof typeof steps} */ (event.key)];
    if (to === undefined) return;
    event.preventDefault();
    set(to);
  });
  say(line);
  return line;
}

/** @param {number | null} part per cent */
function set(part) {
  wish = part === null ? null : Math.round(Math.max(LEAST, Math.min(MOST, part)));
  codeHeight.set(wish);
  carryOut();
}

/** @param {Element} line */
function say(line) {
  line.setAttribute("aria-valuenow", String(wish ?? USUAL));
}

function carryOut() {
  const { style } = document.documentElement;
  if (wish === null) for (const name of ["--code-part", "--output-part"]) style.removeProperty(name);
  else {
    style.setProperty("--code-part", `${wish}fr`);
    style.setProperty("--output-part", `${100 - wish}fr`);
  }
  for (const line of document.querySelectorAll(".program-divider")) say(line);
}

carryOut();
