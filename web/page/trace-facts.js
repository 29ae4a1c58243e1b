// What an event of `room.trace()` says, as the flat facts that a lesson's checks ask for.

/** Calls whose begin is remembered until their end: more than one room can have waiting. */
const UNFINISHED = 4096;

export class TraceFacts {
  /** @type {Map<number, any>} */
  #begun = new Map();
  #rename;
  #hostAt;

  /**
   * @param {(host: string) => string} rename what the lesson calls a machine
   * @param {(address: string) => string | undefined} hostAt the machine that has an address
   */
  constructor(rename, hostAt) {
    this.#rename = rename;
    this.#hostAt = hostAt;
  }

  /** @param {any} event @returns {Record<string, string | number | undefined>} */
  of(event) {
    if (event.kind === "call") return this.#call(event);
    if (event.kind === "packet") return this.#packet(event);
    if (event.kind === "state") return { kind: "state", host: this.#rename(event.host), from: event.from, state: event.to };
    return { kind: event.kind };
  }

  /** @param {any} event */
  #call(event) {
    const begun = event.phase === "begin" ? event : (this.#begun.get(event.id) ?? event);
    if (event.phase === "begin") this.#remember(event);
    else this.#begun.delete(event.id);
    const [address, port] = endpoint(begun.args?.address);
    return {
      kind: "call",
      phase: event.phase,
      call: begun.call ?? event.call,
      host: begun.host === undefined ? undefined : this.#rename(begun.host),
      program: begun.program,
      fd: begun.fd,
      port: port ?? begun.args?.port,
      to: address === undefined ? undefined : this.#hostAt(address),
      result: event.phase === "end" ? resultOf(event) : undefined,
      length: event.result?.length ?? event.result?.sent,
    };
  }

  /** @param {any} event */
  #remember(event) {
    this.#begun.set(event.id, event);
    if (this.#begun.size > UNFINISHED) this.#begun.delete(this.#begun.keys().next().value ?? 0);
  }

  /** @param {any} event */
  #packet(event) {
    const name = (/** @type {string | undefined} */ host) => (host === undefined ? undefined : this.#rename(host));
    const fate = typeof event.fate === "string" ? event.fate : event.fate?.name;
    return {
      kind: "packet",
      link: event.link,
      source: name(event.from),
      to: name(event.to),
      flags: event.flags?.join("+"),
      length: event.length,
      fate,
    };
  }
}

/** @param {any} event */
function resultOf({ error }) {
  if (!error) return "ok";
  return error.name ?? error.class ?? "error";
}

/** @param {string | undefined} text `10.0.0.1:80` or `[::1]:80` @returns {[string?, number?]} */
function endpoint(text) {
  if (typeof text !== "string") return [];
  const colon = text.lastIndexOf(":");
  return [text.slice(0, colon).replace(/^\[|\]$/g, ""), Number(text.slice(colon + 1))];
}
