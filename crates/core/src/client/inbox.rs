//! Results that are waited for, and those whose bytes are still coming.

use std::collections::{HashMap, HashSet};

use bytes::{Bytes, BytesMut};

use super::ClientEvent;
use crate::{call::Outcome, error::DecodeError, id::CallId, limits};

#[derive(Debug, Default)]
pub(super) struct Inbox {
    outstanding: HashSet<CallId>,
    incomplete: HashMap<CallId, Incomplete>,
}

#[derive(Debug)]
struct Incomplete {
    outcome: Outcome,
    bytes: BytesMut,
    missing: usize,
}

impl Inbox {
    pub(super) fn expect(&mut self, id: CallId) {
        self.outstanding.insert(id);
    }

    pub(super) fn expects(&self, id: CallId) -> bool {
        self.outstanding.contains(&id)
    }

    pub(super) fn forget(&mut self, id: CallId) -> bool {
        self.outstanding.remove(&id)
    }

    pub(super) fn len(&self) -> usize {
        self.outstanding.len()
    }

    pub(super) fn outstanding(&self) -> impl Iterator<Item = CallId> {
        self.outstanding.iter().copied()
    }

    /// A result with the first of its bytes. The event, if it is complete and somebody waits for it.
    pub(super) fn result(
        &mut self,
        id: CallId,
        outcome: Outcome,
        payload: Bytes,
    ) -> Result<Option<ClientEvent>, DecodeError> {
        let length = outcome.as_ref().map_or(0, |value| value.payload_length() as usize);
        if length > limits::CALL_PAYLOAD as usize {
            return Err(DecodeError::TooLong { field: "Result", limit: limits::CALL_PAYLOAD as usize });
        }
        let Some(missing) = length.checked_sub(payload.len()) else {
            return Err(DecodeError::Trailing { field: "Result", bytes: payload.len() - length });
        };
        if missing == 0 {
            return Ok(self.forget(id).then_some(ClientEvent::Result { id, outcome, payload }));
        }
        if self.incomplete.contains_key(&id) {
            return Err(DecodeError::CallTwice { id: id.0 });
        }
        let mut bytes = BytesMut::with_capacity(length);
        bytes.extend_from_slice(&payload);
        self.incomplete.insert(id, Incomplete { outcome, bytes, missing });
        Ok(None)
    }

    /// More bytes of a result.
    pub(super) fn data(&mut self, id: CallId, bytes: &Bytes) -> Result<Option<ClientEvent>, DecodeError> {
        let Some(entry) = self.incomplete.get_mut(&id) else {
            return Err(DecodeError::UnknownCall { id: id.0 });
        };
        let Some(missing) = entry.missing.checked_sub(bytes.len()) else {
            return Err(DecodeError::Trailing { field: "Data", bytes: bytes.len() - entry.missing });
        };
        entry.missing = missing;
        entry.bytes.extend_from_slice(bytes);
        if missing > 0 {
            return Ok(None);
        }
        let Some(Incomplete { outcome, bytes, .. }) = self.incomplete.remove(&id) else { return Ok(None) };
        Ok(self.forget(id).then(|| ClientEvent::Result { id, outcome, payload: bytes.freeze() }))
    }
}
