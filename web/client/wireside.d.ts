/**
 * Wireside for JavaScript: real TCP and UDP sockets on the machines of a room.
 *
 * Every call has the effect of exactly one blocking system call by a process: `recv` takes at most what was asked for
 * and leaves the rest in the kernel, `accept` accepts one connection and no more. Several calls may wait at once.
 *
 * Every call takes `{ signal }`; aborting it cancels the call, which then ends exactly once: with its real result
 * (bytes taken are never lost) or, where it was interrupted, by rejecting with the signal's reason.
 */

import type { Family, Flag, How, Kind, OptionName, protocol } from "../py/vocabulary.js";

/** What `openRoom` takes. */
export interface OpenOptions {
  /** Name of the person, at most 32 characters; the server chooses one if it is empty. */
  name?: string;
  /** A key to use in place of the link's: 22 letters of base64url. */
  key?: string;
  /** `room.token` of this page before a reload: goes on with its programs, descriptors and waiting calls. */
  token?: string;
  /** False: no trace; `room.trace()`, and news of people and machines, are empty then. */
  trace?: boolean;
  /** Where to make a new room, if not at the server that this module came from. */
  server?: string;
  /** Gives up. */
  signal?: AbortSignal;
}

/**
 * Opens a new room, or joins the one of a link (`https://host/r/<id>#<key>`) with the role its key gives.
 *
 * @throws {RoomError} `NO_ROOM`, `WRONG_KEY`, `LIMIT`, `DRAINING`, `UNAVAILABLE` (the message says what is missing),
 * `BLOCKED` (the WebSocket does not get through), `UNREACHABLE`, or `NOT_LOADED` (a file of the client did not come); within
 * three minutes in every case
 */
export function openRoom(link?: string, options?: OpenOptions): Promise<Room>;

/** What every call takes. */
export interface CallOptions {
  /** Cancels the call. */
  signal?: AbortSignal;
  /** How long it may wait, measured at the server: milliseconds, or as a (non-)blocking call does. */
  wait?: "forever" | "no" | number;
  /** The line of the program's text that makes the call, from 1: the recording says it. */
  line?: number;
}

/** What calls that send or receive take. */
export interface TransferOptions extends CallOptions {
  /** One, or several: `"MSG_PEEK"`, `["MSG_PEEK", "MSG_DONTWAIT"]`. */
  flags?: Flag | Flag[];
}

/** `["10.0.0.1", 12345]`; calls that take one also take a name, which is resolved first, visibly. */
export type Address = [host: string, port: number];

/** A name of `AF_UNIX`: a path of the machine (`unix:/tmp/talk`), an abstract name (`unix:@talk`), or none (`unix:`). */
export type UnixAddress = `unix:${string}`;

export type Bytes = Uint8Array | ArrayBuffer | ArrayBufferView | string;

/** What a person may do: the owner all, a participant with a machine of their own, a viewer nothing. */
export type Role = "owner" | "participant" | "viewer";

export interface Member {
  id: number;
  name: string;
  role: Role;
  /** Number of their own machine. */
  host: number | null;
}

export interface Host {
  id: number;
  /** Its name, which resolves inside the room. */
  name: string;
  aliases: string[];
  address: string;
  /** Number of the guest whose machine it is. */
  guest: number | null;
  /** It has the ready-made servers; nobody runs programs there. */
  readyMade: boolean;
  /** False while its cable is cut. */
  cable: boolean;
  /** The kernel settings that can be changed on it. */
  sysctls: Record<"SynRetries" | "AbortOnOverflow" | "SynCookies", number>;
}

export interface ProgramInfo {
  id: number;
  host: number;
  /** Number of the person; null for the ready-made servers. */
  by: number | null;
  name: string;
  lifetime: "Page" | "Member";
}

export interface WireSettings {
  /** Packets stop half-way until they are let through. */
  held: boolean;
  /** One way, milliseconds. */
  delay: number;
  /** Probability that a packet is lost. */
  loss: number;
  /** Of the losses, so that a run can be repeated. */
  seed: number;
}

export interface RoomEvents {
  /** People, machines, programs or the wire's settings are different now. */
  change: undefined;
  /** `open` (again), `lost` with the time the session is kept, `away` while the room's node does not answer and another one does, or `over`. */
  connection: { state: "open" | "lost" | "away" | "over"; leftMs: number | null; error: RoomError | null };
  /** News that is not in the trace. `count` is that of trace events which the room let go before this page could have them. */
  notice: {
    kind: "room-ends" | "room-stays" | "room-ended" | "taken-over" | "removed" | "draining" | "skipped";
    leftMs: number | null;
    count?: number;
  };
  /** Trace events in the wire format, from the oldest kept, then live; some may come twice. */
  trace: Uint8Array;
}

export class Room {
  private constructor();
  /** The room's id, as in its address. */
  readonly id: string;
  /** The key this page came with. */
  readonly key: string;
  /** Goes on with this session after a reload: keep it in sessionStorage. */
  readonly token: string;
  /** This page goes on with the session of an earlier one. */
  readonly reattached: boolean;
  /** Addresses to hand on; null where this role may not. */
  readonly links: { join: string | null; watch: string | null };
  readonly me: Member;
  readonly members: Member[];
  readonly hosts: Host[];
  readonly programs: ProgramInfo[];
  readonly features: { packets: boolean; outbound: "off" | "list" | "open"; targets: string[] };
  readonly connection: "open" | "lost" | "away" | "over";
  /** Everything of the room now, plain. Times in nanoseconds since the room began. */
  readonly snapshot: {
    members: Member[];
    hosts: Host[];
    programs: ProgramInfo[];
    wire: WireSettings;
    now: number;
    oldest: number;
  };
  /** This person's calls from before a reload that still wait. `call` is in the protocol's own form. */
  readonly waiting: {
    id: number;
    program: number;
    call: protocol.Call;
    result: Promise<{ value: protocol.Value; bytes: Uint8Array }>;
    cancel(): void;
  }[];
  readonly wire: Wire;

  /**
   * A program on a machine: a descriptor table of its own. A `member` program survives a reload: asked for again by
   * its name it goes on. A `page` program ends with the page.
   */
  program(
    host: string | number,
    options?: { name?: string; lifetime?: "member" | "page"; signal?: AbortSignal },
  ): Promise<Program>;
  /** The trace from the oldest kept event (or the `seq` given), then live. Ends with the session or the signal. */
  trace(options?: { from?: number; signal?: AbortSignal }): AsyncGenerator<TraceRecord, void, void>;
  /** Listens; the function returned stops it. */
  on<Name extends keyof RoomEvents>(what: Name, listener: (detail: RoomEvents[Name]) => void): () => void;
  /** Shows everybody the text of a program as it stands in this page's editor; false where it is too long. */
  source(host: string | number, name: string, text: string): Promise<boolean>;
  /** Tells those who watch what stands in front on a machine in this page: a program's file, or its console. */
  inFront(host: string | number, name: string): void;
  /** A new name for this person, at most 32 characters; empty lets the server choose. */
  rename(name: string): void;
  /**
   * Ends the session of a guest or a watcher, with their programs and their machine. Only owners may. Whoever has the
   * link can come in again, as somebody new.
   */
  remove(member: number): Promise<void>;
  /**
   * Tells how far this person has come in a lesson: an event `progress` for everybody who watches the room. Names are
   * at most 32 characters; `evidence` is the `seq` of the event that shows it. Bounded: 64 at once, then one a second.
   */
  progress(lesson: string, step: string, outcome: { evidence: number } | "skipped"): void;
  /** Asks that the room stays open longer. */
  keepOpen(): void;
  /** Tries to connect now rather than later. */
  retry(): void;
  /** Cuts or mends a machine's cable. */
  cable(host: string | number, plugged: boolean): Promise<void>;
  /** Gives a machine a fresh network: every socket on it is gone. */
  freshNetwork(host: string | number): Promise<void>;
  sysctl(host: string | number, name: "SynRetries" | "AbortOnOverflow" | "SynCookies", value: number): Promise<void>;
  /** The room's packets as a pcapng file, as Wireshark reads it: the last few megabytes. */
  pcap(): Promise<Blob>;
  /**
   * Runs a Python script on a machine: real CPython in a worker of its own, with the machine's sockets. Resolves as
   * soon as the program is there; Python may still be loading then (`run.state`). Where Python cannot run at all,
   * rejects with `PythonError`; see `available()` in python.js. The program ends with the page.
   *
   * @param name the script's file name, at most 32 characters: the program's name, and the file in tracebacks
   * @param source at most 256 KiB as UTF-8
   */
  run(host: string | number, name: string, source: string, options?: RunOptions): Promise<Run>;
  /**
   * Opens a Python prompt on a machine: a program like any other, whose lines are typed. `name` is the program's. What is typed goes
   * to `run.input()`, a statement with all its lines at once, when `run.state.prompt` is there.
   */
  prompt(host: string | number, name: string, options?: Omit<RunOptions, "args">): Promise<Run>;
  /** A port through which another worker may make calls as this page does. */
  port(): MessagePort;
  /** Leaves for good. */
  close(): void;
}

/** What `room.run` takes. */
export interface RunOptions {
  /** Arguments after the script's name, as `sys.argv[1:]`. */
  args?: string[];
  /** Files of its working directory beside the script: at most 100, of 8 MiB together. */
  files?: { name: string; bytes: Uint8Array }[];
  /** Stops the program. */
  signal?: AbortSignal;
}

/** What a program is doing. `since` is as `Date.now()`; `line` counts from 1 and is null outside the script. */
export type RunState =
  /** Python is not there yet: so many of so many bytes, as they travel. */
  | { state: "starting"; loaded: number; total: number }
  | ({ state: "running" } & RunThreads)
  /** In a call that has not returned for a moment: `accept`, `recv`, `connect`, `poll`, `sleep`, ...; with threads, all of them. */
  | ({ state: "waiting"; call: string; fd: number | null; line: number | null; since: number } & RunThreads)
  /**
   * In `input()`, or reading `sys.stdin`; with threads, one of them. `prompt`: what stands before a first line and before others,
   * where it is a prompt that waits for a statement.
   */
  | ({ state: "input"; line: number | null; since: number; prompt?: [string, string] } & RunThreads)
  | { state: "ended"; exit: RunExit };

/** The threads of a program, the main one first; none where it has one only. */
export interface RunThreads {
  /** Who would take a line of input now: in `input()`, reading `sys.stdin`, or in `select()` and its kin with descriptor 0. */
  reads?: { thread: string | null; call: string; line: number | null }[];
  threads?: RunThread[];
  /** Each waits for another or for a lock that another holds: none can go on, ever. */
  deadlock?: boolean;
}

/** What one thread does: the call it waits in, or null where it does not wait. */
export interface RunThread {
  name: string;
  call: string | null;
  fd: number | null;
  line: number | null;
  since: number | null;
  /**
   * Where it waits for a lock or a thread's end (`ends`): the other thread, if there is one it waits for, and the line of the
   * script in which that took the lock, where it is known.
   */
  awaits: { thread: string | null; line: number | null; ends: boolean } | null;
}

/** How a program ended. */
export interface RunExit {
  /**
   * `exited`: by itself, or by `sys.exit`. `error`: an exception nobody caught. `stopped`: interrupted by `stop()`.
   * `terminated`: it did not end when it was interrupted, its page, room or worker was gone, or a signal without a handler ended it.
   */
  status: "exited" | "error" | "stopped" | "terminated";
  /** As a process's exit status: 0, 1, what `sys.exit` said, or 130 (stopped), 137 (terminated), and 128 with a signal's number. */
  code: number;
  /**
   * The exception of `error`: its class, text, line in the script, and Linux errno if it has one. `call`: the call whose own
   * failure it is, as its number among the calls that the program made, and its name in the man pages.
   */
  error: {
    type: string;
    message: string;
    line: number | null;
    errno: number | null;
    call: { number: number; name: string } | null;
  } | null;
}

/** What became of the files in a program's working directory. */
export interface FolderChange {
  files: { name: string; bytes: Uint8Array }[];
  removed: string[];
  /** What is there in the program alone: folders, files of more than 1 MiB, and those after the hundredth. */
  left: { name: string; why: "folder" | "large" | "many"; size: number }[];
}

/** A Python program on its way. */
export class Run {
  private constructor();
  readonly name: string;
  readonly host: Host;
  /** Number of its program in the room. */
  readonly program: number;
  readonly state: RunState;
  /** Called after each change of `state`. */
  onchange: ((state: RunState) => void) | null;
  /** Called when it has made, changed or deleted files of its working directory, before it has ended. */
  onfolder: ((change: FolderChange) => void) | null;
  /**
   * What it prints, in order, in pieces of at most 64 KiB, up to 20 a second; ends with the program. A pipe: to be read
   * by one reader, and while nobody reads, a program that goes on printing waits.
   */
  readonly output: AsyncIterable<{ stream: "stdout" | "stderr"; text: string }>;
  /** Settles when its descriptors are closed and `state` is `ended`; never rejects. */
  readonly exit: Promise<RunExit>;
  /**
   * A line for `input()`, without its end. It may come before it is asked for. Null is the end of file (Ctrl-D).
   *
   * @throws {RangeError} when 64 KiB wait already
   */
  input(line: string | null): void;
  /** Ctrl-C: KeyboardInterrupt, also in a call that waits; what has not ended a second later is terminated. */
  stop(): Promise<RunExit>;
  /** Ctrl-C alone: a program that catches it goes on, and so does a prompt. */
  interrupt(): void;
  /** Ends it at once, as a closed terminal does. */
  end(): Promise<RunExit>;
  /** Resolves when everything that it has printed so far has been read from `output`. */
  caughtUp(): Promise<void>;
  /**
   * Asks a prompt, which answers when it waits for a line: whether a block wants another line (`more`), or how the last word of a
   * text can go on (`complete`): `names` are at most 200 texts to stand in the place of `word`. Null where it cannot say, or is
   * asked something else meanwhile.
   */
  ask(question: { more: string }): Promise<boolean | null>;
  ask(question: { complete: string }): Promise<{ word: string; names: string[]; more: boolean } | null>;
}

/** The wire between the machines. Owners only. */
export class Wire {
  private constructor();
  readonly settings: WireSettings;
  /** Packets stop half-way from now on. */
  hold(): Promise<void>;
  /** Lets the oldest held packet through. */
  step(): Promise<void>;
  /** Lets one packet through, by its `id` in the trace. */
  deliver(packet: number): Promise<void>;
  /** Takes one packet off the wire. */
  drop(packet: number): Promise<void>;
  /** Lets everything through, and from now on again. */
  release(): Promise<void>;
  /** Delay one way in milliseconds, 0 to 10000; loss as a probability. What is left out stays. */
  set(settings: { delay?: number; loss?: number; seed?: number }): Promise<void>;
}

/** A descriptor table on a machine. */
export class Program {
  private constructor();
  readonly id: number;
  readonly name: string;
  readonly host: Host;
  /** Open sockets that this page knows. */
  readonly sockets: Socket[];
  /** socket(2). */
  socket(
    family?: Family,
    kind?: Kind,
    options?: CallOptions,
  ): Promise<Socket>;
  /** A library function: the name part of getaddrinfo(3), each address with the port. */
  getaddrinfo(
    host: string,
    port: number,
    options?: CallOptions & { family?: Family },
  ): Promise<{ family: Family; address: string; port: number; fromRoom: boolean }[]>;
  /** A library function: the first IPv4 address of a name. */
  gethostbyname(host: string, options?: CallOptions): Promise<string>;
  /** A library function: real echo requests inside the room; outside it only resolves, and `sent` is false. */
  ping(
    host: string,
    count?: number,
    options?: CallOptions,
  ): Promise<{ address: string; sent: boolean; roundTrips: (number | null)[] }>;
  /** poll(2) with `IN`, `OUT`, `PRI`, ...: those with an event; empty when the wait ran out. */
  poll(wanted: [Socket, string | string[]][], options?: CallOptions): Promise<[Socket, string[]][]>;
  /** Shows text as this program's output, to everybody. */
  print(text: string, options?: { error?: boolean }): void;
  /** Ends the program as a process exits: its descriptors are closed. */
  exit(): Promise<void>;
  /** The socket of a descriptor that is open already. */
  adopt(fd: number, traits?: { family?: string; kind?: string }): Socket;
  /** A call in the protocol's own form, `{ Recv: { fd: 3, flags: 0, max: 1024 } }`: what all others are made of. */
  call(
    call: protocol.Call,
    options?: CallOptions & { payload?: Uint8Array; name?: string },
  ): Promise<{ value: protocol.Value; bytes: Uint8Array }>;
}

/** A kernel socket under a descriptor. */
export class Socket {
  private constructor();
  readonly fd: number;
  readonly family: string;
  readonly kind: string;
  /** An empty host is every address of the machine. */
  bind(address: Address | UnixAddress, options?: CallOptions): Promise<void>;
  listen(backlog?: number, options?: CallOptions): Promise<void>;
  accept(options?: CallOptions): Promise<[Socket, Address | UnixAddress]>;
  connect(address: Address | UnixAddress, options?: CallOptions): Promise<void>;
  /** How many bytes the kernel took; at most 1 MiB at once. */
  send(data: Bytes, options?: TransferOptions): Promise<number>;
  /** A library function: send(2) until everything is taken. */
  sendall(data: Bytes, options?: TransferOptions): Promise<void>;
  sendto(data: Bytes, address: Address | UnixAddress, options?: TransferOptions): Promise<number>;
  /** At most `max` bytes; length 0 is end of file. */
  recv(max: number, options?: TransferOptions): Promise<Uint8Array>;
  recvfrom(max: number, options?: TransferOptions): Promise<[Uint8Array, Address | UnixAddress | null]>;
  shutdown(how: How, options?: CallOptions): Promise<void>;
  close(options?: CallOptions): Promise<void>;
  getsockname(options?: CallOptions): Promise<Address | UnixAddress>;
  getpeername(options?: CallOptions): Promise<Address | UnixAddress>;
  /**
   * An option by its name in C; numbers and switches as they are, `SO_LINGER` in seconds or null, and what is a struct or a name
   * (`TCP_INFO`, `TCP_CONGESTION`, `SO_RCVTIMEO`) as bytes, as on a machine with 64 bits.
   */
  setsockopt(name: OptionName, value: number | boolean | null | Bytes, options?: CallOptions): Promise<void>;
  getsockopt(name: OptionName, options?: CallOptions): Promise<number | null | Uint8Array>;
  /** Later calls wait at most this long: seconds, 0 for not at all, null for ever. No system call. */
  settimeout(seconds: number | null): void;
}

/** One event of the trace. */
export interface TraceRecord {
  /** Position in the trace, from 1. */
  seq: number;
  /** Nanoseconds since the room began. */
  time: number;
  kind:
    | "call"
    | "packet"
    | "state"
    | "output"
    | "source"
    | "in_front"
    | "wire"
    | "people"
    | "host"
    | "program"
    | "progress"
    | "summary";
  [field: string]: any;
}

/** The kernel's answer: `message` is `[Errno 111] Connection refused`. */
export class SocketError extends Error {
  /** Name of the call in the man pages. */
  readonly call: string;
  /** Linux number. */
  readonly errno: number;
  /** `ECONNREFUSED`. */
  readonly code: string;
  /** What it means, for a learner. */
  readonly sentence: string;
  /** What to try. */
  readonly hint: string;
  /** Bytes the kernel had already taken. */
  readonly taken: number;
}

/** A name that could not be resolved; `code` is `EAI_NONAME` or another of getaddrinfo(3). */
export class ResolveError extends Error {
  readonly call: string;
  readonly errno: number;
  readonly code: string;
}

/** Refused by a rule of this server; the network was not asked. */
export class PolicyError extends Error {
  readonly call: string;
  readonly code: "POLICY";
  readonly rule: string;
  readonly value: string;
}

/** A limit of this server was reached; the kernel was not asked. */
export class LimitError extends Error {
  readonly call: string;
  readonly code: "LIMIT";
  readonly limit: string;
  readonly value: number;
}

/** A message broke a rule of the protocol, or named something that does not exist. */
export class ProtocolError extends Error {
  readonly call: string;
  readonly code: "PROTOCOL";
  readonly rule: string;
}

/** The time a call was given ran out. The network said nothing; this is never errno ETIMEDOUT. */
export class TimedOutError extends Error {
  readonly call: string;
  readonly code: "TIMED_OUT";
  readonly taken: number;
}

/** Python cannot run here. `message` is a sentence for the person. */
export class PythonError extends Error {
  /**
   * `insecure`: the address is neither https nor localhost, and this browser cannot suspend WebAssembly; `not-built`: this server was built without Python;
   * `not-loaded`: its files did not come; `source`: the script is too long; `files`: its files are too many, too large, or have names
   * that none can have.
   */
  readonly code: "insecure" | "not-built" | "not-loaded" | "source" | "files";
}

/** There is no room, or no session in it any more. */
export class RoomError extends Error {
  readonly code:
    | "NO_ROOM"
    | "WRONG_KEY"
    | "SESSION_OVER"
    | "ROOM_ENDED"
    | "TAKEN_OVER"
    | "REMOVED"
    | "LIMIT"
    | "POLICY"
    | "DRAINING"
    | "UNAVAILABLE"
    | "BLOCKED"
    | "UNREACHABLE"
    /** A file of the client did not come, or cannot be used: the worker, its modules, the WebAssembly. */
    | "NOT_LOADED"
    | "REFUSED";
  readonly limit?: string;
  readonly value?: number;
  /** `DRAINING`: where new rooms are made meanwhile, if the server was told. */
  readonly next?: string;
}
