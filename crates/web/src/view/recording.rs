//! A kept recording in the page: read once, shown up to any of its events.

use std::collections::BTreeMap;

use proto::{id::HostId, trace::What};
use serde::Serialize;
use share::{ReadError, Recording};
use tsify::Tsify;

use super::store::TraceStore;
use crate::visible::visible;

/// What a file holds, with all the names that its events tell.
#[derive(Debug)]
pub struct Kept {
    recording: Recording,
    /// Everything of it at once: machines and people that came and went have their names there.
    all: TraceStore,
}

impl Kept {
    /// Reads a file.
    ///
    /// # Errors
    /// [`ReadError`].
    pub fn read(bytes: &[u8]) -> Result<Self, ReadError> {
        let recording = share::read(bytes)?;
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
    /// The wire, when it was made.
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
}

/// The text of a program.
#[derive(Debug, Serialize, Tsify)]
pub struct RecordedText {
    host: String,
    name: String,
    text: String,
}

/// What a recording is of.
pub fn about(kept: &Kept) -> RecordingAbout {
    let Kept { recording, all } = kept;
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
        wire: RecordedWire { held: header.wire.held, delay: header.wire.delay_ms, loss: header.wire.loss },
        notes: notes(recording),
    }
}

/// Those of events that are here.
fn notes(recording: &Recording) -> Vec<RecordedNote> {
    let is_here = |seq: u64| recording.events.binary_search_by_key(&seq, |event| event.seq).is_ok();
    let notes = recording.header.notes.iter().filter(|note| is_here(note.seq));
    notes.map(|note| RecordedNote { seq: note.seq as f64, text: visible(&note.text) }).collect()
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

/// The latest text of each program, by machine and name.
pub fn texts(kept: &Kept) -> Vec<RecordedText> {
    let mut texts: BTreeMap<(HostId, &str), &str> = BTreeMap::new();
    for event in &kept.recording.events {
        if let What::Source { host, name, text: Some(text), .. } = &event.what {
            texts.insert((*host, name), text);
        }
    }
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
        id::{HostId, MemberId, ProgramId},
        trace::{Event, What},
    };
    use share::Header;

    use super::*;

    fn kept() -> Kept {
        let source = |text: &str| What::Source {
            by: MemberId(1),
            host: HostId(1),
            name: "a.py".into(),
            text: Some(text.into()),
        };
        let output = What::Output { program: ProgramId(1), error: false, text: "hello".into() };
        let whats = [source("one"), output, source("two"), What::Left(MemberId(1))];
        let events: Vec<Event> =
            whats.into_iter().zip(1..).map(|(what, seq)| Event { seq: seq * 2, time: seq, what }).collect();
        let (lines, _) = share::select(&events).unwrap();
        let header = Header { made: 1, title: "t".into(), ..Header::default() };
        Kept::read(share::write(&header, &lines).unwrap().as_bytes()).unwrap()
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
    fn the_newest_text_of_a_program_is_what_a_copy_begins_with() {
        let texts = texts(&kept());
        assert_eq!(texts.len(), 1);
        assert_eq!((texts[0].name.as_str(), texts[0].text.as_str()), ("a.py", "two"));
        let about = about(&kept());
        assert_eq!((about.events, about.first as u64, about.last as u64), (4, 2, 8));
    }
}
