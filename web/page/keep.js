// "Keep what happened": asks the server to make a recording of the room that opens by link, and shows the two links.
import { announce } from "../base/announce.js";
import { bounded } from "../base/bounded.js";
import { element } from "../base/element.js";
import { inTheLog } from "../base/request-name.js";
import { embedRow } from "./embed-row.js";
import { linkRow } from "./link-row.js";
import { SHARE_TITLE } from "../py/vocabulary.js";

const WHAT =
  "A recording of this room up to now, which anybody who has its link can open after the room has ended: calls, packets and states, the programs that ran and what they printed. Files that are no programs are not in it.";

/** @typedef {{ id: string, link: string, delete_key: string, events: number, evicted: number, packed: number, notes: number }} Made as the server says */
/** @typedef {{ title: string, hide_names: boolean, notes: import("../wire/notes.js").Note[] }} Asked */

/**
 * The part of the share dialog that keeps a recording.
 * @param {import("../client/room.js").Room} room @param {import("../wire/notes.js").Note[]} notes that were pinned to events
 */
export function keepRow(room, notes) {
  const title = /** @type {HTMLInputElement} */ (
    element("input", { class: "field", id: "keep-title", maxlength: 2 * SHARE_TITLE, autocomplete: "off", dir: "auto" })
  );
  const hide = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", id: "keep-hide" }));
  const said = element("p", { class: "soft", role: "status" });
  const keep = /** @type {HTMLButtonElement} */ (element("button", { class: "button" }, "Keep"));
  const form = element(
    "form",
    { class: "stack keep" },
    element("label", { for: "keep-title" }, "Title, if you like"),
    element("div", { class: "row" }, title, keep),
    element("label", { class: "keep-hide", for: "keep-hide" }, hide, "Hide the names of people"),
    notes.length > 0 ? element("p", { class: "soft" }, `With ${notes.length === 1 ? "the note that is" : `${notes.length} notes that are`} pinned to its events.`) : null,
    said,
  );
  const row = element("section", { class: "share-row" }, element("h3", {}, "Keep what happened"), element("p", {}, WHAT), form, offerChoice(room));
  void keepsNone().then((none) => {
    if (none) row.replaceChildren(element("h3", {}, "Keep what happened"), element("p", {}, "This server keeps no recordings. The packets can be saved in the menu ···."));
  });
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    keep.disabled = true;
    said.textContent = "";
    const asked = { title: bounded(title.value.trim(), SHARE_TITLE), hide_names: hide.checked, notes };
    try {
      const made = await keepRoom(room, asked);
      const rows = links(made, asked);
      row.replaceWith(...rows);
      /** @type {HTMLElement | null} */ (rows[0].querySelector(".button"))?.focus();
      announce("The recording is kept.");
    } catch (error) {
      keep.disabled = false;
      said.textContent = /** @type {Error} */ (error).message;
    }
  });
  return row;
}

/** @param {import("../client/room.js").Room} room @param {Asked} asked @returns {Promise<Made>} */
async function keepRoom(room, asked) {
  const headers = { Authorization: `Bearer ${room.key}`, "Content-Type": "application/json" };
  const answer = await fetch(`/r/${room.id}/shares`, { method: "POST", headers, body: JSON.stringify(asked), credentials: "omit" }).catch(() => null);
  if (!answer) throw new Error("The server does not answer; nothing is kept.");
  if (answer.ok) return answer.json();
  const { message, limit, value, request } = await answer.json().catch(() => ({}));
  throw new Error(`Nothing is kept: ${limitWords(limit, value) ?? message ?? `the server answered ${answer.status}`}${inTheLog(request)}.`);
}

/** Whether what happened is offered for a while after the room has ended: the owner's to say. @param {import("../client/room.js").Room} room */
function offerChoice(room) {
  const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", id: "keep-offer" }));
  const words = element("span", {}, "After this room has ended, whoever has a link to it can see for an hour what happened");
  const said = element("p", { class: "soft", role: "status" });
  const row = element("div", { hidden: true }, element("label", { class: "keep-hide", for: "keep-offer" }, box, words), said);
  const ask = (/** @type {RequestInit} */ more) => fetch(`/r/${room.id}/offer`, { headers: { Authorization: `Bearer ${room.key}` }, credentials: "omit", ...more });
  void ask({}).then(async (answer) => {
    if (!answer.ok) return;
    const { offered, choice } = await answer.json();
    box.checked = offered;
    // Nothing of a class's rooms is offered.
    row.hidden = !choice;
  }, () => {});
  box.addEventListener("change", async () => {
    const answer = await ask({ method: "PUT", body: JSON.stringify({ offered: box.checked }) }).catch(() => null);
    if (answer?.ok) said.textContent = "";
    else {
      box.checked = !box.checked;
      said.textContent = "The server does not answer; it is as it was.";
    }
  });
  return row;
}

/** Whether this server has no place for recordings; what does not answer is no reason to say so. @returns {Promise<boolean>} */
async function keepsNone() {
  const limits = await fetch("/limits").then((answer) => answer.json(), () => null);
  return limits?.server?.["server-shelf"] === 0;
}

/** @param {string | undefined} limit @param {number} value */
function limitWords(limit, value) {
  if (limit === "room-kept") return `of one room at most ${value} recordings are kept`;
  if (limit === "address-kept") return `from one address at most ${value} recordings are kept in a day`;
  if (limit === "server-shelf") return "this server has no room for more recordings";
  return null;
}

/** @param {Made} made @param {Asked} asked */
function links({ link, delete_key: key, events, evicted, packed, notes }, { hide_names: hidden, notes: pinned }) {
  const address = new URL(link, location.origin).href;
  const gone = evicted > 0 ? ` The ${evicted.toLocaleString("en")} oldest are not in it: the room had let them go, or they had no room.` : "";
  const names = hidden ? "without people's names" : "with people's names";
  const size = `${Math.max(1, Math.round(packed / 1024)).toLocaleString("en")} KB`;
  const lost = pinned.length - notes;
  const unpinned = lost > 0 ? ` ${lost === 1 ? "A note is" : `${lost} notes are`} not in it: their events are not.` : "";
  const text = `${events.toLocaleString("en")} ${events === 1 ? "event" : "events"}, ${names}, ${size}.${gone}${unpinned} What was typed and printed is in it as it was.`;
  const deletes = "The only way to delete it, and shown only now. Keep this link to yourself.";
  return [
    linkRow({ title: "Kept: what happened", text }, address),
    embedRow(address),
    linkRow({ title: "Link that deletes it", text: deletes }, `${address}#delete=${key}`, { large: false }),
  ];
}
