//! What is told of a seat: to its own pages, and to the teacher's board.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use lab::Digest;
use serde::Serialize;

use super::{
    seat::{Note, Pointed, Seat},
    state::{AboutFile, GoTo, State},
    view::SeatView,
};

/// What the pages of a seat are told, as JSON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct SeatNews {
    seat: u32,
    name: String,
    /// Its room, and the owner's key to it; null where it has ended.
    room: Option<String>,
    owner: Option<String>,
    /// The class's lesson.
    lesson: Option<String>,
    /// Whether rooms begin with files.
    start: bool,
    hand: bool,
    looked: bool,
    shown: bool,
    held: bool,
    step: Option<GoTo>,
    note: Option<Note>,
    point: Option<Pointed>,
    files: Vec<AboutFile>,
}

impl SeatNews {
    /// Whether its room lives.
    pub(crate) fn has_room(&self) -> bool {
        self.room.is_some()
    }

    /// Whether the teacher looks at it.
    pub(crate) fn is_looked_at(&self) -> bool {
        self.looked
    }
}

impl Seat {
    /// What of the room's time is, in the class's.
    fn class_time(&self, nanoseconds: u64) -> u64 {
        self.began + nanoseconds / 1_000_000
    }

    /// What the board shows of it.
    pub(super) fn view(&self, number: u32, state: &State) -> SeatView {
        let Digest { came, steps, progressed, waits, failed, held } = &self.digest;
        let lesson = state.outline();
        let id = lesson.map_or("", |lesson| lesson.id.as_str());
        let titles = lesson.map_or(&[][..], |lesson| lesson.steps.as_slice());
        let dots = titles.iter().map(|title| match steps.get(&(id.to_owned(), title.clone())) {
            Some(true) => 'p',
            Some(false) => 's',
            None => '.',
        });
        let room = self.room();
        SeatView {
            number,
            name: self.name.clone(),
            room: room.as_ref().map(|_| (self.id.clone(), self.look.clone())),
            here: room.as_ref().is_some_and(|room| room.has_owner()),
            steps: dots.collect(),
            since: self.class_time(progressed.or(*came).unwrap_or(0)),
            came: came.is_some(),
            waits: waits.map(|(call, since)| (call, self.class_time(since))),
            failed: failed.as_ref().map(|failed| (failed.name.clone(), failed.call, failed.times)),
            hand: self.hand,
            looked: room.as_ref().is_some_and(|room| *room.looked().borrow() > 0),
            held: *held,
            kept: self.kept.clone(),
        }
    }

    /// What its pages are told.
    pub(super) fn news(&self, number: u32, state: &State) -> SeatNews {
        let room = self.room();
        SeatNews {
            seat: number,
            name: self.name.clone(),
            owner: room.as_ref().map(|room| URL_SAFE_NO_PAD.encode(room.keys.owner)),
            room: room.as_ref().map(|room| room.id.clone()),
            lesson: state.lesson.clone(),
            start: state.start.is_some(),
            hand: self.hand.is_some(),
            looked: room.is_some_and(|room| *room.looked().borrow() > 0),
            shown: state.shown == Some(number),
            held: state.held,
            step: state.step.clone(),
            note: self.note.clone(),
            point: self.pointed,
            files: state.files.iter().map(|file| file.about.clone()).collect(),
        }
    }
}
