//! Which machines are drawn where there are more than lines: those that acted last. A place is given up only by who has
//! been quiet for a while, so that nothing jumps about while fifteen machines call at once.

use std::collections::HashMap;

use proto::{
    id::HostId,
    trace::{Event, Link, What},
};

use crate::view::{filter::Filter, store::TraceStore};

/// A machine that has done nothing for so long gives its place to one that does something. Nanoseconds.
const QUIET: u64 = 2_000_000_000;
/// From so many places on the machine at the left and `server` always have theirs, once they have acted.
const SURE_FROM: usize = 3;

/// For what the places are given.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Terms {
    /// How many there are.
    pub(super) most: usize,
    /// Machines that somebody picked, the latest last.
    pub(super) pinned: Vec<HostId>,
    /// The machine at the left.
    pub(super) left: Option<HostId>,
    /// `server`.
    pub(super) right: Option<HostId>,
}

impl Terms {
    /// Whether it is the machine at the left, or `server`.
    fn is_first(&self, host: HostId) -> bool {
        Some(host) == self.left || Some(host) == self.right
    }

    /// Whether it keeps its place for good.
    fn is_sure(&self, host: HostId) -> bool {
        self.most >= SURE_FROM && self.is_first(host)
    }

    /// The picked machines that have a place: one at least is left to whoever acts.
    fn picked(&self) -> &[HostId] {
        let left = if self.most >= SURE_FROM { 2 } else { 1 };
        let most = self.most.saturating_sub(left).max(1);
        &self.pinned[self.pinned.len().saturating_sub(most)..]
    }
}

/// The places, and who has them.
#[derive(Debug, Default)]
pub(super) struct Seats {
    terms: Terms,
    seated: Vec<HostId>,
    /// When each machine did something last, nanoseconds since the room began.
    last: HashMap<HostId, u64>,
    scanned: u64,
    /// Whether somebody was not let in because somebody else was looking.
    refused: bool,
}

impl Seats {
    /// Takes what happened since. While somebody looks (`keep`) nobody loses a place.
    pub(super) fn bring_up(&mut self, store: &TraceStore, filter: &Filter, terms: Terms, keep: bool) {
        let anew = terms != self.terms || (self.refused && !keep);
        if anew {
            let seated = terms.picked().iter().copied().filter(|host| filter.shows_host(*host)).collect();
            *self = Self { seated, terms, ..Self::default() };
        }
        let keep = keep && !anew;
        for event in store.events_from(store.index_from(self.scanned + 1)) {
            if let What::HostGone(host) = event.what {
                self.last.insert(host, 0);
            }
            let mut hosts: Vec<_> = hosts_of(event).filter(|host| filter.shows_host(*host)).collect();
            // Of two that have to do with each other: the others call `server`, and not they each other.
            hosts.sort_by_key(|host| !self.terms.is_first(*host));
            for host in hosts {
                self.acts(host, event.time, keep);
            }
            self.scanned = event.seq;
        }
    }

    /// Who has a place, in no order.
    pub(super) fn seated(&self) -> &[HostId] {
        &self.seated
    }

    fn acts(&mut self, host: HostId, time: u64, keep: bool) {
        self.last.insert(host, time);
        if self.seated.contains(&host) {
            return;
        }
        if self.seated.len() < self.terms.most {
            return self.seated.push(host);
        }
        let first = self.terms.is_first(host);
        let Some((at, since)) = self.quietest(first) else { return };
        if !first && time.saturating_sub(since) < QUIET {
            return;
        }
        if keep {
            self.refused = true;
        } else {
            self.seated[at] = host;
        }
    }

    /// Who has been quiet for longest among those who can lose their place, and since when; `first`: to one of the first,
    /// who do not wait for a guest to be quiet, and take the place of none of their own.
    fn quietest(&self, first: bool) -> Option<(usize, u64)> {
        let free = |host: &HostId| {
            let kept = if first { self.terms.is_first(*host) } else { self.terms.is_sure(*host) };
            !kept && !self.terms.picked().contains(host)
        };
        let seated = self.seated.iter().enumerate().filter(|(_, host)| free(host));
        let since = seated.map(|(at, host)| (at, self.last.get(host).copied().unwrap_or(0)));
        since.min_by_key(|(_, since)| *since)
    }
}

/// Machines that an event touches.
pub(super) fn hosts_of(event: &Event) -> impl Iterator<Item = HostId> {
    let hosts = match &event.what {
        What::CallBegin(begin) => [Some(begin.host), None],
        What::State(change) => [Some(change.host), None],
        What::Packet(packet) => match packet.link {
            Link::Loopback(host) => [Some(host), None],
            Link::Wire => [packet.from, packet.to],
        },
        _ => [None, None],
    };
    hosts.into_iter().flatten()
}
