// One seat of a board, opened: what it has passed, what it waits for, and what a teacher can do about it.
import { button, element } from "../base/element.js";

/** Shown at the projector: the wire alone, larger. */
const PROJECTOR = "look=1&view=wire&scale=1.5";

/**
 * @param {{ seat: import("./board-words.js").Seat, board: import("./board.js").Board, act: (act: string) => void, close: () => void }} parts
 * @returns {HTMLElement[]}
 */
export function seatPanel({ seat, board, act, close }) {
  const shown = board.about.shown === seat.seat;
  const [room, look] = seat.room ?? [];
  // The strip there follows the class's lesson.
  const lesson = board.about.lesson ? `&lesson=${encodeURIComponent(board.about.lesson)}` : "";
  const way = (/** @type {string} */ search) => `/r/${room}?${search}&class=${board.id}&seat=${seat.seat}${lesson}#${look}`;
  const lookAt = element("a", { class: "button filled", href: room ? way("look=1") : null, target: "wireside-look", rel: "opener" }, "Look into the room");
  const project = element("a", { class: "button", href: room ? way(PROJECTOR) : null, target: "wireside-projector", rel: "opener", on: { click: () => act("show") } }, "Show the wire on the projector");
  const list = element("ol", { class: "seat-steps" }, ...board.about.steps.map((/** @type {string} */ title, /** @type {number} */ at) => stepLine(title, seat.steps[at] ?? ".")));
  return [
    element(
      "header",
      { class: "seat-head" },
      element("h2", { dir: "auto" }, board.called(seat)),
      button("Close", close, { class: "link" }),
    ),
    element("p", { class: "soft" }, `Seat ${seat.seat}${seat.looked ? " · you are looking; the pupil is told" : ""}${seat.held ? " · wire held" : ""}`),
    element("p", { class: "seat-state" }),
    element(
      "div",
      { class: "seat-acts" },
      ...(room ? [lookAt] : []),
      button("Write a note", () => act("note")),
      ...(seat.hand === null ? [] : [button("Take the hand down", () => act("hand"))]),
      ...(room && !shown ? [project] : []),
      ...(shown ? [button("Show it no more", () => act("hide"))] : []),
      button("Start clean", () => act("clean")),
      button("Free this seat", () => act("free"), { class: "link" }),
    ),
    ...(seat.kept ? [element("p", {}, "Kept: ", element("a", { class: "link", href: seat.kept, target: "_blank", rel: "noopener" }, "the recording"))] : []),
    list,
  ];
}

/** @param {string} title @param {string} step */
function stepLine(title, step) {
  const state = { p: "passed", s: "skipped" }[step] ?? "open";
  const words = { passed: "passed: ", skipped: "skipped: ", open: "" }[state];
  return element("li", { data: { step: state } }, element("span", { class: "step-dot", data: { step: state } }), element("span", { class: "unseen" }, words), title);
}
