// Makes elements. Text only ever becomes text: there is no way to pass markup through here.

/**
 * @param {string} tag
 * @param {Record<string, any>} [properties] `class`, `on` (listeners), `data` (dataset), anything else an attribute;
 *   `true` sets an empty attribute, `false` and nullish leave it out.
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElement}
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (name === "data") {
      Object.assign(made.dataset, value);
    } else if (name === "class") {
      made.className = value;
    } else {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  for (const child of children) if (child !== null && child !== undefined) made.append(child);
  return made;
}

/**
 * @param {string} label
 * @param {() => void} action
 * @param {Record<string, any>} [properties]
 */
export function button(label, action, properties = {}) {
  return /** @type {HTMLButtonElement} */ (
    element("button", { type: "button", class: "button", ...properties, on: { click: action } }, label)
  );
}

/** @param {string} selector @param {ParentNode} [within] @returns {HTMLElement} */
export function find(selector, within = document) {
  const found = within.querySelector(selector);
  if (!(found instanceof Element)) throw new Error(`the page lacks ${selector}`);
  return /** @type {HTMLElement} */ (found);
}

/**
 * Replaces the children only where they differ, so that focus and scroll positions of equal ones survive.
 * Two children are equal when their `data-key` is, and the old one then stays.
 * @param {Element} parent
 * @param {HTMLElement[]} wanted
 * @param {(kept: HTMLElement, made: HTMLElement) => void} update
 */
export function reconcile(parent, wanted, update) {
  /** @type {Map<string, HTMLElement>} */
  const old = new Map();
  for (const child of parent.children) {
    if (child instanceof HTMLElement && child.dataset.key !== undefined) old.set(child.dataset.key, child);
  }
  const next = wanted.map((made) => {
    const kept = old.get(made.dataset.key ?? "");
    if (!kept) return made;
    update(kept, made);
    return kept;
  });
  if (next.length === parent.childNodes.length && next.every((child, at) => parent.childNodes[at] === child)) return;
  const focused = document.activeElement;
  const place = [...parent.children].findIndex((child) => child === focused);
  parent.replaceChildren(...next);
  if (place < 0) return;
  // Who pressed a button that then went away stands at what took its place, not at the top of the page.
  const stays = focused instanceof HTMLElement && parent.contains(focused) ? focused : next[Math.min(place, next.length - 1)];
  stays?.focus({ preventScroll: true });
}
