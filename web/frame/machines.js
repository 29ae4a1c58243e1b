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

/** Whether a machine only has the ready-made servers. @param {any} host */
function isReadyMade(host) {
  return Boolean(host.readyMade ?? host.ready_made);
}

/**
 * Whether this page offers calls on a machine. An owner may do everything, but on a guest's machine it shows what the
 * guest does: to watch is what one goes there for.
 * @param {any} room @param {Host} host
 */
export function controls(room, host) {
  if (isReadyMade(host) || room.me.role === "viewer") return false;
  return isMine(room, host) || (room.me.role === "owner" && host.guest == null);
}

/** @param {any} room @param {Host} host */
export function isMine(room, host) {
  return host.guest === room.me.id || (room.me.role === "participant" && (room.me.host === host.id || room.me.host === host.name));
}

/** The machine at the left: a guest's own, otherwise `client`. @param {any} room @returns {Host | null} */
export function leftHost(room) {
  const hosts = programHosts(room);
  return hosts.find((host) => isMine(room, host)) ?? hosts.find(({ name }) => name === "client") ?? hosts[0] ?? null;
}

/** The machines that can stand at the right, `server` first. @param {any} room @returns {Host[]} */
export function rightHosts(room) {
  const left = leftHost(room);
  const others = programHosts(room).filter((host) => host.id !== left?.id);
  return others.sort((a, b) => Number(b.name === "server") - Number(a.name === "server"));
}

/** @param {any} room @returns {Host[]} */
function programHosts(room) {
  return room.hosts.filter((/** @type {Host} */ host) => !isReadyMade(host));
}

/** Who has the say on a machine, for people who have not. @param {any} room @param {Host} host */
export function keeperOf(room, host) {
  const keeper = room.members.find((/** @type {any} */ { id, role }) => (host.guest == null ? role === "owner" : id === host.guest));
  if (keeper) return called(room, keeper);
  return host.guest == null ? "the owner" : "a guest who left";
}

/**
 * A machine's part in the tutorial: `client` at the left, also for a guest, whose machine has a name of its own.
 * @param {any} room @param {Host} host
 */
export function partOf(room, host) {
  return host.id === leftHost(room)?.id ? "client" : host.name;
}
