//! The format from outside: there and back, files of earlier days, and bytes that are no recording.

#![allow(clippy::unwrap_used, reason = "all of this is test code, its helpers too")]

mod any;
mod bounds;
mod compared;
mod extreme;
mod golden;
mod hostile;
mod there_and_back;

use proto::trace::Event;
use share::{Header, Recording};

/// A file of these.
fn written(header: &Header, events: &[Event]) -> String {
    let (lines, _) = share::select(events).unwrap();
    share::write(header, &lines).unwrap()
}

fn read(text: &str) -> Recording {
    share::read(text.as_bytes()).unwrap()
}
