//! The keeper, from outside: a process of its own, real namespaces, real sockets.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod environments;
mod hosts;
mod net;
mod sockets;

use std::path::{Path, PathBuf};

use lab::keeper::Keeper;

/// The keeper's program: another copy of it where this test runs as another user.
fn program() -> PathBuf {
    std::env::var_os(environments::PROGRAM)
        .map_or_else(|| Path::new(env!("CARGO_BIN_EXE_keeper")).to_owned(), PathBuf::from)
}

fn keeper() -> Keeper {
    Keeper::start_with(&program()).unwrap_or_else(|unavailable| panic!("{unavailable}"))
}
