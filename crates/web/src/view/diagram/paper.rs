//! The part of the drawing being made: what it is made from, and the shapes so far.

use proto::id::HostId;

use super::{
    rows::Layout,
    shapes::{Anchor, Form, Lifeline, Shape},
};
use crate::view::store::TraceStore;

/// A drawing in the making.
pub(super) struct Paper<'a> {
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

impl Paper<'_> {
    /// Adds a shape.
    pub(super) fn put(&mut self, key: String, seq: u64, what: Form) {
        self.shapes.push(Shape { key, seq, what });
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
            self.put(key, seq, Form::Text { x: at.0, y: at.1, anchor, role, tone, text });
        }
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
    pub(super) fn may_see(&self, from: u64, to: Option<u64>) -> bool {
        from <= self.seqs.1 && to.is_none_or(|to| to >= self.seqs.0)
    }

    /// Whether something between these heights can be seen.
    pub(super) fn sees(&self, y1: f64, y2: f64) -> bool {
        y2 >= self.top && y1 <= self.bottom
    }
}
