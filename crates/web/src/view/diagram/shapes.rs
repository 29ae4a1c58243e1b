//! What the page paints: typed shapes at places in a virtual plane. Pixels are CSS pixels at scale 1, y grows
//! downwards from the first row of the recording.

use serde::{Deserialize, Serialize};
use tsify::Tsify;

/// What to lay out, and how much of it to return.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, Tsify)]
#[serde(default, rename_all = "camelCase")]
pub struct Options {
    /// Width of the drawing in pixels at scale 1.
    pub width: f64,
    /// Now, in nanoseconds since the room began: where waiting calls have got to.
    pub now_ns: f64,
    /// Numbers of the machines that somebody picked to be drawn, the latest last. Beside them those that acted last are.
    pub pinned: Vec<u32>,
    /// Somebody looks at what is drawn: no machine gives its place to another now.
    pub keep: bool,
    /// Draw events up to this `seq` only; 0: all.
    pub reveal_up_to: f64,
    /// Top of the part that is wanted: more than is visible, so that scrolling finds it painted.
    pub top: f64,
    /// Top of the part that is visible: waiting calls begun above it stick under their machine's name.
    pub eye: f64,
    /// Its bottom.
    pub bottom: f64,
    /// Most machines to show at once; 0: 4 from 430 px, else 2.
    pub most: usize,
}

/// A machine's line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Tsify)]
pub struct Lifeline {
    /// The machine's number; 0 for `outside`.
    pub host: u32,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Whose it is, if a guest's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
    /// Where its name begins.
    pub left: f64,
    /// How wide its name is, with an ellipsis where it would be wider.
    pub wide: f64,
    /// Where it stands.
    pub x: f64,
    /// Which side calls and bands are on: -1 left, 1 right.
    pub side: i8,
    /// Whether it stands for everything outside the room.
    pub outside: bool,
}

/// A machine that is not drawn, with its events so far.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
pub struct HiddenHost {
    /// The machine's number.
    pub host: u32,
    /// Its name.
    pub name: String,
    /// Whose it is, if a guest's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guest: Option<String>,
    /// Events on it that are not drawn.
    pub count: u64,
}

/// A waiting call whose row has gone above the visible part: it sticks under the machines' names.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
pub struct Sticky {
    /// Number of the call in the trace.
    pub call: u64,
    /// `seq` of its begin.
    pub seq: u64,
    /// The machine.
    pub host: u32,
    /// `accept() waiting 3.2 s`, or less of it.
    pub text: String,
    /// Where it stands in a row under the names.
    pub left: f64,
    /// How wide it is.
    pub wide: f64,
    /// The row, from 0.
    pub row: usize,
}

/// Packets held on the wire whose card is above the visible part.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
pub struct HeldAbove {
    /// `seq` of the row its card is in.
    pub seq: u64,
    /// The newest packet of the pile: what Deliver and Drop act on.
    pub packet: u64,
    /// `SYN ×6`.
    pub title: String,
    /// The middle of its card.
    pub x: f64,
    /// Until the kernel tries again, milliseconds at `nowNs`; absent when nobody knows.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<f64>,
    /// Where the sender's line stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sender: Option<f64>,
}

/// A part of the drawing.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct Scene {
    /// Width of the drawing.
    pub width: f64,
    /// Height of the whole drawing, now-line and margin included.
    pub height: f64,
    /// Where the now-line is.
    pub now: f64,
    /// Whether calls stand inside the lifelines, in rows of their own.
    pub narrow: bool,
    /// The machines, left to right.
    pub lifelines: Vec<Lifeline>,
    /// Machines with events that are not drawn.
    pub hidden: Vec<HiddenHost>,
    /// Calls that wait, begun above the visible part.
    pub sticky: Vec<Sticky>,
    /// Held packets whose card is above the visible part, the oldest first.
    pub above: Vec<HeldAbove>,
    /// `seq` of the last event laid out.
    pub last: u64,
    /// The shapes that touch the visible part, back to front; once [`super::changes::Retained`] has seen the scene,
    /// those of them that are new or different.
    pub shapes: Vec<Shape>,
    /// Keys of the shapes that were painted and are no more.
    pub gone: Vec<String>,
}

/// One thing to paint. `key` is the same for the same thing at every query, so that it can be kept.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shape {
    /// Its name.
    pub key: String,
    /// The event it belongs to; 0 when to none.
    pub seq: u64,
    /// It did not happen when the recording was done again.
    #[serde(rename = "onlyThen", skip_serializing_if = "std::ops::Not::not")]
    pub only_then: bool,
    /// What it is.
    #[serde(flatten)]
    pub what: Form,
}

/// How text hangs on its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
    /// It ends there.
    End,
}

/// The head of an arrow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Tsify)]
#[serde(rename_all = "lowercase")]
pub enum Head {
    /// Filled.
    Filled,
    /// Two strokes.
    Open,
    /// Outline: arrived, but nobody answered.
    Hollow,
    /// A bar across the end: RST.
    Bar,
    /// A cross: lost or dropped.
    Cross,
    /// A cross with a torn corner: dropped by hand.
    Torn,
    /// No head: still on its way.
    None,
}

/// Forms.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[serde(tag = "form", rename_all = "camelCase")]
#[allow(missing_docs, reason = "coordinates are what their names say")]
pub enum Form {
    /// The area of an event's row: where a click chooses it.
    Row { y: f64, height: f64 },
    /// Time that passed, in words, across the middle; `cut` where strokes cut the lifelines.
    Gap { y: f64, x1: f64, x2: f64, text: String, cut: bool },
    /// A packet's way: points in order, the head at the last. `line` is `data`, `ack`, `control`, `reset`,
    /// `again`, `held` or `other`; `ghost` continues as a thin dotted line to this point.
    Arrow {
        points: Vec<(f64, f64)>,
        line: &'static str,
        head: Head,
        /// A hollow diamond at the tail: the kernel, by itself.
        kernel: bool,
        /// A turning arrow at the tail: sent again.
        again: bool,
        #[serde(skip_serializing_if = "Option::is_none")]
        ghost: Option<(f64, f64)>,
    },
    /// A packet on a loopback: out and back on one lifeline, bulging towards `side`.
    Loop { x: f64, y1: f64, y2: f64, side: i8, line: &'static str, head: Head, kernel: bool, again: bool },
    /// A dotted arc from a packet that was sent again to its first try.
    Arc { x: f64, y1: f64, y2: f64, side: i8 },
    /// Text. `role` is `flags`, `words`, `payload`, `call`, `result`, `state`, `note`, `queue` or `small`;
    /// `tone` one of the page's colours.
    Text {
        x: f64,
        y: f64,
        anchor: Anchor,
        role: &'static str,
        tone: &'static str,
        text: String,
        /// The letters stand closer, so that they take no more than this.
        #[serde(skip_serializing_if = "Option::is_none")]
        fit: Option<f64>,
    },
    /// Paper under a text that a line would run through.
    Patch { x: f64, y: f64, width: f64, height: f64 },
    /// A hairline from a label that was pushed down back to its place.
    Hairline { x1: f64, y1: f64, x2: f64, y2: f64 },
    /// A call's time along its lifeline. `style` is `tick`, `bar`, `waiting` (grows to the now-line) or `waited`.
    Bar { x: f64, y1: f64, y2: f64, style: &'static str, tone: &'static str, call: u64 },
    /// A socket's state. `fill` is `double`, `dots`, `solid`, `hollow`, `hatch`, `drain` or `plain`.
    Band {
        x: f64,
        width: f64,
        y1: f64,
        y2: f64,
        tone: &'static str,
        fill: &'static str,
        inferred: bool,
        /// The socket ends here: a short bar.
        ends: bool,
        /// How much of a draining band is left, 1 to 0.
        left: f64,
        socket: u32,
    },
    /// Bytes nobody has read: a small bar with a number, in the lane beside a band.
    Unread { x: f64, y: f64, text: String, side: i8 },
    /// Packets held on the wire: a card on a pile of `copies`.
    Card {
        x: f64,
        y: f64,
        width: f64,
        height: f64,
        title: String,
        words: String,
        copies: usize,
        /// The newest packet of the pile: what Deliver and Drop act on.
        packet: u64,
        /// The oldest packet of the pile.
        first: u64,
        /// Until the kernel tries again, milliseconds at `nowNs`; absent when nobody knows.
        #[serde(skip_serializing_if = "Option::is_none")]
        left_ms: Option<f64>,
        /// How much of that wait is left, 1 to 0.
        #[serde(skip_serializing_if = "Option::is_none")]
        left: Option<f64>,
        /// Where the sender's line stands.
        sender: f64,
    },
    /// Many segments as one thick arrow. Enter unfolds it.
    Fold { x1: f64, y1: f64, x2: f64, y2: f64, text: String },
    /// A listener's queue: one square a place, 7 apart, or no `squares` where there is no room for all.
    Queue { x: f64, y: f64, filled: u32, places: u32, squares: u32, side: i8 },
    /// The lane of what is outside the room, hatched: its packets are not recorded.
    Lane { x: f64, width: f64 },
    /// A row across the wire: settings, summaries, events that are missing.
    Note { x: f64, y: f64, text: String, tone: &'static str },
    /// The now-line, with its word at `x`.
    Now { x: f64, y: f64 },
}
