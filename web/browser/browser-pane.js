// A browser on a machine: an address line, the page below it, and what went over the wire. Paints what a visit finds out.
import { visibleOutput } from "../client/web.js";
import { counted } from "../base/counted.js";
import { button, element, reconcile } from "../base/element.js";
import { roomSocketsOf } from "../base/room-sockets.js";
import { ADDRESS_LENGTH, readAddress, resolveLink, suggestions } from "./address.js";
import { hexView, textView } from "./bytes-view.js";
import { contentOf, pictureType } from "./content.js";
import { PageFrame } from "./page-frame.js";
import { PROGRAM, Visit, base64 } from "./visit.js";
import { progress, summary } from "./visit-words.js";
import { WireDrawer } from "./wire-drawer.js";

/** Addresses of this visit to the page that are remembered. */
const HISTORY = 50;
/** How often a wait's seconds are shown anew, milliseconds. */
const TICK_MS = 200;
/** A wait shorter than this is not worth a word, milliseconds. */
const SHORT_MS = 400;

/** @typedef {import("./content.js").Content} Content */
/** @typedef {{ node: HTMLElement, clear: () => void, watch: (program: number) => void, show: (exit: any) => Promise<void> }} Card explains a failed call */

export class BrowserPane {
  #parts;
  #field = /** @type {HTMLInputElement} */ (
    element("input", {
      class: "field mono browser-address", inputmode: "url", maxlength: ADDRESS_LENGTH, autocomplete: "off", spellcheck: "false", autocapitalize: "off", enterkeyhint: "go", dir: "ltr",
    })
  );
  #known = /** @type {HTMLDataListElement} */ (element("datalist", {}));
  #back = button("←", () => this.#goBack(), { class: "link plain", "aria-label": "Back", title: "Back: asks for the page before this one again", disabled: true });
  #again = button("↻", () => this.#reload(), { class: "link plain", "aria-label": "Reload", title: "Asks for the page again", disabled: true });
  /** Opens what is typed; while a visit goes on, it stops that. Enter in the address line opens in any case. */
  #go = button("Open", () => this.#isBusy && this.#visit?.stop(), { class: "button browser-go", type: "submit" });
  /** What is wrong with what was typed. */
  #fault = element("p", { class: "program-fault", role: "alert", hidden: true });
  #status = element("p", { class: "browser-status", role: "status" });
  /** Counts, so it is not read out. */
  #waiting = element("p", { class: "browser-waiting", hidden: true });
  #notes = element("ul", { class: "browser-notes", hidden: true });
  #frame = new PageFrame();
  #page = element("div", { class: "browser-page", hidden: true }, this.#frame.node);
  /** Anything but a page. */
  #other = element("div", { class: "browser-other" });
  /** What of a page is not here. */
  #left = element("ul", { class: "browser-left soft", hidden: true });
  #links = element("details", { class: "browser-links", hidden: true });
  #drawer = new WireDrawer();
  node;
  /** @type {Visit | null} */
  #visit = null;
  /** @type {string[]} */
  #history = [];
  #at = -1;
  /** What is offered below the address line. */
  #offered = "";
  /** The address that the line has shown last by itself. */
  #followed = "";
  /** @type {ReturnType<typeof setInterval> | undefined} */
  #ticking;
  #drawing = false;
  #stopListening;
  /** It is not wanted any more. */
  onclose = () => {};

  /**
   * @param {{ room: import("../client/room.js").Room, view: import("../client/web.js").View, clock: { now: () => number },
   *   host: { id: number, name: string }, card: Card }} parts
   */
  constructor(parts) {
    this.#parts = parts;
    const { host, card, room } = parts;
    const list = `browser-known-${host.id}`;
    this.#known.id = list;
    this.#field.setAttribute("list", list);
    this.#field.setAttribute("aria-label", `Address, opened from ${host.name}`);
    this.#field.addEventListener("focus", () => this.#offer(this.#suggested));
    this.#field.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#isBusy) this.#visit?.stop();
    });
    const close = button("×", () => this.onclose(), { class: "link plain browser-close", "aria-label": "Close the browser", title: "Close the browser" });
    const bar = element("form", { class: "browser-bar" }, this.#back, this.#again, this.#field, this.#go, close, this.#known);
    bar.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#openTyped();
    });
    const main = element("div", { class: "browser-main" }, this.#page, this.#other, this.#left, this.#links);
    const said = element("div", { class: "browser-said" }, this.#status, this.#waiting, this.#notes, card.node);
    this.node = element("section", { class: "browser", "aria-label": `Browser on ${host.name}` }, bar, this.#fault, element("div", { class: "browser-body" }, said, main, this.#drawer.node));
    this.#drawStart();
    this.#stopListening = room.on("trace", () => this.node.checkVisibility() && this.#drawSoon());
  }

  focus() {
    this.#field.focus();
    this.#field.select();
  }

  /** Whether somebody is at work in it. */
  get inUse() {
    return this.#isBusy || this.node.contains(document.activeElement);
  }

  /** Stops what it does, if it is this program that does it. @param {number} program its number in the room */
  stop(program) {
    const ours = this.#isBusy && this.#visit?.program === program;
    if (ours) this.#visit?.stop();
    return ours;
  }

  /** It is closed. */
  end() {
    this.#visit?.stop();
    this.#visit = null;
    this.#stopListening();
    clearInterval(this.#ticking);
    this.node.remove();
  }

  get #isBusy() {
    return this.#visit !== null && !this.#visit.isOver;
  }

  #openTyped() {
    // The first that is offered is taken where nothing was typed.
    const typed = this.#field.value || this.#suggested[0]?.text || "";
    const { address, fault } = readAddress(typed);
    if (!address) return this.#refuse(fault ?? "");
    this.#open(address, true);
  }

  /** @param {string} fault */
  #refuse(fault) {
    this.#field.setAttribute("aria-invalid", "true");
    this.#fault.hidden = false;
    this.#fault.textContent = visibleOutput(fault);
    this.#field.focus();
  }

  #goBack() {
    if (this.#at < 1) return;
    this.#at -= 1;
    this.#openText(this.#history[this.#at]);
  }

  #reload() {
    if (this.#at >= 0) this.#openText(this.#history[this.#at]);
  }

  /** @param {string} text an address of the history */
  #openText(text) {
    const { address } = readAddress(text);
    if (address) this.#open(address, false);
  }

  /** @param {import("./address.js").Address} address @param {boolean} fresh it is to be remembered */
  async #open(address, fresh) {
    this.#visit?.stop();
    if (fresh) this.#remember(address.text);
    const { room, host, card } = this.#parts;
    const visit = new Visit(() => room.program(host.id, { name: PROGRAM, lifetime: "page" }), () => this.#drawSoon());
    this.#visit = visit;
    this.#begin(address.text);
    // From here on, also before its first call.
    card.clear();
    await visit.fetch(address, (program) => card.watch(program));
    if (this.#visit === visit) await this.#show(visit);
    await visit.leave();
    if (this.#visit === visit) await this.#explain(visit);
  }

  /** @param {string} text */
  #remember(text) {
    if (this.#history[this.#at] === text) return;
    this.#history.splice(this.#at + 1, this.#history.length, text);
    if (this.#history.length > HISTORY) this.#history.shift();
    this.#at = this.#history.length - 1;
  }

  /** @param {string} text the address */
  #begin(text) {
    this.#field.value = this.#followed = text;
    this.#field.removeAttribute("aria-invalid");
    this.#fault.hidden = true;
    this.#status.textContent = `Opening ${text}`;
    list(this.#notes, []);
    list(this.#left, []);
    this.#links.hidden = true;
    clearInterval(this.#ticking);
    this.#ticking = setInterval(() => this.#drawWait(), TICK_MS);
    this.#draw();
  }

  #drawSoon() {
    if (this.#drawing) return;
    this.#drawing = true;
    requestAnimationFrame(() => {
      this.#drawing = false;
      this.#draw();
    });
  }

  /** What is different while a visit goes on. */
  #draw() {
    const busy = this.#isBusy;
    this.#go.textContent = busy ? "Stop" : "Open";
    this.#go.type = busy ? "button" : "submit";
    this.#back.disabled = busy || this.#at < 1;
    this.#again.disabled = busy || this.#at < 0;
    this.node.dataset.busy = String(busy);
    this.node.dataset.state = this.#visit?.state ?? "";
    if (!this.#visit) return this.#drawStart();
    this.#drawer.show(this.#visit);
    this.#follow(this.#visit.address);
    this.#drawWait();
  }

  /** Shows where a redirect has led; what somebody types meanwhile stays. @param {string} address */
  #follow(address) {
    if (address === "" || address === this.#followed) return;
    this.#followed = address;
    this.#field.value = address;
  }

  #drawWait() {
    const visit = this.#visit;
    if (!visit || visit.isOver) {
      clearInterval(this.#ticking);
      this.#waiting.hidden = true;
      return;
    }
    const now = performance.now();
    const long = visit.doing !== null && now - visit.doing.since > SHORT_MS;
    this.#waiting.hidden = !long;
    if (!long) return;
    const { view, host } = this.#parts;
    const call = view.waiting(host.id).find((/** @type {{ program: number }} */ { program }) => program === visit.program);
    this.#waiting.textContent = visibleOutput(progress(visit, call?.sentence ?? "", now));
  }

  /** Shows what came. @param {Visit} visit */
  async #show(visit) {
    const { page } = visit;
    const content = page && contentOf(page.answer);
    if (page && this.#at >= 0) this.#history[this.#at] = page.address.text;
    this.#status.textContent = visibleOutput(summary(visit, content));
    const notes = [...visit.notes, ...(page?.answer.notes ?? []), ...(content?.notes ?? [])];
    list(this.#notes, notes);
    this.#draw();
    if (content?.kind === "html") await this.#showPage(visit, content, notes);
    else this.#showOther(visit, content);
    // Whoever is to see what is wrong sees the bytes.
    if (notes.length > 0 || content?.kind === "bytes") this.#drawer.node.open = true;
    this.#draw();
  }

  /** @param {Visit} visit @param {Content} content @param {string[]} notes */
  async #showPage(visit, content, notes) {
    this.#page.hidden = false;
    this.#other.replaceChildren();
    const page = await this.#frame.read(content.text, visit.address);
    if (this.#visit !== visit) return;
    if (!page || !(await this.#frame.show(content.text, page.title, new Map()))) {
      list(this.#notes, [...notes, "The page cannot be shown as a page in this browser: this is its text."]);
      return this.#showOther(visit, { ...content, kind: "text" });
    }
    this.#listLinks(page, visit);
    if (page.title) this.#status.textContent = `${visibleOutput(page.title)} · ${this.#status.textContent}`;
    const pictures = visit.state === "done" ? await visit.pictures(page.pictures, page.base) : new Map();
    if (this.#visit !== visit) return;
    if (pictures.size > 0) await this.#frame.show(content.text, page.title, pictures);
    const stopped = visit.state === "stopped" && visit.page?.whole ? ["Stopped: not all of its pictures are here."] : [];
    list(this.#left, [...visit.pictureNotes, ...stopped, ...leftOut(page)]);
  }

  /** @param {Visit} visit @param {Content | null} content */
  #showOther(visit, content) {
    this.#page.hidden = true;
    this.#frame.clear();
    const body = visit.page?.answer.body ?? new Uint8Array();
    const shown = content === null || content.kind === "none" ? null : this.#other.replaceChildren(bodyOf(content, body));
    if (shown === null) this.#other.replaceChildren();
  }

  /** Why no page came, as of any program's call. @param {Visit} visit */
  async #explain(visit) {
    const { failed, state } = visit;
    if (state !== "failed" || !failed) return;
    const { card } = this.#parts;
    const { number, name, error } = failed;
    await card.show({ error: { errno: error?.errno ?? null, call: number > 0 ? { number, name } : null } });
    if (this.#visit !== visit || !card.node.hidden) return;
    list(this.#notes, [`${name ? `${name}(): ` : ""}${error?.message ?? String(error)}`]);
  }

  /** @param {import("./page-frame.js").Page} page @param {Visit} visit */
  #listLinks({ links, moreLinks, base }, visit) {
    this.#links.hidden = links.length === 0;
    const items = links.map(({ href, words }) => {
      const { address, fault } = resolveLink(href, base);
      const text = element("span", { dir: "auto" }, visibleOutput(words || href));
      if (!address) return element("li", {}, text, element("span", { class: "soft" }, ` ${visibleOutput(href.slice(0, 200))} ${fault}`));
      const open = button("", () => this.#visit === visit && this.#open(address, true), { class: "link" });
      open.replaceChildren(text);
      return element("li", {}, open, element("span", { class: "soft mono" }, ` ${address.text}`));
    });
    const more = moreLinks > 0 ? element("p", { class: "soft" }, `And ${moreLinks} more.`) : "";
    this.#links.replaceChildren(element("summary", {}, `${counted(links.length + moreLinks, "link")} on this page`), element("ul", {}, ...items), more);
  }

  /** Addresses where somebody listens now. */
  get #suggested() {
    const { room, view, clock, host } = this.#parts;
    return suggestions(roomSocketsOf({ room, view, host, now: clock.now() }));
  }

  /** What there is to see before anything was opened: where one could go. */
  #drawStart() {
    const found = this.#suggested;
    const words = element("p", { class: "soft", data: { key: "words" } }, "Opens a page from this machine by real calls: each one is on the wire.");
    const offers = found.map(({ text, words: who }) => {
      const offer = button("", () => {
        this.#field.value = text;
        this.#openTyped();
      }, { class: "link offer", data: { key: text } });
      offer.replaceChildren(element("span", { class: "mono" }, text), element("span", { class: "soft" }, who));
      return offer;
    });
    reconcile(this.#other, [words, ...offers], (kept, made) => {
      if (kept.textContent !== made.textContent) kept.replaceChildren(...made.childNodes);
    });
    this.#offer(found);
  }

  /** Puts below the address line where somebody listens, and what was opened before. @param {{ text: string }[]} found */
  #offer(found) {
    const known = [...new Set([...found.map(({ text }) => text), ...this.#history.toReversed()])];
    if (known.join("\n") === this.#offered) return;
    this.#offered = known.join("\n");
    this.#known.replaceChildren(...known.map((value) => element("option", { value })));
    this.#field.placeholder = found[0]?.text ?? "";
  }
}

/** @param {HTMLElement} place @param {string[]} notes */
function list(place, notes) {
  place.hidden = notes.length === 0;
  place.replaceChildren(...notes.map((note) => element("li", { dir: "auto" }, visibleOutput(note))));
}

/** What was left out of a page, a sentence each. @param {import("./page-frame.js").Page} page */
function leftOut({ left }) {
  const { scripts, styles, frames, forms } = left;
  const said = (/** @type {number} */ count, /** @type {string} */ one, /** @type {string} */ many) => (count === 0 ? [] : [count === 1 ? one : many.replace("#", String(count))]);
  return [
    ...said(scripts, "A script on this page was not run: this browser runs none.", "# scripts on this page were not run: this browser runs none."),
    ...said(styles, "A style sheet was not asked for: this browser asks for the page and its pictures.", "# style sheets were not asked for: this browser asks for the page and its pictures."),
    ...said(frames, "A frame in this page was left out.", "# frames in this page were left out."),
    ...said(forms, "Its form cannot be sent from here.", "Its # forms cannot be sent from here."),
  ];
}

/** @param {Content} content @param {Uint8Array} body */
function bodyOf({ kind, text, type }, body) {
  if (kind === "text") return textView(text, "The text that came");
  const dump = hexView(body, "The bytes that came");
  if (kind !== "picture") return dump;
  const picture = element("img", { class: "data-picture", alt: "The picture that came", src: `data:${pictureType(type)};base64,${base64(body)}` });
  picture.addEventListener("error", () => picture.replaceWith(element("p", { class: "soft" }, `These bytes are no picture of the type ${type}:`), dump));
  return picture;
}
