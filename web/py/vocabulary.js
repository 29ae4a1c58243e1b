// Words and numbers of socket programming, from crates/core/src/{vocabulary,call,limits}.rs.
// Not to be edited: WIRESIDE_WRITE=1 cargo test --workspace --test vocabulary

/** Address families: the protocol's own form by the name in C. */
export const FAMILIES = {
  AF_INET: "Inet",
  AF_INET6: "Inet6",
  AF_UNIX: "Unix",
};

/** Types of sockets. */
export const KINDS = {
  SOCK_STREAM: "Stream",
  SOCK_DGRAM: "Datagram",
};

/** Directions of shutdown(2). */
export const HOW = {
  SHUT_RD: "Read",
  SHUT_WR: "Write",
  SHUT_RDWR: "Both",
};

/** Flags of send(2) and recv(2): the protocol's bits, not Linux's. */
export const FLAGS = {
  MSG_PEEK: 1,
  MSG_DONTWAIT: 2,
  MSG_WAITALL: 4,
  MSG_OOB: 8,
  MSG_MORE: 16,
};

/** Events of poll(2), without `POLL`. */
export const EVENTS = {
  IN: 1,
  PRI: 2,
  OUT: 4,
  ERR: 8,
  HUP: 16,
  NVAL: 32,
  RDHUP: 8192,
};

/** Socket options: the protocol's own form, and the form of the value. */
export const OPTIONS = {
  SO_REUSEADDR: ["ReuseAddr", "Bool"],
  SO_REUSEPORT: ["ReusePort", "Bool"],
  SO_KEEPALIVE: ["KeepAlive", "Bool"],
  SO_BROADCAST: ["Broadcast", "Bool"],
  SO_LINGER: ["Linger", "Linger"],
  SO_RCVBUF: ["RcvBuf", "Int"],
  SO_SNDBUF: ["SndBuf", "Int"],
  SO_ERROR: ["Error", "Int"],
  SO_TYPE: ["Type", "Int"],
  SO_ACCEPTCONN: ["AcceptConn", "Bool"],
  SO_OOBINLINE: ["OobInline", "Bool"],
  TCP_NODELAY: ["NoDelay", "Bool"],
  TCP_QUICKACK: ["QuickAck", "Bool"],
  TCP_CORK: ["Cork", "Bool"],
  TCP_USER_TIMEOUT: ["UserTimeout", "Int"],
  TCP_KEEPIDLE: ["KeepIdle", "Int"],
  TCP_KEEPINTVL: ["KeepIntvl", "Int"],
  TCP_KEEPCNT: ["KeepCnt", "Int"],
  IP_TTL: ["Ttl", "Int"],
  IPV6_V6ONLY: ["V6Only", "Bool"],
  SO_RCVTIMEO: ["RcvTimeo", "Bytes"],
  SO_SNDTIMEO: ["SndTimeo", "Bytes"],
  SO_SNDLOWAT: ["SndLowat", "Int"],
  SO_DOMAIN: ["Domain", "Int"],
  SO_PROTOCOL: ["Protocol", "Int"],
  SO_DONTROUTE: ["DontRoute", "Bool"],
  SO_PRIORITY: ["Priority", "Int"],
  TCP_MAXSEG: ["MaxSeg", "Int"],
  TCP_SYNCNT: ["SynCnt", "Int"],
  TCP_LINGER2: ["Linger2", "Int"],
  TCP_DEFER_ACCEPT: ["DeferAccept", "Int"],
  TCP_WINDOW_CLAMP: ["WindowClamp", "Int"],
  TCP_INFO: ["Info", "Bytes"],
  TCP_CONGESTION: ["Congestion", "Bytes"],
  TCP_NOTSENT_LOWAT: ["NotSentLowat", "Int"],
  IP_TOS: ["Tos", "Int"],
};

/** Most payload bytes of one call. */
export const CALL_PAYLOAD = 1048576;

/** Most bytes of a file for a whole class. */
export const CLASS_FILE = 24576;

/** Longest note of a teacher, in characters. */
export const CLASS_NOTE = 280;

/** Most bytes of all files in a machine's folder. */
export const FOLDER_BYTES = 8388608;

/** Most files in a machine's folder. */
export const FOLDER_FILES = 100;

/** Most bytes of one file in a machine's folder. */
export const FOLDER_FILE_BYTES = 1048576;

/** Longest name to resolve, in bytes. */
export const HOST_NAME = 253;

/** Longest name of a person, a program, a lesson or a step, in characters. */
export const NAME = 32;

/** Most bytes of a socket option's value. */
export const OPTION_BYTES = 1024;

/** Longest note to an event of a recording, in characters. */
export const SHARE_NOTE = 280;

/** Most notes in one recording. */
export const SHARE_NOTES = 32;

/** Longest title of a recording, in characters. */
export const SHARE_TITLE = 80;

/** Longest name of a socket of AF_UNIX, in bytes. */
export const UNIX_NAME = 107;

/** Longest one-way delay of the wire, in milliseconds. */
export const WIRE_DELAY_MS = 10000;

/** Where the folder of a machine's programs is: paths that do not begin with / begin there. */
export const HOME = "/home/user";
