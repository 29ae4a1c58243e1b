// What a visit does, and how it ended, in words.
import { counted } from "../base/counted.js";

/** @typedef {import("./visit.js").Visit} Visit */

/** What is waited for now. @param {Visit} visit @param {string} sentence what the room knows of the call that waits; may be empty @param {number} now `performance.now()` */
export function progress(visit, sentence, now) {
  const { doing, page } = visit;
  const exchange = visit.exchanges.at(-1);
  if (!doing || !exchange || !page) return "Opening.";
  const seconds = ((now - doing.since) / 1000).toFixed(1);
  const what = exchange.what === "picture" ? `${exchange.address.target}: ` : "";
  if (doing.name === "recv" && exchange.request) return `${what}${exchange.answer.isEmpty ? "The request is sent. " : ""}Waiting ${seconds} s for ${exchange.answer.waitsFor}.`;
  return `${what}${doing.name}() has been waiting ${seconds} s. ${sentence}`.trim();
}

/** How it ended, or how far it is. @param {Visit} visit @param {import("./content.js").Content | null} content */
export function summary(visit, content) {
  const { page, state } = visit;
  if (!page) return state === "stopped" ? "Stopped." : "No page came.";
  const { answer } = page;
  if (state === "stopped" && !page.whole) return answer.isEmpty ? "Stopped. Nothing had come." : `Stopped. ${upTo(answer.received)} had come by then.`;
  if (state === "failed" && !page.whole) return answer.isEmpty ? "No page came." : `The answer broke off after ${counted(answer.received, "byte")}.`;
  if (answer.isEmpty) return "Nothing came.";
  return [status(answer), content?.type, size(answer)].filter(Boolean).join(" · ");
}

/** @param {number} bytes */
function upTo(bytes) {
  const words = counted(bytes, "byte");
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** @param {import("./http-answer.js").AnswerReader} answer */
export function status({ head, hasHead }) {
  if (!head) return hasHead === false ? "No status line" : "No whole head";
  return head.status === null ? "No status" : `${head.status} ${head.reason}`.trim();
}

/** @param {import("./http-answer.js").AnswerReader} answer */
function size({ body }) {
  return body.length === 0 ? "no body" : counted(body.length, "byte");
}

/** A request and its answer in a line. @param {import("./visit.js").Exchange} exchange */
export function exchangeWords({ address, answer, error, request, whole }) {
  const none = error ? (request ? "no answer" : "not sent") : whole ? "nothing came" : request ? "no answer yet" : "not sent yet";
  return `GET ${address.text}: ${answer.isEmpty ? none : status(answer)}`;
}

/** How much of an answer came. @param {import("./visit.js").Exchange} exchange */
export function answerWords({ answer, whole, error }) {
  const { location } = answer;
  if (answer.isEmpty) return whole ? "The server closed the connection without a byte." : error ? "No byte of it came." : "No byte of it has come yet.";
  if (location !== null && !answer.complete) return `${counted(answer.received, "byte")}, read as far as where it leads on.`;
  return counted(answer.received, "byte");
}
