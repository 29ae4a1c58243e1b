//! Calls that wait: how long, a way to cancel each, and those that begin above what is seen.

use proto::id::{CallRef, HostId};

use super::{paper::Paper, shapes::Sticky};
use crate::view::words::call_short;

/// A call in its own row is said to wait from this age on, nanoseconds: shorter waits only flicker.
const WAITING: u64 = 100_000_000;
/// Height of one line of what is said at the now-line.
const LINE: f64 = 16.0;

impl Paper<'_> {
    /// How long a call has waited, when it waits and that is worth a word.
    pub(super) fn waits(&self, id: CallRef, seq: u64) -> Option<u64> {
        let ended = self.store.call(id).end.is_some_and(|end| end <= self.layout.laid);
        let since = self.now.saturating_sub(self.store.get(seq)?.time);
        (!ended && since >= WAITING).then_some(since)
    }

    /// Calls that wait: a way to cancel each, at the now-line; and those begun above what is seen.
    pub(super) fn waiting(&mut self) -> Vec<Sticky> {
        let layout = self.layout;
        let mut sticky = Vec::new();
        let mut lines: Vec<HostId> = Vec::new();
        for call in layout.calls.iter().filter(|call| call.end.is_none()) {
            let Some(event) = self.store.get(call.begin) else { continue };
            let Some(begin) = self.store.call_begin(call.id) else { continue };
            let Some(lane) = self.lane(call.host, layout.bands.tracks(call.host)) else { continue };
            if self.now.saturating_sub(event.time) < WAITING {
                continue;
            }
            let above = lines.iter().filter(|host| **host == call.host).count();
            lines.push(call.host);
            let at = (lane.x, self.now_y - 6.0 - LINE * above as f64);
            let mine = begin.by.is_some() && begin.by == self.store.me();
            if mine && self.sees(at.1 - LINE, at.1) {
                let text = if above == 0 && layout.open_on(call.host) <= 1 {
                    "Cancel".to_owned()
                } else {
                    format!("Cancel {}", begin.call.name())
                };
                self.text(format!("cancel{}", call.id), call.begin, at, lane.anchor, "cancel", "act", text);
            }
            if layout.moment(self.store, call.begin, call.host) < self.eye {
                sticky.push(Sticky {
                    call: call.id.0,
                    seq: call.begin,
                    host: call.host.0,
                    text: format!("{} waiting", call_short(&begin.call)),
                    since: event.time,
                });
            }
        }
        sticky
    }
}
