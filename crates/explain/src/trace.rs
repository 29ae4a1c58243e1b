//! A trace with what is looked up in it. Places are indexes into it; `seq` is only for those who read.

use std::collections::HashMap;

use proto::{
    id::{CallRef, HostId, PacketId, ProgramId, SocketId},
    trace::{CallBegin, CallEnd, Cause, Event, Fate, Packet, StateChange, TcpState, What},
};

/// A call: its begin, and its end where it has one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallOf<'a> {
    pub(crate) begin: &'a CallBegin,
    pub(crate) at: usize,
    pub(crate) end: Option<(usize, &'a CallEnd)>,
}

/// A packet and where it left.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PacketOf<'a> {
    pub(crate) packet: &'a Packet,
    pub(crate) at: usize,
}

#[derive(Debug, Default)]
struct PacketNote {
    at: usize,
    fates: Vec<usize>,
    copies: Vec<usize>,
    led_to: Vec<usize>,
}

/// The events up to one of them.
#[derive(Debug, Default)]
pub(crate) struct Trace<'a> {
    events: Vec<&'a Event>,
    begins: HashMap<CallRef, usize>,
    ends: HashMap<CallRef, usize>,
    packets: HashMap<PacketId, PacketNote>,
    of_calls: HashMap<CallRef, Vec<usize>>,
    states: HashMap<SocketId, Vec<usize>>,
    /// Places before which something is missing, or that tell of packets that were only counted.
    gaps: Vec<usize>,
}

impl<'a> Trace<'a> {
    pub(crate) fn new(events: impl IntoIterator<Item = &'a Event>) -> Self {
        let mut trace = Self::default();
        for event in events {
            trace.take(event);
        }
        trace
    }

    fn take(&mut self, event: &'a Event) {
        let at = self.events.len();
        let before = self.events.last().map_or(0, |last| last.seq);
        if event.seq != before + 1 {
            self.gaps.push(at);
        }
        match &event.what {
            What::CallBegin(begin) => {
                self.begins.insert(begin.id, at);
            }
            What::CallEnd(end) => {
                self.ends.insert(end.id, at);
            }
            What::Packet(packet) => self.take_packet(packet, at),
            What::Fate(fate) => {
                if let Some(note) = self.packets.get_mut(&fate.id) {
                    note.fates.push(at);
                }
            }
            What::State(change) => self.states.entry(change.socket).or_default().push(at),
            What::Summary(_) => self.gaps.push(at),
            _ => {}
        }
        self.events.push(event);
    }

    fn take_packet(&mut self, packet: &Packet, at: usize) {
        match packet.cause {
            Cause::Call(id) => self.of_calls.entry(id).or_default().push(at),
            Cause::Packet(id) => {
                if let Some(note) = self.packets.get_mut(&id) {
                    note.led_to.push(at);
                }
            }
            Cause::Timer | Cause::Wire | Cause::Service => {}
        }
        if let Some(first) = packet.copy_of.and_then(|first| self.packets.get_mut(&first)) {
            first.copies.push(at);
        }
        self.packets.insert(packet.id, PacketNote { at, ..PacketNote::default() });
    }

    /// The place of the event with this `seq`.
    pub(crate) fn place(&self, seq: u64) -> Option<usize> {
        self.events.binary_search_by_key(&seq, |event| event.seq).ok()
    }

    pub(crate) fn event(&self, at: usize) -> &'a Event {
        self.events[at]
    }

    pub(crate) fn seq(&self, at: usize) -> u64 {
        self.events[at].seq
    }

    pub(crate) fn time(&self, at: usize) -> u64 {
        self.events[at].time
    }

    /// The newest event's place.
    pub(crate) fn last(&self) -> usize {
        self.events.len().saturating_sub(1)
    }

    /// Places with what happened there, those from `from` to before `to`.
    pub(crate) fn between(
        &self,
        from: usize,
        to: usize,
    ) -> impl DoubleEndedIterator<Item = (usize, &'a What)> + '_ {
        let to = to.min(self.events.len());
        (from.min(to)..to).map(|at| (at, &self.events[at].what))
    }

    /// Whether nothing is missing after `from`, up to `to`.
    pub(crate) fn is_whole(&self, from: usize, to: usize) -> bool {
        let first = self.gaps.partition_point(|gap| *gap <= from);
        self.gaps.get(first).is_none_or(|gap| *gap > to)
    }

    /// Whether nothing is missing from the room's beginning up to `to`.
    pub(crate) fn is_whole_until(&self, to: usize) -> bool {
        self.gaps.first().is_none_or(|gap| *gap > to)
    }

    pub(crate) fn call(&self, id: CallRef) -> Option<CallOf<'a>> {
        let at = *self.begins.get(&id)?;
        let What::CallBegin(begin) = &self.event(at).what else { return None };
        let end = self.ends.get(&id).and_then(|at| match &self.event(*at).what {
            What::CallEnd(end) => Some((*at, end)),
            _ => None,
        });
        Some(CallOf { begin, at, end })
    }

    /// Calls that a socket took part in, or that any did, with `None`; in order of their begins up to `until`.
    pub(crate) fn calls(
        &self,
        socket: Option<SocketId>,
        until: usize,
    ) -> impl DoubleEndedIterator<Item = CallOf<'a>> + '_ {
        self.between(0, until + 1).filter_map(move |(_, what)| match what {
            What::CallBegin(begin) if socket.is_none() || begin.socket == socket => self.call(begin.id),
            _ => None,
        })
    }

    /// The call that made a socket: socket() or accept().
    pub(crate) fn maker(&self, socket: SocketId) -> Option<CallOf<'a>> {
        self.events.iter().find_map(|event| match &event.what {
            What::CallEnd(end) if end.socket == Some(socket) && end.outcome.is_ok() => {
                let call = self.call(end.id)?;
                (call.begin.socket != Some(socket)).then_some(call)
            }
            _ => None,
        })
    }

    pub(crate) fn packet(&self, id: PacketId) -> Option<PacketOf<'a>> {
        self.packet_at(self.packets.get(&id)?.at)
    }

    fn packet_at(&self, at: usize) -> Option<PacketOf<'a>> {
        match &self.event(at).what {
            What::Packet(packet) => Some(PacketOf { packet, at }),
            _ => None,
        }
    }

    fn packets_at(&self, places: Option<&Vec<usize>>) -> Vec<PacketOf<'a>> {
        places.into_iter().flatten().filter_map(|at| self.packet_at(*at)).collect()
    }

    /// Packets that a call asked for.
    pub(crate) fn packets_of(&self, call: CallRef) -> Vec<PacketOf<'a>> {
        self.packets_at(self.of_calls.get(&call))
    }

    /// Packets that a kernel sent because this one had arrived.
    pub(crate) fn led_to(&self, packet: PacketId) -> Vec<PacketOf<'a>> {
        self.packets_at(self.packets.get(&packet).map(|note| &note.led_to))
    }

    /// Later copies of a packet.
    pub(crate) fn copies(&self, packet: PacketId) -> Vec<PacketOf<'a>> {
        self.packets_at(self.packets.get(&packet).map(|note| &note.copies))
    }

    /// What had become of a packet at a place, and the place that says so.
    pub(crate) fn fate(&self, packet: &'a Packet, until: usize) -> (&'a Fate, usize) {
        let note = self.packets.get(&packet.id);
        let later = note.and_then(|note| note.fates.iter().rev().find(|at| **at <= until));
        match later.map(|at| (*at, &self.event(*at).what)) {
            Some((at, What::Fate(later))) => (&later.fate, at),
            _ => (&packet.fate, note.map_or(until, |note| note.at)),
        }
    }

    /// Where a packet arrived, if it did by then.
    pub(crate) fn arrived(&self, packet: &'a Packet, until: usize) -> Option<usize> {
        let (fate, at) = self.fate(packet, until);
        (*fate == Fate::Delivered && at <= until).then_some(at)
    }

    /// The last word on a socket, at or before a place.
    pub(crate) fn state(&self, socket: SocketId, until: usize) -> Option<(usize, &'a StateChange)> {
        let places = self.states.get(&socket)?;
        let at = *places.iter().rev().find(|at| **at <= until)?;
        self.state_at(at)
    }

    /// Everything that was told of a socket, in order.
    pub(crate) fn states(&self, socket: SocketId) -> impl Iterator<Item = (usize, &'a StateChange)> + '_ {
        self.states.get(&socket).into_iter().flatten().filter_map(|at| self.state_at(*at))
    }

    fn state_at(&self, at: usize) -> Option<(usize, &'a StateChange)> {
        match &self.event(at).what {
            What::State(change) => Some((at, change)),
            _ => None,
        }
    }

    /// The last word on every socket of a machine that was not over by then, in no order.
    pub(crate) fn sockets(&self, host: HostId, until: usize) -> Vec<(usize, &'a StateChange)> {
        let fresh = self.network_since(host, until);
        let last = self.states.keys().filter_map(|socket| self.state(*socket, until));
        last.filter(|(at, change)| change.host == host && *at >= fresh && !self.is_over(change, *at, until))
            .collect()
    }

    fn is_over(&self, change: &StateChange, at: usize, until: usize) -> bool {
        let rests = change.timer.filter(|_| change.to == TcpState::TimeWait);
        let since = (self.time(until).saturating_sub(self.time(at))) / 1_000_000;
        let over = rests.is_some_and(|timer| u64::from(timer.left_ms) <= since);
        let closed =
            change.to == TcpState::Closed && change.from.is_some_and(|from| from != TcpState::Closed);
        over || (closed && change.owner.is_none())
    }

    /// Since when a machine has the network that it had at a place: a fresh one has no sockets.
    fn network_since(&self, host: HostId, until: usize) -> usize {
        let fresh = self.between(0, until + 1).rev().find(|(_, what)| match what {
            What::HostChanged { host: changed, command, .. } => {
                changed.id == host && *command == proto::message::HostCommand::FreshNetwork
            }
            What::HostAppeared(appeared) => appeared.id == host,
            _ => false,
        });
        fresh.map_or(0, |(at, _)| at)
    }

    /// Where a program ended, if it did by then.
    pub(crate) fn program_ended(&self, program: ProgramId, until: usize) -> Option<usize> {
        let ended = |what: &What| matches!(what, What::ProgramEnded(id) if *id == program);
        self.between(0, until + 1).find(|(_, what)| ended(what)).map(|(at, _)| at)
    }
}
