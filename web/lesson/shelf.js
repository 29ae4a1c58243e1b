// Which lessons there are, where their files lie, and which one the address asks for.

/**
 * @typedef {{ title: string, audience: string, steps: string[] }} ListedPart
 * @typedef {{ id: string, title: string, order: number, number: number | null, minutes: number, teaches: string, needs: string[],
 *   seeds: string[], python: boolean, path: string, parts: ListedPart[] }} Listed `number` is its place in the course, none for
 *   a further one; `needs` are ids of lessons that are best taken before
 */

/** What a first visit opens: with Python the two scripts, without it the calls by hand. */
const FIRST = { python: "two-scripts", plain: "by-hand" };

export class LessonShelf {
  /** @type {Listed[]} */
  lessons = [];
  /** Where the tutorial's sentences lie, if they do. @type {string | null} */
  sentences = null;

  /** Asks the server for the list. */
  async load() {
    const index = JSON.parse(await text("/lessons/index.json"));
    this.lessons = index.lessons;
    this.sentences = index.sentences;
    return this;
  }

  /** @param {string} id */
  listed(id) {
    return this.lessons.find((lesson) => lesson.id === id) ?? null;
  }

  /** The lesson that the address asks for, or the first one. @param {boolean} python whether Python is here */
  wanted(python) {
    const asked = new URLSearchParams(location.search).get("lesson") ?? "";
    return this.listed(asked) ?? this.listed(python ? FIRST.python : FIRST.plain) ?? this.lessons[0] ?? null;
  }

  /** The source of a lesson. @param {Listed} lesson */
  source(lesson) {
    return text(lesson.path);
  }

  /** The source of a program that a lesson names. @param {string} path @param {string} [id] the lesson that names it */
  program(path, id) {
    if (path.startsWith("programs/")) return text(`/${path}`);
    const own = this.listed(id ?? "")?.path.startsWith("/lessons/own/");
    return text(`${own ? "/lessons/own/" : "/lessons/"}${path}`);
  }
}

/** Puts a lesson into the address, so that Back leads to the one before. @param {string} id */
export function remember(id) {
  const search = new URLSearchParams(location.search);
  if (search.get("lesson") === id) return;
  search.set("lesson", id);
  history.pushState(null, "", `${location.pathname}?${search}${location.hash}`);
}

/** @param {string} path */
async function text(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Error(`${path} could not be loaded (${answer.status})`);
  return answer.text();
}
