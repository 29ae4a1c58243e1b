//! The classes of this node: made, found, ended. Nothing of a class lives outside its entry here.
//!
//! A class is some rooms with a teacher: a seat each, a lesson or files to begin with, and a board that says in a few words
//! how far each seat is. It lives on one node, keeps nothing on a disk, and ends with its last room or when its teacher
//! closes it. What happens in a room is the room's; a class asks rooms only for their [`lab::Digest`].

mod act;
mod board;
mod class;
mod first_class;
mod name;
mod outline;
mod seat;
mod seat_news;
mod sheet;
mod state;
mod view;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
    time::Duration,
};

use proto::{
    limits::{self, Limit},
    message::Secret,
};
use tokio::time::{Instant, interval};

use crate::{drain::Drain, limit_reached::LimitReached, secret::secret};

use self::first_class::id;
pub(crate) use self::{
    act::{Act, ActError},
    board::Board,
    class::{Class, ClassOptions, EndReason, JoinedSeat},
    name::{NameError, checked},
    seat_news::SeatNews,
    sheet::sheet,
};
pub use self::{first_class::FirstClass, outline::LessonOutline};

/// How often a class looks whether it is over.
const LOOK: Duration = Duration::from_secs(1);

/// The classes there are.
#[derive(Debug)]
pub(crate) struct Classes {
    node: String,
    lessons: Arc<[LessonOutline]>,
    pages: Arc<[String]>,
    drain: Drain,
    times: Timeouts,
    alive: Arc<Mutex<HashMap<String, Arc<Class>>>>,
}

/// How long a class waits for somebody.
#[derive(Clone, Copy, Debug)]
struct Timeouts {
    /// Where nobody has come yet.
    first: Duration,
    /// Where everybody has gone.
    idle: Duration,
}

/// Why there is no new class.
#[derive(Debug)]
pub(crate) enum MakeError {
    /// There are as many as may be.
    Limit(LimitReached),
    /// There is no such lesson.
    Lesson,
    /// Something went wrong that is ours to find out; the log has it.
    Failed,
}

impl Classes {
    /// None yet, but for the first.
    pub(crate) fn start(config: &crate::Config, drain: &Drain) -> Self {
        let times = Timeouts { first: config.deadlines.room_life, idle: config.deadlines.room_idle };
        let classes = Self {
            node: config.node.clone(),
            lessons: config.lessons.clone().into(),
            pages: config.pages.clone().into(),
            drain: drain.clone(),
            times,
            alive: Arc::default(),
        };
        if let Some(FirstClass { id, teacher, seats, lesson }) = config.class.clone() {
            let opening = ClassOptions { seats, lesson, start: None };
            classes.begin(classes.class(id, teacher, opening));
        }
        classes
    }

    /// The class with this id, however it was typed.
    pub(crate) fn find(&self, id: &str) -> Option<Arc<Class>> {
        lock(&self.alive).get(&id.to_ascii_lowercase()).cloned()
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        lock(&self.alive).len()
    }

    /// How many seats are taken in all of them.
    pub(crate) fn seats(&self) -> usize {
        let all: Vec<_> = lock(&self.alive).values().cloned().collect();
        all.iter().map(|class| class.seats()).sum()
    }

    /// Makes one.
    ///
    /// # Errors
    /// [`MakeError`].
    pub(crate) fn make(&self, opening: ClassOptions) -> Result<Arc<Class>, MakeError> {
        if opening.lesson.as_ref().is_some_and(|id| !self.lessons.iter().any(|lesson| lesson.id == *id)) {
            return Err(MakeError::Lesson);
        }
        let failed = |error| {
            tracing::error!(%error, "no randomness");
            MakeError::Failed
        };
        let (random, teacher) = (secret().map_err(failed)?, secret().map_err(failed)?);
        let class = self.class(id(&self.node, &random), teacher, opening);
        if self.count() >= limits::SERVER_CLASSES || self.find(&class.id).is_some() {
            let value = Limit::ServerClasses.value();
            return Err(MakeError::Limit(LimitReached { limit: Limit::ServerClasses, value }));
        }
        Ok(self.begin(class))
    }

    fn class(&self, id: String, teacher: Secret, opening: ClassOptions) -> Class {
        Class::new(id, teacher, opening, Arc::clone(&self.lessons), Arc::clone(&self.pages))
    }

    fn begin(&self, class: Class) -> Arc<Class> {
        let class = Arc::new(class);
        tracing::info!(class = class.id, seats = class.most, "a class began");
        lock(&self.alive).insert(class.id.clone(), Arc::clone(&class));
        tokio::spawn(live(Arc::downgrade(&class), self.times, self.drain.clone(), Arc::clone(&self.alive)));
        class
    }
}

/// A class's life: until it has to end, then everybody is told and nothing of it is left.
async fn live(
    class: Weak<Class>,
    times: Timeouts,
    drain: Drain,
    alive: Arc<Mutex<HashMap<String, Arc<Class>>>>,
) {
    let mut look = interval(LOOK);
    let mut empty_since = None;
    let over = loop {
        tokio::select! {
            _ = look.tick() => {}
            () = drain.begun() => break EndReason::Draining,
        }
        let Some(class) = class.upgrade() else { return };
        if let Some(over) = class.end_reason() {
            break over;
        }
        class.look();
        if !class.is_empty() {
            empty_since = None;
            continue;
        }
        let since = *empty_since.get_or_insert_with(Instant::now);
        let patience = if class.has_begun() { times.idle } else { times.first };
        if since.elapsed() >= patience {
            break EndReason::Empty;
        }
    };
    let Some(class) = class.upgrade() else { return };
    class.end(over);
    lock(&alive).remove(&class.id);
    tracing::info!(class = class.id, ?over, "a class ended");
}

fn lock(alive: &Mutex<HashMap<String, Arc<Class>>>) -> MutexGuard<'_, HashMap<String, Arc<Class>>> {
    alive.lock().unwrap_or_else(PoisonError::into_inner)
}
