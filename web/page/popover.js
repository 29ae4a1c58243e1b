// Popovers of the top bar and the strip: built when opened, gone when closed, focus returns to their button.
import { element } from "/page/element.js";

/**
 * Makes `anchor` open a popover.
 * @param {HTMLElement} anchor
 * @param {{ label: string, class?: string, fill: (close: () => void) => (Node | string)[] }} options
 */
export function popover(anchor, { label, class: extra = "", fill }) {
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
    // At once: the toggle comes later, when somebody may have begun to type elsewhere in it.
    /** @type {HTMLElement | null} */ (panel.querySelector("[autofocus], input, button, a"))?.focus();
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
