// Waits for what the room's events bring about.

/**
 * Looks now and after each batch of events, until something holds. Resolves with whether it does; rejects where looking
 * fails.
 * @param {import("../client/room.js").Room} room @param {() => boolean} holds @param {number} most milliseconds
 * @returns {Promise<boolean>}
 */
export function traceUntil(room, holds, most) {
  return new Promise((resolve, reject) => {
    const end = () => {
      clearTimeout(timer);
      stop();
    };
    const look = () => {
      try {
        if (!holds()) return;
        end();
        resolve(true);
      } catch (error) {
        end();
        reject(error);
      }
    };
    const stop = room.on("trace", () => queueMicrotask(look));
    const timer = setTimeout(() => {
      end();
      resolve(false);
    }, most);
    look();
  });
}
