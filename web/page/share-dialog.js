// The share dialog: one row for each way that works, one sentence, a Copy button; and the one that keeps a recording.
import { nameShown } from "../client/web.js";
import { element } from "../base/element.js";
import { dialog } from "../base/popover.js";
import { keepRow } from "./keep.js";
import { linkRow as row } from "./link-row.js";

const COPY = {
  title: "Give a copy",
  text: "Everyone who opens it gets a room of their own with this code and lesson. Best for a class.",
};
const WATCH = {
  title: "Let them watch",
  text: "They see this room live and cannot change it.",
};
const JOIN = {
  title: "Invite with a machine",
  text: "They get a machine on this wire and can connect to your server. They cannot touch yours, nor the wire.",
};
const JOIN_AS_GUEST = {
  title: "Invite with a machine",
  text: "They get a machine on this wire and can connect to yours. They cannot touch it, nor the wire.",
};
const NOTE =
  "Whoever has a link can open it; there are no accounts. The room ends 10 minutes after the last person leaves.";

/**
 * @param {{ links: { join?: string | null, watch?: string | null }, owner: boolean, copy: { link: string, left: string[] } | null, why: string, keeps: import("../client/room.js").Room | null, notes: import("../wire/notes.js").Note[] }} sharing
 *   `copy` is the link of a copy, and the files that are not in it; where it cannot be made, `why` says so; `keeps` is the
 *   room, where it is this person's to keep, with the notes that were pinned to its events
 * @param {{ toKeep?: boolean }} [options] whether to begin at what keeps it
 */
export function openShare({ links, owner, copy, why, keeps, notes }, { toKeep = false } = {}) {
  const rows = [];
  if (copy) rows.push(row({ ...COPY, text: `${COPY.text}${leftOut(copy.left)}` }, copy.link));
  else if (why) rows.push(element("section", { class: "share-row" }, element("h3", {}, COPY.title), element("p", {}, why)));
  if (links.watch) rows.push(row(WATCH, links.watch));
  if (links.join) rows.push(row(owner ? JOIN : JOIN_AS_GUEST, links.join));
  if (keeps) rows.splice(copy || why ? 1 : 0, 0, keepRow(keeps, notes));
  if (rows.length === 0) rows.push(element("p", { class: "share-row" }, "Your link does not allow inviting others."));
  const made = dialog("Share", [...rows, element("p", { class: "share-note" }, NOTE)]);
  /** @type {HTMLElement | null} */ (made.querySelector(toKeep ? "#keep-title" : ".share-row .button"))?.focus();
}

/** @param {string[]} files that a link has no room for, or that are no text */
function leftOut(files) {
  if (files.length === 0) return "";
  const named = files.slice(0, 5).map(nameShown).join(", ");
  const more = files.length > 5 ? ` and ${files.length - 5} more` : "";
  return ` Not in it, since links carry text and not much of it: ${named}${more}.`;
}
