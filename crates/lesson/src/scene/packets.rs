//! Facts of packets, and which connect they belong to.

use std::net::SocketAddr;

use proto::{
    id::CallRef,
    trace::{Cause, Fate, Link, Packet, PacketFate, TcpFlags, Transport},
};

use super::{PacketNote, Scene};
use crate::facts::{Facts, Field};
use crate::remembered::evict;

impl Scene {
    pub(super) fn packet(&mut self, packet: &Packet) -> Facts {
        let call = self.belongs_to(packet);
        if let Some(note) = call.and_then(|call| self.calls.get_mut(&call)) {
            note.packets += 1;
        }
        let attempt = self.attempt(packet);
        self.learn_packet(packet, call);
        let facts = self.packet_facts(packet, &packet.fate).number(Field::Try, attempt);
        self.packets.insert(
            packet.id,
            PacketNote { packet: packet.clone(), call, copies: 0, held: packet.fate == Fate::Held },
        );
        evict(&mut self.packets);
        facts
    }

    pub(super) fn fate(&mut self, later: &PacketFate) -> Option<Facts> {
        let note = self.packets.get(&later.id)?;
        let facts = self.packet_facts(&note.packet, &later.fate).yes(Field::Held, note.held);
        if later.fate == Fate::Held
            && let Some(note) = self.packets.get_mut(&later.id)
        {
            note.held = true;
        }
        Some(facts)
    }

    /// The call a packet belongs to: that which asked for it, or whose packet it answers or repeats.
    fn belongs_to(&self, packet: &Packet) -> Option<CallRef> {
        let of = |id| self.packets.get(&id).and_then(|note| note.call);
        match packet.cause {
            Cause::Call(call) => Some(call),
            Cause::Packet(id) => of(id),
            Cause::Timer | Cause::Wire | Cause::Service => packet.copy_of.and_then(of),
        }
        .or_else(|| self.answers(packet))
    }

    /// The connect that waits for what comes from there: a late answer of a held SYN, an ICMP message of the wire.
    fn answers(&self, packet: &Packet) -> Option<CallRef> {
        let waits = |note: &super::CallNote| match &note.begin.call {
            proto::call::Call::Connect { address, .. } => {
                let Some(address) = address.inet() else { return false };
                let from_there = packet.src == address.ip()
                    && packet.transport.ports().is_none_or(|(source, _)| source == address.port());
                // The wire answers so for addresses that nobody has.
                let nobody = self.host_at(address.ip()).is_none();
                let by_icmp = nobody && matches!(packet.transport, Transport::Icmp { .. });
                packet.to == Some(note.begin.host) && (from_there || by_icmp)
            }
            _ => false,
        };
        self.calls.iter().find(|(_, note)| waits(note)).map(|(id, _)| *id)
    }

    fn attempt(&mut self, packet: &Packet) -> u64 {
        let Some(first) = packet.copy_of.and_then(|id| self.packets.get_mut(&id)) else { return 1 };
        first.copies += 1;
        first.copies + 1
    }

    fn learn_packet(&mut self, packet: &Packet, call: Option<CallRef>) {
        let flags = flags(packet);
        let full = match &packet.transport {
            Transport::Tcp(tcp) => self.full(SocketAddr::new(packet.dst, tcp.dst_port)),
            _ => false,
        };
        let Some(note) = call.and_then(|call| self.calls.get_mut(&call)) else { return };
        if packet.from == Some(note.begin.host) && flags == "SYN" {
            note.full |= note.syns == 0 && full;
            note.syns += 1;
        } else if packet.from != Some(note.begin.host) && note.answer.is_none() {
            note.answer = Some(if flags.is_empty() { "ICMP".to_owned() } else { flags });
        }
    }

    fn packet_facts(&self, packet: &Packet, fate: &Fate) -> Facts {
        let name = |host: Option<_>| host.and_then(|host| self.name(host));
        let cause = match packet.cause {
            Cause::Call(_) => "call",
            Cause::Packet(_) => "packet",
            Cause::Timer => "timer",
            Cause::Wire => "wire",
            Cause::Service => "service",
        };
        let fate = match fate {
            Fate::Travelling => "travelling",
            Fate::Held => "held",
            Fate::Delivered => "delivered",
            Fate::Dropped(_) => "dropped",
            Fate::Lost => "lost",
            Fate::NoHost => "no_host",
            Fate::Superseded => "superseded",
        };
        let link = if packet.link == Link::Wire { "wire" } else { "lo" };
        let flags = if matches!(packet.transport, Transport::Icmp { .. }) {
            "ICMP".to_owned()
        } else {
            flags(packet)
        };
        Facts::of("packet")
            .word(Field::Link, link)
            .maybe_word(Field::Source, name(packet.from))
            .maybe_word(Field::To, name(packet.to))
            .word(Field::Flags, flags)
            .number(Field::Length, packet.data.length)
            .maybe_number(Field::Port, packet.transport.ports().map(|(_, port)| port))
            .word(Field::Cause, cause)
            .word(Field::Fate, fate)
    }
}

/// `SYN+ACK`; empty for what is not TCP.
fn flags(packet: &Packet) -> String {
    let Transport::Tcp(tcp) = &packet.transport else { return String::new() };
    let known = TcpFlags::NAMES.iter().filter(|(flag, _)| tcp.flags.contains(*flag)).map(|(_, name)| *name);
    known.collect::<Vec<_>>().join("+")
}
