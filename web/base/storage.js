// What the browser remembers: the owner's key of a room and a few wishes for good, the session for a reload.
// Storage is refused in private windows and some embeds; then the page just forgets.
import { NAME } from "../py/vocabulary.js";
import { bounded } from "./bounded.js";
import { lasting, passing } from "./browser-storage.js";

/** @param {() => import("./browser-storage.js").Place} storage */
function guarded(storage) {
  return {
    /** @param {string} key @returns {string | null} */
    get(key) {
      try {
        return storage().getItem(key);
      } catch {
        return null;
      }
    },
    /** @param {string} key @param {string | null} value */
    set(key, value) {
      try {
        if (value === null) storage().removeItem(key);
        else storage().setItem(key, value);
      } catch {
        // Forgotten at the next visit: nothing here is needed to go on.
      }
    },
  };
}

const kept = guarded(lasting);
const session = guarded(passing);

export const ownerKey = {
  /** @param {string} room */
  get: (room) => kept.get(`wireside.owner.${room}`),
  /** @param {string} room @param {string | null} key */
  set: (room, key) => kept.set(`wireside.owner.${room}`, key),
};

export const sessionToken = {
  /** @param {string} room */
  get: (room) => session.get(`wireside.session.${room}`),
  /** @param {string} room @param {string | null} token */
  set: (room, token) => session.set(`wireside.session.${room}`, token),
};

/** A teacher's key to a room of their class, which does not stay in an address that others see. */
export const lookKey = {
  /** @param {string} room */
  get: (room) => session.get(`wireside.look.${room}`),
  /** @param {string} room @param {string} key */
  set: (room, key) => session.set(`wireside.look.${room}`, key),
};

/** Notes that somebody pinned to events of a room, as JSON, until they are kept with its recording. */
export const pinnedNotes = {
  /** @param {string} room @returns {{ seq: number, text: string }[]} */
  get: (room) => {
    try {
      const all = JSON.parse(session.get(`wireside.notes.${room}`) ?? "[]");
      return Array.isArray(all) ? all.filter((one) => Number.isSafeInteger(one?.seq) && typeof one.text === "string") : [];
    } catch {
      return [];
    }
  },
  /** @param {string} room @param {{ seq: number, text: string }[]} all */
  set: (room, all) => session.set(`wireside.notes.${room}`, all.length > 0 ? JSON.stringify(all) : null),
};

export const personName = {
  // Another page of this origin, or an older one, may have left a longer one, which no server takes.
  get: () => bounded((kept.get("wireside.name") ?? "").trim(), NAME).trim(),
  /** @param {string} name */
  set: (name) => kept.set("wireside.name", name || null),
};

export const theme = {
  get: () => kept.get("wireside.theme") ?? "system",
  /** @param {string} theme */
  set: (theme) => kept.set("wireside.theme", theme === "system" ? null : theme),
};

export const announcing = {
  get: () => kept.get("wireside.quiet") !== "1",
  /** @param {boolean} on */
  set: (on) => kept.set("wireside.quiet", on ? null : "1"),
};

/** How much of a program's height its text has, in per cent; null without a wish. */
export const codeHeight = {
  get: () => {
    const part = Number(kept.get("wireside.code-height"));
    return part >= 20 && part <= 85 ? part : null;
  },
  /** @param {number | null} part */
  set: (part) => kept.set("wireside.code-height", part === null ? null : String(part)),
};

/** How far somebody came in a lesson, as text that only the lesson's view reads. */
export const lessonMemory = {
  /** @param {string} lesson */
  get: (lesson) => kept.get(`wireside.lesson.${lesson}`),
  /** @param {string} lesson @param {string | null} memory */
  set: (lesson, memory) => kept.set(`wireside.lesson.${lesson}`, memory),
};

/** Titles of the steps that were ever passed in a lesson, in whatever room. @param {string} lesson @returns {Set<string>} */
export function passedIn(lesson) {
  try {
    const { passed } = JSON.parse(lessonMemory.get(lesson) ?? "{}");
    return new Set(Array.isArray(passed) ? passed : []);
  } catch {
    return new Set();
  }
}
