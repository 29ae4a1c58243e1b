// "Do it again for real": the server makes the recording's calls anew in a fresh room, and says what happened otherwise.
import { visibleOutput } from "../client/web.js";
import { button, element } from "../base/element.js";
import { dialog } from "../base/popover.js";
import { inTheLog } from "../base/request-name.js";
import { counted } from "./recording-words.js";

/**
 * @typedef {{ seq: number, after: number, text: string }} Difference
 * @typedef {{ count: number, told: Difference[] }} Some
 * @typedef {{ count: number, why: string }} LeftOut
 * @typedef {{ per_mille: number, equal: number, whole: boolean, calls: { made: number, filled: number, left_out: LeftOut[] }, before: Some, now: Some }} Compared
 *   as the server says
 */

const WHAT =
  "The calls of this recording are made once more, in their order, in a fresh room of real machines; what happens is laid beside what happened then. Ports, times and sequence numbers may differ.";
/** What is not done again, said before somebody takes it for a difference. */
const LEFT_OUT =
  "Only calls on the machines client and server are made: not those of guests' machines, of the ready-made servers, or calls that went outside the room; what guests did is listed as what happened only then. Of what was sent a recording has the first 512 bytes of each call; the rest is sent as dots.";

const CUT = "There was no time for all of it: calls of the end were not made, and count as different.";

/**
 * @param {string} id of the recording
 * @param {{ show: (seq: number) => void, draw: (compared: Compared, list: () => void) => void }} parts
 *   `show` brings an event of it to the eye; `draw` lays what differs beside what happened, in the drawing, and has a way back to
 *   the list
 */
export function doAgain(id, { show, draw }) {
  const said = element("p", { role: "status" }, "It is being done…");
  const result = element("div", { class: "stack" }, element("p", { class: "prose soft" }, WHAT), element("p", { class: "prose soft" }, LEFT_OUT), said);
  const made = dialog("Do it again for real", [result]);
  const away = new AbortController();
  // Whoever closes this does not want to know.
  made.addEventListener("close", () => away.abort());
  const go = (/** @type {number} */ seq) => {
    made.close();
    show(seq);
  };
  const both = (/** @type {Compared} */ compared) => () => {
    made.close();
    draw(compared, () => dialog("Done again for real", [result]));
  };
  asked(id, away.signal).then(
    (compared) => {
      said.textContent = [sentence(compared), callWords(compared.calls), compared.whole ? "" : CUT].filter(Boolean).join(" ");
      result.append(...differences(compared, go));
      if (compared.before.count + compared.now.count > 0) result.append(button("Show both in the drawing", both(compared), { class: "button filled" }));
    },
    (error) => {
      if (!away.signal.aborted) said.textContent = `It could not be done again: ${error.message}.`;
    },
  );
}

/** @param {string} id @param {AbortSignal} signal @returns {Promise<Compared>} */
async function asked(id, signal) {
  const answer = await fetch(`/s/${id}/again`, { method: "POST", signal, credentials: "omit" }).catch(() => {
    throw new Error("the server does not answer");
  });
  if (answer.ok) return answer.json();
  const { message = `the server answered ${answer.status}`, request } = await answer.json().catch(() => ({}));
  throw new Error(`${message}${inTheLog(request)}`);
}

/** @param {Compared} compared */
function sentence({ per_mille: part, equal, before, now }) {
  const things = `${equal.toLocaleString("en")} ${equal === 1 ? "thing" : "things"}`;
  if (before.count + now.count === 0) return `The same happened: ${things}, none of them otherwise.`;
  return `${(part / 10).toLocaleString("en")} % is the same: ${things}.`;
}

/** How many calls that was, and how many were left out. @param {Compared["calls"]} calls */
function callWords({ made, filled, left_out: left }) {
  const some = (/** @type {LeftOut} */ { count, why }) => `${count.toLocaleString("en")} ${why}`;
  const all = `${counted(made, "call")} ${made === 1 ? "was" : "were"} made`;
  const dots = filled > 0 ? ` (${filled.toLocaleString("en")} of them with dots for bytes that are not in the recording)` : "";
  return `${all}${dots}; left out: ${left.length > 0 ? left.map(some).join(", ") : "none"}.`;
}

/** @param {Compared} compared @param {(seq: number) => void} go */
function differences({ before, now }, go) {
  const rows = [...rowsOf(before, "only then", go), ...rowsOf(now, "only now", null)];
  if (rows.length === 0) return [];
  return [element("table", { class: "again-differences" }, element("tbody", {}, ...rows))];
}

/** @param {Some} some @param {string} when @param {((seq: number) => void) | null} go */
function rowsOf({ count, told }, when, go) {
  const rows = told.map(({ seq, text }) => row(when, visibleOutput(text), go && button("see", () => go(seq), { class: "link" })));
  if (count > told.length) rows.push(row(when, `and ${(count - told.length).toLocaleString("en")} more`, null));
  return rows;
}

/** @param {string} when @param {string} text @param {HTMLElement | null} see */
function row(when, text, see) {
  return element("tr", {}, element("th", { scope: "row" }, when), element("td", { dir: "auto" }, text), element("td", {}, see));
}
