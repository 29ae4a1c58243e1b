// Opens a recording: the page without a room. What happened is read from a file, and shown up to any event.
import { announce } from "../base/announce.js";
import { button, element, find } from "../base/element.js";
import { dialog } from "../base/popover.js";
import { fragmentOf, placeIn } from "../base/replay-place.js";
import { inTheLog } from "../base/request-name.js";
import { doAgain } from "./again.js";
import { CopyError, addressWith } from "./copy-link.js";
import { embedRow } from "./embed-row.js";
import { linkRow } from "./link-row.js";
import { counted, missingWords } from "./recording-words.js";
import { recordedPanes } from "./recorded-panes.js";
import { replay } from "./replay.js";

/**
 * @param {{ recording: import("./replay.js").Recorded & { room: string | null }, top: import("./top-bar.js").TopBar, wire: import("../wire/wire-view.js").WireView, notices: import("../base/notice-bar.js").NoticeBar, fragment: string }} parts
 */
export async function openRecording({ recording, top, wire, notices, fragment }) {
  const onmoment = recording.room === null ? (/** @type {number} */ event) => follow({ event, ...wire.pace }) : () => {};
  const { file, about, room } = await replay({ recording, wire, panes: recordedPanes, onmoment });
  document.body.dataset.state = "recorded";
  // No lesson goes on here.
  find("#views [data-view=\"lesson\"]").hidden = true;
  document.title = `${about.title || "A recording"} - Wireside`;
  find("#lesson").prepend(head({ about, file, notices, again: recording.room === null ? () => again(recording.id, wire, notices) : null }));
  top.attachRecording(room, () => (recording.room === null ? shareRecording(about) : shareLast()));
  if (about.events === 0 && about.evicted === 0) announce("Nothing happened in this recording.");
  const goTo = (/** @type {string} */ asked) => {
    const { event, to, speed } = placeIn(asked);
    const deleteKey = new URLSearchParams(asked.replace(/^#/, "")).get("delete");
    wire.setPlay?.({ to, speed });
    if (event > 0) wire.showMoment?.(event);
    if (deleteKey) offerDeletion(recording.id, deleteKey, notices);
  };
  goTo(fragment);
  wire.focusTime?.();
  // Another of its links, opened in the same tab, is no other page.
  addEventListener("hashchange", () => goTo(location.hash));
}

/** The address leads to what is shown. @param {import("../base/replay-place.js").Place} place */
function follow(place) {
  history.replaceState(null, "", `${location.pathname}${fragmentOf(place)}`);
}

/** @param {string} id @param {import("../wire/wire-view.js").WireView} wire @param {import("../base/notice-bar.js").NoticeBar} notices */
function again(id, wire, notices) {
  const alone = () => {
    notices.clear("compared");
    wire.compare?.(null);
  };
  // What is drawn of an earlier time is not what happens now.
  alone();
  doAgain(id, {
    show: (seq) => wire.showMoment?.(seq),
    draw: ({ before, now }, list) => {
      wire.compare?.({ before: before.told.map(({ seq }) => seq), now: now.told.map(({ after, text }) => ({ after, text })) });
      const left = before.count + now.count - before.told.length - now.told.length;
      const rest = left > 0 ? ` ${counted(left, "more thing")} ${left === 1 ? "is" : "are"} not drawn.` : "";
      const text = `Both in one drawing: in red what happened only then (${before.count.toLocaleString("en")}) or only now (${now.count.toLocaleString("en")}).${rest}`;
      notices.show("compared", { tone: "wait", text, actions: [{ label: "The list", run: list }, { label: "Only the recording", run: alone }] });
    },
  });
}

/** The line above: what this is, and the one thing to do with it. @param {{ about: any, file: any, notices: import("../base/notice-bar.js").NoticeBar, again: (() => void) | null }} parts */
function head({ about, file, notices, again }) {
  const copy = button("Your own copy, live", () => void openCopy(about, file, notices), { class: "button filled" });
  const more = [lessonWords(about), missingWords(about)].filter(Boolean).join(" ");
  return element(
    "div",
    { class: "recorded-head" },
    element(
      "p",
      { class: "prose sentence" },
      about.title ? element("b", { dir: "auto" }, about.title) : null,
      about.title ? " · " : null,
      about.events === 0 && about.evicted === 0 ? `A recording of ${day(about.made)}, in which nothing happened.` : `A recording of ${day(about.made)}, ${counted(about.events, "event")}.`,
      more ? element("span", { class: "soft" }, ` ${more}`) : null,
    ),
    element("div", { class: "recorded-ways" }, again && about.events > 0 ? button("Do it again for real", again, { class: "link" }) : null, copy),
  );
}

/** @param {any} about */
function lessonWords({ lesson, passed }) {
  return lesson && passed.length > 0 ? `${counted(passed.length, "step")} of a lesson passed.` : "";
}

/** @param {number} made milliseconds since 1970 */
function day(made) {
  const date = new Date(made);
  const year = date.getFullYear() === new Date().getFullYear() ? undefined : /** @type {const} */ ("numeric");
  return date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year });
}

/** A room of one's own that begins where this one did: with its programs as they ran first, its lesson and the wire of then. @param {any} about @param {any} file @param {import("../base/notice-bar.js").NoticeBar} notices */
async function openCopy(about, file, notices) {
  /** @type {import("../program/code-store.js").Code} */
  const code = {};
  for (const { host, name, text } of file.texts()) {
    if (host !== "client" && host !== "server") continue;
    const machine = (code[host] ??= { open: name, files: {} });
    machine.files[name] = text;
  }
  const { delay, loss, held } = about.wire;
  const wire = delay > 0 || loss > 0 || held ? about.wire : null;
  try {
    location.assign(await addressWith({ lesson: about.lesson, code, wire }));
  } catch (error) {
    const text = error instanceof CopyError ? error.message : `The copy could not be made: ${/** @type {Error} */ (error).message}`;
    notices.show("info", { tone: "bad", text, for: 15_000 });
  }
}

/** @param {any} about */
function shareRecording(about) {
  const words = about.names_hidden ? "Names of people were taken out." : "People's names are in it.";
  const text = `Everyone who has the link can open it, for as long as it is kept: what happened, the programs and what they printed. ${words} Files that are no programs are not in it.`;
  // Not with the key that deletes it, where that stands in the address.
  const address = `${location.origin}${location.pathname}${fragmentOf(placeIn(location.hash))}`;
  dialog("Share", [linkRow({ title: "This recording, at this event", text }, address), embedRow(address)]);
}

function shareLast() {
  const text = "This room has ended. What happened in it is offered for an hour, to whoever has a link to the room.";
  dialog("Share", [element("section", { class: "share-row" }, element("p", {}, text))]);
}

/** Whoever has the link that deletes it. @param {string} id @param {string} key @param {import("../base/notice-bar.js").NoticeBar} notices */
function offerDeletion(id, key, notices) {
  const remove = async () => {
    const answer = await fetch(`/s/${id}`, { method: "DELETE", headers: { Authorization: `Bearer ${key}` } }).catch(() => null);
    if (answer?.ok) {
      notices.show("info", { tone: "good", alert: true, text: "The recording is deleted: its link opens nothing any more.", actions: [{ label: "Open a new room", run: () => location.assign("/") }] });
    } else {
      const { message = "the server does not answer", request } = (await answer?.json().catch(() => null)) ?? {};
      notices.show("info", { tone: "bad", alert: true, text: `It was not deleted: ${message}${inTheLog(request)}.`, actions: [{ label: "Try again", run: () => void remove() }] });
    }
  };
  notices.show("info", { tone: "wait", text: "This link can delete the recording, for everybody and for good.", actions: [{ label: "Delete it", run: () => void remove() }] });
}
