// Where a person is in a lesson, computed from the trace alone. Within a part every order is fine; a part counts
// what happened since it began, so that the close of an earlier part does not pass a later one.
import { holds, parseCheck } from "/page/lesson-check.js";

/**
 * @typedef {import("/page/lesson-format.js").Step} Step
 * @typedef {{ step: Step, name: string, checks: ReturnType<typeof parseCheck>[], seen: (number | null)[],
 *   skipped: boolean, evidence: number | null }} Standing
 */

export class Progress {
  /** @type {{ title: string, standings: Standing[] }[]} */
  parts;
  #part = 0;
  /** The step that was passed last. @type {Standing | null} */
  last = null;

  /**
   * @param {import("/page/lesson-format.js").Lesson} lesson
   * @param {(audience: string) => boolean} includes which parts are for this person
   * @param {string[]} skipped names of steps that were skipped before
   */
  constructor(lesson, includes, skipped) {
    this.parts = lesson.parts
      .filter(({ audience }) => includes(audience))
      .map((part) => ({
        title: part.title,
        standings: part.steps.map((step) => standing(part.title, step, skipped)),
      }));
    this.#advance();
  }

  /** The part with the next thing to do; the number of parts when all is done. */
  get part() {
    return this.#part;
  }

  /** The next thing to do. @returns {Standing | null} */
  get current() {
    return this.parts[this.#part]?.standings.find((one) => !isDone(one)) ?? null;
  }

  /** Its place among the steps of its part, from 1, and how many they are. */
  get place() {
    const standings = this.parts[this.#part]?.standings ?? [];
    const current = this.current;
    return { step: current ? standings.indexOf(current) + 1 : standings.length, of: standings.length };
  }

  /**
   * @param {number} seq
   * @param {Record<string, string | number | undefined>} facts
   * @returns {boolean} whether anything changed
   */
  feed(seq, facts) {
    let changed = false;
    for (const one of this.parts[this.#part]?.standings ?? []) {
      if (!isDone(one) && this.#match(one, seq, facts)) {
        changed = true;
        // One event answers one step: two receives are two receives.
        break;
      }
    }
    if (changed) this.#advance();
    return changed;
  }

  /** @param {Standing} one @param {number} seq @param {Record<string, string | number | undefined>} facts */
  #match(one, seq, facts) {
    const at = one.checks.findIndex((check, index) => one.seen[index] === null && holds(check, facts));
    if (at < 0) return false;
    one.seen[at] = seq;
    if (one.seen.every((found) => found !== null)) {
      one.evidence = seq;
      this.last = one;
    }
    return true;
  }

  skip() {
    const current = this.current;
    if (!current) return;
    current.skipped = true;
    this.#advance();
  }

  /** Goes on at a step: what comes before it in the lesson counts as skipped. @param {Standing} target */
  goTo(target) {
    let before = true;
    for (const part of this.parts) {
      for (const one of part.standings) {
        if (one === target) before = false;
        if (before && one.evidence === null) one.skipped = true;
        if (!before) one.skipped = false;
      }
    }
    target.evidence = null;
    target.seen = target.checks.map(() => null);
    this.#part = 0;
    this.#advance();
  }

  /** Names of the skipped steps, to be remembered. */
  get skipped() {
    return this.parts.flatMap(({ standings }) => standings.filter((one) => one.skipped).map(({ name }) => name));
  }

  #advance() {
    while (this.#part < this.parts.length && this.parts[this.#part].standings.every(isDone)) this.#part += 1;
  }
}

/** @param {string} part @param {Step} step @param {string[]} skipped @returns {Standing} */
function standing(part, step, skipped) {
  const name = `${part}/${step.title}`;
  const checks = step.checks.map(parseCheck);
  return { step, name, checks, seen: checks.map(() => null), skipped: skipped.includes(name), evidence: null };
}

/** @param {Standing} one */
export function isDone(one) {
  return one.skipped || one.evidence !== null;
}
