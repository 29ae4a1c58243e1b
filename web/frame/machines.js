// Which machine stands where, and who may do what on it. Computed from the room; knows nothing of elements.
import { called } from "../base/people.js";

/**
 * @typedef {object} Host
 * @property {number} id
 * @property {string} name
 * @property {string} address
 * @property {number | null} guest the guest whose machine it is
 * @property {boolean} readyMade nobody runs programs there
 */

/**
 * Whether this page offers calls on a machine. An owner may do everything, but on a guest's machine it shows what the
 * guest does: to watch is what one goes there for.
 * @param {import("../client/room.js").Room} room @param {Host} host
 */
export function controls(room, host) {
  if (host.readyMade || room.me.role === "viewer") return false;
  return isMine(room, host) || (room.me.role === "owner" && host.guest == null);
}

/** @param {import("../client/room.js").Room} room @param {Host} host */
export function isMine(room, host) {
  return host.guest === room.me.id || (room.me.role === "participant" && room.me.host === host.id);
}

/** The machine at the left: a guest's own, otherwise `client`. @param {import("../client/room.js").Room} room @returns {Host | null} */
export function leftHost(room) {
  const hosts = programHosts(room);
  return hosts.find((host) => isMine(room, host)) ?? hosts.find(({ name }) => name === "client") ?? hosts[0] ?? null;
}

/** The machines that can stand at the right, `server` first. @param {import("../client/room.js").Room} room @returns {Host[]} */
export function rightHosts(room) {
  const left = leftHost(room);
  const others = programHosts(room).filter((host) => host.id !== left?.id);
  return others.sort((a, b) => Number(b.name === "server") - Number(a.name === "server"));
}

/** @param {import("../client/room.js").Room} room @returns {Host[]} */
function programHosts(room) {
  return room.hosts.filter(({ readyMade }) => !readyMade);
}

/** Who has the say on a machine, for people who have not. @param {import("../client/room.js").Room} room @param {Host} host */
export function keeperOf(room, host) {
  const keeper = room.members.find(({ id, role }) => (host.guest == null ? role === "owner" : id === host.guest));
  if (keeper) return called(room, keeper);
  return host.guest == null ? "the owner" : "a guest who left";
}

/**
 * A machine's part in the tutorial: `client` at the left, also for a guest, whose machine has a name of its own.
 * @param {import("../client/room.js").Room} room @param {Host} host
 */
export function partOf(room, host) {
  return host.id === leftHost(room)?.id ? "client" : host.name;
}
