//! Wireside's relay rows: a page's streams through the server, beside a plain relay of our own, in the same run; and
//! those of a room's wire, beside a bare forwarder between two TUNs; a first visit, programs in Python, and recordings.
//!
//! Prints one Markdown table. Both peers are measured in turns, so that whatever else the machine does meets both.
//! How and under which conditions: `docs/benchmark.md`. Nothing here passes or fails.

mod bystander;
mod conditions;
mod memory;
mod page;
mod plain;
mod process;
mod programs;
mod recordings;
mod relay;
mod report;
mod rounds;
mod rows;
mod stalls;
mod target;
mod visit;
mod wire;

/// Of the tests' harness what the benchmark needs.
#[allow(dead_code, reason = "made for the tests, which need all of it")]
#[path = "../../e2e/harness"]
mod harness {
    pub(crate) mod browser;
    pub(crate) mod cdp;
    pub(crate) mod client;
    pub(crate) mod http;
    pub(crate) mod raw;
    pub(crate) mod room;
    pub(crate) mod server;
    pub(crate) mod trace;

    use std::{path::PathBuf, time::Duration};

    /// When waiting for something that has to come is in vain.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

    pub(crate) async fn in_time<T>(what: &str, coming: impl Future<Output = T>) -> T {
        let came = tokio::time::timeout(PATIENCE, coming).await;
        came.unwrap_or_else(|_| panic!("in vain: waited {} s for {what}", PATIENCE.as_secs()))
    }

    pub(crate) fn installed(program: &str) -> bool {
        let folders = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&folders).any(|folder| folder.join(program).is_file())
    }

    pub(crate) fn root() -> PathBuf {
        let here = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
        here.parent().expect("tests/ is in the checkout").to_owned()
    }

    pub(crate) fn profile() -> PathBuf {
        let own = std::env::current_exe().expect("a program knows itself");
        own.parent().and_then(|deps| deps.parent()).expect("in target/PROFILE/deps").to_owned()
    }
}

use std::sync::Arc;

use harness::{room::NewRoom, server::TestServer};

use self::{relay::Relay, report::Report, target::Target};

/// Rounds of every row; a round measures one peer, then the other.
const ROUNDS: usize = 3;

/// The two peers and what is behind both.
struct Bench {
    server: TestServer,
    relay: Relay,
    target: Arc<Target>,
    room: NewRoom,
}

impl Bench {
    /// Both peers, started anew, before a target.
    async fn start(target: Arc<Target>) -> Self {
        let addresses: Vec<String> = target.addresses.iter().map(ToString::to_string).collect();
        let flags: Vec<&str> = addresses.iter().flat_map(|address| ["--allow", address]).collect();
        let server = TestServer::start(&flags);
        let relay = Relay::start(&target.addresses);
        let room = NewRoom::create(&server).await;
        Self { server, relay, target, room }
    }
}

fn main() {
    lab::keeper::run_if_asked();
    let mut arguments = std::env::args().skip(1);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    match (arguments.next().as_deref(), arguments.next()) {
        (Some(relay::ARGUMENT), Some(target)) => runtime.block_on(relay::run(&target)),
        // Words select the rows whose titles have one of them; cargo's own flags are none.
        (first, second) => {
            let words = first.map(str::to_owned).into_iter().chain(second).chain(arguments);
            let words: Vec<String> = words.filter(|word| !word.starts_with('-')).collect();
            runtime.block_on(bench(&words));
        }
    }
}

async fn bench(words: &[String]) {
    let began = std::time::Instant::now();
    let bench = Bench::start(Arc::new(Target::start().await)).await;
    let mut report = Report::new(words);
    let before = conditions::load();
    rows::measure(&bench, &mut report).await;
    stalls::measure(&bench, &mut report).await;
    memory::measure(&bench, &mut report).await;
    visit::measure(&bench, &mut report).await;
    programs::measure(&bench, &mut report).await;
    drop(bench);
    recordings::measure(&mut report).await;
    bystander::measure(&mut report).await;
    wire::measure(&mut report).await;
    print!("{}", report.table());
    println!("\n{}", conditions::describe(&before, began.elapsed()));
}
