// A recording in a frame: the wire, and where the address asks for them the programs.
import "../wire/wire-view.js";
import { fullAddress } from "./address.js";
import { find } from "../base/element.js";
import { tellHeight } from "../page/frame-height.js";
import { Messages } from "../page/frame-messages.js";
import { fetched } from "../page/recording-address.js";
import { missingWords } from "../page/recording-words.js";
import { replay } from "../page/replay.js";

/** @param {import("./address.js").Shown} recording @param {import("./address.js").Asked} asked */
export async function showRecording(recording, { view, event, to, speed, play }) {
  const bytes = fetched(recording.id);
  // Whoever waits for it is told.
  bytes.catch(() => {});
  const machines = view === "wire" ? null : await loadMachines();
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
  const messages = new Messages({ play: () => wire.play(), pause: () => wire.pause(), seek: (at) => wire.showMoment(at), show: (what) => machines?.show(what) });
  const { about } = await replay({ recording: { id: recording.id, bytes }, wire, panes: machines?.panes ?? null, onmoment });
  document.body.dataset.state = "recorded";
  const title = about.title || "A recording";
  find("#title").textContent = title;
  find("#missing").textContent = missingWords(about);
  document.title = `${title} - Wireside`;
  wire.setPlay({ to, speed });
  if (event > 0) wire.showMoment(event);
  if (play) wire.play();
  messages.tell("ready", { title, events: about.events, last: about.last, evicted: about.evicted });
  const scrolled = wire.querySelector(".wire-scroll");
  if (scrolled) tellHeight(messages, scrolled);
}

/** What shows the machines: most frames do without, and do not load it. */
async function loadMachines() {
  const [{ recordedPanes }, { followWidth, showView }] = await Promise.all([
    import(/* later */ "../page/recorded-panes.js"),
    import(/* later */ "../frame/frame.js"),
    import(/* later */ "../console/call-console.js"),
  ]);
  followWidth();
  showView(document.body.dataset.view ?? "wire");
  /** @type {Record<import("../page/frame-messages.js").View, string>} */
  const places = { wire: "wire", client: "left", server: "right", lesson: "" };
  return { panes: recordedPanes, show: (/** @type {keyof typeof places} */ what) => places[what] && showView(places[what]) };
}
