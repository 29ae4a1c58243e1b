// Words and numbers of socket programming, from crates/core/src/{vocabulary,call,limits}.rs.
// Not to be edited: WIRESIDE_WRITE=1 cargo test --workspace --test vocabulary

/** Address families. */
export type Family =
  | "AF_INET"
  | "AF_INET6"
  | "AF_UNIX";

/** Types of sockets. */
export type Kind =
  | "SOCK_STREAM"
  | "SOCK_DGRAM";

/** Directions of shutdown(2). */
export type How =
  | "SHUT_RD"
  | "SHUT_WR"
  | "SHUT_RDWR";

/** Flags of send(2) and recv(2). */
export type Flag =
  | "MSG_PEEK"
  | "MSG_DONTWAIT"
  | "MSG_WAITALL"
  | "MSG_OOB"
  | "MSG_MORE";

/** Events of poll(2), without `POLL`. */
export type PollEvent =
  | "IN"
  | "PRI"
  | "OUT"
  | "ERR"
  | "HUP"
  | "NVAL"
  | "RDHUP";

/** Socket options that can be set or read. */
export type OptionName =
  | "SO_REUSEADDR"
  | "SO_REUSEPORT"
  | "SO_KEEPALIVE"
  | "SO_BROADCAST"
  | "SO_LINGER"
  | "SO_RCVBUF"
  | "SO_SNDBUF"
  | "SO_ERROR"
  | "SO_TYPE"
  | "SO_ACCEPTCONN"
  | "SO_OOBINLINE"
  | "TCP_NODELAY"
  | "TCP_QUICKACK"
  | "TCP_CORK"
  | "TCP_USER_TIMEOUT"
  | "TCP_KEEPIDLE"
  | "TCP_KEEPINTVL"
  | "TCP_KEEPCNT"
  | "IP_TTL"
  | "IPV6_V6ONLY"
  | "SO_RCVTIMEO"
  | "SO_SNDTIMEO"
  | "SO_SNDLOWAT"
  | "SO_DOMAIN"
  | "SO_PROTOCOL"
  | "SO_DONTROUTE"
  | "SO_PRIORITY"
  | "TCP_MAXSEG"
  | "TCP_SYNCNT"
  | "TCP_LINGER2"
  | "TCP_DEFER_ACCEPT"
  | "TCP_WINDOW_CLAMP"
  | "TCP_INFO"
  | "TCP_CONGESTION"
  | "TCP_NOTSENT_LOWAT"
  | "IP_TOS";

/** Calls, as in the man pages. */
export type CallName =
  | "socket"
  | "bind"
  | "listen"
  | "accept"
  | "connect"
  | "send"
  | "sendto"
  | "recv"
  | "recvfrom"
  | "shutdown"
  | "close"
  | "getsockname"
  | "getpeername"
  | "setsockopt"
  | "getsockopt"
  | "poll"
  | "getaddrinfo"
  | "ping"
  | "dup"
  | "socketpair"
  | "unlink"
  | "stat"
  | "if_nameindex"
  | "sendmsg"
  | "recvmsg"
  | "epoll_create1"
  | "epoll_ctl"
  | "epoll_wait";

/** Forms of an option's value. */
export type OptionForm =
  | "Bool"
  | "Int"
  | "Linger"
  | "Bytes";

/** The protocol's own form of calls and what they return. */
export namespace protocol {
  export type Family = "Inet" | "Inet6" | "Unix";
  export type Kind = "Stream" | "Datagram";
  export type How = "Read" | "Write" | "Both";
  export type OptionName = "ReuseAddr" | "ReusePort" | "KeepAlive" | "Broadcast" | "Linger" | "RcvBuf" | "SndBuf" | "Error" | "Type" | "AcceptConn" | "OobInline" | "NoDelay" | "QuickAck" | "Cork" | "UserTimeout" | "KeepIdle" | "KeepIntvl" | "KeepCnt" | "Ttl" | "V6Only" | "RcvTimeo" | "SndTimeo" | "SndLowat" | "Domain" | "Protocol" | "DontRoute" | "Priority" | "MaxSeg" | "SynCnt" | "Linger2" | "DeferAccept" | "WindowClamp" | "Info" | "Congestion" | "NotSentLowat" | "Tos";
  export type EpollOperation = "Add" | "Delete" | "Modify";
  export type Wait = "Forever" | "No" | { Millis: number };
  export type OptionValue = { Bool: boolean } | { Int: number } | { Linger: number | null } | { Bytes: number[] };
  export type Call =
    | { Socket: { family: Family; kind: Kind } }
    | { Bind: { fd: number; address: string } }
    | { Listen: { fd: number; backlog: number } }
    | { Accept: { fd: number } }
    | { Connect: { fd: number; address: string } }
    | { Send: { fd: number; flags: number; length: number } }
    | { SendTo: { fd: number; flags: number; address: string; length: number } }
    | { Recv: { fd: number; flags: number; max: number } }
    | { RecvFrom: { fd: number; flags: number; max: number } }
    | { Shutdown: { fd: number; how: How } }
    | { Close: { fd: number } }
    | { GetSockName: { fd: number } }
    | { GetPeerName: { fd: number } }
    | { SetSockOpt: { fd: number; name: OptionName; value: OptionValue } }
    | { GetSockOpt: { fd: number; name: OptionName } }
    | { Poll: { fds: [number, number][] } }
    | { Resolve: { name: string; family: Family | null; port: number } }
    | { Ping: { name: string; count: number } }
    | { Dup: { fd: number } }
    | { SocketPair: { family: Family; kind: Kind } }
    | { Unlink: { address: string } }
    | { Stat: { address: string } }
    | { Interfaces: {  } }
    | { SendMsg: { fd: number; flags: number; address: string | null; length: number; passed: number[] } }
    | { RecvMsg: { fd: number; flags: number; max: number; control: number } }
    | { EpollCreate: {  } }
    | { EpollCtl: { fd: number; operation: EpollOperation; target: number; events: number } }
    | { EpollWait: { fd: number; max: number } };
  /** What a call returned has one of these, or is "Done". */
  export interface Returned {
    Descriptor: number;
    Accepted: { fd: number; peer: string };
    Sent: number;
    Received: { length: number };
    ReceivedFrom: { length: number; from: string | null };
    Address: string;
    Option: OptionValue;
    Ready: [number, number][];
    Addresses: { addresses: string[]; from_room: boolean };
    Pinged: { address: string; round_trips: (number | null)[]; sent: boolean };
    Pair: [number, number];
    Interfaces: [number, string][];
    ReceivedMsg: { length: number; from: string | null; cut: boolean; control_cut: boolean; passed: { fd: number; socket: [Family, Kind] | null }[] };
    Events: [number, number][];
  }
  export type Value = "Done" | Partial<Returned>;
}

export const FAMILIES: Record<Family, protocol.Family>;
export const KINDS: Record<Kind, protocol.Kind>;
export const HOW: Record<How, protocol.How>;
export const FLAGS: Record<Flag, number>;
export const EVENTS: Record<PollEvent, number>;
export const OPTIONS: Record<OptionName, [protocol.OptionName, OptionForm]>;
export const CALL_PAYLOAD: number;
export const CLASS_FILE: number;
export const CLASS_NOTE: number;
export const FOLDER_BYTES: number;
export const FOLDER_FILES: number;
export const FOLDER_FILE_BYTES: number;
export const HOST_NAME: number;
export const NAME: number;
export const OPTION_BYTES: number;
export const SHARE_NOTE: number;
export const SHARE_NOTES: number;
export const SHARE_TITLE: number;
export const UNIX_NAME: number;
export const WIRE_DELAY_MS: number;
export const HOME: string;
