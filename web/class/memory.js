// What a browser remembers of classes: the seat that it has in one, the class that a room belongs to, a teacher's keys. Of
// classes that are long over it forgets.
const KEPT = "wireside.classes";
/** So many classes are remembered. */
const MOST = 16;

/**
 * @typedef {{ class: string, key: string, name: string, before?: string }} Seat `before`: the room that it had before this one
 * @typedef {{ seat?: { key: string, name: string }, teacher?: string, rooms?: string[], names?: boolean }} Known what is known of a class
 */

/** @returns {Record<string, Known>} by the id, the one that was used last at the end */
function all() {
  try {
    const kept = JSON.parse(localStorage.getItem(KEPT) ?? "{}");
    return typeof kept === "object" && kept !== null ? kept : {};
  } catch {
    return { ...unkept };
  }
}

/** Where storage is refused, for as long as the page stands. @type {Record<string, Known>} */
let unkept = {};

/** @param {string} id @returns {Known} */
export function known(id) {
  return all()[id] ?? {};
}

/** @param {string} id @param {Known} more */
export function remember(id, more) {
  const { [id]: before = {}, ...others } = all();
  const kept = Object.entries({ ...others, [id]: { ...before, ...more } }).slice(-MOST);
  unkept = Object.fromEntries(kept);
  try {
    localStorage.setItem(KEPT, JSON.stringify(unkept));
  } catch {
    // A reload then asks for the link again.
  }
}

/** @param {string} id @param {keyof Known} what */
export function forget(id, what) {
  remember(id, { [what]: undefined });
}

/** A room is this browser's seat in a class. @param {string} id @param {string} room */
export function rememberRoom(id, room) {
  const rooms = [...(known(id).rooms ?? []).filter((one) => one !== room), room].slice(-4);
  remember(id, { rooms });
}

/** The seat whose room this is, if it is one's. @param {string} room @returns {Seat | null} */
export function seatOfRoom(room) {
  for (const [id, { seat, rooms }] of Object.entries(all())) {
    if (seat && rooms?.includes(room)) return { class: id, ...seat, before: rooms[rooms.indexOf(room) - 1] };
  }
  return null;
}
