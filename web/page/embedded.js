// The page in a frame of somebody else's page (`/embed/live`): there it begins at a press, remembers nothing, knows no key
// of a room that was there before, and leads to whole pages instead of leaving its frame.
import { framed as embedded } from "../base/browser-storage.js";
import { element, find } from "../base/element.js";

export { embedded };

/** The name of a frame in which somebody has pressed Start (`web/embed/start.js`). */
const STARTED = "wireside-started";

/** Whether somebody has pressed there; a frame that comes straight here is led back to where they can. */
export function isStarted() {
  const started = window.name === STARTED;
  // A reload is a new beginning.
  window.name = "";
  if (!started) {
    const lesson = new URLSearchParams(location.search).get("lesson") ?? "";
    location.replace(lesson ? `/embed/lesson/${encodeURIComponent(lesson)}` : `/embed/${location.hash}`);
  }
  return started;
}

/** Goes to another page of ours; out of a frame that is a page of its own. @param {string} address */
export function leadTo(address) {
  if (embedded) window.open(address, "_blank", "noopener");
  else location.assign(address);
}

/** Puts in the place of the top bar's buttons the way to the whole page. @param {() => Promise<{ link: string }>} copy of what is shown */
export function showWayOut(copy) {
  const open = element("a", { class: "link", href: "/", target: "_blank", rel: "noopener" }, "Open full");
  open.addEventListener("click", (event) => {
    event.preventDefault();
    void copy().then(({ link }) => leadTo(link), () => leadTo("/"));
  });
  find(".top-end").replaceChildren(open);
}
