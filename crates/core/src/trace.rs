//! The trace: the room's one ordered record. Everything on the page, every check, every export and every
//! replay is computed from it.
//!
//! `seq` and `time` are assigned by the room's task alone, so their order is the order in which things happened.

use std::net::{IpAddr, SocketAddr};

use serde::{Deserialize, Serialize};

use crate::{
    address::Address,
    call::{Call, Outcome},
    id::{CallRef, Fd, HostId, MemberId, PacketId, ProgramId, SocketId},
    message::HostCommand,
    room::{HostInfo, MemberInfo, ProgramInfo, StepOutcome, WireSettings},
};

/// One entry of the trace.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Position in the trace, from 1. Where a reader finds a gap, events were evicted before they could be read; how many
    /// is told before the next one.
    pub seq: u64,
    /// Nanoseconds of CLOCK_MONOTONIC since the room began.
    pub time: u64,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum What {
    /// A program made a call.
    CallBegin(CallBegin),
    /// A call ended. It comes after the packets it caused.
    CallEnd(CallEnd),
    /// A packet left a machine.
    Packet(Packet),
    /// What became of a packet that did not arrive at once, or did.
    Fate(PacketFate),
    /// A socket changed its state or its queues.
    State(StateChange),
    /// A program printed something.
    Output {
        /// Which program.
        program: ProgramId,
        /// True for standard error.
        error: bool,
        /// The text, verbatim.
        text: String,
    },
    /// The wire was set, held or released.
    Wire {
        /// Who did it; none when a rule of the room did.
        by: Option<MemberId>,
        /// The settings from now on.
        settings: WireSettings,
        /// Set when a rule of the room did it: the rule's name.
        rule: Option<String>,
    },
    /// A person came.
    Joined(MemberInfo),
    /// A person left.
    Left(MemberId),
    /// A machine appeared.
    HostAppeared(HostInfo),
    /// A machine went away, with everything on it.
    HostGone(HostId),
    /// A program began.
    ProgramBegan(ProgramInfo),
    /// A program ended; its descriptors were closed as at a process's exit.
    ProgramEnded(ProgramId),
    /// Packets that were seen or lost but not recorded one by one.
    Summary(Summary),
    /// A person came further in a lesson, as their page says.
    Progress {
        /// Who.
        by: MemberId,
        /// The lesson's id.
        lesson: String,
        /// The step's title.
        step: String,
        /// What became of it.
        outcome: StepOutcome,
    },
    /// Somebody changed the text of a program in their editor.
    Source {
        /// Who.
        by: MemberId,
        /// On which machine.
        host: HostId,
        /// Its file's name.
        name: String,
        /// The text; none once a newer one of the same program stands in the trace.
        text: Option<String>,
    },
    /// Somebody changed a machine: its cable, its network, its kernel's settings.
    HostChanged {
        /// Who.
        by: MemberId,
        /// What was carried out.
        command: HostCommand,
        /// The machine from now on.
        host: HostInfo,
    },
    /// Somebody who works on a machine has brought this to the front in their page.
    InFront {
        /// Who.
        by: MemberId,
        /// On which machine.
        host: HostId,
        /// The name on its tab: a file's, or its console's.
        name: String,
    },
}

/// A call begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallBegin {
    /// The same at begin and end.
    pub id: CallRef,
    /// Who made it; none for the machine's own ready-made servers.
    pub by: Option<MemberId>,
    /// On which machine.
    pub host: HostId,
    /// By which program.
    pub program: ProgramId,
    /// The call with its arguments.
    pub call: Call,
    /// The first bytes of a send's payload.
    pub data: Data,
    /// The socket of its descriptor, where it has one.
    pub socket: Option<SocketId>,
    /// The line of the program's text that made it, from 1, as its page says.
    pub line: Option<u32>,
    /// The program's thread that made it, where it has several, as its page says.
    pub thread: Option<String>,
}

/// A call ends.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CallEnd {
    /// The same at begin and end.
    pub id: CallRef,
    /// Its result.
    pub outcome: Outcome,
    /// The first bytes received.
    pub data: Data,
    /// The socket that the call made (socket, accept; of a pair the first), else the one it acted on.
    pub socket: Option<SocketId>,
    /// Nanoseconds from begin to end.
    pub elapsed: u64,
    /// It went outside the room, where packets are not recorded.
    pub outside: bool,
}

/// The first bytes of a payload.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Data {
    /// At most [`crate::limits::TRACE_DATA`] bytes.
    pub bytes: Vec<u8>,
    /// How many there were.
    pub length: u32,
}

impl Data {
    /// Keeps the first bytes of `payload`.
    pub fn of(payload: &[u8]) -> Self {
        let kept = payload.len().min(crate::limits::TRACE_DATA);
        Self { bytes: payload[..kept].to_vec(), length: u32::try_from(payload.len()).unwrap_or(u32::MAX) }
    }

    /// Whether bytes are missing here.
    pub fn truncated(&self) -> bool {
        self.bytes.len() < self.length as usize
    }
}

/// Where a packet was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Link {
    /// Between machines.
    Wire,
    /// Inside one machine, over its loopback.
    Loopback(HostId),
}

/// A packet, decoded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Packet {
    /// Its number.
    pub id: PacketId,
    /// Where it was seen.
    pub link: Link,
    /// The machine it left; none when the wire itself made it (an ICMP answer for an absent machine).
    pub from: Option<HostId>,
    /// The machine it goes to; none when no machine has that address.
    pub to: Option<HostId>,
    /// Source address, IP.
    pub src: IpAddr,
    /// Destination address, IP.
    pub dst: IpAddr,
    /// The transport's header.
    pub transport: Transport,
    /// The first bytes of the transport's payload.
    pub data: Data,
    /// Why it was sent.
    pub cause: Cause,
    /// The first try, when this is a retransmission.
    pub copy_of: Option<PacketId>,
    /// What became of it, as far as known when it left.
    pub fate: Fate,
}

/// A transport header.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Transport {
    /// RFC 9293.
    Tcp(Tcp),
    /// RFC 768.
    Udp {
        /// Source port.
        src_port: u16,
        /// Destination port.
        dst_port: u16,
    },
    /// RFC 792.
    Icmp {
        /// Type.
        kind: u8,
        /// Code.
        code: u8,
        /// What it means, in words.
        words: String,
    },
    /// Something else, by its IP protocol number.
    Other(u8),
}

impl Transport {
    /// Source and destination port, where the protocol has them.
    pub fn ports(&self) -> Option<(u16, u16)> {
        match self {
            Self::Tcp(tcp) => Some((tcp.src_port, tcp.dst_port)),
            Self::Udp { src_port, dst_port } => Some((*src_port, *dst_port)),
            Self::Icmp { .. } | Self::Other(_) => None,
        }
    }
}

/// A TCP header, RFC 9293 section 3.1.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tcp {
    /// Source port.
    pub src_port: u16,
    /// Destination port.
    pub dst_port: u16,
    /// Sequence number, absolute.
    pub sequence: u32,
    /// Acknowledgment number, absolute.
    pub acknowledgment: u32,
    /// Control bits.
    pub flags: TcpFlags,
    /// Window as in the header, before scaling.
    pub window: u16,
    /// Urgent pointer.
    pub urgent: u16,
    /// Options, in the order of the header.
    pub options: Vec<TcpOption>,
}

/// TCP control bits, with the header's bit values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TcpFlags(pub u8);

impl TcpFlags {
    /// No more data from sender.
    pub const FIN: Self = Self(0x01);
    /// Synchronise sequence numbers.
    pub const SYN: Self = Self(0x02);
    /// Reset the connection.
    pub const RST: Self = Self(0x04);
    /// Push function.
    pub const PSH: Self = Self(0x08);
    /// Acknowledgment field is significant.
    pub const ACK: Self = Self(0x10);
    /// Urgent pointer is significant.
    pub const URG: Self = Self(0x20);
    /// ECN-Echo.
    pub const ECE: Self = Self(0x40);
    /// Congestion window reduced.
    pub const CWR: Self = Self(0x80);
    /// Every bit with its name, in the order people write them.
    pub const NAMES: [(Self, &'static str); 8] = [
        (Self::SYN, "SYN"),
        (Self::FIN, "FIN"),
        (Self::RST, "RST"),
        (Self::PSH, "PSH"),
        (Self::ACK, "ACK"),
        (Self::URG, "URG"),
        (Self::ECE, "ECE"),
        (Self::CWR, "CWR"),
    ];

    /// Whether every bit of `other` is set.
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// The names of the bits set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        Self::NAMES.into_iter().filter(move |(flag, _)| self.contains(*flag)).map(|(_, name)| name)
    }
}

/// A TCP option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TcpOption {
    /// Maximum segment size, bytes.
    MaximumSegmentSize(u16),
    /// Window scale, a power of two (RFC 7323).
    WindowScale(u8),
    /// Selective acknowledgment permitted (RFC 2018).
    SackPermitted,
    /// Selectively acknowledged blocks, absolute sequence numbers.
    Sack(Vec<(u32, u32)>),
    /// Timestamps: value and echo reply (RFC 7323).
    Timestamps(u32, u32),
    /// Anything else, by its kind.
    Other(u8),
}

/// Why a packet was sent. Claimed only when known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Cause {
    /// A call asked for it.
    Call(CallRef),
    /// The kernel answered a packet by itself.
    Packet(PacketId),
    /// A timer of the kernel ran out (retransmission, delayed acknowledgment), or nothing we did.
    Timer,
    /// The wire itself made it.
    Wire,
    /// Somebody's bytes that move without calls: those of the ready-made servers, and of streams.
    Service,
}

/// What became of a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fate {
    /// On its way: the wire delays it.
    Travelling,
    /// Stopped on the wire by somebody's hand.
    Held,
    /// Arrived at the other machine's kernel.
    Delivered,
    /// Taken off the wire by hand.
    Dropped(Option<MemberId>),
    /// Lost by the wire's setting.
    Lost,
    /// No machine has that address, or its cable is cut.
    NoHost,
    /// A copy of a packet that was let through in its stead.
    Superseded,
}

/// A later word on a packet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PacketFate {
    /// Which packet.
    pub id: PacketId,
    /// What became of it.
    pub fate: Fate,
}

/// State of a socket: RFC 9293 section 3.3.2 with Linux's names (`SYN_RECV`, `FIN_WAIT1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the names are the RFC's")]
pub enum TcpState {
    Closed,
    Listen,
    SynSent,
    SynRecv,
    Established,
    FinWait1,
    FinWait2,
    CloseWait,
    Closing,
    LastAck,
    TimeWait,
    /// A datagram socket: it has no TCP state.
    Datagram,
    /// A socket of AF_UNIX: it has no TCP state either.
    Unix,
}

impl TcpState {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::Closed,
        Self::Listen,
        Self::SynSent,
        Self::SynRecv,
        Self::Established,
        Self::FinWait1,
        Self::FinWait2,
        Self::CloseWait,
        Self::Closing,
        Self::LastAck,
        Self::TimeWait,
        Self::Datagram,
        Self::Unix,
    ];

    /// The one of this [`name`](Self::name).
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// In RFC capitals with underscores.
    pub fn name(self) -> &'static str {
        match self {
            Self::Closed => "CLOSED",
            Self::Listen => "LISTEN",
            Self::SynSent => "SYN_SENT",
            Self::SynRecv => "SYN_RECV",
            Self::Established => "ESTABLISHED",
            Self::FinWait1 => "FIN_WAIT1",
            Self::FinWait2 => "FIN_WAIT2",
            Self::CloseWait => "CLOSE_WAIT",
            Self::Closing => "CLOSING",
            Self::LastAck => "LAST_ACK",
            Self::TimeWait => "TIME_WAIT",
            Self::Datagram => "UDP",
            Self::Unix => "UNIX",
        }
    }
}

/// A socket as it is now, and what it was before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StateChange {
    /// On which machine.
    pub host: HostId,
    /// Which socket.
    pub socket: SocketId,
    /// The program and descriptor that own it, the first of several (dup); none for one nobody accepted yet, or an orphan.
    pub owner: Option<(ProgramId, Fd)>,
    /// Local address.
    pub local: Option<Address>,
    /// Remote address.
    pub remote: Option<Address>,
    /// State before; none when the socket is new.
    pub from: Option<TcpState>,
    /// State now.
    pub to: TcpState,
    /// False where the state was inferred from packets or calls.
    pub observed: bool,
    /// False while a connection waits in its listener's queue.
    pub accepted: bool,
    /// Bytes the program has not read yet; for a listener, connections waiting to be accepted.
    pub unread: u32,
    /// Bytes the peer has not acknowledged yet; for a listener, the backlog.
    pub unacknowledged: u32,
    /// The kernel's running timer.
    pub timer: Option<Timer>,
}

impl StateChange {
    /// The local address, where it is one of IP.
    pub fn local_inet(&self) -> Option<SocketAddr> {
        self.local.and_then(|local| local.inet())
    }

    /// The remote address, where it is one of IP.
    pub fn remote_inet(&self) -> Option<SocketAddr> {
        self.remote.and_then(|remote| remote.inet())
    }

    /// Of a listener: the places of its queue. Linux lets one more in than the backlog says (listen(2), `sk_acceptq_is_full`).
    pub fn places(&self) -> u32 {
        self.unacknowledged.saturating_add(1)
    }

    /// Whether it tells that another descriptor than this one names the socket (dup): all else is as it was.
    pub fn names_another(&self, than: (ProgramId, Fd)) -> bool {
        self.from == Some(self.to) && self.owner.is_some_and(|owner| owner != than)
    }
}

/// A running timer of a socket, sock_diag(7).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Which.
    pub kind: TimerKind,
    /// Milliseconds left.
    pub left_ms: u32,
    /// Retransmissions or probes so far.
    pub tries: u8,
}

/// Kinds of socket timers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimerKind {
    /// Retransmission.
    Retransmit,
    /// Keep-alive (or SYN-ACK retransmission of a listener's child).
    KeepAlive,
    /// 2 MSL.
    TimeWait,
    /// Zero window probe.
    ZeroWindow,
}

/// Packets that were not recorded one by one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Packets that went over the wire above the room's event budget.
    pub packets: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Packets that a capture missed.
    pub missed: u64,
    /// Packets lost in a machine's own queue before the wire.
    pub queue_drops: u64,
}
