// The page's own keys: F6 through the regions, ? for the list. Keys of the wire and the console are theirs.
import { element } from "../base/element.js";
import { dialog } from "../base/popover.js";

const KEYS = [
  ["Ctrl/⌘ Enter", "in a program: run it; again: stop it"],
  ["Ctrl/⌘ .", "in a program: stop it"],
  ["Escape, then Tab", "out of the editor"],
  ["F6, Shift F6", "next, previous region: strip, client, wire, server"],
  ["↑ ↓ Home End", "in the wire: event by event"],
  ["→ ←", "in the wire: to cause or effect, and back"],
  ["Enter, Escape", "in the wire: details, and out of them"],
  ["H, N", "in the wire: hold, let the next packet through"],
  ["D, X", "in the wire: deliver, drop this held packet"],
  ["F", "in the wire: follow what is live"],
  ["← → Home End Space", "on the scrubber: one event, ends, play"],
  ["↑ ↓", "by hand and at the Python prompt: lines typed before"],
  ["Tab", "leaves the line by hand; at the Python prompt: completes a name"],
  ["Escape, then Tab", "out of the Python prompt"],
  ["Ctrl C, Ctrl D", "at the Python prompt: interrupt what waits; end it"],
  ["?", "this list"],
];

export function openKeys() {
  dialog("Keyboard", [
    element("dl", { class: "keys" }, ...KEYS.flatMap(([key, does]) => [element("dt", {}, key), element("dd", {}, does)])),
  ]);
}

/** @param {() => { id: string, show: () => void }[]} regions in their order, with what brings each to the screen */
export function listenForKeys(regions) {
  document.addEventListener("keydown", (event) => {
    if (event.key === "F6" && !event.ctrlKey && !event.altKey && !event.metaKey) {
      event.preventDefault();
      go(regions(), event.shiftKey ? -1 : 1);
    } else if (event.key === "?" && !isTyping(event) && !document.querySelector("dialog[open]")) {
      event.preventDefault();
      openKeys();
    }
  });
}

/** @param {{ id: string, show: () => void }[]} regions @param {number} by */
function go(regions, by) {
  const here = regions.findIndex(({ id }) => document.getElementById(id)?.contains(document.activeElement));
  const from = here < 0 && by < 0 ? 0 : here;
  const next = regions[(from + by + regions.length) % regions.length];
  next.show();
  document.getElementById(next.id)?.focus({ preventScroll: true });
}

/** @param {KeyboardEvent} event */
function isTyping(event) {
  const target = event.composedPath()[0];
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}
