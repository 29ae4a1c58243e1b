// Goes back and forth in time: one event a step, and plays. At its right end it is live.
import { button, element } from "../base/element.js";
import { SPEEDS } from "../base/replay-place.js";
import { Flags } from "./flags.js";

/** How long an event stands alone while playing, milliseconds. */
const STEP_MS = 300;

export class Scrubber {
  #view;
  #onmove;
  #end;
  #flags;
  #play = button("Play", () => this.#toggle(), { class: "link wire-play" });
  #range = /** @type {HTMLInputElement} */ (
    element("input", { type: "range", class: "wire-range", min: 0, max: 0, value: 0, step: 1, "aria-label": "Event shown last" })
  );
  #place = element("span", { class: "wire-at soft" });
  /** `seq` up to which everything is shown; 0: all, live. */
  at = 0;
  #playing = 0;
  #faster = button("1×", () => this.setSpeed(SPEEDS[(SPEEDS.indexOf(this.#speed) + 1) % SPEEDS.length]), { class: "link wire-speed" });
  #speed = 1;
  /** The event at which playing stops; 0: at the end. */
  to = 0;
  #wantsFocus = false;
  root = element("div", { class: "wire-scrubber", hidden: true });
  /** What is pinned to the event that is shown. */
  note;

  /**
   * @param {import("../client/web.js").View} view @param {import("./notes.js").Notes} notes @param {() => void} onmove
   * @param {string} end what its right end is called
   */
  constructor(view, notes, onmove, end = "live") {
    this.#view = view;
    this.#onmove = onmove;
    this.#end = end;
    this.#flags = new Flags(view, notes, (seq) => this.show(seq));
    this.note = this.#flags.note;
    notes.onchange = () => this.update();
    this.#faster.hidden = end === "live";
    this.root.append(this.#play, this.#faster, element("span", { class: "wire-track" }, this.#range, this.#flags.root), this.#place);
    this.#range.addEventListener("input", () => {
      this.#stop();
      this.#go(Number(this.#range.value));
    });
    // The wire's own keys are not for the range; left, right, Home and End are the browser's.
    this.root.addEventListener("keydown", (event) => {
      if (event.key !== " " || event.target !== this.#range) return;
      event.preventDefault();
      this.#toggle();
    });
  }

  /** Everything again, and what comes. */
  live() {
    this.#stop();
    this.at = 0;
  }

  /** Plays on from where it is. */
  play() {
    if (!this.#playing) this.#toggle();
  }

  /** Stands still. */
  pause() {
    this.#stop();
  }

  /** How fast it plays, in times of the usual. */
  get speed() {
    return this.#speed;
  }

  /** @param {number} speed one of those that there are */
  setSpeed(speed) {
    this.#speed = speed;
    this.#faster.textContent = `${speed === 0.5 ? "½" : speed}×`;
    this.#faster.setAttribute("aria-label", `Speed: ${speed} times`);
    if (this.#playing) {
      clearInterval(this.#playing);
      this.#playing = setInterval(() => this.#next(), STEP_MS / speed);
    }
    this.#onmove();
  }

  /** Whether it plays. */
  get playing() {
    return this.#playing !== 0;
  }

  /** Everything up to an event, or the first one after it. @param {number} seq */
  show(seq) {
    this.#stop();
    this.#go(this.#view.indexOf(seq));
  }

  focus() {
    // Before the first drawing it is hidden still, and would not take it: then it has it with that.
    this.#wantsFocus = this.root.hidden;
    this.#range.focus({ preventScroll: true });
  }

  /** There may be more events, or fewer. */
  update() {
    const last = this.#view.rowCount() - 1;
    this.root.hidden = last < 1;
    if (last < 1) return;
    if (this.#wantsFocus) this.focus();
    const index = this.at === 0 ? last : Math.min(last, this.#view.indexOf(this.at));
    if (this.#range.max !== String(last)) this.#range.max = String(last);
    if (this.#range.value !== String(index)) this.#range.value = String(index);
    this.#flags.update(last, this.at || this.#view.lastSeq());
    const words = this.at === 0 ? this.#end : `${(index + 1).toLocaleString("en")} of ${(last + 1).toLocaleString("en")}`;
    if (this.#place.textContent !== words) this.#place.textContent = words;
    this.#say(index, last);
  }

  /** What the range is at, for those who do not see it: what happened there. @param {number} index @param {number} last */
  #say(index, last) {
    const row = this.at === 0 ? null : this.#view.rows(index, 1)[0];
    const words = row ? `${row.sentence} Event ${index + 1} of ${last + 1}.` : this.#end;
    if (this.#range.getAttribute("aria-valuetext") !== words) this.#range.setAttribute("aria-valuetext", words);
  }

  /** @param {number} index */
  #go(index) {
    const last = this.#view.rowCount() - 1;
    this.at = index >= last ? 0 : (this.#view.rows(Math.max(0, index), 1)[0]?.seq ?? 0);
    if (this.at === 0) this.#stop();
    this.update();
    this.#onmove();
  }

  #toggle() {
    if (this.#playing) return this.#stop();
    // From the end there is nothing to play but all of it.
    if (this.at === 0) this.#go(0);
    // Whoever goes on from where it stopped, or from after it, wants the rest.
    if (this.to > 0 && this.at >= this.to) this.to = 0;
    this.#playing = setInterval(() => this.#next(), STEP_MS / this.#speed);
    this.#play.textContent = "Pause";
  }

  /** The next event that can be seen. */
  #next() {
    const last = this.#view.rowCount() - 1;
    let index = this.#view.indexOf(this.at) + 1;
    while (index < last && !this.#view.moves(this.#view.rows(index, 1)[0]?.seq ?? 0)) index += 1;
    // Where somebody has pinned something there is something to read.
    const noted = this.#flags.between(this.#view.indexOf(this.at), index);
    const end = this.to > 0 ? this.#view.indexOf(this.to) : last;
    this.#go(Math.min(noted < 0 ? index : noted, end));
    if (noted >= 0 || index >= end) this.#stop();
  }

  #stop() {
    clearInterval(this.#playing);
    this.#playing = 0;
    this.#play.textContent = "Play";
  }
}
