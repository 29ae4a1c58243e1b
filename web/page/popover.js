// Popovers of the top bar and the strip: built when opened, gone when closed, focus returns to their button.
import { element } from "/page/element.js";

/** Least distance of a popover from the window's edges, pixels. */
const EDGE = 8;
/** What of its height is shown at least, pixels: where there is less room below its button it goes up. */
const LEAST = 160;

/**
 * Makes `anchor` open a popover.
 * @param {HTMLElement} anchor
 * @param {{ label: string, class?: string, under?: boolean, fill: (close: () => void) => (Node | string)[] }} options `under`:
 *   it opens under its button, wherever that is
 */
export function popover(anchor, { label, class: extra = "", under = false, fill }) {
  const panel = element("div", { class: `popover ${extra}`, popover: "auto", role: "dialog", "aria-label": label });
  const close = () => {
    if (panel.isConnected) panel.hidePopover();
  };
  anchor.setAttribute("aria-expanded", "false");
  anchor.addEventListener("click", () => {
    if (panel.isConnected && panel.matches(":popover-open")) return close();
    panel.replaceChildren(...fill(close));
    anchor.after(panel);
    panel.showPopover();
    if (under) place(panel, anchor);
    // At once: the toggle comes later, when somebody may have begun to type elsewhere in it.
    /** @type {HTMLElement | null} */ (panel.querySelector("[autofocus], input:not(:disabled), button:not(:disabled), a"))?.focus();
  });
  // A press on the anchor would close the panel as a press outside, and the click would then open it again.
  anchor.addEventListener("pointerdown", () => {
    if (panel.isConnected && panel.matches(":popover-open")) anchor.addEventListener("click", stop, { capture: true, once: true });
  });
  panel.addEventListener("toggle", (event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === "open";
    anchor.setAttribute("aria-expanded", String(open));
    if (!open) panel.remove();
  });
}

/** Puts a panel under its button, within the window. @param {HTMLElement} panel @param {HTMLElement} anchor */
function place(panel, anchor) {
  const box = anchor.getBoundingClientRect();
  const top = Math.max(EDGE, Math.min(box.bottom + 4, innerHeight - LEAST - EDGE));
  panel.style.top = `${top}px`;
  panel.style.maxHeight = `${innerHeight - top - EDGE}px`;
  // On small screens it is as wide as the window.
  if (matchMedia("(max-width: 39.99rem)").matches) return;
  panel.style.right = "auto";
  panel.style.left = `${Math.max(EDGE, Math.min(box.left, innerWidth - panel.offsetWidth - EDGE))}px`;
}

/** @param {Event} event */
function stop(event) {
  event.stopImmediatePropagation();
}

/**
 * A modal dialog with a title and a Close button; resolved by Escape, by its button and by a press outside.
 * @param {string} title
 * @param {(Node | string)[]} content
 */
export function dialog(title, content) {
  const made = /** @type {HTMLDialogElement} */ (element("dialog", { class: "dialog", "aria-label": title }));
  const closer = element("button", { type: "button", class: "link", on: { click: () => made.close() } }, "Close");
  made.append(element("header", { class: "dialog-head" }, element("h2", {}, title), closer), ...content);
  made.addEventListener("close", () => made.remove());
  made.addEventListener("pointerdown", (event) => {
    if (event.target !== made) return;
    const box = made.getBoundingClientRect();
    const inside =
      event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
    if (!inside) made.close();
  });
  document.body.append(made);
  made.showModal();
  return made;
}
