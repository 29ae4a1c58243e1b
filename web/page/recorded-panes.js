// The machines of a recording in their columns, and what ties their code to the wire.
import "../frame/machine-pane.js";
import { CodeLinks } from "./code-links.js";
import { Frame } from "../frame/frame.js";

/** @param {import("./replay.js").Shown} shown @returns {import("./replay.js").Panes} */
export function recordedPanes({ room, view, past, time, wire }) {
  const python = { ok: false, is: "missing", known: Promise.resolve(), onchange: () => {}, sentence: "" };
  const shared = /** @type {any} */ ({ room, view, clock: { now: time }, store: null, python });
  const frame = new Frame(shared, ({ id }) => ({ waiting: past.waiting(id), sockets: past.sockets(id, time()) }));
  const links = new CodeLinks({ view, wire, panes: frame.panes });
  return { refresh: () => frame.refresh(), point: (seqs, until) => links.point(seqs, until) };
}
