// "Put it into a page": the lines of HTML that show a recording in a page of somebody's own, and how that looks.
import { element } from "../base/element.js";
import { placeIn } from "../base/replay-place.js";
import { copyText } from "./link-row.js";

const WHAT = "These lines show it in a page of your own, a course or a blog, in a frame. Nothing runs in it, and no room is made.";

/** What is shown, and how high the frame then is, pixels. @type {[string, string, number][]} */
const VIEWS = [
  ["wire", "The wire", 420],
  ["code", "Programs", 420],
  ["both", "Both", 640],
];

/** @param {string} address of a recording, perhaps with the event to begin at (`#e=42`) */
export function embedRow(address) {
  const field = /** @type {HTMLTextAreaElement} */ (
    element("textarea", { class: "field mono snippet", readonly: true, rows: 3, "aria-label": "HTML that shows it" })
  );
  field.addEventListener("focus", () => field.select());
  const note = element("span", { class: "soft", role: "status" });
  const copy = element("button", { type: "button", class: "button", on: { click: () => copyText("HTML", { field, copy, note }) } }, "Copy");
  const preview = element("details", { class: "snippet-preview" }, element("summary", {}, "How it looks"));
  const choices = element("div", { class: "choices", role: "group", "aria-label": "What it shows" });
  let [chosen] = VIEWS;
  const show = () => {
    const [view, , height] = chosen;
    field.value = snippet(address, view, height);
    for (const button of choices.children) button.setAttribute("aria-pressed", String(/** @type {HTMLElement} */ (button).dataset.view === view));
    copy.textContent = "Copy";
    preview.querySelector("iframe")?.remove();
    if (/** @type {HTMLDetailsElement} */ (preview).open) preview.append(frame(embedded(address, view), height));
  };
  for (const view of VIEWS) {
    const choose = () => {
      chosen = view;
      show();
    };
    choices.append(element("button", { type: "button", class: "button", data: { view: view[0] }, on: { click: choose } }, view[1]));
  }
  preview.addEventListener("toggle", show);
  show();
  return element(
    "section",
    { class: "share-row" },
    element("h3", {}, "Put it into a page"),
    element("p", {}, WHAT),
    element("div", { class: "stack" }, choices, element("div", { class: "row" }, field, copy), note, preview),
  );
}

/** The address of the frame. @param {string} address @param {string} view */
function embedded(address, view) {
  const { origin, pathname, hash } = new URL(address);
  const asked = new URLSearchParams({ view });
  const { event, to, speed } = placeIn(hash);
  if (event > 0) asked.set("event", String(event));
  if (to > 0) asked.set("to", String(to));
  if (speed !== 1) asked.set("speed", String(speed));
  return `${origin}/embed${pathname}?${asked}`;
}

/** An id and our own words: nothing in it needs to be escaped but the ampersand. @param {string} address @param {string} view @param {number} height */
function snippet(address, view, height) {
  const source = embedded(address, view).replaceAll("&", "&amp;");
  return `<iframe src="${source}" title="A recording of Wireside" width="100%" height="${height}" frameborder="0" loading="lazy"></iframe>`;
}

/** @param {string} source @param {number} height */
function frame(source, height) {
  return element("iframe", { src: source, title: "How it looks in a page", height, frameborder: 0, loading: "lazy" });
}
