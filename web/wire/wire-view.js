// The wire: draws what the layout in Rust decided, follows what is live, and lets the reader walk through it.
import { announce } from "../base/announce.js";
import { button, element } from "../base/element.js";
import { onScroll } from "../base/on-scroll.js";
import { DetailsDrawer } from "./details-drawer.js";
import { EventTable } from "./event-table.js";
import { HeldAbove } from "./held-above.js";
import { Lights } from "./lights.js";
import { Notes } from "./notes.js";
import { Pace } from "./pace.js";
import { Reveal } from "./reveal.js";
import { Scrubber } from "./scrubber.js";
import { ShowMenu } from "./show-menu.js";
import { WireHead } from "./wire-head.js";
import { listenForWireKeys } from "./wire-keys.js";
import { WirePlane } from "./wire-plane.js";
import { refusal } from "./wire-words.js";

/** What arrives so soon after the page has entered the room is history, not news. */
const HISTORY_MS = 700;
/** How often it is looked whether more is known of an event. */
const EXPLAIN_MS = 500;
/** How often numbers that count are drawn anew. */
const TICK_MS = 100;
/** Beyond this the time since the last event takes no more height: nothing moves by itself. */
const STILL_NS = 11e9;

const NOTHING_YET = "Nothing on the wire yet.";
const NOTHING_EVER = "Nothing happened on the wire in this recording.";

const reduced = matchMedia("(prefers-reduced-motion: reduce)");

export class WireView extends HTMLElement {
  /** @type {any} */
  #room;
  /** @type {any} */
  #view;
  /** @type {WirePlane} */
  #plane;
  /** @type {HeldAbove} */
  #above;
  /** @type {EventTable} */
  #table;
  /** @type {DetailsDrawer} */
  #drawer;
  /** @type {WireHead} */
  #head;
  /** @type {Scrubber} */
  #scrubber;
  /** What is pinned to events. */
  notes = new Notes();
  #reveal = new Reveal();
  #rest = element("p", { class: "wire-empty prose soft" }, NOTHING_YET);
  #follow = button("follow", () => this.#goLive(), { class: "button wire-follow", hidden: true });
  #following = true;
  #paused = 0;
  #pace = new Pace(() => this.#draw());
  #entered = 0;
  #chosen = 0;
  /** Up to which event the details explain. */
  #explainedAt = 0;
  /** @type {Lights} */
  #lights;
  /** Offers to point somebody else at an event, where that may be done. @type {import("./pointed.js").Pointing | null} */
  pointing = null;
  /** It was drawn anew while something is raised. */
  onpaint = () => {};
  /** @type {number[]} */
  #path = [];
  /** Nanoseconds the room is ahead of this page's clock. */
  #ahead = -Infinity;

  /**
   * @param {{ room: import("../client/room.js").Room, view: import("../client/web.js").View, past?: import("../client/web.js").View, notes?: Notes }} parts
   *   `past`, of a recording, knows the wire as it was at the event that is shown
   */
  attach({ room, view, past = view, notes = this.notes }) {
    this.#room = room;
    this.notes = notes;
    this.#view = view;
    this.#entered = performance.now();
    if (room.me) view.seed({ member: room.me.id });
    if (Number.isFinite(room.snapshot?.now)) this.#heard(room.snapshot.now);
    this.#build(past);
    room.on("trace", () => this.#arrived());
    room.on("change", () => this.#head.update());
    setInterval(() => this.#tick(), TICK_MS);
    setInterval(() => this.#explainAnew(), EXPLAIN_MS);
    this.#arrived();
  }

  /** Brings an event to the eye, and chooses it. @param {number} seq */
  reveal(seq) {
    this.#reveal.finish();
    this.#scrubber.live();
    this.#choose(seq, { scroll: true });
    this.#table.point(seq);
    this.#details(false);
  }

  /** Marks the event that somebody points at; 0: nobody does any more. @param {number} seq @param {string} who */
  pointAt(seq, who) {
    this.#plane.pointed.show(seq, who);
  }

  /** What an event is, in a sentence; nothing where it is not known here. @param {number} seq */
  sentenceOf(seq) {
    return this.#view.details(seq)?.sentence ?? "";
  }

  /** Raises what a line of code did; null: nothing is pointed at any more. @param {{ program: number, line: number } | null} code */
  lightCode(code) {
    this.#lights?.code(code);
  }

  /** Where a call is drawn in the window, as the plane says. @param {{ seq: number, end: number | null }} call */
  boxOf(call) {
    return this.#table.shown ? null : this.#plane.boxOf(call);
  }

  /** Makes Hold the one filled button, where a lesson wants it. @param {unknown} command @returns {boolean} */
  suggest(command) {
    return this.#head?.suggest(command) ?? false;
  }

  /** Shows everything up to an event of a recording; 0: all of it. @param {number} seq */
  showMoment(seq) {
    this.#scrubber.show(seq);
  }

  /**
   * Draws what happened when a recording was done again beside what happened then, and brings the first that differs to the eye.
   * @param {{ before: number[], now: { after: number, text: string }[] } | null} differences null: the recording alone
   */
  compare(differences) {
    this.#view.compare(differences ?? {});
    const first = Math.min(...(differences?.before ?? []), ...(differences?.now ?? []).map(({ after }) => Math.max(1, after)));
    this.#draw();
    if (!Number.isFinite(first)) return;
    this.#reveal.finish();
    this.#scrubber.live();
    this.#scrollTo(first);
    this.#table.point(first);
  }

  /** Goes on in time by itself from what is shown, from the beginning where that is all. */
  play() {
    this.#scrubber.play();
  }

  /** How fast that goes, and the event at which it stops (0: the end). @param {{ speed: number, to: number }} pace */
  setPlay({ speed, to }) {
    this.#scrubber.to = to;
    this.#scrubber.setSpeed(speed);
  }

  /** As it was set, or has become. @returns {{ speed: number, to: number }} */
  get pace() {
    return { speed: this.#scrubber.speed, to: this.#scrubber.to };
  }

  /** Stands still. */
  pause() {
    this.#scrubber.pause();
  }

  /** Brings the focus to what goes back and forth in time. */
  focusTime() {
    this.#scrubber.focus();
  }

  /** @param {import("../client/web.js").View} past */
  #build(past) {
    const view = this.#view;
    this.#head = new WireHead({ room: this.#room, view: past, scale: () => this.#plane.scale, onlist: (shown) => this.#showList(shown), onpick: () => this.#schedule() });
    this.#table = new EventTable(view, (seq, focused) => this.#choose(seq, { scroll: focused, fromTable: true }));
    this.#drawer = new DetailsDrawer({
      onclose: () => this.#table.focus(this.#table.active),
      ongo: (seq) => this.#go(seq),
    });
    const actions = {
      holds: this.#head.mayHold,
      deliver: (/** @type {number} */ packet) => this.#command(() => this.#room.wire.deliver(packet)),
      drop: (/** @type {number} */ packet) => this.#command(() => this.#room.wire.drop(packet)),
      unfold: (/** @type {number} */ seq) => this.#unfold(seq),
      cancel: (/** @type {number} */ call, /** @type {number} */ seq) => this.#cancel(call, seq),
    };
    this.#plane = new WirePlane({ view, actions, onresize: () => this.#schedule() });
    this.#above = new HeldAbove({ actions, ongo: (seq) => this.#table.focusSeq(seq) });
    const { root, ground, painter } = this.#plane;
    this.#lights = new Lights(view, painter);
    this.#lights.onchange = (seqs) => this.dispatchEvent(new CustomEvent("wire-light", { detail: seqs }));
    const stage = element("div", { class: "wire-stage" }, root, this.#above.root, this.#table.root, this.#rest, this.#follow, this.#drawer.root);
    this.#scrubber = new Scrubber(view, this.notes, () => this.#moved(), this.#room.recorded ? "end" : "live");
    this.#scrubber.root.append(new ShowMenu(view, () => this.#moved()).button);
    this.replaceChildren(this.#head.root, this.#head.names, stage, this.#scrubber.note, this.#scrubber.root);
    onScroll(root, (byHand) => this.#scrolled(byHand));
    stage.addEventListener("pointerdown", ({ target }) => target instanceof Element && target.closest("button") && this.#pace.press());
    for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => this.#pace.release(), true);
    ground.addEventListener("click", (event) => this.#clicked(event));
    ground.addEventListener("pointermove", (event) => this.#hover(event), { passive: true });
    ground.addEventListener("pointerleave", () => this.#lights.event(this.#chosen));
    // F6 puts the focus on the region around this element.
    listenForWireKeys(this.closest("section") ?? this, this.#keys(), () => this.#escape());
    this.addEventListener("focusout", () => requestAnimationFrame(() => this.#left()));
  }

  // What happens.

  #arrived() {
    const last = this.#view.lastSeq();
    if (last === 0) return this.#schedule();
    this.#heard(this.#view.timeOf(last) ?? 0);
    const fresh = performance.now() - this.#entered > HISTORY_MS;
    const slowly = fresh && this.#following && !reduced.matches && document.visibilityState === "visible";
    this.#reveal.arrived(last, slowly);
    if (!this.#following) this.#updateFollow();
    this.#schedule();
  }

  /** @param {number} time of an event that was there just now, nanoseconds */
  #heard(time) {
    this.#ahead = Math.max(this.#ahead, time - performance.now() * 1e6);
  }

  #now() {
    if (this.#room.recorded) return this.#view.timeOf(this.#view.lastSeq()) ?? 0;
    return this.#ahead === -Infinity ? 0 : performance.now() * 1e6 + this.#ahead;
  }

  #tick() {
    // Nothing goes on where there is no session.
    if (!this.#view || this.#room.connection === "over" || document.visibilityState !== "visible") return;
    const since = this.#now() - (this.#view.timeOf(this.#view.lastSeq()) ?? 0);
    const counts = this.#view.waiting().length > 0 || this.#view.wire().holding > 0;
    if (counts || (since < STILL_NS && this.#view.lastSeq() > 0)) this.#schedule();
  }

  #schedule() {
    this.#pace.soon();
  }

  /** Another moment is shown, or something else of it. */
  #moved() {
    this.#reveal.finish();
    this.#setFollowing(true);
    this.#schedule();
    this.dispatchEvent(new CustomEvent("wire-moment", { detail: this.#scrubber.at }));
  }

  #draw() {
    if (this.#plane.hidden) return;
    if (this.#reveal.waits) this.#reveal.go((seq) => this.#view.moves(seq));
    const scene = this.#plane.paint({
      moment: this.#moment(),
      follow: this.#following,
      fresh: this.#following && !reduced.matches && this.#reveal.burst > 0,
      // What was held then cannot be delivered now.
      live: this.#scrubber.at === 0 && !this.#room.recorded,
      // Who looks at something does not want it to go away.
      keep: !this.#following || this.#chosen !== 0 || this.#scrubber.at !== 0,
      pinned: this.#head.others.pinned,
      covered: this.#drawer.covers(this.#plane.root),
    });
    this.#plane.painter.sayNow(this.#nowWord());
    this.#above.draw(scene, this.#scrubber.at === 0 && !this.#table.shown && !this.#plane.seesCard);
    this.#rest.textContent = this.#room.recorded && this.#scrubber.at === 0 ? NOTHING_EVER : NOTHING_YET;
    this.#rest.hidden = !this.#plane.painter.empty || this.#table.shown;
    if (this.#lights.keep()) this.onpaint();
    this.#head.draw({ ...scene, cards: [...this.#plane.cards, ...scene.above] }, this.#now(), this.#shownSlowly());
    this.#table.refresh(this.#scrubber.at || this.#reveal.shown);
    this.#scrubber.update();
    if (this.#reveal.waits) this.#schedule();
  }

  /** What the line below everything is: it is now only where there is a now. */
  #nowWord() {
    if (this.#scrubber.at !== 0) return "shown up to here";
    return this.#room.recorded ? "end of the recording" : "now";
  }

  /** Up to which event, and to what time. */
  #moment() {
    const shown = this.#scrubber.at || this.#reveal.shown;
    const slow = this.#scrubber.at !== 0 || this.#reveal.waits;
    return {
      nowNs: slow ? (this.#view.timeOf(shown) ?? 0) : this.#now(),
      revealUpTo: slow ? Math.max(1, shown) : 0,
    };
  }

  /** What is drawn of the burst shown slowly: how many events, and the nanoseconds from the first to the last. */
  #shownSlowly() {
    const { burst, drawn } = this.#reveal;
    if (burst === 0 || drawn.count < 2) return null;
    const took = (this.#view.timeOf(drawn.last) ?? 0) - (this.#view.timeOf(drawn.first) ?? 0);
    return { count: drawn.count, took: Math.max(0, took) };
  }

  // Following.

  /** @param {boolean} byHand */
  #scrolled(byHand) {
    const { atEnd, suffices } = this.#plane;
    const up = this.#plane.wentUp() && byHand;
    // The end may move away by itself, and the browser scrolls what comes to sight; only whose hand scrolls up leaves it.
    if (atEnd !== this.#following && (atEnd || up)) this.#setFollowing(atEnd);
    if (!suffices) this.#pace.atOnce();
    // Calls that wait stick under their machine's name.
    else if (this.#view.waiting().length > 0) this.#schedule();
  }

  /** @param {boolean} following */
  #setFollowing(following) {
    this.#following = following;
    this.#paused = this.#view.lastSeq();
    if (following) this.#restAtTheEnd();
    else this.#reveal.finish();
    this.#updateFollow();
  }

  /** Who only walks through the page comes past the newest event, and is not taken back to where somebody once was. */
  #restAtTheEnd() {
    if (this.#following && !this.#table.hasFocus && this.#drawer.seq === 0) this.#table.rest();
  }

  #updateFollow() {
    const fresh = this.#view.lastSeq() - this.#paused;
    this.#follow.hidden = this.#following;
    this.#follow.textContent = fresh > 0 ? `${fresh} new, follow` : "follow";
  }

  #goLive() {
    this.#scrubber.live();
    this.#setFollowing(true);
    this.#pace.atOnce();
  }

  // Choosing.

  /** @param {number} seq @param {{ scroll?: boolean, fromTable?: boolean }} [how] */
  #choose(seq, { scroll = false } = {}) {
    if (!seq) return;
    this.#chosen = seq;
    this.#plane.painter.choose(seq, this.#view.rowOf(seq));
    this.#lights.event(seq);
    if (scroll) this.#scrollTo(seq);
    if (this.#drawer.seq !== 0 && this.#drawer.seq !== seq) this.#details(false);
  }

  /** @param {number} seq */
  #scrollTo(seq) {
    this.#plane.scrollTo(seq, this.#drawer.covers(this.#plane.root));
    // Who walks to an event wants to see it, and not what comes next.
    if (this.#following && !this.#plane.atEnd) this.#setFollowing(false);
  }

  #left() {
    if (this.contains(document.activeElement) || this.#drawer.seq !== 0) return;
    this.#chosen = 0;
    this.#plane.painter.choose(0);
    this.#lights.event(0);
    this.#restAtTheEnd();
  }

  /** @param {Event} event */
  #clicked(event) {
    const seq = this.#seqAt(event);
    if (!seq) return this.#left();
    this.#table.focusSeq(seq);
    this.#choose(seq);
    this.#details(false);
  }

  /** @param {PointerEvent} event */
  #hover(event) {
    if (event.pointerType === "touch") return;
    this.#lights.event(this.#seqAt(event) || this.#chosen);
  }

  /** @param {Event} event */
  #seqAt({ target }) {
    if (!(target instanceof Element) || target.closest("button")) return 0;
    const marked = /** @type {HTMLElement | SVGElement | null} */ (target.closest("[data-seq]"));
    return Number(marked?.dataset.seq ?? 0);
  }

  /** @param {boolean} focus whether the reader asked to go into the details */
  #details(focus) {
    const details = this.#chosen ? this.#view.details(this.#chosen) : undefined;
    if (!details) return;
    this.#drawer.show(details, { explained: this.#explained(), buttons: this.#detailButtons(), focus, sheet: this.#head.narrow });
    this.#draw();
    this.#scrollTo(this.#chosen);
  }

  /** Why the chosen event came and what it means, as far as the events that are shown tell. */
  #explained() {
    this.#explainedAt = this.#scrubber.at || this.#view.lastSeq();
    return this.#view.explain(this.#chosen, this.#scrubber.at);
  }

  /** What has happened meanwhile may tell more of the event whose details are open. */
  #explainAnew() {
    const at = this.#scrubber.at || this.#view.lastSeq();
    if (this.#drawer.seq === 0 || this.#drawer.seq !== this.#chosen || at === this.#explainedAt) return;
    this.#drawer.explain(this.#explained());
  }

  #detailButtons() {
    const packet = this.#view.heldPacket(this.#chosen);
    const pin = [...(this.notes.open ? [this.#pinButton(this.#chosen)] : []), ...(this.pointing?.(this.#chosen) ?? [])];
    if (packet === undefined || !this.#head.mayHold) return pin;
    return [
      button("Deliver", () => this.#command(() => this.#room.wire.deliver(packet))),
      button("Drop", () => this.#command(() => this.#room.wire.drop(packet))),
      ...pin,
    ];
  }

  /** @param {number} seq */
  #pinButton(seq) {
    const label = this.notes.at(seq) ? "Change the note" : "Pin a note";
    return button(label, () => this.notes.ask(seq, this.#view.details(seq)?.sentence ?? ""));
  }

  /** @param {number} seq */
  #go(seq) {
    this.#path.push(this.#chosen);
    this.#table.point(seq);
    this.#choose(seq, { scroll: true });
    this.#details(true);
  }

  /** @param {boolean} shown */
  #showList(shown) {
    this.classList.toggle("as-list", shown);
    this.#table.show(shown);
    this.onpaint();
    this.#schedule();
  }

  // Doing.

  /** @param {() => Promise<unknown>} command */
  async #command(command) {
    try {
      await command();
    } catch (error) {
      announce(refusal(error));
      this.#head.say(refusal(error));
    }
  }

  /** @param {number} seq */
  #unfold(seq) {
    this.#view.toggleFold(seq);
    this.#schedule();
  }

  /** The page knows which of its calls this is. @param {number} call @param {number} seq */
  #cancel(call, seq) {
    this.dispatchEvent(new CustomEvent("wire-cancel", { bubbles: true, detail: { call, seq } }));
  }

  // Keys.

  /** Whether there was something to close. */
  #escape() {
    if (this.#drawer.seq === 0) return false;
    this.#drawer.close();
    return true;
  }

  /** @returns {Record<string, () => void>} */
  #keys() {
    const table = this.#table;
    return {
      ArrowDown: () => table.focus(table.active + 1),
      ArrowUp: () => table.focus(table.active - 1),
      Home: () => table.focus(0),
      End: () => this.#toNewest(),
      ArrowRight: () => this.#follows(),
      ArrowLeft: () => this.#back(),
      Enter: () => this.#enter(),
      f: () => (this.#following ? this.#setFollowing(false) : this.#goLive()),
      h: () => this.#head.toggleHold(),
      n: () => this.#letOne(),
      d: () => this.#held((packet) => this.#room.wire.deliver(packet)),
      x: () => this.#held((packet) => this.#room.wire.drop(packet)),
    };
  }

  /** The newest event, and not the one that is being shown slowly just now. */
  #toNewest() {
    if (this.#reveal.waits) {
      this.#reveal.finish();
      this.#table.refresh(this.#scrubber.at || this.#reveal.shown);
      this.#schedule();
    }
    this.#table.focus(Infinity);
  }

  #enter() {
    if (this.#view.isRun(this.#chosen)) return this.#unfold(this.#chosen);
    this.#details(true);
  }

  #follows() {
    const next = this.#view.effectOf(this.#chosen) ?? this.#view.causeOf(this.#chosen);
    if (next === undefined) return;
    this.#path.push(this.#chosen);
    this.#table.focusSeq(next);
  }

  #back() {
    const before = this.#path.pop() ?? this.#view.causeOf(this.#chosen);
    if (before !== undefined) this.#table.focusSeq(before);
  }

  #letOne() {
    if (this.#head.mayHold) this.#command(() => this.#room.wire.step());
  }

  /** @param {(packet: number) => Promise<unknown>} command */
  #held(command) {
    const packet = this.#view.heldPacket(this.#chosen);
    if (!this.#head.mayHold) return;
    if (packet === undefined) return this.#head.say("Choose a held packet first.");
    this.#command(() => command(packet));
  }
}

customElements.define("wire-view", WireView);
