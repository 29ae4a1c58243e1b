/**
 * Python for the page: workers with CPython in them, loaded in advance, one for each program. `room.run` takes them
 * from here; a page needs this module only to say early whether Python can run, and to load it while nothing happens.
 */

/** Whether Python can run here, and if not, why: a sentence for the person. Loads nothing but a small manifest. */
export function available(): Promise<
  { ok: true } | { ok: false; reason: "insecure" | "not-built"; sentence: string }
>;

/** Bytes as they travel (compressed); `ready` when the next `room.run` starts at once. */
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
