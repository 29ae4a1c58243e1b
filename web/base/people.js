// People in words: what they are called, and what they are here. Computed from the room; knows nothing of elements.

/**
 * @typedef {object} Person
 * @property {number} id
 * @property {string} name their own, or the one the server made
 * @property {"owner" | "participant" | "viewer"} role
 * @property {number | null} host their own machine
 */

/** The person with this number, while they are here. @param {import("../client/room.js").Room} room @param {number | null | undefined} id @returns {Person | null} */
export function personOf(room, id) {
  return room.members.find((/** @type {Person} */ one) => one.id === id) ?? null;
}

/** The name somebody gave; null where the server made one. @param {import("../client/room.js").Room} room @param {Person} person */
export function ownName(room, { name, role, host, id }) {
  if (role === "owner") return name === "the owner" ? null : name;
  if (role === "viewer") return name === `watcher ${id}` ? null : name;
  return name === machineName(room, host) ? null : name;
}

/** What to call somebody in a sentence. @param {import("../client/room.js").Room} room @param {Person} person */
export function called(room, person) {
  if (person.id === room.me.id) return ownName(room, person) ?? "you";
  return ownName(room, person) ?? person.name;
}

/** What to call somebody whom the recording names: `by` is the name it has. @param {import("../client/room.js").Room} room @param {number | null} member @param {string} by */
export function calledBy(room, member, by) {
  const person = personOf(room, member);
  return person ? called(room, person) : by;
}

/** What somebody is here, in words that need no explanation. @param {import("../client/room.js").Room} room @param {Person} person */
export function partWords(room, person) {
  if (person.role === "viewer") return "watching";
  if (person.role === "owner") {
    if (person.id === room.me.id) return "your room";
    return ownName(room, person) === null ? "their room" : "the owner of this room";
  }
  const machine = machineName(room, person.host);
  if (machine === null) return "guest";
  return person.name === machine ? "guest with a machine" : `guest, on ${machine}`;
}

/** @param {import("../client/room.js").Room} room @param {number | null} host */
function machineName(room, host) {
  return room.hosts.find((/** @type {{ id: number, name: string }} */ one) => one.id === host)?.name ?? null;
}

/**
 * What to call a machine where several are to choose from: a guest's with the guest's name, where they have said one.
 * The name is set apart from what follows, whichever way it is written.
 * @param {import("../client/room.js").Room} room @param {{ name: string, guest: number | null }} host
 */
export function machineLabel(room, host) {
  const { person, machine } = machineNames(room, host);
  return person === null ? machine : `\u2068${person}\u2069 · ${machine}`;
}

/** The two names of it. @param {import("../client/room.js").Room} room @param {{ name: string, guest: number | null }} host */
export function machineNames(room, host) {
  const person = personOf(room, host.guest);
  return { person: person && ownName(room, person), machine: host.name };
}

/** The same in few letters. @param {import("../client/room.js").Room} room @param {{ name: string, guest: number | null }} host */
export function shortLabel(room, host) {
  const person = personOf(room, host.guest);
  return (person && person.id !== room.me.id && ownName(room, person)) || host.name;
}
