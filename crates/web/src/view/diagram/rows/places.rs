//! Where things are: from an event, a moment or a height to its row and back.

use proto::id::HostId;

use super::{AIR, DROP, Layout, Row, RowKind, STATE, TAIL};
use crate::view::store::TraceStore;

impl Layout {
    /// Index of the row an event is in, or of the one before it.
    pub(in crate::view::diagram) fn index(&self, seq: u64) -> Option<usize> {
        self.rows.partition_point(|row| row.seq <= seq).checked_sub(1)
    }

    /// The row an event is in.
    pub(in crate::view::diagram) fn row_of(&self, seq: u64) -> Option<&Row> {
        self.rows.get(self.index(seq)?)
    }

    /// Index of the first row that reaches below `y`.
    pub(in crate::view::diagram) fn first_below(&self, y: f64) -> usize {
        self.rows.partition_point(|row| row.y + row.height < y)
    }

    /// `seq` of the first and the last event that may be seen between two heights: what lies before or after them
    /// needs no closer look.
    pub(in crate::view::diagram) fn near(&self, top: f64, bottom: f64) -> (u64, u64) {
        let first = self.first_below(top).saturating_sub(1);
        let after = self.rows.partition_point(|row| row.y - row.gap <= bottom);
        let seq = |index: usize| self.rows.get(index).map(|row| row.seq);
        (seq(first).unwrap_or(0), seq(after).unwrap_or(u64::MAX))
    }

    /// Calls on a machine that have not ended.
    pub(in crate::view::diagram) fn open_on(&self, host: HostId) -> usize {
        self.open_calls.values().filter(|at| self.calls[**at].host == host).count()
    }

    /// Where something that happened on `host` stands: a packet's two ends are at different heights.
    pub(in crate::view::diagram) fn moment(&self, store: &TraceStore, seq: u64, host: HostId) -> f64 {
        let Some(row) = self.row_of(seq) else { return AIR };
        match row.kind {
            RowKind::Packet { id, arrived, extra } => {
                let arrives = arrived && store.packet(id).is_some_and(|packet| packet.to == Some(host));
                if arrives && seq > row.seq { row.y + TAIL + DROP + extra } else { row.y + TAIL }
            }
            RowKind::Fold { id, .. } => {
                let arrives = store.packet(id).is_some_and(|packet| packet.to == Some(host));
                row.y + if arrives { TAIL + DROP } else { TAIL }
            }
            RowKind::Arrival { .. } | RowKind::Call { .. } | RowKind::CallEnd { .. } => row.y + 8.0,
            RowKind::State => row.y + STATE / 2.0,
            RowKind::Note | RowKind::OnlyNow { .. } => row.y,
        }
    }

    /// Height of an instant: between two rows as far as its share of the time goes.
    pub(in crate::view::diagram) fn at_time(&self, time: u64) -> f64 {
        let next = self.rows.partition_point(|row| row.time <= time);
        let Some(row) = next.checked_sub(1).and_then(|at| self.rows.get(at)) else { return AIR };
        let y = row.y + row.height + Self::gap(time.saturating_sub(row.until));
        self.rows.get(next).map_or(y, |next| y.min(next.y))
    }
}
