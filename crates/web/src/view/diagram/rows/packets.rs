//! Rows of packets: where they leave, where they arrive, and runs of them that fold.

use proto::{
    id::{HostId, PacketId},
    trace::{Event, Fate, Packet, PacketFate},
};

use super::{ARRIVAL, FOLD, HELD, Layout, PACKET, Row, RowKind, Span};
use crate::view::{
    diagram::folding::{Part, Run, SEGMENTS},
    store::TraceStore,
};

impl Layout {
    pub(super) fn packet(&mut self, store: &TraceStore, event: &Event, packet: &Packet) {
        let drawn = |host: Option<HostId>| host.is_none_or(|host| self.lines.shows(host));
        if !drawn(packet.from) || !drawn(packet.to) {
            let ends = [packet.from, packet.to.filter(|to| Some(*to) != packet.from)];
            let away = ends.into_iter().flatten().filter(|host| !self.lines.shows(*host));
            return away.collect::<Vec<_>>().into_iter().for_each(|host| self.hide(host));
        }
        let Some(note) = store.note(packet.id) else { return };
        let part = self.run.as_ref().map_or(Part::None, |run| run.part(packet, note));
        match (part, &mut self.run) {
            (Part::Segment, Some(run)) => {
                run.segments += 1;
                run.bytes += u64::from(packet.data.length);
                if self.fold(event, packet.id) {
                    return;
                }
            }
            (Part::Ack, Some(run)) => {
                let run = run.first;
                if self.folded(run) {
                    return self.last_of_row(event);
                }
            }
            _ => self.run = Run::begin(packet, note, self.rows.len(), event.time),
        }
        let (height, arrived) = match packet.fate {
            Fate::Held => (HELD, false),
            Fate::Delivered => (PACKET, true),
            _ => (PACKET, false),
        };
        self.row(event, RowKind::Packet { id: packet.id, arrived, extra: 0.0 }, height);
        if matches!(packet.fate, Fate::Held | Fate::Travelling) {
            self.spans.push(Span { id: packet.id, seq: event.seq, over: None });
        }
    }

    fn folded(&self, first: u64) -> bool {
        self.folds.contains_key(&first)
    }

    fn last_of_row(&mut self, event: &Event) {
        if let Some(row) = self.rows.last_mut() {
            row.until = event.time;
        }
    }

    /// Folds the run once it is long enough. True when this packet has no row of its own.
    fn fold(&mut self, event: &Event, last: PacketId) -> bool {
        let Some(run) = self.run.clone() else { return false };
        if run.segments < SEGMENTS || self.unfolded.contains(&run.first) {
            return false;
        }
        if !self.folded(run.first) {
            let Some(row) = self.rows.get_mut(run.row) else { return false };
            let RowKind::Packet { id, .. } = row.kind else { return false };
            row.kind = RowKind::Fold { id, last };
            row.height = FOLD;
            let bottom = row.y + row.height;
            self.rows.truncate(run.row + 1);
            self.lanes.take_back(run.first, bottom);
            self.spans.retain(|span| span.seq < run.first);
        }
        if let Some(Row { kind: RowKind::Fold { last: end, .. }, .. }) = self.rows.last_mut() {
            *end = last;
        }
        self.last_of_row(event);
        self.folds.insert(run.first, run);
        true
    }

    pub(super) fn fate(&mut self, store: &TraceStore, event: &Event, fate: &PacketFate) {
        let Some(packet) = store.packet(fate.id) else { return };
        let Some(note) = store.note(fate.id) else { return };
        let in_fold = self.row_of(note.seq).is_some_and(|row| matches!(row.kind, RowKind::Fold { .. }));
        if in_fold {
            return;
        }
        let Some(at) = self.spans.iter().rposition(|span| span.id == fate.id && span.over.is_none()) else {
            return;
        };
        if !matches!(fate.fate, Fate::Held | Fate::Travelling) {
            self.spans[at].over = Some(event.seq);
        }
        if fate.fate == Fate::Superseded {
            return;
        }
        let passed = event.time.saturating_sub(self.until());
        let extra = Self::gap(passed);
        match self.rows.last_mut() {
            Some(Row { kind: RowKind::Packet { id, arrived, extra: more }, height, until, .. })
                if *id == fate.id && fate.fate == Fate::Delivered && packet.fate == Fate::Travelling =>
            {
                *arrived = true;
                *more = extra;
                *height += extra;
                *until = event.time;
                self.spans.remove(at);
            }
            _ => {
                let height = if fate.fate == Fate::Held { HELD } else { ARRIVAL };
                self.row(event, RowKind::Arrival { id: fate.id }, height);
            }
        }
    }
}
