//! What happened around each packet of a room, read from its trace.

use proto::{
    comments::{CommentWriter, Comments},
    trace::Event,
};

use crate::{log::TraceLog, request::Directory};

/// Bytes of a trace that are read at a time.
const PIECE: usize = 64 * 1024;

/// Reads a trace, whose machines and programs are these and those that it names.
pub fn comments_of(trace: &TraceLog, room: &Directory) -> Comments {
    let mut writer = CommentWriter::default();
    room.hosts.iter().for_each(|host| writer.host(host));
    room.programs.iter().for_each(|program| writer.program(program));
    let mut next = 1;
    loop {
        let batch = trace.read(next, PIECE);
        if batch.events.is_empty() {
            return writer.end();
        }
        let mut rest = &batch.events[..];
        while let Ok((event, after)) = postcard::take_from_bytes::<Event>(rest) {
            rest = after;
            writer.add(&event.what);
        }
        next = batch.next;
    }
}
