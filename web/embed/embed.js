// The document in a frame of somebody's page: a recording that can be played, or a lesson or a copy that begins at a press.
// It opens no room, knows no key and remembers nothing.
import { askedIn, fullAddress, shownAt } from "./address.js";
import { find } from "../base/element.js";

const asked = askedIn(location.search);
const shown = shownAt(location.pathname, location.hash);

document.body.dataset.embed = asked.view;
if (asked.view !== "both") document.body.dataset.only = asked.view;
if (asked.view === "code") document.body.dataset.view = "left";
if (shown) /** @type {HTMLAnchorElement} */ (find("#full")).href = fullAddress(shown, asked, location.hash);
try {
  await begin();
} catch (error) {
  say(/** @type {Error} */ (error).message);
}

async function begin() {
  if (!shown) return say("There is nothing at this address.");
  if (shown.kind === "recording") {
    const { showRecording } = await import("./recording.js");
    return showRecording(shown, asked);
  }
  const { showStart } = await import("./start.js");
  return showStart(shown, find("#start"));
}

/** @param {string} sentence */
function say(sentence) {
  const start = find("#start");
  find("#frame").hidden = true;
  start.hidden = false;
  const words = document.createElement("p");
  words.className = "prose";
  words.textContent = sentence;
  start.replaceChildren(words);
  document.body.dataset.state = "refused";
}
