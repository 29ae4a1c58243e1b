//! Packets and what became of them.

use std::net::IpAddr;

use proto::{
    id::{CallRef, HostId, MemberId, PacketId},
    trace::{Cause, Fate, Link, Packet, PacketFate, Tcp, TcpOption, Transport},
};
use serde::{Deserialize, Serialize};

use crate::{call::Bytes, words};

/// A packet that left a machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Left {
    id: u64,
    /// The machine whose loopback it was seen on; absent on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    loopback: Option<u32>,
    from: Option<u32>,
    to: Option<u32>,
    src: IpAddr,
    dst: IpAddr,
    #[serde(flatten)]
    transport: Header,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Bytes>,
    cause: Why,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    copy_of: Option<u64>,
    #[serde(flatten)]
    fate: Became,
}

/// A transport's header.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "protocol")]
enum Header {
    #[serde(rename = "TCP")]
    Tcp {
        src_port: u16,
        dst_port: u16,
        sequence: u32,
        acknowledgment: u32,
        flags: Vec<String>,
        window: u16,
        #[serde(default, skip_serializing_if = "is_zero")]
        urgent: u16,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        options: Vec<Option_>,
    },
    #[serde(rename = "UDP")]
    Udp { src_port: u16, dst_port: u16 },
    #[serde(rename = "ICMP")]
    Icmp {
        #[serde(rename = "type")]
        kind: u8,
        code: u8,
        words: String,
    },
    #[serde(rename = "IP")]
    Ip { number: u8 },
    #[serde(other)]
    Unknown,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_zero(value: &u16) -> bool {
    *value == 0
}

/// A TCP option.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "option", rename_all = "snake_case")]
enum Option_ {
    Mss {
        bytes: u16,
    },
    WindowScale {
        power: u8,
    },
    SackPermitted,
    Sack {
        blocks: Vec<(u32, u32)>,
    },
    Timestamps {
        value: u32,
        echo: u32,
    },
    Other {
        number: u8,
    },
    #[serde(other)]
    Unknown,
}

/// Why it was sent.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
enum Why {
    Call {
        id: u64,
    },
    Packet {
        id: u64,
    },
    Timer,
    Wire,
    Service,
    #[serde(other)]
    Unknown,
}

/// What became of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "fate", rename_all = "snake_case")]
enum Became {
    Travelling,
    Held,
    Delivered,
    Dropped {
        by: Option<u32>,
    },
    Lost,
    NoHost,
    Superseded,
    #[serde(other)]
    Unknown,
}

impl Became {
    fn of(fate: &Fate) -> Self {
        match fate {
            Fate::Travelling => Self::Travelling,
            Fate::Held => Self::Held,
            Fate::Delivered => Self::Delivered,
            Fate::Dropped(by) => Self::Dropped { by: by.map(|by| by.0) },
            Fate::Lost => Self::Lost,
            Fate::NoHost => Self::NoHost,
            Fate::Superseded => Self::Superseded,
        }
    }

    fn fate(self) -> Option<Fate> {
        Some(match self {
            Self::Travelling => Fate::Travelling,
            Self::Held => Fate::Held,
            Self::Delivered => Fate::Delivered,
            Self::Dropped { by } => Fate::Dropped(by.map(MemberId)),
            Self::Lost => Fate::Lost,
            Self::NoHost => Fate::NoHost,
            Self::Superseded => Fate::Superseded,
            Self::Unknown => return None,
        })
    }
}

impl Why {
    fn of(cause: Cause) -> Self {
        match cause {
            Cause::Call(CallRef(id)) => Self::Call { id },
            Cause::Packet(PacketId(id)) => Self::Packet { id },
            Cause::Timer => Self::Timer,
            Cause::Wire => Self::Wire,
            Cause::Service => Self::Service,
        }
    }

    fn cause(self) -> Option<Cause> {
        Some(match self {
            Self::Call { id } => Cause::Call(CallRef(id)),
            Self::Packet { id } => Cause::Packet(PacketId(id)),
            Self::Timer => Cause::Timer,
            Self::Wire => Cause::Wire,
            Self::Service => Cause::Service,
            Self::Unknown => return None,
        })
    }
}

impl Option_ {
    fn of(option: &TcpOption) -> Self {
        match option {
            TcpOption::MaximumSegmentSize(bytes) => Self::Mss { bytes: *bytes },
            TcpOption::WindowScale(power) => Self::WindowScale { power: *power },
            TcpOption::SackPermitted => Self::SackPermitted,
            TcpOption::Sack(blocks) => Self::Sack { blocks: blocks.clone() },
            TcpOption::Timestamps(value, echo) => Self::Timestamps { value: *value, echo: *echo },
            TcpOption::Other(number) => Self::Other { number: *number },
        }
    }

    fn option(self) -> Option<TcpOption> {
        Some(match self {
            Self::Mss { bytes } => TcpOption::MaximumSegmentSize(bytes),
            Self::WindowScale { power } => TcpOption::WindowScale(power),
            Self::SackPermitted => TcpOption::SackPermitted,
            Self::Sack { blocks } => TcpOption::Sack(blocks),
            Self::Timestamps { value, echo } => TcpOption::Timestamps(value, echo),
            Self::Other { number } => TcpOption::Other(number),
            Self::Unknown => return None,
        })
    }
}

impl Header {
    fn of(transport: &Transport) -> Self {
        match transport {
            Transport::Tcp(tcp) => Self::Tcp {
                src_port: tcp.src_port,
                dst_port: tcp.dst_port,
                sequence: tcp.sequence,
                acknowledgment: tcp.acknowledgment,
                flags: words::control_bits(tcp.flags),
                window: tcp.window,
                urgent: tcp.urgent,
                options: tcp.options.iter().map(Option_::of).collect(),
            },
            Transport::Udp { src_port, dst_port } => Self::Udp { src_port: *src_port, dst_port: *dst_port },
            Transport::Icmp { kind, code, words } => {
                Self::Icmp { kind: *kind, code: *code, words: words.clone() }
            }
            Transport::Other(number) => Self::Ip { number: *number },
        }
    }

    fn transport(self) -> Option<Transport> {
        Some(match self {
            Self::Tcp { src_port, dst_port, sequence, acknowledgment, flags, window, urgent, options } => {
                Transport::Tcp(Tcp {
                    src_port,
                    dst_port,
                    sequence,
                    acknowledgment,
                    flags: words::control_bits_of(&flags)?,
                    window,
                    urgent,
                    options: options.into_iter().map(Option_::option).collect::<Option<_>>()?,
                })
            }
            Self::Udp { src_port, dst_port } => Transport::Udp { src_port, dst_port },
            Self::Icmp { kind, code, words } => Transport::Icmp { kind, code, words },
            Self::Ip { number } => Transport::Other(number),
            Self::Unknown => return None,
        })
    }
}

impl Left {
    pub(crate) fn of(packet: &Packet) -> Self {
        Self {
            id: packet.id.0,
            loopback: match packet.link {
                Link::Wire => None,
                Link::Loopback(host) => Some(host.0),
            },
            from: packet.from.map(|host| host.0),
            to: packet.to.map(|host| host.0),
            src: packet.src,
            dst: packet.dst,
            transport: Header::of(&packet.transport),
            data: Bytes::of(&packet.data),
            cause: Why::of(packet.cause),
            copy_of: packet.copy_of.map(|id| id.0),
            fate: Became::of(&packet.fate),
        }
    }

    pub(crate) fn event(self) -> Option<Packet> {
        Some(Packet {
            id: PacketId(self.id),
            link: self.loopback.map_or(Link::Wire, |host| Link::Loopback(HostId(host))),
            from: self.from.map(HostId),
            to: self.to.map(HostId),
            src: self.src,
            dst: self.dst,
            transport: self.transport.transport()?,
            data: Bytes::data(self.data.as_ref())?,
            cause: self.cause.cause()?,
            copy_of: self.copy_of.map(PacketId),
            fate: self.fate.fate()?,
        })
    }
}

/// A later word on a packet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Later {
    id: u64,
    #[serde(flatten)]
    fate: Became,
}

impl Later {
    pub(crate) fn of(later: &PacketFate) -> Self {
        Self { id: later.id.0, fate: Became::of(&later.fate) }
    }

    pub(crate) fn event(self) -> Option<PacketFate> {
        Some(PacketFate { id: PacketId(self.id), fate: self.fate.fate()? })
    }
}
