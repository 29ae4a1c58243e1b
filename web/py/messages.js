// What a Python program can ask of the world outside its worker by messages: the answer settles a wait of `stacks.js`, and
// the program's other threads run meanwhile. `sys.js` has the same calls as calls that block.
//
// Waits are numbers that Python makes and waits for by itself; nothing here returns a promise.

/** Output on its way to a reader: when there is more, the program waits. Bytes. */
const OUTPUT = 64 * 1024;

const WOKEN = 1;

export class Messages {
  #port;
  #tell;
  #transcript;
  #stacks;
  /** Calls on their way. @type {Set<number>} */
  #calls = new Set();
  /** Answers nobody has taken yet. @type {Map<number, any>} */
  #answers = new Map();
  /** Lines that were typed. @type {Uint8Array[]} */
  #typed = [];
  /** How many lines have come, read or not. */
  #come = 0;
  /** Waits for a line. @type {number[]} */
  #readers = [];
  /** Waits and calls that end when something can be read, each with how many lines have to have come before. @type {Map<number, number>} */
  #watchers = new Map();
  /** What the page wants to know of a prompt; the newest counts. @type {string | null} */
  #question = null;
  /** The prompt's wait, which a question ends too; 0 for none. */
  #prompting = 0;
  #unread = 0;
  /** Waits for output to be read. @type {number[]} */
  #writers = [];
  /** The room's machines, as last heard. @type {import("./etc.js").Machine[]} */
  machines = [];

  /**
   * @param {{ port: MessagePort, tell: (news: any) => void, transcript: import("./transcript.js").Transcript,
   *   stacks: import("./stacks.js").Stacks }} ends
   */
  constructor({ port, tell, transcript, stacks }) {
    this.#port = port;
    this.#tell = tell;
    this.#transcript = transcript;
    this.#stacks = stacks;
    stacks.cancel = (n) => this.cancel(n);
    port.onmessage = ({ data }) => this.#answered(data);
  }

  /** A message from the page. @param {any} message */
  receive(message) {
    switch (message.do) {
      case "interrupt":
        return this.#stacks.interrupt();
      case "input":
        this.#typed.push(message.bytes);
        this.#come += 1;
        this.#wakeReader();
        return this.#endWatches();
      case "ask":
        this.#question = message.question;
        return void this.#stacks.settle(this.#prompting, WOKEN);
      case "taken":
        this.#unread -= message.bytes;
        for (const n of this.#writers.splice(0)) this.#stacks.settle(n, WOKEN);
    }
  }

  /** Makes a call; its answer settles the wait `n`. @param {number} n @param {string} text @param {Uint8Array} [payload] */
  ask(n, text, payload) {
    this.#transcript.send();
    this.#calls.add(n);
    this.#port.postMessage({ do: "call", n, asked: text, payload }, payload ? [payload.buffer] : []);
  }

  /** The answer to a call; nothing where it has none. @param {number} n */
  answer(n) {
    const answer = this.#answers.get(n);
    this.#answers.delete(n);
    return answer ?? null;
  }

  /** Ends a call, as a signal does; it still has its own answer. @param {number} n @returns {boolean} false where there is none */
  cancel(n) {
    if (!this.#calls.has(n)) return false;
    this.#port.postMessage({ do: "cancel", of: n });
    return true;
  }

  /** @param {any} message */
  #answered({ n, payload, machines, text, ...rest }) {
    if (machines) this.machines = machines;
    if (!this.#calls.delete(n)) return;
    this.#answers.set(n, { text: text ?? JSON.stringify(rest), bytes: payload ?? new Uint8Array() });
    this.#stacks.settle(n, WOKEN);
  }

  /** A line of input settles the wait `n`. @param {number} n */
  awaitLine(n) {
    this.#transcript.send();
    this.#stacks.notifySoon();
    this.#readers.push(n);
    this.#wakeReader();
  }

  /** A line of input, or a question of the page's, settles the wait `n`. @param {number} n */
  awaitPrompt(n) {
    // Where a question has ended the wait before this one, that is still among those for a line.
    this.#readers = this.#readers.filter((one) => one !== this.#prompting);
    this.#prompting = n;
    this.awaitLine(n);
    if (this.#question !== null) this.#stacks.settle(n, WOKEN);
  }

  /** The page's question, which is to be answered; undefined where there is none. */
  question() {
    const question = this.#question ?? undefined;
    this.#question = null;
    return question;
  }

  /** The next line with its end, empty at the end of file; undefined where another thread has taken it. */
  line() {
    const line = this.#typed.shift();
    if (line) this.#tell({ read: line.length });
    return line;
  }

  /** Whether a line can be read, or the end of file. */
  hasLine() {
    return this.#typed.length > 0;
  }

  /** How many lines have come so far. */
  linesCome() {
    return this.#come;
  }

  /**
   * Ends the wait or the call `n` as soon as something can be read, and more lines than `after` have come.
   * @param {number} n @param {number} after
   */
  endAtLine(n, after) {
    this.#transcript.send();
    this.#stacks.notifySoon();
    this.#watchers.set(n, after);
    this.#endWatches();
  }

  /** The wait `n` has ended by itself. @param {number} n */
  endedAlone(n) {
    this.#watchers.delete(n);
  }

  #endWatches() {
    if (this.#typed.length === 0) return;
    for (const [n, after] of [...this.#watchers]) {
      if (this.#come <= after) continue;
      this.#watchers.delete(n);
      if (!this.cancel(n)) this.#stacks.settle(n, WOKEN);
    }
  }

  #wakeReader() {
    while (this.#typed.length > 0 && this.#readers.length > 0) {
      if (this.#stacks.settle(/** @type {number} */ (this.#readers.shift()), WOKEN)) return;
    }
  }

  /** What the program does. @param {string} text */
  tell(text) {
    this.#tell(JSON.parse(text));
  }

  /** Writes output: how much of it, none while too much is unread. @param {number} stream @param {Uint8Array} bytes */
  write(stream, bytes) {
    if (this.#unread > OUTPUT) return 0;
    const piece = bytes.slice(0, OUTPUT);
    this.#unread += piece.length;
    this.#transcript.add(stream, piece);
    this.#tell({ output: { stream, bytes: piece } });
    return piece.length;
  }

  /** Room for output settles the wait `n`. @param {number} n */
  awaitRoom(n) {
    this.#writers.push(n);
  }
}
