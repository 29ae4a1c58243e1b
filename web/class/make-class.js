// "Make a class": asks the server for one that begins with this page's lesson and files, and opens its board.
import { button, element } from "../base/element.js";
import { dialog } from "../base/popover.js";
import { ask } from "./ask.js";
import { remember } from "./memory.js";

/** Whether this server lets this page make one. */
export async function mayMakeClass() {
  try {
    return (await (await ask("/classes")).json()).may === true;
  } catch {
    return false;
  }
}

/** @param {{ lesson: string | null, copy: () => Promise<{ link: string, left: string[] }> }} parts */
export function makeClass({ lesson, copy }) {
  const seats = /** @type {HTMLInputElement} */ (element("input", { class: "field", id: "class-seats", type: "number", min: "1", max: "200", value: "30", required: true }));
  const files = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", id: "class-files" }));
  const said = element("p", { role: "alert" });
  const make = /** @type {HTMLButtonElement} */ (element("button", { class: "button filled" }, "Make it"));
  const form = element(
    "form",
    { class: "stack" },
    element("p", {}, "A link for your pupils, who get a room each with this lesson, and a board for you. It ends when you close it, or when everybody has left; nothing of it is left then but what you, or a pupil, kept."),
    element("div", { class: "row" }, element("label", { for: "class-seats" }, "Seats"), seats),
    element("label", { class: "keep-hide", for: "class-files" }, files, "Rooms begin with the files that are here"),
    said,
    element("div", { class: "row" }, make),
  );
  const made = dialog("Make a class", [form]);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    make.disabled = true;
    try {
      const start = files.checked ? new URL((await copy()).link).hash.slice(1) : undefined;
      const body = { seats: Number(seats.value), lesson: lesson ?? undefined, start };
      const answer = await (await ask("/classes", { body })).json();
      remember(answer.class, { teacher: answer.teacher });
      made.close();
      location.assign(`/c/${answer.class}/board`);
    } catch (error) {
      make.disabled = false;
      said.textContent = /** @type {Error} */ (error).message;
    }
  });
}

/** The menu's line for it; nothing where this server makes none. @param {() => void} open @returns {HTMLElement} */
export function makeClassLine(open) {
  const line = button("Make a class", open, { class: "link", hidden: true });
  void mayMakeClass().then((may) => (line.hidden = !may));
  return line;
}
