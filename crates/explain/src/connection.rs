//! A connection as its segments show it: from one SYN to the next between the same two addresses.

use std::net::SocketAddr;

use proto::{
    id::{HostId, SocketId},
    trace::{Link, Packet, StateChange, Tcp, TcpFlags, TcpState, Transport, What},
};

use crate::trace::{PacketOf, Trace};

/// Which of a connection's two ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    /// The one that sent the SYN, or the first segment that was recorded.
    Caller,
    Called,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Caller, Self::Called];

    pub(crate) fn other(self) -> Self {
        match self {
            Self::Caller => Self::Called,
            Self::Called => Self::Caller,
        }
    }
}

/// Who finished a connection by FIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Finished {
    Nobody,
    /// Only this side so far.
    One(Side),
    /// This side, and the other after it had heard of it.
    First(Side),
    /// Both, before they heard of one another.
    Together,
}

/// A connection, up to where the trace goes.
#[derive(Clone, Debug)]
pub(crate) struct Connection<'a> {
    /// Addresses of caller and called.
    ends: [SocketAddr; 2],
    hosts: [Option<HostId>; 2],
    /// Its segments, in order.
    pub(crate) segments: Vec<PacketOf<'a>>,
    /// The first place that may be its own, and the first that is not.
    from: usize,
    to: usize,
    /// Its first segment is the SYN.
    pub(crate) opened: bool,
    /// The first sequence number of each side.
    first: [Option<u32>; 2],
}

/// A packet's TCP header.
pub(crate) fn tcp(packet: &Packet) -> Option<&Tcp> {
    match &packet.transport {
        Transport::Tcp(tcp) => Some(tcp),
        _ => None,
    }
}

pub(crate) fn has(packet: &Packet, flags: TcpFlags) -> bool {
    tcp(packet).is_some_and(|tcp| tcp.flags.contains(flags))
}

/// A SYN without ACK.
pub(crate) fn is_syn(packet: &Packet) -> bool {
    has(packet, TcpFlags::SYN) && !has(packet, TcpFlags::ACK)
}

/// A segment's sequence number, and that of the first byte after it.
pub(crate) fn span(packet: &Packet) -> Option<(u32, u32)> {
    let tcp = tcp(packet)?;
    let controls =
        u32::from(tcp.flags.contains(TcpFlags::SYN)) + u32::from(tcp.flags.contains(TcpFlags::FIN));
    Some((tcp.sequence, tcp.sequence.wrapping_add(packet.data.length).wrapping_add(controls)))
}

/// Whether a sequence number is at or after another, RFC 9293 section 3.4.
pub(crate) fn reaches(number: u32, other: u32) -> bool {
    number.wrapping_sub(other) < 1 << 31
}

fn addresses(packet: &Packet) -> Option<(SocketAddr, SocketAddr)> {
    let (from, to) = packet.transport.ports()?;
    Some((SocketAddr::new(packet.src, from), SocketAddr::new(packet.dst, to)))
}

impl<'a> Connection<'a> {
    /// The connection of a segment.
    pub(crate) fn of_segment(trace: &Trace<'a>, segment: PacketOf<'a>) -> Option<Self> {
        tcp(segment.packet)?;
        let (from, to) = addresses(segment.packet)?;
        Self::find(trace, segment.packet.link, from, to, segment.at)
    }

    /// The connection that a socket had at a place, if it had one.
    pub(crate) fn of_state(trace: &Trace<'a>, change: &StateChange, at: usize) -> Option<Self> {
        let (local, remote) = change.local_inet().zip(change.remote_inet())?;
        if change.to == TcpState::Datagram {
            return None;
        }
        let within = local.ip() == remote.ip() || remote.ip().is_loopback();
        let link = if within { Link::Loopback(change.host) } else { Link::Wire };
        Self::find(trace, link, local, remote, at)
    }

    /// The connection that a socket had last, up to a place.
    pub(crate) fn of_socket(trace: &Trace<'a>, socket: SocketId, until: usize) -> Option<Self> {
        let states =
            trace.states(socket).filter(|(at, change)| *at <= until && change.remote_inet().is_some());
        let (at, change) = states.last()?;
        Self::of_state(trace, change, at)
    }

    fn find(trace: &Trace<'a>, link: Link, a: SocketAddr, b: SocketAddr, around: usize) -> Option<Self> {
        let mut segments: Vec<PacketOf<'a>> = Vec::new();
        let (mut opened, mut from, mut to) = (false, 0, trace.last() + 1);
        for (at, what) in trace.between(0, to) {
            let What::Packet(packet) = what else { continue };
            let ours = packet.link == link
                && tcp(packet).is_some()
                && addresses(packet).is_some_and(|pair| pair == (a, b) || pair == (b, a));
            if !ours {
                continue;
            }
            let fresh = is_syn(packet) && packet.copy_of.is_none();
            if fresh && at > around {
                to = at;
                break;
            }
            if fresh {
                (opened, from) = (true, at);
                segments.clear();
            }
            segments.push(PacketOf { packet, at });
        }
        let first = segments.first()?;
        let ends = addresses(first.packet)?;
        let mut connection = Self {
            ends: [ends.0, ends.1],
            hosts: [first.packet.from, first.packet.to],
            segments,
            from,
            to,
            opened,
            first: [None, None],
        };
        connection.first = Side::BOTH.map(|side| {
            let syn = connection.of(side).find(|segment| has(segment.packet, TcpFlags::SYN));
            syn.and_then(|syn| tcp(syn.packet)).map(|tcp| tcp.sequence)
        });
        Some(connection)
    }

    pub(crate) fn address(&self, side: Side) -> SocketAddr {
        self.ends[side as usize]
    }

    pub(crate) fn host(&self, side: Side) -> Option<HostId> {
        self.hosts[side as usize]
    }

    /// Which end sent a packet.
    pub(crate) fn sender(&self, packet: &Packet) -> Side {
        match addresses(packet) {
            Some((from, _)) if from == self.ends[0] => Side::Caller,
            _ => Side::Called,
        }
    }

    /// Which end an address is.
    pub(crate) fn side_of(&self, local: SocketAddr) -> Side {
        if local == self.ends[0] { Side::Caller } else { Side::Called }
    }

    /// Segments of one side.
    pub(crate) fn of(&self, side: Side) -> impl DoubleEndedIterator<Item = PacketOf<'a>> + '_ {
        self.segments.iter().copied().filter(move |segment| self.sender(segment.packet) == side)
    }

    /// The first FIN of a side.
    pub(crate) fn fin(&self, side: Side) -> Option<PacketOf<'a>> {
        self.of(side).find(|segment| has(segment.packet, TcpFlags::FIN))
    }

    /// Who has finished, and who did first.
    pub(crate) fn finished(&self, trace: &Trace<'a>) -> Finished {
        let (caller, called) = (self.fin(Side::Caller), self.fin(Side::Called));
        let (first, second) = match (caller, called) {
            (None, None) => return Finished::Nobody,
            (Some(_), None) => return Finished::One(Side::Caller),
            (None, Some(_)) => return Finished::One(Side::Called),
            (Some(caller), Some(called)) if caller.at < called.at => (Side::Caller, called),
            (Some(caller), Some(_)) => (Side::Called, caller),
        };
        match self.fin_arrived(trace, first, second.at) {
            Some(_) => Finished::First(first),
            None => Finished::Together,
        }
    }

    /// The first RST of either side.
    pub(crate) fn broken(&self) -> Option<PacketOf<'a>> {
        self.segments.iter().copied().find(|segment| has(segment.packet, TcpFlags::RST))
    }

    /// The first RST of a side.
    pub(crate) fn rst(&self, side: Side) -> Option<PacketOf<'a>> {
        self.of(side).find(|segment| has(segment.packet, TcpFlags::RST))
    }

    /// The first arrival of a side's FIN at the other one, by a place.
    pub(crate) fn fin_arrived(&self, trace: &Trace<'a>, side: Side, until: usize) -> Option<PacketOf<'a>> {
        let mut fins = self.of(side).filter(|segment| has(segment.packet, TcpFlags::FIN));
        fins.find(|fin| fin.at <= until && trace.arrived(fin.packet, until).is_some())
    }

    /// The first segment that told a side that the other has everything up to a sequence number.
    pub(crate) fn acknowledges(
        &self,
        trace: &Trace<'a>,
        side: Side,
        number: u32,
        after: usize,
    ) -> Option<PacketOf<'a>> {
        self.of(side.other()).find(|segment| {
            segment.at > after
                && has(segment.packet, TcpFlags::ACK)
                && !has(segment.packet, TcpFlags::RST)
                && tcp(segment.packet).is_some_and(|tcp| reaches(tcp.acknowledgment, number))
                && trace.arrived(segment.packet, trace.last()).is_some()
        })
    }

    /// The SYN ACK of the called.
    pub(crate) fn agrees(&self) -> Option<PacketOf<'a>> {
        self.of(Side::Called)
            .find(|segment| has(segment.packet, TcpFlags::SYN) && has(segment.packet, TcpFlags::ACK))
    }

    /// The ACK that completes the handshake.
    pub(crate) fn confirms(&self) -> Option<PacketOf<'a>> {
        let agrees = self.agrees()?;
        let (_, next) = span(agrees.packet)?;
        self.of(Side::Caller).find(|segment| {
            segment.at > agrees.at
                && !has(segment.packet, TcpFlags::RST)
                && tcp(segment.packet)
                    .is_some_and(|tcp| tcp.flags.contains(TcpFlags::ACK) && reaches(tcp.acknowledgment, next))
        })
    }

    /// Where the handshake was complete at the called: an ACK of the caller for the SYN ACK arrived.
    pub(crate) fn completed(&self, trace: &Trace<'a>) -> Option<(PacketOf<'a>, usize)> {
        let agrees = self.agrees()?;
        let (_, next) = span(agrees.packet)?;
        let confirms = |packet: &Packet| {
            !has(packet, TcpFlags::RST)
                && !has(packet, TcpFlags::SYN)
                && tcp(packet)
                    .is_some_and(|tcp| tcp.flags.contains(TcpFlags::ACK) && reaches(tcp.acknowledgment, next))
        };
        let all = self.of(Side::Caller).filter(|segment| segment.at > agrees.at && confirms(segment.packet));
        all.filter_map(|segment| Some((segment, trace.arrived(segment.packet, trace.last())?)))
            .min_by_key(|(_, arrived)| *arrived)
    }

    /// How many bytes a side has sent, each counted once; none where its SYN was not recorded.
    pub(crate) fn sent(&self, side: Side) -> Option<u32> {
        let first = self.first[side as usize]?;
        let ends = self.of(side).filter(|segment| segment.packet.data.length > 0).filter_map(|segment| {
            let (sequence, _) = span(segment.packet)?;
            Some(sequence.wrapping_add(segment.packet.data.length).wrapping_sub(first).wrapping_sub(1))
        });
        // More than half of all numbers would be one before the SYN: not this connection's.
        Some(ends.filter(|end| *end < 1 << 31).max().unwrap_or(0))
    }

    /// Where a byte of a side's stream stands: 0 is its first one.
    pub(crate) fn offset(&self, side: Side, sequence: u32) -> Option<u32> {
        Some(sequence.wrapping_sub(self.first[side as usize]?).wrapping_sub(1))
    }

    /// How many bytes of a side's stream had arrived by a place, without a hole; none where its SYN was not recorded.
    pub(crate) fn arrived(&self, trace: &Trace<'a>, side: Side, until: usize) -> Option<u32> {
        let sent = self.sent(side)?;
        let mut reached = 0;
        while reached < sent {
            let Some(next) = self.carrier(trace, side, reached, until) else { break };
            reached = self.offset(side, tcp(next.packet)?.sequence)?.saturating_add(next.packet.data.length);
        }
        Some(reached)
    }

    /// A segment of a side with this byte of its stream that had arrived by a place.
    fn carrier(&self, trace: &Trace<'a>, side: Side, byte: u32, until: usize) -> Option<PacketOf<'a>> {
        self.of(side).find(|segment| {
            let packet = segment.packet;
            let Some(offset) = tcp(packet).and_then(|tcp| self.offset(side, tcp.sequence)) else {
                return false;
            };
            packet.data.length > 0
                && offset <= byte
                && byte < offset.saturating_add(packet.data.length)
                && trace.arrived(packet, until).is_some()
        })
    }

    /// Segments of a side with these bytes of its stream, that arrived by a place; none where some of them did not.
    pub(crate) fn carriers(
        &self,
        trace: &Trace<'a>,
        side: Side,
        (from, to): (u32, u32),
        until: usize,
    ) -> Option<Vec<PacketOf<'a>>> {
        let mut carriers = Vec::new();
        let mut reached = from;
        while reached < to {
            let next = self.carrier(trace, side, reached, until)?;
            let offset = self.offset(side, tcp(next.packet)?.sequence)?;
            reached = offset.saturating_add(next.packet.data.length);
            carriers.push(next);
        }
        Some(carriers)
    }

    /// The last word on one end, at or before a place.
    pub(crate) fn state(
        &self,
        trace: &Trace<'a>,
        side: Side,
        until: usize,
    ) -> Option<(usize, &'a StateChange)> {
        let (local, remote) = (self.address(side), self.address(side.other()));
        let host = self.host(side);
        trace.between(self.from, self.to.min(until + 1)).rev().find_map(|(at, what)| match what {
            What::State(change)
                if Some(change.host) == host
                    && change.local_inet() == Some(local)
                    && change.remote_inet() == Some(remote) =>
            {
                Some((at, change))
            }
            _ => None,
        })
    }

    /// Where one end came into a state for the first time.
    pub(crate) fn entered(&self, trace: &Trace<'a>, side: Side, state: TcpState) -> Option<usize> {
        let (local, remote) = (self.address(side), self.address(side.other()));
        trace.between(self.from, self.to).find_map(|(at, what)| match what {
            What::State(change)
                if change.to == state
                    && change.local_inet() == Some(local)
                    && change.remote_inet() == Some(remote) =>
            {
                Some(at)
            }
            _ => None,
        })
    }

    /// The socket of one end.
    pub(crate) fn socket(&self, trace: &Trace<'a>, side: Side, until: usize) -> Option<SocketId> {
        self.state(trace, side, until).map(|(_, change)| change.socket)
    }

    /// The last segment of a side with bytes or a FIN of which no copy had arrived by a place.
    pub(crate) fn on_the_way(&self, trace: &Trace<'a>, side: Side, until: usize) -> Option<PacketOf<'a>> {
        let carries = |packet: &Packet| {
            packet.data.length > 0 || has(packet, TcpFlags::FIN) || has(packet, TcpFlags::SYN)
        };
        let segments = self.of(side).filter(|segment| segment.at <= until && carries(segment.packet));
        segments.rev().find(|segment| {
            let Some((from, to)) = span(segment.packet) else { return false };
            !self.of(side).any(|other| {
                span(other.packet).is_some_and(|(start, end)| reaches(from, start) && reaches(end, to))
                    && trace.arrived(other.packet, until).is_some()
            })
        })
    }
}
