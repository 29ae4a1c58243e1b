// What a room's trace tells of the programs of one machine: which of them run in other pages, and with what text each began.

export class ProgramsElsewhere {
  #host;
  #me;
  #pane;
  /** Programs that run in other pages: their names. @type {Map<number, string>} */
  #elsewhere = new Map();
  /** The newest text of each program: what it runs when it begins. @type {Map<string, string>} */
  #texts = new Map();

  /**
   * @param {{ host: string, me: () => number,
   *   pane: (name: string) => { runsElsewhere(by: string | null): void, ranAs(program: number, text: string): void } | undefined }} of
   *   the machine's name, who this page is in the room, what shows a program
   */
  constructor({ host, me, pane }) {
    this.#host = host;
    this.#me = me;
    this.#pane = pane;
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  hear(event) {
    if (event.host !== this.#host) return;
    if (event.kind === "source") this.#texts.set(event.name, event.text ?? "");
    else if (event.kind === "program" && event.change === "began") this.#began(event);
    else if (event.kind === "program" && event.change === "ended" && this.#elsewhere.delete(event.id)) this.#pane(event.name)?.runsElsewhere(null);
  }

  /** @param {import("../client/wireside.js").TraceRecord} event */
  #began({ id, name, by, member }) {
    const pane = this.#pane(name);
    const text = this.#texts.get(name);
    if (text !== undefined) pane?.ranAs(id, text);
    // The server's own programs are nobody's.
    if (!by || member === this.#me()) return;
    this.#elsewhere.set(id, name);
    pane?.runsElsewhere(by);
  }
}
