//! Text beside the lifelines: calls and states of one machine share a lane and never overlap.

use std::collections::HashMap;

use proto::{
    id::{CallRef, HostId, ProgramId},
    trace::TcpState,
};

/// A label that finds its place taken goes down in steps of this.
const STEP: f64 = 16.0;

/// What a label says.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum LabelKind {
    /// A call's begin, its end, or both in one row.
    Call { id: CallRef, begins: bool, ends: bool },
    /// A socket's new state.
    State { state: TcpState, observed: bool, accepted: bool },
    /// A listener's queue.
    Queue { filled: u32, places: u32 },
    /// Bytes that nobody has read.
    Unread { bytes: u32 },
    /// Whose calls those below are, where a machine has several programs.
    Program { id: ProgramId },
    /// More sockets than can be drawn.
    Many { sockets: usize },
}

impl LabelKind {
    /// Whether there is a second line: `inferred`, `not accepted yet`, or how long TIME_WAIT goes on.
    pub(super) fn has_remark(&self) -> bool {
        matches!(self, Self::State { state, observed, accepted }
            if !observed || *state == TcpState::TimeWait || (*state == TcpState::Established && !accepted))
    }
}

/// A label at its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Label {
    /// The event it belongs to.
    pub(super) seq: u64,
    /// The machine.
    pub(super) host: HostId,
    /// Its top.
    pub(super) top: f64,
    /// Where it would have liked its top to be.
    pub(super) wanted: f64,
    /// Tracks of bands it has to stay clear of.
    pub(super) tracks: usize,
    /// What it says.
    pub(super) kind: LabelKind,
}

/// The labels, in order of `seq`, and how far down each machine's lane is taken.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    pub(super) labels: Vec<Label>,
    bottoms: HashMap<HostId, f64>,
}

impl Lanes {
    /// Places a label of this height at or below `wanted`, and returns its bottom.
    pub(super) fn place(
        &mut self,
        seq: u64,
        host: HostId,
        wanted: f64,
        height: f64,
        tracks: usize,
        kind: LabelKind,
    ) -> f64 {
        let taken = self.bottoms.get(&host).copied().unwrap_or(f64::MIN);
        let steps = if wanted >= taken { 0.0 } else { ((taken - wanted) / STEP).ceil() };
        let top = wanted + steps * STEP;
        self.bottoms.insert(host, top + height);
        self.labels.push(Label { seq, host, top, wanted, tracks, kind });
        top + height
    }

    /// Takes back the labels of events from `seq` on, none of which reaches above `bottom`.
    pub(super) fn take_back(&mut self, seq: u64, bottom: f64) {
        let keep = self.labels.partition_point(|label| label.seq < seq);
        self.labels.truncate(keep);
        self.bottoms.values_mut().for_each(|taken| *taken = taken.min(bottom));
    }
}
