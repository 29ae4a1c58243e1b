// <wireside-replay src="https://lab.example/s/ID"> shows a recording of Wireside in a page of yours, or with the address of a lesson
// (https://lab.example/?lesson=NAME) or of a copy that. The attributes view (wire, code, both), event, to, speed, play, recording, theme and
// height are those of docs/embed.md, and so are the methods play(), pause(), seek(event), start() and show(view). It fires "ready", "event",
// "ended", "state", "step" and "resize", each with what the frame said in `detail`.
const TOLD = ["ready", "event", "ended", "state", "step", "resize"];
const ASKED = ["view", "event", "to", "speed", "recording", "theme"];

class WiresideReplay extends HTMLElement {
  static observedAttributes = ["src", ...ASKED, "play", "height"];
  #frame = document.createElement("iframe");
  #hear = (/** @type {MessageEvent} */ { origin, source, data }) => {
    // Only what our own frame says, and only while it shows what we put into it.
    if (source !== this.#frame.contentWindow || origin !== this.#origin || data?.wireside !== 1 || !TOLD.includes(data.type)) return;
    this.dispatchEvent(new CustomEvent(data.type, { detail: data }));
  };
  get #origin() {
    return new URL(this.getAttribute("src") ?? "", location.href).origin;
  }
  connectedCallback() {
    this.#frame.loading = "lazy";
    this.#frame.title = this.getAttribute("title") ?? "A recording of Wireside";
    this.append(this.#frame);
    this.attributeChangedCallback();
    addEventListener("message", this.#hear);
  }
  disconnectedCallback() {
    removeEventListener("message", this.#hear);
  }
  attributeChangedCallback() {
    if (!this.isConnected || !this.hasAttribute("src")) return;
    const { origin, pathname, search, hash } = new URL(this.getAttribute("src") ?? "", location.href);
    const asked = new URLSearchParams();
    for (const name of ASKED) if (this.hasAttribute(name)) asked.set(name, this.getAttribute(name) ?? "");
    if (this.hasAttribute("play")) asked.set("play", "1");
    const place = new URLSearchParams(hash.slice(1));
    for (const [own, name] of [["e", "event"], ["to", "to"], ["speed", "speed"]]) {
      if (place.has(own) && !asked.has(name)) asked.set(name, place.get(own) ?? "");
    }
    const lesson = new URLSearchParams(search).get("lesson") ?? /^\/learn\/([a-z0-9-]+)$/.exec(pathname)?.[1];
    const path = pathname.startsWith("/embed/") ? pathname : lesson ? `/embed/lesson/${lesson}` : `/embed${pathname}`;
    const address = `${origin}${path}?${asked}${hash.startsWith("#copy=") ? hash : ""}`;
    if (this.#frame.src !== address) this.#frame.src = address;
    Object.assign(this.#frame, { width: "100%", height: this.getAttribute("height") ?? "420", frameBorder: "0" });
  }
  /** @param {string} type @param {{ event?: number, view?: string }} [more] */
  #ask(type, more) {
    this.#frame.contentWindow?.postMessage({ wireside: 1, type, ...more }, this.#origin);
  }
  play() { this.#ask("play"); }
  pause() { this.#ask("pause"); }
  /** @param {number} event 0: everything */
  seek(event) { this.#ask("seek", { event }); }
  start() { this.#ask("start"); }
  /** @param {"wire" | "client" | "server" | "lesson"} view */
  show(view) { this.#ask("show", { view }); }
}
customElements.define("wireside-replay", WiresideReplay);
