// The mood of a machine: what its head and its tab say it is doing.

/**
 * @param {{ name: string }[]} waiting calls that wait there, oldest first
 * @param {import("./socket-list.js").SocketRow[]} sockets
 * @returns {{ mood: "waiting" | "connected" | "listening" | "closing" | "", words: string }}
 */
export function moodOf(waiting, sockets) {
  const call = waiting.at(-1);
  if (call) return { mood: "waiting", words: `waiting in ${call.name}()` };
  const tones = new Set(sockets.map(({ tone }) => tone));
  if (tones.has("open")) return { mood: "connected", words: "connected" };
  if (tones.has("act")) return { mood: "listening", words: "listening" };
  if (tones.has("closing")) return { mood: "closing", words: "closing" };
  return { mood: "", words: "" };
}
