// The plane that the wire is drawn on, and what of it can be seen: the drawing, the buttons on it, and how far it is
// scrolled. It asks the browser for a layout as seldom as it can.
import { element } from "../base/element.js";
import { DrawnPart } from "./drawn-part.js";
import { Overlay } from "./overlay.js";
import { Painter } from "./painter.js";
import { PointedAt } from "./pointed.js";
import { svg } from "./svg.js";

/** Distance from the end within which the view follows, pixels. */
const NEAR = 32;
/** Height of a label, pixels: of a bar no more is pointed at. */
const LABEL = 16;
/** The drawing grows in steps of this, pixels. */
const STRETCH = 4000;
/** The drawing is as wide as this at least, pixels at scale 1: narrower, larger letters would only lie on each other. */
const LEAST = 240;

/**
 * @typedef {object} How
 * @property {Partial<import("../client/web.js").Options>} moment what to show of the trace
 * @property {boolean} follow whether to go to the end
 * @property {boolean} fresh whether new packets draw in
 * @property {boolean} live whether anything can be done about what is shown
 * @property {boolean} keep whether no machine may give its place in the drawing to another now
 * @property {number[]} pinned machines that were picked to be drawn
 * @property {number} covered height at the bottom that something else covers, pixels
 */

export class WirePlane {
  #view;
  #plane = element("div", { class: "wire-plane" });
  #drawing = svg("svg", { class: "wire-drawing", "aria-hidden": "true" });
  #painter = new Painter(this.#drawing);
  #overlay;
  #part = new DrawnPart();
  /** Where somebody points. */
  pointed;
  /** What can be seen at once, pixels. */
  #size = { width: 0, height: 0 };
  /** Height of the plane, pixels at scale 1. */
  #height = 0;
  /** As large as the reader's letters are: 1 where a rem is 16 pixels. */
  scale = 1;
  /** Where it was scrolled to when last heard of. */
  #top = 0;
  /** Where it was scrolled to when it was painted last. */
  #eye = 0;
  root = element("div", { class: "wire-scroll" }, this.#plane);

  /** @param {{ view: import("../client/web.js").View, actions: import("./overlay.js").Actions, onresize: () => void }} parts */
  constructor({ view, actions, onresize }) {
    this.#view = view;
    this.pointed = new PointedAt(view);
    this.#plane.append(this.#drawing, this.pointed.root);
    this.#overlay = new Overlay(this.#plane, actions);
    new ResizeObserver(() => {
      // Here the browser has its layout; anywhere else it would have to make one.
      const { clientWidth: width, clientHeight: height } = this.root;
      this.#size = { width, height };
      this.#measure(width);
      onresize();
    }).observe(this.root);
  }

  /** @param {number} width pixels */
  #measure(width) {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    const scale = Math.max(Math.min(rem, 1), Math.min(rem, width / LEAST));
    if (width === 0 || scale === this.scale) return;
    this.scale = scale;
    /** @type {HTMLElement | null} */ (this.root.closest("wire-view"))?.style.setProperty("--wire-scale", String(scale));
  }

  /** What the pointer can be on. */
  get ground() {
    return this.#plane;
  }

  get painter() {
    return this.#painter;
  }

  /** The packets that are held, as drawn. */
  get cards() {
    return this.#overlay.cards;
  }

  /** Whether any of them was seen whole when this was painted last. */
  get seesCard() {
    const [top, bottom] = [this.#eye / this.scale, (this.#eye + this.#size.height) / this.scale];
    return this.cards.some(({ y, height }) => y + height / 3 >= top && y + height <= bottom);
  }

  get hidden() {
    return this.#size.width === 0;
  }

  /** Whether what is seen is the end, or nearly so. */
  get atEnd() {
    return this.#end() - this.root.scrollTop < NEAR;
  }

  /** Whether it was scrolled up since this was asked last, or since it went to the end. */
  wentUp() {
    const before = this.#top;
    this.#top = this.root.scrollTop;
    return this.#top < before - 1;
  }

  /** Whether enough is drawn around what is seen. */
  get suffices() {
    return this.#suffices(this.root.scrollTop);
  }

  /**
   * Paints what is seen, and what is around it.
   * @param {How} how
   * @returns {import("../client/web.js").Scene} the scene
   */
  paint(how) {
    const { scrollTop } = this.root;
    let scene = this.#paint(scrollTop, how);
    const end = this.#end();
    if (how.follow && scrollTop < end - 1) {
      // Where the end is nobody knew before.
      if (!this.#suffices(end)) scene = this.#paint(end, how);
      this.root.scrollTop = end;
    }
    this.#eye = how.follow ? Math.max(scrollTop, end) : scrollTop;
    // Where the plane has become shorter the browser goes up with it: that was nobody's wish.
    if (how.follow) this.#top = end;
    this.#drawing.classList.toggle("empty", this.#painter.empty);
    return scene;
  }

  /** Scrolls to an event. @param {number} seq @param {number} covered as in `paint` */
  scrollTo(seq, covered) {
    const place = this.#view.place(seq);
    if (!place) return;
    const [top, bottom] = place.map((/** @type {number} */ y) => y * this.scale);
    const { scrollTop, clientHeight } = this.root;
    const height = Math.max(80, clientHeight - covered);
    if (top >= scrollTop + 24 && bottom <= scrollTop + height - 24) return;
    this.root.scrollTop = Math.max(0, top - height / 3);
  }

  /**
   * Where a call is drawn in the window: its words, else its bar. One that is scrolled away is at the edge it is beyond.
   * @param {{ seq: number, end: number | null }} call its begin and its end
   * @returns {{ box: DOMRect, beyond: -1 | 0 | 1 } | null} `beyond`: above, seen, below
   */
  boxOf({ seq, end }) {
    const place = this.#view.place(seq);
    const seen = this.root.getBoundingClientRect();
    if (!place || seen.width === 0) return null;
    const drawn = this.#painter.boxesOf([seq, end ?? 0]).find((box) => box.bottom > seen.top + 4 && box.top < seen.bottom - 4);
    if (drawn) {
      const top = Math.max(drawn.top, seen.top + 4);
      const bottom = Math.min(drawn.bottom, top + LABEL, seen.bottom - 4);
      return { box: new DOMRect(drawn.left, top, drawn.width, bottom - top), beyond: 0 };
    }
    const above = place[0] * this.scale < this.root.scrollTop;
    return { box: new DOMRect(seen.left, above ? seen.top + 4 : seen.bottom - 4, seen.width, 0), beyond: above ? -1 : 1 };
  }

  /** @param {number} eye top of what is seen @param {How} how */
  #paint(eye, { moment, fresh, live, covered, keep, pinned }) {
    const [width, seen] = [this.#size.width / this.scale, this.#size.height / this.scale];
    const { top, bottom } = this.#part.around(eye, this.#size.height);
    const places = { width, eye: eye / this.scale, top: top / this.scale, bottom: bottom / this.scale };
    const scene = this.#view.diagram({ ...moment, ...places, keep, pinned });
    // What is covered can be scrolled up from under there.
    this.#stretch(scene.width, Math.max(scene.height + covered / this.scale, Math.floor(seen)));
    this.#painter.paint(scene, fresh);
    this.#overlay.paint(scene, live);
    this.pointed.draw();
    return scene;
  }

  /**
   * The drawing reaches beyond the plane, which cuts it off: each new height of its own lays out all of its text.
   * @param {number} width @param {number} height
   */
  #stretch(width, height) {
    if (height !== this.#height) this.#plane.style.height = `${height}px`;
    this.#height = height;
    const size = { width, height: Math.ceil(height / STRETCH) * STRETCH };
    for (const [name, value] of Object.entries(size)) {
      if (this.#drawing.getAttribute(name) !== String(value)) this.#drawing.setAttribute(name, String(value));
    }
  }

  /** @param {number} top */
  #suffices(top) {
    return this.#part.suffices(top, this.#size.height, this.#height * this.scale);
  }

  /** Where the end is seen. */
  #end() {
    return Math.max(0, Math.floor(this.#height * this.scale) - this.#size.height);
  }
}
