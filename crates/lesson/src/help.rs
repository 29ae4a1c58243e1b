//! "Do it for me": one thing after the other until the current step is passed. First what is left to do as the room is
//! now; after a try that came to nothing, the part from its beginning on clean machines.

use crate::{
    Doing, Facts, Piece, Progress, Scene,
    doing::WireDoing,
    plan::{Hands, Next, is_done_by},
    progress::At,
};

/// What the page does now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Todo {
    /// This, and then it asks again.
    Do(Doing),
    /// It waits for the room, and asks again at the next event.
    Wait,
    /// Nothing: something is in the way.
    Blocked(Vec<Piece>),
    /// Nothing is left, or nothing can be done, and the step is not passed.
    Again,
    /// Nothing: it is passed, or somebody is elsewhere in the lesson.
    Passed,
}

/// A try to do the current step for somebody.
#[derive(Clone, Debug)]
pub struct Help {
    target: At,
    /// The part anew, where it is done from its beginning.
    replay: Option<Progress>,
    cleaned: bool,
    /// What was handed out last.
    handed: Option<Doing>,
    /// The line of a prompt that is being done, until an event tells that it was.
    untold: Option<Doing>,
}

impl Help {
    /// Begins with the current step. `anew`: from the beginning of its part, on clean machines.
    pub fn begin(progress: &mut Progress, anew: bool) -> Option<Self> {
        let target = progress.current_at()?;
        let replay = anew.then(|| progress.replay());
        // What somebody tried in an exercise, or ran before they sorted cards, is no part of the run that is asked for.
        let whole = |step: &crate::Step| step.exercise || !step.cards.is_empty();
        if anew || progress.current().is_some_and(|current| whole(&current.step)) {
            progress.once_more();
        }
        Some(Self { target, replay, cleaned: !anew, handed: None, untold: None })
    }

    /// Whether it does the part from its beginning.
    pub fn is_anew(&self) -> bool {
        self.replay.is_some()
    }

    /// Takes one event in.
    pub fn feed(&mut self, seq: u64, time: u64, facts: &Facts) {
        self.untold.take_if(|doing| is_done_by(doing, facts));
        if let Some(replay) = &mut self.replay {
            replay.feed(seq, time, facts);
        }
    }

    /// What the page does now.
    pub fn todo(&mut self, progress: &Progress, scene: &Scene, hands: &Hands) -> Todo {
        if progress.current_at() != Some(self.target) {
            return Todo::Passed;
        }
        if !self.cleaned {
            return self.hand(Doing::Clean);
        }
        let follows =
            self.replay.as_ref().filter(|replay| replay.current_at().is_some_and(|at| at <= self.target));
        match follows.unwrap_or(progress).next(scene, hands) {
            None => Todo::Passed,
            Some(Next::Do { doings, .. }) => match doings.into_iter().next() {
                Some(doing) => self.hand(doing),
                None => Todo::Wait,
            },
            Some(Next::Wait) => Todo::Wait,
            Some(Next::Again | Next::Lost(_)) => Todo::Again,
            Some(Next::Blocked(because)) => Todo::Blocked(because),
        }
    }

    /// What was handed out last is being done.
    pub fn does(&mut self) {
        self.untold = self.handed.clone().filter(|doing| matches!(doing, Doing::Line { .. }));
    }

    /// Whether an event has told of the line that was done last. A prompt may know of its end before the recording
    /// does, and what comes next follows from both.
    pub fn is_told(&self) -> bool {
        self.untold.is_none()
    }

    fn hand(&mut self, doing: Doing) -> Todo {
        self.handed = Some(doing.clone());
        Todo::Do(doing)
    }

    /// What was handed out last was done.
    pub fn did(&mut self, progress: &mut Progress) {
        let Some(doing) = self.handed.take() else { return };
        if !self.cleaned && doing == Doing::Clean {
            self.cleaned = true;
            if let Some(replay) = &mut self.replay {
                *replay = replay.replay();
            }
            progress.once_more();
            return;
        }
        // All else an event tells, which must not count twice.
        if matches!(doing, Doing::Put { .. } | Doing::Clean | Doing::Wire { command: WireDoing::Step }) {
            if let Some(replay) = &mut self.replay {
                replay.did(&doing);
            }
            progress.did(&doing);
        }
    }
}
