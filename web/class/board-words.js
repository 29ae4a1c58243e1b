// What a board says, in words; and the order of its seats. Computed from what the server told; knows nothing of elements.

/**
 * @typedef {object} Seat as the server tells it; times in milliseconds since the class began
 * @property {number} seat its number
 * @property {string} name
 * @property {[string, string] | null} room its id and the key to look into it, while it lives
 * @property {boolean} here whether the pupil is there
 * @property {boolean} came whether they ever were
 * @property {string} steps a letter a step: `p` passed, `s` skipped, `.` neither
 * @property {number} since when they came further last
 * @property {[string, number] | null} waits the call that waits, and since when
 * @property {[string, string, number] | null} failed error, call, how many times in a row
 * @property {number | null} hand since when it is up
 * @property {boolean} looked @property {boolean} held @property {string | null} kept
 * @typedef {"stuck" | "name" | "seat"} Order
 */

/** A wait is told from here on, milliseconds. */
const WAITS = 2000;
/** Who has not come further for so long has the whole bar, milliseconds. */
const WHOLE = 10 * 60_000;
/** Nobody is called stuck before, milliseconds. */
const STUCK = 60_000;

/** The step that somebody is at, from 0; as many as there are once all are passed or skipped. @param {Seat} seat */
export function stepOf({ steps }) {
  const at = steps.indexOf(".");
  return at < 0 ? steps.length : at;
}

/** Whether there is nothing left to do. @param {Seat} seat */
export function isDone(seat) {
  return seat.steps.length > 0 && stepOf(seat) === seat.steps.length;
}

/** Whose time at one step counts: they are here, and have not done everything. @param {Seat} seat */
export function works(seat) {
  return seat.here && !isDone(seat);
}

/** How long somebody has not come further; 0 for who is done or away. @param {Seat} seat @param {number} now */
export function stuckFor(seat, now) {
  return works(seat) ? Math.max(0, now - seat.since) : 0;
}

/** The same as a part of a bar, 0 to 1; nothing in the first minute. @param {Seat} seat @param {number} now */
export function stuckPart(seat, now) {
  const time = stuckFor(seat, now);
  return time < STUCK ? 0 : Math.min(1, time / WHOLE);
}

/** The seats in an order; of equal ones the lower number comes first. @param {Seat[]} seats @param {Order} order @returns {Seat[]} */
export function ordered(seats, order) {
  const name = (/** @type {Seat} */ one, /** @type {Seat} */ other) => one.name.localeCompare(other.name, undefined, { numeric: true, sensitivity: "base" });
  // Who works comes before who has done everything, and these before who is away.
  const rank = (/** @type {Seat} */ seat) => (works(seat) ? 0 : seat.here ? 1 : 2);
  const stuck = (/** @type {Seat} */ one, /** @type {Seat} */ other) => rank(one) - rank(other) || one.since - other.since;
  const by = { stuck, name, seat: () => 0 }[order];
  return [...seats].sort((one, other) => by(one, other) || one.seat - other.seat);
}

/** How many have passed each step. @param {Seat[]} seats @param {number} steps @returns {number[]} */
export function passed(seats, steps) {
  return Array.from({ length: steps }, (_, at) => seats.filter((seat) => seat.steps[at] === "p").length);
}

/** The step that is worth a sentence: the one that everybody was sent to, else the last that half of them have passed. @param {number[]} passed @param {number} of @param {number | null} sent */
export function worthSaying(passed, of, sent) {
  return sent ?? Math.max(0, passed.findLastIndex((count) => 2 * count >= of));
}

/** A line about a seat. @param {Seat} seat @param {number} now @param {"whole" | "usual" | "short"} [form] all of it, what matters most, the same in few letters */
export function state(seat, now, form = "usual") {
  if (!seat.came) return "has not come in yet";
  if (!seat.room) return "the room has ended";
  if (!seat.here) return "away";
  const waits = seat.waits && now - seat.waits[1] >= WAITS ? `${seat.waits[0]}() ${form === "short" ? "" : "waiting "}${time(now - seat.waits[1])}` : "";
  if (seat.failed) {
    const [error, call, times] = seat.failed;
    const repeated = form === "short" ? ` ×${times}` : `, ${timesWords(times)}`;
    const said = `${form === "whole" && call ? `${call}(): ` : ""}${error}${times > 1 ? repeated : ""}`;
    return form === "whole" && waits && waits.split("(")[0] !== call ? `${said} · ${waits}` : said;
  }
  return waits || (isDone(seat) ? "all steps done" : "");
}

/** @param {number} times */
function timesWords(times) {
  return ["", "once", "twice", "three times", "four times", "five times"][times] ?? `${times} times`;
}

/** A time in words, as short as may be. @param {number} milliseconds */
export function time(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** The dots of a seat for those who hear them. @param {Seat} seat */
export function stepsWords(seat) {
  if (seat.steps.length === 0) return "";
  const done = seat.steps.split("p").length - 1;
  const skipped = seat.steps.split("s").length - 1;
  return `${done} of ${seat.steps.length} steps passed${skipped ? `, ${skipped} skipped` : ""}`;
}
