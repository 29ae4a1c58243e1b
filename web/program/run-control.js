// One program of a machine: started, while it runs, and how it ended. Knows the client's run and nothing of elements.

/** @typedef {import("../client/wireside.js").RunState | { state: "idle" }} Doing */
/** @typedef {import("../client/wireside.js").RunExit} Exit */

export class RunControl {
  #room;
  #host;
  #file;
  /** @type {import("../client/wireside.js").Run | null} */
  #run = null;
  /** The room is being asked for a program. */
  #asking = false;
  /** What comes of that; null where it refuses. @type {Promise<import("../client/wireside.js").Run | null>} */
  #coming = Promise.resolve(null);
  /** What it does is different now. */
  onchange = () => {};
  /** It printed something. @type {(text: string, stream: import("./output-log.js").Stream) => void} */
  onoutput = () => {};
  /** It has changed files of the machine. @type {(change: import("../client/wireside.js").FolderChange) => void} */
  onfolder = () => {};

  /** @param {{ room: import("../client/room.js").Room, host: string, file: string }} program */
  constructor({ room, host, file }) {
    this.#room = room;
    this.#host = host;
    this.#file = file;
  }

  /** @returns {Doing} */
  get doing() {
    if (this.#asking) return { state: "starting", loaded: 0, total: 0 };
    return this.#run?.state ?? { state: "idle" };
  }

  get isRunning() {
    return !["idle", "ended"].includes(this.doing.state);
  }

  /**
   * Starts it; without a source it is a prompt. Resolves as soon as it is a program of the room; `ended` resolves when it has ended.
   * @param {string | null} source @param {{ args?: string[], files?: { name: string, bytes: Uint8Array }[] }} [options]
   * @returns {Promise<{ program: number, ended: Promise<Exit> }>}
   */
  async run(source, options) {
    if (this.isRunning) throw new Error(`${this.#file} runs already`);
    this.#asking = true;
    this.onchange();
    try {
      const coming = source === null ? this.#room.prompt(this.#host, this.#file, options) : this.#room.run(this.#host, this.#file, source, options);
      this.#coming = coming.catch(() => null);
      this.#run = await coming;
    } catch (error) {
      this.#run = null;
      throw error;
    } finally {
      this.#asking = false;
      this.onchange();
    }
    const run = /** @type {import("../client/wireside.js").Run} */ (this.#run);
    run.onchange = () => this.onchange();
    run.onfolder = (change) => this.onfolder(change);
    const printed = this.#print(run);
    // What it printed last is shown before it is said to have ended.
    const ended = run.exit.then((exit) => printed.then(() => exit));
    return { program: run.program, ended };
  }

  /** Interrupts it; resolves when it has ended. */
  async stop() {
    await this.#run?.stop();
  }

  /** Ctrl-C: what becomes of it is the program's affair. */
  interrupt() {
    this.#run?.interrupt();
  }

  /** Ends it at once; resolves when it has ended. */
  async end() {
    await this.#run?.end();
  }

  /** Whether a block wants another line; null where the prompt cannot say. @param {string} block */
  async wantsMore(block) {
    return (await (await this.#newest())?.ask({ more: block })) ?? null;
  }

  /** How the last word of a text can go on; null where the prompt cannot say. @param {string} before */
  async complete(before) {
    return (await (await this.#newest())?.ask({ complete: before })) ?? null;
  }

  /** The one that is asked for, where one is: what is typed ahead is for that, and not for the one that has ended. */
  async #newest() {
    return this.#asking ? this.#coming : this.#run;
  }

  /** Resolves when what it has printed so far is shown. */
  async caughtUp() {
    await (await this.#newest())?.caughtUp();
  }

  /** A line for `input()`, or null for the end of file. @param {string | null} line */
  input(line) {
    this.#run?.input(line);
  }

  /** @param {import("../client/wireside.js").Run} run */
  async #print(run) {
    for await (const { stream, text } of run.output) this.onoutput(text, stream);
  }
}
