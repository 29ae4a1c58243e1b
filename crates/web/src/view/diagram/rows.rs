//! The rows: one an event, in order of `seq`, laid out once and then only extended.
//!
//! A place is remembered as the event it belongs to, never as a height, since folding moves what is below.

mod packets;
mod places;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use proto::{
    call::{Call, Value},
    id::{CallRef, HostId, PacketId, ProgramId},
    trace::{CallBegin, CallEnd, Event, StateChange, TcpState, What},
};

use super::{
    bands::{Bands, Change},
    folding::Run,
    lanes::{LabelKind, Lanes},
    lifelines::Lifelines,
};
use crate::view::{filter::Filter, store::TraceStore};

/// Height of a packet's row: its name above the line, plain words below.
const PACKET: f64 = 40.0;
/// Height of a held packet's row: a card with air around it.
const HELD: f64 = 56.0;
/// Height of a call's row.
const CALL: f64 = 28.0;
/// The same where calls stand inside the lifelines, on one line.
const CALL_NARROW: f64 = 22.0;
/// Height of a state's own row.
const STATE: f64 = 20.0;
/// Height of a row where a packet only arrives.
const ARRIVAL: f64 = 16.0;
/// Height of a note across the wire.
const NOTE: f64 = 22.0;
/// Height of a run drawn as one arrow, with the button that unfolds it.
const FOLD: f64 = 48.0;
/// A packet's tail below the top of its row.
pub(super) const TAIL: f64 = 16.0;
/// From tail to head when nothing is between.
pub(super) const DROP: f64 = 10.0;
/// Height of a label of one line.
const LINE: f64 = 14.0;
/// Events closer than this share a moment, nanoseconds.
const MOMENT: u64 = 1_000_000;
/// Above the first row.
const AIR: f64 = 12.0;

/// What a row shows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum RowKind {
    /// A call begins; `ended` when its end is in the same row.
    Call { id: CallRef, ended: bool },
    /// A call ends, with other things between.
    CallEnd { id: CallRef },
    /// A packet leaves; `extra` is how much further its head is down when it arrives in the same row later.
    Packet { id: PacketId, arrived: bool, extra: f64 },
    /// A packet's fate, with other things between.
    Arrival { id: PacketId },
    /// A socket's state.
    State,
    /// Something about the wire or the recording.
    Note,
    /// What happened only when the recording was done again; no event of it.
    OnlyNow { which: usize },
    /// A run of segments, from the packet to the last.
    Fold { id: PacketId, last: PacketId },
}

/// A row at its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Row {
    /// Its first event.
    pub(super) seq: u64,
    /// Time of its first event.
    pub(super) time: u64,
    /// Time of its last event.
    pub(super) until: u64,
    /// Its top.
    pub(super) y: f64,
    /// Its height.
    pub(super) height: f64,
    /// Height of the time that passed before it.
    pub(super) gap: f64,
    /// That time in nanoseconds.
    pub(super) passed: u64,
    /// What it shows.
    pub(super) kind: RowKind,
}

/// A packet whose way reaches beyond its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    /// The packet.
    pub(super) id: PacketId,
    /// Its event.
    pub(super) seq: u64,
    /// The event after which nothing further can become of it.
    pub(super) over: Option<u64>,
}

/// A call whose end is not in its row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct CallSpan {
    /// The call.
    pub(super) id: CallRef,
    /// Its machine.
    pub(super) host: HostId,
    /// Its begin.
    pub(super) begin: u64,
    /// Its end.
    pub(super) end: Option<u64>,
    /// Bars beside it at its begin.
    pub(super) track: usize,
}

/// The rows, and everything that hangs on them.
#[derive(Debug, Default)]
pub(super) struct Layout {
    pub(super) lines: Lifelines,
    pub(super) rows: Vec<Row>,
    pub(super) lanes: Lanes,
    pub(super) bands: Bands,
    pub(super) spans: Vec<Span>,
    pub(super) calls: Vec<CallSpan>,
    pub(super) hidden: BTreeMap<HostId, u64>,
    pub(super) folds: HashMap<u64, Run>,
    pub(super) laid: u64,
    open_calls: HashMap<CallRef, usize>,
    /// Whose call was the last of each machine.
    callers: HashMap<HostId, ProgramId>,
    run: Option<Run>,
    pub(super) unfolded: HashSet<u64>,
    /// How many of what happened only the second time have their rows.
    pub(super) compared: usize,
}

impl Layout {
    /// An empty layout for these machines.
    pub(super) fn new(lines: Lifelines, unfolded: HashSet<u64>) -> Self {
        Self { lines, unfolded, ..Self::default() }
    }

    /// Lays out the next event, if it is to be seen.
    pub(super) fn extend(&mut self, store: &TraceStore, event: &Event, filter: &Filter) {
        if !filter.shows_kind(&event.what) {
            self.laid = event.seq;
            return;
        }
        if store.missing_before(event.seq) > 0 {
            self.row(event, RowKind::Note, NOTE);
        }
        match &event.what {
            What::CallBegin(begin) => self.call_begin(store, event, begin),
            What::CallEnd(end) => self.call_end(store, event, end),
            What::Packet(packet) => self.packet(store, event, packet),
            What::Fate(fate) => self.fate(store, event, fate),
            What::State(change) => self.state(store, event, change),
            What::Wire { .. } | What::HostChanged { .. } | What::Summary(_) => {
                self.run = None;
                self.row(event, RowKind::Note, NOTE);
            }
            What::HostGone(host) => self.bands.host_gone(event.seq, *host),
            _ => {}
        }
        self.laid = event.seq;
    }

    /// Height that so much time takes: doubling looks longer, and nothing is longer than 10 s.
    pub(super) fn gap(nanoseconds: u64) -> f64 {
        1.2 * (nanoseconds as f64 / 1e6).min(10_000.0).sqrt()
    }

    /// Bottom of the last row.
    pub(super) fn bottom(&self) -> f64 {
        self.rows.last().map_or(AIR, |row| row.y + row.height)
    }

    /// Time of the last event that has a row.
    pub(super) fn until(&self) -> u64 {
        self.rows.last().map_or(0, |row| row.until)
    }

    fn row(&mut self, event: &Event, kind: RowKind, height: f64) -> usize {
        let passed = if self.rows.is_empty() { 0 } else { event.time.saturating_sub(self.until()) };
        let gap = Self::gap(passed);
        let y = self.bottom() + gap;
        let row = Row { seq: event.seq, time: event.time, until: event.time, y, height, gap, passed, kind };
        self.rows.push(row);
        self.rows.len() - 1
    }

    /// A row of no event, at once after the last, before the event `seq`.
    pub(super) fn only_now_row(&mut self, seq: u64, which: usize) {
        self.run = None;
        let (y, until) = (self.bottom(), self.until());
        let kind = RowKind::OnlyNow { which };
        self.rows.push(Row { seq, time: until, until, y, height: NOTE, gap: 0.0, passed: 0, kind });
    }

    /// Makes the last row reach down to `bottom`.
    fn reach(&mut self, bottom: f64) {
        if let Some(row) = self.rows.last_mut() {
            row.height = row.height.max(bottom - row.y);
        }
    }

    fn hide(&mut self, host: HostId) {
        *self.hidden.entry(host).or_default() += 1;
    }

    fn call_height(&self) -> f64 {
        if self.lines.narrow { CALL_NARROW } else { CALL }
    }

    fn call_begin(&mut self, store: &TraceStore, event: &Event, begin: &CallBegin) {
        if !self.lines.shows(begin.host) {
            return self.hide(begin.host);
        }
        self.run = None;
        self.caller(store, event, begin.host, begin.program);
        let row = self.row(event, RowKind::Call { id: begin.id, ended: false }, self.call_height());
        let beside = self.open_calls.values().filter(|at| self.calls[**at].host == begin.host);
        let taken: BTreeSet<_> = beside.map(|at| self.calls[*at].track).collect();
        let track = (0..).find(|track| !taken.contains(track)).unwrap_or(0);
        self.open_calls.insert(begin.id, self.calls.len());
        let span = CallSpan { id: begin.id, host: begin.host, begin: event.seq, end: None, track };
        self.calls.push(span);
        let tracks = match begin.call {
            Call::Socket { .. } => self.bands.tracks_with_one_more(begin.host),
            _ => self.bands.tracks(begin.host),
        };
        self.call_label(
            event.seq,
            row,
            begin.host,
            tracks,
            LabelKind::Call { id: begin.id, begins: true, ends: false },
        );
    }

    fn call_end(&mut self, store: &TraceStore, event: &Event, end: &CallEnd) {
        let Some(at) = self.open_calls.remove(&end.id) else {
            if let Some(begin) = store.call_begin(end.id) {
                self.hide(begin.host);
            }
            return;
        };
        self.calls[at].end = Some(event.seq);
        let host = self.calls[at].host;
        let same_row = self.rows.last().is_some_and(|row| {
            matches!(row.kind, RowKind::Call { id, .. } if id == end.id)
                && Self::gap(event.time.saturating_sub(row.until)) < 4.0
        });
        if same_row {
            if let Some(row) = self.rows.last_mut() {
                row.kind = RowKind::Call { id: end.id, ended: true };
                row.until = event.time;
            }
            let label =
                self.lanes.labels.iter_mut().rev().find(
                    |label| matches!(label.kind, LabelKind::Call { id, begins: true, .. } if id == end.id),
                );
            if let Some(label) = label {
                label.kind = LabelKind::Call { id: end.id, begins: true, ends: true };
            }
        } else {
            self.run = None;
            if let Some(begin) = store.call_begin(end.id) {
                self.caller(store, event, host, begin.program);
            }
            let row = self.row(event, RowKind::CallEnd { id: end.id }, self.call_height());
            let tracks = self.bands.tracks(host);
            self.call_label(
                event.seq,
                row,
                host,
                tracks,
                LabelKind::Call { id: end.id, begins: false, ends: true },
            );
        }
        self.sockets_of_call(store, event, end, host);
    }

    /// Names the program whose call follows, where the last one of this machine was another's.
    fn caller(&mut self, store: &TraceStore, event: &Event, host: HostId, program: ProgramId) {
        if self.callers.insert(host, program).is_some_and(|last| last != program) {
            self.row(event, RowKind::State, LINE);
            let tracks = self.bands.tracks(host);
            self.state_label(store, event.seq, (host, tracks), LabelKind::Program { id: program }, false);
        }
    }

    /// socket() begins a band before anybody has seen a state; close() ends one that never had any.
    fn sockets_of_call(&mut self, store: &TraceStore, event: &Event, end: &CallEnd, host: HostId) {
        let Some(socket) = end.socket else { return };
        match (&end.outcome, store.call_begin(end.id)) {
            // An epoll is no socket, and a copy is none that is new.
            (
                Ok(Value::Descriptor(_)),
                Some(CallBegin { call: Call::EpollCreate {} | Call::Dup { .. }, .. }),
            ) => {}
            (Ok(Value::Descriptor(_)), _) => self.bands.made(event.seq, socket, host),
            (Ok(_), Some(CallBegin { call: Call::Close { fd }, program, .. })) => {
                let began = store.call(end.id).begin.unwrap_or(0);
                self.bands.closed(event.seq, socket, (began, (*program, *fd)));
            }
            _ => {}
        }
    }

    fn call_label(&mut self, seq: u64, row: usize, host: HostId, tracks: usize, kind: LabelKind) {
        let height = self.call_height();
        let wanted = self.rows[row].y;
        let bottom = self.lanes.place(seq, host, wanted, height, tracks, kind);
        self.reach(bottom);
    }

    fn state(&mut self, store: &TraceStore, event: &Event, change: &StateChange) {
        if !self.lines.shows(change.host) {
            self.bands.change(event.seq, event.time, change);
            return self.hide(change.host);
        }
        // A ready-made server listens on many ports, always: that says nothing.
        let ready_made = store.hosts().get(&change.host).is_some_and(|host| host.ready_made);
        if ready_made && change.to == TcpState::Listen {
            return;
        }
        let tracks = self.bands.tracks(change.host);
        let what = self.bands.change(event.seq, event.time, change);
        // A band that ends here is still beside its last label.
        let tracks = tracks.max(self.bands.tracks(change.host));
        let kind = match what {
            Change::Nothing | Change::Quiet => return,
            Change::Named => {
                LabelKind::State { state: change.to, observed: change.observed, accepted: change.accepted }
            }
            // Within a run the fold says how many bytes there were.
            Change::Unread if self.run.as_ref().is_some_and(|run| run.segments > 1) => return,
            Change::Unread => match store.unread_at(event.seq, change) {
                Some(bytes) => LabelKind::Unread { bytes },
                None => return,
            },
            Change::Queue => LabelKind::Queue { filled: change.unread, places: change.places() },
        };
        if what != Change::Unread {
            self.run = None;
        }
        let shares = self.rows.last().is_some_and(|row| {
            event.time.saturating_sub(row.until) < MOMENT
                && !matches!(row.kind, RowKind::Note | RowKind::OnlyNow { .. })
        });
        if !shares {
            self.row(event, RowKind::State, STATE);
        }
        self.state_label(store, event.seq, (change.host, tracks), kind, shares);
        let too_many = self.bands.alive(change.host);
        if what == Change::Named && too_many == self.most_tracks() + 1 {
            self.state_label(
                store,
                event.seq,
                (change.host, tracks),
                LabelKind::Many { sockets: too_many },
                true,
            );
        }
    }

    /// Whether a packet crosses the place beside a machine's line where its labels stand: right of it, but for the first.
    fn is_beside(&self, store: &TraceStore, id: PacketId, host: HostId) -> bool {
        let at = |host: HostId| self.lines.hosts.iter().position(|one| *one == host);
        let Some((packet, line)) = store.packet(id).zip(at(host)) else { return false };
        let ends = [packet.from, packet.to].map(|end| end.and_then(at));
        match ends {
            [Some(one), Some(other)] => line > 0 && one.min(other) <= line && one.max(other) > line,
            _ => false,
        }
    }

    /// Bands drawn one by one beside a lifeline.
    pub(super) fn most_tracks(&self) -> usize {
        if self.lines.narrow { 2 } else { 4 }
    }

    fn state_label(
        &mut self,
        store: &TraceStore,
        seq: u64,
        lane: (HostId, usize),
        kind: LabelKind,
        shares: bool,
    ) {
        let (host, tracks) = lane;
        let Some(row) = self.rows.last() else { return };
        let wanted = match row.kind {
            // Inside the lifelines there is no room beside an arrow.
            _ if self.lines.narrow && shares => row.y + row.height,
            // Nor between two machines, where an arrow goes to the next.
            RowKind::Packet { id, .. } if shares && self.is_beside(store, id, host) => row.y + row.height,
            RowKind::Packet { .. } => self.moment(store, seq, host) - LINE / 2.0,
            RowKind::State => row.y + 3.0,
            _ => row.y + 1.0,
        };
        let height = if kind.has_remark() { 2.0 * LINE - 2.0 } else { LINE };
        let bottom = self.lanes.place(seq, host, wanted, height, tracks, kind);
        self.reach(bottom);
    }
}
