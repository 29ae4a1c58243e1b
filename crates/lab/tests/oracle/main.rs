//! The oracle: what programs do is said once and run twice on the same kernel, by plain blocking system calls and
//! through the lab. Results, errnos and packets must be the same. Nothing is compared with a constant. With the
//! environment variable `ORACLE_SHOWS` both runs of every case are printed.
//!
//! | module | does |
//! | --- | --- |
//! | `script` | a case, step by step |
//! | `plain` | runs it with system calls of its own, in two namespaces joined by a tiny forwarder |
//! | `through` | runs it in a room |
//! | `account` | what a run came to, in words that can be compared |
//! | `cases` | the cases |
//! | `absent` | the one case that needs a real Ethernet link |
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

mod absent;
mod account;
mod cases;
#[path = "../room/harness.rs"]
#[allow(dead_code, reason = "each test uses what it needs of it")]
mod harness;
mod plain;
mod script;
mod through;

use futures_util::stream::{self, StreamExt};
use lab::Lab;

use self::script::Case;

/// Cases that run at once: most of them wait for timers of the kernel.
const AT_ONCE: usize = 12;

async fn compare(cases: Vec<Case>) {
    let Some(keeper) = harness::keeper() else { return };
    let lab = Lab::new(keeper.clone(), vec![]);
    let count = cases.len();
    let differing: Vec<String> = stream::iter(cases)
        .map(|case| {
            let (keeper, lab) = (keeper.clone(), &lab);
            async move {
                let (plain, through) = tokio::join!(plain::run(keeper, &case), through::run(lab, &case));
                if std::env::var_os("ORACLE_SHOWS").is_some() {
                    println!("{}", case.difference(&plain, &through));
                }
                (plain != through).then(|| case.difference(&plain, &through))
            }
        })
        .buffer_unordered(AT_ONCE)
        .filter_map(async |difference| difference)
        .collect()
        .await;
    assert!(differing.is_empty(), "{} of {count} cases differ\n\n{}", differing.len(), differing.join("\n"));
    println!("{count} cases, the same twice");
}

macro_rules! groups {
    ($($name:ident),*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                compare(cases::$name::cases()).await;
            }
        )*

        #[test]
        fn there_are_at_least_forty_cases() {
            let count = [$(cases::$name::cases().len()),*].into_iter().sum::<usize>();
            assert!(count >= 40, "{count}");
        }
    };
}

groups!(backlog, binding, closing, connecting, datagrams, epolls, options, polling, transfer);
