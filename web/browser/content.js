// What the body of an answer is: a page, text, a picture or bytes, and in which letters. As its header says; where that
// says nothing, it is said that it does not. Knows no document.
import { letters } from "./gathered.js";
import { excerpt, header } from "./head.js";

/** Pictures that are shown, and their types as a data: address has them. */
const PICTURES = new Map(["image/png", "image/jpeg", "image/gif", "image/svg+xml"].map((type) => [type, type])).set("image/jpg", "image/jpeg");
/** Types that are text, beside text/ itself. */
const TEXTS = /^(text\/|application\/(json|javascript|ecmascript|xml|x-www-form-urlencoded|xhtml\+xml|x-ndjson)$)|\+(json|xml)$/;
/** Where a page may say its letters, in bytes (HTML, "prescan"). */
const PRESCAN = 1024;

/**
 * @typedef {object} Content
 * @property {"html" | "text" | "picture" | "bytes" | "none"} kind
 * @property {string} type as the header says it, without its parameters; empty where it does not
 * @property {string} text the body, decoded, where it is a page or text
 * @property {string} letters the name of its encoding
 * @property {string[]} notes what is missing or wrong
 */

/** @param {import("./http-answer.js").AnswerReader} answer @returns {Content} */
export function contentOf(answer) {
  const { head, body } = answer;
  /** @type {Content} */
  const content = { kind: "none", type: "", text: "", letters: "", notes: [] };
  if (body.length === 0) return content;
  const said = head && header(head, "content-type");
  const [type, charset] = parts(said ?? "");
  content.type = type;
  const packed = head && header(head, "content-encoding");
  if (packed && packed.toLowerCase() !== "identity") {
    content.notes.push(`The body is packed (Content-Encoding ${excerpt(packed)}), which this browser did not ask for and does not unpack.`);
    content.kind = "bytes";
  } else if (!head) content.kind = looksLikeText(body) ? "text" : "bytes";
  else content.kind = kindOf(content, said);
  if (content.kind === "html" || content.kind === "text") decode(content, charset, body);
  return content;
}

/** @param {Content} content @param {string | null} said @returns {Content["kind"]} */
function kindOf({ type, notes }, said) {
  if (said === null) {
    notes.push("There is no Content-Type, so nobody says what this is. It is shown as text; other browsers guess.");
    return "text";
  }
  if (!/^[^/\s]+\/[^/\s]+$/.test(type)) {
    notes.push(`Content-Type is “${excerpt(said)}”: a type looks like text/html. It is shown as text.`);
    return "text";
  }
  if (type === "text/html") return "html";
  if (type === "image/jpg") notes.push("Content-Type is image/jpg; the type's name is image/jpeg.");
  if (PICTURES.has(type)) return "picture";
  return TEXTS.test(type) ? "text" : "bytes";
}

/** The type of a picture that can be shown, for a data: address. @param {string} type */
export function pictureType(type) {
  return PICTURES.get(type) ?? null;
}

/** @param {string} said a Content-Type @returns {[string, string]} type and charset, in lower case */
function parts(said) {
  const [type, ...parameters] = said.split(";");
  const charset = parameters.map((one) => /^\s*charset\s*=\s*"?([^"]*?)"?\s*$/i.exec(one)?.[1]).find((one) => one !== undefined);
  return [type.trim().toLowerCase(), (charset ?? "").toLowerCase()];
}

/** @param {Content} content @param {string} charset of the header @param {Uint8Array} body */
function decode(content, charset, body) {
  const within = content.kind === "html" ? (/<meta[^>]*\bcharset\s*=\s*["']?\s*([a-z0-9_-]+)/i.exec(letters(body.subarray(0, PRESCAN)))?.[1] ?? "") : "";
  const wanted = charset || within || "utf-8";
  let decoder = new TextDecoder();
  try {
    decoder = new TextDecoder(wanted);
  } catch {
    content.notes.push(`No browser knows the charset “${excerpt(wanted)}”: it is read as UTF-8.`);
  }
  content.letters = decoder.encoding;
  content.text = decoder.decode(body);
  // What is UTF-8 after all would be told by most texts.
  if (decoder.encoding === "utf-8" && content.text.includes("\ufffd") && !letters(body).includes("\xef\xbf\xbd")) {
    content.notes.push("Some bytes of it are no UTF-8; each is shown as \ufffd.");
  }
}

/** Whether it can be shown as text: a server without a head most often sends some. @param {Uint8Array} body */
function looksLikeText(body) {
  return body.subarray(0, PRESCAN).every((byte) => byte >= 32 || [9, 10, 12, 13, 27].includes(byte));
}
