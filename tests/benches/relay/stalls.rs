//! What happens when one side stops reading: how much the server takes in, and whether others run on.

use std::time::{Duration, Instant};

use tokio::time::sleep;

use super::{
    Bench, page, plain,
    process::resident,
    report::Report,
    rounds::median,
    rows::{echoes, plain_echoes},
    target::{ECHO, SOURCE, STALLED},
};

const STALL: Duration = Duration::from_secs(3);
const WINDOW: &str = "<= the window";
const KIB_IN_MIB: f64 = 1024.0;
const MIB: f64 = 1024.0 * 1024.0;

/// Figures of one stall.
struct Stall {
    title: &'static str,
    /// MiB that the peer took in.
    taken: f64,
    /// MiB that its process grew by.
    grown: f64,
    /// Microseconds, median, of an echo beside it.
    echo: f64,
}

/// Measures all rows of stalls, one round each: they are about bounds, not about speed.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) {
    if report.wants("the page does not read one stream for 3 s") {
        let title = "the page does not read one stream for 3 s";
        let relay = unread_relay(bench, title).await;
        show(report, &relay, &unread_stream(bench, title).await);
        let whole = unread_page(bench).await;
        report.ours("the page does not read at all for 3 s: server grew", "MiB", whole, WINDOW);
    }
    if report.wants("the target does not read for 3 s") {
        let title = "the target does not read for 3 s";
        let relay = stalled_relay(bench, title).await;
        show(report, &relay, &stalled_stream(bench, title).await);
    }
}

fn show(report: &mut Report, relay: &Stall, ours: &Stall) {
    let title = ours.title;
    report.compare(&format!("{title}: taken in"), "MiB", relay.taken, ours.taken, "bounded");
    report.compare(
        &format!("{title}: server grew"),
        "MiB",
        relay.grown.max(0.0),
        ours.grown.max(0.0),
        WINDOW,
    );
    report.compare(&format!("{title}: echo p50 beside it"), "µs", relay.echo, ours.echo, "runs on");
}

async fn unread_relay(bench: &Bench, title: &'static str) -> Stall {
    let mut beside = plain::open(bench.relay.addresses[0], &[ECHO]).await;
    let (sourced, before) = (bench.target.sourced(), resident(bench.relay.pid()));
    let unread = plain::open(bench.relay.addresses[0], &[SOURCE]).await;
    let echo = median(&mut plain_echoes(&mut beside, STALL).await);
    let stall = Stall {
        title,
        taken: (bench.target.sourced() - sourced) as f64 / MIB,
        grown: (resident(bench.relay.pid()) - before) / KIB_IN_MIB,
        echo,
    };
    drop(unread);
    stall
}

async fn unread_stream(bench: &Bench, title: &'static str) -> Stall {
    let mut page = bench.page().await;
    let beside = page.open(ECHO).await;
    let (sourced, before) = (bench.target.sourced(), resident(bench.server_pid()));
    let unread = page.open(SOURCE).await;
    page.stop_reading(unread.stream);
    let echo = median(&mut echoes(&mut page, beside, STALL).await);
    let stall = Stall {
        title,
        taken: (bench.target.sourced() - sourced) as f64 / MIB,
        grown: (resident(bench.server_pid()) - before) / KIB_IN_MIB,
        echo,
    };
    page.close([beside, unread]).await;
    stall
}

/// The page reads nothing of its WebSocket: MiB that the server grew by.
async fn unread_page(bench: &Bench) -> f64 {
    let mut page = bench.page().await;
    let open: Vec<page::Open> = page.open_many(SOURCE, 8).await;
    let before = resident(bench.server_pid());
    sleep(STALL).await;
    let grown = (resident(bench.server_pid()) - before) / KIB_IN_MIB;
    page.close(open).await;
    grown.max(0.0)
}

async fn stalled_relay(bench: &Bench, title: &'static str) -> Stall {
    let mut beside = plain::open(bench.relay.addresses[0], &[ECHO]).await;
    let before = resident(bench.relay.pid());
    let bulk = plain::Bulk::up(bench.relay.addresses[0], 1, STALLED).await;
    let echo = median(&mut plain_echoes(&mut beside, STALL).await);
    Stall {
        title,
        taken: bulk.moved().iter().sum::<u64>() as f64 / MIB,
        grown: (resident(bench.relay.pid()) - before) / KIB_IN_MIB,
        echo,
    }
}

async fn stalled_stream(bench: &Bench, title: &'static str) -> Stall {
    let mut page = bench.page().await;
    let beside = page.open(ECHO).await;
    let before = resident(bench.server_pid());
    let stalled = page.open(STALLED).await;
    page.upload(stalled.stream);
    let end = Instant::now() + STALL;
    let echo = median(&mut echoes(&mut page, beside, end - Instant::now()).await);
    let stall = Stall {
        title,
        taken: page.uploaded() as f64 / MIB,
        grown: (resident(bench.server_pid()) - before) / KIB_IN_MIB,
        echo,
    };
    // Its close waits until the target has taken everything, which it never will: the page leaves instead.
    page.bye().await;
    stall
}
