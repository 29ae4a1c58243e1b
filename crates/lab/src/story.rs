//! What happened around each packet of a room, read from its trace.

use proto::{
    comments::{self, Teller},
    id::PacketId,
    trace::Event,
};

use crate::{log::TraceLog, request::Directory};

/// Bytes of a trace that are read at a time.
const PIECE: usize = 64 * 1024;

/// The sentences of a room, by packet.
#[derive(Debug, Default)]
pub struct Story(comments::Story);

impl Story {
    /// Reads a trace, whose machines and programs are these and those that it names.
    pub fn of(trace: &TraceLog, room: &Directory) -> Self {
        let mut teller = Teller::default();
        room.hosts.iter().for_each(|host| teller.host(host));
        room.programs.iter().for_each(|program| teller.program(program));
        let mut next = 1;
        loop {
            let batch = trace.read(next, PIECE);
            if batch.events.is_empty() {
                return Self(teller.end());
            }
            let mut rest = &batch.events[..];
            while let Ok((event, after)) = postcard::take_from_bytes::<Event>(rest) {
                rest = after;
                teller.hear(&event.what);
            }
            next = batch.next;
        }
    }

    /// What there is to say at a packet, in order.
    pub(crate) fn at(&self, packet: PacketId) -> &[String] {
        self.0.at(packet)
    }
}
