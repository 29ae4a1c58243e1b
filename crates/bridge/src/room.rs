//! One room as the bridge sees it: its keys, its sessions, and when it ends.

use std::{
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering},
    },
};

use proto::{
    call::CallError,
    id::MemberId,
    limits,
    message::{Links, Notice, Refusal, Secret},
    room::Role,
    rules::{PolicyRule, ProtocolRule},
};
use subtle::ConstantTimeEq;
use tokio::{
    sync::{Notify, mpsc, watch},
    time::Instant,
};
use tokio_util::sync::CancellationToken;

use crate::{config::Deadlines, quota::Permit, session::attach::Attach};

/// The three keys of a room, 128 bits each.
#[derive(Clone, Debug)]
pub(crate) struct Keys {
    pub(crate) owner: Secret,
    pub(crate) join: Secret,
    pub(crate) watch: Secret,
    /// In a class: the teacher's, who watches and is told to be there.
    pub(crate) look: Option<Secret>,
}

impl Keys {
    /// The role a key gives. Every key is compared in constant time, so that time tells nothing.
    pub(crate) fn role(&self, key: &Secret) -> Option<Role> {
        let is = |own: &Secret| bool::from(own.ct_eq(key));
        let (owner, join, watch) = (is(&self.owner), is(&self.join), is(&self.watch) | self.is_look(key));
        match (owner, join, watch) {
            (true, ..) => Some(Role::Owner),
            (_, true, _) => Some(Role::Participant),
            (.., true) => Some(Role::Viewer),
            _ => None,
        }
    }

    /// Whether it is the teacher's.
    pub(crate) fn is_look(&self, key: &Secret) -> bool {
        self.look.as_ref().is_some_and(|look| bool::from(look.ct_eq(key)))
    }

    /// The keys that a role may hand on: never more than it has itself.
    pub(crate) fn links(&self, role: Role) -> Links {
        let join = (role >= Role::Participant).then_some(self.join);
        Links { join, watch: Some(self.watch) }
    }
}

/// The sessions of a room.
#[derive(Debug, Default)]
struct Sessions {
    /// By their token.
    alive: HashMap<Secret, Entry>,
    /// Tokens of sessions that the owner ended, the latest last: their pages are told so when they come back.
    removed: VecDeque<Secret>,
}

impl Sessions {
    /// Remembers that the owner ended this session, for as many as fit in a room.
    fn forget(&mut self, token: Secret) {
        if self.removed.len() >= limits::SESSIONS {
            self.removed.pop_front();
        }
        self.removed.push_back(token);
    }
}

/// A session as its room knows it.
#[derive(Debug)]
struct Entry {
    /// The role it began with.
    role: Role,
    /// Where a connection for it goes.
    attach: mpsc::Sender<Attach>,
    /// Whose it is, and what tells it that the owner has removed them; none until they are in.
    member: Option<(MemberId, CancellationToken)>,
}

/// A place for a recording, given back when nothing is kept.
#[derive(Debug)]
pub(crate) struct Place {
    kept: Arc<AtomicUsize>,
    taken: bool,
}

impl Place {
    /// It is kept.
    pub(crate) fn take(mut self) {
        self.taken = true;
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if !self.taken {
            self.kept.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// Whether what happened in a room is offered after its end, and how far it is written.
#[derive(Debug)]
pub(crate) struct Offer {
    /// Nothing of a class outlives it but what its teacher keeps: for a seat there is nothing to choose.
    of_seat: bool,
    refused: AtomicBool,
    written: AtomicU64,
}

impl Offer {
    pub(crate) fn new(of_seat: bool) -> Self {
        Self { of_seat, refused: AtomicBool::default(), written: AtomicU64::default() }
    }

    /// Whether its owner has the choice.
    pub(crate) fn is_choice(&self) -> bool {
        !self.of_seat
    }

    pub(crate) fn is_offered(&self) -> bool {
        !self.of_seat && !self.refused.load(Ordering::SeqCst)
    }

    /// As the owner wants it from now on. What is written already is not deleted by this.
    pub(crate) fn set(&self, offered: bool) {
        self.refused.store(!offered, Ordering::SeqCst);
        self.written.store(0, Ordering::Relaxed);
    }

    /// `seq` of the last event that is written; 0 for none.
    pub(crate) fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// Everything up to this event is written.
    pub(crate) fn wrote(&self, seq: u64) {
        self.written.store(seq, Ordering::Relaxed);
    }
}

/// The teacher's connection to a room, as long as it lasts.
#[derive(Debug)]
pub(crate) struct Looking(watch::Sender<u32>);

impl Drop for Looking {
    fn drop(&mut self) {
        self.0.send_modify(|looking| *looking -= 1);
    }
}

/// One room.
#[derive(Debug)]
pub(crate) struct Room {
    pub(crate) id: String,
    pub(crate) keys: Keys,
    pub(crate) lab: lab::Room,
    /// Ended: every session closes.
    pub(crate) ended: CancellationToken,
    /// News for every session.
    pub(crate) notice: watch::Sender<Option<Notice>>,
    sessions: Mutex<Sessions>,
    changed: Notify,
    /// It has to end at once: it takes what others need.
    too_much: CancellationToken,
    kept_open: Notify,
    /// Recordings that were kept of it.
    kept: Arc<AtomicUsize>,
    pub(crate) offer: Offer,
    /// How many of the teacher's connections look at it now.
    looked: watch::Sender<u32>,
    _permit: Permit,
}

impl Room {
    pub(crate) fn new(id: String, keys: Keys, lab: lab::Room, permit: Permit) -> Self {
        Self {
            offer: Offer::new(keys.look.is_some()),
            id,
            keys,
            lab,
            ended: CancellationToken::new(),
            notice: watch::Sender::new(None),
            sessions: Mutex::default(),
            changed: Notify::new(),
            too_much: CancellationToken::new(),
            kept_open: Notify::new(),
            kept: Arc::default(),
            looked: watch::Sender::new(0),
            _permit: permit,
        }
    }

    /// Lists a session, so that a later connection with its token finds it. False when there are too many.
    pub(crate) fn enter(&self, token: Secret, role: Role, attach: mpsc::Sender<Attach>) -> bool {
        let mut sessions = self.sessions();
        let fits = sessions.alive.len() < limits::SESSIONS;
        if fits {
            sessions.alive.insert(token, Entry { role, attach, member: None });
            self.changed.notify_one();
        }
        fits
    }

    /// Whose a session is, now that the person is in the room. Ends when the owner removes them.
    pub(crate) fn belongs_to(&self, token: &Secret, member: MemberId) -> CancellationToken {
        let removed = CancellationToken::new();
        if let Some(entry) = self.sessions().alive.get_mut(token) {
            entry.member = Some((member, removed.clone()));
        }
        removed
    }

    /// A session goes by another token from now on: whoever still has the old one has nothing.
    pub(crate) fn rename(&self, old: &Secret, new: Secret) {
        let mut sessions = self.sessions();
        if let Some(session) = sessions.alive.remove(old) {
            sessions.alive.insert(new, session);
        }
    }

    pub(crate) fn leave(&self, token: &Secret) {
        self.sessions().alive.remove(token);
        self.changed.notify_one();
    }

    /// The session with this token, if it began with this role: a token gives no more than the key it comes with.
    ///
    /// # Errors
    /// [`Refusal::Removed`] where the owner ended it, [`Refusal::SessionOver`] otherwise.
    pub(crate) fn session(&self, token: &Secret, role: Role) -> Result<mpsc::Sender<Attach>, Refusal> {
        let sessions = self.sessions();
        let found = sessions.alive.get(token).filter(|entry| entry.role == role);
        match found {
            Some(entry) => Ok(entry.attach.clone()),
            None if sessions.removed.contains(token) => Err(Refusal::Removed),
            None => Err(Refusal::SessionOver),
        }
    }

    /// Ends the session of a guest or a watcher; what was theirs goes with it. Its token is worth nothing from now on.
    ///
    /// # Errors
    /// [`CallError::Protocol`] where nobody of that number is here, [`CallError::Policy`] for an owner.
    pub(crate) fn remove(&self, member: MemberId) -> Result<(), CallError> {
        let mut sessions = self.sessions();
        let found = sessions.alive.iter().find_map(|(token, entry)| {
            let (own, removed) = entry.member.as_ref()?;
            (*own == member).then(|| (*token, entry.role, removed.clone()))
        });
        let Some((token, role, removed)) = found else {
            return Err(ProtocolRule::NoSuchPerson.broken());
        };
        if role == Role::Owner {
            return Err(PolicyRule::OwnersStay.refuse("owner"));
        }
        sessions.alive.remove(&token);
        sessions.forget(token);
        removed.cancel();
        self.changed.notify_one();
        Ok(())
    }

    /// The teacher of its class looks at it until what this returns is dropped; none with another key.
    pub(crate) fn look(&self, key: &Secret) -> Option<Looking> {
        self.keys.is_look(key).then(|| {
            self.looked.send_modify(|looking| *looking += 1);
            Looking(self.looked.clone())
        })
    }

    /// How many of the teacher's connections look at it.
    pub(crate) fn looked(&self) -> watch::Receiver<u32> {
        self.looked.subscribe()
    }

    /// Whether one of its owners is here, or may come back to a session that goes on.
    pub(crate) fn has_owner(&self) -> bool {
        self.sessions().alive.values().any(|entry| entry.role == Role::Owner)
    }

    /// Ends the room: it takes what others need, or its class is over.
    pub(crate) fn takes_too_much(&self) {
        self.too_much.cancel();
    }

    /// Whether it ends for that.
    pub(crate) fn took_too_much(&self) -> bool {
        self.too_much.is_cancelled()
    }

    /// A place for one more recording of this room; none where there are as many as may be.
    pub(crate) fn keep_one(&self) -> Option<Place> {
        let more = |kept: usize| (kept < limits::ROOM_KEPT).then_some(kept + 1);
        self.kept.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Place { kept: Arc::clone(&self.kept), taken: false })
    }

    pub(crate) fn keep_open(&self) {
        self.kept_open.notify_one();
    }

    /// Waits until the room has to end, giving notice in time.
    pub(crate) async fn watch_over(&self, times: Deadlines) {
        let mut end = Instant::now() + times.room_life;
        let mut idle_since = Some(Instant::now());
        loop {
            let warning = end - times.room_notice.min(times.room_life);
            let now = Instant::now();
            if idle_since.is_some_and(|since| since + times.room_idle <= now) || end <= now {
                return;
            }
            let warned = warning <= now;
            let next = if warned { end } else { warning };
            let due = idle_since.map_or(next, |since| next.min(since + times.room_idle));
            tokio::select! {
                () = self.changed.notified() => {
                    let empty = self.sessions().alive.is_empty();
                    idle_since = if empty { idle_since.or_else(|| Some(Instant::now())) } else { None };
                }
                () = self.kept_open.notified(), if warned => {
                    end = Instant::now() + times.room_life;
                    self.notice.send_replace(Some(Notice::RoomStays));
                }
                () = self.too_much.cancelled() => return,
                () = tokio::time::sleep_until(due) => {}
            }
            if !warned && Instant::now() >= warning {
                let left = end.saturating_duration_since(Instant::now());
                let left_ms = u64::try_from(left.as_millis()).unwrap_or(u64::MAX);
                self.notice.send_replace(Some(Notice::RoomEnds { left_ms }));
            }
        }
    }

    fn sessions(&self) -> MutexGuard<'_, Sessions> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use proto::room::Role;

    use super::Keys;

    #[test]
    fn a_role_hands_on_no_more_than_it_has() {
        let keys = Keys { owner: [1; 16], join: [2; 16], watch: [3; 16], look: Some([5; 16]) };
        assert_eq!(keys.role(&[1; 16]), Some(Role::Owner));
        assert_eq!(keys.role(&[3; 16]), Some(Role::Viewer));
        assert_eq!((keys.role(&[4; 16]), keys.role(&[5; 16])), (None, Some(Role::Viewer)));
        assert_eq!(keys.links(Role::Viewer).join, None);
        assert_eq!(keys.links(Role::Participant).join, Some([2; 16]));
    }
}
