// The room's browser of a workspace: made when its tab is opened, gone when that is closed. There is one a machine.
import { BrowserPane } from "../browser/browser-pane.js";
import { FailureCard } from "./failure-card.js";

/** The name of its tab. */
export const BROWSER = "Browser";

export class WorkspaceBrowser {
  #parts;
  /** @type {BrowserPane | null} */
  pane = null;

  /**
   * @param {{ shared: import("./workspace.js").WorkspaceContext, host: { id: number, name: string }, body: HTMLElement, onclose: () => void }} parts
   *   `body` is where it stands
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Its tab, while it has one. @returns {string[]} */
  get tabs() {
    return this.pane ? [BROWSER] : [];
  }

  /** Makes it, if it is not there, and shows it where `front` brings it. @param {() => void} front */
  open(front) {
    const pane = (this.pane ??= this.#made());
    front();
    pane.focus();
  }

  #made() {
    const { shared, host, body, onclose } = this.#parts;
    const { room, view, clock } = shared;
    const card = new FailureCard({ room, view, clock, host, runOn: () => null });
    const pane = new BrowserPane({ room, view, clock, host, card });
    body.append(pane.node);
    pane.onclose = () => {
      pane.end();
      this.pane = null;
      onclose();
    };
    return pane;
  }
}
