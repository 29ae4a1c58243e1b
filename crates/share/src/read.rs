//! Reads a file. Whatever the bytes are, it ends with a recording or with one error, and takes no more than they do.

use proto::{
    limits::{self, Limit},
    trace::Event,
};

use crate::{event, header::Header, read_error::ReadError};

/// Larger numbers of events and times are not the same in every reader of JSON.
const LARGEST: u64 = 1 << 53;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What it is of.
    pub header: Header,
    /// Its events that are known here, in order.
    pub events: Vec<Event>,
    /// How many there are besides, of kinds or with words that are not known here.
    pub unknown: u64,
}

/// Reads a file's bytes.
///
/// # Errors
/// [`ReadError`], for the first thing that is wrong.
pub fn read(bytes: &[u8]) -> Result<Recording, ReadError> {
    if bytes.len() > limits::SHARE_BYTES {
        return Err(ReadError::TooLarge(Limit::ShareBytes));
    }
    let mut lines = Lines { rest: bytes, number: 0 };
    let header = match lines.next() {
        Some((_, line, true)) => Header::parse(bounded(line, 1)?)?,
        Some((_, line, false)) => {
            let missing = Header::parse(bounded(line, 1)?)?.events;
            return Err(ReadError::Cut { missing });
        }
        None => return Err(ReadError::NoRecording),
    };
    if header.events > limits::SHARE_EVENTS as u64 {
        return Err(ReadError::TooLarge(Limit::ShareEvents));
    }
    let mut recording = Recording { header, events: Vec::new(), unknown: 0 };
    let mut last = event::Head { seq: 0, time: 0 };
    let mut count = 0;
    for (number, line, whole) in lines {
        if !whole {
            // The last line has no end: whatever stands there, something after it is missing.
            if count == recording.header.events {
                return Err(ReadError::Malformed { line: number });
            }
            break;
        }
        count += 1;
        if count > recording.header.events {
            return Err(ReadError::Malformed { line: number });
        }
        let malformed = ReadError::Malformed { line: number };
        let (head, event) = event::parse(bounded(line, number)?).map_err(|_| malformed.clone())?;
        let in_order = head.seq > last.seq && head.time >= last.time;
        if !in_order || head.seq > LARGEST || head.time > LARGEST {
            return Err(malformed);
        }
        last = head;
        match event {
            Some(event) => recording.events.push(event),
            None => recording.unknown += 1,
        }
    }
    match recording.header.events - count {
        0 => Ok(recording),
        missing => Err(ReadError::Cut { missing }),
    }
}

fn bounded(line: &[u8], number: usize) -> Result<&str, ReadError> {
    if line.len() > limits::SHARE_LINE {
        return Err(ReadError::TooLarge(Limit::ShareLine));
    }
    let malformed = if number == 1 { ReadError::NoRecording } else { ReadError::Malformed { line: number } };
    std::str::from_utf8(line).map_err(|_| malformed)
}

/// The lines of a file with their numbers, and whether each has its end.
struct Lines<'bytes> {
    rest: &'bytes [u8],
    number: usize,
}

impl<'bytes> Iterator for Lines<'bytes> {
    type Item = (usize, &'bytes [u8], bool);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        self.number += 1;
        let end = self.rest.iter().position(|byte| *byte == b'\n');
        let line = &self.rest[..end.unwrap_or(self.rest.len())];
        self.rest = &self.rest[end.map_or(self.rest.len(), |end| end + 1)..];
        Some((self.number, line, end.is_some()))
    }
}
