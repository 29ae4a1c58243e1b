// Does what a lesson's `do` lines say: in consoles and editors, on the wire, on machines. What a line means was read in
// Rust; here it is carried out, and what cannot be done is said.
import { controls } from "../frame/machines.js";

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
  #programs;
  /** What a file of the lesson is called here, where a learner's own work has its name: by machine and file. @type {Map<string, string>} */
  #names = new Map();

  /**
   * @param {{ room: import("../client/room.js").Room, frame: import("../frame/frame.js").Frame, view: import("../client/web.js").View,
   *   shelf: import("./shelf.js").LessonShelf, rename: (name: string) => string,
   *   programs: () => { host: string, file: string, path: string }[] }} parts `programs` are those that the lesson begins with
   */
  constructor({ room, frame, view, shelf, rename, programs }) {
    this.#room = room;
    this.#frame = frame;
    this.#view = view;
    this.#shelf = shelf;
    this.#rename = rename;
    this.#programs = programs;
  }

  /**
   * Does one thing. Resolves once it is done: a program that nobody waits for has begun then. Rejects with the reason.
   * @param {import("../client/web.js").Doing} doing @param {string} [lesson] the lesson that says so
   */
  async perform(doing, lesson) {
    switch (doing.do) {
      case "line":
        return this.#line(doing);
      case "run":
        await this.#bring(doing, lesson);
        return this.#run(doing);
      case "stop":
        return this.#stop(doing);
      case "put": {
        const source = await this.#shelf.program(doing.path, lesson);
        const name = await this.#pane(doing.host, "put").put(doing.file, source, { keep: true });
        this.#names.set(keyOf(doing), name);
        return;
      }
      case "wire":
        return this.#wire(doing.command);
      case "fresh":
        return this.#room.freshNetwork(this.#rename(doing.host));
      case "cable":
        return this.#room.cable(this.#rename(doing.host), doing.plugged);
      case "kernel":
        return this.#room.sysctl(this.#rename(doing.host), doing.name, doing.value);
      case "clean":
        return this.clean();
      default:
        throw new CannotDo(`this page cannot ${/** @type {{ do: string }} */ (doing).do}`);
    }
  }

  /**
   * Makes the machines that lessons use as they were at the beginning: no program runs, no socket is open, the wire is
   * free, the cables are in. Files stay as they are. Ends what others run there, too: that is what a fresh network does.
   */
  async clean() {
    const mine = this.#lessonHosts();
    for (const host of mine) {
      if (!this.#frame.paneOf(host.name)) this.#frame.reveal(host.name);
      const workspace = this.#frame.paneOf(host.name)?.workspace;
      // A program that waits for the wire does not end before its calls are cancelled, which Stop does.
      if (workspace && "stopAll" in workspace) await workspace.stopAll();
      await workspace?.console?.reset?.();
    }
    const { held, delay_ms: delay, loss } = this.#view.wire();
    if (this.#room.me.role === "owner") {
      if (held) await this.#room.wire.release();
      if (delay > 0 || loss > 0) await this.#room.wire.set({ delay: 0, loss: 0 });
      for (const host of mine) {
        if (host.cable === false) await this.#room.cable(host.id, true);
        for (const [name, value] of Object.entries(PATIENCE)) {
          const setting = /** @type {import("../client/web.js").Sysctl} */ (name);
          if ((host.sysctls[setting] ?? value) !== value) await this.#room.sysctl(host.id, setting, value);
        }
        await this.#room.freshNetwork(host.id);
      }
    }
  }

  /** The machines that lessons call client and server, where this page has the say. */
  #lessonHosts() {
    const names = [this.#rename("client"), "server"];
    const hosts = names.flatMap((name) => this.#room.hosts.find((host) => host.name === name) ?? []);
    return hosts.filter((host, at) => hosts.indexOf(host) === at && controls(this.#room, host));
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
    else if (fails) await within(ended.catch(() => {}), `${line} still waits.`);
    else await within(ended, `${line} on ${name} still waits.`);
  }

  /**
   * A program of the lesson that is not there: it has not come yet, or somebody has deleted it.
   * @param {{ host: string, file: string }} doing @param {string} [lesson]
   */
  async #bring({ host, file }, lesson) {
    const name = this.#names.get(keyOf({ host, file })) ?? file;
    const workspace = this.#pane(host, "run").workspace;
    await workspace?.ready;
    if (!workspace || workspace.has(name) || workspace.has(file)) return;
    const begun = this.#programs().find((one) => one.host === host && one.file === file);
    if (begun) await this.perform({ do: "put", ...begun }, lesson);
  }

  /** @param {{ host: string, file: string, background: boolean, fails: boolean }} doing */
  async #run({ host, file, background, fails }) {
    const pane = this.#pane(host, "run");
    const name = this.#names.get(keyOf({ host, file })) ?? file;
    const run = await pane.run(pane.workspace?.has?.(name) === false ? file : name);
    if (!run) return;
    if (background) {
      // Whoever waits for what it does has to know that it ended, and how.
      run.ended.then((/** @type {import("../client/wireside.js").RunExit} */ exit) => this.#ends.set(keyOf({ host, file }), exit));
      this.#ends.delete(keyOf({ host, file }));
      return;
    }
    const exit = await within(run.ended, `${name} still runs: it waits for something.`);
    if (exit.status === "error" && !fails) throw new Error(failureOf(name, exit));
  }

  /** How programs ended that nobody waited for. @type {Map<string, import("../client/wireside.js").RunExit>} */
  #ends = new Map();

  /** Why a program ended that should run, if it failed. @param {import("../client/web.js").Doing} doing @returns {string | null} */
  failure(doing) {
    if (doing.do !== "run") return null;
    const exit = this.#ends.get(keyOf(doing));
    return exit?.status === "error" ? failureOf(doing.file, exit) : null;
  }

  /** @param {{ host: string, file?: string }} doing */
  async #stop({ host, file }) {
    const pane = this.#pane(host, "stop");
    if (file === undefined) return pane.workspace?.stopAll?.();
    await pane.stop(file);
    const name = this.#names.get(keyOf({ host, file }));
    if (name && name !== file) await pane.stop(name);
  }

  /** The pane of a machine, if it can do that. @param {string} host @param {string} what @returns {any} */
  #pane(host, what) {
    const pane = /** @type {any} */ (this.#frame.paneOf(this.#rename(host)));
    if (typeof pane?.[what] !== "function") throw new CannotDo(NO_PYTHON);
    return pane;
  }

  /** @param {import("../client/web.js").WireDoing} command */
  async #wire(command) {
    const wire = this.#room.wire;
    if (typeof command === "object") return wire.set({ delay: command.delay });
    if (command === "drop") {
      const [oldest] = this.#view.held();
      if (oldest === undefined) throw new CannotDo("There is nothing on the wire to drop.");
      return wire.drop(oldest);
    }
    if (command === "step" && this.#view.held().length === 0) throw new CannotDo("Nothing stands on the wire now.");
    return wire[command]();
  }
}

/** How long a call or a program that is done for somebody may take: two tries of a SYN and an answer after three seconds. */
const PATIENCE_MS = 20_000;

/** Kernel settings as a machine begins with them. */
const PATIENCE = { SynRetries: 6, AbortOnOverflow: 0, SynCookies: 1 };

/** @template T @param {Promise<T>} ended @param {string} late what is said where it takes too long @returns {Promise<T>} */
function within(ended, late) {
  let timer = 0;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new CannotDo(late)), PATIENCE_MS);
  });
  return Promise.race([ended, limit]).finally(() => clearTimeout(timer));
}

/** @param {string} file @param {import("../client/wireside.js").RunExit} exit */
function failureOf(file, exit) {
  const { type, message } = exit.error ?? {};
  const why = [type, message].filter(Boolean).join(": ");
  return why ? `${file} ended with ${why}.` : `${file} ended with an error.`;
}

/** @param {{ host: string, file: string }} doing */
function keyOf({ host, file }) {
  return `${host}/${file}`;
}

/** What a button says that does one thing. @param {import("../client/web.js").Doing} doing @param {(name: string) => string} rename */
export function labelOf(doing, rename) {
  const host = "host" in doing ? rename(doing.host) : "";
  switch (doing.do) {
    case "run":
      return `Run ${doing.file}`;
    case "stop":
      return doing.file ? `Stop ${doing.file}` : `Stop all on ${host}`;
    case "put":
      return `Put ${doing.file} in place`;
    case "fresh":
      return `Fresh network for ${host}`;
    case "cable":
      return doing.plugged ? `Mend ${host}'s cable` : `Cut ${host}'s cable`;
    case "kernel":
      return `Set ${host}'s ${SETTINGS[doing.name] ?? "kernel"} to ${doing.value}`;
    case "clean":
      return "Start clean";
    case "line":
      return `${host}: ${doing.line}`;
    case "wire":
      return typeof doing.command === "string" ? (WIRE[doing.command] ?? doing.command) : `Delay of ${doing.command.delay} ms`;
    default:
      return `Show ${host}`;
  }
}

/** Settings of a kernel, as sysctl(8) names them. @type {Record<string, string>} */
const SETTINGS = { SynRetries: "tcp_syn_retries", AbortOnOverflow: "tcp_abort_on_overflow", SynCookies: "tcp_syncookies" };

/** @type {Record<string, string>} */
const WIRE = { hold: "Hold the wire", release: "Let all through", step: "Let one through", drop: "Drop one" };
