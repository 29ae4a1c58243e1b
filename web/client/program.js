// A program on a machine: its own descriptor table. And its sockets, in Python's spelling.
import * as args from "./arguments.js";
import { CALL_PAYLOAD } from "../py/vocabulary.js";

/** @typedef {{ signal?: AbortSignal, wait?: "forever" | "no" | number, line?: number, flags?: string | string[] }} CallOptions */
/** @typedef {import("../py/vocabulary.js").protocol.Call} Call */
/** @typedef {import("../py/vocabulary.js").protocol.Returned} Returned */
/** @typedef {import("./wireside.js").Address | import("./wireside.js").UnixAddress} Address */
/** @typedef {import("./wireside.js").Bytes} Bytes */

export class Program {
  #port;
  #sockets = new Map();

  /** @param {import("./port.js").Port} port @param {{ id: number, name: string, host: import("./wireside.js").Host }} info */
  constructor(port, { id, name, host }) {
    this.#port = port;
    this.id = id;
    this.name = name;
    this.host = host;
  }

  /**
   * One call in the protocol's own form, `{ Recv: { fd: 3, flags: 0, max: 1024 } }`: what everything else here is
   * made of. Resolves to its value and the bytes received.
   * @param {Call} call
   * @param {{ signal?: AbortSignal, wait?: CallOptions["wait"], line?: number, payload?: Uint8Array, name?: string }} [options]
   * @returns {Promise<{ value: import("../py/vocabulary.js").protocol.Value, bytes: Uint8Array }>}
   */
  async call(call, { signal, wait, line, payload, name } = {}) {
    const request = { do: "call", program: this.id, call, wait: args.wait(wait), line: args.line(line), payload };
    const { ok, payload: bytes } = await this.#port.ask(name ?? nameOf(call), request, signal);
    return { value: ok, bytes: bytes ?? new Uint8Array() };
  }

  /**
   * socket(2).
   * @param {string} [family] `AF_INET`, `AF_INET6` or `AF_UNIX`
   * @param {string} [kind] `SOCK_STREAM` or `SOCK_DGRAM`
   * @param {CallOptions} [options]
   */
  async socket(family = "AF_INET", kind = "SOCK_STREAM", options) {
    const call = { Socket: { family: args.family(family), kind: args.kind(kind) } };
    const { value } = await this.call(call, options);
    return this.adopt(returned(value, "Descriptor"), { family, kind });
  }

  /** The socket of a descriptor that is open already, such as one from before a reload. @param {number} fd @param {object} [traits] */
  adopt(fd, traits) {
    const socket = new Socket(this, args.integer(fd, "a descriptor", 0), traits);
    this.#sockets.set(fd, socket);
    return socket;
  }

  /** Sockets of this program that this page knows and has not closed. @returns {Socket[]} */
  get sockets() {
    return [...this.#sockets.values()];
  }

  /** @param {Socket} socket */
  forget(socket) {
    if (this.#sockets.get(socket.fd) === socket) this.#sockets.delete(socket.fd);
  }

  /**
   * A library function: resolves a name and pairs each address with the port.
   * @param {string} host @param {number} port @param {CallOptions & { family?: string }} [options]
   */
  async getaddrinfo(host, port, options = {}) {
    const family = options.family ? args.family(options.family) : null;
    const call = { Resolve: { name: args.hostName(host), family, port: args.port(port) } };
    const { value } = await this.call(call, { ...options, name: "getaddrinfo" });
    const { addresses, from_room: fromRoom } = returned(value, "Addresses");
    return addresses.map((address) => ({
      family: /** @type {import("../py/vocabulary.js").Family} */ (address.includes(":") ? "AF_INET6" : "AF_INET"),
      address,
      port,
      fromRoom,
    }));
  }

  /** A library function: the first IPv4 address of a name. @param {string} host @param {CallOptions} [options] @returns {Promise<string>} */
  async gethostbyname(host, options = {}) {
    if (args.isNumeric(args.hostName(host)) && !host.includes(":")) return host;
    const [first] = await this.getaddrinfo(host, 0, { ...options, family: "AF_INET" });
    return first.address;
  }

  /**
   * A library function: sends real echo requests inside the room.
   * @param {string} host @param {number} [count] 1 to 10 @param {CallOptions} [options]
   */
  async ping(host, count = 4, options) {
    const call = { Ping: { name: args.hostName(host), count: args.integer(count, "the count", 1, 10) } };
    const { value } = await this.call(call, { ...options, name: "ping" });
    const { address, round_trips: times, sent } = returned(value, "Pinged");
    return { address, sent, roundTrips: times.map((time) => (time === null ? null : time / 1e6)) };
  }

  /**
   * poll(2): those with an event, in the order asked; empty when the wait ran out.
   * @param {[Socket, string | string[]][]} wanted @param {CallOptions} [options]
   * @returns {Promise<[Socket, string[]][]>}
   */
  async poll(wanted, options) {
    const fds = wanted.map(([socket, events]) => /** @type {[number, number]} */ ([socket.fd, args.pollEvents(events)]));
    const { value } = await this.call({ Poll: { fds } }, options);
    const socketOf = new Map(wanted.map(([socket]) => [socket.fd, socket]));
    return returned(value, "Ready").map(([fd, events]) => [/** @type {Socket} */ (socketOf.get(fd)), args.pollNames(events)]);
  }

  /** Shows text as this program's output, to everybody. @param {string} text @param {{ error?: boolean }} [options] */
  print(text, { error = false } = {}) {
    this.#port.tell({ do: "output", program: this.id, error, text: String(text) });
  }

  /** Ends the program as a process exits: its descriptors are closed. */
  async exit() {
    this.#sockets.clear();
    await this.#port.ask("exit", { do: "closeProgram", program: this.id });
  }

  /** The numeric form of an address; a name is resolved first, visibly. @param {Address} address @param {CallOptions} [options] */
  async resolve(address, options) {
    if (args.isUnix(address)) return address;
    const [host, port] = args.address(address);
    if (args.isNumeric(host)) return args.socketAddress(host, port);
    const [first] = await this.getaddrinfo(host, port, { signal: options?.signal, line: options?.line, family: "AF_INET" });
    return args.socketAddress(first.address, port);
  }
}

export class Socket {
  #program;
  /** @type {import("../py/vocabulary.js").protocol.Wait} */
  #timeout = "Forever";

  /** @param {Program} program @param {number} fd @param {{ family?: string, kind?: string }} [traits] */
  constructor(program, fd, { family = "AF_INET", kind = "SOCK_STREAM" } = {}) {
    this.#program = program;
    this.fd = fd;
    this.family = family;
    this.kind = kind;
  }

  /** bind(2). An empty host is every address of the machine. @param {Address} address @param {CallOptions} [options] */
  async bind(address, options) {
    const any = this.family === "AF_INET6" ? "::" : "0.0.0.0";
    const everywhere = !args.isUnix(address) && args.address(address)[0] === "";
    const numeric = everywhere ? args.socketAddress(any, address[1]) : await this.#program.resolve(address, options);
    await this.#call({ Bind: { fd: this.fd, address: numeric } }, options);
  }

  /** listen(2). @param {number} [backlog] @param {CallOptions} [options] */
  async listen(backlog = 128, options) {
    await this.#call({ Listen: { fd: this.fd, backlog: args.integer(backlog, "the backlog") } }, options);
  }

  /** accept(2): a new socket and the address of its peer. @param {CallOptions} [options] @returns {Promise<[Socket, Address]>} */
  async accept(options) {
    const { value } = await this.#call({ Accept: { fd: this.fd } }, options);
    const { fd, peer } = returned(value, "Accepted");
    return [this.#program.adopt(fd, this), args.pair(peer)];
  }

  /** connect(2). A name is resolved first, visibly. @param {Address} address @param {CallOptions} [options] */
  async connect(address, options) {
    const numeric = await this.#program.resolve(address, options);
    await this.#call({ Connect: { fd: this.fd, address: numeric } }, options);
  }

  /** send(2): how many bytes the kernel took. @param {Bytes} data @param {CallOptions} [options] @returns {Promise<number>} */
  async send(data, options) {
    const payload = args.bytes(data);
    const call = { Send: { fd: this.fd, flags: args.flags(options?.flags), length: payload.length } };
    const { value } = await this.#call(call, options, payload);
    return returned(value, "Sent");
  }

  /** A library function: send(2) until everything is taken. @param {Bytes} data @param {CallOptions} [options] */
  async sendall(data, options) {
    let rest = args.bytes(data);
    do {
      const taken = await this.send(rest.subarray(0, CALL_PAYLOAD), options);
      rest = rest.subarray(taken);
    } while (rest.length > 0);
  }

  /** sendto(2). @param {Bytes} data @param {Address} address @param {CallOptions} [options] @returns {Promise<number>} */
  async sendto(data, address, options) {
    const payload = args.bytes(data);
    const numeric = await this.#program.resolve(address, options);
    const call = { SendTo: { fd: this.fd, flags: args.flags(options?.flags), address: numeric, length: payload.length } };
    const { value } = await this.#call(call, options, payload);
    return returned(value, "Sent");
  }

  /** recv(2): at most `max` bytes; length 0 is end of file. @param {number} max @param {CallOptions} [options] @returns {Promise<Uint8Array>} */
  async recv(max, options) {
    const call = { Recv: { fd: this.fd, flags: args.flags(options?.flags), max: args.integer(max, "the buffer size", 0) } };
    const { bytes } = await this.#call(call, options);
    return bytes;
  }

  /** recvfrom(2). @param {number} max @param {CallOptions} [options] @returns {Promise<[Uint8Array, Address | null]>} */
  async recvfrom(max, options) {
    const call = { RecvFrom: { fd: this.fd, flags: args.flags(options?.flags), max: args.integer(max, "the buffer size", 0) } };
    const { value, bytes } = await this.#call(call, options);
    const { from } = returned(value, "ReceivedFrom");
    return [bytes, from ? args.pair(from) : null];
  }

  /** shutdown(2). @param {string} how `SHUT_RD`, `SHUT_WR` or `SHUT_RDWR` @param {CallOptions} [options] */
  async shutdown(how, options) {
    await this.#call({ Shutdown: { fd: this.fd, how: args.how(how) } }, options);
  }

  /** close(2). @param {CallOptions} [options] */
  async close(options) {
    await this.#call({ Close: { fd: this.fd } }, options);
    this.#program.forget(this);
  }

  /** getsockname(2). @param {CallOptions} [options] @returns {Promise<Address>} */
  async getsockname(options) {
    const { value } = await this.#call({ GetSockName: { fd: this.fd } }, options);
    return args.pair(returned(value, "Address"));
  }

  /** getpeername(2). @param {CallOptions} [options] @returns {Promise<Address>} */
  async getpeername(options) {
    const { value } = await this.#call({ GetPeerName: { fd: this.fd } }, options);
    return args.pair(returned(value, "Address"));
  }

  /** setsockopt(2): an option by its name in C. @param {string} name @param {unknown} value @param {CallOptions} [options] */
  async setsockopt(name, value, options) {
    const call = { SetSockOpt: { fd: this.fd, name: args.optionName(name), value: args.optionValue(name, value) } };
    await this.#call(call, options);
  }

  /** getsockopt(2). @param {string} name @param {CallOptions} [options] @returns {Promise<number | null | Uint8Array>} */
  async getsockopt(name, options) {
    const { value } = await this.#call({ GetSockOpt: { fd: this.fd, name: args.optionName(name) } }, options);
    return args.plainOption(returned(value, "Option"));
  }

  /** Later calls wait at most this long: seconds, 0 for not at all, null for ever. No system call. @param {number | null} seconds */
  settimeout(seconds) {
    this.#timeout = args.timeout(seconds);
  }

  /** @param {Call} call @param {CallOptions} [options] @param {Uint8Array} [payload] */
  #call(call, options = {}, payload) {
    const wait = options.wait ?? args.publicWait(this.#timeout);
    return this.#program.call(call, { signal: options.signal, wait, line: options.line, payload });
  }
}

/**
 * What a call returned, in the form that this call has.
 * @template {keyof Returned} Form
 * @param {import("../py/vocabulary.js").protocol.Value} value @param {Form} form
 * @returns {Returned[Form]}
 */
function returned(value, form) {
  const found = value === "Done" ? undefined : value[form];
  if (found === undefined) throw new TypeError(`the server answered ${JSON.stringify(value)} where ${form} was due`);
  return found;
}

/** The name of a call as in the man pages. @param {Call} call */
export function nameOf(call) {
  return Object.keys(call)[0].toLowerCase();
}
