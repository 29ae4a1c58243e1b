//! The part of the drawing being made: what it is made from, and the shapes so far.

use proto::id::HostId;

use super::{
    rows::Layout,
    shapes::{Anchor, Form, Lifeline, Shape},
};
use crate::view::store::TraceStore;

/// A drawing in the making.
pub(super) struct Canvas<'a> {
    pub(super) store: &'a TraceStore,
    pub(super) layout: &'a Layout,
    pub(super) lines: &'a [Lifeline],
    pub(super) width: f64,
    /// Nanoseconds since the room began.
    pub(super) now: u64,
    /// Where the now-line is.
    pub(super) now_y: f64,
    pub(super) top: f64,
    /// Top of what is visible.
    pub(super) eye: f64,
    pub(super) bottom: f64,
    /// `seq` of the first and the last event that may be seen.
    pub(super) seqs: (u64, u64),
    pub(super) shapes: Vec<Shape>,
}

/// Advance of one letter in the drawing's fonts: names and calls; words in serif; what is small.
const LETTER: f64 = 7.5;
const SERIF: f64 = 6.4;
const SMALL: f64 = 6.6;
/// As close as letters may stand, as a share of their usual advance.
pub(super) const CLOSE: f64 = 0.75;
/// How far the arc of a packet that was sent again goes from its line at most.
const BULGE: f64 = 36.0;
/// From the foot of a line of text to its top, and what hangs below.
const ASCENT: f64 = 10.0;
const DESCENT: f64 = 3.0;

/// About as wide as a text is drawn.
fn text_width(role: &str, text: &str) -> f64 {
    let letter = match role {
        "words" | "payload" => SERIF,
        "note" => SERIF + 0.3,
        "state" => SMALL,
        role if role.ends_with("small") => SMALL,
        _ => LETTER,
    };
    text.chars().count() as f64 * letter
}

/// Where a text that may stand on a line reaches: left, top, width, height.
fn extent(what: &Form) -> Option<(f64, f64, f64, f64)> {
    let (x, y, width) = match what {
        Form::Text { x, y, anchor: Anchor::Middle, role, text, fit, .. } => {
            (*x, *y, fit.unwrap_or_else(|| text_width(role, text)))
        }
        Form::Gap { y, x1, x2, text, .. } => (f64::midpoint(*x1, *x2), y + 4.0, text_width("small", text)),
        Form::Note { x, y, text, .. } => (*x, *y, text_width("note", text)),
        _ => return None,
    };
    Some((x - width / 2.0, y - ASCENT, width, ASCENT + DESCENT))
}

impl Canvas<'_> {
    /// Adds a shape.
    pub(super) fn put(&mut self, key: String, seq: u64, what: Form) {
        self.shapes.push(Shape { key, seq, only_then: false, what });
    }

    /// Adds text, unless it is empty.
    #[allow(
        clippy::too_many_arguments,
        reason = "every text has all of these, and a struct would say them twice"
    )]
    pub(super) fn text(
        &mut self,
        key: String,
        seq: u64,
        at: (f64, f64),
        anchor: Anchor,
        role: &'static str,
        tone: &'static str,
        text: String,
    ) {
        if !text.is_empty() {
            self.put(key, seq, Form::Text { x: at.0, y: at.1, anchor, role, tone, text, fit: None });
        }
    }

    /// Makes the letters of the text that was put last stand closer where it would be wider than `room`.
    pub(super) fn squeeze(&mut self, room: f64) {
        if let Some(Shape { what: Form::Text { role, text, fit, .. }, .. }) = self.shapes.last_mut() {
            *fit = (text_width(role, text) > room).then_some(room);
        }
    }

    /// Lays canvas under texts that a line runs through: the dotted one of a packet that stands or was sent again, or the
    /// lifeline of a machine between two others.
    pub(super) fn patch(&mut self) {
        let between = self.lines.get(1..self.lines.len().saturating_sub(1)).unwrap_or_default();
        let mut uprights: Vec<_> = between.iter().map(|line| (line.x, line.x, f64::MIN, f64::MAX)).collect();
        uprights.extend(self.shapes.iter().filter_map(|shape| match shape.what {
            Form::Hairline { x1, y1, x2, y2 } if x1 == x2 => Some((x1, x1, y1, y2)),
            Form::Arc { x, y1, y2, side } => {
                let far = x + f64::from(side) * BULGE;
                Some((x.min(far), x.max(far), y1, y2))
            }
            _ => None,
        }));
        let patches = self.shapes.iter().filter_map(|shape| {
            let (x, y, width, height) = extent(&shape.what)?;
            let crossed = uprights.iter().any(|(left, right, from, to)| {
                *right > x - 3.0 && *left < x + width + 3.0 && *from < y + height && *to > y
            });
            let what = Form::Patch { x: x - 3.0, y, width: width + 6.0, height };
            crossed.then(|| Shape { key: format!("under.{}", shape.key), seq: 0, only_then: false, what })
        });
        let patches: Vec<_> = patches.collect();
        self.shapes.extend(patches);
    }

    /// A machine's line.
    pub(super) fn line(&self, host: HostId) -> Option<&Lifeline> {
        self.lines.iter().find(|line| line.host == host.0 && !line.outside)
    }

    /// Where a machine's line stands.
    pub(super) fn x(&self, host: HostId) -> Option<f64> {
        self.line(host).map(|line| line.x)
    }

    /// Which side a machine's calls and bands are on.
    pub(super) fn side(&self, host: HostId) -> i8 {
        self.line(host).map_or(1, |line| line.side)
    }

    /// Whether something from one event to another, or to the now-line, may be seen: to be asked before its height is.
    pub(super) fn may_be_visible(&self, from: u64, to: Option<u64>) -> bool {
        from <= self.seqs.1 && to.is_none_or(|to| to >= self.seqs.0)
    }

    /// Whether something between these heights can be seen.
    pub(super) fn is_visible(&self, y1: f64, y2: f64) -> bool {
        y2 >= self.top && y1 <= self.bottom
    }
}
