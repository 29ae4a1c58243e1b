// Whoever comes by a link is told where they are, and asked for a name. It can be left out, and changed later in the
// top bar. The room opens behind it meanwhile.
import { element } from "../base/element.js";
import { roomOfAddress } from "./opening.js";
import { personOf } from "../base/people.js";
import { dialog } from "../base/popover.js";
import { ownerKey, personName, sessionToken } from "../base/storage.js";
import { NAME } from "../py/vocabulary.js";

const WHERE = "This is somebody's room: a few machines, the wire between them, and the programs that run on them. Everybody here sees the same, live.";

/** Whether this page comes by somebody's link, and nobody knows a name for it. */
export function comesUnnamed() {
  const asked = roomOfAddress();
  const search = new URLSearchParams(location.search);
  if (!asked || search.get("view") === "wire" || search.has("look")) return false;
  return ownerKey.get(asked.id) === null && sessionToken.get(asked.id) === null && personName.get() === "";
}

/** @param {Promise<import("../client/room.js").Room>} entered the room, which is on its way */
export function welcome(entered) {
  const part = element("p", { role: "status" }, "Coming in…");
  const field = /** @type {HTMLInputElement} */ (
    element("input", { class: "field", id: "arrival-name", maxlength: NAME, autocomplete: "nickname", dir: "auto", autofocus: true })
  );
  const form = element(
    "form",
    { class: "stack" },
    element("label", { for: "arrival-name" }, "Your name, as the others see it"),
    element("div", { class: "row" }, field, element("button", { class: "button" }, "Come in")),
  );
  const made = dialog("You are invited", [element("div", { class: "stack arrival" }, element("p", {}, WHERE), part, form)], "Skip");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const name = field.value.trim();
    if (name) {
      personName.set(name);
      void entered.then((room) => room.rename(name), () => {});
    }
    made.close();
  });
  entered.then(
    (room) => {
      // Whoever has the room's own key is at home.
      if (room.me.role === "owner") return made.close();
      part.textContent = partOf(room);
    },
    // Why there is no room stands on the page.
    () => made.close(),
  );
}

/** @param {import("../client/room.js").Room} room */
function partOf(room) {
  const me = personOf(room, room.me.id);
  if (room.me.role === "viewer") return "You watch: you see everything and change nothing.";
  const machine = room.hosts.find((/** @type {{ id: number }} */ { id }) => id === me?.host);
  return machine
    ? `You have a machine of your own, ${machine.name}: run programs on it, and call the other machines from it.`
    : "You are in.";
}
