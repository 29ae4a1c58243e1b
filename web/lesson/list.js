// All lessons as a list, the present one with its steps: in a popover on wide screens, a view of its own on small ones.
import { button, element } from "../base/element.js";
import { inline } from "./prose.js";
import { passedIn } from "../base/storage.js";

/**
 * @param {{ drawn: import("../client/web.js").Drawn, shelf: import("./shelf.js").LessonShelf, python: boolean, guest: boolean,
 *   detail: boolean, ways: import("./prose.js").Ways, go: (part: number, step: number) => void,
 *   open: (id: string, step?: string) => void, sentences: () => void, skip: () => void, startOver: () => void }} parts `detail` writes out the
 *   current step with its hint
 */
export function lessonList({ drawn, shelf, python, guest, detail, ways, go, open, sentences, skip, startOver }) {
  const own = element("div", { class: "steps" }, element("h2", { class: "steps-title" }, drawn.title));
  const marked = drawn.parts.some(({ steps }) => steps.some(({ mark }) => mark));
  if (marked) own.append(button("Start over", startOver, { class: "link steps-over", title: "Forgets how far you have come in this lesson" }));
  drawn.parts.forEach(({ title, steps }, /** @type {number} */ part) => {
    const items = steps.map((step, /** @type {number} */ at) => {
      const item = element("li", {}, stepButton(step, !detail && step.current, () => go(part, at)));
      if (detail && drawn.current && step.current) item.append(detailOf(drawn.current, ways, skip));
      return item;
    });
    own.append(element("h3", {}, title), element("ol", {}, ...items));
  });
  const others = shelf.lessons.filter(({ id }) => id !== drawn.id);
  if (others.length > 0) own.append(element("h2", { class: "steps-title" }, "Other lessons"));
  for (const lesson of others) own.append(other(lesson, python, guest, open));
  const course = element("a", { class: "link", href: "/learn/", target: "_blank", rel: "noopener" }, "The course on one page");
  const tutorial = shelf.sentences ? button("The tutorial, sentence by sentence", sentences, { class: "link" }) : null;
  own.append(element("div", { class: "steps-tutorial" }, course, tutorial));
  return own;
}

/** @param {import("../client/web.js").DrawnStep} step @param {boolean} autofocus @param {() => void} click */
function stepButton({ title, mark, current }, autofocus, click) {
  const sign = mark === "passed" || mark === "before" ? "✓" : mark === "skipped" ? "–" : "";
  return element(
    "button",
    { type: "button", "aria-current": current ? "step" : null, autofocus, on: { click } },
    element("span", { class: "done", "aria-hidden": "true" }, sign),
    element("span", {}, title, mark ? element("span", { class: "unseen" }, `, ${mark === "before" ? "passed before" : mark}`) : null),
  );
}

/** @param {import("./shelf.js").Listed} lesson @param {boolean} python @param {boolean} guest @param {(id: string, step?: string) => void} open */
function other(lesson, python, guest, open) {
  const needs = lesson.python && !python ? ", needs Python" : "";
  const start = button(lesson.title, () => open(lesson.id), { class: "link steps-open" });
  const parts = lesson.parts.filter(({ audience }) => audience === "everybody" || audience === (guest ? "guest" : "owner"));
  const steps = parts.flatMap((part) => part.steps);
  const passed = passedIn(lesson.id);
  const items = steps.map((title) => {
    const mark = passed.has(title) ? "before" : undefined;
    return element("li", {}, stepButton({ title, mark, current: false }, false, () => open(lesson.id, title)));
  });
  const done = steps.filter((title) => passed.has(title)).length;
  const far = done === 0 ? `${steps.length} steps` : done === steps.length ? `✓ all ${done} steps` : `${done} of ${steps.length} steps passed`;
  return element(
    "div",
    { class: "steps-other" },
    element("div", { class: "row" }, start, element("span", { class: "soft" }, `${lesson.minutes} min${needs}`)),
    element("details", {}, element("summary", {}, far, element("span", { class: "unseen" }, ` of ${lesson.title}`)), element("ol", {}, ...items)),
  );
}

/** @param {import("../client/web.js").Current} current @param {import("./prose.js").Ways} ways @param {() => void} skip */
function detailOf(current, ways, skip) {
  return element(
    "div",
    { class: "step-detail stack" },
    element("p", { class: "prose" }, ...inline(current.text, ways)),
    element("p", { class: "prose soft" }, ...inline(current.hint, ways)),
    element("div", { class: "row" }, button("Skip", skip, { class: "link" })),
  );
}
