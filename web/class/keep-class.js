// "Keep this class": a recording of each seat, and the table of steps.
import { bounded } from "../base/bounded.js";
import { button, element } from "../base/element.js";
import { dialog } from "../base/popover.js";
import { ask } from "./ask.js";
import { SHARE_TITLE } from "../py/vocabulary.js";

/** @param {import("./board.js").Board} board */
export function keepClass(board) {
  const hide = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", id: "keep-names" }));
  const said = element("p", { role: "status" });
  const list = element("ul", { class: "kept-list" });
  const go = button("Keep it", () => void run(), { class: "button filled" });
  const table = button("Save the table of steps (CSV)", () => void saveSteps(board).catch((error) => (said.textContent = error.message)));
  dialog("Keep this class", [
    element(
      "div",
      { class: "stack" },
      element("p", {}, "A recording of each room up to now, which anybody who has its link can open after the class: calls, packets, programs and what they printed. The table of steps has the links in it."),
      element("label", { class: "keep-hide", for: "keep-names" }, hide, "Without names in the recordings"),
      element("div", { class: "row" }, go, table),
      said,
      list,
    ),
  ]);

  const run = async () => {
    go.disabled = true;
    const seats = [...board.seats.values()].filter(({ room }) => room !== null);
    /** @type {string[]} */
    const wrong = [];
    for (const [at, seat] of seats.entries()) {
      said.textContent = `Keeping ${at + 1} of ${seats.length}…`;
      const title = bounded(hide.checked ? `Seat ${seat.seat}` : seat.name, SHARE_TITLE);
      try {
        const body = { title, hide_names: hide.checked };
        const { link, delete_key: key } = await (await ask(`/c/${board.id}/seats/${seat.seat}/shares`, { key: board.key, body })).json();
        const address = new URL(link, location.origin).href;
        // The board hears of it a moment later; whoever closes the class before that is told what is so.
        const known = board.seats.get(seat.seat);
        if (known) board.seats.set(seat.seat, { ...known, kept: link });
        list.append(element("li", {}, element("a", { class: "link", href: address, target: "_blank", rel: "noopener" }, board.called(seat)), " · ", element("a", { class: "link", href: `${address}#delete=${key}`, target: "_blank", rel: "noopener" }, "link that deletes it")));
      } catch (error) {
        wrong.push(`${board.called(seat)}: ${/** @type {Error} */ (error).message}`);
      }
    }
    const ended = board.seats.size - seats.length;
    const gone = ended > 0 ? ` ${ended === 1 ? "One room" : `${ended} rooms`} had ended already: nothing of ${ended === 1 ? "it" : "them"} is left.` : "";
    said.textContent = `${seats.length - wrong.length} of ${seats.length} kept.${gone} ${wrong.slice(0, 3).join(" ")}${wrong.length > 3 ? ` And ${wrong.length - 3} more.` : ""} The links that delete are shown only now.`;
    go.disabled = false;
  };
}

/** @param {import("./board.js").Board} board */
export async function saveSteps(board) {
  const answer = await ask(`/c/${board.id}/steps.csv?origin=${location.origin}`, { key: board.key });
  const url = URL.createObjectURL(await answer.blob());
  const link = element("a", { href: url, download: `steps-${board.id}.csv` });
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
