// The head of an answer: status line and headers, up to the empty line (RFC 9112). Reads what beginners' servers send as
// browsers read it, and says in a sentence what is not as HTTP has it.
import { letters } from "./gathered.js";

/** Header lines that are read. */
const HEADERS = 200;
/** Characters of a line that a sentence shows. */
const EXCERPT = 60;
/** Header lines that get a sentence each. */
const SENTENCES = 8;

/**
 * @typedef {object} Head
 * @property {number | null} status null where the line has none
 * @property {string} reason
 * @property {[string, string][]} headers as they came
 * @property {string[]} notes what is wrong with it
 */

/** Whether bytes begin a head: anything else is no HTTP, or a page without a head. Null while too few are here. @param {Uint8Array} bytes @param {boolean} ended nothing more comes */
export function beginsHead(bytes, ended) {
  const text = letters(bytes.subarray(skipBlank(bytes), skipBlank(bytes) + 16));
  if (/^http(\/|\s+\d{3})/i.test(text)) return true;
  return ended || text.includes("\n") || !"http".startsWith(text.slice(0, 4).toLowerCase()) || text.length >= 12 ? false : null;
}

/** How many bytes before a status line are blank: a text in three quotes often begins with some. @param {Uint8Array} bytes */
export function skipBlank(bytes) {
  let at = 0;
  while (at < Math.min(bytes.length, 16) && [9, 10, 13, 32].includes(bytes[at])) at += 1;
  return at;
}

/**
 * Where the empty line that ends a head ends; -1 where there is none yet.
 * @param {Uint8Array} bytes @param {number} from where the head begins, or to where it has been looked at
 */
export function endOfHead(bytes, from) {
  for (let at = bytes.indexOf(10, from); at >= 0; at = bytes.indexOf(10, at + 1)) {
    if (bytes[at + 1] === 10) return at + 2;
    if (bytes[at + 1] === 13 && bytes[at + 2] === 10) return at + 3;
  }
  return -1;
}

/** @param {Uint8Array} bytes from the status line on, with the empty line or as far as it came @param {boolean} complete @returns {Head} */
export function readHead(bytes, complete) {
  const lines = letters(bytes).split("\n");
  // What stands behind the last end of a line.
  const rest = lines.pop() ?? "";
  /** @type {Head} */
  const head = { status: null, reason: "", headers: [], notes: [] };
  const bare = lines.filter((line) => !line.endsWith("\r")).length;
  const all = bare === lines.length;
  if (!complete && rest !== "") lines.push(rest);
  const plain = lines.map((line) => line.replace(/\r$/, ""));
  if (complete) plain.pop();
  readStatus(head, plain[0] ?? "");
  const { notes } = head;
  const before = notes.length;
  for (const [index, line] of plain.slice(1, HEADERS + 1).entries()) readHeader(head, line, index + 2);
  const others = notes.splice(before + SENTENCES).length;
  if (others > 0) notes.push(`${others} more lines of it are not as headers are.`);
  if (plain.length > HEADERS + 1) head.notes.push(`It has more than ${HEADERS} header lines; the others were not read.`);
  if (bare > 0) {
    const which = all ? "The lines of the head end" : bare === 1 ? "One line of the head ends" : `${bare} lines of the head end`;
    head.notes.push(`${which} with \\n alone. HTTP has \\r\\n; browsers take both.`);
  }
  return head;
}

/** @param {Head} head @param {string} line */
function readStatus(head, line) {
  const strict = /^HTTP\/(\d)\.\d (\d{3}) (.*)$/.exec(line);
  const [, major, status, reason] = strict ?? /^http\s*\/?\s*(\d?)(?:\.\d*)?\s+(\d{3})(?!\d)\s*(.*)$/i.exec(line) ?? [];
  if (status === undefined) {
    head.notes.push(`The status line is “${excerpt(line)}”: it has no code of three digits. One looks like HTTP/1.1 200 OK`);
    return;
  }
  head.status = Number(status);
  head.reason = reason.trim();
  if (!strict) head.notes.push(`The status line is “${excerpt(line)}”; it should look like HTTP/1.1 ${status} ${head.reason || "OK"}, with one space between its parts${head.reason ? "" : ", the second one too where no words follow"}.`);
  else if (major !== "1") head.notes.push(`It calls itself HTTP/${major}: what goes over a connection like this one is HTTP/1.`);
  if (head.status < 100 || head.status > 599) head.notes.push(`There is no status ${status}: codes are from 100 to 599.`);
}

/** @param {Head} head @param {string} line @param {number} number in the head, from 1 */
function readHeader({ headers, notes }, line, number) {
  const which = `Line ${number} of the head, “${excerpt(line)}”,`;
  const before = headers.at(-1);
  if (/^[ \t]/.test(line)) {
    if (line.trim() === "") return void notes.push(`Line ${number} of the head has nothing but blanks: it is not the empty line that ends a head.`);
    notes.push(`${which} begins with a blank, so it goes on with the line before it and is no header of its own.`);
    if (before) before[1] += ` ${line.trim()}`;
    return;
  }
  const colon = line.indexOf(":");
  if (colon < 0) return void notes.push(`${which} has no colon: it is no header, and was left out.`);
  const name = line.slice(0, colon);
  if (name === "") return void notes.push(`${which} has no name before its colon, and was left out.`);
  if (/[ \t]$/.test(name)) notes.push(`${which} has a blank before its colon, where none may be.`);
  else if (!/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/.test(name)) notes.push(`${which} has a name with characters that no header's name has.`);
  headers.push([name.trim(), line.slice(colon + 1).trim()]);
}

/** The value of a header; null where there is none. @param {Head} head @param {string} name in lower case */
export function header({ headers }, name) {
  return headers.find(([one]) => one.toLowerCase() === name)?.[1] ?? null;
}

/** Every value of a header. @param {Head} head @param {string} name in lower case */
export function values({ headers }, name) {
  return headers.filter(([one]) => one.toLowerCase() === name).map(([, value]) => value);
}

/** @param {string} text */
export function excerpt(text) {
  return text.length > EXCERPT ? `${text.slice(0, EXCERPT)}…` : text;
}
