// What the address of a frame asks for. Whatever else it says is passed over: who wrote it cannot see an error here.

/** @typedef {{ view: "wire" | "code" | "both", event: number, play: boolean, theme: string }} Asked */

const VIEWS = /** @type {const} */ (["wire", "code", "both"]);

/** @param {string} search @returns {Asked} */
export function askedIn(search) {
  const values = new URLSearchParams(search);
  const view = VIEWS.find((one) => one === values.get("view")) ?? "wire";
  const event = Number(/^\d{1,15}$/.exec(values.get("event") ?? "")?.[0] ?? 0);
  const theme = values.get("theme") ?? "";
  return { view, event, play: values.get("play") === "1", theme: ["light", "dark"].includes(theme) ? theme : "" };
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

/** The address that shows the same on a whole page. @param {Shown} shown @param {number} event 0 at the end @param {string} hash */
export function fullAddress({ kind, id }, event, hash) {
  if (kind === "recording") return event > 0 ? `/s/${id}#e=${event}` : `/s/${id}`;
  return kind === "lesson" ? `/?lesson=${id}` : `/${hash}`;
}
