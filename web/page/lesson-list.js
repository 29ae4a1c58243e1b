// All steps of a lesson as a list: in a popover on wide screens, a view of its own on small ones.
import { button, element } from "/page/element.js";
import { inline } from "/page/lesson-format.js";
import { isDone } from "/page/lesson-progress.js";

/**
 * @param {import("/page/lesson-format.js").Lesson} lesson
 * @param {import("/page/lesson-progress.js").Progress} progress
 * @param {{ rename: (code: string) => string, go: (standing: any) => void, skip: () => void, detail: boolean }} options
 *   `detail` writes out the current step with its hint
 */
export function lessonList(lesson, progress, { rename, go, skip, detail }) {
  const list = element("div", { class: "steps" }, element("h2", { class: "steps-title" }, lesson.title));
  const current = progress.current;
  progress.parts.forEach(({ title, standings }) => {
    const items = standings.map((standing) => {
      const done = isDone(standing);
      const mark = standing.evidence !== null ? "✓" : standing.skipped ? "–" : "";
      const item = element(
        "li",
        {},
        element(
          "button",
          {
            type: "button",
            "aria-current": standing === current ? "step" : null,
            autofocus: !detail && standing === current,
            on: { click: () => go(standing) },
          },
          element("span", { class: "done", "aria-hidden": "true" }, mark),
          element("span", {}, standing.step.title, done ? element("span", { class: "unseen" }, doneWord(standing)) : null),
        ),
      );
      if (detail && standing === current) item.append(detailOf(standing, rename, skip));
      return item;
    });
    list.append(element("h3", {}, title), element("ol", {}, ...items));
  });
  return list;
}

/** @param {import("/page/lesson-progress.js").Standing} standing */
function doneWord({ evidence }) {
  return evidence !== null ? ", passed" : ", skipped";
}

/** @param {import("/page/lesson-progress.js").Standing} standing @param {(code: string) => string} rename @param {() => void} skip */
function detailOf({ step }, rename, skip) {
  return element(
    "div",
    { class: "step-detail stack" },
    element("p", { class: "prose" }, ...inline(step.text, rename)),
    element("p", { class: "prose soft" }, ...inline(step.hint, rename)),
    element("div", { class: "row" }, button("Skip", skip, { class: "link" })),
  );
}
