// Boots the page: enters a room, gives every part what it needs, and passes on what changes.
import "../lesson/strip.js";
import "../frame/machine-pane.js";
import "../base/notice-bar.js";
import { listenForAbout } from "../base/about.js";
import { CodeLinks } from "./code-links.js";
import { watchConnection } from "./connection.js";
import { copyLink, copyOf } from "./copy-link.js";
import { seatOfRoom } from "../class/memory.js";
import { find } from "../base/element.js";
import { embedded, showWayOut, waysOn, wholePage } from "./embedded.js";
import { asked, entered, fragment, recording } from "./entering.js";
import { Frame, followWidth, regions, showView } from "../frame/frame.js";
import { listenForKeys } from "./keyboard.js";
import { LiveFrame } from "./live-frame.js";
import { remember } from "../lesson/shelf.js";
import { slugOf } from "../lesson/step-address.js";
import { notLoaded, refusal, roomOfAddress } from "./opening.js";
import { isOffered, lastAddress } from "./recording-address.js";
import { RoomClock } from "./room-clock.js";
import { pinnedNotes } from "../base/storage.js";
import { TopBar } from "./top-bar.js";
import { carryCode } from "../base/file-store.js";
import { CodeStore } from "../program/code-store.js";
import { PythonState } from "../program/python-state.js";
import { Notes } from "../wire/notes.js";

const notices = /** @type {import("../base/notice-bar.js").NoticeBar} */ (find("notice-bar"));
const strip = /** @type {import("../lesson/strip.js").LessonStrip} */ (find("lesson-strip"));
const wire = /** @type {import("../wire/wire-view.js").WireView} */ (find("wire-view"));
const python = new PythonState();
python.onchange(() => {
  document.body.dataset.python = python.is;
});

/** The page around, where there is one. */
const around = embedded ? new LiveFrame() : null;
const askedView = new URLSearchParams(location.search).get("view");
if (askedView === "wire" || (embedded && askedView === "code")) document.body.dataset.only = askedView;
if (embedded) document.body.dataset.framed = "";
if (document.body.dataset.only === "code") showView("left");
followWidth();
listenForKeys(regions);
listenForAbout();
if (recording) replay(recording, new TopBar());
else boot(new TopBar());

/** @param {NonNullable<typeof recording>} recorded @param {TopBar} top */
async function replay(recorded, top) {
  strip.hidden = true;
  try {
    const drawing = part("what draws the wire", import("../wire/wire-view.js"));
    const calls = part("the calls by hand", import("../console/call-console.js"));
    const [{ openRecording }] = await Promise.all([import("./recorded.js"), drawing, calls]);
    await openRecording({ recording: recorded, top, wire, notices, fragment });
  } catch (error) {
    refused("unavailable", { tone: "bad", alert: true, text: /** @type {Error} */ (error).message, actions: [{ label: "Open a new room", run: () => location.assign("/") }] });
  }
}

/** @param {string} key @param {import("../base/notice-bar.js").Notice} notice */
function refused(key, notice) {
  notices.show(key, notice);
  document.body.dataset.state = "refused";
  const rest = document.querySelector(".wire-rest-text");
  if (rest) rest.textContent = recording ? "No recording is open here." : "No room is open here.";
}

/** What happened in a room that has ended may still be seen. @param {string} key @param {import("../base/notice-bar.js").Notice} notice */
async function offerLast(key, notice) {
  const asked = roomOfAddress();
  if (!asked || !(await isOffered(asked.id, asked.key))) return;
  const see = { label: "See what happened", run: () => location.assign(lastAddress(asked.id, asked.key)) };
  notices.show(key, { ...notice, actions: [see, ...(notice.actions ?? [])] });
}

/** @param {TopBar} top */
async function boot(top) {
  if (embedded) showWayOut(() => Promise.resolve({ link: wholePage(fragment) }));
  try {
    // All at once: none of these waits for another.
    const parts = Promise.all([
      loadViews(),
      copied(),
      part("what draws the wire", import("../wire/wire-view.js")),
      part("the calls by hand", import("../console/call-console.js")),
    ]);
    const [room, [{ view, lessons }, copy]] = await Promise.all([entered, parts]);
    begin({ room, view, lessons, top, copy });
    // The longest way of all, and what it takes is not to be missing where the page is still on its own.
    void python.loadWhenIdle();
  } catch (error) {
    const { key, notice } = refusal(error);
    // A seat outlives its rooms: the class gives it another one.
    const seat = /** @type {any} */ (error)?.code === "NO_ROOM" ? seatOfRoom(roomOfAddress()?.id ?? "") : null;
    if (seat) notice.actions = [{ label: "Back to the class", run: () => location.assign(`/c/${seat.class}#${seat.key}`) }];
    if (embedded) {
      notice.actions = [...waysOn(wholePage(fragment)), ...(notice.actions ?? [])];
      around?.refused(/** @type {string} */ (notice.text));
    }
    refused(key, notice);
    if (/** @type {any} */ (error)?.code === "NO_ROOM") await offerLast(key, notice);
  }
}

/**
 * The rest works without a part that could not be loaded, and says so.
 * @param {string} what in words, as it goes on in a sentence @param {Promise<unknown>} loading
 */
function part(what, loading) {
  return loading.catch((error) => {
    console.error(error);
    notices.show("missing", { tone: "bad", alert: true, text: notLoaded(what), actions: [{ label: "Reload", run: () => location.reload() }] });
  });
}

/** The copy that somebody gave with the link; a damaged one is said, and the room opens without it. */
async function copied() {
  try {
    return await copyOf(fragment);
  } catch (error) {
    notices.show("info", { tone: "bad", text: `${/** @type {Error} */ (error).message} This is a fresh room.`, for: 15_000 });
    return null;
  }
}

/**
 * @param {{ room: import("../client/room.js").Room, view: import("../client/web.js").View, lessons: import("../client/web.js").LessonView, top: TopBar, copy: import("./copy-link.js").Copy | null }} parts
 */
function begin({ room, view, lessons, top, copy }) {
  document.body.dataset.state = "open";
  view.seed(room.snapshot);
  // A teacher shows it to a class.
  if (document.body.dataset.only === "wire" && new URLSearchParams(location.search).has("look")) view.hidePeople();
  // First of all listeners: the others find the view up to date.
  room.on("trace", (/** @type {Uint8Array} */ events) => view.push(events));
  const notes = room.me.role === "owner" ? new Notes(pinnedNotes.get(room.id), (all) => pinnedNotes.set(room.id, all)) : new Notes();
  wire.attach?.({ room, view, notes });
  const clock = new RoomClock();
  clock.heard(room.snapshot.now);
  const seat = seatOfRoom(room.id);
  // A teacher had this seat start clean, or its room had ended: what was written stays.
  if (seat?.before) carryCode(seat.before, room.id);
  const store = new CodeStore(room.id, copy?.code ?? null);
  const frame = new Frame({ room, view, clock, store, python }, ({ id }) => ({
    // Nothing waits where there is no session: everything of it has ended with it.
    waiting: room.connection === "over" ? [] : view.waiting(id),
    sockets: room.connection === "over" ? [] : view.sockets(id, clock.now()),
  }));
  new CodeLinks({ view, wire, panes: frame.panes });
  // A lesson in the address goes before: by now a class may be at another one than its files came with.
  if (copy?.lesson && !new URLSearchParams(location.search).has("lesson")) remember(copy.lesson);
  if (copy?.wire && room.me.role === "owner" && room.features.packets) void setWire(room.wire, copy.wire).catch(console.warn);
  const copyOfThis = async () => {
    const { code, left } = store.code;
    const made = await copyLink({ lesson: strip.lesson, code });
    return { link: made.link, left: [...left, ...made.left] };
  };
  top.attach(room, copyOfThis, notes, () => strip.lesson);
  if (embedded) showWayOut(copyOfThis);
  around?.opened({ room, view, frame, wire });
  watchConnection(room, notices, async () => (seat ? `/c/${seat.class}#${seat.key}` : store.isKept ? "/" : (await copyOfThis()).link));
  room.on("connection", onceAFrame(() => (top.update(), frame.update(), strip.refresh())));
  if (room.features?.packets === false) notices.show("packets", withoutPackets());

  void python.known
    .then(() => strip.attach({ room, frame, view, lessons, wire, python: python.ok, keep: copy !== null, step: asked?.step }))
    .then(() => asked && sayWhatIsMissing(asked))
    .then(async () => {
      if (!seat) return;
      const { ClassSeat } = await import("../class/seat.js");
      new ClassSeat({ seat, room, frame, strip, wire });
    });
  if (new URLSearchParams(location.search).has("class")) void import("../class/pointing.js").then(({ pointFor }) => pointFor(wire));
  strip.onevidence = (seq) => {
    showView("wire");
    wire.reveal?.(seq);
  };
  strip.onkeep = () => top.keep();
  if (around) strip.onplace = (place) => around.at(place);
  wire.addEventListener("wire-cancel", (event) => cancel(view, frame, /** @type {CustomEvent} */ (event).detail.call));
  frame.onshow = () => strip.refresh();
  frame.onprogram = onceAFrame(() => {
    frame.refresh();
    strip.refresh();
  });
  document.addEventListener("wireside-view", () => strip.refresh());
  addEventListener("resize", () => strip.refresh());

  room.on("change", () => {
    top.update();
    frame.update();
    strip.refresh();
  });
  room.on("trace", () => clock.heard(view.timeOf(view.lastSeq()) ?? 0));
  room.on("trace", onceAFrame(() => frame.refresh()));
  // Timers of the kernel run on without events.
  setInterval(() => frame.refresh(), 1000);
}

/** @param {import("../client/room.js").Room["wire"]} wire @param {import("./copy-link.js").Wire} wanted */
async function setWire(wire, { delay, loss, seed, held }) {
  // A larger one than a number can be nobody has set by this page.
  const known = Number.isSafeInteger(Number(seed)) ? Number(seed) : undefined;
  await wire.set({ delay, loss, seed: known });
  if (held) await wire.hold();
}

/** An address may ask for a lesson, or a step, that is not here. @param {{ lesson: string, step: string }} wanted */
function sayWhatIsMissing({ lesson, step }) {
  const what =
    strip.lesson !== lesson ? `There is no lesson \u201c${lesson}\u201d here.` : step && slugOf(strip.step ?? "") !== step ? `This lesson has no step \u201c${step}\u201d.` : "";
  if (what) notices.show("info", { tone: "bad", text: `${what} All that there are stand under \u201cAll lessons\u201d.`, for: 15_000 });
}

/**
 * Cancels a call that waits, where it was made: only its console knows it by its own number.
 * @param {import("../client/web.js").View} view @param {Frame} frame @param {number} call its number in the trace
 */
function cancel(view, frame, call) {
  const waiting = view.waiting().find((one) => one.call === call);
  const host = view.hosts().find(({ id }) => id === waiting?.host);
  if (!waiting || !host) return;
  if (frame.paneOf(host.name)?.stopBrowser(waiting.program)) return;
  const console = frame.paneOf(host.name)?.console;
  if (console?.cancelCall) return console.cancelCall({ name: waiting.name, fd: waiting.fd, call });
  const cancels = [...(console?.querySelectorAll(".cc-cancel") ?? [])].filter((one) => one.checkVisibility());
  if (cancels.length === 1) cancels[0].click();
  else frame.reveal(host.name);
}

/** Rust computes everything that is shown of the trace, and how far the lesson is. */
async function loadViews() {
  const { default: init, View, LessonView } = await import("../client/web.js").catch(isMissing);
  await init().catch(isMissing);
  return { view: new View(), lessons: new LessonView() };
}

/** As the client says it where its own files did not come. @param {any} error @returns {never} */
function isMissing(error) {
  throw Object.assign(new Error(error?.message ?? String(error)), { code: "NOT_LOADED" });
}

/** @param {() => void} draw */
function onceAFrame(draw) {
  let scheduled = false;
  return () => {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  };
}

/** @returns {import("../base/notice-bar.js").Notice} */
function withoutPackets() {
  return { tone: "wait", text: "This server cannot show packets (it needs Linux). The calls are real.", for: 15_000 };
}
