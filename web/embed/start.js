// Before the first press there is no room: what would begin, and the button that begins it in this frame.
import { button, element, find } from "../base/element.js";

/** The name of a frame in which somebody pressed; `/embed/live` begins in such a one alone. */
const STARTED = "wireside-started";

const WHAT = "Two machines and the wire between them, live: pressing Start makes a room of your own, in this frame.";
const NO_ORIGIN = "The page around does not let anything run in this frame (its sandbox). Open it full instead.";

/** @param {import("./address.js").Shown} shown @param {HTMLElement} place */
export async function showStart(shown, place) {
  const about = shown.kind === "lesson" ? await lesson(shown.id) : { title: "Somebody's code, to be run", minutes: 0 };
  document.title = `${about.title} - Wireside`;
  find("#title").textContent = about.title;
  const minutes = about.minutes > 0 ? ` About ${about.minutes} minutes.` : "";
  const may = self.origin !== "null";
  const start = button("Start", () => begin(shown), { class: "button filled" });
  place.replaceChildren(element("p", { class: "prose" }, may ? `${WHAT}${minutes}` : NO_ORIGIN), ...(may ? [start] : []));
  place.hidden = false;
  document.body.dataset.state = "waits";
}

/** @param {import("./address.js").Shown} shown */
function begin({ kind, id }) {
  window.name = STARTED;
  const search = new URLSearchParams(location.search);
  if (kind === "lesson") search.set("lesson", id);
  location.replace(`/embed/live?${search}${kind === "copy" ? location.hash : ""}`);
}

/** @param {string} id */
async function lesson(id) {
  const answer = await fetch("/lessons/index.json", { credentials: "omit" });
  const { lessons } = await answer.json();
  const found = lessons.find((/** @type {{ id: string }} */ one) => one.id === id);
  if (!found) throw new Error("There is no such lesson on this server.");
  return /** @type {{ title: string, minutes: number }} */ (found);
}
