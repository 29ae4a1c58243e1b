//! A recording that is kept: one file, `wireside-share/1`, made of lines of JSON. `docs/share-format.md` describes it for
//! whoever reads it without us.
//!
//! The server writes it and the page reads it, both from here. It is a format of its own: the trace's form between server
//! and page may change with the protocol, files that were kept may not. What a newer Wireside adds (kinds of events, words,
//! fields) is passed over and counted. This crate opens no file, reads no clock and knows no person.

mod call;
mod compare;
mod event;
mod header;
mod hide;
mod outcome;
mod packet;
mod read;
mod read_error;
mod state;
mod words;
mod write;

pub use compare::{Comparison, Difference, FILLED, compare};
pub use header::{FORMAT, Header, Lesson, Note};
pub use hide::hide_names;
pub use read::{Recording, read};
pub use read_error::ReadError;
pub use write::{WriteError, has, select, write};
