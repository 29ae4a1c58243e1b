//! What changes of a class: its seats, and what its teacher said to all of them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

use proto::limits;
use serde::Serialize;

use super::{
    act::{Act, ActError},
    outline::LessonOutline,
    seat::{Note, Seat},
};

/// "Everybody to step n", with the number of the change by which it came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct GoTo {
    turn: u64,
    /// The step's place in the lesson, from 0, and its title.
    pub(super) at: usize,
    title: String,
}

/// A file for all, but for what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct AboutFile {
    pub(super) turn: u64,
    machine: &'static str,
    pub(super) name: String,
}

/// A file for all.
#[derive(Debug)]
pub(super) struct File {
    pub(super) about: AboutFile,
    pub(super) text: String,
}

/// What changes.
#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) lessons: Arc<[LessonOutline]>,
    pub(super) lesson: Option<String>,
    pub(super) start: Option<String>,
    pub(super) seats: BTreeMap<u32, Seat>,
    /// The number of the seat that was taken last.
    pub(super) last: u32,
    /// Seats whose room is being made.
    pub(super) expected: usize,
    /// Counts changes.
    pub(super) turn: u64,
    pub(super) step: Option<GoTo>,
    pub(super) held: bool,
    pub(super) shown: Option<u32>,
    pub(super) files: VecDeque<File>,
}

impl State {
    /// The class's lesson, as far as the server knows it.
    pub(super) fn outline(&self) -> Option<&LessonOutline> {
        let id = self.lesson.as_ref()?;
        self.lessons.iter().find(|lesson| lesson.id == *id)
    }

    /// Does what its teacher wants, as far as it concerns the class alone; whether anything is different now.
    ///
    /// # Errors
    /// [`ActError`]; then nothing is done.
    pub(super) fn act(&mut self, act: &Act) -> Result<bool, ActError> {
        let turn = self.turn + 1;
        match act {
            Act::Note { seat, text } => {
                let text = act.note()?.map(|()| text.trim()).filter(|text| !text.is_empty());
                let note = text.map(|text| Note::new(turn, text.to_owned()));
                match seat {
                    Some(number) => {
                        let seat = self.seats.get_mut(number).ok_or(ActError::Seat)?;
                        seat.note = note;
                    }
                    None => self.seats.values_mut().for_each(|seat| seat.note.clone_from(&note)),
                }
            }
            Act::Step { at } => {
                let title = self.outline().and_then(|lesson| lesson.steps.get(*at)).ok_or(ActError::Step)?;
                self.step = Some(GoTo { turn, at: *at, title: title.clone() });
            }
            Act::Lesson { id } => {
                if !self.lessons.iter().any(|lesson| lesson.id == *id) {
                    return Err(ActError::Lesson);
                }
                self.lesson = Some(id.clone());
                self.step = None;
            }
            Act::Hold { held } => self.held = *held,
            Act::File { name, text, .. } => {
                let machine = act.file()?;
                let about = AboutFile { turn, machine, name: name.clone() };
                if self.files.len() >= limits::CLASS_FILES {
                    self.files.pop_front();
                }
                self.files.push_back(File { about, text: text.clone() });
            }
            Act::Show { seat } => {
                if seat.is_some_and(|number| !self.seats.contains_key(&number)) {
                    return Err(ActError::Seat);
                }
                self.shown = *seat;
            }
            Act::Point { seat, event } => {
                self.seats.get_mut(seat).ok_or(ActError::Seat)?.point_at(turn, *event)?;
            }
            Act::HandDown { seat } => self.seats.get_mut(seat).ok_or(ActError::Seat)?.hand = None,
            Act::Clean { seat: Some(seat) } | Act::Free { seat } => {
                return self.seats.contains_key(seat).then_some(false).ok_or(ActError::Seat);
            }
            Act::Clean { seat: None } => return Ok(false),
            Act::Close => {}
        }
        Ok(true)
    }
}
