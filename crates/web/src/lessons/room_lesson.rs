//! One lesson and one room: feeds events to both the lesson and what is being shown of the tutorial's sentences.

use std::collections::{BTreeMap, BTreeSet};

use lesson::{
    Lesson, Malformed, Piece, Progress, Scene, Sentences,
    help::{Help, Todo},
    plan::{Hands, Next},
    progress::{At, Mark},
    sentences::ShownSentence,
};
use proto::{
    id::{Fd, HostId},
    trace::{Event, What},
};
use serde::{Deserialize, Serialize};

use crate::view::store::{PushError, Seed};

/// What a browser remembers of a lesson.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Memory {
    /// The room it was in.
    pub room: String,
    /// The `seq` after which its part counts, in that room.
    pub since: u64,
    /// Marks by the steps' titles.
    pub marks: BTreeMap<String, Mark>,
    /// Titles of the steps that were ever passed, in whatever room.
    pub passed: BTreeSet<String>,
}

/// A room's events and the lesson that is computed from them.
#[derive(Debug, Default)]
pub struct RoomLesson {
    room: String,
    scene: Scene,
    last_seq: u64,
    progress: Option<Progress>,
    sentences: Option<Sentences>,
    showing: Option<ShownSentence>,
    hands: Hands,
    help: Option<Help>,
    /// The step for which a try of "do it for me" came to nothing.
    failed: Option<At>,
    /// When the page came into the room: what was recorded up to then is history, in nanoseconds since the room began.
    came: u64,
    /// Whether the page only watches: how far the others have come is all it has to tell.
    watches: bool,
    /// Nothing is remembered of the lesson in this room: what others did before passes no step of it.
    is_new: bool,
    /// Machines are being made clean: what that brings about passes no step.
    cleaning: bool,
}

impl RoomLesson {
    /// Machines, programs and who looks, from a snapshot.
    pub fn seed(&mut self, room: &str, seed: &Seed) {
        room.clone_into(&mut self.room);
        for host in seed.host_infos() {
            self.scene.host_is(&host);
        }
        for program in seed.program_infos() {
            self.scene.program_is(&program);
        }
        if let Some(me) = seed.member {
            self.scene.person_is(proto::id::MemberId(me));
        }
        self.watches = seed.watches;
        self.came = seed.now;
    }

    /// The machine that lessons call `client`.
    pub fn left_is(&mut self, host: u32) {
        self.scene.left_is(HostId(host));
    }

    /// Opens a lesson. What is remembered of this room goes on; of another, whole parts count as done.
    ///
    /// # Errors
    /// The line and the reason why it is none.
    pub fn open(&mut self, source: &str, guest: bool, memory: Option<&Memory>) -> Result<(), Malformed> {
        let mut progress = Progress::new(Lesson::read(source)?, guest);
        // In a room where something happened already, a lesson that is new here begins now.
        progress.begin_after(self.last_seq);
        self.is_new = memory.is_none_or(|memory| memory.room != self.room);
        if let Some(memory) = memory {
            progress.passed_before(memory.passed.iter().cloned());
            let this_room = memory.room == self.room;
            progress.remember(&memory.marks, this_room.then_some(memory.since.max(self.last_seq)));
        }
        self.progress = Some(progress);
        (self.help, self.failed) = (None, None);
        Ok(())
    }

    /// The sockets that this page's prompt on a machine has names for.
    pub fn hand_is(&mut self, host: u32, names: impl IntoIterator<Item = (String, i32)>) {
        self.hands.insert(HostId(host), names.into_iter().map(|(name, fd)| (name, Fd(fd))).collect());
    }

    /// What comes next in the current step.
    pub fn next(&self) -> Option<Next> {
        self.progress.as_ref()?.next(&self.scene, &self.hands)
    }

    /// What is in the room's way for the current step, as sentences for who is stuck.
    pub fn in_the_way(&self) -> Vec<Vec<Piece>> {
        match self.next() {
            Some(Next::Do { because: Some(because), .. } | Next::Blocked(because) | Next::Lost(because)) => {
                vec![because]
            }
            _ => Vec::new(),
        }
    }

    /// Begins a try to do the current step for the learner: from the beginning of its part where the last try came to
    /// nothing. Whether it does.
    pub fn help_begin(&mut self) -> bool {
        let again = matches!(self.next(), Some(Next::Again | Next::Blocked(_) | Next::Lost(_)));
        let Some(progress) = &mut self.progress else { return false };
        let anew = again || self.failed.is_some_and(|at| progress.current_at() == Some(at));
        self.help = Help::begin(progress, anew);
        self.help.is_some()
    }

    /// Whether the try does the part from its beginning.
    pub fn help_is_anew(&self) -> bool {
        self.help.as_ref().is_some_and(Help::is_anew)
    }

    /// What the page does now.
    pub fn help_todo(&mut self) -> Todo {
        match (&mut self.help, &self.progress) {
            (Some(help), Some(progress)) => help.todo(progress, &self.scene, &self.hands),
            _ => Todo::Passed,
        }
    }

    /// What `help_todo` said is being done.
    pub fn help_does(&mut self) {
        if let Some(help) = &mut self.help {
            help.does();
        }
    }

    /// Whether the recording has told of the line that was done last.
    pub fn help_is_told(&self) -> bool {
        self.help.as_ref().is_none_or(Help::is_told)
    }

    /// What `help_todo` said was done.
    pub fn help_did(&mut self) {
        if let (Some(help), Some(progress)) = (&mut self.help, &mut self.progress) {
            help.did(progress);
        }
    }

    /// The try is over. `passed`: it came to something.
    pub fn help_end(&mut self, passed: bool) {
        self.help = None;
        self.failed = self.progress.as_ref().and_then(Progress::current_at).filter(|_| !passed);
    }

    /// From now on machines are made clean: what that brings about (a packet that is let through) passes no step.
    pub fn clean_begins(&mut self) {
        self.cleaning = true;
    }

    /// Whether the wire has released what it held, unless it is held still.
    pub fn has_cleaned(&self) -> bool {
        let now = self.scene.now();
        now.wire().held || now.held().next().is_none()
    }

    /// Machines were made clean: what was made before counts no more, here and after a reload.
    pub fn cleaned(&mut self) {
        self.cleaning = false;
        if let Some(progress) = &mut self.progress {
            progress.begin_after(self.last_seq);
        }
    }

    /// What a browser should remember.
    pub fn memory(&self) -> Option<Memory> {
        let progress = self.progress.as_ref()?;
        Some(Memory {
            room: self.room.clone(),
            since: progress.since(),
            marks: progress.marks(),
            passed: progress.ever_passed(),
        })
    }

    /// Where the person is.
    pub fn progress(&self) -> Option<&Progress> {
        self.progress.as_ref()
    }

    /// The same, to be moved.
    pub fn progress_mut(&mut self) -> Option<&mut Progress> {
        self.progress.as_mut()
    }

    /// Takes events in the wire format, one after the other; those known already are skipped. Returns whether
    /// something changed.
    ///
    /// # Errors
    /// The bytes are no events. Those before the fault were taken.
    pub fn push(&mut self, mut bytes: &[u8]) -> Result<bool, PushError> {
        let mut changed = false;
        while !bytes.is_empty() {
            let (event, rest) =
                postcard::take_from_bytes::<Event>(bytes).map_err(|_| PushError::Malformed)?;
            changed |= self.take(&event);
            bytes = rest;
        }
        Ok(changed)
    }

    /// Takes one event.
    pub fn take(&mut self, event: &Event) -> bool {
        if event.seq <= self.last_seq {
            return false;
        }
        self.last_seq = event.seq;
        if let What::Progress { by, lesson, step, outcome } = &event.what
            && Some(*by) == self.scene.person()
            && let Some(progress) = &mut self.progress
        {
            progress.hear(lesson, step, *outcome);
            return true;
        }
        let is_history = event.time <= self.came;
        if is_history {
            self.scene.page_lives_from(event.seq);
        }
        let Some(facts) = self.scene.facts(event) else { return false };
        if is_history && self.is_new && !self.watches {
            return true;
        }
        if let Some(showing) = &mut self.showing {
            showing.feed(event.seq, &facts);
        }
        if self.cleaning {
            return true;
        }
        if let Some(help) = &mut self.help {
            help.feed(event.seq, event.time, &facts);
        }
        let progress = self.progress.as_mut();
        let changed = progress.is_some_and(|progress| progress.feed(event.seq, event.time, &facts));
        changed || self.showing.is_some()
    }

    /// Goes on at a step.
    pub fn go_to(&mut self, at: At) {
        if let Some(progress) = &mut self.progress {
            progress.go_to(at);
        }
    }

    /// Reads the tutorial's sentences.
    ///
    /// # Errors
    /// The line and the reason why the file is none.
    pub fn read_sentences(&mut self, source: &str) -> Result<&Sentences, Malformed> {
        let read = Sentences::read(source)?;
        Ok(self.sentences.insert(read))
    }

    /// Begins to show a sentence: what happens from now on counts. False where there is no such sentence.
    pub fn show(&mut self, id: &str) -> bool {
        let sentence = self.sentences.as_ref().and_then(|all| all.sentences.iter().find(|one| one.id == id));
        self.showing = sentence.map(ShownSentence::new);
        self.showing.is_some()
    }

    /// The events that show the sentence, once all have happened.
    pub fn evidence(&self) -> Option<Vec<u64>> {
        self.showing.as_ref()?.evidence()
    }
}
