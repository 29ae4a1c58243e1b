// Makes the calls a console asks for, on a program of the room, and tells how they ended in the trace's words.
// Several may wait at once.
import { publicWait } from "../client/arguments.js";

/** @typedef {import("../client/web.js").NextCall} NextCall */
/** @typedef {import("../client/web.js").Failed} Failed */
/** @typedef {{ value: import("../client/web.js").Returned, bytes: Uint8Array }} CallResult */
/**
 * @typedef {{ name: "SocketError", errno: number, taken?: number } | { name: "TimedOutError", taken?: number }
 *   | { name: "ResolveError", code: string } | { name: "PolicyError", rule: string, value: unknown }
 *   | { name: "LimitError", limit: string, value: number } | { name: "ProtocolError", rule: string }} Known errors of the client
 */
/** @typedef {CallResult | { error: Failed } | { lost: string }} End */

const EINTR = 4;
const CANCELLED = Symbol("cancelled");

/**
 * Makes one call and waits for its end. Never throws.
 * @param {import("../client/wireside.js").Program} program of the client
 * @param {import("../client/web.js").CallAndWait} request
 * @param {number} line of the history
 * @param {Uint8Array} payload
 * @param {AbortSignal} signal
 * @returns {Promise<End>}
 */
export function makeCall(program, { call, wait }, line, payload, signal) {
  const options = { signal, wait: publicWait(wait), line, payload: payload.length > 0 ? payload : undefined };
  return ended(program.call(call, options));
}

/**
 * How a call ended, whoever made it.
 * @param {Promise<CallResult>} result
 * @returns {Promise<End>}
 */
export async function ended(result) {
  try {
    const { value, bytes } = await result;
    return { value, bytes: bytes ?? new Uint8Array() };
  } catch (error) {
    return failure(error);
  }
}

/** A reason to abort a call with, so that it is told from other aborts. */
export function cancel(/** @type {AbortController} */ controller) {
  controller.abort(CANCELLED);
}

/** The client's errors by their names, so that whoever replaces the client needs no import of its classes. @param {unknown} thrown @returns {End} */
function failure(thrown) {
  if (thrown === CANCELLED || (thrown instanceof Error && thrown.name === "AbortError")) return { error: { class: "errno", errno: EINTR, taken: 0 } };
  const error = /** @type {Known} */ (thrown);
  switch (error?.name) {
    case "SocketError":
      return { error: { class: "errno", errno: error.errno, taken: error.taken ?? 0 } };
    case "ResolveError":
      return { error: { class: "resolve", name: error.code } };
    case "PolicyError":
      return { error: { class: "policy", rule: error.rule, value: String(error.value) } };
    case "LimitError":
      return { error: { class: "limit", limit: error.limit, value: error.value } };
    case "ProtocolError":
      return { error: { class: "protocol", rule: error.rule } };
    case "TimedOutError":
      return { error: { class: "timed_out", taken: error.taken ?? 0 } };
    default:
      return { lost: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
