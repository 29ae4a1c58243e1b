// Does what a lesson's `do` lines say: in consoles and editors, on the wire, on machines. What a line means was read in
// Rust; here it is carried out, and what cannot be done is said.

/** What is said when a program is wanted and cannot run here. */
export const NO_PYTHON = "This step runs a program, and Python is not here. Skip it, or take a lesson by hand.";

/** Something a lesson wants and this page cannot do. */
export class CannotDo extends Error {}

export class LessonDoing {
  #room;
  #frame;
  #view;
  #shelf;
  #rename;

  /**
   * @param {{ room: any, frame: import("/page/frame.js").Frame, view: any,
   *   shelf: import("/page/lesson-shelf.js").LessonShelf, rename: (name: string) => string }} parts
   */
  constructor({ room, frame, view, shelf, rename }) {
    this.#room = room;
    this.#frame = frame;
    this.#view = view;
    this.#shelf = shelf;
    this.#rename = rename;
  }

  /**
   * Does one thing. Resolves with whether the trace will tell that it was done.
   * @param {any} doing @param {string} [lesson] the lesson that says so
   * @returns {Promise<boolean>}
   */
  async perform(doing, lesson) {
    switch (doing.do) {
      case "line":
        await this.#line(doing);
        return true;
      case "run":
        await this.#run(doing);
        return true;
      case "stop":
        return this.#pane(doing.host, "stop").stop(doing.file);
      case "put":
        await this.#pane(doing.host, "put").put(doing.file, await this.#shelf.program(doing.path, lesson));
        return false;
      case "wire":
        return this.#wire(doing.command);
      case "fresh":
        await this.#room.freshNetwork(this.#rename(doing.host));
        return false;
      case "cable":
        await this.#room.cable(this.#rename(doing.host), doing.plugged);
        return false;
      case "kernel":
        await this.#room.sysctl(this.#rename(doing.host), doing.name, doing.value);
        return false;
      default:
        throw new CannotDo(`this page cannot ${doing.do}`);
    }
  }

  /** Puts a call at a prompt. @param {{ host: string, line: string }} piece */
  putCall({ host, line }) {
    const name = this.#rename(host);
    if (!this.#frame.shows(name)) this.#frame.reveal(name);
    this.#frame.paneOf(name)?.fillLine(line);
  }

  /** @param {{ host: string, line: string, background: boolean, fails: boolean }} doing */
  async #line({ host, line, background, fails }) {
    const name = this.#rename(host);
    if (!this.#frame.paneOf(name)) this.#frame.reveal(name);
    const console = this.#frame.paneOf(name)?.console;
    if (!console?.run) throw new CannotDo(`nobody can make calls on ${name} from here`);
    const ended = console.run(line);
    // A call that waits for what comes next must not be waited for here.
    if (background) ended.catch(() => {});
    else if (fails) await ended.catch(() => {});
    else await ended;
  }

  /** @param {{ host: string, file: string, background: boolean }} doing */
  async #run({ host, file, background }) {
    const run = await this.#pane(host, "run").run(file);
    if (!background) await run?.ended;
  }

  /** The pane of a machine, if it can do that. @param {string} host @param {string} what @returns {any} */
  #pane(host, what) {
    const pane = /** @type {any} */ (this.#frame.paneOf(this.#rename(host)));
    if (typeof pane?.[what] !== "function") throw new CannotDo(NO_PYTHON);
    return pane;
  }

  /** @param {any} command */
  async #wire(command) {
    const wire = this.#room.wire;
    if (typeof command === "object") {
      await wire.set({ delay: command.delay });
      return false;
    }
    if (command === "drop") {
      const [oldest] = this.#view.held();
      if (oldest === undefined) throw new CannotDo("There is nothing on the wire to drop.");
      await wire.drop(oldest);
      return true;
    }
    await wire[command]();
    return command !== "step";
  }
}

/** What a button says that does one thing. @param {any} doing @param {(name: string) => string} rename */
export function labelOf(doing, rename) {
  const host = doing.host === undefined ? "" : rename(doing.host);
  switch (doing.do) {
    case "run":
      return `Run ${doing.file}`;
    case "stop":
      return `Stop ${doing.file}`;
    case "put":
      return `Put ${doing.file} in place`;
    case "fresh":
      return `Fresh network for ${host}`;
    case "cable":
      return doing.plugged ? `Mend ${host}'s cable` : `Cut ${host}'s cable`;
    case "kernel":
      return `Set ${host}'s kernel`;
    case "wire":
      return WIRE[doing.command] ?? `Delay of ${doing.command.delay} ms`;
    default:
      return `Show ${host}`;
  }
}

/** @type {Record<string, string>} */
const WIRE = { hold: "Hold the wire", release: "Let all through", step: "Let one through", drop: "Drop one" };
