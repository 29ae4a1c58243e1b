//! Listeners that whoever started this program had opened for it, as systemd does (sd_listen_fds(3)): they outlive the
//! program, so that between two of its lives connections wait and are not refused.

use std::net::TcpListener;
use std::os::fd::OwnedFd;

use rustix::net::sockopt::socket_acceptconn;
use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};

/// The first one's number.
const FIRST: i32 = 3;
/// Nobody needs more than two.
const MOST: i32 = 16;

/// What there is.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// The page's: the first one that is not called `tutorial`.
    pub(crate) page: Option<TcpListener>,
    /// The tutorial's: the one called so, `FileDescriptorName=tutorial`.
    pub(crate) tutorial: Option<TcpListener>,
}

/// Takes them. What is no listening TCP socket is left alone.
pub(crate) fn listeners() -> Given {
    let variable = |name: &str| std::env::var(name).ok();
    let (process, count) = (variable("LISTEN_PID"), variable("LISTEN_FDS"));
    let mut given = Given::default();
    for (index, name) in
        names(process, count, &variable("LISTEN_FDNAMES").unwrap_or_default()).iter().enumerate()
    {
        let Some(listener) = i32::try_from(index).ok().and_then(|index| taken(FIRST + index)) else {
            continue;
        };
        let place = if name == "tutorial" { &mut given.tutorial } else { &mut given.page };
        if place.is_none() {
            *place = Some(listener);
        }
    }
    given
}

/// A name for each that was meant for this process; systemd's own name where there is none.
fn names(process: Option<String>, count: Option<String>, names: &str) -> Vec<String> {
    let number = |text: Option<String>| text.and_then(|text| text.parse::<i32>().ok());
    if number(process) != Some(getpid().as_raw_nonzero().get()) {
        return Vec::new();
    }
    let mut given = names.split(':');
    (0..number(count).unwrap_or(0).clamp(0, MOST))
        .map(|_| given.next().unwrap_or("unknown").to_owned())
        .collect()
}

/// The listener with this number, through the kernel: nothing else tells that a number is open and whose it is.
fn taken(number: i32) -> Option<TcpListener> {
    let own = pidfd_open(getpid(), PidfdFlags::empty()).ok()?;
    let descriptor: OwnedFd = pidfd_getfd(own, number, PidfdGetfdFlags::empty()).ok()?;
    if !socket_acceptconn(&descriptor).unwrap_or(false) {
        return None;
    }
    let listener = TcpListener::from(descriptor);
    listener.local_addr().ok()?;
    listener.set_nonblocking(true).ok()?;
    Some(listener)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_for_this_process_is_taken() {
        let own = Some(getpid().as_raw_nonzero().to_string());
        let count = || Some("2".to_owned());
        assert!(names(None, count(), "a:b").is_empty());
        assert!(names(Some("1".to_owned()), count(), "a:b").is_empty());
        assert_eq!(names(own.clone(), count(), "tutorial"), ["tutorial", "unknown"]);
        assert!(names(own, Some("-4".to_owned()), "").is_empty());
    }
}
