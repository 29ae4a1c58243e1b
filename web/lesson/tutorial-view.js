// The tutorial, sentence by sentence: what it claims, whether that is so on Linux, and Show me, which makes the calls in
// this room and links what was just recorded.
import { showAbout } from "../base/about.js";
import { button, element } from "../base/element.js";
import { CannotDo } from "./doing.js";
import { inline } from "./prose.js";
import { traceUntil } from "../base/trace-until.js";
import { isSmall, showView } from "../frame/frame.js";

/** How long a sentence may take to show itself: a second try of a SYN, an answer after three seconds. */
const PATIENCE_MS = 20_000;

/** The list, once it was opened: it keeps its place and what was shown while it is closed. @type {HTMLElement | null} */
let opened = null;

/**
 * Opens the list beside the wire, in the place of the left machine; on small screens over everything, until something is
 * shown.
 * @param {{ path: string, room: import("../client/room.js").Room, lessons: import("../client/web.js").LessonView, doing: import("./doing.js").LessonDoing,
 *   ways: import("./prose.js").Ways, titles: import("./shelf.js").Listed[],
 *   reveal: (seq: number) => void, open: (id: string) => void }} parts
 */
export async function showTutorial({ path, room, lessons, doing, ways, titles, reveal, open }) {
  if (opened) return raise(opened);
  const list = element("ol", { class: "sentences" });
  const intro = element(
    "p",
    { class: "prose" },
    "28 sentences, in our own words. Most are so. Some never were, on Linux. Show me makes the calls in this room. ",
    button("Which tutorial?", showAbout, { class: "link" }),
  );
  const made = panel([intro, list]);
  opened = made;
  try {
    const answer = await fetch(path);
    if (!answer.ok) throw new Error(`it could not be loaded (${answer.status})`);
    const sentences = lessons.sentences(await answer.text());
    const may = room.me.role === "owner";
    const tools = { room, lessons, doing, ways, titles, made, reveal, open, may };
    list.append(...sentences.map((one) => row(one, tools)));
  } catch (error) {
    list.append(element("li", {}, String(/** @type {any} */ (error)?.message ?? error)));
    // The next time it is asked for, it is loaded again.
    opened = null;
    made.dataset.failed = "";
  }
}

/** @param {Node[]} content */
function panel(content) {
  const closer = button("Close", () => lower(made), { class: "link" });
  const back = button("Back to the sentences", () => made.classList.remove("aside"), { class: "link tutorial-back" });
  const now = element("p", { class: "tutorial-now soft" });
  const made = element(
    "section",
    { class: "tutorial", id: "sentences", "aria-label": "The tutorial, sentence by sentence", tabindex: "-1" },
    element("header", { class: "dialog-head" }, element("h2", {}, "The tutorial, sentence by sentence"), now, back, closer),
    element("div", { class: "tutorial-body" }, ...content),
  );
  made.addEventListener("keydown", (event) => {
    if (event.key === "Escape") lower(made);
  });
  document.body.append(made);
  addEventListener("resize", () => place(made));
  raise(made);
  return made;
}

/** @param {HTMLElement} made */
function raise(made) {
  made.hidden = false;
  made.classList.remove("aside");
  place(made);
  made.focus({ preventScroll: true });
}

/** @param {HTMLElement} made */
function lower(made) {
  if (made.dataset.failed === undefined) made.hidden = true;
  else made.remove();
  /** @type {HTMLElement | null} */ (document.querySelector("#lesson"))?.focus({ preventScroll: true });
}

/** Below the strip, whatever its height. @param {HTMLElement} made */
function place(made) {
  const strip = document.querySelector("#lesson")?.getBoundingClientRect();
  made.style.setProperty("--below", `${Math.round(strip?.bottom ?? 0)}px`);
}

/** What is shown happens on the wire: on a small screen the list makes way for it. @param {HTMLElement} made */
function giveWay(made) {
  if (!isSmall()) return;
  showView("wire");
  made.classList.add("aside");
}

/** Where the list has made way, its bar says what is going on. @param {HTMLElement} made @param {string} words */
function sayAside(made, words) {
  /** @type {HTMLElement} */ (made.querySelector(".tutorial-now")).textContent = words;
}

/** @param {import("../client/web.js").DrawnSentence} sentence @param {any} tools */
function row(sentence, tools) {
  const { ways, titles, made, open, may } = tools;
  const said = element("p", { class: "sentence-said soft", role: "status" });
  const show = button("Show me", () => void run(sentence, tools, { show, said }), { "aria-label": `Show me ${sentence.id}` });
  const lesson = titles.find((/** @type {{ id: string }} */ { id }) => id === sentence.lesson);
  const more = lesson
    ? button(`Lesson: ${lesson.title}`, () => (lower(made), open(lesson.id)), { class: "link" })
    : null;
  return element(
    "li",
    { class: "sentence-row", data: { sentence: sentence.id } },
    element("span", { class: "badge", data: { verdict: sentence.verdict } }, sentence.verdict),
    element("p", { class: "prose claim" }, ...inline(sentence.claim, ways)),
    element("p", { class: "prose" }, ...inline(sentence.truth, ways)),
    element("div", { class: "row" }, may ? show : null, more),
    said,
  );
}

/** The one that runs: one at a time, since they share the machines' prompts. @type {string | null} */
let running = null;
/** Puts back what other rows said before somebody pressed them meanwhile. @type {(() => void)[]} */
const put = [];

/** Says in another's row that it has to wait, and keeps what that row has shown. @param {HTMLElement} said */
function wait(said) {
  if (said.dataset.waits !== undefined) return;
  const before = [...said.childNodes];
  said.textContent = `${running} is being shown. Press again when it has ended.`;
  said.dataset.waits = "";
  put.push(() => {
    delete said.dataset.waits;
    said.replaceChildren(...before);
  });
}

/** @param {import("../client/web.js").DrawnSentence} sentence @param {any} tools @param {{ show: HTMLButtonElement, said: HTMLElement }} nodes */
async function run({ id, does, tidy }, tools, { show, said }) {
  const { lessons, doing } = tools;
  if (running !== null) return wait(said);
  if (!lessons.show(id)) return void (said.textContent = "It cannot be shown in this room.");
  running = id;
  show.disabled = true;
  const say = (/** @type {string} */ words) => {
    said.textContent = words;
    sayAside(tools.made, words);
  };
  say("Making the calls…");
  giveWay(tools.made);
  try {
    await all(doing, does);
    const seqs = await seen(tools);
    said.replaceChildren(...evidence(seqs, tools));
    sayAside(tools.made, `Recorded just now: event ${seqs.join(", ")}`);
  } catch (error) {
    say(String(/** @type {any} */ (error)?.message ?? error));
  } finally {
    // What was opened is closed again, so that it can be shown once more.
    await all(doing, tidy).catch((error) => console.error(error));
    running = null;
    for (const back of put.splice(0)) back();
    show.disabled = false;
  }
}

/** @param {import("./doing.js").LessonDoing} doing @param {any[]} lines */
async function all(doing, lines) {
  for (const line of lines) {
    try {
      await doing.perform(line);
    } catch (error) {
      // The trace says whether it was shown; a call that failed is part of it.
      if (error instanceof CannotDo) throw error;
    }
  }
}

/** Waits for the events that show it. @param {any} tools @returns {Promise<number[]>} */
async function seen({ room, lessons }) {
  if (await traceUntil(room, () => Boolean(lessons.evidence()), PATIENCE_MS)) return lessons.evidence();
  throw new Error("It was not to be seen this time: is something else running on these machines?");
}

/** @param {number[]} seqs @param {any} tools */
function evidence(seqs, { made, reveal }) {
  const show = (/** @type {number} */ seq) => {
    giveWay(made);
    reveal(seq);
  };
  const links = seqs.map((seq) => button(`event ${seq}`, () => show(seq), { class: "link evidence" }));
  return ["Recorded just now: ", ...links.flatMap((link, at) => (at > 0 ? [", ", link] : [link]))];
}
