//! Runs of data segments that are drawn as one thick arrow.

use std::net::SocketAddr;

use proto::trace::{Fate, Link, Packet, TcpFlags, Transport};

use crate::view::{store::PacketNote, words::Meaning};

/// So many data segments make a run.
pub(super) const SEGMENTS: u32 = 6;

/// A connection and a direction: the link, the sender, the receiver.
type FlowDirection = (Option<u32>, SocketAddr, SocketAddr);

/// A run of data segments of one connection and direction, interrupted by nothing but pure ACKs.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Run {
    way: FlowDirection,
    /// `seq` of its first segment.
    pub(super) first: u64,
    /// Index of the row of its first segment.
    pub(super) row: usize,
    /// Time of its first segment.
    pub(super) began: u64,
    /// Data segments so far.
    pub(super) segments: u32,
    /// Their payload.
    pub(super) bytes: u64,
}

/// What a packet is to a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    /// A data segment of the run.
    Segment,
    /// A pure ACK of the same connection.
    Ack,
    /// None: the run ends here.
    None,
}

impl Run {
    /// A run that begins with this packet, if one can.
    pub(super) fn begin(packet: &Packet, note: &PacketNote, row: usize, time: u64) -> Option<Self> {
        let way = way(packet)?;
        plain_data(packet, note).then(|| Self {
            way,
            first: note.seq,
            row,
            began: time,
            segments: 1,
            bytes: u64::from(packet.data.length),
        })
    }

    /// What a packet is to this run.
    pub(super) fn part(&self, packet: &Packet, note: &PacketNote) -> Part {
        let Some(way) = way(packet) else { return Part::None };
        if way == self.way && plain_data(packet, note) {
            return Part::Segment;
        }
        let back = (self.way.0, self.way.2, self.way.1);
        let same = way == self.way || way == back;
        if same && note.meaning.is_pure_ack() && note.attempt == 1 && arrives(packet) {
            Part::Ack
        } else {
            Part::None
        }
    }
}

fn way(packet: &Packet) -> Option<FlowDirection> {
    let Transport::Tcp(tcp) = &packet.transport else { return None };
    let link = match packet.link {
        Link::Wire => None,
        Link::Loopback(host) => Some(host.0),
    };
    Some((link, SocketAddr::new(packet.src, tcp.src_port), SocketAddr::new(packet.dst, tcp.dst_port)))
}

/// Never folded: SYN, FIN, RST, urgent, sent again, lost, held.
fn plain_data(packet: &Packet, note: &PacketNote) -> bool {
    let Transport::Tcp(tcp) = &packet.transport else { return false };
    note.meaning == Meaning::Data
        && note.attempt == 1
        && arrives(packet)
        && !tcp.flags.contains(TcpFlags::URG)
}

fn arrives(packet: &Packet) -> bool {
    matches!(packet.fate, Fate::Delivered | Fate::Travelling)
}
