// Before the first press there is no room: what would begin, and the button that begins it in this frame; or why nothing can
// run in it, and what there is instead.
import { button, element, find } from "../base/element.js";
import { STARTED, recordingInstead } from "../page/embedded.js";
import { tellHeight } from "../page/frame-height.js";
import { Messages } from "../page/frame-messages.js";

const WHAT = "Two machines and the wire between them, live: pressing Start makes a room of your own, in this frame.";
const NO_ORIGIN = "The page around does not let anything run in this frame (its sandbox). Open it full instead.";

/** @param {import("./address.js").Shown} shown @param {HTMLElement} place */
export async function showStart(shown, place) {
  const about = shown.kind === "lesson" ? await lesson(shown.id) : { title: "Somebody's code, to be run", minutes: 0, python: true };
  document.title = `${about.title} - Wireside`;
  find("#title").textContent = about.title;
  // A sandbox takes a frame's origin, and with it workers and storage.
  const may = self.origin !== "null";
  const missing = may && about.python ? await withoutPython() : "";
  const minutes = about.minutes > 0 ? ` About ${about.minutes} minutes.` : "";
  const words = element("div", { class: "stack" }, element("p", { class: "prose" }, may ? `${WHAT}${minutes}` : NO_ORIGIN));
  if (missing) words.append(element("p", { class: "prose" }, missing));
  const start = () => begin(shown);
  const recording = recordingInstead(location.search);
  const ways = element("div", { class: "embed-ways" });
  if (may) ways.append(button("Start", start, { class: "button filled" }));
  if (recording && (!may || missing)) ways.append(button("See a recording of it", () => location.replace(recording)));
  place.replaceChildren(words, ways);
  place.hidden = false;
  document.body.dataset.state = "waits";
  const messages = new Messages(may ? { start } : {});
  messages.tell("ready", { title: about.title, live: may });
  messages.tell("state", may ? { state: "waits", sentence: missing || undefined } : { state: "refused", sentence: NO_ORIGIN });
  tellHeight(messages, place);
}

/** @param {import("./address.js").Shown} shown */
function begin({ kind, id }) {
  window.name = STARTED;
  const search = new URLSearchParams(location.search);
  if (kind === "lesson") search.set("lesson", id);
  location.replace(`/embed/live?${search}${kind === "copy" ? location.hash : ""}`);
}

/** Why Python cannot run in this frame; empty where it can. */
async function withoutPython() {
  const { available } = await import(/* later */ "../client/python.js");
  const answer = await available();
  return answer.ok ? "" : answer.sentence;
}

/** @param {string} id @returns {Promise<{ title: string, minutes: number, python: boolean }>} */
async function lesson(id) {
  const answer = await fetch("/lessons/index.json", { credentials: "omit" });
  const { lessons } = await answer.json();
  const found = lessons.find((/** @type {{ id: string }} */ one) => one.id === id);
  if (!found) throw new Error("There is no such lesson on this server.");
  return found;
}
