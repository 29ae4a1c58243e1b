//! One seat of a class: a pupil, and the room they have now.

use std::{
    sync::{Arc, Weak},
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lab::Digest;
use proto::{
    limits::{self, Limit},
    message::Secret,
};
use serde::Serialize;
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;

use super::act::ActError;
use crate::{allowance::Allowance, room::Room};

/// After the first few a hand goes up or down once in this time: all pages of a class hear of each.
const HAND: Duration = Duration::from_secs(5);

/// A seat. Times are milliseconds since the class began.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) name: String,
    pub(super) key: Secret,
    room: Weak<Room>,
    /// Its room's id, the teacher's key to it, and when it began.
    pub(super) id: String,
    pub(super) look: String,
    pub(super) began: u64,
    /// What was last known of the room.
    pub(super) digest: Digest,
    pub(super) hand: Option<u64>,
    /// What is left of how often it goes up and down.
    hands: Allowance,
    pub(super) note: Option<Note>,
    /// Where in its room the teacher points.
    pub(super) pointed: Option<Pointed>,
    /// The link of what was kept of it.
    pub(super) kept: Option<String>,
    /// Its pages that hear of the class.
    pub(super) pages: Arc<Semaphore>,
}

/// Something that a teacher wrote, with the number of the change by which it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Note {
    turn: u64,
    text: String,
}

/// An event of its room that a teacher points at, with the number of the change by which it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Pointed {
    turn: u64,
    /// Its number in the room's trace.
    event: u64,
}

impl Note {
    pub(super) fn new(turn: u64, text: String) -> Self {
        Self { turn, text }
    }
}

impl Seat {
    pub(super) fn new(name: String, key: Secret, room: &Arc<Room>, now: u64) -> Self {
        let mut seat = Self {
            name,
            key,
            room: Weak::new(),
            id: String::new(),
            look: String::new(),
            began: 0,
            digest: Digest::default(),
            hand: None,
            hands: Allowance::new(limits::SEAT_HANDS, HAND, Instant::now()),
            note: None,
            pointed: None,
            kept: None,
            pages: Arc::new(Semaphore::new(limits::SEAT_PAGES)),
        };
        seat.move_to(room, now);
        seat
    }

    /// The seat has another room from now on.
    pub(super) fn move_to(&mut self, room: &Arc<Room>, now: u64) {
        self.room = Arc::downgrade(room);
        self.id.clone_from(&room.id);
        self.look = room.keys.look.map(|look| URL_SAFE_NO_PAD.encode(look)).unwrap_or_default();
        // A room may have taken a while to make; its own clock tells when it began.
        self.began = now.saturating_sub(room.lab.trace().now() / 1_000_000);
        self.digest = Digest::default();
        // That was in the room before.
        self.pointed = None;
    }

    /// The teacher points at an event of its room, or at none any more.
    ///
    /// # Errors
    /// [`ActError::Event`] for one that is not kept there; then nothing is done.
    pub(super) fn point_at(&mut self, turn: u64, event: Option<u64>) -> Result<(), ActError> {
        if let Some(event) = event {
            let room = self.room().ok_or(ActError::Event)?;
            let trace = room.lab.trace();
            let newest = *trace.watch().borrow();
            if !(trace.oldest()..=newest).contains(&event) {
                return Err(ActError::Event);
            }
        }
        self.pointed = event.map(|event| Pointed { turn, event });
        Ok(())
    }

    /// Its hand goes up at this time of the class, or down; whether anything is different.
    ///
    /// # Errors
    /// `seat-hands` where it has gone up and down too often.
    pub(super) fn put_hand(&mut self, up: bool, now: u64) -> Result<bool, Limit> {
        if self.hand.is_some() == up {
            return Ok(false);
        }
        if !self.hands.take(Instant::now()) {
            return Err(Limit::SeatHands);
        }
        self.hand = up.then_some(now);
        Ok(true)
    }

    /// Whether this is the key. Time tells nothing.
    pub(super) fn is_key(&self, key: &Secret) -> bool {
        bool::from(self.key.ct_eq(key))
    }

    /// Its room, while it lives.
    pub(super) fn room(&self) -> Option<Arc<Room>> {
        self.room.upgrade().filter(|room| !room.ended.is_cancelled())
    }

    /// Asks its room how it is.
    pub(super) fn look(&mut self) {
        if let Some(room) = self.room() {
            self.digest = room.lab.trace().digest();
        }
    }

    /// Whether nobody ever came to it, and nobody can any more.
    pub(super) fn is_deserted(&self) -> bool {
        self.digest.came.is_none() && self.room().is_none()
    }
}
