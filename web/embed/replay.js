// <wireside-replay src="https://lab.example/s/ID"> shows a recording of Wireside in a page of yours. The attributes view
// (wire, code, both), event, to, speed, play, theme and height are those of docs/embed.md. Its methods are play(), pause() and
// seek(event); it fires "ready" { title, events, last }, "event" { event } and "ended", each with that in `detail`.
class WiresideReplay extends HTMLElement {
  static observedAttributes = ["src", "view", "event", "to", "speed", "play", "theme", "height"];
  #frame = document.createElement("iframe");
  #hear = (/** @type {MessageEvent} */ { origin, source, data }) => {
    // Only what our own frame says, and only while it shows what we put into it.
    if (source !== this.#frame.contentWindow || origin !== this.#origin || data?.wireside !== 1 || !["ready", "event", "ended"].includes(data.type)) return;
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
    const { origin, pathname, hash } = new URL(this.getAttribute("src") ?? "", location.href);
    const asked = new URLSearchParams();
    for (const name of ["view", "event", "to", "speed", "theme"]) if (this.hasAttribute(name)) asked.set(name, this.getAttribute(name) ?? "");
    if (this.hasAttribute("play")) asked.set("play", "1");
    const place = new URLSearchParams(hash.slice(1));
    for (const [own, name] of [["e", "event"], ["to", "to"], ["speed", "speed"]]) {
      if (place.has(own) && !asked.has(name)) asked.set(name, place.get(own) ?? "");
    }
    const address = `${origin}${pathname.startsWith("/embed/") ? "" : "/embed"}${pathname}?${asked}`;
    if (this.#frame.src !== address) this.#frame.src = address;
    Object.assign(this.#frame, { width: "100%", height: this.getAttribute("height") ?? "420", frameBorder: "0" });
  }
  /** @param {string} type @param {{ event?: number }} [more] */
  #ask(type, more) {
    this.#frame.contentWindow?.postMessage({ wireside: 1, type, ...more }, this.#origin);
  }
  play() { this.#ask("play"); }
  pause() { this.#ask("pause"); }
  /** @param {number} event 0: everything */
  seek(event) { this.#ask("seek", { event }); }
}
customElements.define("wireside-replay", WiresideReplay);
