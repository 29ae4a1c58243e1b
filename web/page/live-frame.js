// A lesson or a copy that runs in a frame of somebody's page: what the page around is told of it, and what it may show there.
import { tellHeight } from "./frame-height.js";
import { Messages } from "./frame-messages.js";
import { showView } from "../frame/frame.js";

/** @typedef {{ lesson: string, title: string, step: number, of: number, done: boolean }} Place `title`: of the step; empty where all are done */

export class LiveFrame {
  /** @type {(host: string) => void} */
  #reveal = () => {};
  #messages = new Messages({
    show: (view) => {
      if (view === "client" || view === "server") this.#reveal(view);
      else showView(view);
    },
  });
  #event = 0;
  #place = "";

  /** @param {{ room: import("../client/room.js").Room, view: import("../client/web.js").View, frame: import("../frame/frame.js").Frame, wire: HTMLElement }} parts */
  opened({ room, view, frame, wire }) {
    this.#reveal = (host) => frame.reveal(host);
    this.#messages.tell("state", { state: "open" });
    const scrolled = wire.querySelector(".wire-scroll");
    if (scrolled) tellHeight(this.#messages, scrolled);
    let scheduled = false;
    room.on("trace", () => {
      if (scheduled) return;
      scheduled = true;
      // As often as it can be seen, however much happens.
      requestAnimationFrame(() => {
        scheduled = false;
        this.#happened(view.lastSeq());
      });
    });
    room.on("connection", ({ state }) => {
      if (state === "over") this.#messages.tell("state", { state: "ended" });
    });
  }

  /** No room could be had. @param {string} sentence */
  refused(sentence) {
    this.#messages.tell("state", { state: "refused", sentence });
  }

  /** @param {Place} place in the lesson */
  at(place) {
    const now = JSON.stringify(place);
    if (now === this.#place) return;
    this.#place = now;
    this.#messages.tell("step", place);
  }

  /** @param {number} event the newest one */
  #happened(event) {
    if (event === this.#event) return;
    this.#event = event;
    this.#messages.tell("event", { event });
  }
}
