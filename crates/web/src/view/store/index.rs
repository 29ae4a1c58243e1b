//! What each event means for the store's indexes, and how they shrink with it.

use proto::{
    call::{Call, Flags, Value},
    trace::{CallBegin, CallEnd, Cause, Event, Fate, Packet, StateChange, TcpState, Transport, What},
};

use super::{CAPACITY, CauseKey, PacketNote, SocketNote, TraceStore};
use crate::view::words::Meaning;

impl TraceStore {
    pub(super) fn index(&mut self, event: &Event) {
        match &event.what {
            What::CallBegin(begin) => {
                self.calls.entry(begin.id).or_default().begin = Some(event.seq);
                self.waiting.insert(begin.id, event.seq);
            }
            What::CallEnd(end) => {
                self.calls.entry(end.id).or_default().end = Some(event.seq);
                self.waiting.remove(&end.id);
                self.disown(end);
                self.index_close(end);
                self.index_read(end);
            }
            What::Packet(packet) => self.index_packet(packet, event),
            What::Fate(fate) => {
                // Only what has arrived came to a queue.
                let full = self.packet(fate.id).filter(|_| fate.fate == Fate::Delivered);
                let full = full.and_then(|packet| self.full_queue(packet));
                if let Some(note) = self.packets.get_mut(&fate.id) {
                    note.fates.push(event.seq);
                    note.queue_full = full;
                }
                if fate.fate == Fate::Delivered
                    && let Some(packet) = self.packet(fate.id).cloned()
                {
                    self.datagrams.arrived(&packet);
                }
                if fate.fate == Fate::Held {
                    self.held.insert(fate.id, event.seq);
                } else {
                    self.held.remove(&fate.id);
                }
            }
            What::State(change) => self.index_state(change, event),
            What::HostGone(host) => {
                for note in self.sockets.values_mut().filter(|note| note.change.host == *host) {
                    note.gone = true;
                }
                self.datagrams.host_gone(*host);
            }
            What::Summary(_) => self.datagrams.missed(),
            What::Wire { .. }
            | What::Joined(_)
            | What::HostAppeared(_)
            | What::HostChanged { .. }
            | What::ProgramBegan(_)
            | What::Output { .. }
            | What::Source { .. }
            | What::InFront { .. }
            | What::Left(_)
            | What::ProgramEnded(_)
            | What::Progress { .. } => {}
        }
    }

    /// A descriptor that was closed is nobody's any more, though the kernel may have something left to do: of that no word
    /// comes where the state stays as it was. Datagram sockets have no such end, and are gone.
    fn disown(&mut self, end: &CallEnd) {
        let closed = self.closes(end);
        let note = end.socket.and_then(|socket| self.sockets.get_mut(&socket));
        if let Some(note) = note.filter(|_| closed) {
            note.change.owner = None;
            note.gone |= note.change.to == TcpState::Datagram;
        }
    }

    /// A socket that was CLOSED already changes no state when its last descriptor goes: then it is gone.
    fn index_close(&mut self, end: &CallEnd) {
        let closed = self.closes(end);
        let note = end.socket.and_then(|socket| self.sockets.get_mut(&socket));
        if let Some(note) = note.filter(|_| closed) {
            note.gone |= note.change.to == TcpState::Closed;
            if note.gone {
                self.datagrams.gone(note.change.socket);
            }
        }
    }

    /// Whether a call was a close(2) of a socket's last descriptor: where another names it still (dup), the room has said so
    /// meanwhile, as a state that is what it was.
    fn closes(&self, end: &CallEnd) -> bool {
        let Some(CallBegin { call: Call::Close { fd }, program, .. }) = self.call_begin(end.id) else {
            return false;
        };
        let began = self.call(end.id).begin.unwrap_or(0);
        let note = end.socket.and_then(|socket| self.sockets.get(&socket));
        end.outcome.is_ok()
            && !note.is_some_and(|note| note.seq > began && note.change.names_another((*program, *fd)))
    }

    /// A call that reads takes a datagram, unless it only peeks.
    fn index_read(&mut self, end: &CallEnd) {
        if !matches!(end.outcome, Ok(Value::Received { .. } | Value::ReceivedFrom { .. })) {
            return;
        }
        let Some(begin) = self.call_begin(end.id) else { return self.datagrams.missed() };
        let peeks = match begin.call {
            Call::Recv { flags, .. } | Call::RecvFrom { flags, .. } | Call::RecvMsg { flags, .. } => {
                flags.contains(Flags::PEEK)
            }
            _ => true,
        };
        if let Some(socket) = begin.socket.filter(|_| !peeks) {
            self.datagrams.taken(socket);
        }
    }

    fn index_state(&mut self, change: &StateChange, event: &Event) {
        let gone = change.to == TcpState::Closed
            && change.owner.is_none()
            && change.from.is_some_and(|from| from != TcpState::Closed);
        let before = self.sockets.get(&change.socket).is_none_or(|before| before.fresh);
        let still = change.from.is_none_or(|from| from == TcpState::Closed);
        let fresh = before && still && change.to == TcpState::Closed;
        let note = SocketNote { change: change.clone(), seq: event.seq, time: event.time, gone, fresh };
        if let Some(bytes) = self.datagrams.heard(change) {
            self.waited.insert(event.seq, bytes);
        }
        if gone {
            self.datagrams.gone(change.socket);
        }
        self.sockets.insert(change.socket, note);
    }

    fn index_packet(&mut self, packet: &Packet, event: &Event) {
        match packet.cause {
            Cause::Call(id) => self.effects.entry(CauseKey::Call(id)).or_default().push(event.seq),
            Cause::Packet(id) => {
                self.effects.entry(CauseKey::Packet(id)).or_default().push(event.seq);
                if let Some(note) = self.packets.get_mut(&id) {
                    note.answered = true;
                }
            }
            Cause::Timer | Cause::Wire | Cause::Service => {}
        }
        if packet.fate == Fate::Held {
            self.held.insert(packet.id, event.seq);
        }
        let (relative, acknowledged, scale, meaning) = self.flows.follow(packet);
        if packet.fate == Fate::Delivered {
            self.datagrams.arrived(packet);
        }
        let (attempt, after_first) = self.attempt(packet, event);
        let note = PacketNote {
            seq: event.seq,
            fates: Vec::new(),
            relative,
            acknowledged,
            scale,
            meaning,
            attempt,
            after_first,
            loss: self.wire().loss,
            copies: Vec::new(),
            queue_full: if packet.fate == Fate::Delivered { self.full_queue(packet) } else { None },
            answered: false,
        };
        self.packets.insert(packet.id, note);
    }

    fn attempt(&mut self, packet: &Packet, event: &Event) -> (u32, u64) {
        let Some(first) = packet.copy_of else { return (1, 0) };
        let Some(note) = self.packets.get_mut(&first) else { return (2, 0) };
        note.copies.push(event.seq);
        let attempt = 1 + u32::try_from(note.copies.len()).unwrap_or(u32::MAX - 1);
        let seq = note.seq;
        let after = self.get(seq).map_or(0, |first| event.time.saturating_sub(first.time));
        (attempt, after)
    }

    fn full_queue(&self, packet: &Packet) -> Option<(u32, u32)> {
        let Transport::Tcp(tcp) = &packet.transport else { return None };
        if !Meaning::is_syn(tcp.flags) {
            return None;
        }
        let listener = self.sockets.values().find(|note| {
            note.change.to == TcpState::Listen
                && Some(note.change.host) == packet.to
                && note.change.local.and_then(|local| local.port()) == Some(tcp.dst_port)
        })?;
        let (queued, places) = (listener.change.unread, listener.change.places());
        (queued >= places).then_some((queued, places))
    }

    pub(super) fn evict(&mut self) {
        let keep_from = CAPACITY / 4;
        self.events.drain(..keep_from);
        self.generation += 1;
        let oldest = self.events.front().map_or(0, |event| event.seq);
        self.packets.retain(|_, note| note.seq >= oldest);
        self.calls.retain(|_, place| {
            place.end.or(place.begin).is_some_and(|seq| seq >= oldest) || place.end.is_none()
        });
        let packets = &self.packets;
        let calls = &self.calls;
        self.effects.retain(|key, _| match key {
            CauseKey::Call(id) => calls.contains_key(id),
            CauseKey::Packet(id) => packets.contains_key(id),
        });
        self.sockets.retain(|_, note| !note.gone || note.seq >= oldest);
        self.skipped.retain(|(seq, _)| *seq >= oldest);
        self.waited.retain(|seq, _| *seq >= oldest);
    }
}
