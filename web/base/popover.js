// Popovers of buttons: built when opened, gone when closed, focus returns to their button.
import { element } from "./element.js";

/** Between a button and its popover, and between a popover and the window's edge, in CSS pixels. */
const GAP = 4;
/** Of the page, in CSS pixels. */
const MARGIN = 16;
/** On a small screen a popover is as wide as the window. */
const SMALL = matchMedia("(max-width: 39.99rem)");
/** Less height than this under a button is not used while there is more above it, in CSS pixels. */
const LEAST_HEIGHT = 240;

/**
 * Makes `anchor` open a popover.
 * @param {HTMLElement} anchor
 * @param {{ label: string, class?: string, places?: boolean, fill: (close: () => void) => (Node | string)[] }} options `places`: it
 *   puts itself where it belongs
 */
export function popover(anchor, { label, class: extra = "", places = false, fill }) {
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
    if (!places) stand(panel, anchor);
    // At once: the toggle comes later, when somebody may have begun to type elsewhere in it.
    /** @type {HTMLElement | null} */ (panel.querySelector("[autofocus], input:not(:disabled), button:not(:disabled), a"))?.focus();
  });
  // A press on the anchor would close the panel as a press outside, and the click would then open it again.
  anchor.addEventListener("pointerdown", () => {
    if (panel.isConnected && panel.matches(":popover-open")) anchor.addEventListener("click", stop, { capture: true, once: true });
  });
  const follow = () => places || stand(panel, anchor);
  // What is in it can grow.
  const grown = new ResizeObserver(follow);
  panel.addEventListener("toggle", (event) => {
    const open = /** @type {ToggleEvent} */ (event).newState === "open";
    anchor.setAttribute("aria-expanded", String(open));
    if (open) {
      addEventListener("resize", follow);
      grown.observe(panel);
    } else {
      removeEventListener("resize", follow);
      grown.disconnect();
      panel.remove();
    }
  });
}

/**
 * Puts a popover under its button, or above it where there is more room, and never over the window's edge.
 * @param {HTMLElement} panel @param {HTMLElement} anchor
 */
function stand(panel, anchor) {
  const { left, top, bottom } = anchor.getBoundingClientRect();
  const { clientWidth: width, clientHeight: height } = document.documentElement;
  const below = height - bottom - 2 * GAP;
  const under = below >= Math.min(LEAST_HEIGHT, panel.scrollHeight + 2) || below >= top;
  panel.style.inset = SMALL.matches ? "" : "auto";
  panel.style.maxHeight = `${Math.max(0, under ? below : top - 2 * GAP)}px`;
  const own = panel.getBoundingClientRect();
  // It begins where its button does, or as near to it as the window's edge lets it.
  if (!SMALL.matches) panel.style.left = `${Math.max(GAP, Math.min(left, width - own.width - MARGIN))}px`;
  panel.style.top = `${Math.max(GAP, under ? bottom + GAP : top - GAP - own.height)}px`;
}

/** @param {Event} event */
function stop(event) {
  event.stopImmediatePropagation();
}

/**
 * A modal dialog with a title and a button that closes it; resolved by Escape, by its button and by a press outside.
 * @param {string} title
 * @param {(Node | string)[]} content
 * @param {string} closes what stands on that button
 */
export function dialog(title, content, closes = "Close") {
  const made = /** @type {HTMLDialogElement} */ (element("dialog", { class: "dialog", "aria-label": title }));
  const closer = element("button", { type: "button", class: "link", on: { click: () => made.close() } }, closes);
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
