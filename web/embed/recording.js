// A recording in a frame: the wire, and where the address asks for them the programs.
import "../wire/wire-view.js";
import { fullAddress } from "./address.js";
import { Messages } from "./messages.js";
import { find } from "../base/element.js";
import { fetched } from "../page/recording-address.js";
import { replay } from "../page/replay.js";

/** @param {import("./address.js").Shown} recording @param {import("./address.js").Asked} asked */
export async function showRecording(recording, { view, event, to, speed, play }) {
  const bytes = fetched(recording.id);
  // Whoever waits for it is told.
  bytes.catch(() => {});
  const panes = view === "wire" ? null : await machines();
  const full = /** @type {HTMLAnchorElement} */ (find("#full"));
  const wire = /** @type {import("../wire/wire-view.js").WireView} */ (find("wire-view"));
  find("#frame").hidden = false;
  let place = 0;
  const onmoment = (/** @type {number} */ at) => {
    full.href = fullAddress(recording, { event: at, ...wire.pace }, "");
    messages.tell("event", { event: at });
    if (at === 0 && place !== 0) messages.tell("ended");
    place = at;
  };
  const messages = new Messages({ play: () => wire.play(), pause: () => wire.pause(), seek: (at) => wire.showMoment(at) });
  const { about } = await replay({ recording: { id: recording.id, bytes }, wire, panes, onmoment });
  document.body.dataset.state = "recorded";
  const title = about.title || "A recording";
  find("#title").textContent = title;
  document.title = `${title} - Wireside`;
  wire.setPlay({ to, speed });
  if (event > 0) wire.showMoment(event);
  if (play) wire.play();
  messages.tell("ready", { title, events: about.events, last: about.last });
}

/** What shows the machines: most frames do without, and do not load it. */
async function machines() {
  const [{ recordedPanes }, { followWidth, showView }] = await Promise.all([
    import(/* later */ "../page/recorded-panes.js"),
    import(/* later */ "../frame/frame.js"),
    import(/* later */ "../console/call-console.js"),
  ]);
  followWidth();
  showView(document.body.dataset.view ?? "wire");
  return recordedPanes;
}
