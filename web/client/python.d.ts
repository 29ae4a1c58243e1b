/**
 * Python for the page: workers with CPython in them, loaded in advance, one for each program. `room.run` takes them
 * from here; a page needs this module only to say early whether Python can run, and to load it while nothing happens.
 */

/** Whether Python can run here, and if not, why: a sentence for the person. Loads nothing but a small manifest. */
export function available(): Promise<
  { ok: true } | { ok: false; reason: "insecure" | "not-built"; sentence: string }
>;

/** Bytes as they travel, compressed by brotli, or by gzip at addresses that are not secure; `ready` when the next `room.run` starts at once. */
export interface PythonProgress {
  loaded: number;
  total: number;
  ready: boolean;
}

/**
 * Begins to load Python, if that is not under way; later calls only listen. Where Python is not available, does
 * nothing. Nothing is loaded before this or the first `room.run`.
 *
 * @throws {PythonError} `not-loaded`
 */
export function preload(onprogress?: (progress: PythonProgress) => void): Promise<void>;

// What follows is for `run.js`.

/** Bytes as they travel, and whether a script can run. */
export type Progress = PythonProgress;

/** One worker: it loads, waits for a script, runs it, and is ended. */
export class Interpreter {
  private constructor();
  progress: Progress;
  onprogress: (progress: Progress) => void;
  /** What the script's worker tells. */
  onnews: (news: any) => void;
  /** Resolves when it can run a script. */
  ready: Promise<void>;
  tell(message: any, transfer?: Transferable[]): void;
  /** At once, whatever it does. */
  end(): void;
}

/** Whether calls can block on shared memory here. */
export function sharesMemory(): boolean;

/** Whether the browser can suspend WebAssembly: then programs have threads. */
export function suspends(): boolean;

/**
 * A worker for a script, loaded or about to be.
 *
 * @throws {PythonError} where Python cannot run
 */
export function take(): Promise<Interpreter>;
