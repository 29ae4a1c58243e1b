// Shows a stranger's page without letting it do anything. The page goes into a frame without any leave (`sandbox`: no
// scripts, no forms, an origin of its own, no way to the page around it), and before that everything is taken out that
// could ask for something elsewhere. Around it lies an empty document of ours (`frame.html`): frames inherit the policy of
// the document they are in, and that one's lets no byte be fetched (`crates/bridge/src/http/headers.rs`).
import { element } from "../base/element.js";

/** What a page may have: its own styles, and pictures that are in it. It stands in the page too, and says the same as the frame's. */
const POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'";
/** Elements that run, fetch, frame or redirect, or hide others from the eye of this module. */
const TAKEN_OUT = "script, link, meta, base, iframe, frame, object, embed, applet, portal, fencedframe, template";
/** Attributes with addresses. `href` of a link and `src` of a picture are looked at one by one. */
const ADDRESSES = ["src", "srcset", "href", "xlink:href", "poster", "data", "action", "formaction", "background", "ping", "manifest", "longdesc", "cite", "imagesrcset", "autofocus", "srcdoc", "nonce"];
/** Texts can be made that change when they are read again; after so many times it is no page for here. */
const ROUNDS = 5;
/** How long the document around pages may take to come, milliseconds. */
const PATIENCE_MS = 10_000;
/** Links and words of them that are listed. */
const LINKS = 50;
const WORDS = 80;

/**
 * @typedef {object} Page what is in it, and what of it was left out
 * @property {string} title
 * @property {string} base the address that its links are relative to
 * @property {{ href: string, words: string }[]} links
 * @property {number} moreLinks that are not listed
 * @property {string[]} pictures as they stand in it
 * @property {{ scripts: number, styles: number, frames: number, forms: number }} left
 */

export class PageFrame {
  #outer = /** @type {HTMLIFrameElement} */ (element("iframe", { class: "browser-frame", title: "Page", src: new URL("./frame.html", import.meta.url).href }));
  /** Settled when the document around pages is here, or will not come. @type {Promise<void>} */
  #here;
  /** What is shown, to show it again where the frame was moved and came anew. */
  #shown = "";
  #title = "";

  constructor() {
    this.#here = new Promise((resolve) => {
      this.#outer.addEventListener("load", () => {
        resolve();
        this.#draw();
      });
      setTimeout(() => resolve(), PATIENCE_MS);
    });
  }

  get node() {
    return this.#outer;
  }

  /** The document around pages; null where a server has none, and something else has come. */
  get #document() {
    const { contentDocument } = this.#outer;
    return contentDocument?.title === "A page of the room" ? contentDocument : null;
  }

  /**
   * Reads a page: nothing of it is fetched or run. Null where pages cannot be shown here.
   * @param {string} text @param {string} address
   * @returns {Promise<Page | null>}
   */
  async read(text, address) {
    const document = await this.#parsed(text);
    if (!document) return null;
    const count = (/** @type {string} */ selector) => document.querySelectorAll(selector).length;
    const links = [...document.querySelectorAll("a[href], area[href]")].filter((link) => !link.getAttribute("href")?.startsWith("#"));
    const listed = links.slice(0, LINKS).map((link) => ({ href: link.getAttribute("href") ?? "", words: wordsOf(link) }));
    return {
      title: document.title.trim().slice(0, WORDS),
      base: baseOf(document, address),
      links: listed,
      moreLinks: links.length - listed.length,
      pictures: [...document.querySelectorAll("img[src]")].map((one) => one.getAttribute("src") ?? ""),
      left: {
        scripts: count("script") + [...document.querySelectorAll("*")].filter((one) => [...one.attributes].some(({ name }) => name.startsWith("on"))).length,
        styles: count("link[rel~=stylesheet i]"),
        frames: count("iframe, frame, object, embed"),
        forms: count("form"),
      },
    };
  }

  /**
   * Shows it, with those pictures that there are. Answers whether it can be shown.
   * @param {string} text @param {string} title @param {Map<string, string>} pictures data: addresses by what stands in the page
   */
  async show(text, title, pictures) {
    let safe = text;
    let doctype = "";
    for (let round = 0; ; round += 1) {
      const document = await this.#parsed(doctype + safe);
      if (!document || round === ROUNDS) return false;
      const changed = strip(document, round === 0 ? pictures : new Map());
      // What the frame reads is what was looked at last.
      if (round > 0 && changed === 0) break;
      if (round === 0 && document.compatMode !== "BackCompat") doctype = "<!doctype html>";
      safe = document.documentElement.outerHTML;
    }
    this.#shown = `${doctype}<meta http-equiv="Content-Security-Policy" content="${POLICY}">${safe}`;
    this.#title = title || "Page";
    this.#draw();
    return true;
  }

  /** Nothing is shown any more. */
  clear() {
    this.#shown = "";
    this.#draw();
  }

  #draw() {
    this.#outer.title = this.#title || "Page";
    const document = this.#document;
    if (!document) return;
    if (!this.#shown) return document.body.replaceChildren();
    // Of that document, not of this page: its policy is what the frame inherits.
    const inner = document.createElement("iframe");
    inner.setAttribute("sandbox", "");
    inner.title = this.#title;
    inner.referrerPolicy = "no-referrer";
    inner.srcdoc = this.#shown;
    document.body.replaceChildren(inner);
  }

  /** @param {string} text @returns {Promise<Document | null>} a document that does nothing; null where none can be made */
  async #parsed(text) {
    if (!this.#document) await this.#here;
    if (!this.#document) return null;
    const { DOMParser } = /** @type {any} */ (this.#outer.contentWindow);
    return new DOMParser().parseFromString(text, "text/html");
  }
}

/** Takes out of a page what could do something. @param {Document} document @param {Map<string, string>} pictures @returns {number} how much there was */
function strip(document, pictures) {
  const out = document.querySelectorAll(TAKEN_OUT);
  for (const one of out) one.remove();
  let changed = out.length;
  for (const one of document.querySelectorAll("*")) {
    for (const { name, value } of [...one.attributes]) {
      if (!ADDRESSES.includes(name) && !name.startsWith("on")) continue;
      changed += Number(tame(one, name, value, pictures));
    }
  }
  return changed;
}

/** Makes an attribute harmless; whether it was not. @param {Element} one @param {string} name @param {string} value @param {Map<string, string>} pictures */
function tame(one, name, value, pictures) {
  if (one.localName === "img" && name === "src") {
    if (/^data:/i.test(value)) return false;
    const data = pictures.get(value);
    if (data) one.setAttribute(name, data);
    else one.removeAttribute(name);
    return true;
  }
  if (name.endsWith("href") && value.startsWith("#")) return false;
  if (name === "href" && ["a", "area"].includes(one.localName)) {
    // It looks like a link and leads nowhere: new windows are forbidden to the frame. The list below the page has it.
    if (value === "about:blank" && one.getAttribute("target") === "_blank") return false;
    one.setAttribute("href", "about:blank");
    one.setAttribute("target", "_blank");
    return true;
  }
  one.removeAttribute(name);
  return true;
}

/** @param {Document} document @param {string} address */
function baseOf(document, address) {
  try {
    return new URL(document.querySelector("base[href]")?.getAttribute("href") ?? "", address).href;
  } catch {
    return address;
  }
}

/** @param {Element} link */
function wordsOf(link) {
  const words = (link.textContent?.trim() || link.getAttribute("alt") || link.querySelector("img")?.getAttribute("alt") || "").replaceAll(/\s+/g, " ");
  return words.length > WORDS ? `${words.slice(0, WORDS)}…` : words;
}
