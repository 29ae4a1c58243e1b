// Threads of one Python program: stacks that the browser suspends (JSPI), of which one runs at a time.
//
// Python sees a module `_stacks` of built-in functions, with no JavaScript frame between CPython and the suspension: such a
// frame could not be suspended. `_threads.py` makes CPython's `_thread` of them. Each thread has a stack of C's own, at an
// address of its own, and nothing is copied: CPython keeps pointers into it (frames, the collector's lists).

/** C's stack of a thread, and the one of the event loop's own calls. The main thread has more, but may use no more: the engine's
 * own stack, which nobody can ask, is then nearly full. Bytes. */
const STACK = 256 * 1024;
/** How long a thread computes before another has its turn. Milliseconds. */
const TURN_MS = 5;
/** What a program does is told after it has not changed for so long, ... */
const NOTICE_MS = 25;
/** ... and not more often than this. Milliseconds. */
const NOTICES_MS = 100;

const SIGINT = 2;
const SIGALRM = 14;
/** The signal that ends a turn, and by which Python learns of others than SIGINT: the last of those that no program uses. */
const SIGRTMAX = 64;
/** A browser's timers take no more. Milliseconds. */
const LONGEST_MS = 2 ** 31 - 1;
const METH_FASTCALL = 0x80;

/** Why a thread goes on. */
const WOKEN = 1;
const TIME_OVER = 0;
const SIGNAL = -1;

/** @typedef {{ n: number, thread: number, timer: any, value: number, sp: number, state: number, promise: Promise<any>, resolve: ((wait: any) => void) | null }} Wait */

export class Stacks {
  #module;
  /** What CPython's C code calls the only thread it knows. */
  #main;
  /** Who runs; 0 is the event loop. */
  #current;
  /** @type {Map<number, Wait>} */
  #waits = new Map();
  #n = 0;
  /** The wait of the main thread: a signal ends it. */
  #mainWait = 0;
  /** Signals that have come for the main thread. @type {Set<number>} */
  #pending = new Set();
  /** Python takes all signals by itself: SIGINT too comes by the one that ends turns. */
  #takesAll = false;
  /** Python has been told that some have come, and has not taken them yet. */
  #heralded = false;
  /** When SIGALRM is due, of `performance.now()`. */
  #alarm = Infinity;
  /** @type {any} */
  #alarmTimer = null;
  #several = false;
  /** A turn that was to end when it could not. */
  #due = false;
  #turn = 0;
  #looks = 0;
  /** SIGINT in shared memory; none where there is none. @type {Int32Array | null} */
  #word = null;
  #ground = 0;
  /** By thread: where its stack of C ends, below. @type {Map<number, number>} */
  #regions = new Map();
  /** @type {number[]} */
  #free = [];
  /** Python's first function of every thread but the main one. @type {any} */
  #entry;
  #cannotWait;
  #channel = new MessageChannel();
  /** Threads that have not begun. @type {(() => void)[]} */
  #starting = [];
  /** @type {any} */
  #notice = null;
  #told = 0;

  /** Cancels what the main thread waits for, where that is a call: it then ends as the kernel says. @type {(n: number) => boolean} */
  cancel = () => false;
  /** Something waits, or goes on. */
  onnotice = () => {};
  /** A thread has failed below Python. @type {(error: any) => void} */
  onfail = () => {};

  /** @param {any} pyodide */
  constructor(pyodide) {
    const module = pyodide._module;
    this.#module = module;
    this.#main = this.#current = module._PyThread_get_thread_ident();
    this.#channel.port1.onmessage = ({ data }) => (data === 0 ? this.#starting.shift()?.() : this.settle(data, WOKEN));
    this.#cannotWait = this.#text("this cannot wait here: JavaScript is between");
    this.#ground = module._malloc(STACK) + STACK;
    this.#provide();
  }

  /** Python's first function of each thread. @param {any} proxy */
  set entry(proxy) {
    this.#entry = proxy;
  }

  /** The program begins. @param {Int32Array | null} word shared memory for SIGINT */
  begin(word) {
    this.#word = word;
    this.#watch();
  }

  /** Calls a function as the main thread, on the stack that CPython was started on. @param {any} proxy @param {any[]} args */
  async main(proxy, args) {
    const top = this.#module.stackSave();
    this.#regions.set(this.#main, top - STACK);
    await new Promise((resolve) => setTimeout(resolve));
    return this.#enter(proxy, args, top);
  }

  /** Ends a wait. @param {number} n @param {number} value @returns {boolean} false where it has ended */
  settle(n, value) {
    const wait = this.#waits.get(n);
    if (!wait?.resolve) return false;
    const { resolve } = wait;
    wait.resolve = null;
    wait.value = value;
    resolve(wait);
    return true;
  }

  /** A SIGINT has come. Where there is shared memory the word there is what counts. */
  interrupt() {
    if (this.#word) this.#look();
    else this.#note(SIGINT);
  }

  /** Signals are for the main thread. @param {number} signal */
  #note(signal) {
    this.#pending.add(signal);
    if (this.#mainWait) this.#interruptMain();
    this.#due = true;
  }

  /** SIGALRM comes after so long, once; negative is never. @param {number} ms */
  #setAlarm(ms) {
    clearTimeout(this.#alarmTimer);
    this.#alarm = ms < 0 ? Infinity : performance.now() + ms;
    if (ms >= 0) this.#alarmTimer = setTimeout(() => this.#ring(), Math.min(ms, LONGEST_MS));
  }

  /** Looks at the clock: a program that computes gives the timer no turn. */
  #ring() {
    if (performance.now() < this.#alarm) return;
    this.#setAlarm(-1);
    this.#note(SIGALRM);
  }

  #interruptMain() {
    if (!this.cancel(this.#mainWait)) this.settle(this.#mainWait, SIGNAL);
  }

  #look() {
    if (this.#word && Atomics.compareExchange(this.#word, 0, SIGINT, 0) === SIGINT) this.#note(SIGINT);
    if (this.#alarm !== Infinity) this.#ring();
    return this.#pending.size > 0;
  }

  #token() {
    const n = ++this.#n;
    /** @type {any} */
    const wait = { n, thread: 0, timer: 0, value: 0, sp: 0, state: 0 };
    wait.promise = new Promise((resolve) => {
      wait.resolve = resolve;
    });
    this.#waits.set(n, wait);
    return n;
  }

  /** Before a suspension: null where none is possible. @param {number} n @param {number} ms negative is for ever */
  #take(n, ms) {
    const module = this.#module;
    const wait = this.#waits.get(n);
    // A JavaScript frame below: Pyodide clears this when JavaScript calls Python.
    if (!wait || !module.validSuspender.value || !this.#current) return null;
    wait.thread = this.#current;
    if (ms >= 0) wait.timer = setTimeout(() => this.settle(n, TIME_OVER), ms);
    if (wait.thread === this.#main) {
      this.#mainWait = n;
      if (this.#look()) this.#interruptMain();
    }
    this.#notify();
    wait.sp = module.stackSave();
    wait.state = module._captureThreadState();
    module.stackRestore(this.#ground);
    this.#current = 0;
    return wait.promise;
  }

  /** After it. @param {Wait | null} wait @param {number} n */
  #done(wait, n) {
    const module = this.#module;
    if (wait === null) {
      this.#waits.delete(n);
      module._PyErr_SetString(module.HEAP32[module._PyExc_RuntimeError >> 2], this.#cannotWait);
      return 0;
    }
    // The stack first of all: what follows may call functions of C.
    module.stackRestore(wait.sp);
    module._restoreThreadState(wait.state);
    module.validSuspender.value = true;
    this.#waits.delete(wait.n);
    clearTimeout(wait.timer);
    this.#current = wait.thread;
    this.#turn = performance.now();
    if (wait.thread === this.#main) {
      this.#mainWait = 0;
      // Seen at the interpreter's next look and not fifty later.
      if (this.#pending.size > 0) module.HEAP32[module.__Py_emscripten_signal_clock >> 2] = 0;
    }
    this.#notify();
    return module._PyLong_FromLong(wait.value);
  }

  #notify() {
    if (this.#notice === null) this.#notifyAfter(Math.max(NOTICE_MS, this.#told + NOTICES_MS - performance.now()));
  }

  /** What waits next is told as soon as it does: a person is asked for it. */
  notifySoon() {
    clearTimeout(this.#notice);
    this.#notifyAfter(0);
  }

  /** @param {number} ms */
  #notifyAfter(ms) {
    this.#notice = setTimeout(() => {
      this.#notice = null;
      this.#told = performance.now();
      this.onnotice();
    }, ms);
  }

  /** A thread runs from now on, or none does: 0. @param {number} ident */
  #become(ident) {
    const module = this.#module;
    this.#current = ident;
    this.#turn = performance.now();
    const region = this.#regions.get(ident);
    // From here on C's recursion ends in a RecursionError.
    if (region !== undefined) module._PyUnstable_ThreadState_SetStackProtection(module._PyThreadState_Get(), region, STACK);
  }

  /** Begins a thread as soon as nobody runs. @param {number} ident */
  #spawn(ident) {
    const region = this.#free.pop() ?? this.#module._malloc(STACK);
    this.#regions.set(ident, region);
    this.#starting.push(async () => {
      try {
        await this.#enter(this.#entry, [ident], region + STACK);
        this.#regions.delete(ident);
        this.#free.push(region);
      } catch (error) {
        this.onfail(error);
      }
    });
    this.#channel.port2.postMessage(0);
  }

  /** @param {any} proxy @param {any[]} args @param {number} top */
  async #enter(proxy, args, top) {
    const module = this.#module;
    const failed = module._malloc(4);
    module.stackRestore(top & ~15);
    const promise = module.promisingApply(module.PyProxy_getAttrsQuiet(proxy).shared.ptr, args, args.length, [], 0, failed);
    module.stackRestore(this.#ground);
    const [result] = await promise;
    // It has left the pointer where its own stack began.
    module.stackRestore(this.#ground);
    const exception = module.HEAPU32[failed >> 2];
    module._free(failed);
    if (result === module.error) {
      module._PyErr_SetRaisedException(exception);
      module._pythonexc2js();
    }
    return result;
  }

  /** How many threads live. @param {number} count */
  #count(count) {
    if (count > 1 === this.#several) return;
    this.#several = count > 1;
    this.#watch();
  }

  /**
   * What CPython looks at for signals. While there is one thread and memory is shared: a word in it, as ever. Else a
   * property with a clock behind it, so that turns end (and a SIGINT comes) without shared memory and without a ticker.
   * The property of the module, not of an array: an array's accessor costs ten times as much at every look.
   */
  #watch() {
    const module = this.#module;
    const name = "Py_EmscriptenSignalBuffer";
    module.HEAP8[module._Py_EMSCRIPTEN_SIGNAL_HANDLING] = 1;
    const others = [...this.#pending].some((signal) => signal !== SIGINT);
    if (this.#word && !this.#several && !this.#takesAll && !others) {
      if (this.#pending.delete(SIGINT)) Atomics.store(this.#word, 0, SIGINT);
      Object.defineProperty(module, name, { configurable: true, writable: true, value: this.#word });
      return;
    }
    const cell = new Int32Array(1);
    const get = () => {
      if (cell[0] !== 0) return cell;
      // A clock costs more than a look: one in four.
      if ((++this.#looks & 3) !== 0 && this.#pending.size === 0 && (this.#word === null || this.#word[0] === 0)) return null;
      cell[0] = this.#signal();
      return cell[0] === 0 ? null : cell;
    };
    Object.defineProperty(module, name, { configurable: true, get });
  }

  /** The signal that is due to who runs, or 0. */
  #signal() {
    if (this.#look() && this.#current === this.#main) {
      this.#due = false;
      if (!this.#takesAll && this.#pending.delete(SIGINT)) return SIGINT;
      // Once: the handler's own first look would begin it again.
      if (this.#heralded) return 0;
      this.#heralded = true;
      return SIGRTMAX;
    }
    // Where memory is not shared, one thread alone takes turns with the event loop, or no SIGINT would reach it.
    if ((this.#several || !this.#word) && (this.#due || performance.now() - this.#turn > TURN_MS)) {
      this.#due = false;
      this.#turn = performance.now();
      return SIGRTMAX;
    }
    return 0;
  }

  /** The module `_stacks`. */
  #provide() {
    const module = this.#module;
    const functions = this.#functions();
    const imports = {
      ...functions,
      take: (/** @type {number} */ args, /** @type {number} */ count) => this.#take(this.#argument(args, 0), count > 1 ? this.#argument(args, 1) : -1),
      sync: new /** @type {any} */ (WebAssembly).Suspending((/** @type {any} */ promise) => promise),
      done: (/** @type {any} */ wait, /** @type {number} */ args) => this.#done(wait, this.#argument(args, 0)),
    };
    const names = Object.keys(functions);
    const { exports } = new WebAssembly.Instance(new WebAssembly.Module(glue(names)), { e: imports });
    const made = module._PyImport_AddModule(this.#text("_stacks"));
    // `ident` is what programs have as `get_ident`.
    const home = module._PyUnicode_FromString(this.#text("_thread"));
    for (const name of ["wait", ...names]) {
      const at = module.wasmTable.grow(1);
      module.wasmTable.set(at, exports[name]);
      const definition = module._malloc(16);
      module.HEAP32.set([this.#text(name), at, METH_FASTCALL, 0], definition >> 2);
      module._PyModule_AddObject(made, this.#text(name), module._PyCMethod_New(definition, 0, home, 0));
    }
  }

  /** Argument `at` of a call from Python. @param {number} args @param {number} at @returns {number} */
  #argument(args, at) {
    return this.#module._PyLong_AsLong(this.#module.HEAP32[(args >> 2) + at]);
  }

  /**
   * What Python calls without a wait, by name.
   * @returns {Record<string, (self: number, args: number, count: number) => number>}
   */
  #functions() {
    const module = this.#module;
    const argument = (/** @type {number} */ args, /** @type {number} */ at) => this.#argument(args, at);
    const number = (/** @type {number} */ value) => module._PyLong_FromLong(value);
    return {
      token: () => number(this.#token()),
      wake: (_, args) => number(+this.settle(argument(args, 0), WOKEN)),
      forget: (_, args) => number(+this.#waits.delete(argument(args, 0))),
      // Woken by a message: answers that have come are heard before.
      turn: () => {
        const n = this.#token();
        this.#channel.port2.postMessage(n);
        return number(n);
      },
      due: () => {
        this.#due = true;
        this.#heralded = false;
        return number(0);
      },
      ident: () => number(this.#current),
      become: (_, args) => {
        this.#become(argument(args, 0));
        return number(0);
      },
      spawn: (_, args) => {
        this.#spawn(argument(args, 0));
        return number(0);
      },
      count: (_, args) => {
        this.#count(argument(args, 0));
        return number(0);
      },
      can_wait: () => number(+(module.validSuspender.value && this.#current !== 0)),
      interrupt: () => {
        this.#note(SIGINT);
        if (this.#word && !this.#several) this.#watch();
        return number(0);
      },
      // One that has come, or 0.
      take_signal: () => {
        this.#look();
        this.#heralded = false;
        const [signal = 0] = this.#pending;
        // The last one is taken: the interpreter may look by itself again.
        if (this.#pending.delete(signal) && this.#pending.size === 0) this.#watch();
        return number(signal);
      },
      raise_signal: (_, args) => {
        this.#note(argument(args, 0));
        return number(0);
      },
      take_all_signals: (_, args) => {
        this.#takesAll = argument(args, 0) !== 0;
        this.#watch();
        return number(0);
      },
      set_alarm: (_, args) => {
        this.#setAlarm(argument(args, 0));
        return number(0);
      },
    };
  }

  /** A text of C, for ever. @param {string} text */
  #text(text) {
    const at = this.#module._malloc(text.length + 1);
    this.#module.stringToUTF8(text, at, text.length + 1);
    return at;
  }
}

/**
 * A module of WebAssembly that makes C functions of JavaScript's: every named import is exported again, as a function of
 * WebAssembly that a table takes, and `wait(self, args, count)` is
 * `promise = take(args, count); return done(promise === null ? null : sync(promise), args)`.
 * @param {string[]} names
 */
function glue(names) {
  const [i32, externref] = [0x7f, 0x6f];
  const text = (/** @type {string} */ word) => [word.length, ...new TextEncoder().encode(word)];
  const vector = (/** @type {number[][]} */ items) => [items.length, ...items.flat()];
  // A section's length takes two bytes here.
  const section = (/** @type {number} */ id, /** @type {number[]} */ body) => [id, (body.length & 0x7f) | 0x80, body.length >> 7, ...body];
  const types = vector([
    [0x60, 3, i32, i32, i32, 1, i32],
    [0x60, 2, i32, i32, 1, externref],
    [0x60, 1, externref, 1, externref],
    [0x60, 2, externref, i32, 1, i32],
  ]);
  const imported = (/** @type {string} */ name, /** @type {number} */ type) => [...text("e"), ...text(name), 0, type];
  const imports = vector([imported("take", 1), imported("sync", 2), imported("done", 3), ...names.map((name) => imported(name, 0))]);
  const exports = vector([[...text("wait"), 0, 3 + names.length], ...names.map((name, at) => [...text(name), 0, 3 + at])]);
  const body = [
    ...[1, 1, externref], // one local
    ...[0x20, 1, 0x20, 2, 0x10, 0, 0x22, 3], // local = take(args, count)
    ...[0xd1, 0x04, externref, 0xd0, externref, 0x05, 0x20, 3, 0x10, 1, 0x0b], // null, or sync(local)
    ...[0x20, 1, 0x10, 2, 0x0b], // done(that, args)
  ];
  const code = [1, body.length, ...body];
  const sections = [...section(1, types), ...section(2, imports), ...section(3, [1, 0]), ...section(7, exports), ...section(10, code)];
  return new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections]);
}
