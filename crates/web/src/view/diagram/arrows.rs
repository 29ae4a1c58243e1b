//! Packets as arrows: where they begin and end, what became of them, what they are called.

use proto::{
    id::{HostId, PacketId},
    trace::{Cause, Fate, Link, Packet, What},
};

use super::{
    arrow_span::ArrowSpan,
    canvas::{CLOSE, Canvas},
    held::Pile,
    rows::{DROP, RowKind, TAIL},
    shapes::{Anchor, Form, Head},
};
use crate::view::{
    store::PacketNote,
    words::{
        Meaning, ToMany, bounded, bytes, duration, grouped, ordinal, packet_name, packet_words, percent,
    },
};

/// Advance of one letter of names, and the usual one of words, pixels.
const LETTER: f64 = 7.5;
const SERIF: f64 = 6.4;
/// From a lifeline's middle to an arrow's end.
const CLEAR: f64 = 4.0;
/// Beside the first line a second call's bar may stand.
const BESIDE: f64 = 8.0;
/// Where a lost packet stops, as a share of its way.
const STOP: f64 = 0.55;
/// Slopes steeper than this carry both lines of text above the line, near its head.
const STEEP: f64 = 26.0;

impl Canvas<'_> {
    /// Draws a packet whole.
    pub(super) fn packet(&mut self, id: PacketId) {
        let Some((packet, note)) = self.store.packet(id).zip(self.store.note(id)) else { return };
        let Some(row) = self.layout.row_of(note.seq) else { return };
        if !matches!(row.kind, RowKind::Packet { .. }) {
            return;
        }
        let (row_y, tail) = (row.y, row.y + TAIL);
        if let Link::Loopback(host) = packet.link {
            return self.looped(packet, note, host, row_y);
        }
        let Some(way) = self.way(packet, tail) else { return };
        let (fate, fate_seq) = self.store.fate(packet, self.layout.laid);
        let was_held = self.was_held(packet, note);
        let ends = fate_seq.and_then(|seq| self.fate_place(seq, note.seq));
        let drop = match (was_held, &fate) {
            (true, _) => self.held_way(packet, note, way, &fate, ends),
            (false, Fate::Delivered) => self.arrived(packet, note, way, ends),
            (false, Fate::Travelling) => self.travelling(packet, note, way),
            (false, _) => self.stopped(packet, note, way, &fate),
        };
        if note.attempt > 1 {
            self.arc_to_first(packet, note, way);
        }
        if !(fate == Fate::Held && self.card_here(packet)) {
            self.packet_label(packet, note, way, row_y, drop, &fate);
        }
    }

    fn way(&self, packet: &Packet, tail: f64) -> Option<ArrowSpan> {
        let (first, last) = (self.lines.first()?.x, self.lines.iter().rfind(|line| !line.outside)?.x);
        let middle = f64::midpoint(first, last);
        let from = packet.from.map_or(Some(middle), |host| self.x(host))?;
        let other_end = if from > middle { first } else { last.max(from + 40.0) };
        let to = packet.to.map_or(Some(other_end), |host| self.x(host))?;
        let side = if to < from { -1.0 } else { 1.0 };
        let x1 = if packet.from.is_some() { from + side * CLEAR } else { from };
        Some(ArrowSpan { x1, x2: to - side * CLEAR, tail })
    }

    fn was_held(&self, packet: &Packet, note: &PacketNote) -> bool {
        packet.fate == Fate::Held
            || note.fates.iter().filter(|seq| **seq <= self.layout.laid).any(|seq| {
                matches!(self.store.get(*seq).map(|event| &event.what), Some(What::Fate(fate)) if fate.fate == Fate::Held)
            })
    }

    /// Height at which a later fate took hold; none when it is in the packet's own row.
    fn fate_place(&self, seq: u64, begin: u64) -> Option<f64> {
        let row = self.layout.row_of(seq)?;
        (row.seq != begin).then_some(row.y + 8.0)
    }

    /// Height of the head of a packet that arrived in its own row.
    fn head_in_row(&self, note: &PacketNote) -> f64 {
        match self.layout.row_of(note.seq).map(|row| &row.kind) {
            Some(RowKind::Packet { extra, .. }) => DROP + extra,
            _ => DROP,
        }
    }

    fn arrived(&mut self, packet: &Packet, note: &PacketNote, way: ArrowSpan, ends: Option<f64>) -> f64 {
        let head_y = ends.unwrap_or(way.tail + self.head_in_row(note)).max(way.tail + 2.0);
        let head = if self.unanswered(packet, note) { Head::Hollow } else { head_of(packet, note) };
        self.arrow(packet, note, vec![(way.x1, way.tail), (way.x2, head_y)], head, None);
        head_y - way.tail
    }

    fn travelling(&mut self, packet: &Packet, note: &PacketNote, way: ArrowSpan) -> f64 {
        let delay = f64::from(self.store.wire().delay_ms) * 1e6;
        let sent = self.store.get(note.seq).map_or(0, |event| event.time);
        let share = if delay > 0.0 { self.now.saturating_sub(sent) as f64 / delay } else { 0.5 };
        let share = share.clamp(0.05, 0.95);
        let y = (way.tail + DROP).max(self.now_y - 6.0);
        let x = way.x1 + share * (way.x2 - way.x1);
        self.arrow(packet, note, vec![(way.x1, way.tail), (x, y)], Head::None, None);
        y - way.tail
    }

    fn stopped(&mut self, packet: &Packet, note: &PacketNote, way: ArrowSpan, fate: &Fate) -> f64 {
        let stop = (way.x1 + STOP * (way.x2 - way.x1), way.tail + STOP * DROP);
        let head = if matches!(fate, Fate::Dropped(_)) { Head::Torn } else { Head::Cross };
        let ghost = Some((way.x2, way.tail + DROP));
        self.arrow(packet, note, vec![(way.x1, way.tail), stop], head, ghost);
        DROP
    }

    fn held_way(
        &mut self,
        packet: &Packet,
        note: &PacketNote,
        way: ArrowSpan,
        fate: &Fate,
        ends: Option<f64>,
    ) -> f64 {
        let middle = way.middle();
        let half = (middle, way.tail + DROP / 2.0);
        let on = ends.unwrap_or(half.1 + DROP);
        match fate {
            Fate::Held | Fate::Travelling => self.held(packet, note, way),
            Fate::Delivered => {
                let head = if self.unanswered(packet, note) { Head::Hollow } else { head_of(packet, note) };
                self.wait_line(note.seq, packet.id, half.0, half.1, on - 4.0);
                self.arrow_line(packet, note, vec![(way.x1, way.tail), half], "held", Head::None, None);
                let key = format!("on{}", packet.id);
                let what = Form::Arrow {
                    points: vec![(middle, on - 4.0), (way.x2, on + 2.0)],
                    line: line_of(note),
                    head,
                    kernel: false,
                    again: false,
                    ghost: None,
                };
                self.put(key, note.seq, what);
            }
            Fate::Superseded => {
                self.arrow_line(packet, note, vec![(way.x1, way.tail), half], "held", Head::None, None);
            }
            Fate::Dropped(_) | Fate::Lost | Fate::NoHost => {
                let head = if matches!(fate, Fate::Dropped(_)) { Head::Torn } else { Head::Cross };
                self.arrow_line(packet, note, vec![(way.x1, way.tail), half], "held", Head::None, None);
                self.wait_line(note.seq, packet.id, half.0, half.1, on);
                let key = format!("on{}", packet.id);
                let what = Form::Arrow {
                    points: vec![(middle, on - 6.0), (middle, on)],
                    line: "held",
                    head,
                    kernel: false,
                    again: false,
                    ghost: Some((way.x2, on + DROP / 2.0)),
                };
                self.put(key, note.seq, what);
            }
        }
        DROP
    }

    /// The dotted line along which a packet stood still.
    pub(super) fn wait_line(&mut self, seq: u64, id: PacketId, x: f64, y1: f64, y2: f64) {
        if y2 > y1 {
            self.put(format!("stood{id}"), seq, Form::Hairline { x1: x, y1, x2: x, y2 });
        }
    }

    fn arrow(
        &mut self,
        packet: &Packet,
        note: &PacketNote,
        points: Vec<(f64, f64)>,
        head: Head,
        ghost: Option<(f64, f64)>,
    ) {
        self.arrow_line(packet, note, points, line_of(note), head, ghost);
    }

    /// The first part of a packet's way, with the marks of its tail.
    pub(super) fn arrow_line(
        &mut self,
        packet: &Packet,
        note: &PacketNote,
        points: Vec<(f64, f64)>,
        line: &'static str,
        head: Head,
        ghost: Option<(f64, f64)>,
    ) {
        let (kernel, again) = (by_itself(packet), note.attempt > 1);
        let what = Form::Arrow { points, line, head, kernel, again, ghost };
        self.put(format!("p{}", packet.id), note.seq, what);
    }

    fn looped(&mut self, packet: &Packet, note: &PacketNote, host: HostId, row_y: f64) {
        let Some(x) = self.x(host) else { return };
        let side = -self.side(host);
        let (kernel, again) = (by_itself(packet), note.attempt > 1);
        let head = if self.unanswered(packet, note) { Head::Hollow } else { head_of(packet, note) };
        let (y1, y2) = (row_y + 10.0, row_y + 30.0);
        let what = Form::Loop { x, y1, y2, side, line: line_of(note), head, kernel, again };
        self.put(format!("p{}", packet.id), note.seq, what);
        let (fate, _) = self.store.fate(packet, self.layout.laid);
        let (name, words, tone) = self.names(packet, note, &fate);
        let at = x + f64::from(side) * 50.0;
        let anchor = if side > 0 { Anchor::Start } else { Anchor::End };
        self.text(
            format!("pn{}", packet.id),
            note.seq,
            (at, row_y + 17.0),
            anchor,
            "flags",
            tone,
            format!("{name}  lo"),
        );
        let role = words_role(packet, note);
        self.text(format!("pw{}", packet.id), note.seq, (at, row_y + 32.0), anchor, role, "soft", words);
    }

    fn arc_to_first(&mut self, packet: &Packet, note: &PacketNote, way: ArrowSpan) {
        let Some(first) = packet.copy_of.and_then(|id| self.store.note(id)) else { return };
        let Some(row) = self.layout.row_of(first.seq) else { return };
        let what = Form::Arc { x: way.x1, y1: row.y + TAIL, y2: way.tail, side: way.side() };
        self.put(format!("again{}", packet.id), note.seq, what);
    }

    fn packet_label(
        &mut self,
        packet: &Packet,
        note: &PacketNote,
        way: ArrowSpan,
        row_y: f64,
        drop: f64,
        fate: &Fate,
    ) {
        let (name, words, tone) = self.names(packet, note, fate);
        let (x1, x2) = self.free_part(way);
        let room = (x2 - x1).abs();
        // Letters that stand closer come before words that are cut.
        let (name, words) =
            (short_name(name, packet, note, room / CLOSE), short_words(words, note, room / CLOSE));
        let steep = drop > STEEP;
        let share = if steep { 0.66 } else { 0.5 };
        let x = if (x1, x2) == (way.x1, way.x2) { x1 + share * (x2 - x1) } else { f64::midpoint(x1, x2) };
        let below = if steep { row_y + 26.0 } else { way.tail + drop / 2.0 + 16.0 };
        let words_tone = if tone == "ink" { "soft" } else { tone };
        self.text(
            format!("pn{}", packet.id),
            note.seq,
            (x, row_y + 12.0),
            Anchor::Middle,
            "flags",
            tone,
            name,
        );
        self.squeeze(room);
        if !words.is_empty() {
            let (role, at) = (words_role(packet, note), (x, below));
            self.text(format!("pw{}", packet.id), note.seq, at, Anchor::Middle, role, words_tone, words);
            self.squeeze(room);
        }
    }

    /// The part of a way where its label stands: where it passes machines, beside the first line, where nobody's calls
    /// are, or next to its tail.
    fn free_part(&self, way: ArrowSpan) -> (f64, f64) {
        let (from, to) = (way.x1.min(way.x2), way.x1.max(way.x2));
        let passed: Vec<f64> =
            self.lines.iter().map(|line| line.x).filter(|x| *x > from + CLEAR && *x < to - CLEAR).collect();
        let (Some(first), Some(last)) = (passed.first(), passed.last()) else { return (way.x1, way.x2) };
        let at_first = self.lines.first().is_some_and(|line| line.x >= from - CLEAR - 1.0);
        match (at_first, way.side() > 0) {
            (true, true) => (way.x1 + BESIDE, *first - CLEAR),
            (true, false) => (*first - CLEAR, way.x2 + BESIDE),
            (false, true) => (way.x1, *first - CLEAR),
            (false, false) => (way.x1, *last + CLEAR),
        }
    }

    /// A packet's name, its words and its colour.
    pub(super) fn names(
        &self,
        packet: &Packet,
        note: &PacketNote,
        fate: &Fate,
    ) -> (String, String, &'static str) {
        let name = match note.attempt {
            1 => packet_name(packet),
            again => {
                let after = duration(note.after_first);
                format!("{} again, {} try, +{after}", packet_name(packet), ordinal(again))
            }
        };
        let reset = matches!(note.meaning, Meaning::Refuses | Meaning::BreaksOff);
        let (words, fault) = match fate {
            Fate::Lost => {
                let loss = note.loss;
                let words =
                    if loss > 0.0 { format!("lost ({} loss)", percent(loss)) } else { "lost".to_owned() };
                (words, true)
            }
            Fate::Dropped(by) => {
                let who = match by {
                    Some(by) if Some(*by) == self.store.me() => "you".to_owned(),
                    Some(by) => bounded(&self.store.names().member(*by), 24),
                    None => "hand".to_owned(),
                };
                (format!("dropped by {who}"), true)
            }
            Fate::NoHost if packet.to.is_some() => ("lost: a cable is cut".to_owned(), true),
            Fate::NoHost => match ToMany::of(packet) {
                Some(many) => (format!("{}: not carried here", many.name()), true),
                None => ("no machine has this address".to_owned(), true),
            },
            Fate::Delivered if self.unanswered(packet, note) => {
                let words = match note.queue_full {
                    Some((queued, places)) => format!("arrived; queue full, {queued} of {places}"),
                    None => "arrived; no answer".to_owned(),
                };
                (words, false)
            }
            _ => (packet_words(packet, note.meaning), false),
        };
        (name, words, if fault || reset { "fault" } else { "ink" })
    }

    /// Whether a packet is known to have arrived without an answer.
    fn unanswered(&self, packet: &Packet, note: &PacketNote) -> bool {
        let expects =
            matches!(note.meaning, Meaning::Asks | Meaning::Agrees | Meaning::Data | Meaning::Finishes);
        let again = note.copies.iter().any(|seq| *seq <= self.layout.laid);
        expects && !note.answered && packet.copy_of.is_none() && (again || note.queue_full.is_some())
            || expects && !note.answered && note.queue_full.is_some()
    }

    /// Draws a run of segments.
    pub(super) fn fold(&mut self, index: usize) {
        let Some(row) = self.layout.rows.get(index) else { return };
        let RowKind::Fold { id, .. } = row.kind else { return };
        let (seq, y, until) = (row.seq, row.y, row.until);
        let Some(run) = self.layout.folds.get(&seq) else { return };
        let Some(packet) = self.store.packet(id) else { return };
        let took = duration(until.saturating_sub(run.began));
        let text = format!("{} segments, {}, {took}", grouped(u64::from(run.segments)), bytes(run.bytes));
        let (x1, x2) = match packet.link {
            Link::Wire => match self.way(packet, y + TAIL) {
                Some(way) => (way.x1, way.x2),
                None => return,
            },
            Link::Loopback(host) => match self.x(host) {
                Some(x) => (x, x - f64::from(self.side(host)) * 60.0),
                None => return,
            },
        };
        let fits = text.chars().count() as f64 * LETTER <= (x2 - x1).abs();
        let text = if fits { text } else { format!("{} segments", grouped(u64::from(run.segments))) };
        let what = Form::Fold { x1, y1: y + TAIL + 2.0, x2, y2: y + TAIL + DROP, text };
        self.put(format!("fold{seq}"), seq, what);
    }

    /// Whether the card of this packet's pile stands in its row.
    pub(super) fn card_here(&self, packet: &Packet) -> bool {
        Pile::of(self.store, packet, self.layout.laid).is_some_and(|pile| pile.newest == packet.id)
    }
}

/// The name, or less of it where the lines stand close.
fn short_name(name: String, packet: &Packet, note: &PacketNote, room: f64) -> String {
    let fits = |name: &str| name.chars().count() as f64 * LETTER <= room;
    if fits(&name) {
        return name;
    }
    if note.attempt == 1 {
        // That data is acknowledgment and pushed too is in the details.
        let size = bytes(u64::from(packet.data.length));
        let less = name.strip_prefix("PSH ACK ").map_or(name.clone(), str::to_owned);
        return if fits(&less) || packet.data.length == 0 { less } else { size };
    }
    let attempt = format!("{} try", ordinal(note.attempt));
    let both = format!("{}, {attempt}", packet_name(packet));
    if both.chars().count() as f64 * LETTER <= room { both } else { attempt }
}

/// The words, or less of them where the lines stand close.
fn short_words(words: String, note: &PacketNote, room: f64) -> String {
    let most = (room / SERIF) as usize;
    match words.chars().count() {
        count if count <= most => words,
        _ if note.meaning == Meaning::Finishes => note.meaning.words().to_owned(),
        _ => words.strip_prefix("arrived; ").map_or_else(|| cut(&words, most), str::to_owned),
    }
}

/// At most `most` characters, with an ellipsis; a closing quote stays.
fn cut(words: &str, most: usize) -> String {
    let end = if words.ends_with('\u{201d}') { "\u{2026}\u{201d}" } else { "\u{2026}" };
    let keep = words.trim_end_matches(['\u{2026}', '\u{201d}']).chars().take(most.saturating_sub(2).max(4));
    keep.collect::<String>() + end
}

/// A packet no call asked for.
fn by_itself(packet: &Packet) -> bool {
    matches!(packet.cause, Cause::Packet(_) | Cause::Timer)
}

/// Style of a packet's line.
pub(super) fn line_of(note: &PacketNote) -> &'static str {
    match note.meaning {
        Meaning::Refuses | Meaning::BreaksOff => "reset",
        _ if note.attempt > 1 => "again",
        Meaning::Asks | Meaning::Agrees | Meaning::Finishes => "control",
        Meaning::Data | Meaning::Datagram => "data",
        Meaning::Confirms | Meaning::Acknowledges | Meaning::Full | Meaning::RoomAgain | Meaning::Probes => {
            "ack"
        }
        Meaning::Other => "other",
    }
}

fn head_of(packet: &Packet, note: &PacketNote) -> Head {
    let _ = packet;
    match note.meaning {
        Meaning::Refuses | Meaning::BreaksOff => Head::Bar,
        Meaning::Confirms
        | Meaning::Acknowledges
        | Meaning::Full
        | Meaning::RoomAgain
        | Meaning::Probes
        | Meaning::Other => Head::Open,
        _ => Head::Filled,
    }
}

fn words_role(packet: &Packet, note: &PacketNote) -> &'static str {
    let payload = packet.data.length > 0 && matches!(note.meaning, Meaning::Data | Meaning::Datagram);
    if payload { "payload" } else { "words" }
}
