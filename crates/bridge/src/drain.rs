//! Going away in good order, in two steps. First the server retires: nobody makes a room here any more, and the rooms
//! there are live on. Then it drains: sessions are closed, and what is left at the deadline is dropped. Two flags that
//! everybody can wait for, and a count of who is still there.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use tokio::time::Instant;
use tokio_util::{
    sync::CancellationToken,
    task::{TaskTracker, task_tracker::TaskTrackerToken},
};

/// The registry of what must end before the server does. Clones are the same registry.
#[derive(Clone, Debug)]
pub(crate) struct Drain {
    retiring: CancellationToken,
    begun: CancellationToken,
    over: CancellationToken,
    sessions: TaskTracker,
    limit: Duration,
    deadline: Arc<OnceLock<Instant>>,
}

impl Drain {
    /// A registry that gives sessions `limit` to end once the drain has begun.
    pub(crate) fn new(limit: Duration) -> Self {
        Self {
            retiring: CancellationToken::new(),
            begun: CancellationToken::new(),
            over: CancellationToken::new(),
            sessions: TaskTracker::new(),
            limit,
            deadline: Arc::new(OnceLock::new()),
        }
    }

    /// Takes no new rooms from now on; those there are live on. The second time changes nothing.
    pub(crate) fn retire(&self) {
        self.retiring.cancel();
    }

    /// Whether nobody makes a room here any more.
    pub(crate) fn is_retiring(&self) -> bool {
        self.retiring.is_cancelled()
    }

    /// Waits for the server to retire.
    pub(crate) async fn retiring(&self) {
        self.retiring.cancelled().await;
    }

    /// Begins the drain. The second time changes nothing.
    pub(crate) fn begin(&self) {
        self.retire();
        self.deadline.get_or_init(|| Instant::now() + self.limit);
        self.sessions.close();
        self.begun.cancel();
    }

    /// Whether the drain has begun: nobody new is let in.
    pub(crate) fn is_begun(&self) -> bool {
        self.begun.is_cancelled()
    }

    /// Waits for the drain to begin. A session then tells its page and closes with code 1012.
    pub(crate) async fn begun(&self) {
        self.begun.cancelled().await;
    }

    /// Waits for the end of the drain: what is still there then is dropped.
    pub(crate) async fn over(&self) {
        self.over.cancelled().await;
    }

    /// What is left of the time to end; the whole limit while no drain has begun.
    pub(crate) fn left(&self) -> Duration {
        self.deadline.get().map_or(self.limit, |deadline| deadline.saturating_duration_since(Instant::now()))
    }

    /// Keeps the server from ending until the returned token is dropped, or the deadline has passed.
    pub(crate) fn hold(&self) -> TaskTrackerToken {
        self.sessions.token()
    }

    /// Waits until the drain has begun and nothing holds it, at most to the deadline. True if nothing is left.
    pub(crate) async fn finished(&self) -> bool {
        self.begun().await;
        let in_time = tokio::time::timeout(self.left(), self.sessions.wait()).await.is_ok();
        self.over.cancel();
        in_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_with_its_last_holder() {
        let drain = Drain::new(Duration::from_secs(10));
        let token = drain.hold();
        let began = Instant::now();
        drain.begin();
        assert!(drain.is_begun());
        let waiting = tokio::spawn({
            let drain = drain.clone();
            async move { drain.finished().await }
        });
        drop(token);
        assert!(waiting.await.unwrap());
        assert_eq!(began.elapsed(), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn a_drain_ends_at_its_deadline_at_the_latest() {
        let drain = Drain::new(Duration::from_secs(10));
        let _token = drain.hold();
        drain.begin();
        let began = Instant::now();
        assert!(!drain.finished().await);
        drain.over().await;
        assert_eq!(began.elapsed(), Duration::from_secs(10));
    }
}
