// "As it went over the wire": each request and its answer as bytes, the newest below.
import { visibleOutput } from "../client/web.js";
import { element } from "../base/element.js";
import { bodyView, headView } from "./bytes-view.js";
import { contentOf } from "./content.js";
import { answerWords, exchangeWords } from "./visit-words.js";

export class WireDrawer {
  #list = element("div", { class: "browser-exchanges" });
  #count = element("span", { class: "soft" });
  #visit = /** @type {import("./visit.js").Visit | null} */ (null);
  /** What each exchange was drawn as. @type {WeakMap<import("./visit.js").Exchange, { drawn: string, node: HTMLElement }>} */
  #drawn = new WeakMap();
  node = /** @type {HTMLDetailsElement} */ (
    element(
      "details",
      { class: "browser-drawer", hidden: true },
      element("summary", {}, "As it went over the wire ", this.#count),
      element("p", { class: "soft" }, "␍ is \\r, the end of a line is \\n."),
      this.#list,
    )
  );

  constructor() {
    this.node.addEventListener("toggle", () => this.#draw());
  }

  /** @param {import("./visit.js").Visit | null} visit */
  show(visit) {
    this.#visit = visit;
    const { length } = visit?.exchanges ?? [];
    this.node.hidden = length === 0;
    this.#count.textContent = length > 1 ? `${length} requests` : "";
    this.#draw();
  }

  /** Closed, it costs nothing. */
  #draw() {
    if (!this.node.open) return;
    const nodes = (this.#visit?.exchanges ?? []).map((exchange) => this.#exchange(exchange));
    if (nodes.length !== this.#list.children.length || nodes.some((node, at) => this.#list.children[at] !== node)) this.#list.replaceChildren(...nodes);
  }

  /** @param {import("./visit.js").Exchange} exchange */
  #exchange(exchange) {
    const { answer, request, whole, error } = exchange;
    const now = [request?.length, answer.received, answer.done, whole, Boolean(error)].join();
    const known = this.#drawn.get(exchange);
    if (known?.drawn === now) return known.node;
    const node = element(
      "section",
      { class: "browser-exchange" },
      element("h4", { class: "mono" }, visibleOutput(exchangeWords(exchange))),
      element("h5", {}, "Request ", element("span", { class: "soft" }, request ? `${request.length.toLocaleString("en")} bytes` : "not sent")),
      request && headView(request, "Request"),
      element("h5", {}, "Answer ", element("span", { class: "soft" }, answerWords(exchange))),
      ...answered(answer),
    );
    this.#drawn.set(exchange, { drawn: now, node });
    return node;
  }
}

/** @param {import("./http-answer.js").AnswerReader} answer @returns {(Node | null)[]} */
function answered(answer) {
  if (answer.isEmpty) return [];
  const { rawHead, rawBody } = answer;
  const { kind, letters } = contentOf(answer);
  // Sizes of chunks stand between; what they are between is in the letters of the page.
  const text = kind === "bytes" || kind === "picture" ? null : new TextDecoder(letters || "utf-8").decode(rawBody);
  return [rawHead.length > 0 ? headView(rawHead, "Head of the answer") : null, rawBody.length > 0 ? bodyView(rawBody, text, "Body of the answer") : null];
}
