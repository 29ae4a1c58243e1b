//! The trace as it is kept: bounded by kind, encoded once, read by any number of watchers at their own pace.
//!
//! It knows nothing of rooms or people. A watcher that falls behind is told how much it missed; it slows nobody.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use proto::{
    id::HostId,
    limits,
    trace::{Event, What},
};
use tokio::sync::watch;

use crate::{
    account::Charge,
    digest::{Digest, Digesting},
    history::History,
};

/// What keeping one event costs beside its bytes.
const EVENT_COST: usize = 96;

/// Which budget an event is kept under: none of them is spent by another, so a flood of packets or a program that
/// prints without end pushes out neither calls nor people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Packets,
    States,
    Output,
    Sources,
    People,
    Others,
}

impl Class {
    const ALL: [Self; 6] =
        [Self::Packets, Self::States, Self::Output, Self::Sources, Self::People, Self::Others];

    fn of(what: &What) -> Self {
        match what {
            What::Packet(_) | What::Fate(_) => Self::Packets,
            What::State(_) => Self::States,
            What::Output { .. } => Self::Output,
            What::Source { .. } | What::InFront { .. } => Self::Sources,
            What::Joined(_) | What::Left(_) | What::Progress { .. } => Self::People,
            _ => Self::Others,
        }
    }

    fn capacity(self) -> usize {
        match self {
            Self::Packets | Self::States => limits::TRACE_PACKETS,
            Self::Output | Self::Sources | Self::People | Self::Others => limits::TRACE_OTHERS,
        }
    }
}

/// The events kept of one class, oldest first.
#[derive(Debug, Default)]
struct Queue {
    seqs: VecDeque<u64>,
    bytes: usize,
}

/// The newest text of a program.
#[derive(Clone, Copy, Debug)]
struct Text {
    /// Its event.
    seq: u64,
    /// The program has begun with it: it tells what ran, and stays.
    ran: bool,
}

#[derive(Debug, Default)]
struct KeptEvents {
    events: BTreeMap<u64, Bytes>,
    queues: [Queue; Class::ALL.len()],
    /// The newest text of each program.
    texts: BTreeMap<(HostId, String), Text>,
    next: u64,
    /// It in a few words.
    digesting: Digesting,
    /// What all of it takes.
    charge: Option<Charge>,
}

impl KeptEvents {
    fn keep(&mut self, seq: u64, class: Class, bytes: Bytes, history: &History) {
        let queue = &mut self.queues[class as usize];
        let most = history.bound(queue.bytes);
        queue.seqs.push_back(seq);
        queue.bytes += bytes.len();
        self.events.insert(seq, bytes);
        self.evict(class, most);
        self.count();
    }

    /// Lets the oldest events of a class go until what is left is within its bounds.
    fn evict(&mut self, class: Class, most: usize) {
        let queue = &mut self.queues[class as usize];
        while queue.seqs.len() > class.capacity() || queue.bytes > most {
            let Some(old) = queue.seqs.pop_front() else { return };
            queue.bytes -= self.events.remove(&old).map_or(0, |old| old.len());
        }
    }

    fn count(&mut self) {
        let bytes: usize = self.queues.iter().map(|queue| queue.bytes).sum();
        let cost = bytes + self.events.len() * EVENT_COST;
        self.charge.iter_mut().for_each(|charge| charge.set(cost));
    }

    /// A newer text of a program is there: that somebody changed it stays in the trace, and the older text goes, unless
    /// the program has run with it.
    fn supersede(&mut self, what: &What, seq: u64) {
        let (host, name) = match what {
            What::Source { host, name, .. } => (*host, name),
            What::ProgramBegan(program) => {
                if let Some(text) = self.texts.get_mut(&(program.host, program.name.clone())) {
                    text.ran = true;
                }
                return;
            }
            _ => return,
        };
        let older = self.texts.insert((host, name.clone()), Text { seq, ran: false });
        let queue = &mut self.queues[Class::Sources as usize];
        if let Some(bytes) =
            older.filter(|older| !older.ran).and_then(|older| self.events.get_mut(&older.seq))
            && let Some(shorter) = without_text(bytes)
        {
            queue.bytes -= bytes.len() - shorter.len();
            *bytes = shorter;
        }
        // A program is forgotten with its event, so that names without end do not fill this map.
        let oldest = queue.seqs.front().copied().unwrap_or(seq);
        self.texts.retain(|_, newest| newest.seq >= oldest);
    }
}

fn without_text(bytes: &[u8]) -> Option<Bytes> {
    let mut event: Event = postcard::from_bytes(bytes).ok()?;
    if let What::Source { text, .. } = &mut event.what {
        *text = None;
    }
    Some(postcard::to_stdvec(&event).ok()?.into())
}

/// The trace of one room. Only the room's task writes; anybody may read.
#[derive(Debug)]
pub struct TraceLog {
    kept: Mutex<KeptEvents>,
    newest: watch::Sender<u64>,
    began: Instant,
    history: Arc<History>,
}

/// What a watcher gets in one go.
#[derive(Debug, Default)]
pub struct Batch {
    /// Encoded events, concatenated.
    pub events: Vec<u8>,
    /// Events that were evicted before the watcher came to them.
    pub skipped: u64,
    /// The `seq` to ask for next.
    pub next: u64,
}

impl TraceLog {
    pub(crate) fn new(history: Arc<History>) -> Self {
        let charge = Some(history.charge());
        Self {
            kept: Mutex::new(KeptEvents { next: 1, charge, ..KeptEvents::default() }),
            newest: watch::Sender::new(0),
            began: Instant::now(),
            history,
        }
    }

    /// Lets old events go until what is left is within what rooms may keep now.
    pub fn trim(&self) {
        let most = self.history.of_kind();
        let mut kept = self.lock();
        Class::ALL.into_iter().for_each(|class| kept.evict(class, most));
        kept.count();
    }

    /// Nanoseconds since the room began.
    pub fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// `seq` of the oldest event kept, or of the next one if none is.
    pub fn oldest(&self) -> u64 {
        let kept = self.lock();
        kept.events.keys().next().copied().unwrap_or(kept.next)
    }

    /// A receiver that changes with every event; its value is the newest `seq`.
    pub fn watch(&self) -> watch::Receiver<u64> {
        self.newest.subscribe()
    }

    /// What it says, in a few words.
    pub fn digest(&self) -> Digest {
        self.lock().digesting.digest()
    }

    /// Events from `from` on, at most about `room` bytes (at least one event, if there is one).
    pub fn read(&self, from: u64, room: usize) -> Batch {
        let kept = self.lock();
        let mut batch = Batch { next: from.max(1), ..Batch::default() };
        for (&seq, bytes) in kept.events.range(from..) {
            if !batch.events.is_empty() && batch.events.len() + bytes.len() > room {
                return batch;
            }
            batch.skipped += seq - batch.next;
            batch.next = seq + 1;
            batch.events.extend_from_slice(bytes);
        }
        batch.skipped += kept.next.saturating_sub(batch.next);
        batch.next = batch.next.max(kept.next);
        batch
    }

    /// Every event that is kept, in order, and how many were evicted.
    pub fn all(&self) -> (Vec<Event>, u64) {
        let Batch { events, skipped, .. } = self.read(0, usize::MAX);
        (decoded(&events), skipped)
    }

    /// Every event that is kept from this `seq` on, in order, and the `seq` to go on with.
    pub fn since(&self, from: u64) -> (Vec<Event>, u64) {
        let Batch { events, next, .. } = self.read(from, usize::MAX);
        (decoded(&events), next)
    }

    /// Whether there is an event of which this holds.
    pub fn any(&self, holds: impl Fn(&Event) -> bool) -> bool {
        let kept = self.lock();
        kept.events.values().any(|bytes| postcard::from_bytes(bytes).is_ok_and(|event| holds(&event)))
    }

    pub(crate) fn record(&self, what: What) -> u64 {
        let time = self.now();
        let class = Class::of(&what);
        self.history.count(&what);
        let mut kept = self.lock();
        let seq = kept.next;
        kept.next += 1;
        kept.supersede(&what, seq);
        kept.digesting.follow(&what, time);
        let encoded = postcard::to_stdvec(&Event { seq, time, what });
        debug_assert!(encoded.is_ok(), "every event can be encoded");
        if let Ok(bytes) = encoded {
            kept.keep(seq, class, bytes.into(), &self.history);
        }
        drop(kept);
        self.newest.send_replace(seq);
        seq
    }

    fn lock(&self) -> MutexGuard<'_, KeptEvents> {
        // A panic while the lock was held leaves a trace that is whole up to the last event.
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn decoded(mut rest: &[u8]) -> Vec<Event> {
    let each = std::iter::from_fn(|| {
        let (event, after) = postcard::take_from_bytes(rest).ok()?;
        rest = after;
        Some(event)
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proto::{
        id::{HostId, MemberId, PacketId, ProgramId},
        limits,
        room::{Lifetime, ProgramInfo},
        trace::{Fate, PacketFate, What},
    };

    use super::{History, TraceLog};

    #[test]
    fn a_reader_that_comes_late_is_told_what_it_missed() {
        let log = TraceLog::new(Arc::default());
        for number in 0..limits::TRACE_OTHERS + 5 {
            log.record(What::Left(MemberId(number as u32)));
        }
        let batch = log.read(0, 1);
        assert_eq!(batch.skipped, 5);
        assert_eq!(batch.next, 7, "one event, however little room there is");
        assert_eq!(log.oldest(), 6);
    }

    #[test]
    fn what_comes_in_masses_pushes_out_only_its_own_kind() {
        let log = TraceLog::new(Arc::default());
        log.record(What::Left(MemberId(1)));
        for number in 0..limits::TRACE_PACKETS + 5 {
            log.record(What::Fate(PacketFate { id: PacketId(number as u64), fate: Fate::Delivered }));
        }
        assert_eq!(log.oldest(), 1, "who left is still told");
        assert_eq!(log.read(0, usize::MAX).skipped, 5);
    }

    #[test]
    fn a_program_that_prints_without_end_is_bounded_in_bytes() {
        let log = TraceLog::new(Arc::default());
        let text = "x".repeat(limits::OUTPUT);
        let times = 2 * limits::TRACE_BYTES / limits::OUTPUT;
        for _ in 0..times {
            log.record(What::Output { program: ProgramId(1), error: false, text: text.clone() });
        }
        let batch = log.read(0, usize::MAX);
        assert!(batch.events.len() <= limits::TRACE_BYTES, "{}", batch.events.len());
        assert!(batch.events.len() > limits::TRACE_BYTES / 2 && batch.skipped > 0);
    }

    #[test]
    fn only_the_newest_text_of_a_program_is_kept() {
        let log = TraceLog::new(Arc::default());
        let change = |name: &str, text: &str| What::Source {
            by: MemberId(1),
            host: HostId(1),
            name: name.to_owned(),
            text: Some(text.to_owned()),
        };
        for what in [change("a.py", "one"), change("b.py", "two"), change("a.py", "three")] {
            log.record(what);
        }
        assert_eq!(texts(&log), [None, Some("two".to_owned()), Some("three".to_owned())]);
    }

    #[test]
    fn a_text_that_ran_is_kept_beside_newer_ones() {
        let log = TraceLog::new(Arc::default());
        let change = |text: &str| {
            let text = Some(text.to_owned());
            log.record(What::Source { by: MemberId(1), host: HostId(1), name: "a.py".into(), text });
        };
        change("one");
        log.record(What::ProgramBegan(ProgramInfo {
            id: ProgramId(1),
            host: HostId(1),
            by: None,
            name: "a.py".into(),
            lifetime: Lifetime::Page,
        }));
        change("two");
        change("three");
        assert_eq!(texts(&log), [Some("one".to_owned()), None, Some("three".to_owned())]);
    }

    fn texts(log: &TraceLog) -> Vec<Option<String>> {
        let texts = log.all().0.into_iter().filter_map(|event| match event.what {
            What::Source { text, .. } => Some(text),
            _ => None,
        });
        texts.collect()
    }

    #[test]
    fn reading_to_the_end_names_the_next_event() {
        let log = TraceLog::new(Arc::default());
        log.record(What::Left(MemberId(1)));
        let batch = log.read(0, 1 << 20);
        assert_eq!((batch.next, batch.skipped), (2, 0));
        assert!(log.read(2, 1 << 20).events.is_empty());
    }

    #[test]
    fn with_little_memory_old_events_give_way_and_are_counted_no_more() {
        let history = Arc::new(History::default());
        let log = TraceLog::new(Arc::clone(&history));
        let text = "x".repeat(limits::OUTPUT);
        for _ in 0..100 {
            log.record(What::Output { program: ProgramId(1), error: false, text: text.clone() });
        }
        let before = history.taken();
        assert!(before > 100 * limits::OUTPUT);
        for _ in 0..20 {
            history.shrink();
        }
        log.trim();
        assert!(history.taken() < before / 10, "{} of {before}", history.taken());
        assert!(log.oldest() > 1 && log.oldest() < 101);
        drop(log);
        assert_eq!(history.taken(), 0);
    }
}
