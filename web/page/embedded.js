// The page in a frame of somebody else's page (`/embed/live`): there it begins at a press, remembers nothing, knows no key
// of a room that was there before, and leads to whole pages instead of leaving its frame.
import { framed as embedded } from "../base/browser-storage.js";
import { element, find } from "../base/element.js";

export { embedded };

/** The name of a frame in which somebody has pressed Start (`web/embed/start.js`); `/embed/live` begins in such a one alone. */
export const STARTED = "wireside-started";

/** Whether somebody has pressed there; a frame that comes straight here is led back to where they can. */
export function isStarted() {
  const started = window.name === STARTED;
  // A reload is a new beginning.
  window.name = "";
  if (!started) {
    const search = new URLSearchParams(location.search);
    const lesson = search.get("lesson") ?? "";
    search.delete("lesson");
    const rest = search.size > 0 ? `?${search}` : "";
    location.replace(lesson ? `/embed/lesson/${encodeURIComponent(lesson)}${rest}` : `/embed/${rest}${location.hash}`);
  }
  return started;
}

/** Goes to another page of ours; out of a frame that is a page of its own. @param {string} address */
export function leadTo(address) {
  if (embedded) window.open(address, "_blank", "noopener");
  else location.assign(address);
}

/** The whole page for what the address of this frame asks for. @param {string} fragment as the address came with it */
export function wholePage(fragment) {
  const lesson = new URLSearchParams(location.search).get("lesson") ?? "";
  return lesson ? `/?lesson=${encodeURIComponent(lesson)}` : `/${fragment}`;
}

/**
 * The frame of the recording that the page around named to be shown where nothing can run here; null where it named none.
 * @param {string} search of this frame's address
 */
export function recordingInstead(search) {
  const asked = new URLSearchParams(search);
  const id = asked.get("recording") ?? "";
  if (!/^[a-z2-9]{1,64}$/.test(id)) return null;
  const kept = new URLSearchParams();
  for (const name of ["view", "theme"]) if (asked.has(name)) kept.set(name, asked.get(name) ?? "");
  return `/embed/s/${id}${kept.size > 0 ? `?${kept}` : ""}`;
}

/** How to see the same where it cannot be had in this frame. @param {string} whole the address of the whole page @returns {{ label: string, run: () => void }[]} */
export function waysOn(whole) {
  const recording = recordingInstead(location.search);
  const ways = [{ label: "Open full", run: () => leadTo(whole) }];
  if (recording) ways.unshift({ label: "See a recording of it", run: () => location.replace(recording) });
  return ways;
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
