//! The calls a program can make, and what comes back.
//!
//! A call has the effect of exactly one blocking system call by a process. [`Call::Resolve`] and
//! [`Call::Ping`] are library functions, not system calls, and [`Call::is_library`] says so.

use std::{net::IpAddr, time::Duration};

use serde::{Deserialize, Serialize};

pub use crate::call_error::{CallError, ResolveError};
use crate::{address::Address, id::Fd};

pub use crate::vocabulary::{
    EpollEvents, EpollOperation, Family, Flags, How, Kind, OptionForm, OptionName, OptionScope, PollEvents,
};

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

/// The value of a socket option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OptionValue {
    /// A switch.
    Bool(bool),
    /// A number, in the option's own unit.
    Int(i32),
    /// `struct linger`: off, or on with this many seconds.
    Linger(Option<u16>),
    /// What the kernel reads or writes as it is, on a machine with 64 bits; at most [`crate::limits::OPTION_BYTES`].
    Bytes(Vec<u8>),
}

impl OptionValue {
    /// `struct timeval` of SO_RCVTIMEO and SO_SNDTIMEO as a time. None for no time (the call waits for ever) and for what is no such
    /// struct.
    pub fn time(&self) -> Option<Duration> {
        let Self::Bytes(bytes) = self else { return None };
        let (seconds, rest) = bytes.split_first_chunk::<8>()?;
        let micros = i64::from_le_bytes(*rest.first_chunk::<8>()?);
        let seconds = u64::try_from(i64::from_le_bytes(*seconds)).ok()?;
        let time =
            Duration::from_secs(seconds).checked_add(Duration::from_micros(u64::try_from(micros).ok()?))?;
        (!time.is_zero()).then_some(time)
    }
}

macro_rules! calls {
    ($(#[$of:meta])* $type:ident {
        $($(#[$doc:meta])* $call:ident = $name:literal $($waits:ident)? {
            $($(#[$what:meta])* $field:ident: $is:ty,)*
        };)*
    }) => {
        $(#[$of])*
        #[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $type { $($(#[$doc])* $call { $($(#[$what])* $field: $is,)* },)* }

        impl $type {
            /// The names of all calls, as in the man pages.
            pub const NAMES: &'static [&'static str] = &[$($name,)*];

            /// What each call is made of: its own name, and its fields' names and types as they are written here. For those
            /// who write the same in another language.
            pub const FIELDS: &'static [(&'static str, &'static [(&'static str, &'static str)])] =
                &[$((stringify!($call), &[$((stringify!($field), stringify!($is)),)*]),)*];

            /// The name as in the man pages.
            pub fn name(&self) -> &'static str {
                match self { $(Self::$call { .. } => $name,)* }
            }

            /// Whether it returns only when another program does something: what waits in it is no fault of its own.
            pub fn waits_for_others(&self) -> bool {
                match self { $(Self::$call { .. } => calls!(@ $($waits)?),)* }
            }
        }
    };
    (@ waits) => { true };
    (@) => { false };
}

calls! {
    /// One socket operation of a program.
    ///
    /// The bytes of [`Call::Send`] and [`Call::SendTo`] are not in here: they follow the message, so that bulk
    /// never passes through serde. `length` says how many there are.
    Call {
        /// socket(2).
        Socket = "socket" {
            /// Address family.
            family: Family,
            /// Socket type.
            kind: Kind,
        };
        /// bind(2).
        Bind = "bind" {
            /// Descriptor.
            fd: Fd,
            /// Local address; port 0 lets the kernel choose.
            address: Address,
        };
        /// listen(2).
        Listen = "listen" {
            /// Descriptor.
            fd: Fd,
            /// Queue length asked for; Linux keeps one more, and at most somaxconn.
            backlog: i32,
        };
        /// accept(2).
        Accept = "accept" waits {
            /// Listening descriptor.
            fd: Fd,
        };
        /// connect(2), to a numeric address: names are resolved first, visibly.
        Connect = "connect" waits {
            /// Descriptor.
            fd: Fd,
            /// Remote address.
            address: Address,
        };
        /// send(2).
        Send = "send" {
            /// Descriptor.
            fd: Fd,
            /// Flags.
            flags: Flags,
            /// Payload bytes that follow, at most [`crate::limits::CALL_PAYLOAD`].
            length: u32,
        };
        /// sendto(2).
        SendTo = "sendto" {
            /// Descriptor.
            fd: Fd,
            /// Flags.
            flags: Flags,
            /// Destination.
            address: Address,
            /// Payload bytes that follow, at most [`crate::limits::CALL_PAYLOAD`].
            length: u32,
        };
        /// recv(2).
        Recv = "recv" waits {
            /// Descriptor.
            fd: Fd,
            /// Flags.
            flags: Flags,
            /// Most bytes to take, at most [`crate::limits::CALL_PAYLOAD`] are taken at once.
            max: u32,
        };
        /// recvfrom(2).
        RecvFrom = "recvfrom" waits {
            /// Descriptor.
            fd: Fd,
            /// Flags.
            flags: Flags,
            /// Most bytes to take.
            max: u32,
        };
        /// shutdown(2).
        Shutdown = "shutdown" {
            /// Descriptor.
            fd: Fd,
            /// Which directions.
            how: How,
        };
        /// close(2).
        Close = "close" {
            /// Descriptor.
            fd: Fd,
        };
        /// getsockname(2).
        GetSockName = "getsockname" {
            /// Descriptor.
            fd: Fd,
        };
        /// getpeername(2).
        GetPeerName = "getpeername" {
            /// Descriptor.
            fd: Fd,
        };
        /// setsockopt(2).
        SetSockOpt = "setsockopt" {
            /// Descriptor.
            fd: Fd,
            /// Which option.
            name: OptionName,
            /// Its new value.
            value: OptionValue,
        };
        /// getsockopt(2).
        GetSockOpt = "getsockopt" {
            /// Descriptor.
            fd: Fd,
            /// Which option.
            name: OptionName,
        };
        /// poll(2): a real zero-timeout poll, repeated on wake-up.
        Poll = "poll" waits {
            /// Descriptors and the events wanted, at most [`crate::limits::POLL_DESCRIPTORS`].
            fds: Vec<(Fd, PollEvents)>,
        };
        /// The name part of getaddrinfo(3): a library function. Room names come from the room's own table.
        Resolve = "getaddrinfo" {
            /// The name or numeric address.
            name: String,
            /// Restrict the answer to one family.
            family: Option<Family>,
            /// The port it is meant for; outside the room the policy judges name and port together.
            port: u16,
        };
        /// A library function: resolves, then sends real ICMP echo requests inside the room.
        Ping = "ping" {
            /// The name or numeric address.
            name: String,
            /// How many echo requests, 1 to [`crate::limits::PING_COUNT`].
            count: u8,
        };
        /// dup(2): one more descriptor for the same open socket.
        Dup = "dup" {
            /// Descriptor.
            fd: Fd,
        };
        /// socketpair(2): two sockets that are connected to each other.
        SocketPair = "socketpair" {
            /// Address family; the kernel has pairs of [`Family::Unix`].
            family: Family,
            /// Socket type.
            kind: Kind,
        };
        /// unlink(2) of a socket in the machine's file system. Other files are not the room's.
        Unlink = "unlink" {
            /// Its path.
            address: Address,
        };
        /// stat(2): whether there is a socket in the machine's file system. It changes nothing, and the trace has no word of it.
        Stat = "stat" {
            /// Its path.
            address: Address,
        };
        /// if_nameindex(3): the machine's interfaces. A library function that changes nothing, and the trace has no word of it.
        Interfaces = "if_nameindex" {};
        /// sendmsg(2) with control messages.
        SendMsg = "sendmsg" {
            /// Descriptor.
            fd: Fd,
            /// Flags.
            flags: Flags,
            /// Destination, where one is given.
            address: Option<Address>,
            /// Payload bytes that follow, at most [`crate::limits::CALL_PAYLOAD`].
            length: u32,
            /// Descriptors that go along, SCM_RIGHTS: sockets of AF_UNIX carry them within their machine.
            passed: Vec<Fd>,
        };
        /// recvmsg(2).
        RecvMsg = "recvmsg" waits {
            /// Descriptor.
            fd: Fd,
            /// Flags.
            flags: Flags,
            /// Most bytes to take.
            max: u32,
            /// Bytes of room for control messages, as on a machine with 64 bits.
            control: u32,
        };
        /// epoll_create1(2): a descriptor that watches others.
        EpollCreate = "epoll_create1" {};
        /// epoll_ctl(2).
        EpollCtl = "epoll_ctl" {
            /// The epoll's descriptor.
            fd: Fd,
            /// What is done.
            operation: EpollOperation,
            /// The descriptor that is watched.
            target: Fd,
            /// What it is watched for; nothing where it is watched no more.
            events: EpollEvents,
        };
        /// epoll_wait(2).
        EpollWait = "epoll_wait" waits {
            /// The epoll's descriptor.
            fd: Fd,
            /// Most events to tell at once, at most [`crate::limits::EPOLL_EVENTS`] are.
            max: u32,
        };
    }
}

impl Call {
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
            | Self::GetSockOpt { fd, .. }
            | Self::SendMsg { fd, .. }
            | Self::RecvMsg { fd, .. }
            | Self::EpollCtl { fd, .. }
            | Self::EpollWait { fd, .. }
            | Self::Dup { fd } => Some(fd),
            Self::Socket { .. }
            | Self::Poll { .. }
            | Self::Resolve { .. }
            | Self::Ping { .. }
            | Self::SocketPair { .. }
            | Self::Unlink { .. }
            | Self::Stat { .. }
            | Self::EpollCreate {}
            | Self::Interfaces {} => None,
        }
    }

    /// Payload bytes that follow the call.
    pub fn payload_length(&self) -> u32 {
        match *self {
            Self::Send { length, .. } | Self::SendTo { length, .. } | Self::SendMsg { length, .. } => length,
            _ => 0,
        }
    }

    /// Whether it is a library function rather than one system call.
    pub fn is_library(&self) -> bool {
        matches!(self, Self::Resolve { .. } | Self::Ping { .. } | Self::Interfaces {})
    }
}

/// A descriptor that came along with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Passed {
    /// Its number here.
    pub fd: Fd,
    /// Family and type of what is a socket; none for an epoll.
    pub socket: Option<(Family, Kind)>,
}

/// What a call that succeeded returns. Received bytes follow the message and are not in here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Value {
    /// Nothing but success: bind, listen, connect, shutdown, close, setsockopt, unlink, stat, epoll_ctl.
    Done,
    /// A new descriptor: socket, dup, epoll_create1.
    Descriptor(Fd),
    /// A new descriptor and its peer: accept.
    Accepted {
        /// The connection.
        fd: Fd,
        /// The other end.
        peer: Address,
    },
    /// Bytes the kernel took: send, sendto, sendmsg.
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
        from: Option<Address>,
    },
    /// getsockname, getpeername.
    Address(Address),
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
    /// Two new descriptors: socketpair.
    Pair(Fd, Fd),
    /// The kernel's number and the name of each: if_nameindex.
    Interfaces(Vec<(u32, String)>),
    /// recvmsg.
    ReceivedMsg {
        /// How many bytes follow.
        length: u32,
        /// Sender, where the kernel tells it.
        from: Option<Address>,
        /// MSG_TRUNC: the datagram was longer.
        cut: bool,
        /// MSG_CTRUNC: there was no room for all control messages, and descriptors for which there was none are closed.
        control_cut: bool,
        /// Descriptors that came along, SCM_RIGHTS, by their new numbers.
        passed: Vec<Passed>,
    },
    /// epoll_wait: the descriptors with an event, by the numbers under which they were added. Empty when the wait ran out.
    Events(Vec<(Fd, EpollEvents)>),
}

impl Value {
    /// Bytes that follow the result.
    pub fn payload_length(&self) -> u32 {
        match *self {
            Self::Received { length }
            | Self::ReceivedFrom { length, .. }
            | Self::ReceivedMsg { length, .. } => length,
            _ => 0,
        }
    }
}

/// How a call ended.
pub type Outcome = Result<Value, CallError>;
