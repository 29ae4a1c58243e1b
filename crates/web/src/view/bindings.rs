//! The view as JavaScript sees it. Every answer is plain data; maps are objects, numbers are numbers.

use proto::{
    id::{HostId, ProgramId},
    room::BY_HAND,
    trace::What,
};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{
    belonging, details,
    diagram::{Diagram, changes::Retained, compared::Compared, shapes::Options},
    explained,
    filter::{Filter, FilteredEvents},
    packets_file,
    recording::{self, OpenedRecording},
    sockets,
    store::{Seed, TraceStore},
    table, text,
};
use crate::{
    console::{bindings::Console, interpreter::ObservedCall},
    record::{Names, record},
};

/// A room's trace and everything that is drawn of it. Thinks; paints nothing.
#[wasm_bindgen]
#[derive(Debug, Default)]
pub struct View {
    store: TraceStore,
    diagram: Diagram,
    retained: Retained,
    shown: FilteredEvents,
}

/// A call's event as a console takes it; none for another event, or one that is no longer kept.
fn observed_call(store: &TraceStore, seq: u64) -> Option<ObservedCall<'_>> {
    match &store.get(seq)?.what {
        What::CallBegin(begin) => {
            let names = store.names();
            let program = names.program(begin.program);
            let by = begin.by.map(|by| names.member(by)).map(|by| match program.as_str() {
                BY_HAND => by,
                program => format!("{by}, {program}"),
            });
            Some(ObservedCall::Begin { begin, by })
        }
        What::CallEnd(end) => Some(ObservedCall::End(end)),
        _ => None,
    }
}

#[wasm_bindgen]
impl View {
    /// An empty view.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        console_error_panic_hook();
        Self::default()
    }

    /// Machines, programs and people, from a snapshot: an object
    /// `{ hosts: [{ id, name, address, guest?, readyMade? }], programs: [{ id, host, name }],
    /// members: [{ id, name }], wire: { held, delay, loss, seed } }`; all may be missing.
    pub fn seed(&mut self, snapshot: JsValue) -> Result<(), JsError> {
        let seed: Seed = serde_wasm_bindgen::from_value(snapshot)?;
        self.store.seed(seed);
        Ok(())
    }

    /// Nobody is called by their name from now on: what is shown is for others to see.
    #[wasm_bindgen(js_name = hidePeople)]
    pub fn hide_people(&mut self) {
        self.store.hide_people();
    }

    /// Takes events in the wire format, one after the other, in order. Repeated ones do no harm. Returns how
    /// many were new.
    pub fn push(&mut self, events: &[u8]) -> Result<usize, JsError> {
        let taken = self.store.push_bytes(events);
        self.shown.bring_up(&self.store);
        Ok(taken?)
    }

    /// Leaves something out of drawing and table: `{ calls, packets, states, others, hosts }`, the first four
    /// whether to leave out the kind, the last the numbers of machines; all may be missing.
    pub fn filter(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Partial<Filter>")] filter: JsValue,
    ) -> Result<(), JsError> {
        let filter: Filter = serde_wasm_bindgen::from_value(filter)?;
        self.diagram.set_filter(filter.clone());
        self.shown = FilteredEvents::new(filter, &self.store);
        Ok(())
    }

    /// Takes the events of a recording up to this `seq`, and no later ones: those that it has are forgotten where it has
    /// come further already.
    #[wasm_bindgen(js_name = showRecording)]
    pub fn show_recording(&mut self, recording: &Recording, up_to: f64) {
        if self.store.last_seq() > up_to as u64 {
            self.clear();
        }
        recording.kept.fill(&mut self.store, up_to as u64);
        self.shown.bring_up(&self.store);
    }

    /// Draws, beside what happened in a recording, what happened when it was done again: `{ before: [seq, ...], now: [{ after,
    /// text }, ...] }` is what differs; where that is nothing, only the recording.
    pub fn compare(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Partial<Compared>")] compared: JsValue,
    ) -> Result<(), JsError> {
        let compared: Compared = serde_wasm_bindgen::from_value(compared)?;
        self.diagram.compare(compared);
        Ok(())
    }

    /// Forgets all events, but neither machines, programs nor people.
    pub fn clear(&mut self) {
        self.store.clear();
        let filter = self.shown.filter().clone();
        self.diagram = Diagram::default();
        self.diagram.set_filter(filter.clone());
        self.shown = FilteredEvents::new(filter, &self.store);
    }

    /// `seq` of the newest event; 0 before the first.
    #[wasm_bindgen(js_name = lastSeq)]
    pub fn last_seq(&self) -> f64 {
        self.store.last_seq() as f64
    }

    /// The part of the drawing that options ask for: `{ width, nowNs, pinned, keep, revealUpTo, top, bottom, eye, most }`.
    /// Answers `{ width, height, now, narrow, lifelines, hidden, sticky, above, last, shapes, gone }`: the shapes that are
    /// new or different since the last answer, and the keys of those that are gone.
    #[wasm_bindgen(unchecked_return_type = "Scene")]
    pub fn diagram(
        &mut self,
        #[wasm_bindgen(unchecked_param_type = "Partial<Options>")] options: JsValue,
    ) -> Result<JsValue, JsError> {
        let options: Options = serde_wasm_bindgen::from_value(options)?;
        let mut scene = self.diagram.scene(&self.store, &options);
        self.retained.reduce(&mut scene);
        parsed(&scene)
    }

    /// Where the drawing has to be to see an event, as `[top, bottom]` of a row; undefined when nothing is drawn yet.
    #[wasm_bindgen(unchecked_return_type = "[number, number] | undefined")]
    pub fn place(&self, seq: f64) -> Result<JsValue, JsError> {
        object(&self.diagram.place(seq as u64))
    }

    /// `seq` of the row that an event is drawn in; undefined when nothing is drawn yet.
    #[wasm_bindgen(js_name = rowOf)]
    pub fn row_of(&self, seq: f64) -> Option<f64> {
        self.diagram.row(seq as u64).map(|seq| seq as f64)
    }

    /// Folds or unfolds the run that begins with this event.
    #[wasm_bindgen(js_name = toggleFold)]
    pub fn toggle_fold(&mut self, seq: f64) {
        self.diagram.toggle_fold(seq as u64);
    }

    /// Whether this event begins a run that is, or was, drawn as one arrow.
    #[wasm_bindgen(js_name = isRun)]
    pub fn is_run(&self, seq: f64) -> bool {
        self.diagram.is_run(seq as u64)
    }

    /// Whether an event changes the drawing: what does not takes no time when events appear one by one.
    pub fn moves(&mut self, seq: f64) -> bool {
        self.store.get(seq as u64).is_some_and(|event| {
            Diagram::moves(&event.what)
                && self.shown.filter().shows(&self.store, event)
                && self.diagram.has(&self.store, &event.what)
        })
    }

    /// The packet that an event is about, while it is held on the wire.
    #[wasm_bindgen(js_name = heldPacket)]
    pub fn held_packet(&self, seq: f64) -> Option<f64> {
        self.store.held_at(seq as u64).map(|id| id.0 as f64)
    }

    /// Numbers of the packets held on the wire, oldest first.
    pub fn held(&self) -> Vec<f64> {
        self.store.held().map(|(id, _)| id.0 as f64).collect()
    }

    /// Number of events kept.
    #[wasm_bindgen(js_name = eventCount)]
    pub fn event_count(&self) -> usize {
        self.store.len()
    }

    /// Number of rows of the event table.
    #[wasm_bindgen(js_name = rowCount)]
    pub fn row_count(&self) -> usize {
        self.shown.count(&self.store)
    }

    /// Rows of the event table: `{ index, seq, time, clock, kind, place, what, tone, sentence }`.
    #[wasm_bindgen(unchecked_return_type = "TableRow[]")]
    pub fn rows(&self, from: usize, count: usize) -> Result<JsValue, JsError> {
        parsed(&table::rows(&self.store, &self.shown, from, count.min(1_000)))
    }

    /// Index of the row of the first event whose `seq` is this or later.
    #[wasm_bindgen(js_name = indexOf)]
    pub fn index_of(&self, seq: f64) -> usize {
        self.shown.index_from(&self.store, seq as u64)
    }

    /// Everything about one event: `{ seq, title, sentence, fields, bytes, error, forms, line, caused_by,
    /// led_to }`; undefined when it is not kept.
    #[wasm_bindgen(unchecked_return_type = "Details | undefined")]
    pub fn details(&self, seq: f64) -> Result<JsValue, JsError> {
        object(&details::details(&self.store, seq as u64))
    }

    /// Why an event came, what it means and what comes next, in sentences, each with the events it rests on, as far as the
    /// events up to `upTo` tell (0: all of them); and the same of its whole connection.
    #[wasm_bindgen(unchecked_return_type = "Explained")]
    pub fn explain(&self, seq: f64, up_to: f64) -> Result<JsValue, JsError> {
        object(&explained::explained(&self.store, seq as u64, up_to as u64))
    }

    /// `seq` of everything that belongs together with an event.
    #[wasm_bindgen(unchecked_return_type = "number[]")]
    pub fn related(&self, seq: f64) -> Result<JsValue, JsError> {
        object(&belonging::related(&self.store, seq as u64))
    }

    /// `seq` of everything that belongs together with a line of a program's text, from 1: with the calls it made.
    #[wasm_bindgen(js_name = relatedToLine, unchecked_return_type = "number[]")]
    pub fn related_to_line(&self, program: u32, line: u32) -> Result<JsValue, JsError> {
        object(&belonging::related_to_line(&self.store, ProgramId(program), line))
    }

    /// The lines of code that made calls among these events: `{ host, program, line, seq, end }`, the last
    /// two of the newest call.
    #[wasm_bindgen(js_name = codeLines, unchecked_return_type = "CodeLine[]")]
    pub fn code_lines(&self, seqs: &[f64]) -> Result<JsValue, JsError> {
        let seqs: Vec<u64> = seqs.iter().map(|seq| *seq as u64).collect();
        object(&belonging::code_lines(&self.store, &seqs))
    }

    /// `seq` of what caused an event; undefined when nothing known did.
    #[wasm_bindgen(js_name = causeOf)]
    pub fn cause_of(&self, seq: f64) -> Option<f64> {
        self.store.cause_of(seq as u64).map(|seq| seq as f64)
    }

    /// `seq` of the first event that this one led to; undefined when there is none.
    #[wasm_bindgen(js_name = effectOf)]
    pub fn effect_of(&self, seq: f64) -> Option<f64> {
        self.store
            .effects_of(seq as u64)
            .into_iter()
            .find(|effect| *effect > seq as u64)
            .map(|seq| seq as f64)
    }

    /// The time of an event, nanoseconds since the room began.
    #[wasm_bindgen(js_name = timeOf)]
    pub fn time_of(&self, seq: f64) -> Option<f64> {
        self.store.get(seq as u64).map(|event| event.time as f64)
    }

    /// Tells a console of a call that somebody else made, by its event, begin or end: the number of its entry there, if
    /// it has one.
    pub fn observe(&self, console: &mut Console, seq: f64) -> Option<u32> {
        console.observe(observed_call(&self.store, seq as u64)?)
    }

    /// Sockets of a machine at `now` (nanoseconds since the room began).
    #[wasm_bindgen(unchecked_return_type = "SocketRow[]")]
    pub fn sockets(&self, host: u32, now: f64) -> Result<JsValue, JsError> {
        object(&sockets::sockets(&self.store, HostId(host), now as u64))
    }

    /// Calls that wait on a machine, or anywhere: `{ call, seq, host, program, programName, name, text, fd,
    /// sentence, since }`.
    #[wasm_bindgen(unchecked_return_type = "WaitingCall[]")]
    pub fn waiting(&self, host: Option<u32>) -> Result<JsValue, JsError> {
        object(&sockets::waiting(&self.store, host.map(HostId)))
    }

    /// Machines: `{ id, name, aliases, address, guest, ready_made, cable }`.
    #[wasm_bindgen(unchecked_return_type = "HostInfo[]")]
    pub fn hosts(&self) -> Result<JsValue, JsError> {
        object(&self.store.hosts().values().collect::<Vec<_>>())
    }

    /// The wire now: `{ held, delay_ms, loss, seed }`, and `holding`, the number of packets held.
    #[wasm_bindgen(unchecked_return_type = "WireNow")]
    pub fn wire(&self) -> Result<JsValue, JsError> {
        object(&WireNow { settings: self.store.wire(), holding: self.store.held().count() })
    }

    /// Every packet as tcpdump writes it, one a line.
    pub fn text(&self) -> String {
        text::text(&self.store)
    }

    /// Every packet as a pcapng file, its headers built anew; `began` is when the room did, in milliseconds since 1970.
    pub fn pcapng(&self, began: f64) -> Result<Vec<u8>, JsError> {
        let began = std::time::Duration::from_millis(began.max(0.0) as u64);
        Ok(packets_file::pcapng(&self.store, began)?)
    }

    /// Events `from` to `from + count` in the trace's JSON form, as `room.trace()` gives them.
    pub fn records(&self, from: usize, count: usize) -> Result<JsValue, JsError> {
        let names: &Names = self.store.names();
        object(
            &self.store.events_from(from).take(count).map(|event| record(event, names)).collect::<Vec<_>>(),
        )
    }
}

/// A kept recording: what a file of it holds.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Recording {
    kept: OpenedRecording,
}

#[wasm_bindgen]
impl Recording {
    /// Reads a file.
    ///
    /// # Errors
    /// An `Error` with a sentence for the person who opened it.
    #[wasm_bindgen(constructor)]
    pub fn new(bytes: &[u8]) -> Result<Self, JsError> {
        console_error_panic_hook();
        Ok(Self { kept: OpenedRecording::read(bytes)? })
    }

    /// What it is of, and everything that has a name in it.
    #[wasm_bindgen(unchecked_return_type = "RecordingAbout")]
    pub fn about(&self) -> Result<JsValue, JsError> {
        parsed(&recording::about(&self.kept))
    }

    /// The texts of programs, each as it ran first: `{ host, name, text }`.
    #[wasm_bindgen(unchecked_return_type = "RecordedText[]")]
    pub fn texts(&self) -> Result<JsValue, JsError> {
        parsed(&recording::texts(&self.kept))
    }
}

#[derive(Serialize)]
struct WireNow {
    #[serde(flatten)]
    settings: proto::room::WireSettings,
    holding: usize,
}

fn object(value: &impl Serialize) -> Result<JsValue, JsError> {
    let serializer = serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true);
    value.serialize(&serializer).map_err(JsError::from)
}

/// The same by way of JSON, which the browser reads at once: many small objects cost a call for every string
/// otherwise. What is absent has to be skipped in serialising, since JSON knows no `undefined`.
fn parsed(value: &impl Serialize) -> Result<JsValue, JsError> {
    let text = serde_json::to_string(value)?;
    js_sys::JSON::parse(&text).map_err(|_| JsError::new("what the view says is not JSON"))
}

/// A panic is a fault of ours: say where in the console, since wasm itself only traps.
fn console_error_panic_hook() {
    std::panic::set_hook(Box::new(|panic| {
        web_sys::console::error_1(&JsValue::from_str(&panic.to_string()));
    }));
}
