//! The sequence diagram's layout: trace in, positioned shapes out. It decides where everything is and paints
//! nothing.

mod arrow_span;
mod arrows;
mod bands;
mod beside;
mod canvas;
pub mod changes;
pub mod compared;
mod folding;
mod held;
mod lanes;
mod lifelines;
mod rows;
mod seats;
pub mod shapes;
mod waiting;

use std::collections::HashSet;

use proto::{
    rules,
    trace::{Event, Fate, Packet, What},
};

use super::{
    filter::Filter,
    store::TraceStore,
    table::{host_words, wire_words},
    words::{bounded, bytes, duration, grouped, missing_before},
};
use canvas::Canvas;
use compared::Compared;
use lifelines::Lifelines;
use rows::{Layout, RowKind};
use seats::Seats;
use shapes::{Form, HiddenHost, Options, Scene};

/// Below the now-line.
const MARGIN: f64 = 28.0;
/// From the last row to the now-line at least.
const BREATH: f64 = 14.0;
/// From this long on a gap says how long it was, nanoseconds.
const TOLD: u64 = 100_000_000;
/// From this long on the lifelines are cut, nanoseconds.
const CUT: u64 = 10_000_000_000;

/// The layout, kept from query to query and only ever extended.
#[derive(Debug, Default)]
pub struct Diagram {
    layout: Layout,
    generation: u64,
    seats: Seats,
    /// What was asked for last.
    asked: Options,
    /// Whether a call went outside, up to `scanned`.
    outside: bool,
    scanned: u64,
    unfolded: HashSet<u64>,
    filter: Filter,
    /// What differs from what happened when it was done again.
    compared: Compared,
}

impl Diagram {
    /// The part of the drawing that `options` asks for.
    pub fn scene(&mut self, store: &TraceStore, options: &Options) -> Scene {
        let options = &self.with_what_differs(store, options);
        self.asked.clone_from(options);
        self.bring_up(store, options);
        let layout = &self.layout;
        let hidden = self.hidden(store);
        let lines = layout.lines.placed(store, options.width, !hidden.is_empty());
        let now = (options.now_ns.max(0.0) as u64).max(layout.until());
        let now_y = self.now_line(now);
        let mut canvas = Canvas {
            store,
            layout,
            lines: &lines,
            width: options.width,
            now,
            now_y,
            top: options.top,
            eye: options.eye,
            bottom: options.bottom,
            seqs: layout.near(options.top, options.bottom),
            shapes: Vec::new(),
        };
        draw(&mut canvas, &self.compared);
        canvas.mark_only_then(&self.compared);
        canvas.patch();
        let sticky = canvas.waiting();
        let above = canvas.held_above();
        let shapes = std::mem::take(&mut canvas.shapes);
        Scene {
            width: options.width,
            height: now_y + MARGIN,
            now: now_y,
            narrow: layout.lines.narrow,
            hidden,
            lifelines: lines,
            sticky,
            above,
            last: layout.laid,
            shapes,
            gone: Vec::new(),
        }
    }

    /// Where something is compared, the machines on which it differs are to be drawn, as if somebody had picked them first.
    fn with_what_differs(&self, store: &TraceStore, options: &Options) -> Options {
        let mut options = options.clone();
        let mut pinned = self.compared.hosts(store);
        pinned.retain(|host| !options.pinned.contains(host));
        options.pinned.splice(0..0, pinned);
        options
    }

    /// Leaves something out from now on.
    pub fn set_filter(&mut self, filter: Filter) {
        self.filter = filter;
        self.begin_anew();
    }

    /// Shows beside what happened what happened when it was done again; nothing that differs ends that.
    pub fn compare(&mut self, compared: Compared) {
        self.compared = compared;
        self.begin_anew();
    }

    /// Forgets the layout, but not what somebody wants to see.
    fn begin_anew(&mut self) {
        *self = Self {
            unfolded: std::mem::take(&mut self.unfolded),
            filter: std::mem::take(&mut self.filter),
            asked: std::mem::take(&mut self.asked),
            compared: std::mem::take(&mut self.compared),
            ..Self::default()
        };
    }

    /// Folds or unfolds the run that begins with the event `seq`.
    pub fn toggle_fold(&mut self, seq: u64) {
        if !self.unfolded.remove(&seq) {
            self.unfolded.insert(seq);
        }
        self.layout = Layout::default();
    }

    /// Top and bottom of an event's row. What is not drawn is after the row before it, and what comes before all rows
    /// at the first; none when nothing is drawn yet.
    pub fn place(&self, seq: u64) -> Option<(f64, f64)> {
        self.layout.row_of(seq).or(self.layout.rows.first()).map(|row| (row.y, row.y + row.height))
    }

    /// `seq` of the row an event is drawn in: a call's end may share its begin's.
    pub fn row(&self, seq: u64) -> Option<u64> {
        self.layout.row_of(seq).map(|row| row.seq)
    }

    /// Whether the event begins a run that is drawn as one arrow, or was told not to be.
    pub fn is_run(&self, seq: u64) -> bool {
        self.layout.folds.contains_key(&seq) || self.unfolded.contains(&seq)
    }

    /// Whether an event can be seen in the drawing.
    pub fn moves(what: &What) -> bool {
        match what {
            What::CallBegin(_)
            | What::CallEnd(_)
            | What::Packet(_)
            | What::Wire { .. }
            | What::HostChanged { .. } => true,
            What::Fate(fate) => fate.fate != Fate::Superseded,
            What::State(change) => change.from != Some(change.to),
            _ => false,
        }
    }

    /// Whether what an event tells happened on machines that are drawn, as far as it was on any.
    pub fn has(&mut self, store: &TraceStore, what: &What) -> bool {
        // A machine that has just begun to act is not drawn yet, and will be.
        let lines = Lifelines::choose(store, &self.filter, &mut self.seats, self.outside, &self.asked);
        let has =
            |packet: &Packet| [packet.from, packet.to].into_iter().flatten().all(|host| lines.shows(host));
        match what {
            What::CallBegin(begin) => lines.shows(begin.host),
            What::CallEnd(end) => store.call_begin(end.id).is_none_or(|begin| lines.shows(begin.host)),
            What::State(change) => lines.shows(change.host),
            What::Packet(packet) => has(packet),
            What::Fate(fate) => store.packet(fate.id).is_none_or(has),
            _ => true,
        }
    }

    /// Extends the layout to the last event wanted, or begins anew when it does not fit any more.
    fn bring_up(&mut self, store: &TraceStore, options: &Options) {
        let until = match options.reveal_up_to as u64 {
            0 => u64::MAX,
            until => until,
        };
        if self.generation != store.generation() {
            self.begin_anew();
            self.generation = store.generation();
        }
        for event in store.events_from(store.index_from(self.scanned + 1)) {
            self.outside |= matches!(&event.what, What::CallEnd(end) if end.outside);
            self.scanned = event.seq;
        }
        let lines = Lifelines::choose(store, &self.filter, &mut self.seats, self.outside, options);
        if lines != self.layout.lines || self.layout.laid > until {
            self.layout = Layout::new(lines, self.unfolded.clone());
        }
        for event in store.events_from(store.index_from(self.layout.laid + 1)) {
            if event.seq > until {
                break;
            }
            self.layout.only_now(&self.compared, event.seq);
            self.layout.extend(store, event, &self.filter);
        }
        self.layout.only_now(&self.compared, self.layout.laid + 1);
    }

    /// Where the now-line is: waiting never scrolls the page away, since time's height is bounded.
    fn now_line(&self, now: u64) -> f64 {
        let layout = &self.layout;
        let cancels = layout.lines.hosts.iter().map(|host| layout.open_on(*host)).max().unwrap_or(0);
        let passed = if layout.rows.is_empty() { 0 } else { now.saturating_sub(layout.until()) };
        layout.bottom() + Layout::gap(passed) + BREATH + waiting::CANCEL * cancels as f64
    }

    fn hidden(&self, store: &TraceStore) -> Vec<HiddenHost> {
        let wanted = self.layout.hidden.iter().filter(|(host, _)| self.filter.shows_host(**host));
        let hidden = wanted.map(|(host, count)| HiddenHost {
            host: host.0,
            name: bounded(&store.names().host(*host), 40),
            guest: lifelines::guest_of(store, *host),
            count: *count,
        });
        hidden.collect()
    }
}

/// Draws what can be seen, back to front.
fn draw(canvas: &mut Canvas<'_>, compared: &Compared) {
    let layout = canvas.layout;
    if let Some(line) = canvas.lines.iter().find(|line| line.outside) {
        let what = Form::Lane { x: line.x - 36.0, width: 72.0 };
        canvas.put("lane".to_owned(), 0, what);
    }
    let from = layout.first_below(canvas.top);
    let seen = layout.rows[from..].iter().take_while(|row| row.y - row.gap <= canvas.bottom).count();
    let rows = from..from + seen;
    for index in rows.clone() {
        area(canvas, index);
    }
    live_gap(canvas);
    canvas.bands();
    canvas.bars();
    let spans = &layout.spans;
    let first_seq = layout.rows.get(from).map_or(u64::MAX, |row| row.seq);
    for span in spans.iter().take_while(|span| span.seq < first_seq) {
        if canvas.may_be_visible(span.seq, span.over) {
            canvas.packet(span.id);
        }
    }
    for index in rows.clone() {
        match layout.rows[index].kind {
            RowKind::Packet { id, .. } => canvas.packet(id),
            RowKind::Fold { .. } => canvas.fold(index),
            RowKind::Note => note(canvas, index),
            RowKind::OnlyNow { which } => canvas.only_now(compared, index, which),
            _ => {}
        }
    }
    let last_seq = layout.rows.get(rows.end).map_or(layout.laid, |row| row.seq - 1);
    canvas.labels(first_seq, last_seq);
    if canvas.is_visible(canvas.now_y, canvas.now_y) {
        let x = between(canvas).0;
        canvas.put("now".to_owned(), 0, Form::Now { x, y: canvas.now_y });
    }
}

fn area(canvas: &mut Canvas<'_>, index: usize) {
    let row = &canvas.layout.rows[index];
    let (y, gap, passed) = (row.y, row.gap, row.passed);
    // What belongs to no event of the recording cannot be chosen.
    if !matches!(row.kind, RowKind::OnlyNow { .. }) {
        canvas.put(format!("row{}.{index}", row.seq), row.seq, Form::Row { y: row.y, height: row.height });
    }
    if passed >= TOLD {
        let what = time_gap(canvas, y - gap / 2.0, passed);
        canvas.put(format!("gap{index}"), 0, what);
    }
}

/// The time since the last row, as far as it has got.
fn live_gap(canvas: &mut Canvas<'_>) {
    let passed = canvas.now.saturating_sub(canvas.layout.until());
    if passed >= TOLD && !canvas.layout.rows.is_empty() {
        let y = canvas.layout.bottom() + Layout::gap(passed) / 2.0;
        let what = time_gap(canvas, y, passed);
        canvas.put("gap.now".to_owned(), 0, what);
    }
}

fn time_gap(canvas: &Canvas<'_>, y: f64, passed: u64) -> Form {
    let (middle, reach) = between(canvas);
    Form::Gap { y, x1: middle - reach, x2: middle + reach, text: duration(passed), cut: passed > CUT }
}

/// The middle between the first two lines, so that no line runs through what stands there, and how far it reaches.
fn between(canvas: &Canvas<'_>) -> (f64, f64) {
    match canvas.lines {
        [first, second, ..] => {
            (f64::midpoint(first.x, second.x), 60.0_f64.min((second.x - first.x) / 2.0 - 6.0))
        }
        _ => (canvas.width * 0.75, 60.0),
    }
}

fn note(canvas: &mut Canvas<'_>, index: usize) {
    let row = &canvas.layout.rows[index];
    let (y, seq) = (row.y + 14.0, row.seq);
    let Some(event) = canvas.store.get(seq) else { return };
    let missing = canvas.store.missing_before(seq);
    let first_of_two = canvas.layout.rows.get(index + 1).is_some_and(|next| next.seq == seq);
    let alone = !matches!(event.what, What::Wire { .. } | What::HostChanged { .. } | What::Summary(_));
    let text = if missing > 0 && (first_of_two || alone) {
        missing_before(missing)
    } else {
        note_words(canvas, event)
    };
    let x = canvas.width / 2.0;
    let tone =
        if matches!(&event.what, What::Wire { settings, .. } if settings.held) { "wait" } else { "soft" };
    canvas.put(format!("note{seq}.{index}"), seq, Form::Note { x, y, text, tone });
}

fn note_words(canvas: &Canvas<'_>, event: &Event) -> String {
    match &event.what {
        What::Wire { by, settings, rule } => {
            let who = match (by, rule.as_deref()) {
                (Some(by), _) if Some(*by) == canvas.store.me() => ", by you".to_owned(),
                (Some(by), _) => format!(", by {}", bounded(&canvas.store.names().member(*by), 24)),
                (None, Some(rules::TEACHER)) => ", by the teacher".to_owned(),
                (None, Some(rule)) => format!(", by a rule: {}", bounded(rule, 32)),
                (None, None) => String::new(),
            };
            format!("wire: {}{who}", wire_words(settings))
        }
        What::HostChanged { by, command, host } => {
            let who = match Some(*by) == canvas.store.me() {
                true => "you".to_owned(),
                false => bounded(&canvas.store.names().member(*by), 24),
            };
            format!("{}: {}, by {who}", bounded(&host.name, 24), host_words(*command))
        }
        What::Summary(summary) => match summary.missed.saturating_add(summary.queue_drops) {
            0 => format!("{} more packets, {}", grouped(summary.packets), bytes(summary.bytes)),
            not_recorded => format!("{} packets could not be recorded", grouped(not_recorded)),
        },
        _ => String::new(),
    }
}

#[cfg(test)]
mod crowd_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
pub(crate) use tests::bulk_into;
