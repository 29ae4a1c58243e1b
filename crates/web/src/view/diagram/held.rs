//! Packets held on the wire: a pile of the same segment, with a card on top.

use std::net::SocketAddr;

use proto::{
    id::{HostId, PacketId},
    trace::{Fate, Packet, TimerKind, Transport, What},
};

use super::{
    arrow_span::ArrowSpan,
    canvas::Canvas,
    rows::{DROP, RowKind},
    shapes::{Form, Head, HeldAbove},
};
use crate::view::{
    store::{PacketNote, TraceStore},
    words::packet_name,
};

/// Size of a card.
const WIDTH: f64 = 152.0;
const HEIGHT: f64 = 46.0;
/// What is left free of a way on both sides of its card together.
const AROUND: f64 = 6.0;
/// What the ring of the sender's patience needs between its line and the card.
const RING: f64 = 28.0;
/// From the top of a packet's row to that of its card.
const CARD: f64 = 4.0;
/// From the top of a card to its buttons.
const BUTTONS: f64 = 16.0;
/// So many held packets are looked at for those above what is seen.
const ABOVE: usize = 64;

/// Copies of one segment that are held together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pile {
    /// The first held.
    pub(super) oldest: PacketId,
    /// The last held: its row has the card.
    pub(super) newest: PacketId,
    /// How many.
    pub(super) copies: usize,
}

impl Pile {
    /// The pile a packet is in, counting events up to `until` only.
    pub(super) fn of(store: &TraceStore, packet: &Packet, until: u64) -> Option<Self> {
        let first = packet.copy_of.unwrap_or(packet.id);
        let note = store.note(first)?;
        let copies =
            note.copies.iter().filter(|seq| **seq <= until).filter_map(|seq| match &store.get(*seq)?.what {
                What::Packet(copy) => Some(copy.id),
                _ => None,
            });
        let held: Vec<_> = std::iter::once(first)
            .chain(copies)
            .filter(|id| store.packet(*id).is_some_and(|packet| store.fate(packet, until).0 == Fate::Held))
            .collect();
        Some(Self { oldest: *held.first()?, newest: *held.last()?, copies: held.len() })
    }

    /// What stands on its card.
    fn title(&self, packet: &Packet) -> String {
        let name = packet_name(packet);
        if self.copies > 1 { format!("{name} ×{}", self.copies) } else { name }
    }
}

impl Canvas<'_> {
    /// A packet that is held now: the card, or a line down to it.
    pub(super) fn held(&mut self, packet: &Packet, note: &PacketNote, way: ArrowSpan) {
        let Some(pile) = Pile::of(self.store, packet, self.layout.laid) else { return };
        let middle = way.middle();
        let half = (middle, way.tail + DROP / 2.0);
        if pile.newest != packet.id {
            self.arrow_line(packet, note, vec![(way.x1, way.tail), half], "held", Head::None, None);
            let newest = self.store.note(pile.newest).and_then(|note| self.layout.row_of(note.seq));
            if let Some(card) = newest.map(|row| row.y + CARD) {
                self.wait_line(note.seq, packet.id, middle, half.1, card);
            }
            return;
        }
        let width = WIDTH.min((way.x2 - way.x1).abs() - AROUND);
        let y = way.tail - 12.0;
        let edge = middle - f64::from(way.side()) * width / 2.0;
        self.arrow_line(
            packet,
            note,
            vec![(way.x1, way.tail), (edge, way.tail + 6.0)],
            "held",
            Head::None,
            None,
        );
        let patience = self.patience(packet);
        let what = Form::Card {
            x: middle - width / 2.0,
            y,
            width,
            height: HEIGHT,
            title: pile.title(packet),
            words: note.meaning.words().to_owned(),
            copies: pile.copies,
            packet: packet.id.0,
            first: pile.oldest.0,
            left_ms: patience.map(|(left, _)| left),
            // Where there is no room beside the card the head says it.
            left: patience.map(|(_, share)| share).filter(|_| (edge - way.x1).abs() >= RING),
            sender: way.x1,
        };
        self.put(format!("card{}", pile.oldest), note.seq, what);
    }

    /// The piles whose card cannot be pressed, since what is seen begins below it; the oldest first.
    pub(super) fn held_above(&self) -> Vec<HeldAbove> {
        self.store.held().take(ABOVE).filter_map(|(id, _)| self.is_above(id)).collect()
    }

    fn is_above(&self, id: PacketId) -> Option<HeldAbove> {
        let packet = self.store.packet(id)?;
        let pile = Pile::of(self.store, packet, self.layout.laid).filter(|pile| pile.oldest == id)?;
        let newest = self.store.packet(pile.newest)?;
        let row = self.layout.row_of(self.store.note(pile.newest)?.seq)?;
        let drawn = matches!(row.kind, RowKind::Packet { id, .. } if id == pile.newest);
        if !drawn || row.y + CARD + BUTTONS >= self.eye {
            return None;
        }
        let patience = self.patience(newest);
        let end = |host: Option<HostId>| host.and_then(|host| self.x(host));
        let (sender, receiver) = (end(newest.from), end(newest.to));
        Some(HeldAbove {
            seq: row.seq,
            packet: pile.newest.0,
            title: pile.title(newest),
            left_ms: patience.map(|(left, _)| left),
            x: sender.zip(receiver).map_or(self.width / 2.0, |(from, to)| f64::midpoint(from, to)),
            sender,
        })
    }

    /// The sender's retransmission timer: milliseconds left, and the share of the wait that is left.
    fn patience(&self, packet: &Packet) -> Option<(f64, f64)> {
        let Transport::Tcp(tcp) = &packet.transport else { return None };
        let sender = packet.from?;
        let socket = self.store.sockets().values().find(|note| {
            let ends = note.change.local.zip(note.change.remote);
            note.change.host == sender
                && ends.is_some_and(|(local, remote)| {
                    local.inet() == Some(SocketAddr::new(packet.src, tcp.src_port))
                        && remote.inet() == Some(SocketAddr::new(packet.dst, tcp.dst_port))
                })
        })?;
        let timer = socket
            .change
            .timer
            .filter(|timer| matches!(timer.kind, TimerKind::Retransmit | TimerKind::KeepAlive))?;
        let total = f64::from(timer.left_ms.max(1));
        let since = self.now.saturating_sub(socket.time) as f64 / 1e6;
        let left = (total - since).max(0.0);
        Some((left, left / total))
    }
}
