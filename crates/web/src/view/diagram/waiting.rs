//! Calls that wait: how long, a way to cancel each, and those that begin above what is seen.

use proto::id::{CallRef, HostId};

use super::{
    canvas::Canvas,
    lifelines::INSET,
    shapes::{Anchor, Lifeline, Sticky},
};
use crate::view::words::{call_short, duration};

/// A call in its own row is said to wait from this age on, nanoseconds: shorter waits only flicker.
const WAITING: u64 = 100_000_000;
/// Height of what is pressed at the now-line, one above the other.
pub(super) const CANCEL: f64 = 26.0;
/// Rows under the names for calls that stick there.
const ROWS: usize = 2;
/// Advance of one letter there, what is around one, and the distance of two.
const LETTER: f64 = 6.7;
const PADDING: f64 = 8.0;
const APART: f64 = 6.0;

impl Canvas<'_> {
    /// How long a call has waited, when it waits and that is worth a word.
    pub(super) fn waits(&self, id: CallRef, seq: u64) -> Option<u64> {
        let ended = self.store.call(id).end.is_some_and(|end| end <= self.layout.laid);
        let since = self.now.saturating_sub(self.store.get(seq)?.time);
        (!ended && since >= WAITING).then_some(since)
    }

    /// Calls that wait: a way to cancel each, at the now-line; and those begun above what is seen.
    pub(super) fn waiting(&mut self) -> Vec<Sticky> {
        let layout = self.layout;
        let mut above = StickyCalls::default();
        let mut lines: Vec<HostId> = Vec::new();
        for call in layout.calls.iter().filter(|call| call.end.is_none()) {
            let Some(event) = self.store.get(call.begin) else { continue };
            let Some(begin) = self.store.call_begin(call.id) else { continue };
            let Some(lane) = self.lane(call.host, layout.bands.tracks(call.host)) else { continue };
            let waited = self.now.saturating_sub(event.time);
            if waited < WAITING {
                continue;
            }
            let before = lines.iter().filter(|host| **host == call.host).count();
            lines.push(call.host);
            let at = (lane.x, self.now_y - 6.0 - CANCEL * before as f64);
            let mine = begin.by.is_some() && begin.by == self.store.me();
            if mine && self.is_visible(at.1 - CANCEL, at.1) {
                let room = match lane.anchor {
                    Anchor::Start => self.width - at.0,
                    _ => at.0,
                };
                let named = format!("Cancel {}", begin.call.name());
                // Half a name would be worse than none.
                let alone = before == 0 && layout.open_on(call.host) <= 1;
                let text = if alone || text_width(&named) > room { "Cancel".to_owned() } else { named };
                self.text(format!("cancel{}", call.id), call.begin, at, lane.anchor, "cancel", "act", text);
            }
            let Some(line) = self.line(call.host) else { continue };
            if layout.moment(self.store, call.begin, call.host) < self.eye {
                let (name, since) = (call_short(&begin.call), duration(waited));
                let texts = [format!("{name} waiting {since}"), format!("{name} {since}")];
                above.stick(call.id, call.begin, line, &texts, self.width, layout.lines.narrow);
            }
        }
        above.finish(self.width)
    }
}

/// The calls that stick under the machines' names, in rows where none lies on another.
#[derive(Default)]
struct StickyCalls {
    stuck: Vec<Sticky>,
    /// Calls for which there is no room.
    more: usize,
}

impl StickyCalls {
    fn stick(
        &mut self,
        call: CallRef,
        seq: u64,
        line: &Lifeline,
        texts: &[String; 2],
        width: f64,
        narrow: bool,
    ) {
        for row in 0..ROWS {
            for text in texts {
                let wide = text_width(text);
                let wanted = match (narrow, line.side < 0) {
                    (true, true) => INSET,
                    (true, false) => width - INSET - wide,
                    _ => line.x - wide / 2.0,
                };
                if let Some(left) = self.place(row, wanted, wide, width) {
                    let (call, host, text) = (call.0, line.host, text.clone());
                    return self.stuck.push(Sticky { call, seq, host, text, left, wide, row });
                }
            }
        }
        self.more += 1;
    }

    /// The free place in a row that is nearest to the one wanted, and still under its machine's name.
    fn place(&self, row: usize, wanted: f64, wide: f64, width: f64) -> Option<f64> {
        let last = width - wide;
        let beside = self.stuck.iter().filter(|other| other.row == row);
        let beside = beside.flat_map(|other| [other.left - APART - wide, other.left + other.wide + APART]);
        let near = |left: &f64| *left >= 0.0 && *left <= last && (left - wanted).abs() <= wide / 2.0;
        std::iter::once(wanted.clamp(0.0, last.max(0.0)))
            .chain(beside)
            .filter(|left| near(left) && self.is_free(row, *left, wide))
            .min_by(|one, other| (one - wanted).abs().total_cmp(&(other - wanted).abs()))
    }

    fn is_free(&self, row: usize, left: f64, wide: f64) -> bool {
        let beside = |other: &Sticky| {
            left + 0.01 >= other.left + other.wide + APART || left + wide + APART <= other.left + 0.01
        };
        self.stuck.iter().all(|other| other.row != row || beside(other))
    }

    /// What found no room is counted, in a row of its own.
    fn finish(mut self, width: f64) -> Vec<Sticky> {
        if self.more > 0 {
            let text = format!("{} more wait", self.more);
            let wide = text_width(&text);
            let left = ((width - wide) / 2.0).max(0.0);
            self.stuck.push(Sticky { call: 0, seq: 0, host: 0, text, left, wide, row: ROWS });
        }
        self.stuck
    }
}

fn text_width(text: &str) -> f64 {
    text.chars().count() as f64 * LETTER + PADDING
}
