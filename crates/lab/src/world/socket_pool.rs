//! A pool of sockets in reserve. Only the keeper can make a socket on a machine, and a program that opens one connection after
//! another would wait for it each time; it makes sixteen as fast as one. A machine whose programs open one now and then
//! never has any.
//!
//! A socket that nobody has bound or connected is in no table of the kernel's, so nobody sees that it was made earlier.

use std::{
    collections::HashMap,
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use crate::keeper::{Keeper, SocketSpec};

/// Whoever asks again so soon gets more at once.
const SOON: Duration = Duration::from_millis(50);
/// What nobody has taken for so long is closed.
pub(super) const KEPT: Duration = Duration::from_secs(1);

/// A machine's.
#[derive(Debug, Default)]
pub(super) struct SocketPool(HashMap<SocketSpec, Reserve>);

/// Those of one kind.
#[derive(Debug, Default)]
struct Reserve {
    sockets: Vec<OwnedFd>,
    /// How many the keeper was asked for last.
    asked: u8,
    /// When one was wanted last.
    wanted: Option<Instant>,
}

impl SocketPool {
    /// One of these, or how many to ask the keeper for.
    pub(super) fn take(&mut self, spec: SocketSpec, now: Instant) -> Result<OwnedFd, u8> {
        let reserve = self.0.entry(spec).or_default();
        let soon = reserve.wanted.replace(now).is_some_and(|before| now.duration_since(before) < SOON);
        reserve.sockets.pop().ok_or_else(|| {
            let more = reserve.asked.saturating_mul(2).clamp(1, Keeper::MOST_SOCKETS);
            reserve.asked = if soon { more } else { 1 };
            reserve.asked
        })
    }

    /// Keeps what nobody waits for, beside what is there, as many as are made at once; closes the others.
    pub(super) fn keep(&mut self, spec: SocketSpec, sockets: Vec<OwnedFd>) {
        if let Some(reserve) = self.0.get_mut(&spec) {
            reserve.sockets.extend(sockets);
            reserve.sockets.truncate(Keeper::MOST_SOCKETS.into());
        }
    }

    /// Closes what nobody wants any more. When to look again, if any are left.
    pub(super) fn close_unwanted(&mut self, now: Instant) -> Option<Instant> {
        let until = |reserve: &Reserve| reserve.wanted.map_or(now, |wanted| wanted + KEPT);
        self.0.retain(|_, reserve| until(reserve) > now);
        self.0.values().filter(|reserve| !reserve.sockets.is_empty()).map(until).min()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;
    use crate::keeper::{SocketFamily, SocketKind};

    const TCP: SocketSpec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Stream };
    const UDP: SocketSpec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Datagram };

    fn some(count: u8) -> Vec<OwnedFd> {
        (0..count).map(|_| File::open("/dev/null").unwrap().into()).collect()
    }

    /// What the keeper is asked for when `times` sockets are wanted, each `after` the last.
    fn asked(spares: &mut SocketPool, times: u32, begin: Instant, after: Duration) -> Vec<u8> {
        let mut asked = Vec::new();
        for time in 0..times {
            if let Err(count) = spares.take(TCP, begin + after * time) {
                asked.push(count);
                spares.keep(TCP, some(count - 1));
            }
        }
        asked
    }

    #[test]
    fn who_asks_now_and_then_has_none_in_reserve() {
        assert_eq!(asked(&mut SocketPool::default(), 4, Instant::now(), SOON), [1, 1, 1, 1]);
    }

    #[test]
    fn who_asks_again_and_again_gets_more_at_once() {
        let every = Duration::from_millis(1);
        let mut spares = SocketPool::default();
        assert_eq!(asked(&mut spares, 40, Instant::now(), every), [1, 2, 4, 8, 16, 16]);
    }

    #[test]
    fn what_comes_while_others_are_there_is_kept_beside_them() {
        let mut spares = SocketPool::default();
        let now = Instant::now();
        assert!(spares.take(TCP, now).is_err());
        spares.keep(TCP, some(3));
        spares.keep(TCP, some(3));
        assert_eq!((0..9).filter(|_| spares.take(TCP, now).is_ok()).count(), 6);
        spares.keep(TCP, some(15));
        spares.keep(TCP, some(15));
        assert_eq!((0..40).filter(|_| spares.take(TCP, now).is_ok()).count(), Keeper::MOST_SOCKETS.into());
    }

    #[test]
    fn kinds_are_kept_apart_and_what_nobody_takes_is_closed() {
        let now = Instant::now();
        let mut spares = SocketPool::default();
        assert!(spares.take(TCP, now).is_err());
        spares.keep(TCP, some(3));
        assert!(spares.take(UDP, now).is_err(), "another kind");
        assert_eq!(spares.close_unwanted(now + KEPT / 2), Some(now + KEPT));
        assert!(spares.take(TCP, now + KEPT / 2).is_ok());
        assert_eq!(
            spares.close_unwanted(now + KEPT),
            Some(now + KEPT / 2 + KEPT),
            "somebody still takes them"
        );
        assert_eq!(spares.close_unwanted(now + 2 * KEPT), None);
        assert!(spares.0.is_empty());
    }
}
