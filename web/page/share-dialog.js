// The share dialog: one row for each way that works, one sentence, a Copy button.
import { nameShown } from "../client/web.js";
import { announce } from "../base/announce.js";
import { element } from "../base/element.js";
import { dialog } from "../base/popover.js";

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
 * @param {{ links: { join?: string | null, watch?: string | null }, owner: boolean, copy: { link: string, left: string[] } | null, why: string }} sharing
 *   `copy` is the link of a copy, and the files that are not in it; where it cannot be made, `why` says so
 */
export function openShare({ links, owner, copy, why }) {
  const rows = [];
  if (copy) rows.push(row({ ...COPY, text: `${COPY.text}${leftOut(copy.left)}` }, copy.link));
  else if (why) rows.push(element("section", { class: "share-row" }, element("h3", {}, COPY.title), element("p", {}, why)));
  if (links.watch) rows.push(row(WATCH, links.watch));
  if (links.join) rows.push(row(owner ? JOIN : JOIN_AS_GUEST, links.join));
  if (rows.length === 0) rows.push(element("p", { class: "share-row" }, "Your link does not allow inviting others."));
  const made = dialog("Share", [...rows, element("p", { class: "share-note" }, NOTE)]);
  /** @type {HTMLElement | null} */ (made.querySelector(".share-row .button"))?.focus();
}

/** @param {{ title: string, text: string }} words @param {string} link */
function row({ title, text }, link) {
  const field = /** @type {HTMLInputElement} */ (
    element("input", { class: "field mono", readonly: true, value: link, "aria-label": `Link: ${title}` })
  );
  field.addEventListener("focus", () => field.select());
  const note = element("span", { class: "soft", role: "status" });
  const copy = element("button", { type: "button", class: "button", on: { click: () => copyLink(field, copy, note) } }, "Copy");
  return element(
    "section",
    { class: "share-row" },
    element("h3", {}, title),
    element("p", {}, text),
    element("div", { class: "row" }, field, copy),
    note,
  );
}

/** @param {HTMLInputElement} field @param {HTMLElement} copy @param {HTMLElement} note */
async function copyLink(field, copy, note) {
  try {
    await navigator.clipboard.writeText(field.value);
    copy.textContent = "Copied";
    note.textContent = "";
    announce("Link copied.");
  } catch {
    // No clipboard on an insecure address, or not allowed: the person's own keys always work.
    field.focus();
    field.select();
    const key = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘C" : "Ctrl+C";
    note.textContent = `Selected: press ${key} to copy.`;
  }
}

/** @param {string[]} files that a link has no room for, or that are no text */
function leftOut(files) {
  if (files.length === 0) return "";
  const named = files.slice(0, 5).map(nameShown).join(", ");
  const more = files.length > 5 ? ` and ${files.length - 5} more` : "";
  return ` Not in it, since links carry text and not much of it: ${named}${more}.`;
}
