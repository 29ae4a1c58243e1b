//! The first line of a file: what was there before its first event, and what it is.

use proto::{
    id::MemberId,
    limits,
    room::{HostInfo, MemberInfo, ProgramInfo, WireSettings},
};
use serde::{Deserialize, Serialize};

use crate::{
    read_error::ReadError,
    state::{Machine, Person, Program, Wire},
};

/// What every file of this format begins with, in its header.
pub const FORMAT: &str = "wireside-share/1";

/// What a recording is of.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Header {
    /// When it was made, in seconds since 1970.
    pub made: u64,
    /// What somebody called it; empty where nobody did. At most [`limits::SHARE_TITLE`] characters.
    pub title: String,
    /// The lesson that was worked on last, as far as the trace tells.
    pub lesson: Option<Lesson>,
    /// Whether people's names were taken out.
    pub names_hidden: bool,
    /// Events that happened in the room and are not in the file: evicted before it was made, or for want of room.
    pub evicted: u64,
    /// How many events follow.
    pub events: u64,
    /// The machines, as they were when it was made; those that had gone before are in the events.
    pub hosts: Vec<HostInfo>,
    /// The programs, likewise.
    pub programs: Vec<ProgramInfo>,
    /// The people, likewise.
    pub members: Vec<MemberInfo>,
    /// The wire, when it was made.
    pub wire: WireSettings,
    /// Sentences that somebody pinned to events; at most [`limits::SHARE_NOTES`].
    pub notes: Vec<Note>,
}

/// A lesson, and how far somebody came in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lesson {
    /// Its id.
    pub id: String,
    /// The titles of the steps that were passed.
    pub passed: Vec<String>,
}

/// A sentence at an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Note {
    /// The event's `seq`.
    pub seq: u64,
    /// The sentence; at most [`limits::SHARE_NOTE`] characters.
    pub text: String,
}

impl Note {
    /// With no more text than a note may have.
    fn bounded(self) -> Self {
        Self { text: self.text.chars().take(limits::SHARE_NOTE).collect(), ..self }
    }
}

/// The header's line.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    format: String,
    made: u64,
    #[serde(default)]
    title: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    lesson: Option<Lesson>,
    #[serde(default)]
    names_hidden: bool,
    evicted: u64,
    events: u64,
    machines: Vec<Machine>,
    programs: Vec<Program>,
    people: Vec<Person>,
    wire: Wire,
    #[serde(default)]
    notes: Vec<Note>,
}

/// The least that a first line has to say, whatever comes after this version.
#[derive(Deserialize)]
struct Named {
    format: String,
}

impl Header {
    /// The lesson that these events tell of: the last one that somebody came further in.
    pub fn lesson_of<'event>(
        events: impl IntoIterator<Item = &'event proto::trace::Event>,
    ) -> Option<Lesson> {
        let mut last: Option<Lesson> = None;
        for event in events {
            let proto::trace::What::Progress { lesson, step, outcome, .. } = &event.what else { continue };
            let lesson = match last.take().filter(|last| last.id == *lesson) {
                Some(last) => last,
                None => Lesson { id: lesson.clone(), passed: Vec::new() },
            };
            let lesson = last.insert(lesson);
            let passed = matches!(outcome, proto::room::StepOutcome::Passed { .. });
            if passed && !lesson.passed.contains(step) {
                lesson.passed.push(step.clone());
            }
        }
        last
    }

    /// The person whose number this is.
    pub fn member(&self, id: MemberId) -> Option<&MemberInfo> {
        self.members.iter().find(|member| member.id == id)
    }

    /// Of the first bytes of a file, which have to have all of its first line: what it is of, without its events.
    ///
    /// # Errors
    /// [`ReadError`], for that line.
    pub fn read(beginning: &[u8]) -> Result<Self, ReadError> {
        let end = beginning.iter().position(|byte| *byte == b'\n').ok_or(ReadError::NoRecording)?;
        let line = std::str::from_utf8(&beginning[..end]).map_err(|_| ReadError::NoRecording)?;
        Self::parse(line)
    }

    /// As a line, without its end.
    pub(crate) fn line(&self) -> serde_json::Result<String> {
        serde_json::to_string(&Line {
            format: FORMAT.to_owned(),
            made: self.made,
            title: self.title.clone(),
            lesson: self.lesson.clone(),
            names_hidden: self.names_hidden,
            evicted: self.evicted,
            events: self.events,
            machines: self.hosts.iter().map(Machine::of).collect(),
            programs: self.programs.iter().map(Program::of).collect(),
            people: self.members.iter().map(Person::of).collect(),
            wire: Wire::of(&self.wire),
            notes: self.notes.clone(),
        })
    }

    /// Of a line.
    pub(crate) fn parse(line: &str) -> Result<Self, ReadError> {
        let named: Named = serde_json::from_str(line).map_err(|_| ReadError::NoRecording)?;
        if named.format != FORMAT {
            return Err(match named.format.starts_with("wireside-share/") {
                true => ReadError::Newer(named.format.chars().take(limits::NAME).collect()),
                false => ReadError::NoRecording,
            });
        }
        let line: Line = serde_json::from_str(line).map_err(|_| ReadError::Malformed { line: 1 })?;
        Ok(Self {
            made: line.made,
            title: line.title.chars().take(limits::SHARE_TITLE).collect(),
            lesson: line.lesson,
            names_hidden: line.names_hidden,
            evicted: line.evicted,
            events: line.events,
            hosts: line.machines.into_iter().map(Machine::info).collect(),
            programs: line.programs.into_iter().map(Program::info).collect(),
            // Somebody in a role that is not known here is somebody whose name is not known.
            members: line.people.into_iter().filter_map(Person::info).collect(),
            wire: line.wire.settings().ok_or(ReadError::Malformed { line: 1 })?,
            notes: line.notes.into_iter().take(limits::SHARE_NOTES).map(Note::bounded).collect(),
        })
    }
}
