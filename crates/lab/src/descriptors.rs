//! Descriptors of this process: what rooms may take of them, in all and for those who made the rooms.
//!
//! The kernel gives the lowest number that is free, so a new descriptor's own number says how many there are at least:
//! however they came to be open, beyond a certain number rooms get no more, and the rest is the page's.

use std::{
    os::fd::{AsFd, AsRawFd, BorrowedFd},
    sync::Arc,
};

use proto::call::CallError;
use proto::limits::Limit;
use rustix::io::fcntl_dupfd_cloexec;

use crate::account::{Account, Charge};

/// What a machine takes: its namespace, both ends of its links, its states.
pub(crate) const MACHINE: usize = 5;
/// What a room takes beside its machines.
pub(crate) const ROOM: usize = 2;

/// What one room may take.
#[derive(Clone, Debug, Default)]
pub struct Descriptors {
    /// Numbers from this one on are not for rooms; none where all are.
    pub ceiling: Option<u32>,
    /// What those who made the room have in all their rooms, where they are counted.
    pub account: Option<Arc<Account>>,
}

impl Descriptors {
    /// Whether a room may have this new one.
    ///
    /// # Errors
    /// [`CallError::Limit`] `server-descriptors`.
    pub(crate) fn check(&self, new: &impl AsFd) -> Result<(), CallError> {
        let fits =
            |fd: BorrowedFd<'_>, ceiling| u32::try_from(fd.as_raw_fd()).is_ok_and(|number| number < ceiling);
        match self.ceiling {
            Some(ceiling) if !fits(new.as_fd(), ceiling) => {
                // It may have been made when there were more: a copy has the lowest number that is free now.
                let copy = fcntl_dupfd_cloexec(new, 0).ok();
                let room = copy.is_some_and(|copy| fits(copy.as_fd(), ceiling));
                if room { Ok(()) } else { Err(full(ceiling)) }
            }
            _ => Ok(()),
        }
    }

    /// Takes so many of the account.
    ///
    /// # Errors
    /// [`CallError::Limit`] with the account's name.
    pub(crate) fn take(&self, count: usize) -> Result<Option<Charge>, CallError> {
        self.account.as_ref().map(|account| account.take(count)).transpose()
    }
}

fn full(ceiling: u32) -> CallError {
    Limit::ServerDescriptors.reached_at(ceiling.into())
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn where_there_are_too_many_there_is_none_for_a_room() {
        let new = File::open("/dev/null").unwrap();
        let of = |ceiling| Descriptors { ceiling: Some(ceiling), account: None }.check(&new);
        assert_eq!(of(u32::MAX), Ok(()));
        // Standard input, output and error are open in every process.
        assert_eq!(of(3), Err(full(3)));
        let late = fcntl_dupfd_cloexec(&new, 900).unwrap();
        let descriptors = Descriptors { ceiling: Some(900), account: None };
        assert_eq!(descriptors.check(&late), Ok(()), "there are few now");
    }
}
