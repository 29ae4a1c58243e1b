//! A kept recording in the page: read once, shown up to any of its events.

mod shown;

use std::collections::BTreeMap;

use proto::{id::HostId, room::WireSettings, trace::What};
use serde::Serialize;
use share::{ReadError, Recording};
use tsify::Tsify;

use self::shown::show_names;
use super::store::TraceStore;

/// What a file holds, with all the names that its events tell.
#[derive(Debug)]
pub struct OpenedRecording {
    recording: Recording,
    /// Everything of it at once: machines and people that came and went have their names there.
    all: TraceStore,
}

impl OpenedRecording {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let mut recording = share::read(bytes)?;
        show_names(&mut recording);
        let mut all = TraceStore::new();
        all.seed_recording(&recording.header);
        for event in &recording.events {
            all.push(event.clone());
        }
        Ok(Self { recording, all })
    }

    /// What it is of.
    pub fn header(&self) -> &share::Header {
        &self.recording.header
    }

    /// How many events it has.
    pub fn events(&self) -> usize {
        self.recording.events.len()
    }

    /// Gives a store the events that it does not have yet, up to this `seq`, and the names that stand before all events.
    pub fn fill(&self, store: &mut TraceStore, up_to: u64) {
        let events = &self.recording.events;
        let from = events.partition_point(|event| event.seq <= store.last_seq());
        if from == 0 {
            store.seed_recording(&self.recording.header);
        }
        for event in events[from..].iter().take_while(|event| event.seq <= up_to) {
            store.push(event.clone());
        }
    }
}

/// What a recording is of, for the page.
#[derive(Debug, Serialize, Tsify)]
pub struct RecordingAbout {
    /// What somebody called it; may be empty.
    title: String,
    /// When it was made, in milliseconds since 1970.
    made: f64,
    /// The lesson that was worked on, if any, and the titles of its steps that were passed.
    lesson: Option<String>,
    passed: Vec<String>,
    names_hidden: bool,
    /// Events in it.
    events: usize,
    /// Events of the room that are not.
    evicted: f64,
    /// Events that this page does not know.
    unknown: f64,
    /// `seq` of the first and of the last; 0 where there are none.
    first: f64,
    last: f64,
    /// Nanoseconds since the room began, at the last.
    ends: f64,
    /// All machines that were ever there.
    hosts: Vec<RecordedHost>,
    /// All people that were ever there.
    members: Vec<RecordedMember>,
    /// The wire, when its programs began.
    wire: RecordedWire,
    /// Sentences that somebody pinned to events of it.
    notes: Vec<RecordedNote>,
}

/// A sentence at an event.
#[derive(Debug, Serialize, Tsify)]
pub struct RecordedNote {
    /// The event's `seq`.
    seq: f64,
    text: String,
}

/// A machine.
#[derive(Debug, Serialize, Tsify)]
#[serde(rename_all = "camelCase")]
pub struct RecordedHost {
    id: u32,
    name: String,
    aliases: Vec<String>,
    address: String,
    guest: Option<u32>,
    ready_made: bool,
    cable: bool,
}

/// A person.
#[derive(Debug, Serialize, Tsify)]
pub struct RecordedMember {
    id: u32,
    name: String,
    role: &'static str,
    host: Option<u32>,
}

/// The wire's settings.
#[derive(Debug, Serialize, Tsify)]
pub struct RecordedWire {
    held: bool,
    delay: u32,
    loss: f64,
    /// In decimal digits.
    seed: String,
}

/// The text of a program.
#[derive(Debug, Serialize, Tsify)]
pub struct RecordedText {
    host: String,
    name: String,
    text: String,
}

/// What a recording is of.
pub fn about(kept: &OpenedRecording) -> RecordingAbout {
    let OpenedRecording { recording, all } = kept;
    let header = &recording.header;
    let (lesson, passed) = match &header.lesson {
        Some(lesson) => (Some(lesson.id.clone()), lesson.passed.clone()),
        None => (None, Vec::new()),
    };
    let seq = |event: Option<&proto::trace::Event>| event.map_or(0.0, |event| event.seq as f64);
    RecordingAbout {
        title: header.title.clone(),
        made: header.made as f64 * 1000.0,
        lesson,
        passed,
        names_hidden: header.names_hidden,
        events: recording.events.len(),
        evicted: header.evicted as f64,
        unknown: recording.unknown as f64,
        first: seq(recording.events.first()),
        last: seq(recording.events.last()),
        ends: recording.events.last().map_or(0.0, |event| event.time as f64),
        hosts: hosts(all),
        members: members(all),
        wire: first_wire(recording),
        notes: notes(recording),
    }
}

/// The wire as it was when the first call was made: a room that begins there goes the same way. Where the settings of that time
/// are not told, those that are told first.
fn first_wire(recording: &Recording) -> RecordedWire {
    let (mut settings, mut told) = (recording.header.wire, false);
    for event in &recording.events {
        match &event.what {
            What::Wire { settings: now, .. } => {
                (settings, told) = (*now, true);
            }
            What::CallBegin(begin) if begin.by.is_some() => break,
            _ => {}
        }
    }
    if !told {
        let mut later = recording.events.iter().filter_map(|event| match &event.what {
            What::Wire { settings, .. } => Some(*settings),
            _ => None,
        });
        // A room begins with a wire that lets everything through.
        let first = later.next().filter(|_| recording.header.evicted == 0);
        settings =
            first.map_or(settings, |first| WireSettings { seed: first.seed, ..WireSettings::default() });
    }
    let WireSettings { held, delay_ms: delay, loss, seed } = settings;
    RecordedWire { held, delay, loss, seed: seed.to_string() }
}

/// Those of events that are here.
fn notes(recording: &Recording) -> Vec<RecordedNote> {
    let is_here = |seq: u64| recording.events.binary_search_by_key(&seq, |event| event.seq).is_ok();
    let notes = recording.header.notes.iter().filter(|note| is_here(note.seq));
    notes.map(|note| RecordedNote { seq: note.seq as f64, text: note.text.clone() }).collect()
}

fn hosts(all: &TraceStore) -> Vec<RecordedHost> {
    let hosts = all.hosts().values();
    hosts
        .map(|host| RecordedHost {
            id: host.id.0,
            name: host.name.clone(),
            aliases: host.aliases.clone(),
            address: host.address.to_string(),
            guest: host.guest.map(|guest| guest.0),
            ready_made: host.ready_made,
            cable: host.cable,
        })
        .collect()
}

fn members(all: &TraceStore) -> Vec<RecordedMember> {
    let members = all.members().values();
    members
        .map(|member| RecordedMember {
            id: member.id.0,
            name: member.name.clone(),
            role: member.role.name(),
            host: member.host.map(|host| host.0),
        })
        .collect()
}

/// The text of each program as it ran first, by machine and name; of one that never ran, the first that is told.
pub fn texts(kept: &OpenedRecording) -> Vec<RecordedText> {
    let (mut texts, mut ran) = (BTreeMap::<(HostId, &str), &str>::new(), BTreeMap::new());
    let mut latest = BTreeMap::new();
    for event in &kept.recording.events {
        match &event.what {
            What::Source { host, name, text: Some(text), .. } => {
                latest.insert((*host, name.as_str()), text.as_str());
                texts.entry((*host, name)).or_insert(text);
            }
            What::ProgramBegan(program) => {
                let key = (program.host, program.name.as_str());
                if let Some(text) = latest.get(&key) {
                    ran.entry(key).or_insert(*text);
                }
            }
            _ => {}
        }
    }
    texts.extend(ran);
    texts
        .into_iter()
        .map(|((host, name), text)| RecordedText {
            host: kept.all.names().host(host),
            name: name.to_owned(),
            text: text.to_owned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proto::{
        call::Call,
        id::{CallRef, Fd, HostId, MemberId, ProgramId},
        room::{Lifetime, ProgramInfo},
        trace::{CallBegin, Data, Event, What},
    };
    use share::Header;

    use super::*;

    fn of(header: &Header, whats: impl IntoIterator<Item = What>) -> OpenedRecording {
        let events: Vec<Event> =
            whats.into_iter().zip(1..).map(|(what, seq)| Event { seq: seq * 2, time: seq, what }).collect();
        let (lines, _) = share::select(&events).unwrap();
        OpenedRecording::read(share::write(header, &lines).unwrap().as_bytes()).unwrap()
    }

    fn source(text: &str) -> What {
        let text = Some(text.into());
        What::Source { by: MemberId(1), host: HostId(1), name: "a.py".into(), text }
    }

    fn began() -> What {
        let (id, host, by) = (ProgramId(1), HostId(1), Some(MemberId(1)));
        What::ProgramBegan(ProgramInfo { id, host, by, name: "a.py".into(), lifetime: Lifetime::Page })
    }

    fn kept() -> OpenedRecording {
        let output = What::Output { program: ProgramId(1), error: false, text: "hello".into() };
        let header = Header { made: 1, title: "t".into(), ..Header::default() };
        of(&header, [source("one"), output, source("two"), What::Left(MemberId(1))])
    }

    #[test]
    fn it_is_shown_up_to_any_event() {
        let (kept, mut store) = (kept(), TraceStore::new());
        for (up_to, len) in [(0, 0), (1, 0), (2, 1), (5, 2), (5, 2), (8, 4), (1_000, 4)] {
            kept.fill(&mut store, up_to);
            assert_eq!(store.len(), len, "up to {up_to}");
        }
    }

    #[test]
    fn a_copy_begins_with_each_program_as_it_ran_first() {
        let whats = |ran: &[&str], then: &str| {
            let before = ran.iter().map(|text| source(text)).collect::<Vec<_>>();
            before.into_iter().chain([began(), source(then), began()]).collect::<Vec<_>>()
        };
        let first = |kept: &OpenedRecording| {
            let texts = texts(kept);
            assert_eq!((texts.len(), texts[0].name.as_str()), (1, "a.py"));
            texts[0].text.clone()
        };
        assert_eq!(first(&of(&Header::default(), whats(&["half", "one"], "two"))), "one");
        assert_eq!(first(&kept()), "one", "it never ran");
        let about = about(&kept());
        assert_eq!((about.events, about.first as u64, about.last as u64), (4, 2, 8));
    }

    #[test]
    fn a_copy_begins_with_the_wire_of_the_first_call() {
        let set = |held, delay_ms, seed| {
            let settings = WireSettings { held, delay_ms, loss: 0.5, seed };
            What::Wire { by: Some(MemberId(1)), settings, rule: None }
        };
        let call = || {
            What::CallBegin(CallBegin {
                id: CallRef(1),
                by: Some(MemberId(1)),
                host: HostId(1),
                program: ProgramId(1),
                call: Call::Close { fd: Fd(3) },
                data: Data::default(),
                socket: None,
                line: None,
                thread: None,
            })
        };
        let at_the_end = |evicted| Header {
            wire: WireSettings { held: false, delay_ms: 9, loss: 0.9, seed: 9 },
            evicted,
            ..Header::default()
        };
        let wire = |evicted, whats: Vec<What>| {
            let RecordedWire { held, delay, loss, seed } = about(&of(&at_the_end(evicted), whats)).wire;
            (held, delay, loss, seed)
        };
        let first = vec![set(false, 1, 7), set(true, 2, 7), call(), set(false, 3, 8)];
        assert_eq!(wire(0, first), (true, 2, 0.5, "7".to_owned()));
        // Nobody had touched it; which seed it had is told later.
        assert_eq!(wire(0, vec![call(), set(true, 3, 8)]), (false, 0, 0.0, "8".to_owned()));
        // Nobody ever did, or it is not told any more.
        assert_eq!(wire(0, vec![call()]), (false, 9, 0.9, "9".to_owned()));
        assert_eq!(wire(5, vec![call(), set(true, 3, 8)]), (false, 9, 0.9, "9".to_owned()));
    }
}
