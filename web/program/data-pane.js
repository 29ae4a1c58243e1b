// A file of a machine that is no program: text in an editor, a picture, or bytes in hexadecimal. What a program reads and
// writes is the file as it is, whatever is shown of it.
import "../editor/code-editor.js";
import { fileKind, hexDump, nameShown } from "../client/web.js";
import { counted } from "../base/counted.js";
import { button, element } from "../base/element.js";

/** How long typing rests before the text is kept. */
const REST_MS = 300;
/** Lines of a dump that are shown at first, and that each press adds. */
const ROWS = 512;
const MORE_ROWS = 8192;
/** Bytes in a line, as `folder/contents.rs` has it. */
const ROW = 8;

export class DataPane {
  #host;
  #bytes;
  /** What it holds was put there and not typed. */
  #untouched;
  /** @type {any} */
  #editor = null;
  /** Its lines end in CR LF. */
  #crlf = false;
  /** Somebody has changed the text since it was put here. */
  #typed = false;
  #drawn = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #resting;
  #leaving = new AbortController();
  file;
  node = element("div", { class: "program data-file" });
  /** It was changed here, and is to be kept. */
  onkeep = () => {};

  /** @param {{ host: string, file: string, bytes: Uint8Array, untouched: boolean }} parts */
  constructor({ host, file, bytes, untouched }) {
    this.#host = host;
    this.#bytes = bytes;
    this.#untouched = untouched;
    this.file = file;
    addEventListener("pagehide", () => this.#rest(), { signal: this.#leaving.signal });
  }

  /** What is in it. @returns {Uint8Array} */
  get bytes() {
    if (this.#typed) {
      const text = this.#editor.text;
      this.#bytes = new TextEncoder().encode(this.#crlf ? text.replaceAll("\n", "\r\n") : text);
      this.#typed = false;
    }
    return this.#bytes;
  }

  /** The same as text, where it is text; else the bytes: what storage takes. @returns {string | Uint8Array} */
  get content() {
    const { bytes } = this;
    return fileKind(bytes).kind === "text" ? decoded(bytes) : bytes;
  }

  /** Whether it is another than what was put here: somebody's own work. */
  get isEdited() {
    return !this.#untouched;
  }

  /** Whether somebody is at work in it. */
  get inUse() {
    return this.node.contains(document.activeElement);
  }

  /** Other bytes are in it now. @param {Uint8Array} bytes */
  put(bytes) {
    this.#bytes = bytes;
    this.#typed = false;
    this.#untouched = false;
    if (this.#drawn) this.#draw();
  }

  /** It is looked at. */
  show() {
    if (!this.#drawn) this.#draw();
    this.#drawn = true;
  }

  focus() {
    this.#editor?.focus();
  }

  /** It is deleted, or has another name from now on. */
  end() {
    clearTimeout(this.#resting);
    this.#leaving.abort();
    this.node.remove();
  }

  #draw() {
    const { kind, type, crlf } = fileKind(this.#bytes);
    const words = kind === "text" ? `text${crlf ? ", lines end in CR LF" : ""}` : kind === "picture" ? type : "bytes";
    const size = counted(this.#bytes.length, "byte");
    const head = element("p", { class: "data-head soft" }, `${words} · ${size}`);
    if (kind === "text") return this.#drawText(head, crlf);
    this.#editor = null;
    this.node.replaceChildren(head, kind === "picture" ? this.#picture(type) : this.#dump());
  }

  /** @param {HTMLElement} head @param {boolean} crlf */
  #drawText(head, crlf) {
    this.#crlf = crlf;
    if (!this.#editor) {
      this.#editor = document.createElement("code-editor");
      this.#editor.label = `${nameShown(this.file)} on ${this.#host}`;
      this.#editor.addEventListener("change", () => {
        this.#typed = true;
        this.#untouched = false;
        clearTimeout(this.#resting);
        this.#resting = setTimeout(() => this.#rest(), REST_MS);
      });
    }
    this.#editor.text = decoded(this.#bytes).replaceAll("\r\n", "\n");
    this.node.replaceChildren(head, this.#editor);
  }

  #rest() {
    clearTimeout(this.#resting);
    if (!this.#typed) return;
    const size = this.bytes.length;
    const head = this.node.querySelector(".data-head");
    if (head) head.textContent = `text${this.#crlf ? ", lines end in CR LF" : ""} · ${size.toLocaleString("en")} bytes`;
    this.onkeep();
  }

  /** @param {string} type */
  #picture(type) {
    const picture = /** @type {HTMLImageElement} */ (element("img", { class: "data-picture", alt: nameShown(this.file), src: `data:${type};base64,${base64(this.#bytes)}` }));
    const box = element("div", { class: "data-body" }, picture);
    picture.addEventListener("error", () => box.replaceWith(this.#dump()));
    return box;
  }

  #dump() {
    const rows = element("pre", { class: "data-dump", tabindex: "0", "aria-label": `Bytes of ${nameShown(this.file)}` }, hexDump(this.#bytes, 0, ROWS));
    let shown = ROWS;
    const more = button("Show more", () => {
      rows.append(hexDump(this.#bytes, shown * ROW, MORE_ROWS));
      shown += MORE_ROWS;
      more.hidden = shown * ROW >= this.#bytes.length;
    }, { class: "link", hidden: shown * ROW >= this.#bytes.length });
    return element("div", { class: "data-body" }, rows, more);
  }
}

/** @param {Uint8Array} bytes */
function decoded(bytes) {
  return new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
}

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let text = "";
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}
