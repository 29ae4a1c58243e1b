//! Who has taken how much of something that is bounded: bytes that are kept for a visitor, descriptors of a room.
//!
//! What is to be taken is counted before it is taken, and given back when the [`Charge`] is dropped. Accounts stand
//! within one another, a room's within its server's. An account's share is always there: it is not counted in the
//! account around it, so that nobody's greed leaves others with nothing. Knows nothing of what is counted.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use proto::call::CallError;
use proto::limits::Limit;

/// An account.
#[derive(Debug)]
pub struct Account {
    limit: Limit,
    most: usize,
    share: usize,
    taken: AtomicUsize,
    around: Option<Arc<Self>>,
}

impl Account {
    /// An account that stands within none: at most `most`, refused by `limit`.
    #[must_use]
    pub fn new(limit: Limit, most: usize) -> Arc<Self> {
        Arc::new(Self { limit, most, share: 0, taken: AtomicUsize::new(0), around: None })
    }

    /// An account within this one. What it takes beyond `share` is counted here too.
    #[must_use]
    pub fn within(self: &Arc<Self>, limit: Limit, most: usize, share: usize) -> Arc<Self> {
        let around = Some(Arc::clone(self));
        Arc::new(Self { limit, most, share, taken: AtomicUsize::new(0), around })
    }

    /// An account without a share within `around`, or, where there is none, one that stands within none.
    #[must_use]
    pub fn within_any(around: Option<&Arc<Self>>, limit: Limit, most: usize) -> Arc<Self> {
        around.map_or_else(|| Self::new(limit, most), |around| around.within(limit, most, 0))
    }

    /// What is taken now.
    pub fn taken(&self) -> usize {
        self.taken.load(Ordering::SeqCst)
    }

    /// What could be taken now.
    pub fn room(&self) -> usize {
        let taken = self.taken();
        let around = self.around.as_ref().map_or(usize::MAX, |around| around.room());
        self.most.saturating_sub(taken).min(self.share.saturating_sub(taken).saturating_add(around))
    }

    /// The account that is full first: this one, or one around it.
    pub fn tightest(self: &Arc<Self>) -> &Arc<Self> {
        let own = self.most.saturating_sub(self.taken());
        match &self.around {
            Some(around) if self.share.saturating_sub(self.taken()).saturating_add(around.room()) < own => {
                around.tightest()
            }
            _ => self,
        }
    }

    /// Takes as much as `amount`, or nothing.
    ///
    /// # Errors
    /// [`CallError::Limit`] with the name of the account that is full.
    pub fn take(self: &Arc<Self>, amount: usize) -> Result<Charge, CallError> {
        self.add(amount)?;
        Ok(Charge { account: Arc::clone(self), amount })
    }

    /// Takes what is there already, however full the account is.
    #[must_use]
    pub fn note(self: &Arc<Self>, amount: usize) -> Charge {
        self.add_unbounded(amount);
        Charge { account: Arc::clone(self), amount }
    }

    /// The limit that this account stands for, and its value.
    pub fn bound(&self) -> (Limit, u64) {
        (self.limit, self.most as u64)
    }

    /// The refusal of this account.
    pub fn refusal(&self) -> CallError {
        let (limit, value) = self.bound();
        limit.reached_at(value)
    }

    /// Whether a refusal is this account's own, not that of an account around it.
    pub fn refuses(&self, error: &CallError) -> bool {
        matches!(error, CallError::Limit { limit, .. } if limit == self.limit.name())
    }

    fn beyond_share(&self, taken: usize) -> usize {
        taken.saturating_sub(self.share)
    }

    fn add(&self, amount: usize) -> Result<(), CallError> {
        let fits = |taken: usize| taken.checked_add(amount).filter(|&sum| sum <= self.most);
        let before =
            self.taken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fits).map_err(|_| self.refusal())?;
        let Some(around) = &self.around else { return Ok(()) };
        let more = self.beyond_share(before + amount) - self.beyond_share(before);
        around.add(more).inspect_err(|_| {
            // What came and went meanwhile has counted this amount on its way: the difference is what others hold.
            let before = self.taken.fetch_sub(amount, Ordering::SeqCst);
            let less = self.beyond_share(before) - self.beyond_share(before - amount);
            if less > more {
                around.give_back(less - more);
            } else {
                around.add_unbounded(more - less);
            }
        })
    }

    fn add_unbounded(&self, amount: usize) {
        let before = self.taken.fetch_add(amount, Ordering::SeqCst);
        if let Some(around) = &self.around {
            around.add_unbounded(self.beyond_share(before + amount) - self.beyond_share(before));
        }
    }

    fn give_back(&self, amount: usize) {
        let before = self.taken.fetch_sub(amount, Ordering::SeqCst);
        if let Some(around) = &self.around {
            around.give_back(self.beyond_share(before) - self.beyond_share(before - amount));
        }
    }
}

/// Something taken. Dropping it gives it back.
#[derive(Debug)]
pub struct Charge {
    account: Arc<Account>,
    amount: usize,
}

impl Charge {
    /// How much it is.
    pub fn amount(&self) -> usize {
        self.amount
    }

    /// Takes so much more, or nothing.
    ///
    /// # Errors
    /// [`CallError::Limit`] with the name of the account that is full.
    pub fn grow(&mut self, more: usize) -> Result<(), CallError> {
        self.account.add(more)?;
        self.amount += more;
        Ok(())
    }

    /// Gives back what is beyond `amount`.
    pub fn shrink(&mut self, amount: usize) {
        let less = self.amount.saturating_sub(amount);
        self.account.give_back(less);
        self.amount -= less;
    }

    /// Makes it as much as there is in fact, however full the account is.
    pub fn set(&mut self, amount: usize) {
        if amount > self.amount {
            self.account.add_unbounded(amount - self.amount);
            self.amount = amount;
        } else {
            self.shrink(amount);
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.account.give_back(self.amount);
    }
}

#[cfg(test)]
mod tests {
    use proto::call::CallError;

    use proto::limits::Limit;

    use super::Account;

    fn limit<T>(result: Result<T, CallError>) -> String {
        match result {
            Err(CallError::Limit { limit, .. }) => limit,
            Err(other) => format!("{other:?}"),
            Ok(_) => "none".to_owned(),
        }
    }

    #[test]
    fn what_is_dropped_can_be_taken_again() {
        let account = Account::new(Limit::ServerMemory, 10);
        let first = account.take(8).unwrap();
        assert_eq!(limit(account.take(3)), "server-memory");
        assert_eq!(account.room(), 2);
        drop(first);
        assert_eq!((account.taken(), account.room()), (0, 10));
    }

    #[test]
    fn a_share_is_there_however_full_the_account_around_is() {
        let room = Account::new(Limit::RoomMemory, 10);
        let greedy = room.within(Limit::OutstandingResults, 100, 2);
        let other = room.within(Limit::OutstandingResults, 100, 2);
        let mut all = greedy.take(12).unwrap();
        assert_eq!(limit(greedy.take(1)), "room-memory");
        assert_eq!((room.taken(), greedy.room(), other.room()), (10, 0, 2));
        assert_eq!((greedy.tightest().limit, room.tightest().limit), (Limit::RoomMemory, Limit::RoomMemory));
        assert_eq!(
            Account::new(Limit::ServerMemory, 20).within(Limit::RoomMemory, 10, 0).tightest().most,
            10
        );
        let mine = other.take(2).unwrap();
        assert_eq!(limit(other.take(1)), "room-memory");
        assert_eq!(other.taken(), 2, "a refusal takes nothing");
        all.shrink(5);
        assert_eq!(room.taken(), 3);
        all.set(20);
        assert_eq!((room.taken(), room.room()), (18, 0));
        drop((all, mine));
        assert_eq!((room.taken(), greedy.taken(), other.taken()), (0, 0, 0));
    }
}
