//! The calls a program can make, and what comes back.
//!
//! A call has the effect of exactly one blocking system call by a process. [`Call::Resolve`] and
//! [`Call::Ping`] are library functions, not system calls, and [`Call::is_library`] says so.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{errno::Errno, id::Fd};

/// Address family of a socket, socket(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Family {
    /// `AF_INET`, ip(7).
    Inet,
    /// `AF_INET6`, ipv6(7).
    Inet6,
}

/// Type of a socket, socket(2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// `SOCK_STREAM`: TCP.
    Stream,
    /// `SOCK_DGRAM`: UDP.
    Datagram,
}

/// Which directions shutdown(2) ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum How {
    /// `SHUT_RD`.
    Read,
    /// `SHUT_WR`: sends FIN, the other direction lives on.
    Write,
    /// `SHUT_RDWR`.
    Both,
}

/// How long a call may wait, measured at the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Wait {
    /// As a blocking call does: until it is done or cancelled.
    Forever,
    /// As a non-blocking call does: the kernel's EAGAIN or EINPROGRESS is the result.
    No,
    /// At most this many milliseconds; then [`CallError::TimedOut`], never errno ETIMEDOUT.
    Millis(u32),
}

/// Flags of send(2) and recv(2), as a set. MSG_NOSIGNAL is always set on sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags(pub u8);

impl Flags {
    /// `MSG_PEEK`: read without taking.
    pub const PEEK: Self = Self(1);
    /// `MSG_DONTWAIT`: this call only is non-blocking.
    pub const DONTWAIT: Self = Self(2);
    /// `MSG_WAITALL`: wait until all bytes asked for are here.
    pub const WAITALL: Self = Self(4);
    /// `MSG_OOB`: TCP's urgent byte.
    pub const OOB: Self = Self(8);
    /// `MSG_MORE`: more will follow, do not send a short segment yet.
    pub const MORE: Self = Self(16);
    /// Every flag with its name in C, in the order of their bits.
    pub const NAMES: [(Self, &'static str); 5] = [
        (Self::PEEK, "MSG_PEEK"),
        (Self::DONTWAIT, "MSG_DONTWAIT"),
        (Self::WAITALL, "MSG_WAITALL"),
        (Self::OOB, "MSG_OOB"),
        (Self::MORE, "MSG_MORE"),
    ];

    /// Whether every flag of `other` is set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Both sets together.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
}

/// Events of poll(2), as a set with Linux's bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PollEvents(pub u16);

impl PollEvents {
    /// `POLLIN`: there is data to read, or a connection to accept.
    pub const IN: Self = Self(0x001);
    /// `POLLPRI`: urgent data.
    pub const PRI: Self = Self(0x002);
    /// `POLLOUT`: writing is possible.
    pub const OUT: Self = Self(0x004);
    /// `POLLERR`: always reported.
    pub const ERR: Self = Self(0x008);
    /// `POLLHUP`: always reported.
    pub const HUP: Self = Self(0x010);
    /// `POLLNVAL`: always reported, the descriptor is not open.
    pub const NVAL: Self = Self(0x020);
    /// `POLLRDHUP`: the peer has closed or shut down its writing half.
    pub const RDHUP: Self = Self(0x2000);
    /// Every event with its name without `POLL`, in the order of their bits.
    pub const NAMES: [(Self, &'static str); 7] = [
        (Self::IN, "IN"),
        (Self::PRI, "PRI"),
        (Self::OUT, "OUT"),
        (Self::ERR, "ERR"),
        (Self::HUP, "HUP"),
        (Self::NVAL, "NVAL"),
        (Self::RDHUP, "RDHUP"),
    ];

    /// Whether every event of `other` is set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether no event is set.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// A socket option by name: the allow-list of what a program may set or read, socket(7) and tcp(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptionName {
    /// `SOL_SOCKET, SO_REUSEADDR`.
    ReuseAddr,
    /// `SOL_SOCKET, SO_REUSEPORT`.
    ReusePort,
    /// `SOL_SOCKET, SO_KEEPALIVE`.
    KeepAlive,
    /// `SOL_SOCKET, SO_BROADCAST`.
    Broadcast,
    /// `SOL_SOCKET, SO_LINGER`.
    Linger,
    /// `SOL_SOCKET, SO_RCVBUF`, in bytes.
    RcvBuf,
    /// `SOL_SOCKET, SO_SNDBUF`, in bytes.
    SndBuf,
    /// `SOL_SOCKET, SO_ERROR`: read only; reading clears it.
    Error,
    /// `SOL_SOCKET, SO_TYPE`: read only.
    Type,
    /// `SOL_SOCKET, SO_ACCEPTCONN`: read only.
    AcceptConn,
    /// `SOL_SOCKET, SO_OOBINLINE`.
    OobInline,
    /// `IPPROTO_TCP, TCP_NODELAY`.
    NoDelay,
    /// `IPPROTO_TCP, TCP_QUICKACK`.
    QuickAck,
    /// `IPPROTO_TCP, TCP_CORK`.
    Cork,
    /// `IPPROTO_TCP, TCP_USER_TIMEOUT`, in milliseconds.
    UserTimeout,
    /// `IPPROTO_TCP, TCP_KEEPIDLE`, in seconds.
    KeepIdle,
    /// `IPPROTO_TCP, TCP_KEEPINTVL`, in seconds.
    KeepIntvl,
    /// `IPPROTO_TCP, TCP_KEEPCNT`.
    KeepCnt,
    /// `IPPROTO_IP, IP_TTL`.
    Ttl,
    /// `IPPROTO_IPV6, IPV6_V6ONLY`.
    V6Only,
}

/// The value of a socket option.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptionValue {
    /// A switch.
    Bool(bool),
    /// A number, in the option's own unit.
    Int(i32),
    /// `struct linger`: off, or on with this many seconds.
    Linger(Option<u16>),
}

/// One socket operation of a program.
///
/// The bytes of [`Call::Send`] and [`Call::SendTo`] are not in here: they follow the message, so that bulk
/// never passes through serde. `length` says how many there are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Call {
    /// socket(2).
    Socket {
        /// Address family.
        family: Family,
        /// Socket type.
        kind: Kind,
    },
    /// bind(2).
    Bind {
        /// Descriptor.
        fd: Fd,
        /// Local address; port 0 lets the kernel choose.
        address: SocketAddr,
    },
    /// listen(2).
    Listen {
        /// Descriptor.
        fd: Fd,
        /// Queue length asked for; Linux keeps one more, and at most somaxconn.
        backlog: i32,
    },
    /// accept(2).
    Accept {
        /// Listening descriptor.
        fd: Fd,
    },
    /// connect(2), to a numeric address: names are resolved first, visibly.
    Connect {
        /// Descriptor.
        fd: Fd,
        /// Remote address.
        address: SocketAddr,
    },
    /// send(2).
    Send {
        /// Descriptor.
        fd: Fd,
        /// Flags.
        flags: Flags,
        /// Payload bytes that follow, at most [`crate::limits::CALL_PAYLOAD`].
        length: u32,
    },
    /// sendto(2).
    SendTo {
        /// Descriptor.
        fd: Fd,
        /// Flags.
        flags: Flags,
        /// Destination.
        address: SocketAddr,
        /// Payload bytes that follow, at most [`crate::limits::CALL_PAYLOAD`].
        length: u32,
    },
    /// recv(2).
    Recv {
        /// Descriptor.
        fd: Fd,
        /// Flags.
        flags: Flags,
        /// Most bytes to take, at most [`crate::limits::CALL_PAYLOAD`] are taken at once.
        max: u32,
    },
    /// recvfrom(2).
    RecvFrom {
        /// Descriptor.
        fd: Fd,
        /// Flags.
        flags: Flags,
        /// Most bytes to take.
        max: u32,
    },
    /// shutdown(2).
    Shutdown {
        /// Descriptor.
        fd: Fd,
        /// Which directions.
        how: How,
    },
    /// close(2).
    Close {
        /// Descriptor.
        fd: Fd,
    },
    /// getsockname(2).
    GetSockName {
        /// Descriptor.
        fd: Fd,
    },
    /// getpeername(2).
    GetPeerName {
        /// Descriptor.
        fd: Fd,
    },
    /// setsockopt(2).
    SetSockOpt {
        /// Descriptor.
        fd: Fd,
        /// Which option.
        name: OptionName,
        /// Its new value.
        value: OptionValue,
    },
    /// getsockopt(2).
    GetSockOpt {
        /// Descriptor.
        fd: Fd,
        /// Which option.
        name: OptionName,
    },
    /// poll(2): a real zero-timeout poll, repeated on wake-up.
    Poll {
        /// Descriptors and the events wanted, at most [`crate::limits::POLL_DESCRIPTORS`].
        fds: Vec<(Fd, PollEvents)>,
    },
    /// The name part of getaddrinfo(3): a library function. Room names come from the room's own table.
    Resolve {
        /// The name or numeric address.
        name: String,
        /// Restrict the answer to one family.
        family: Option<Family>,
        /// The port it is meant for; outside the room the policy judges name and port together.
        port: u16,
    },
    /// A library function: resolves, then sends real ICMP echo requests inside the room.
    Ping {
        /// The name or numeric address.
        name: String,
        /// How many echo requests, 1 to [`crate::limits::PING_COUNT`].
        count: u8,
    },
}

impl Call {
    /// The name as in the man pages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Socket { .. } => "socket",
            Self::Bind { .. } => "bind",
            Self::Listen { .. } => "listen",
            Self::Accept { .. } => "accept",
            Self::Connect { .. } => "connect",
            Self::Send { .. } => "send",
            Self::SendTo { .. } => "sendto",
            Self::Recv { .. } => "recv",
            Self::RecvFrom { .. } => "recvfrom",
            Self::Shutdown { .. } => "shutdown",
            Self::Close { .. } => "close",
            Self::GetSockName { .. } => "getsockname",
            Self::GetPeerName { .. } => "getpeername",
            Self::SetSockOpt { .. } => "setsockopt",
            Self::GetSockOpt { .. } => "getsockopt",
            Self::Poll { .. } => "poll",
            Self::Resolve { .. } => "getaddrinfo",
            Self::Ping { .. } => "ping",
        }
    }

    /// The descriptor it acts on, if it acts on just one.
    pub fn fd(&self) -> Option<Fd> {
        match *self {
            Self::Bind { fd, .. }
            | Self::Listen { fd, .. }
            | Self::Accept { fd }
            | Self::Connect { fd, .. }
            | Self::Send { fd, .. }
            | Self::SendTo { fd, .. }
            | Self::Recv { fd, .. }
            | Self::RecvFrom { fd, .. }
            | Self::Shutdown { fd, .. }
            | Self::Close { fd }
            | Self::GetSockName { fd }
            | Self::GetPeerName { fd }
            | Self::SetSockOpt { fd, .. }
            | Self::GetSockOpt { fd, .. } => Some(fd),
            Self::Socket { .. } | Self::Poll { .. } | Self::Resolve { .. } | Self::Ping { .. } => None,
        }
    }

    /// Payload bytes that follow the call.
    pub fn payload_length(&self) -> u32 {
        match *self {
            Self::Send { length, .. } | Self::SendTo { length, .. } => length,
            _ => 0,
        }
    }

    /// Whether it is a library function rather than one system call.
    pub fn is_library(&self) -> bool {
        matches!(self, Self::Resolve { .. } | Self::Ping { .. })
    }
}

/// What a call that succeeded returns. Received bytes follow the message and are not in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// Nothing but success: bind, listen, connect, shutdown, close, setsockopt.
    Done,
    /// A new descriptor: socket.
    Descriptor(Fd),
    /// A new descriptor and its peer: accept.
    Accepted {
        /// The connection.
        fd: Fd,
        /// The other end.
        peer: SocketAddr,
    },
    /// Bytes the kernel took: send, sendto.
    Sent(u32),
    /// Bytes that follow: recv. 0 is end of file on a stream.
    Received {
        /// How many bytes follow.
        length: u32,
    },
    /// Bytes that follow and where they came from: recvfrom.
    ReceivedFrom {
        /// How many bytes follow.
        length: u32,
        /// Sender, where the kernel tells it.
        from: Option<SocketAddr>,
    },
    /// getsockname, getpeername.
    Address(SocketAddr),
    /// getsockopt.
    Option(OptionValue),
    /// poll: those with an event, in the order asked. Empty when the wait ran out.
    Ready(Vec<(Fd, PollEvents)>),
    /// Resolve: the addresses, in the order to try them.
    Addresses {
        /// At least one address.
        addresses: Vec<IpAddr>,
        /// Whether the room's own table answered.
        from_room: bool,
    },
    /// Ping.
    Pinged {
        /// The address the name resolved to.
        address: IpAddr,
        /// One entry an echo request: round trip in nanoseconds, or none when no answer came in time.
        round_trips: Vec<Option<u64>>,
        /// False where only the name was resolved (addresses outside the room).
        sent: bool,
    },
}

impl Value {
    /// Bytes that follow the result.
    pub fn payload_length(&self) -> u32 {
        match *self {
            Self::Received { length } | Self::ReceivedFrom { length, .. } => length,
            _ => 0,
        }
    }
}

/// Why a name could not be resolved, getaddrinfo(3). Kept apart from errno.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ResolveError {
    /// `EAI_NONAME` (-2): the name is not known.
    NoName,
    /// `EAI_AGAIN` (-3): no answer in time; trying again may help.
    Again,
    /// `EAI_FAIL` (-4): the name server refused.
    Fail,
    /// `EAI_NODATA` (-5): the name exists but has no address of that family.
    NoData,
}

impl ResolveError {
    /// glibc's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::NoName => "EAI_NONAME",
            Self::Again => "EAI_AGAIN",
            Self::Fail => "EAI_FAIL",
            Self::NoData => "EAI_NODATA",
        }
    }

    /// glibc's number.
    pub fn number(self) -> i32 {
        match self {
            Self::NoName => -2,
            Self::Again => -3,
            Self::Fail => -4,
            Self::NoData => -5,
        }
    }

    /// glibc's text, gai_strerror(3).
    pub fn message(self) -> &'static str {
        match self {
            Self::NoName => "Name or service not known",
            Self::Again => "Temporary failure in name resolution",
            Self::Fail => "Non-recoverable failure in name resolution",
            Self::NoData => "No address associated with hostname",
        }
    }
}

/// Why a call did not succeed. Six classes that are never dressed as one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallError {
    /// The kernel's answer. `taken` are bytes a send had already handed over when it was interrupted.
    Errno {
        /// Linux errno.
        errno: Errno,
        /// Bytes already taken by the kernel.
        taken: u32,
    },
    /// The call's `wait` ran out. The network did not say anything.
    TimedOut {
        /// Bytes already taken by the kernel.
        taken: u32,
    },
    /// The resolver's answer.
    Resolve(ResolveError),
    /// Refused by a rule of ours; the network was not asked.
    Policy {
        /// The rule's name.
        rule: String,
        /// What it was applied to.
        value: String,
    },
    /// A limit of ours was reached; the kernel was not asked.
    Limit {
        /// The limit's name, as in [`crate::limits`].
        limit: String,
        /// Its value.
        value: u64,
    },
    /// The message broke a rule of the protocol, or named something that does not exist.
    Protocol {
        /// The rule.
        rule: String,
    },
}

impl CallError {
    /// The kernel's answer with no bytes taken.
    pub fn errno(errno: Errno) -> Self {
        Self::Errno { errno, taken: 0 }
    }
}

/// How a call ended.
pub type Outcome = Result<Value, CallError>;
