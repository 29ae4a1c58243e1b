// Messages between a frame and the page around it, version 1 (docs/embed.md): `{ wireside: 1, type, ... }`. A page of any
// site may be around it: what it sends is looked at as a stranger's, and what it is told is no secret.

const VERSION = 1;
/** What of a frame may be asked for by its name. */
const VIEWS = /** @type {const} */ (["wire", "client", "server", "lesson"]);

/** @typedef {(typeof VIEWS)[number]} View */
/**
 * What the page around may ask for; what a frame does not have is passed over.
 * @typedef {{ play?: () => void, pause?: () => void, seek?: (event: number) => void, start?: () => void, show?: (view: View) => void }} Told
 */

export class Messages {
  #told;
  /** The origin of the page around, where the browser says it; else whoever is around. */
  #origin;

  /** @param {Told} told */
  constructor(told) {
    this.#told = told;
    const [around = "null"] = location.ancestorOrigins ?? [];
    // A page without an origin (a file, a sandbox) can be reached by the star alone.
    this.#origin = /^https?:/.test(around) ? around : "*";
    addEventListener("message", (event) => this.#heard(event));
  }

  /** Tells the page around. @param {string} type @param {Record<string, unknown>} [about] */
  tell(type, about = {}) {
    if (parent !== window) parent.postMessage({ wireside: VERSION, type, ...about }, this.#origin);
  }

  /** @param {MessageEvent} event */
  #heard({ source, origin, data }) {
    if (source !== parent || parent === window) return;
    if (this.#origin !== "*" && origin !== this.#origin) return;
    if (typeof data !== "object" || data === null || data.wireside !== VERSION) return;
    const { type, event, view } = data;
    if (type === "play") this.#told.play?.();
    else if (type === "pause") this.#told.pause?.();
    else if (type === "start") this.#told.start?.();
    else if (type === "seek" && Number.isSafeInteger(event) && event >= 0) this.#told.seek?.(event);
    else if (type === "show" && VIEWS.includes(view)) this.#told.show?.(view);
  }
}
