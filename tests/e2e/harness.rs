//! What tests from outside stand on: the real program as a child process, a native client on the protocol's own
//! endpoint, plain HTTP and TCP, a proxy that can cut, and real browsers.
//!
//! It knows the server only by its flags, its output and its ports.

pub(crate) mod browser;
pub(crate) mod cdp;
pub(crate) mod class;
pub(crate) mod client;
pub(crate) mod firefox;
pub(crate) mod http;
pub(crate) mod proxy;
pub(crate) mod raw;
pub(crate) mod room;
pub(crate) mod server;
pub(crate) mod site;
pub(crate) mod tls;
pub(crate) mod trace;

use std::{path::PathBuf, time::Duration};

/// When a test gives up waiting for something to happen. Nothing here takes a tenth of it: it is a failure, never a
/// measurement.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// Waits for what has to come.
///
/// # Panics
/// Naming what did not come.
pub(crate) async fn in_time<T>(what: &str, coming: impl Future<Output = T>) -> T {
    match tokio::time::timeout(PATIENCE, coming).await {
        Ok(came) => came,
        Err(_) => panic!("in vain: waited {} s for {what}", PATIENCE.as_secs()),
    }
}

/// A test cannot be made here.
///
/// # Panics
/// Where everything is to be tested (`script/test`): what is passed over there is a failure.
pub(crate) fn skip(why: impl std::fmt::Display) {
    assert!(std::env::var_os("WIRESIDE_NO_SKIPPING").is_none(), "cannot be tested here: {why}");
    eprintln!("skipped: {why}");
}

/// Whether a program of this name is in one of PATH's folders.
pub(crate) fn installed(program: &str) -> bool {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
}

/// The root of the checkout.
pub(crate) fn root() -> PathBuf {
    let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    here.parent().expect("tests/ is in the checkout").to_owned()
}

/// The folder of this build's profile, `target/debug`: this test's own program is in `deps` below it.
pub(crate) fn profile() -> PathBuf {
    let own = std::env::current_exe().expect("a program knows itself");
    own.parent().and_then(|deps| deps.parent()).expect("in target/PROFILE/deps").to_owned()
}
