// What the address of a frame asks for. Whatever else it says is passed over: who wrote it cannot see an error here.

import { eventIn, fragmentOf, speedIn } from "../base/replay-place.js";

/** @typedef {{ view: "wire" | "code" | "both", event: number, to: number, speed: number, play: boolean, theme: string }} Asked */

const VIEWS = /** @type {const} */ (["wire", "code", "both"]);

/** @param {string} search @returns {Asked} */
export function askedIn(search) {
  const values = new URLSearchParams(search);
  const view = VIEWS.find((one) => one === values.get("view")) ?? "wire";
  const [event, to, speed] = [eventIn(values.get("event")), eventIn(values.get("to")), speedIn(values.get("speed"))];
  const theme = values.get("theme") ?? "";
  return { view, event, to, speed, play: values.get("play") === "1", theme: ["light", "dark"].includes(theme) ? theme : "" };
}

/** @typedef {{ kind: "recording" | "lesson" | "copy", id: string }} Shown */

/** What is shown; null for nothing that there is. @param {string} pathname @param {string} hash @returns {Shown | null} */
export function shownAt(pathname, hash) {
  const recording = /^\/embed\/s\/([a-z2-9]{1,64})\/?$/.exec(pathname);
  if (recording) return { kind: "recording", id: recording[1] };
  const lesson = /^\/embed\/lesson\/([a-z0-9-]{1,32})\/?$/.exec(pathname);
  if (lesson) return { kind: "lesson", id: lesson[1] };
  return pathname === "/embed/" && /^#copy=./.test(hash) ? { kind: "copy", id: "" } : null;
}

/** The address that shows the same on a whole page. @param {Shown} shown @param {import("../base/replay-place.js").Place} place @param {string} hash */
export function fullAddress({ kind, id }, place, hash) {
  if (kind === "recording") return `/s/${id}${fragmentOf(place)}`;
  return kind === "lesson" ? `/?lesson=${id}` : `/${hash}`;
}
