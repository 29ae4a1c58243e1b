// The Python prompt of a workspace: made when its tab is opened, gone when that is closed.
import { PROMPT, PromptPane } from "./prompt-pane.js";

export { PROMPT };

/** Said of a line that comes from "By hand". */
const HANDED = "From By hand, and not run yet: Enter runs it. The prompt is a program of its own: its own names and sockets, its own import socket.";

export class WorkspacePrompt {
  #parts;
  /** @type {PromptPane | null} */
  pane = null;

  /**
   * @param {{ room: import("../client/room.js").Room, host: string, body: HTMLElement, files: () => { name: string, bytes: Uint8Array }[],
   *   changed: (change: import("../client/wireside.js").FolderChange) => void, onchange: () => void, onclose: () => void,
   *   ontyped: (text: string) => void }} parts as the pane takes them; `body` is where it stands
   */
  constructor(parts) {
    this.#parts = parts;
  }

  /** Its tab, while it has one. @returns {string[]} */
  get tabs() {
    return this.pane ? [PROMPT] : [];
  }

  /** What its tab says. */
  get mark() {
    return this.pane?.control.isRunning ? "running" : "ended";
  }

  /** There is one again after a reload; it has ended with the page. */
  comeBack() {
    const { room, host } = this.#parts;
    if (PromptPane.wasOpen(room.id, host)) this.#made();
  }

  /** Begins it, and shows it where `front` brings it. @param {() => void} front @param {string} [source] what is put there, to be looked at */
  async open(front, source) {
    const pane = this.#made();
    const begun = pane.start();
    front();
    if (source === undefined) pane.focus();
    else pane.put(source, HANDED);
    await begun;
  }

  #made() {
    if (this.pane) return this.pane;
    const { room, host, files, changed, body, onchange, onclose, ontyped } = this.#parts;
    const pane = new PromptPane({ room, host, files, changed });
    Object.assign(pane, { onchange, onclose, ontyped });
    pane.node.hidden = true;
    body.append(pane.node);
    this.pane = pane;
    return pane;
  }

  /** Ends it and takes it away. */
  async close() {
    const { pane } = this;
    this.pane = null;
    await pane?.close();
  }
}
