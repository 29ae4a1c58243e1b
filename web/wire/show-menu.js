// The menu "Show…": kinds of events and machines to leave out of drawing and list, and the packets as text.
import { announce } from "../base/announce.js";
import { button, element } from "../base/element.js";
import { dialog, popover } from "../base/popover.js";

/** Distance between the menu and its button, pixels. */
const APART = 4;

/** With more lines than this the text is one piece. */
const MOST_LINES = 2000;

const SMALL = matchMedia("(max-width: 39.99rem)");

/** @type {[string, string][]} what `View.filter` calls it, and we */
const KINDS = [
  ["calls", "Calls"],
  ["packets", "Packets"],
  ["states", "States of sockets"],
  ["others", "Output, people, machines"],
];

export class ShowMenu {
  #view;
  #onchange;
  /** @type {Set<string>} kinds left out */
  #kinds = new Set();
  /** @type {Set<number>} machines left out */
  #hosts = new Set();
  button = element("button", { type: "button", class: "link wire-show", "aria-haspopup": "dialog" }, "Show…");

  /** @param {import("../client/web.js").View} view @param {() => void} onchange */
  constructor(view, onchange) {
    this.#view = view;
    this.#onchange = onchange;
    this.button.title = "What is shown; packets as text";
    popover(this.button, { label: "Show", class: "wire-show-menu", places: true, fill: (close) => this.#fill(close) });
  }

  /** @param {() => void} close @returns {Node[]} */
  #fill(close) {
    requestAnimationFrame(() => place(this.button));
    const kinds = KINDS.map(([kind, label]) => this.#choice(label, this.#kinds, kind));
    const hosts = this.#view.hosts().map(({ id, name }) => this.#choice(name, this.#hosts, id));
    return [
      element(
        "div",
        { class: "stack" },
        element("fieldset", { class: "wire-choices" }, element("legend", {}, "Show"), ...kinds),
        element("fieldset", { class: "wire-choices" }, element("legend", {}, "Machines"), ...hosts),
        button("Packets as text (tcpdump)", () => (close(), showText(this.#view.text())), { class: "link" }),
        button("Close", close, { class: "link" }),
      ),
    ];
  }

  /** @template Key @param {string} label @param {Set<Key>} leftOut @param {Key} key */
  #choice(label, leftOut, key) {
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox" }));
    box.checked = !leftOut.has(key);
    box.addEventListener("change", () => {
      if (box.checked) leftOut.delete(key);
      else leftOut.add(key);
      this.#apply();
    });
    return element("label", { dir: "auto" }, box, " ", label);
  }

  #apply() {
    const kinds = Object.fromEntries(KINDS.map(([kind]) => [kind, this.#kinds.has(kind)]));
    this.#view.filter({ ...kinds, hosts: [...this.#hosts] });
    this.button.classList.toggle("some", this.#kinds.size + this.#hosts.size > 0);
    this.button.textContent = this.#kinds.size + this.#hosts.size > 0 ? "Some…" : "Show…";
    this.#onchange();
  }
}

/** Stands above its button, within the window; on a phone the stylesheet has its place. @param {HTMLElement} anchor */
function place(anchor) {
  const panel = /** @type {HTMLElement | null} */ (anchor.nextElementSibling);
  if (!panel) return;
  for (const property of ["left", "top", "right", "bottom"]) panel.style.removeProperty(property);
  if (SMALL.matches) return;
  const { clientWidth, clientHeight } = document.documentElement;
  const { right, top } = anchor.getBoundingClientRect();
  panel.style.left = "auto";
  panel.style.top = "auto";
  panel.style.right = `${Math.max(APART, clientWidth - right)}px`;
  panel.style.bottom = `${clientHeight - top + APART}px`;
}

/** One element a line, so that one that goes on below can be told from the next. @param {string} text @returns {(Node | string)[]} */
function linesOf(text) {
  const lines = text.trimEnd().split("\n");
  if (lines.length > MOST_LINES) return [text];
  return text ? lines.map((line) => element("span", {}, `${line}\n`)) : ["No packets yet."];
}

/** @param {string} text */
function showText(text) {
  const lines = element("pre", { class: "wire-text", tabindex: 0, "aria-label": "Packets as tcpdump writes them" }, ...linesOf(text));
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(text);
      announce("Copied.");
      copy.textContent = "Copied";
    } catch {
      getSelection()?.selectAllChildren(lines);
      copy.textContent = "Press Ctrl+C";
    }
  });
  dialog("Packets as tcpdump writes them", [lines, copy]).classList.add("wide");
}
