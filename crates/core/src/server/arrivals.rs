//! Calls whose payload is still coming, and what must not overtake them.
//!
//! A call begins when its payload is complete. Calls of one program begin in the order in which they were made, so
//! a small one waits for a large one before it; other programs go on.

use std::collections::{HashMap, VecDeque};

use bytes::{Bytes, BytesMut};

use super::ServerEvent;
use crate::{
    call::{Call, Wait},
    error::DecodeError,
    id::{CallId, ProgramId},
    message::ClientMessage,
};

/// A call and the part of its payload that is here.
pub(super) struct Arriving {
    pub(super) id: CallId,
    pub(super) program: ProgramId,
    pub(super) call: Call,
    pub(super) wait: Wait,
    pub(super) line: Option<u32>,
    pub(super) thread: Option<String>,
    pub(super) payload: Bytes,
}

#[derive(Debug)]
struct Entry {
    program: ProgramId,
    event: ServerEvent,
}

#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// In order of arrival: incomplete calls, and what waits behind them.
    queue: VecDeque<Entry>,
    /// Payloads that are not complete, with the bytes missing.
    incomplete: HashMap<CallId, Incomplete>,
}

#[derive(Debug)]
struct Incomplete {
    /// Nobody waits for it: the call was refused or cancelled.
    discarded: bool,
    bytes: BytesMut,
    missing: usize,
}

impl Arrivals {
    pub(super) fn expects(&self, id: CallId) -> bool {
        self.incomplete.contains_key(&id)
    }

    pub(super) fn call(&mut self, arriving: Arriving) {
        let Arriving { id, program, call, wait, line, thread, payload } = arriving;
        let length = call.payload_length() as usize;
        let missing = length - payload.len();
        let payload = if missing > 0 {
            let mut bytes = BytesMut::with_capacity(length);
            bytes.extend_from_slice(&payload);
            self.incomplete.insert(id, Incomplete { discarded: false, bytes, missing });
            Bytes::new()
        } else {
            payload
        };
        self.queue.push_back(Entry {
            program,
            event: ServerEvent::Call { id, program, call, wait, line, thread, payload },
        });
    }

    /// A message about a program, which must not overtake its calls.
    pub(super) fn message(&mut self, program: ProgramId, message: ClientMessage) {
        self.queue.push_back(Entry { program, event: ServerEvent::Message(message) });
    }

    /// Payload bytes of a refused call are on their way: they will go nowhere.
    pub(super) fn discard(&mut self, id: CallId, missing: usize) {
        if missing > 0 {
            self.incomplete.insert(id, Incomplete { discarded: true, bytes: BytesMut::new(), missing });
        }
    }

    pub(super) fn data(&mut self, id: CallId, bytes: &Bytes) -> Result<(), DecodeError> {
        let Some(entry) = self.incomplete.get_mut(&id) else {
            return Err(DecodeError::UnknownCall { id: id.0 });
        };
        let Some(missing) = entry.missing.checked_sub(bytes.len()) else {
            return Err(DecodeError::Trailing { field: "Data", bytes: bytes.len() - entry.missing });
        };
        entry.missing = missing;
        if !entry.discarded {
            entry.bytes.extend_from_slice(bytes);
        }
        if missing == 0
            && let Some(complete) = self.incomplete.remove(&id)
        {
            self.complete(id, complete.bytes.freeze());
        }
        Ok(())
    }

    fn complete(&mut self, id: CallId, bytes: Bytes) {
        for entry in &mut self.queue {
            if let ServerEvent::Call { id: of, payload, .. } = &mut entry.event
                && *of == id
            {
                *payload = bytes;
                return;
            }
        }
    }

    /// Takes a call out that has not begun. False if there is none with this number.
    pub(super) fn cancel(&mut self, id: CallId) -> bool {
        let Some(position) = self.queue.iter().position(|entry| entry.event.call_id() == Some(id)) else {
            return false;
        };
        self.queue.remove(position);
        if let Some(entry) = self.incomplete.get_mut(&id) {
            entry.discarded = true;
            entry.bytes = BytesMut::new();
        }
        true
    }

    /// Drops everything, and says which calls that were.
    pub(super) fn clear(&mut self) -> Vec<CallId> {
        self.incomplete.clear();
        self.queue.drain(..).filter_map(|entry| entry.event.call_id()).collect()
    }

    /// The next event that nothing of its program has to wait for.
    pub(super) fn poll(&mut self) -> Option<ServerEvent> {
        let position = if self.incomplete.is_empty() { 0 } else { self.ready()? };
        self.queue.remove(position).map(|entry| entry.event)
    }

    fn ready(&self) -> Option<usize> {
        let mut blocked = Vec::new();
        self.queue.iter().position(|entry| {
            if entry.event.call_id().is_some_and(|id| self.incomplete.contains_key(&id)) {
                blocked.push(entry.program);
            }
            !blocked.contains(&entry.program)
        })
    }
}
