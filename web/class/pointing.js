// In a room that a teacher looks at: a button in an event's details that shows the event to the pupil.
import { announce } from "../base/announce.js";
import { button } from "../base/element.js";
import { ask } from "./ask.js";
import { known } from "./memory.js";

/** What an address names that a board made: the class and its seat. @returns {{ id: string, seat: number } | null} */
function addressed() {
  const search = new URLSearchParams(location.search);
  const [id, seat] = [search.get("class") ?? "", Number(search.get("seat"))];
  return /^[a-z0-9]{1,16}-[a-z0-9]{6}$/.test(id) && Number.isInteger(seat) && seat > 0 ? { id, seat } : null;
}

/** @param {{ pointing: import("../wire/pointed.js").Pointing | null, pointAt: (seq: number, who: string) => void }} wire */
export function pointFor(wire) {
  const asked = addressed();
  const key = asked && known(asked.id).teacher;
  // Without the teacher's key whoever looks is somebody else.
  if (!asked || !key) return;
  let at = 0;
  const said = document.createElement("span");
  said.className = "soft";
  said.setAttribute("role", "status");
  const point = async (/** @type {number} */ event) => {
    try {
      await ask(`/c/${asked.id}/acts`, { key, body: event ? { act: "point", seat: asked.seat, event } : { act: "point", seat: asked.seat } });
      at = event;
      wire.pointAt(at, "you point here");
      said.textContent = at ? "The pupil is shown this event." : "";
      if (at) announce("The pupil is shown this event.");
    } catch (error) {
      said.textContent = /** @type {Error} */ (error).message;
    }
  };
  wire.pointing = (seq) => {
    const pointed = at === seq;
    // What was said is of the event before.
    if (!pointed) said.textContent = "";
    const one = button(pointed ? "Point no more" : "Point the pupil at it", () => {
      const event = at === seq ? 0 : seq;
      void point(event).then(() => (one.textContent = at === seq ? "Point no more" : "Point the pupil at it"));
    });
    return [one, said];
  };
}
