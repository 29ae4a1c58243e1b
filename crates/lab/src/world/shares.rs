//! Who may have how many of what a room has only so many of: nobody can take everything.
//!
//! One person has at most three quarters, and the last quarter is for those who have only a few yet: whoever comes late
//! finds a share.

use proto::{
    call::CallError,
    limits::{self, Limit},
};

/// Kernel sockets.
pub(super) const SOCKETS: Shares = Shares {
    limit: Limit::Sockets,
    most: limits::SOCKETS,
    of_one: Limit::PersonSockets,
    most_of_one: limits::PERSON_SOCKETS,
    share: limits::SOCKETS_SHARE,
};
/// Programs.
pub(super) const PROGRAMS: Shares = Shares {
    limit: Limit::Programs,
    most: limits::PROGRAMS,
    of_one: Limit::PersonPrograms,
    most_of_one: limits::PERSON_PROGRAMS,
    share: limits::PROGRAMS_SHARE,
};

/// How something is shared out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shares {
    limit: Limit,
    most: usize,
    of_one: Limit,
    most_of_one: usize,
    /// So many everybody can have as long as there are any.
    share: usize,
}

impl Shares {
    /// Why a person who has `own` of `all` there are may have no more.
    pub(super) fn refusal(&self, own: usize, all: usize) -> Option<CallError> {
        let kept_free = self.most - self.most_of_one;
        if all >= self.most {
            Some(self.limit.reached())
        } else if own >= self.share && (own >= self.most_of_one || all + kept_free >= self.most) {
            Some(self.of_one.reached())
        } else {
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limit(own: usize, all: usize) -> Option<String> {
        match SOCKETS.refusal(own, all) {
            Some(CallError::Limit { limit, .. }) => Some(limit),
            Some(other) => Some(format!("{other:?}")),
            None => None,
        }
    }

    #[test]
    fn whoever_is_alone_has_three_quarters() {
        let taken = (0..).take_while(|&taken| limit(taken, taken).is_none()).count();
        assert_eq!(taken, limits::PERSON_SOCKETS);
        assert_eq!(limit(taken, taken).as_deref(), Some("person-sockets"));
    }

    #[test]
    fn whoever_comes_late_finds_a_share_until_there_are_none() {
        let late = |all| (0..).take_while(|&own| limit(own, all + own).is_none()).count();
        assert_eq!(late(limits::PERSON_SOCKETS), limits::SOCKETS_SHARE);
        assert_eq!(late(limits::SOCKETS - 3), 3);
        assert_eq!(limit(0, limits::SOCKETS).as_deref(), Some("sockets"));
    }
}
