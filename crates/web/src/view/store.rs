//! The trace as the page keeps it: bounded, in order of `seq`, with indexes for everything that is looked up.
//!
//! It does not know what is drawn, and asks nobody for events.

mod datagrams;
mod flows;
mod index;
mod seed;

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    ops::Range,
};

use proto::{
    id::{CallRef, HostId, MemberId, PacketId, ProgramId, SocketId},
    limits,
    room::{HostInfo, MemberInfo, ProgramInfo, WireSettings},
    roster::Register,
    trace::{CallBegin, CallEnd, Cause, Event, Fate, Packet, StateChange, TcpState, What},
};

use datagrams::Datagrams;
use flows::Flows;
pub use flows::WindowScale;
pub use seed::{Seed, SeedHost, SeedMember, SeedProgram, SeedWire};

use super::words::Meaning;
use crate::record::Names;

/// Most events kept: all that a room's trace has, also after the oldest quarter has been evicted.
pub const CAPACITY: usize = (2 * limits::TRACE_PACKETS + 4 * limits::TRACE_OTHERS) * 4 / 3;

/// Why pushed bytes were not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PushError {
    /// The bytes are not events in the wire format. Those before the fault were taken.
    #[error("the trace's bytes are not events in the wire format")]
    Malformed,
}

/// Where a call begins and ends in the trace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CallPlace {
    /// `seq` of its begin, unless that was evicted.
    pub begin: Option<u64>,
    /// `seq` of its end, once it ended.
    pub end: Option<u64>,
}

/// What is known about a packet besides its event.
#[derive(Clone, Debug, PartialEq)]
pub struct PacketNote {
    /// `seq` of its event.
    pub seq: u64,
    /// `seq` of the later words on it, in order.
    pub fates: Vec<u64>,
    /// Sequence number since the connection's SYN.
    pub relative: u32,
    /// Acknowledgment number since the other side's SYN.
    pub acknowledged: u32,
    /// What its window has to be multiplied with.
    pub scale: WindowScale,
    /// What it says, in the conversation.
    pub meaning: Meaning,
    /// 1 for a first try, 2 for the first copy, and so on.
    pub attempt: u32,
    /// Nanoseconds after the first try.
    pub after_first: u64,
    /// The wire's probability of loss when it left.
    pub loss: f64,
    /// Copies of it that were sent later.
    pub copies: Vec<u64>,
    /// The listener's queue when this SYN came to a full one: connections in it, and places.
    pub queue_full: Option<(u32, u32)>,
    /// Whether the other side said something because of it.
    pub answered: bool,
}

/// A socket as last heard of.
#[derive(Clone, Debug, PartialEq)]
pub struct SocketNote {
    /// The last state change.
    pub change: StateChange,
    /// Its `seq`.
    pub seq: u64,
    /// Its time, nanoseconds since the room began.
    pub time: u64,
    /// True once nothing of it is left.
    pub gone: bool,
    /// True as long as it was nothing but CLOSED: it is new, and nothing was closed.
    pub fresh: bool,
}

/// What can cause an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum CauseKey {
    Call(CallRef),
    Packet(PacketId),
}

/// The bounded trace with its indexes.
#[derive(Debug, Default)]
pub struct TraceStore {
    events: VecDeque<Event>,
    last_seq: u64,
    generation: u64,
    names: Names,
    calls: HashMap<CallRef, CallPlace>,
    waiting: BTreeMap<CallRef, u64>,
    packets: HashMap<PacketId, PacketNote>,
    effects: HashMap<CauseKey, Vec<u64>>,
    sockets: BTreeMap<SocketId, SocketNote>,
    held: BTreeMap<PacketId, u64>,
    me: Option<MemberId>,
    flows: Flows,
    datagrams: Datagrams,
    /// Bytes that waited in a datagram socket at an event, where that is known.
    waited: HashMap<u64, u32>,
    skipped: Vec<(u64, u64)>,
}

impl TraceStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes events in the wire format, one after the other. Those at or before [`Self::last_seq`] are skipped,
    /// so a repeated subscription does no harm. Returns how many were new.
    pub fn push_bytes(&mut self, mut bytes: &[u8]) -> Result<usize, PushError> {
        let mut taken = 0;
        while !bytes.is_empty() {
            let (event, rest) =
                postcard::take_from_bytes::<Event>(bytes).map_err(|_| PushError::Malformed)?;
            taken += usize::from(self.push(event));
            bytes = rest;
        }
        Ok(taken)
    }

    /// Takes one event; false when it is not newer than the last.
    pub fn push(&mut self, event: Event) -> bool {
        if event.seq <= self.last_seq {
            return false;
        }
        if event.seq > self.last_seq + 1 {
            self.skipped.push((event.seq, event.seq - self.last_seq - 1));
            self.datagrams.missed();
        }
        self.last_seq = event.seq;
        self.names.learn(&event);
        self.index(&event);
        self.events.push_back(event);
        if self.events.len() > CAPACITY {
            self.evict();
        }
        true
    }

    /// Forgets everything but machines, programs and people.
    pub fn clear(&mut self) {
        let fresh = Self {
            generation: self.generation + 1,
            names: std::mem::take(&mut self.names),
            me: self.me,
            ..Self::default()
        };
        *self = fresh;
    }

    /// Raised whenever old events are evicted, so that what was computed from them is computed anew.
    pub fn generation(&self) -> u64 {
        self.generation
    }

    /// Number of events kept.
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Whether no event is kept.
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// `seq` of the newest event; 0 when there was none.
    pub fn last_seq(&self) -> u64 {
        self.last_seq
    }

    /// The event at `index`, counted from the oldest kept.
    pub fn at(&self, index: usize) -> Option<&Event> {
        self.events.get(index)
    }

    /// Index of the first event whose `seq` is `seq` or later.
    pub fn index_from(&self, seq: u64) -> usize {
        // Where nothing is missing the place is the distance from the first.
        let first = self.events.front().map_or(seq, |event| event.seq);
        let guess = usize::try_from(seq.saturating_sub(first)).unwrap_or(usize::MAX);
        if self.events.get(guess).is_some_and(|event| event.seq == seq) {
            return guess;
        }
        self.events.partition_point(|event| event.seq < seq)
    }

    /// The event with this `seq`.
    pub fn get(&self, seq: u64) -> Option<&Event> {
        self.at(self.index_from(seq)).filter(|event| event.seq == seq)
    }

    /// Events from index `from` on.
    pub fn events_from(&self, from: usize) -> impl Iterator<Item = &Event> {
        self.events.range(from.min(self.events.len())..)
    }

    /// The numbers of the kept events in a range of them. Between two that are kept any number may be missing: nothing goes
    /// through numbers one by one.
    pub fn seqs(&self, range: Range<u64>) -> impl DoubleEndedIterator<Item = u64> {
        let from = self.index_from(range.start);
        let to = self.index_from(range.end).max(from);
        self.events.range(from..to).map(|event| event.seq)
    }

    /// How many events are missing just before the one with this `seq`: evicted by the room before they came here,
    /// before the first one too.
    pub fn missing_before(&self, seq: u64) -> u64 {
        self.skipped.binary_search_by_key(&seq, |gap| gap.0).map_or(0, |at| self.skipped[at].1)
    }

    /// Nobody is called by their name from now on.
    pub fn hide_people(&mut self) {
        self.names.hide_people();
    }

    /// Names of everything.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Machines, by number, gone ones included.
    pub fn hosts(&self) -> &Register<HostId, HostInfo> {
        self.names.roster().hosts()
    }

    /// Programs, by number, ended ones included.
    pub fn programs(&self) -> &Register<ProgramId, ProgramInfo> {
        self.names.roster().programs()
    }

    /// People, by number, gone ones included.
    pub fn members(&self) -> &Register<MemberId, MemberInfo> {
        self.names.roster().members()
    }

    /// The wire's settings.
    pub fn wire(&self) -> WireSettings {
        self.names.roster().wire()
    }

    /// Where a call stands.
    pub fn call(&self, id: CallRef) -> CallPlace {
        self.calls.get(&id).copied().unwrap_or_default()
    }

    /// Who looks at the page, where known.
    pub fn me(&self) -> Option<MemberId> {
        self.me
    }

    /// The begin of every call that is kept, with its `seq`, in no order.
    pub fn call_begins(&self) -> impl Iterator<Item = (u64, &CallBegin)> {
        self.calls.keys().filter_map(|id| Some((self.call(*id).begin?, self.call_begin(*id)?)))
    }

    /// A call's begin.
    pub fn call_begin(&self, id: CallRef) -> Option<&CallBegin> {
        match &self.get(self.call(id).begin?)?.what {
            What::CallBegin(begin) => Some(begin),
            _ => None,
        }
    }

    /// A call's end.
    pub fn call_end(&self, id: CallRef) -> Option<&CallEnd> {
        match &self.get(self.call(id).end?)?.what {
            What::CallEnd(end) => Some(end),
            _ => None,
        }
    }

    /// Calls that have not ended, with the `seq` of their begin.
    pub fn waiting(&self) -> impl Iterator<Item = (CallRef, u64)> {
        self.waiting.iter().map(|(id, seq)| (*id, *seq))
    }

    /// What is known about a packet.
    pub fn note(&self, id: PacketId) -> Option<&PacketNote> {
        self.packets.get(&id)
    }

    /// A packet's event.
    pub fn packet(&self, id: PacketId) -> Option<&Packet> {
        match &self.get(self.packets.get(&id)?.seq)?.what {
            What::Packet(packet) => Some(packet),
            _ => None,
        }
    }

    /// What is known of a packet's fate, counting events up to `until` only, with the `seq` that says so.
    pub fn fate(&self, packet: &Packet, until: u64) -> (Fate, Option<u64>) {
        let later = self.packets.get(&packet.id).and_then(|note| {
            let seq = *note.fates.iter().rev().find(|seq| **seq <= until)?;
            match &self.get(seq)?.what {
                What::Fate(later) => Some((later.fate.clone(), Some(seq))),
                _ => None,
            }
        });
        later.unwrap_or_else(|| (packet.fate.clone(), None))
    }

    /// Packets held on the wire now, oldest first, with the `seq` of their event.
    pub fn held(&self) -> impl Iterator<Item = (PacketId, u64)> {
        self.held.iter().map(|(id, seq)| (*id, *seq))
    }

    /// The packet that an event is about, while it is held.
    pub fn held_at(&self, seq: u64) -> Option<PacketId> {
        let id = match &self.get(seq)?.what {
            What::Packet(packet) => packet.id,
            What::Fate(fate) => fate.id,
            _ => return None,
        };
        self.held.contains_key(&id).then_some(id)
    }

    /// Sockets, by number, gone ones included.
    pub fn sockets(&self) -> &BTreeMap<SocketId, SocketNote> {
        &self.sockets
    }

    /// Unread bytes at a state change; none for a datagram socket of which that is not known, and for one of AF_UNIX. For a listener, what waits
    /// to be accepted.
    pub fn unread_at(&self, seq: u64, change: &StateChange) -> Option<u32> {
        match change.to {
            TcpState::Datagram if change.unread > 0 => self.waited.get(&seq).copied(),
            TcpState::Unix => None,
            _ => Some(change.unread),
        }
    }

    /// The same, of a socket as it is now.
    pub fn unread_now(&self, note: &SocketNote) -> Option<u32> {
        match note.change.to {
            TcpState::Datagram => self.datagrams.waiting(note.change.socket),
            TcpState::Unix => None,
            _ => Some(note.change.unread),
        }
    }

    /// The first `seq` of the chain behind an event: the call's begin, the packet that was answered.
    pub fn cause_of(&self, seq: u64) -> Option<u64> {
        match &self.get(seq)?.what {
            What::CallEnd(end) => self.call(end.id).begin,
            What::Packet(packet) => match packet.cause {
                Cause::Call(id) => self.call(id).begin,
                Cause::Packet(id) => self.packets.get(&id).map(|note| note.seq),
                Cause::Timer | Cause::Wire | Cause::Service => {
                    packet.copy_of.and_then(|first| self.packets.get(&first)).map(|note| note.seq)
                }
            },
            What::Fate(fate) => self.packets.get(&fate.id).map(|note| note.seq),
            _ => None,
        }
    }

    /// Events an event led to, in order.
    pub fn effects_of(&self, seq: u64) -> Vec<u64> {
        let mut effects = match self.get(seq).map(|event| &event.what) {
            Some(What::CallBegin(begin)) => {
                let mut effects = self.caused(CauseKey::Call(begin.id));
                effects.extend(self.call(begin.id).end);
                effects
            }
            Some(What::Packet(packet)) => {
                let mut effects = self.caused(CauseKey::Packet(packet.id));
                if let Some(note) = self.packets.get(&packet.id) {
                    effects.extend(&note.fates);
                    effects.extend(&note.copies);
                }
                effects
            }
            _ => Vec::new(),
        };
        effects.sort_unstable();
        effects.dedup();
        effects
    }

    fn caused(&self, key: CauseKey) -> Vec<u64> {
        self.effects.get(&key).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;

#[cfg(test)]
mod truth_tests;
