// What a seat of a class adds to a room's page: a hand to put up, and what the teacher says and does, told as it is.
import { announce } from "../base/announce.js";
import { button, element, find } from "../base/element.js";
import { popover } from "../base/popover.js";
import { showView } from "../frame/frame.js";
import { Refused, ask, hear } from "./ask.js";
import { enterSeat } from "./enter.js";

/**
 * @typedef {object} News as the server tells it
 * @property {number} seat @property {string} name @property {string | null} room @property {string | null} owner
 * @property {string | null} lesson @property {boolean} hand @property {boolean} looked @property {boolean} shown @property {boolean} held
 * @property {{ turn: number, at: number, title: string } | null} step
 * @property {{ turn: number, text: string } | null} note
 * @property {{ turn: number, event: number } | null} point
 * @property {{ turn: number, machine: string, name: string }[]} files
 */

const NOTHING = { note: 0, step: 0, file: 0, point: 0, closed: 0 };

export class ClassSeat {
  #seat;
  #room;
  #frame;
  #strip;
  #wire;
  #hand = button("Hand up", () => void this.#toggle(), { class: "button hand" });
  #bar = element("div", { class: "class-bar", role: "status", hidden: true });
  #note = element("div", { class: "class-note", hidden: true });
  #point = element("div", { class: "class-note", hidden: true });
  /** @type {News | null} */
  #news = null;
  /** What of the teacher's was taken up here already, by what it is: the number of the change by which it came. */
  #done;
  /** What cannot be done, until it can. */
  #wrong = "";
  /** Whether the class is not heard now. */
  #broken = false;

  /**
   * @param {{ seat: import("./memory.js").Seat, room: import("../client/room.js").Room, frame: import("../frame/frame.js").Frame,
   *   strip: { goTo: (lesson: string | null, step?: string) => void, lesson: string | null },
   *   wire: { reveal: (seq: number) => void, pointAt: (seq: number, who: string) => void, sentenceOf: (seq: number) => string } }} parts
   */
  constructor({ seat, room, frame, strip, wire }) {
    this.#seat = seat;
    this.#room = room;
    this.#frame = frame;
    this.#strip = strip;
    this.#wire = wire;
    this.#done = doneIn(room.id);
    find(".top-end").prepend(this.#hand);
    const more = button("Class", () => {}, { class: "link plain class-more" });
    this.#hand.after(more);
    popover(more, { label: "Your class", fill: () => [this.#about()] });
    find("#lesson").append(this.#bar, this.#note, this.#point);
    void this.#listen();
  }

  async #listen() {
    const { class: id, key } = this.#seat;
    const over = await hear(`/c/${id}/seat`, key, {
      heard: (line) => line.seat && this.#take(line),
      broken: (isBroken) => {
        this.#broken = isBroken;
        this.#draw();
      },
    });
    this.#hand.hidden = true;
    if (over === "draining") return;
    if (over instanceof Refused && over.status === 403) return this.#say("Your seat in the class was given up. This room stays as long as somebody is in it.");
    this.#say("The class is over. Nothing of it is left on the server but what was kept. What you wrote is still in this browser.");
  }

  /** @param {News} news */
  #take(news) {
    const before = this.#news;
    this.#news = news;
    // The teacher had this seat start clean: it goes on in another room.
    if (news.room && news.owner && news.room !== this.#room.id) {
      return enterSeat(this.#seat.class, { room: news.room, owner: news.owner, lesson: news.lesson });
    }
    this.#hand.textContent = news.hand ? "Hand down" : "Hand up";
    this.#hand.setAttribute("aria-pressed", String(news.hand));
    this.#draw();
    this.#drawNote(news.note);
    this.#drawPoint(news.point, before?.point);
    if (news.looked && !before?.looked) announce("Your teacher is looking at this room.");
    if (before && news.lesson && news.lesson !== before.lesson) this.#strip.goTo(news.lesson);
    if (news.step && this.#isNew("step", news.step.turn)) {
      this.#strip.goTo(news.lesson, news.step.title);
      announce(`Your teacher sent everybody to: ${news.step.title}.`);
    }
    for (const file of news.files) if (this.#isNew("file", file.turn)) void this.#bring(file);
  }

  /** What is so now, in a line under the lesson. */
  #draw() {
    const { looked, shown, held } = this.#news ?? {};
    const said = [
      this.#wrong,
      this.#broken ? "The connection to your class is lost; what your teacher says comes when it is back. Trying again…" : "",
      looked ? "Your teacher is looking at this room." : "",
      shown ? "Your teacher shows your wire to the class, without your name." : "",
      held ? "Your teacher holds all wires." : "",
    ].filter(Boolean);
    this.#say(said.join(" "));
  }

  /** @param {string} what */
  #say(what) {
    if (this.#bar.textContent !== what) this.#bar.textContent = what;
    this.#bar.hidden = what === "";
  }

  /** @param {News["note"]} note */
  #drawNote(note) {
    const shown = note && !(this.#done.note >= note.turn);
    this.#note.hidden = !shown;
    if (!note || !shown || this.#note.dataset.turn === String(note.turn)) return;
    this.#note.dataset.turn = String(note.turn);
    const close = button("Close", () => {
      this.#isNew("note", note.turn);
      this.#note.hidden = true;
    }, { class: "link" });
    // A teacher's text is text.
    this.#note.replaceChildren(element("p", { dir: "auto" }, element("b", {}, "Your teacher: "), note.text), close);
    announce(`Your teacher: ${note.text}`);
  }

  /** The event that the teacher points at: the drawing goes to it once, and has its mark until that is closed. @param {News["point"]} point @param {News["point"]} [before] */
  #drawPoint(point, before) {
    if (point?.turn === before?.turn) return;
    const shown = point !== null && !(this.#done.closed >= point.turn);
    this.#point.hidden = !shown;
    this.#wire.pointAt(shown ? point.event : 0, "your teacher");
    if (!shown) return;
    const go = () => {
      showView("wire");
      this.#wire.reveal(point.event);
    };
    const what = this.#wire.sentenceOf(point.event);
    const close = () => {
      this.#isNew("closed", point.turn);
      this.#point.hidden = true;
      this.#wire.pointAt(0, "");
    };
    const said = what ? [element("b", {}, "Your teacher points here: "), what] : ["Your teacher points at an event that this page has not, or no more."];
    this.#point.replaceChildren(element("p", { dir: "auto" }, ...said), ...(what ? [button("Show it", go, { class: "link" })] : []), button("Close", close, { class: "link" }));
    if (!this.#isNew("point", point.turn)) return;
    announce(`Your teacher points at an event: ${what}`);
    if (what) go();
  }

  /** @param {{ turn: number, machine: string, name: string }} file */
  async #bring({ turn, machine, name }) {
    try {
      const { text } = await (await ask(`/c/${this.#seat.class}/files/${turn}`, { key: this.#seat.key })).json();
      if (!this.#frame.paneOf(machine)) this.#frame.reveal(machine);
      const pane = this.#frame.paneOf(machine);
      if (!pane?.workspace) throw new Error("there is no Python here");
      const put = await pane.put(name, text, { keep: true });
      announce(`A file came from your teacher: ${put}, on ${machine}.`);
      this.#wrong = "";
    } catch (error) {
      this.#wrong = `${name} came from your teacher and cannot be put on ${machine}: ${/** @type {Error} */ (error).message}`;
    }
    this.#draw();
  }

  async #toggle() {
    const hand = !this.#news?.hand;
    try {
      await ask(`/c/${this.#seat.class}/seat`, { key: this.#seat.key, body: { hand } });
      this.#wrong = "";
    } catch (error) {
      this.#wrong = `Your hand could not be ${hand ? "put up" : "taken down"}: ${/** @type {Error} */ (error).message}`;
    }
    this.#draw();
  }

  #about() {
    const link = `${location.origin}/c/${this.#seat.class}#${this.#seat.key}`;
    const field = /** @type {HTMLInputElement} */ (element("input", { class: "field mono", readonly: true, value: link, "aria-label": "The link of your seat" }));
    field.addEventListener("focus", () => field.select());
    return element(
      "div",
      { class: "stack" },
      element("p", {}, `You are ${this.#news?.name ?? this.#seat.name}, seat ${this.#news?.seat ?? "?"} of this class.`),
      element("p", {}, "Your teacher sees which step you are at, what waits and what failed last, and may look into this room; you are told when."),
      element("p", {}, "This link leads to your seat from another device. It is yours alone."),
      field,
    );
  }

  /** Whether something of the teacher's is new here; it is not from now on. @param {"note" | "step" | "file" | "point" | "closed"} what @param {number} turn */
  #isNew(what, turn) {
    if (this.#done[what] >= turn) return false;
    this.#done[what] = turn;
    try {
      sessionStorage.setItem(`wireside.seat.${this.#room.id}`, JSON.stringify(this.#done));
    } catch {
      // After a reload it comes once more.
    }
    return true;
  }
}

/** @param {string} room @returns {typeof NOTHING} */
function doneIn(room) {
  try {
    return { ...NOTHING, ...JSON.parse(sessionStorage.getItem(`wireside.seat.${room}`) ?? "{}") };
  } catch {
    return { ...NOTHING };
  }
}
