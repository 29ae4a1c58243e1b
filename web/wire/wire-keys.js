// Which keys mean something to the wire, and where.

/**
 * @param {HTMLElement} region
 * @param {Record<string, () => void>} actions by key, letters in lower case
 * @param {() => boolean} escape false where Escape means nothing now
 */
export function listenForWireKeys(region, actions, escape) {
  region.addEventListener("keydown", (event) => {
    const { target, key } = event;
    if (event.ctrlKey || event.altKey || event.metaKey || !(target instanceof Element) || target.closest(".popover")) return;
    if (key === "Escape") {
      if (escape()) event.preventDefault();
      return;
    }
    // Letters work anywhere in the wire; a button keeps its own Enter and the arrows.
    if (key.length > 1 && target.closest("button, a, input, .wire-details")) return;
    const action = actions[key.length === 1 ? key.toLowerCase() : key];
    if (!action) return;
    event.preventDefault();
    action();
  });
}
