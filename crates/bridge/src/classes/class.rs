//! One class: its seats, what its teacher said to all of them, and whether it is over.

use std::{
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError},
};

use proto::{
    limits::{self, Limit},
    message::Secret,
};
use subtle::ConstantTimeEq;
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use super::{
    act::{Act, ActError},
    name,
    outline::LessonOutline,
    seat::Seat,
    seat_news::SeatNews,
    state::State,
    view::{ClassView, SeatView},
};
use crate::{
    limit_reached::LimitReached,
    quota::{Quota, RaisedLimits},
    room::Room,
    secret::secret,
};

/// What a class begins with.
#[derive(Clone, Debug)]
pub(crate) struct ClassOptions {
    pub(crate) seats: usize,
    /// The id of a lesson.
    pub(crate) lesson: Option<String>,
    /// What each room begins with, as the fragment of a copy's link: the pages read it, nobody here does.
    pub(crate) start: Option<String>,
}

/// Why a class is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EndReason {
    /// Its teacher closed it.
    Closed,
    /// Nobody is there any more.
    Empty,
    /// The server is going away.
    Draining,
}

impl EndReason {
    /// In JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Empty => "empty",
            Self::Draining => "draining",
        }
    }
}

/// Somebody has a seat.
#[derive(Debug)]
pub(crate) struct JoinedSeat {
    /// The seat's number, from 1.
    pub(crate) number: u32,
    /// What it is called.
    pub(crate) name: String,
    /// Its key.
    pub(crate) key: Secret,
    /// What rooms of this class begin with.
    pub(crate) lesson: Option<String>,
    pub(crate) start: Option<String>,
}

/// A place in a class for somebody whose room is being made. Dropped, also with a request whose sender has gone, it is free again.
#[derive(Debug)]
pub(crate) struct SeatReservation(Arc<Class>);

impl SeatReservation {
    /// Who was expected has a room, and the seat.
    ///
    /// # Errors
    /// As getrandom(2).
    pub(crate) fn join(self, name: &str, room: &Arc<Room>) -> Result<JoinedSeat, getrandom::Error> {
        let key = secret()?;
        let class = &self.0;
        let mut state = class.state();
        let name = name::told_apart(name, &state.seats.values().map(|seat| seat.name.as_str()));
        state.last += 1;
        let number = state.last;
        state.seats.insert(number, Seat::new(name.clone(), key, room, class.now()));
        class.tell(&mut state);
        Ok(JoinedSeat { number, name, key, lesson: state.lesson.clone(), start: state.start.clone() })
    }
}

impl Drop for SeatReservation {
    fn drop(&mut self) {
        self.0.state().expected -= 1;
    }
}

/// One class.
#[derive(Debug)]
pub(crate) struct Class {
    pub(crate) id: String,
    teacher: Secret,
    /// Seats that there may be.
    pub(crate) most: usize,
    began: Instant,
    /// Where other machines find this server.
    pages: Arc<[String]>,
    state: Mutex<State>,
    /// Counts what its teacher and its pupils say.
    changed: watch::Sender<u64>,
    boards: Arc<Semaphore>,
    /// Addresses that its people come from.
    raised: Mutex<Vec<(IpAddr, RaisedLimits)>>,
    over: OnceLock<EndReason>,
    /// Everybody has been told that it is over.
    pub(crate) ended: CancellationToken,
}

impl Class {
    pub(super) fn new(
        id: String,
        teacher: Secret,
        opening: ClassOptions,
        lessons: Arc<[LessonOutline]>,
        pages: Arc<[String]>,
    ) -> Self {
        let state = State { lessons, lesson: opening.lesson, start: opening.start, ..State::default() };
        Self {
            id,
            teacher,
            most: opening.seats.clamp(1, limits::CLASS_SEATS),
            began: Instant::now(),
            pages,
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            boards: Arc::new(Semaphore::new(limits::CLASS_BOARDS)),
            raised: Mutex::default(),
            over: OnceLock::new(),
            ended: CancellationToken::new(),
        }
    }

    /// Whether this is the teacher's key. Time tells nothing.
    pub(crate) fn is_teacher(&self, key: &Secret) -> bool {
        bool::from(self.teacher.ct_eq(key))
    }

    /// The teacher's key.
    pub(crate) fn teacher(&self) -> &Secret {
        &self.teacher
    }

    /// Milliseconds since it began.
    pub(crate) fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// Changes when its teacher or a pupil has said something.
    pub(crate) fn changed(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Somebody of this class comes from there: a school's address is no single visitor's.
    pub(crate) fn welcomes(&self, quota: &Quota, address: IpAddr) {
        let Some(network) = quota.network(address) else { return };
        let mut raised = self.raised.lock().unwrap_or_else(PoisonError::into_inner);
        if raised.len() < self.most && raised.iter().all(|(known, _)| *known != network) {
            let seats = u32::try_from(self.most).unwrap_or(u32::MAX);
            raised.push((network, quota.raise_limits(network, seats)));
        }
    }

    /// A place for a board; none where there are as many as may be.
    pub(crate) fn board(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.boards).try_acquire_owned().ok()
    }

    /// Whether nobody is in any of its rooms, nor looks at its board.
    pub(super) fn is_empty(&self) -> bool {
        let state = self.state();
        let watched = self.boards.available_permits() < limits::CLASS_BOARDS;
        !watched && state.expected == 0 && state.seats.values().all(|seat| seat.room().is_none())
    }

    /// Whether anybody ever had a seat.
    pub(super) fn has_begun(&self) -> bool {
        self.state().last > 0
    }

    /// Why it is over, where its teacher has said so.
    pub(super) fn end_reason(&self) -> Option<EndReason> {
        self.over.get().copied()
    }

    /// It ends: everybody is told, its rooms end.
    pub(super) fn end(&self, over: EndReason) {
        let _first_reason = self.over.set(over);
        self.ended.cancel();
        for seat in self.state().seats.values() {
            if let Some(room) = seat.room().filter(|_| over != EndReason::Draining) {
                room.takes_too_much();
            }
        }
        self.raised.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Why it is over, once everybody has been told; closed where nobody knows.
    pub(crate) fn reason(&self) -> EndReason {
        self.end_reason().unwrap_or(EndReason::Closed)
    }

    /// Asks all rooms how they are. Seats that were taken and never sat on are free again.
    pub(super) fn look(&self) {
        let mut state = self.state();
        state.seats.values_mut().for_each(Seat::look);
        let before = state.seats.len();
        state.seats.retain(|_, seat| !seat.is_deserted());
        if state.seats.len() != before {
            self.tell(&mut state);
        }
    }

    /// A place for one more seat, kept until it is taken or dropped.
    ///
    /// # Errors
    /// `class-seats`.
    pub(crate) fn expect(self: &Arc<Self>) -> Result<SeatReservation, LimitReached> {
        let mut state = self.state();
        if state.seats.len() + state.expected >= self.most {
            return Err(LimitReached { limit: Limit::ClassSeats, value: self.most as u64 });
        }
        state.expected += 1;
        Ok(SeatReservation(Arc::clone(self)))
    }

    /// The seat with this key, and its room while that lives.
    pub(crate) fn seat(&self, key: &Secret) -> Option<(JoinedSeat, Option<Arc<Room>>)> {
        let state = self.state();
        let (&number, seat) = state.seats.iter().find(|(_, seat)| seat.is_key(key))?;
        let (lesson, start) = (state.lesson.clone(), state.start.clone());
        Some((JoinedSeat { number, name: seat.name.clone(), key: seat.key, lesson, start }, seat.room()))
    }

    /// The room of a seat, with what the seat is called.
    pub(crate) fn room(&self, number: u32) -> Option<(String, Arc<Room>)> {
        let state = self.state();
        let seat = state.seats.get(&number)?;
        Some((seat.name.clone(), seat.room()?))
    }

    /// How many seats are taken.
    pub(super) fn seats(&self) -> usize {
        self.state().seats.len()
    }

    /// The numbers of all seats.
    pub(crate) fn numbers(&self) -> Vec<u32> {
        self.state().seats.keys().copied().collect()
    }

    /// Whether its wires are held, so that a new room's is too.
    pub(crate) fn is_held(&self) -> bool {
        self.state().held
    }

    /// A seat has another room from now on; what it had before. Nothing of that is left but what was kept.
    pub(crate) fn move_to(&self, number: u32, room: &Arc<Room>) -> Option<Arc<Room>> {
        let mut state = self.state();
        let now = self.now();
        let seat = state.seats.get_mut(&number)?;
        let before = seat.room();
        seat.move_to(room, now);
        self.tell(&mut state);
        before
    }

    /// A seat is free again; the room it had.
    pub(crate) fn free(&self, number: u32) -> Option<Arc<Room>> {
        let mut state = self.state();
        let seat = state.seats.remove(&number)?;
        state.shown = state.shown.filter(|&shown| shown != number);
        self.tell(&mut state);
        seat.room()
    }

    /// A pupil puts a hand up, or down.
    ///
    /// # Errors
    /// `seat-hands`.
    pub(crate) fn hand(&self, number: u32, up: bool) -> Result<(), Limit> {
        let mut state = self.state();
        let now = self.now();
        if let Some(seat) = state.seats.get_mut(&number)
            && seat.put_hand(up, now)?
        {
            self.tell(&mut state);
        }
        Ok(())
    }

    /// A recording of a seat is kept.
    pub(crate) fn kept(&self, number: u32, link: &str) {
        let mut state = self.state();
        if let Some(seat) = state.seats.get_mut(&number) {
            seat.kept = Some(link.to_owned());
        }
        self.tell(&mut state);
    }

    /// A place for one more page of a seat; none where there are as many as may be, or no such seat.
    pub(crate) fn page(&self, number: u32) -> Option<OwnedSemaphorePermit> {
        let pages = Arc::clone(&self.state().seats.get(&number)?.pages);
        pages.try_acquire_owned().ok()
    }

    /// What the pages of a seat are told now.
    pub(crate) fn news(&self, number: u32) -> Option<SeatNews> {
        let state = self.state();
        state.seats.get(&number).map(|seat| seat.news(number, &state))
    }

    /// What is in a file for all.
    pub(crate) fn file(&self, turn: u64) -> Option<String> {
        self.state().files.iter().find(|file| file.about.turn == turn).map(|file| file.text.clone())
    }

    /// What a board shows of the class.
    pub(crate) fn view(&self) -> ClassView {
        let state = self.state();
        let lesson = state.outline();
        ClassView {
            lesson: state.lesson.clone(),
            title: lesson.map(|lesson| lesson.title.clone()),
            steps: lesson.map(|lesson| lesson.steps.clone()).unwrap_or_default(),
            most: self.most,
            pages: self.pages.to_vec(),
            held: state.held,
            step: state.step.as_ref().map(|step| step.at),
            shown: state.shown,
            files: state.files.iter().map(|file| file.about.name.clone()).collect(),
        }
    }

    /// What a board shows of its seats, just asked.
    pub(crate) fn views(&self) -> Vec<SeatView> {
        let mut state = self.state();
        state.seats.values_mut().for_each(Seat::look);
        state.seats.iter().map(|(&number, seat)| seat.view(number, &state)).collect()
    }

    /// Does what its teacher wants, as far as it concerns the class alone. What rooms have to do is for whoever asks.
    ///
    /// # Errors
    /// [`ActError`]; then nothing is done.
    pub(crate) fn act(&self, act: &Act) -> Result<(), ActError> {
        let mut state = self.state();
        if *act == Act::Close {
            let _first_reason = self.over.set(EndReason::Closed);
        }
        if state.act(act)? {
            self.tell(&mut state);
        }
        Ok(())
    }

    /// Something is different: whoever hears of the class looks.
    fn tell(&self, state: &mut State) {
        state.turn += 1;
        self.changed.send_replace(state.turn);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
