// The course on one page: every lesson with what it teaches, how far one has come, what comes before it, and its solutions,
// folded. It needs no room; a link opens one.
import { counted } from "../base/counted.js";
import { button, element, find } from "../base/element.js";
import { passedIn } from "../base/storage.js";
import { codeWithTerm, withTerms } from "../base/term-card.js";
import { labelOf } from "../lesson/doing.js";
import { addressOf } from "../lesson/step-address.js";

/** @typedef {import("../lesson/shelf.js").Listed} Listed */
/** @typedef {import("../client/web.js").Piece} Piece */
/**
 * @typedef {{ title: string, text: Piece[], exercise: boolean, predict: import("../client/web.js").Predict | null, hint: Piece[],
 *   does: import("../client/web.js").Doing[], cards: Piece[][], explain: Piece[] }} OutlineStep
 * @typedef {{ end: Piece[], parts: { title: string, audience: string, steps: OutlineStep[] }[] }} Outline
 * @typedef {{ id: string, claim: Piece[], verdict: string, truth: Piece[] }} Claim
 */

const course = find("#course");

try {
  const [{ lessons }, outlines] = await Promise.all([json("/lessons/index.json"), json("/lessons/outline.json")]);
  draw(lessons, outlines);
} catch (error) {
  course.replaceChildren(element("p", { class: "prose", role: "alert" }, `The lessons could not be loaded: ${/** @type {Error} */ (error).message}`));
}

/** @param {string} path */
async function json(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} (${answer.status})`);
  return answer.json();
}

/** @param {Listed[]} lessons @param {{ lessons: Record<string, Outline>, sentences: Claim[] }} outlines */
function draw(lessons, outlines) {
  const numbered = lessons.filter(({ number }) => number !== null);
  const further = lessons.filter(({ number }) => number === null);
  const minutes = numbered.reduce((sum, lesson) => sum + lesson.minutes, 0);
  const one = (/** @type {Listed} */ lesson) => entry(lesson, { lessons, outlines });
  course.replaceChildren(
    element("p", { class: "soft" }, `${numbered.length} lessons, about ${minutes} minutes, and ${further.length} further ones.`),
    element("ol", { class: "course" }, ...numbered.map(one)),
    element("h2", {}, "Further lessons"),
    element("ol", { class: "course" }, ...further.map(one)),
  );
  const next = numbered.find((lesson) => farOf(lesson).done < farOf(lesson).all) ?? lessons[0];
  const begun = lessons.some((lesson) => farOf(lesson).done > 0);
  find("#actions").replaceChildren(
    element("a", { class: "button filled", href: addressOf(next.id) }, begun ? `Go on: ${next.title}` : `Begin: ${next.title}`),
    button("Unfold all solutions", () => unfold(), { class: "link no-print" }),
    button("Print", () => print(), { class: "link no-print" }),
  );
}

function unfold() {
  for (const details of course.querySelectorAll("details")) details.open = true;
}

/** The steps of a lesson that are those of whoever has a room of their own. @param {Listed} lesson */
function stepsOf(lesson) {
  return lesson.parts.filter(({ audience }) => audience !== "guest").flatMap(({ steps }) => steps);
}

/** @param {Listed} lesson */
function farOf(lesson) {
  const [steps, passed] = [stepsOf(lesson), passedIn(lesson.id)];
  return { all: steps.length, done: steps.filter((title) => passed.has(title)).length };
}

/** @param {Listed} lesson @param {{ lessons: Listed[], outlines: { lessons: Record<string, Outline>, sentences: Claim[] } }} rest */
function entry(lesson, { lessons, outlines }) {
  const { all, done } = farOf(lesson);
  const far = done === 0 ? `${all} steps` : done === all ? `✓ all ${all} steps passed` : `${done} of ${all} steps passed`;
  const before = lesson.needs.flatMap((id) => lessons.filter((one) => one.id === id));
  const claims = outlines.sentences.filter(({ id }) => lesson.seeds.includes(id));
  const outline = outlines.lessons[lesson.id];
  return element(
    "li",
    { class: "course-lesson", id: lesson.id, data: { done: done === all ? "all" : done > 0 ? "some" : "none" } },
    element("span", { class: "course-number mono", "aria-hidden": "true" }, lesson.number === null ? "+" : String(lesson.number)),
    element(
      "div",
      { class: "course-body" },
      element("h3", {}, element("a", { href: addressOf(lesson.id) }, lesson.title)),
      element("p", { class: "prose" }, ...withTerms(lesson.teaches)),
      element(
        "p",
        { class: "soft course-facts" },
        `${lesson.minutes} min · ${far}`,
        lesson.python ? " · needs Python" : "",
        ...(before.length > 0 ? [" · best after ", ...between(before.map(({ id, title }) => element("a", { href: `#${id}` }, title)), ", ")] : []),
      ),
      folded("Steps", stepList(lesson)),
      claims.length > 0 ? folded(claimsWords(claims), element("ul", { class: "course-claims" }, ...claims.map(claim))) : null,
      outline ? folded("For teachers: help and solutions", ...solutions(lesson, outline)) : null,
    ),
  );
}

/** @param {HTMLElement[]} nodes @param {string} text */
function between(nodes, text) {
  return nodes.flatMap((node, at) => (at > 0 ? [text, node] : [node]));
}

/** @param {string} title @param {...(Node | string)} content */
function folded(title, ...content) {
  return element("details", {}, element("summary", {}, title), ...content);
}

/** @param {Listed} lesson */
function stepList(lesson) {
  const passed = passedIn(lesson.id);
  const items = stepsOf(lesson).map((title) =>
    element("li", {}, element("span", { class: "course-mark" }, passed.has(title) ? "✓" : ""), element("a", { href: addressOf(lesson.id, title) }, title), passed.has(title) ? element("span", { class: "unseen" }, ", passed") : null),
  );
  return element("ol", { class: "course-steps" }, ...items);
}

/** @param {Claim[]} claims */
function claimsWords(claims) {
  return `${counted(claims.length, "sentence")} of the tutorial`;
}

/** @param {Claim} one */
function claim({ id, claim, verdict, truth }) {
  return element("li", {}, element("span", { class: "mono soft" }, `${id} `), "\u201c", ...pieces(claim), "\u201d ", element("strong", {}, `${verdict}. `), ...pieces(truth));
}

/** @param {Listed} lesson @param {Outline} outline */
function solutions(lesson, { parts, end }) {
  const nodes = parts.flatMap(({ title, audience, steps }) => [
    element("h4", {}, audience === "guest" ? `${title} (for guests)` : title),
    ...steps.map((step) => solution(lesson, step)),
  ]);
  return [...nodes, element("p", { class: "prose" }, ...pieces(end))];
}

/** @param {Listed} lesson @param {OutlineStep} step */
function solution(lesson, { title, text, exercise, predict, hint, does, cards, explain }) {
  const line = (/** @type {string} */ name, /** @type {(Node | string)[]} */ content) => element("p", {}, element("strong", {}, `${name}: `), ...content);
  return element(
    "section",
    { class: "course-solution" },
    element("h5", {}, element("a", { href: addressOf(lesson.id, title) }, title), exercise ? " (exercise)" : ""),
    element("p", { class: "prose" }, ...pieces(text)),
    predict ? line("Guess", [...pieces(predict.question), ` Right: ${predict.choices[predict.right]}.`]) : null,
    line("Help", pieces(hint)),
    cards.length > 0 ? element("ol", { class: "course-cards" }, ...cards.map((card) => element("li", {}, ...pieces(card)))) : null,
    element("pre", { tabindex: 0 }, does.map(lineOf).join("\n")),
    ...(exercise ? programs(lesson, does) : []),
    explain.length > 0 ? line("Why", pieces(explain)) : null,
  );
}

/** What is done, and on which machine. @param {import("../client/web.js").Doing} doing */
function lineOf(doing) {
  const label = labelOf(doing, (name) => name);
  return "file" in doing && doing.file ? `${doing.host}: ${label}` : label;
}

/** The programs that solve an exercise, each folded and fetched when it is unfolded. @param {Listed} lesson @param {import("../client/web.js").Doing[]} does */
function programs(lesson, does) {
  const own = lesson.path.startsWith("/lessons/own/");
  return does.flatMap((doing) => {
    if (doing.do !== "put") return [];
    const path = doing.path.startsWith("programs/") ? `/${doing.path}` : `${own ? "/lessons/own/" : "/lessons/"}${doing.path}`;
    const text = element("pre", { tabindex: 0 }, "…");
    const made = folded(doing.file, text);
    made.addEventListener("toggle", () => void source(path).then((words) => (text.textContent = words)), { once: true });
    return [made];
  });
}

/** @param {string} path */
async function source(path) {
  const answer = await fetch(path);
  return answer.ok ? answer.text() : `${path} could not be loaded (${answer.status})`;
}

/** @param {Piece[]} all @returns {(Node | string)[]} */
function pieces(all) {
  /** @type {Set<string>} */
  const seen = new Set();
  return all.flatMap((piece) => {
    if (piece.kind === "text") return withTerms(piece.text, seen);
    if (piece.kind === "lesson") return [element("a", { href: `#${piece.id}` }, piece.text)];
    return [codeWithTerm(piece.text, seen)];
  });
}
