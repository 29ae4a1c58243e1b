// What the wire's head and its menu say: settings in force, held packets, and what the server refused, in words.
import { counted, number } from "../base/counted.js";

/**
 * The settings in force, for everybody; empty when the wire does nothing to packets.
 * @param {{ delay_ms: number, loss: number }} wire milliseconds one way; probability
 * @param {{ name: string, cable: boolean }[]} hosts
 */
export function settingsWords({ delay_ms: delay, loss }, hosts) {
  const parts = [];
  if (delay > 0) parts.push(`${number(delay)} ms each way`);
  if (loss > 0) parts.push(`${percent(loss)} % lost`);
  for (const { name, cable } of hosts) if (cable === false) parts.push(`cable of ${name} cut`);
  return parts.join(", ");
}

/** @typedef {{ left_ms?: number, sender?: number }} HeldPacket a packet held, as drawn */

/**
 * How many packets are held, and whose kernel tries again next.
 * @param {number} holding
 * @param {{ cards: HeldPacket[], lifelines: import("../client/web.js").Lifeline[] }} scene as the layout made it
 */
export function heldWords(holding, { cards, lifelines }) {
  if (holding === 0) return "held; packets will stop half-way";
  const count = `${counted(holding, "packet")} held`;
  const timed = cards.flatMap(({ left_ms: left, sender }) => (left === undefined || sender === undefined ? [] : { left, sender }));
  if (timed.length === 0) return count;
  const next = timed.reduce((a, b) => (b.left < a.left ? b : a));
  // A line begins a little beside the sender's lifeline.
  const away = (/** @type {{ x: number }} */ { x }) => Math.abs(x - next.sender);
  const sender = lifelines.toSorted((a, b) => away(a) - away(b))[0];
  if (!sender) return count;
  const when = next.left < 50 ? "now" : `in ${seconds(next.left)}`;
  return `${count}. ${sender.name}'s kernel tries again ${when}.`;
}

/** What is said when holding ended by itself. */
export const HELD_TOO_LONG = "Held for 10 minutes; everything was let through.";

/**
 * Whether it was the room's own rule that let everything through, by the newest word on the wire.
 * @param {{ eventCount: () => number, records: (from: number, count: number) => any[] }} view
 */
export function endedByRule(view) {
  // A release is followed by everything it released: look back in steps, and not for ever.
  for (let end = view.eventCount(), steps = 0; end > 0 && steps < 16; end -= STEP, steps += 1) {
    const from = Math.max(0, end - STEP);
    const word = view.records(from, end - from).findLast(({ kind }) => kind === "wire");
    if (word) return word.rule === "hold-ms";
  }
  return false;
}

/** Events read at once. */
const STEP = 256;

/** Rules of the protocol that a person meets, by what they mean for them. @type {Record<string, string>} */
const RULES = {
  "nothing is held": "Nothing is held now.",
  "this packet is not held": "This packet is not held any more.",
  "loss is a probability from 0 to 1": "Loss is 0 to 100 %.",
  "no such machine": "This machine is not there any more.",
};

/** @type {Record<string, (value: number) => string>} */
const LIMITS = {
  "wire-delay-ms": (value) => `Delay is at most ${number(value)} ms.`,
  sysctl: (value) => `This value is at most ${number(value)}.`,
};

/** What an error of a command means. @param {any} error */
export function refusal(error) {
  switch (error?.code) {
    case "PROTOCOL":
      return RULES[error.rule] ?? `The server did not take that: ${error.rule}.`;
    case "LIMIT":
      return LIMITS[error.limit]?.(error.value) ?? `That is more than this server allows: ${number(error.value)}.`;
    case "POLICY":
      if (error.rule === "teacher-holds") return "Your teacher holds all wires, and lets them go.";
      return "Only the owner of the room may do that.";
    default:
      return error?.sentence || error?.message || String(error);
  }
}

/** @param {number} loss */
export function percent(loss) {
  return Math.round(loss * 1000) / 10;
}

/** @param {number} ms */
function seconds(ms) {
  return ms < 120_000 ? `${(ms / 1000).toFixed(1)}\u00a0s` : `${Math.round(ms / 60_000)} min`;
}
