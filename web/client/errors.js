// The classes of errors. They are never dressed as one another: the network's answer, the resolver's, a rule of
// ours, a limit of ours, a broken protocol, and time that ran out are different things.

/** @typedef {{ class: "session", code: string, message: string, fields?: object }} SessionOver why there is no session any more */
/** @typedef {import("./web.js").ErrorRecord | SessionOver | { class: "error", message: string }} Failure an error as the worker tells it */

/** The kernel's answer to a call. */
export class SocketError extends Error {
  /** @param {string} call @param {{ errno: number, name: string, message: string, sentence: string, hint: string, taken: number }} fields */
  constructor(call, { errno, name, message, sentence, hint, taken }) {
    super(`[Errno ${errno}] ${message}`);
    this.name = "SocketError";
    this.call = call;
    this.errno = errno;
    this.code = name;
    this.sentence = sentence;
    this.hint = hint;
    this.taken = taken;
  }
}

/** A name that could not be resolved. */
export class ResolveError extends Error {
  /** @param {string} call @param {{ number: number, name: string, message: string }} fields */
  constructor(call, { number, name, message }) {
    super(`[Errno ${number}] ${message}`);
    this.name = "ResolveError";
    this.call = call;
    this.errno = number;
    this.code = name;
  }
}

/** Refused by a rule of this server; the network was not asked. */
export class PolicyError extends Error {
  /** @param {string} call @param {{ rule: string, value: string }} fields */
  constructor(call, { rule, value }) {
    super(`not allowed by this server's rule ${rule}: ${value}`);
    this.name = "PolicyError";
    this.call = call;
    this.code = "POLICY";
    this.rule = rule;
    this.value = value;
  }
}

/** A limit of this server was reached; the kernel was not asked. */
export class LimitError extends Error {
  /** @param {string} call @param {{ limit: string, value: number }} fields */
  constructor(call, { limit, value }) {
    super(`the limit ${limit} of ${value} is reached`);
    this.name = "LimitError";
    this.call = call;
    this.code = "LIMIT";
    this.limit = limit;
    this.value = value;
  }
}

/** The other end could not make sense of a message, or it named something that does not exist. */
export class ProtocolError extends Error {
  /** @param {string} call @param {{ rule: string }} fields */
  constructor(call, { rule }) {
    super(`the protocol's rule ${rule} was broken`);
    this.name = "ProtocolError";
    this.call = call;
    this.code = "PROTOCOL";
    this.rule = rule;
  }
}

/** The time a call was given ran out. The network said nothing. */
export class TimedOutError extends Error {
  /** @param {string} call @param {{ taken: number }} fields */
  constructor(call, { taken }) {
    super("timed out");
    this.name = "TimedOutError";
    this.call = call;
    this.code = "TIMED_OUT";
    this.taken = taken;
  }
}

/** Python cannot run here. `code` says why, `message` is a sentence for the person. */
export class PythonError extends Error {
  /** @param {"insecure" | "not-built" | "not-loaded" | "source" | "files"} code @param {string} message */
  constructor(code, message) {
    super(message);
    this.name = "PythonError";
    this.code = code;
  }
}

/** There is no room, or no session in it any more. `code` says why. */
export class RoomError extends Error {
  /** @param {string} code @param {string} message @param {object} [fields] */
  constructor(code, message, fields) {
    super(message);
    this.name = "RoomError";
    this.code = code;
    Object.assign(this, fields);
  }
}

/**
 * The error for a failed call, by its class.
 * @param {string} call its name as in the man pages
 * @param {Failure} error
 * @returns {Error}
 */
export function callError(call, error) {
  switch (error.class) {
    case "errno":
      return new SocketError(call, error);
    case "resolve":
      return new ResolveError(call, error);
    case "policy":
      return new PolicyError(call, error);
    case "limit":
      return new LimitError(call, error);
    case "protocol":
      return new ProtocolError(call, error);
    case "timed_out":
      return new TimedOutError(call, error);
    case "session":
      return new RoomError(error.code, error.message, error.fields);
    default:
      return new Error(error.message);
  }
}

/**
 * The error for a refused session.
 * @param {import("./web.js").Refusal} refusal as the server tells it
 */
export function refused(refusal) {
  if (typeof refusal === "object" && "Limit" in refusal) {
    const { limit, value } = refusal.Limit;
    return session("LIMIT", `the limit ${limit} of ${value} is reached`, { limit, value });
  }
  if (typeof refusal === "object") return session("UNAVAILABLE", refusal.Unavailable);
  switch (refusal) {
    case "NoRoom":
      return session("NO_ROOM", "this room has ended, or there never was one");
    case "WrongKey":
      return session("WRONG_KEY", "the link's key does not open this room");
    case "SessionOver":
    case "Gap":
      return session("SESSION_OVER", "the connection was away for too long; the session's sockets are closed");
    case "Removed":
      return removed();
    case "Draining":
      return session("DRAINING", "the server is going away");
    default:
      return session("REFUSED", "the server refused the session");
  }
}

/** The error for a notice after which there is no session; none for others. @param {string} kind */
export function ended(kind) {
  if (kind === "room-ended") return session("ROOM_ENDED", "this room has ended; its sockets are closed");
  if (kind === "taken-over") return session("TAKEN_OVER", "another page goes on with this session");
  if (kind === "removed") return removed();
  return null;
}

function removed() {
  return session("REMOVED", "the owner of this room has removed you");
}

/** @param {string} code @param {string} message @param {object} [fields] @returns {SessionOver} */
function session(code, message, fields) {
  return { class: "session", code, message, fields };
}
