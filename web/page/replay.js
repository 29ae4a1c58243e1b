// A recording on the page: its drawing, and with them the machines, up to the event that the scrubber is at.
import { RecordedRoom } from "./recorded-room.js";
import { Notes } from "../wire/notes.js";

/** @typedef {{ id: string, bytes: Promise<Uint8Array> }} Recorded */

/**
 * What shows the machines: `refresh` after each moment, `point` at what an event belongs to.
 * @typedef {{ refresh: () => void, point: (seqs: number[], until: number) => void }} Panes
 * @typedef {{ room: RecordedRoom, view: import("../client/web.js").View, past: import("../client/web.js").View, time: () => number, wire: import("../wire/wire-view.js").WireView }} Shown
 */

/**
 * @param {{ recording: Recorded, wire: import("../wire/wire-view.js").WireView, panes?: ((shown: Shown) => Panes) | null, onmoment?: (at: number) => void }} parts
 *   `onmoment` is told of each event that is shown last, 0 at the end
 */
export async function replay({ recording, wire, panes = null, onmoment = () => {} }) {
  const [{ default: init, Recording, View }, bytes] = await Promise.all([import("../client/web.js"), recording.bytes]);
  await init();
  const file = new Recording(bytes);
  const about = file.about();
  // One has all of it, for the drawing; the other is at the event that is shown.
  const [view, past] = [new View(), new View()];
  view.showRecording(file, about.last);
  past.showRecording(file, about.last);
  const room = new RecordedRoom({ id: recording.id, view, about });
  // It has of a room what a drawing asks.
  wire.attach?.({ room: /** @type {any} */ (room), view, past, notes: new Notes(about.notes) });
  const time = () => view.timeOf(room.shown) ?? 0;
  const machines = panes?.({ room, view, past, time, wire });
  wire.addEventListener("wire-moment", (event) => {
    const at = /** @type {CustomEvent<number>} */ (event).detail;
    const seq = at || about.last;
    past.showRecording(file, seq);
    room.show(seq, past.hosts());
    machines?.refresh();
    // What it led to has not happened yet.
    machines?.point(at === 0 ? [] : view.related(seq).filter((one) => one <= seq), seq);
    onmoment(at);
  });
  return { file, about, room };
}
