//! Writes a file, and decides what has room in it.

use proto::{
    limits,
    trace::{Event, What},
};

use crate::{event, header::Header};

/// Of the room in a file, the part that what everything else stands on may take before anything else: texts of programs,
/// machines, people and the beginnings of programs.
const STANDING: usize = 4;

/// What cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The header alone is longer than a line may be.
    #[error("the machines, people and programs of this room do not fit into a recording")]
    Header,
    /// An event has no JSON form; never seen.
    #[error("an event could not be written")]
    Json(#[from] serde_json::Error),
}

/// Writes a header and the events that [`select`] left: lines of JSON, each with its end.
///
/// # Errors
/// [`WriteError`].
pub fn write(header: &Header, lines: &[String]) -> Result<String, WriteError> {
    let mut header = header.clone();
    header.events = lines.len() as u64;
    let first = header.line()?;
    if first.len() > limits::SHARE_LINE {
        return Err(WriteError::Header);
    }
    let mut text =
        String::with_capacity(first.len() + lines.iter().map(|line| line.len() + 1).sum::<usize>() + 1);
    for line in std::iter::once(&first).chain(lines) {
        text.push_str(line);
        text.push('\n');
    }
    Ok(text)
}

/// Of these events, in order, those that a file has room for, as lines: the newest, but for what the others stand on, which
/// may be older. With them the number of those left out.
///
/// # Errors
/// [`WriteError::Json`].
pub fn select(events: &[Event]) -> Result<(Vec<String>, u64), WriteError> {
    let lines = events.iter().map(event::line).collect::<Result<Vec<_>, _>>()?;
    // The header has a line's room.
    let (bytes, count) = (limits::SHARE_BYTES - limits::SHARE_LINE, limits::SHARE_EVENTS);
    let mut keep = vec![false; lines.len()];
    let mut taken = Room { bytes, count };
    let mut standing = Room { bytes: bytes / STANDING, count: count / STANDING };
    for at in (0..lines.len()).rev() {
        if stands(&events[at].what) && standing.take(&lines[at]) {
            taken.take(&lines[at]);
            keep[at] = true;
        }
    }
    for at in (0..lines.len()).rev().filter(|at| !stands(&events[*at].what)) {
        if !taken.take(&lines[at]) {
            break;
        }
        keep[at] = true;
    }
    let all = lines.len();
    let mut keep = keep.into_iter();
    let kept: Vec<String> = lines.into_iter().filter(|_| keep.next().unwrap_or(false)).collect();
    let left_out = (all - kept.len()) as u64;
    Ok((kept, left_out))
}

/// Whether the event with this `seq` is among the lines that [`select`] left.
pub fn has(lines: &[String], seq: u64) -> bool {
    let beginning = format!("{{\"seq\":{seq},");
    lines.iter().any(|line| line.starts_with(&beginning))
}

/// Whether others cannot be understood without it.
fn stands(what: &What) -> bool {
    match what {
        What::Source { text, .. } => text.is_some(),
        What::ProgramBegan(_) | What::HostAppeared(_) | What::HostChanged { .. } | What::Joined(_) => true,
        _ => false,
    }
}

/// What is left of a file.
struct Room {
    bytes: usize,
    count: usize,
}

impl Room {
    fn take(&mut self, line: &str) -> bool {
        let fits = self.count > 0 && line.len() < self.bytes && line.len() <= limits::SHARE_LINE;
        if fits {
            self.bytes -= line.len() + 1;
            self.count -= 1;
        }
        fits
    }
}
