// Enters the room, before anything else of the page is there: it is the longest way, and the rest comes meanwhile.
import { openRoom } from "../client/wireside.js";
import { comesUnnamed, welcome } from "./arrival.js";
import { enter } from "./opening.js";

/** What the address carried when the page was opened; entering writes the room's own link there. */
export const fragment = location.hash;

// Entering keeps what it looks at.
const unnamed = comesUnnamed();

/** The room, or why there is none. */
export const entered = enter(/** @type {import("./opening.js").Open} */ (/** @type {unknown} */ (openRoom)));

// Whoever waits for it is told; until somebody does, nothing has gone wrong.
entered.catch(() => {});

if (unnamed) welcome(entered);
