// Where in a recording somebody is, as its address says it after the #: the event that is shown last, the one at which
// playing stops, and how fast it plays.

/** @typedef {{ event: number, to: number, speed: number }} Place `event` 0: the end; `to` 0: nowhere */

/** How fast it plays, in times of the usual. */
export const SPEEDS = [0.5, 1, 2, 4];

/** An event's number; 0 where it is none. @param {string | null} text */
export function eventIn(text) {
  return Number(/^\d{1,15}$/.exec(text ?? "")?.[0] ?? 0);
}

/** A speed that there is; 1 where it is none. @param {string | null} text */
export function speedIn(text) {
  return SPEEDS.find((speed) => String(speed) === text) ?? 1;
}

/** @param {string} fragment @returns {Place} */
export function placeIn(fragment) {
  const values = new URLSearchParams(fragment.replace(/^#/, ""));
  return { event: eventIn(values.get("e")), to: eventIn(values.get("to")), speed: speedIn(values.get("speed")) };
}

/** What stands after the address; nothing where it is the end, at the usual speed. @param {Place} place */
export function fragmentOf({ event, to, speed }) {
  const values = [event > 0 ? `e=${event}` : "", to > 0 ? `to=${to}` : "", speed === 1 ? "" : `speed=${speed}`].filter(Boolean);
  return values.length > 0 ? `#${values.join("&")}` : "";
}
