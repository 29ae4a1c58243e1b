// A link with what it is for and a Copy button.
import { announce } from "../base/announce.js";
import { element } from "../base/element.js";
import { hasCode, showLarge } from "../base/large-link.js";

/**
 * @param {{ title: string, text: string }} words @param {string} link
 * @param {{ large?: boolean }} [options] whether it can be shown to a whole class
 */
export function linkRow({ title, text }, link, { large = true } = {}) {
  const field = /** @type {HTMLInputElement} */ (
    element("input", { class: "field mono", readonly: true, value: link, "aria-label": `Link: ${title}` })
  );
  field.addEventListener("focus", () => field.select());
  const note = element("span", { class: "soft", role: "status" });
  const copy = element("button", { type: "button", class: "button", on: { click: () => copyText("Link", { field, copy, note }) } }, "Copy");
  return element(
    "section",
    { class: "share-row" },
    element("h3", {}, title),
    element("p", {}, text),
    element("div", { class: "row" }, field, copy, large && hasCode(link) ? element("button", { type: "button", class: "link", on: { click: () => showLarge(title, link) } }, "Show it large") : null),
    note,
  );
}

/**
 * Copies what stands in a field, or selects it where there is no clipboard.
 * @param {string} what it is, as a sentence begins
 * @param {{ field: HTMLInputElement | HTMLTextAreaElement, copy: HTMLElement, note: HTMLElement }} row the field, its button, and where is said how
 */
export async function copyText(what, { field, copy, note }) {
  try {
    await navigator.clipboard.writeText(field.value);
    copy.textContent = "Copied";
    note.textContent = "";
    announce(`${what} copied.`);
  } catch {
    // No clipboard on an insecure address, or not allowed: the person's own keys always work.
    field.focus();
    field.select();
    const key = /Mac|iPhone|iPad/.test(navigator.platform) ? "⌘C" : "Ctrl+C";
    note.textContent = `Selected: press ${key} to copy.`;
  }
}
