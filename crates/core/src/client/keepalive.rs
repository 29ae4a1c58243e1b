//! When to try again, and when to ask whether the server is still there.

use std::time::Duration;

use crate::limits;

/// First wait before a new connection.
const RETRY_FIRST: Duration = Duration::from_millis(500);
/// Longest wait before a new connection.
const RETRY_MOST: Duration = Duration::from_secs(30);
/// A connection that held for so long was a good one.
const STEADY_AFTER: Duration = Duration::from_secs(10);
/// After so much silence the page asks.
const PING_AFTER: Duration = Duration::from_secs(15);
/// After so much more silence, or so long without an open connection or a welcome, it is dead.
const DEAD_AFTER: Duration = Duration::from_secs(10);

/// What is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeepaliveAction {
    Connect,
    Ping,
    Disconnect,
}

#[derive(Debug, Default)]
pub(super) struct Keepalive {
    next: Option<(Duration, KeepaliveAction)>,
    tries: u32,
    lost_at: Option<Duration>,
    welcomed_at: Option<Duration>,
    was_live: bool,
}

impl Keepalive {
    /// A connection is being opened, or is open and not welcomed yet.
    pub(super) fn connecting(&mut self, now: Duration) {
        self.next = Some((now + DEAD_AFTER, KeepaliveAction::Disconnect));
    }

    pub(super) fn welcomed(&mut self, now: Duration) {
        self.welcomed_at = Some(now);
        self.lost_at = None;
        self.was_live = true;
    }

    /// Something came: the connection lives.
    pub(super) fn on_receive(&mut self, now: Duration) {
        self.next = Some((now + PING_AFTER, KeepaliveAction::Ping));
    }

    pub(super) fn disconnected(&mut self, now: Duration, random: f64) {
        if self.was_live {
            self.lost_at.get_or_insert(now);
        }
        // A connection that breaks again and again right after its welcome must not be tried without a pause.
        if self.welcomed_at.take().is_some_and(|at| now.saturating_sub(at) >= STEADY_AFTER) {
            self.tries = 0;
        }
        let most = RETRY_FIRST.saturating_mul(1 << self.tries.min(10)).min(RETRY_MOST);
        self.tries = self.tries.saturating_add(1);
        self.next = Some((now + most.mul_f64(0.5 + random.clamp(0.0, 1.0) / 2.0), KeepaliveAction::Connect));
    }

    /// The next try comes within a second, however many there were: somebody else answers, and soon it is known whether for long.
    pub(super) fn node_away(&mut self) {
        self.tries = 1;
    }

    pub(super) fn retry_now(&mut self, now: Duration) {
        self.next = Some((now, KeepaliveAction::Connect));
    }

    pub(super) fn resume_left(&self, now: Duration) -> Option<Duration> {
        let end = self.lost_at? + Duration::from_millis(limits::RESUME_WINDOW_MS);
        Some(end.saturating_sub(now))
    }

    pub(super) fn poll_timeout(&self) -> Option<Duration> {
        self.next.map(|(at, _)| at)
    }

    pub(super) fn handle_timeout(&mut self, now: Duration) -> Option<KeepaliveAction> {
        let (at, due) = self.next?;
        if now < at {
            return None;
        }
        self.next = (due == KeepaliveAction::Ping).then_some((now + DEAD_AFTER, KeepaliveAction::Disconnect));
        Some(due)
    }
}
