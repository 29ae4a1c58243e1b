//! The keeper: a small process that makes network namespaces and whatever has to be made inside them (TUNs,
//! sockets, captures) and passes them to the main process as file descriptors.
//!
//! Why a process: making a network namespace as an ordinary user needs a user namespace, which a process can
//! enter only while it has one thread, and out of which it never comes back. The main process has many threads
//! and must stay in the machine's own network, where the page is served.
//!
//! Keepers are made by fork(2) in a process that was started for that before anything else, so that main can give up
//! starting programs ([`crate::confine`]). Neither of the two ever sees a byte of a stranger's.
//!
//! The keeper is stateless. Main owns every descriptor, namespaces included, so a keeper that died is replaced
//! by a new one that serves the old hosts as well. It knows nothing of rooms, programs or people, and nothing
//! that a stranger wrote reaches it: requests are enums and numbers.
//!
//! | module | does |
//! | --- | --- |
//! | `client` | the asynchronous [`Keeper`] of the main process |
//! | `spawner` | the process that starts keepers, as main sees it |
//! | `link` | the blocking conversation beneath it: start, ask, restart |
//! | `message` | requests, answers and their descriptors on the socket |
//! | `process` | the keeper's own loop |
//! | `confine` | user namespace, capabilities, limits |
//! | `host` | one host: namespace, TUN, captures |
//! | `rtnetlink`, [`sysctl`], `ioctl`, `option` | the kernel's interfaces for that |
//! | `tap` | reading a capture |
//! | `self_test`, `step`, `unavailable` | does all that work here, and what to do where it does not |
#![allow(unsafe_code, reason = "system calls that rustix has no safe form of; each one says why it is sound")]

mod client;
mod confine;
mod host;
mod ioctl;
mod link;
mod message;
pub(crate) mod option;
mod process;
mod rtnetlink;
mod self_test;
pub mod spawner;
mod step;
pub mod sysctl;
pub mod tap;
mod unavailable;

pub use client::{HostFds, Keeper, Namespace};
pub use message::{HostSpec, SocketFamily, SocketKind, SocketSpec};
pub use spawner::Spawner;
pub use step::Step;
pub use sysctl::HostSysctl;
pub use unavailable::{CONTAINER, Unavailable};

/// The first argument that turns a program into a keeper.
const ARGUMENT: &str = "--wireside-keeper";

/// Becomes the keeper and never returns, if this process was started as one. Must be the first line of a plain
/// `main`, before any thread exists and before any descriptor is opened.
pub fn run_if_asked() {
    if std::env::args_os().nth(1).is_some_and(|first| first == ARGUMENT) {
        std::process::exit(process::run());
    }
}
