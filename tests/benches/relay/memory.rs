//! Memory of what is open and idle, and how fast a room is ready.

use std::time::Instant;

use super::{
    Bench,
    harness::room::NewRoom,
    page::Page,
    plain,
    process::resident,
    report::Report,
    rounds::{median, percentile},
    target::ECHO,
};

/// Open before anything is counted: what a process takes once, and what its allocator keeps at hand, is taken then.
const WARM: usize = 20;
/// With those before within what the streams of one room may keep.
const SOCKETS: usize = 120;
const WARM_PAGES: usize = 8;
const PAGES: usize = 32;
const ROOMS: usize = 20;

/// Measures all rows of memory, one round each, and of rooms. Memory is measured in processes that have done nothing
/// else: what an allocator has left over from other rows would be taken for nothing.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) {
    if report.wants("memory per idle socket") {
        let fresh = Bench::start(bench.target.clone()).await;
        let relay = relay_sockets(&fresh).await;
        report.compare("memory per idle socket", "KiB", relay, sockets(&fresh).await, "<= 4 KiB");
    }
    if report.wants("memory per WebSocket with one socket") {
        let fresh = Bench::start(bench.target.clone()).await;
        report.ours("memory per WebSocket with one socket", "KiB", pages(&fresh).await, "<= 8 KiB");
    }
    if report.wants("room ready") {
        let mut times = rooms(bench).await;
        report.ours("room ready (created, joined, welcomed), p50", "ms", median(&mut times), "<= 3 ms");
        report.ours("room ready, p90", "ms", percentile(&mut times, 0.9), "");
    }
}

async fn relay_sockets(bench: &Bench) -> f64 {
    let (mut before, mut open) = (0.0, Vec::new());
    for opened in 0..WARM + SOCKETS {
        if opened == WARM {
            before = resident(bench.relay.pid());
        }
        let mut stream = plain::open(bench.relay.addresses[0], &[ECHO]).await;
        // Each has been used.
        plain::echo(&mut stream).await;
        open.push(stream);
    }
    (resident(bench.relay.pid()) - before) / SOCKETS as f64
}

async fn sockets(bench: &Bench) -> f64 {
    let mut page = bench.page().await;
    let (mut before, mut open) = (0.0, Vec::new());
    for opened in 0..WARM + SOCKETS {
        if opened == WARM {
            before = resident(bench.server_pid());
        }
        let socket = page.open(ECHO).await;
        page.echo(socket.stream).await;
        open.push(socket);
    }
    let each = (resident(bench.server_pid()) - before) / SOCKETS as f64;
    page.close(open).await;
    each
}

async fn pages(bench: &Bench) -> f64 {
    let (mut before, mut open) = (0.0, Vec::new());
    for opened in 0..WARM_PAGES + PAGES {
        if opened == WARM_PAGES {
            before = resident(bench.server_pid());
        }
        let mut page = bench.page().await;
        let socket = page.open(ECHO).await;
        page.echo(socket.stream).await;
        open.push(page);
    }
    let each = (resident(bench.server_pid()) - before) / PAGES as f64;
    for page in &mut open {
        page.bye().await;
    }
    each
}

/// Milliseconds from nothing to the welcome, with two machines and the wire between them.
async fn rooms(bench: &Bench) -> Vec<f64> {
    let mut times = Vec::new();
    for _ in 0..ROOMS {
        let began = Instant::now();
        let room = NewRoom::create(&bench.server).await;
        let mut page = Page::join(&room.owner(), &bench.target.addresses).await;
        times.push(began.elapsed().as_secs_f64() * 1e3);
        page.bye().await;
    }
    times
}
