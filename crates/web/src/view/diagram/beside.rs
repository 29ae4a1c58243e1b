//! What stands beside the lifelines: bands of sockets, bars of calls, and their labels.

use proto::{
    call::Value,
    id::{CallRef, HostId},
    trace::TcpState,
};

use super::{
    bands::{Band, Point},
    canvas::{CLOSE, Canvas},
    lanes::{Label, LabelKind},
    shapes::{Anchor, Form},
};
use crate::view::{
    sockets::tone,
    words::{bounded, bytes, call_bare, call_short, duration, error_tone, outcome_short},
};

/// Advance of one letter of the machine's type at 12.5 and 11 pixels.
const LETTER: f64 = 7.5;
const SMALL: f64 = 6.6;
/// From one square of a queue to the next.
const SQUARE: f64 = 7.0;
/// A call that lasts longer than this has waited, nanoseconds.
const WAITED: u64 = 1_000_000;

impl Canvas<'_> {
    /// Every band that can be seen.
    pub(super) fn bands(&mut self) {
        let layout = self.layout;
        for band in &layout.bands.all {
            if band.track < layout.most_tracks() && self.may_be_visible(0, band.end) {
                self.band(band);
            }
        }
    }

    fn band_x(&self, host: HostId, track: usize) -> Option<(f64, f64)> {
        let line = self.line(host)?;
        let Tracks { near, step, width } = self.tracks();
        let inner = near + step * track as f64;
        let x = if line.side < 0 { line.x - inner - width } else { line.x + inner };
        Some((x, width))
    }

    /// Bands are thinner where there is little room between the lines, or beside them.
    fn tracks(&self) -> Tracks {
        match (self.layout.lines.narrow, self.lines.len()) {
            (true, _) => Tracks { near: 3.0, step: 6.0, width: 5.0 },
            (false, 0..=2) => Tracks { near: 5.0, step: 10.0, width: 8.0 },
            (false, _) => Tracks { near: 4.0, step: 6.0, width: 5.0 },
        }
    }

    fn band(&mut self, band: &Band) {
        let Some((x, width)) = self.band_x(band.host, band.track) else { return };
        for (index, point) in band.points.iter().enumerate() {
            let next = band.points.get(index + 1).map(|next| next.seq).or(band.end);
            if !self.may_be_visible(point.seq, next) {
                continue;
            }
            let y1 = self.layout.moment(self.store, point.seq, band.host);
            let y2 = match (next, point.rests) {
                (Some(seq), _) => self.layout.moment(self.store, seq, band.host),
                (None, Some((until, _))) if until < self.now => self.layout.at_time(until).min(self.now_y),
                (None, _) => self.now_y,
            };
            let y2 = y2.max(y1);
            if !self.is_visible(y1, y2) {
                continue;
            }
            let ends = band.points.len() == index + 1 && (band.end.is_some() || y2 < self.now_y);
            let left = point
                .rests
                .map_or(1.0, |(until, total)| until.saturating_sub(self.now) as f64 / total.max(1) as f64);
            let what = Form::Band {
                x,
                width,
                y1,
                y2,
                tone: tone(point.state),
                fill: fill(*point),
                inferred: !point.observed,
                ends,
                left,
                socket: band.socket.0,
            };
            self.put(format!("band{}.{}", band.socket, point.seq), point.seq, what);
        }
    }

    /// Every call's bar that can be seen.
    pub(super) fn bars(&mut self) {
        let layout = self.layout;
        for call in &layout.calls {
            if !self.may_be_visible(call.begin, call.end) {
                continue;
            }
            let Some(line) = self.line(call.host) else { continue };
            let y1 = layout.moment(self.store, call.begin, call.host);
            let same_row = call.end.is_some_and(|end| layout.index(end) == layout.index(call.begin));
            let y2 = match call.end {
                Some(end) => layout.moment(self.store, end, call.host),
                None => self.now_y,
            };
            if !self.is_visible(y1, y2) {
                continue;
            }
            let x = line.x - f64::from(line.side) * 8.0 * call.track as f64;
            let end = call.end.and_then(|_| self.store.call_end(call.id));
            let failure = end.and_then(|end| end.outcome.as_ref().err()).map(error_tone);
            let style = match end {
                _ if same_row => "tick",
                None => "waiting",
                Some(end) if end.elapsed >= WAITED => "waited",
                Some(_) => "bar",
            };
            let tone = match style {
                "waiting" | "waited" => "wait",
                _ => failure.unwrap_or("ink"),
            };
            self.put(
                format!("bar{}", call.id),
                call.begin,
                Form::Bar { x, y1, y2, style, tone, call: call.id.0 },
            );
        }
    }

    /// Labels of the events from `first` to `last`.
    pub(super) fn labels(&mut self, first: u64, last: u64) {
        let layout = self.layout;
        let labels = &layout.lanes.labels;
        let from = labels.partition_point(|label| label.seq < first);
        let to = labels.partition_point(|label| label.seq <= last);
        for label in labels.get(from..to).unwrap_or_default() {
            self.label(label);
        }
    }

    fn label(&mut self, label: &Label) {
        let Some(lane) = self.lane(label.host, label.tracks) else { return };
        let y = label.top + 11.0;
        match &label.kind {
            LabelKind::Call { id, begins, ends } => self.call_label(label, &lane, *id, *begins, *ends),
            LabelKind::State { .. } if self.layout.bands.all.is_empty() => return,
            LabelKind::State { state, observed, accepted } => {
                self.state_label(label, &lane, *state, *observed, *accepted);
            }
            LabelKind::Queue { filled, places } => {
                let side = if matches!(lane.anchor, Anchor::End) { -1 } else { 1 };
                let text = format!("{filled} of {places}").len() as f64 * SMALL;
                // Squares only where they and their count find room.
                let drawn = (f64::from(*places) * SQUARE + 2.0 + text <= lane.room).then_some(*places);
                let (filled, places, squares) = (*filled, *places, drawn.unwrap_or(0));
                let what = Form::Queue { x: lane.x, y: y - 8.0, filled, places, squares, side };
                self.put(format!("queue{}", label.seq), label.seq, what);
            }
            LabelKind::Unread { bytes } => {
                let side = if matches!(lane.anchor, Anchor::End) { -1 } else { 1 };
                self.put(
                    format!("unread{}", label.seq),
                    label.seq,
                    Form::Unread { x: lane.x, y, text: unread_words(*bytes, lane.room), side },
                );
            }
            LabelKind::Program { id } => {
                let name = less(&bounded(&self.store.names().program(*id), 64), lane.room);
                self.text(
                    format!("by{}", label.seq),
                    label.seq,
                    (lane.x, y),
                    lane.anchor,
                    "small",
                    "soft",
                    name,
                );
                self.squeeze(lane.room);
            }
            LabelKind::Many { sockets } => {
                let text = format!("{sockets} sockets");
                self.text(
                    format!("many{}", label.seq),
                    label.seq,
                    (lane.x, y),
                    lane.anchor,
                    "small",
                    "soft",
                    text,
                );
            }
        }
        if label.top - label.wanted > 8.0 {
            let line_x = self.x(label.host).unwrap_or(lane.x);
            let what = Form::Hairline { x1: lane.x, y1: label.top + 7.0, x2: line_x, y2: label.wanted + 7.0 };
            self.put(format!("hair{}", label.seq), label.seq, what);
        }
    }

    /// The state's name, and below it a remark on it.
    fn state_label(&mut self, label: &Label, lane: &Lane, state: TcpState, observed: bool, accepted: bool) {
        let at = (lane.x, label.top + 11.0);
        let (name, tone) = (state_name(state, lane.room).to_owned(), tone(state));
        self.text(format!("state{}", label.seq), label.seq, at, lane.anchor, "state", tone, name);
        self.squeeze(lane.room);
        let (short, shortest) = (lane.room < 16.0 * SMALL, lane.room < 12.0 * SMALL);
        let remark = match (observed, accepted) {
            _ if state == TcpState::TimeWait => self.rests(label.seq, observed),
            (false, _) => "inferred".to_owned(),
            (true, false) if state == TcpState::Established && shortest => "unaccepted".to_owned(),
            (true, false) if state == TcpState::Established && short => "not accepted".to_owned(),
            (true, false) if state == TcpState::Established => "not accepted yet".to_owned(),
            _ => String::new(),
        };
        let squeezed = !remark.is_empty();
        let below = (at.0, at.1 + 12.0);
        self.text(format!("remark{}", label.seq), label.seq, below, lane.anchor, "small", "soft", remark);
        if squeezed {
            self.squeeze(lane.room);
        }
    }

    /// What TIME_WAIT still has to go, in seconds.
    fn rests(&self, seq: u64, observed: bool) -> String {
        let points = self.layout.bands.all.iter().rev().flat_map(|band| &band.points);
        let rests = points.filter(|point| point.seq == seq).find_map(|point| point.rests);
        let left = rests.map_or(0, |(until, _)| until.saturating_sub(self.now));
        let left = match left.div_ceil(1_000_000_000).min(60) {
            0 => "over".to_owned(),
            seconds => format!("{seconds} s left"),
        };
        if observed { left } else { format!("{left}, inferred") }
    }

    fn call_label(&mut self, label: &Label, lane: &Lane, id: CallRef, begins: bool, ends: bool) {
        let Some(begin) = self.store.call_begin(id) else { return };
        let name = call_short(&begin.call);
        let (result, tone) = if ends { self.result(id, begins) } else { (String::new(), "soft") };
        let (result, tone, role) = match self.waits(id, label.seq) {
            Some(since) if begins && !ends => (format!("waiting {}", duration(since)), "wait", "waiting"),
            _ if result.is_empty() => (result, tone, "result"),
            _ => (format!("→ {result}"), tone, "result"),
        };
        let y = label.top + 11.0;
        let room = (lane.room / LETTER) as usize;
        if name.chars().count() + 1 + result.chars().count() <= room {
            let text_x = (name.chars().count() + 1) as f64 * LETTER;
            let result_x = result.chars().count() as f64 * LETTER;
            let (name_at, result_at) = match lane.anchor {
                Anchor::End if !result.is_empty() => (lane.x - result_x - LETTER, lane.x),
                Anchor::End => (lane.x, lane.x),
                _ => (lane.x, lane.x + text_x),
            };
            self.text(
                format!("call{}", label.seq),
                label.seq,
                (name_at, y),
                lane.anchor,
                "call",
                "ink",
                name,
            );
            self.text(
                format!("res{}", label.seq),
                label.seq,
                (result_at, y),
                lane.anchor,
                role,
                tone,
                result,
            );
            return;
        }
        // Where "waiting" finds no room its stripes and colour say it, and a failure needs no arrow.
        let short = result.strip_prefix("waiting ").or_else(|| result.strip_prefix("→ ")).unwrap_or(&result);
        let fits = |text: &str| text.chars().count() as f64 * SMALL <= lane.room;
        let result = if fits(&result) { result } else { less(short, lane.room) };
        let role = if role == "waiting" { "waiting small" } else { "result small" };
        let (name, name_role) = match name.chars().count() {
            letters if letters <= room => (name, "call"),
            _ if fits(&name) => (name, "call small"),
            _ => (less(&call_bare(&begin.call), lane.room), "call small"),
        };
        self.text(format!("call{}", label.seq), label.seq, (lane.x, y), lane.anchor, name_role, "ink", name);
        self.squeeze(lane.room);
        if !result.is_empty() {
            let at = (lane.x, y + 13.0);
            self.text(format!("res{}", label.seq), label.seq, at, lane.anchor, role, tone, result);
            self.squeeze(lane.room);
        }
    }

    fn result(&self, id: CallRef, begins: bool) -> (String, &'static str) {
        let Some(end) = self.store.call_end(id) else { return (String::new(), "soft") };
        let text = match &end.outcome {
            Ok(Value::Done) if begins => String::new(),
            Ok(Value::Done) => {
                let connect = self.store.call_begin(id).is_some_and(|begin| begin.call.name() == "connect");
                if connect { "connected" } else { "done" }.to_owned()
            }
            outcome => outcome_short(outcome),
        };
        (text, end.outcome.as_ref().err().map_or("soft", error_tone))
    }

    pub(super) fn lane(&self, host: HostId, tracks: usize) -> Option<Lane> {
        let line = self.line(host)?;
        let side = f64::from(line.side);
        if self.layout.lines.narrow {
            let anchor = if line.side < 0 { Anchor::Start } else { Anchor::End };
            return Some(Lane { x: line.x - side * 14.0, anchor, room: self.width - 76.0 });
        }
        let off = match tracks {
            0 => 10.0,
            tracks => {
                let Tracks { near, step, .. } = self.tracks();
                4.0 + near + step * tracks.min(self.layout.most_tracks()) as f64
            }
        };
        let x = line.x + side * off;
        let last = self.lines.last().is_some_and(|last| last.host == line.host);
        let room = match (line.side < 0, last) {
            (true, _) => x,
            (false, true) => self.width - x,
            (false, false) => self.next_line(line.x) - x - 8.0,
        };
        let anchor = if line.side < 0 { Anchor::End } else { Anchor::Start };
        Some(Lane { x, anchor, room: room.max(30.0) })
    }

    fn next_line(&self, x: f64) -> f64 {
        self.lines.iter().map(|line| line.x).filter(|other| *other > x + 1.0).fold(self.width, f64::min)
    }
}

/// Bytes at a receiver, in as many words as there is room for beside their bar.
fn unread_words(bytes: u32, room: f64) -> String {
    let number = self::bytes(bytes.into());
    let words = format!("{number} unread");
    if words.len() as f64 * SMALL + 7.0 <= room { words } else { number }
}

/// So many small letters find room, standing as close as one can still read.
fn squeezed(room: f64) -> usize {
    (room / (SMALL * CLOSE)) as usize
}

/// A text in small letters, or as much of it as finds room.
fn less(text: &str, room: f64) -> String {
    let most = squeezed(room).max(3);
    match text.chars().count() {
        letters if letters <= most => text.to_owned(),
        // A call's name says by itself what it is.
        letters if letters <= most + 2 && text.ends_with("()") => text.trim_end_matches("()").to_owned(),
        _ => bounded(text, most - 1),
    }
}

/// A state's name, or what ss(8) calls it where there is little room.
fn state_name(state: TcpState, room: f64) -> &'static str {
    match state {
        TcpState::Established if state.name().len() > squeezed(room) => "ESTAB",
        _ => state.name(),
    }
}

/// How bands stand side by side.
struct Tracks {
    near: f64,
    step: f64,
    width: f64,
}

/// Where labels beside a machine's line stand.
pub(super) struct Lane {
    pub(super) x: f64,
    pub(super) anchor: Anchor,
    room: f64,
}

fn fill(point: Point) -> &'static str {
    match point.state {
        TcpState::Listen => "double",
        TcpState::SynSent | TcpState::SynRecv => "dots",
        TcpState::Established if !point.accepted => "hollow",
        TcpState::Established => "solid",
        TcpState::FinWait1
        | TcpState::FinWait2
        | TcpState::CloseWait
        | TcpState::Closing
        | TcpState::LastAck => "hatch",
        TcpState::TimeWait => "drain",
        TcpState::Closed | TcpState::Datagram | TcpState::Unix => "plain",
    }
}
