// Enters the room, before anything else of the page is there: it is the longest way, and the rest comes meanwhile.
import { openRoom } from "../client/wireside.js";
import { comesUnnamed, welcome } from "./arrival.js";
import { embedded, isStarted } from "./embedded.js";
import { enter } from "./opening.js";
import { askedOf } from "../lesson/step-address.js";
import { recordingOfAddress } from "./recording-address.js";

/** The lesson and the step that the address asks for: `/learn/connect#be-refused`. It becomes that of a room. */
export const asked = askedOf(location);
if (asked) {
  const search = new URLSearchParams(location.search);
  search.set("lesson", asked.lesson);
  history.replaceState(null, "", `/?${search}`);
}

/** What the address carried when the page was opened; entering writes the room's own link there. */
export const fragment = location.hash;

/** The recording that the address leads to; then there is no room. */
export const recording = recordingOfAddress();

/** Whether there is to be a room: not for a recording, and in somebody's frame not before a press. */
const comes = recording === null && (!embedded || isStarted());

// Entering keeps what it looks at.
const unnamed = comes && !embedded && comesUnnamed();

/** The room, or why there is none. */
export const entered = comes ? enter(/** @type {import("./opening.js").Open} */ (/** @type {unknown} */ (openRoom))) : Promise.reject(new Error("no room"));

// Whoever waits for it is told; until somebody does, nothing has gone wrong.
entered.catch(() => {});

if (unnamed) welcome(entered);
