// What the room and its connection report, as notices: lost, back, the room ends soon, the room has ended.
import { announce } from "../base/announce.js";
import { counted } from "../base/counted.js";
import { embedded, leadTo } from "./embedded.js";
import { isOffered, lastAddress } from "./recording-address.js";
import { minutes } from "../base/notice-bar.js";
import { sessionToken } from "../base/storage.js";

const BACK_MS = 3000;
/** How long a session outlives a lost connection (`limits::RESUME_WINDOW_MS`). */
const RESUME_MS = 60_000;

/**
 * @param {import("../client/room.js").Room} room @param {import("../base/notice-bar.js").NoticeBar} notices
 * @param {() => Promise<string>} fresh the address of a new room with the code that is here
 */
export function watchConnection(room, notices, fresh) {
  let last = room.connection;
  room.on("connection", ({ state, leftMs, error }) => {
    // Every failed try says so again; people are told once.
    if (state === last) return;
    const before = last;
    last = state;
    document.body.dataset.connection = state;
    if (state === "lost") notices.show("connection", lost(leftMs));
    else if (state === "away") notices.show("connection", AWAY);
    else if (state === "over") end(room, notices, error, fresh);
    else if (before === "lost" || before === "away") notices.show("connection", { tone: "good", text: "Back. Nothing was lost.", for: BACK_MS });
    else notices.clear("connection");
  });
  room.on("notice", (notice) => tell(room, notices, notice));
}

/** Whether the room is still there is known in a few seconds. @type {import("../base/notice-bar.js").Notice} */
const AWAY = { tone: "wait", alert: true, text: "The machine that has this room does not answer. Trying again…" };

/** @param {number | null} leftMs @returns {import("../base/notice-bar.js").Notice} */
function lost(leftMs) {
  return {
    tone: "wait",
    alert: true,
    until: performance.now() + (leftMs ?? RESUME_MS),
    text: (seconds) => `Connection lost. Your sockets are kept for ${seconds} s. Trying again…`,
  };
}

/**
 * @param {import("../client/room.js").Room} room @param {import("../base/notice-bar.js").NoticeBar} notices
 * @param {any} error why there is no session any more @param {() => Promise<string>} fresh
 */
async function end(room, notices, error, fresh) {
  notices.clear("ends");
  // A reload would be told once more that that session is over; the link leads in as somebody new.
  if (error?.code === "REMOVED") sessionToken.set(room.id, null);
  const notice = over(error, room.me.role !== "viewer", fresh);
  notices.show("ended", notice);
  const ended = error?.code === "ROOM_ENDED" || error?.code === "NO_ROOM";
  // Each of its keys opens it; the owner's has no place in an address.
  const key = new URL(room.links.watch ?? "", location.href).hash.slice(1) || room.key;
  if (!ended || embedded || !(await isOffered(room.id, key))) return;
  const see = { label: "See what happened", run: () => location.assign(lastAddress(room.id, key)) };
  notices.show("ended", { ...notice, actions: [...(notice.actions ?? []), see] });
}

/** @param {any} error @param {boolean} hasCode @param {() => Promise<string>} fresh @returns {import("../base/notice-bar.js").Notice} */
function over(error, hasCode, fresh) {
  const code = hasCode ? " Your code is here." : "";
  const label = hasCode ? "Open it in a new room" : "Open a room of your own";
  const anew = { label, run: () => void fresh().then(leadTo) };
  switch (error?.code) {
    case "NO_ROOM":
    case "ROOM_ENDED":
      return bad(`This room has ended; its sockets are closed.${code}`, [anew]);
    case "REMOVED":
      return bad(`The owner of this room has removed you.${code}`, [anew]);
    case "TAKEN_OVER":
      return { ...bad("This room is open in another tab, which goes on with your sockets.", [{ ...reload(), label: "Use it here" }]), tone: "wait" };
    default:
      return bad("The connection was away for too long; your sockets are closed. The room may still be there.", [
        { ...reload(), label: "Come back in" },
      ]);
  }
}

/** @param {string} text @param {import("../base/notice-bar.js").Notice["actions"]} actions @returns {import("../base/notice-bar.js").Notice} */
function bad(text, actions) {
  return { tone: "bad", alert: true, text, actions };
}

/** @param {import("../client/room.js").Room} room @param {import("../base/notice-bar.js").NoticeBar} notices @param {import("../client/wireside.js").RoomEvents["notice"]} notice */
function tell(room, notices, notice) {
  const until = performance.now() + (notice.leftMs ?? 0);
  switch (notice.kind) {
    case "room-ends":
      return notices.show("ends", {
        tone: "wait",
        alert: true,
        until,
        text: (seconds) => `This room ends in ${minutes(seconds)}.`,
        actions: [{ label: "Keep it open", run: () => room.keepOpen() }],
      });
    case "room-stays":
      notices.clear("ends");
      return announce("The room stays open.");
    case "draining":
      return notices.show("ends", {
        tone: "wait",
        alert: true,
        until,
        text: (seconds) => `The server stops in ${minutes(seconds)}; its rooms end then.`,
      });
    case "skipped":
      return notices.show("info", { tone: "wait", text: missing(notice.count ?? 0), for: 8000 });
    default:
      return undefined;
  }
}

/** @param {number} count events that were evicted before this page could have them */
function missing(count) {
  return `${counted(count, "event")} ${count === 1 ? "is" : "are"} missing here: the room keeps only so many.`;
}

function reload() {
  return { label: "Try again", run: () => location.reload() };
}
