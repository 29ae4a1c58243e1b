//! Makes a recording of what a room's trace has.

use std::time::SystemTime;

use lab::{Directory, TraceLog};
use share::{Header, Note, WriteError};

/// What somebody wants of a recording.
#[derive(Clone, Debug, Default)]
pub(crate) struct RecordingOptions {
    /// What to call it; may be empty.
    pub(crate) title: String,
    /// Whether people's names are taken out.
    pub(crate) hide_names: bool,
    /// What to pin to events of it; those of events that are not in it are left out.
    pub(crate) notes: Vec<Note>,
}

/// A recording that was made.
#[derive(Clone, Debug)]
pub(crate) struct Recorded {
    /// The file.
    pub(crate) text: String,
    /// Events in it.
    pub(crate) events: u64,
    /// Events of the room that are not.
    pub(crate) evicted: u64,
    /// Notes in it.
    pub(crate) notes: u64,
}

/// Makes one of everything that is kept of a room, now.
///
/// # Errors
/// [`WriteError`].
pub(crate) fn recorded(
    trace: &TraceLog,
    room: Directory,
    asked: RecordingOptions,
) -> Result<Recorded, WriteError> {
    let (mut events, evicted) = trace.all();
    let made = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let Directory { members, hosts, programs, wire } = room;
    let mut header = Header {
        made,
        title: asked.title,
        lesson: Header::lesson_of(&events),
        hosts,
        programs,
        members,
        wire,
        notes: asked.notes,
        ..Header::default()
    };
    if asked.hide_names {
        share::hide_names(&mut header, &mut events);
    }
    let (lines, left_out) = share::select(&events)?;
    header.evicted = evicted + left_out;
    header.notes.retain(|note| share::has(&lines, note.seq));
    let text = share::write(&header, &lines)?;
    Ok(Recorded {
        text,
        events: lines.len() as u64,
        evicted: header.evicted,
        notes: header.notes.len() as u64,
    })
}
