// A link as large as the window, with its code for cameras.
import { element } from "./element.js";
import { dialog } from "./popover.js";
import { qr } from "./qr.js";

/** @param {string} title @param {string} link */
export function showLarge(title, link) {
  const modules = qr(link);
  const made = dialog(title, [...(modules ? [drawn(modules)] : []), element("p", { class: "large-link" }, link.replace(/^http:\/\//, ""))]);
  made.classList.add("large");
}

/** Whether it is short enough for a code. @param {string} link */
export function hasCode(link) {
  return qr(link) !== null;
}

/** @param {boolean[][]} modules */
function drawn(modules) {
  const size = modules.length + 8;
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { class: "large-code", width: String(size * 16), height: String(size * 16), role: "img", "aria-label": "The link as a code for cameras" }));
  const paint = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  // Cameras want it dark on light, whatever the page is.
  paint.fillStyle = "#fff";
  paint.fillRect(0, 0, canvas.width, canvas.height);
  paint.fillStyle = "#000";
  modules.forEach((row, y) => row.forEach((dark, x) => dark && paint.fillRect((x + 4) * 16, (y + 4) * 16, 16, 16)));
  return canvas;
}
