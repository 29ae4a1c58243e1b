// The one filled button: it stands where the next thing is done, in a console, at a program or on the wire, and in the
// strip where that place is not on the screen.
import { labelOf } from "./doing.js";

/** @typedef {{ label: string, act: () => void } | null} Primary what the strip's own button says and does */

export class LessonNext {
  #frame;
  #wire;
  #rename;
  #perform;

  /**
   * @param {{ frame: import("../frame/frame.js").Frame, wire: import("../wire/wire-view.js").WireView, rename: (name: string) => string,
   *   perform: (doing: import("../client/web.js").Doing) => void }} parts
   */
  constructor({ frame, wire, rename, perform }) {
    this.#frame = frame;
    this.#wire = wire;
    this.#rename = rename;
    this.#perform = perform;
  }

  /**
   * Makes the next thing's button the filled one. Answers what the strip's own button does, and whether "do it for me"
   * is the filled one since no place takes it.
   * @param {import("../client/web.js").Doing | null} doing @returns {{ primary: Primary, mine: boolean }}
   */
  offer(doing) {
    const host = doing && "host" in doing ? this.#rename(doing.host) : "";
    const line = doing?.do === "line" ? doing.line : null;
    const file = doing?.do === "run" ? doing.file : null;
    const taken = this.#offerPanes(host, line, file);
    const wired = this.#wire?.suggest?.(doing?.do === "wire" ? doing.command : null) === true;
    if (!doing || wired) return { primary: null, mine: false };
    const shown = host === "" || this.#frame.shows(host);
    if (taken) return { primary: null, mine: false };
    // A page of the wire alone has no machine to show.
    if (document.body.dataset.only === "wire") return { primary: null, mine: false };
    if (line !== null && shown) return { primary: null, mine: true };
    if (line !== null) return { primary: { label: `Show ${host}`, act: () => this.#frame.reveal(host) }, mine: false };
    return { primary: { label: labelOf(doing, this.#rename), act: () => this.#perform(doing) }, mine: false };
  }

  /** @param {string} host @param {string | null} line @param {string | null} file */
  #offerPanes(host, line, file) {
    let taken = false;
    for (const pane of this.#frame.panes) {
      const mine = pane.host?.name === host;
      const inConsole = pane.suggestLine(mine ? line : null);
      const atProgram = pane.suggestRun(mine ? file : null);
      if (mine && (inConsole || atProgram)) taken = true;
    }
    return taken;
  }
}
