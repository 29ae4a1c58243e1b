//! Connections as the packets show them: relative numbers, and what each segment says in its conversation.

use std::{collections::HashMap, net::SocketAddr};

use proto::trace::{Cause, Link, Packet, Tcp, TcpFlags, TcpOption, Transport};

use crate::view::words::Meaning;

/// Flows remembered at once. Beyond it the oldest half of the map is evicted; numbers then begin anew.
const FLOWS: usize = 4096;

/// No window is scaled by more (RFC 7323).
const MOST_SCALE: u8 = 14;

/// One direction of a connection, where it was seen. Loopback of different machines never mixes.
type Direction = (Option<u32>, SocketAddr, SocketAddr);

/// What a segment's window has to be multiplied with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WindowScale {
    /// Nobody knows: not both SYNs were recorded.
    #[default]
    Unknown,
    /// With 1: a SYN's window is never scaled.
    OfSyn,
    /// With 1: the two did not agree to scale.
    NotAgreed,
    /// With 2 to the power of this, as the sender's SYN said.
    Agreed(u8),
}

#[derive(Clone, Copy, Debug, Default)]
struct Half {
    /// Sequence number of the SYN, or one before the first byte seen.
    base: u32,
    /// Next sequence number expected.
    next: u32,
    /// Whether a SYN with ACK went this way: the other side confirms next.
    agreed: bool,
    /// Whether the handshake's last ACK went this way.
    confirmed: bool,
    /// What its SYN said of its window's scale; none before one was seen.
    syn: Option<Option<u8>>,
    /// Last window announced, as in the header; none before it spoke.
    window: Option<u16>,
}

/// What was seen of every direction.
#[derive(Debug, Default)]
pub(super) struct Flows {
    halves: HashMap<Direction, Half>,
    /// Last SYN without ACK of a direction, so that an RST can be told from a refusal.
    asked: HashMap<Direction, bool>,
}

impl Flows {
    /// Relative sequence number, relative acknowledgment number, the window's scale, and what the packet says.
    pub(super) fn follow(&mut self, packet: &Packet) -> (u32, u32, WindowScale, Meaning) {
        let Transport::Tcp(tcp) = &packet.transport else {
            return (0, 0, WindowScale::Unknown, Meaning::of_other(packet));
        };
        if self.halves.len() > FLOWS {
            self.halves.clear();
            self.asked.clear();
        }
        let link = match packet.link {
            Link::Wire => None,
            Link::Loopback(host) => Some(host.0),
        };
        let source = SocketAddr::new(packet.src, tcp.src_port);
        let target = SocketAddr::new(packet.dst, tcp.dst_port);
        let (there, back) = ((link, source, target), (link, target, source));
        if Meaning::is_syn(tcp.flags) && packet.copy_of.is_none() {
            self.halves.remove(&back);
            self.halves.remove(&there);
            self.asked.insert(there, true);
        }
        let before = self.halves.get(&there).copied();
        let meaning = self.meaning(tcp, packet, before, there, back);
        let (relative, acknowledged) = self.relative(tcp, packet.data.length, there, back);
        (relative, acknowledged, self.scale(tcp, there, back), meaning)
    }

    fn scale(&self, tcp: &Tcp, there: Direction, back: Direction) -> WindowScale {
        if tcp.flags.contains(TcpFlags::SYN) {
            return WindowScale::OfSyn;
        }
        let syn = |direction| self.halves.get(&direction).and_then(|half: &Half| half.syn);
        match (syn(there), syn(back)) {
            (Some(Some(power)), Some(Some(_))) => WindowScale::Agreed(power.min(MOST_SCALE)),
            (Some(_), Some(_)) => WindowScale::NotAgreed,
            _ => WindowScale::Unknown,
        }
    }

    fn relative(&mut self, tcp: &Tcp, length: u32, there: Direction, back: Direction) -> (u32, u32) {
        let syn = tcp.flags.contains(TcpFlags::SYN);
        let first = if syn { tcp.sequence } else { tcp.sequence.wrapping_sub(1) };
        let half = self.halves.entry(there).or_insert(Half { base: first, next: first, ..Half::default() });
        if syn {
            half.base = tcp.sequence;
            half.syn = Some(tcp.options.iter().find_map(|option| match option {
                TcpOption::WindowScale(power) => Some(*power),
                _ => None,
            }));
        }
        let relative = tcp.sequence.wrapping_sub(half.base);
        let controls = u32::from(syn) + u32::from(tcp.flags.contains(TcpFlags::FIN));
        half.next = tcp.sequence.wrapping_add(length).wrapping_add(controls);
        half.window = Some(tcp.window);
        half.agreed |= syn && tcp.flags.contains(TcpFlags::ACK);
        if !tcp.flags.contains(TcpFlags::ACK) {
            return (relative, 0);
        }
        let first = tcp.acknowledgment.wrapping_sub(1);
        let other = self.halves.entry(back).or_insert(Half { base: first, next: first, ..Half::default() });
        (relative, tcp.acknowledgment.wrapping_sub(other.base))
    }

    /// `before` is what was known of this direction before this packet.
    fn meaning(
        &mut self,
        tcp: &Tcp,
        packet: &Packet,
        before: Option<Half>,
        there: Direction,
        back: Direction,
    ) -> Meaning {
        let flags = tcp.flags;
        if flags.contains(TcpFlags::RST) {
            return if self.asked.contains_key(&back) && !before.is_some_and(|half| half.agreed) {
                Meaning::Refuses
            } else {
                Meaning::BreaksOff
            };
        }
        if flags.contains(TcpFlags::SYN) {
            return if flags.contains(TcpFlags::ACK) { Meaning::Agrees } else { Meaning::Asks };
        }
        if flags.contains(TcpFlags::FIN) {
            return Meaning::Finishes;
        }
        if packet.data.length > 0 {
            return Meaning::Data;
        }
        let agreed = self.halves.get(&back).is_some_and(|half| half.agreed);
        let Some(before) = before else { return Meaning::Acknowledges };
        if agreed && !before.confirmed {
            if let Some(half) = self.halves.get_mut(&there) {
                half.confirmed = true;
            }
            return Meaning::Confirms;
        }
        if tcp.window == 0 {
            return Meaning::Full;
        }
        if before.window == Some(0) {
            return Meaning::RoomAgain;
        }
        if packet.cause == Cause::Timer && tcp.sequence == before.next.wrapping_sub(1) {
            return Meaning::Probes;
        }
        Meaning::Acknowledges
    }
}
