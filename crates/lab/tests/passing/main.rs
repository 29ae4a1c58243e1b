//! What the keeper passes is held by nobody else. A test program of its own: the other tests start processes, and a
//! child holds copies of all descriptors from its fork to its exec, however short that is on a quiet machine.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

#[path = "../keeper/net.rs"]
#[allow(dead_code, reason = "each test program uses what it needs of it")]
mod net;

use std::path::Path;

use lab::{diag, keeper::Keeper};

use self::net::{SERVER, host, listener};

#[tokio::test]
async fn what_is_passed_is_held_by_nobody_else() {
    let keeper = Keeper::start_with(Path::new(env!("CARGO_BIN_EXE_keeper"))).unwrap();
    let host = host(&keeper, SERVER).await;
    for _ in 0..500 {
        // A copy left in the keeper would keep the port taken.
        let listening = listener(&keeper, &host, 5).await;
        drop(listening);
        assert_eq!(diag::dump(&host.diag).unwrap(), []);
    }
}
