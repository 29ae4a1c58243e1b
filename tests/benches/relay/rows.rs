//! Speed: bulk, echoes, both together, and set-up.

use std::time::{Duration, Instant};

use proto::{call::Value, id::CallId};
use tokio::time::sleep_until;

use super::{
    Bench, ROUNDS, page,
    page::Page,
    plain,
    process::processor_time,
    report::Report,
    rounds::{Pair, median, percentile},
    target::{ECHO, SINK, SOURCE},
};

/// What an echo sends.
pub(crate) const SMALL: [u8; 64] = [3; 64];
const WARM_UP: Duration = Duration::from_millis(300);
const WINDOW: Duration = Duration::from_millis(1000);
const ECHO_WINDOW: Duration = Duration::from_millis(800);
const MIB: f64 = 1024.0 * 1024.0;
const GIB: f64 = 1024.0 * MIB;

/// One direction of bulk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Direction {
    Down,
    Up,
}

/// What one window of bulk came to.
#[derive(Debug)]
struct Bulk {
    rate: f64,
    processor: f64,
    fairness: f64,
}

impl Bulk {
    /// Bytes of each stream, or of all, and the server's processor time in a window.
    fn new(moved: &[u64], took: Duration, processor: Duration) -> Self {
        let bytes: f64 = moved.iter().map(|&bytes| bytes as f64).sum();
        let (least, most) = (moved.iter().min(), moved.iter().max());
        let fairness = least.zip(most).map_or(0.0, |(&least, &most)| least as f64 / most.max(1) as f64);
        Self {
            rate: bytes / MIB / took.as_secs_f64(),
            processor: processor.as_secs_f64() / (bytes / GIB),
            fairness,
        }
    }
}

/// Measures all rows of speed.
pub(crate) async fn measure(bench: &Bench, report: &mut Report) {
    bulk(bench, report, Direction::Down, 1, ">= 0.95 (bar 0.7)", "<= 1.3").await;
    bulk(bench, report, Direction::Down, 8, "best peer 0.66", "<= 1.3").await;
    bulk(bench, report, Direction::Up, 1, ">= 1.1 (bar 0.7)", "<= 1.0").await;
    bulk(bench, report, Direction::Up, 8, "best peer 0.66", "<= 1.0").await;
    idle_echo(bench, report).await;
    mixed_echo(bench, report).await;
    many_echoes(bench, report).await;
    set_up(bench, report, 1, ">= 12 k/s, or 2.4").await;
    set_up(bench, report, 64, ">= 18 k/s, or 1.0").await;
}

impl Bench {
    pub(crate) fn server_pid(&self) -> u32 {
        self.server.pid().as_raw_nonzero().get().unsigned_abs()
    }

    pub(crate) async fn page(&self) -> Page {
        Page::enter(&self.room.owner(), &self.target.addresses).await
    }
}

async fn bulk(
    bench: &Bench,
    report: &mut Report,
    direction: Direction,
    streams: usize,
    rate: &str,
    cpu: &str,
) {
    let name = match direction {
        Direction::Down => "down",
        Direction::Up => "up",
    };
    let title = format!("throughput {name}, {streams} stream{}", if streams > 1 { "s" } else { "" });
    if !report.wants(&title) {
        return;
    }
    let (mut rates, mut processors, mut fairness) = (Pair::default(), Pair::default(), Pair::default());
    for _ in 0..ROUNDS {
        let relay = bulk_relay(bench, direction, streams).await;
        let ours = bulk_ours(bench, direction, streams).await;
        for (pair, figure) in [(&mut rates, 0), (&mut processors, 1), (&mut fairness, 2)] {
            let of = |bulk: &Bulk| [bulk.rate, bulk.processor, bulk.fairness][figure];
            pair.relay.push(of(&relay));
            pair.ours.push(of(&ours));
        }
    }
    let (relay, ours) = rates.medians();
    report.compare(&title, "MiB/s", relay, ours, rate);
    let (relay, ours) = processors.medians();
    report.compare(&format!("server CPU of that, {name} {streams}"), "s/GiB", relay, ours, cpu);
    if streams > 1 && direction == Direction::Down {
        let (relay, ours) = fairness.medians();
        report.compare("fairness of 8 downloads", "min/max", relay, ours, ">= 0.9 itself");
    }
}

async fn bulk_relay(bench: &Bench, direction: Direction, streams: usize) -> Bulk {
    let relay = bench.relay.addresses[0];
    let bulk = match direction {
        Direction::Down => plain::Bulk::down(relay, streams).await,
        Direction::Up => plain::Bulk::up(relay, streams, SINK).await,
    };
    let moved = || match direction {
        Direction::Down => bulk.moved(),
        Direction::Up => vec![bench.target.sunk()],
    };
    sleep_until((Instant::now() + WARM_UP).into()).await;
    let (began, before, processor) = (Instant::now(), moved(), processor_time(bench.relay.pid()));
    sleep_until((began + WINDOW).into()).await;
    let (took, after) = (began.elapsed(), moved());
    Bulk::new(&differences(&before, &after), took, processor_time(bench.relay.pid()) - processor)
}

async fn bulk_ours(bench: &Bench, direction: Direction, streams: usize) -> Bulk {
    let mut page = bench.page().await;
    let mode = if direction == Direction::Down { SOURCE } else { SINK };
    let open = page.open_many(mode, streams).await;
    if direction == Direction::Up {
        open.iter().for_each(|open| page.upload(open.stream));
    }
    let moved = |page: &Page| match direction {
        Direction::Down => open.iter().map(|open| page.received(open.stream)).collect(),
        Direction::Up => vec![bench.target.sunk()],
    };
    page.run_until(Instant::now() + WARM_UP).await;
    let (began, before, processor) = (Instant::now(), moved(&page), processor_time(bench.server_pid()));
    page.run_until(began + WINDOW).await;
    let (took, after) = (began.elapsed(), moved(&page));
    let processor = processor_time(bench.server_pid()) - processor;
    page.close(open).await;
    Bulk::new(&differences(&before, &after), took, processor)
}

fn differences(before: &[u64], after: &[u64]) -> Vec<u64> {
    before.iter().zip(after).map(|(before, after)| after - before).collect()
}

fn microseconds(times: &[Duration]) -> Vec<f64> {
    times.iter().map(|time| time.as_secs_f64() * 1e6).collect()
}

/// Echoes for a while, as fast as they come back.
pub(crate) async fn echoes(page: &mut Page, open: page::Open, window: Duration) -> Vec<f64> {
    let end = Instant::now() + window;
    let mut times = Vec::new();
    while Instant::now() < end {
        times.push(page.echo(open.stream).await);
    }
    microseconds(&times)
}

/// The same through the relay.
pub(crate) async fn plain_echoes(stream: &mut tokio::net::TcpStream, window: Duration) -> Vec<f64> {
    let end = Instant::now() + window;
    let mut times = Vec::new();
    while Instant::now() < end {
        times.push(plain::echo(stream).await);
    }
    microseconds(&times)
}

async fn idle_echo(bench: &Bench, report: &mut Report) {
    let title = "idle echo p50, 64 bytes";
    if !report.wants(title) {
        return;
    }
    let (mut half, mut most) = (Pair::default(), Pair::default());
    for _ in 0..ROUNDS {
        let mut stream = plain::open(bench.relay.addresses[0], &[ECHO]).await;
        let mut times = plain_echoes(&mut stream, ECHO_WINDOW).await;
        half.relay.push(median(&mut times));
        most.relay.push(percentile(&mut times, 0.99));
        let mut page = bench.page().await;
        let open = page.open(ECHO).await;
        let mut times = echoes(&mut page, open, ECHO_WINDOW).await;
        half.ours.push(median(&mut times));
        most.ours.push(percentile(&mut times, 0.99));
        page.close([open]).await;
    }
    let (relay, ours) = half.medians();
    report.compare(title, "µs", relay, ours, "<= 1.2 (bar 1.5)");
    let (relay, ours) = most.medians();
    report.compare("idle echo p99, 64 bytes", "µs", relay, ours, "");
}

async fn mixed_echo(bench: &Bench, report: &mut Report) {
    let title = "echo p50 beside 8 downloads on the same WebSocket";
    if !report.wants(title) {
        return;
    }
    let mut pair = Pair::default();
    for _ in 0..ROUNDS {
        let bulk = plain::Bulk::down(bench.relay.addresses[0], 8).await;
        let mut stream = plain::open(bench.relay.addresses[0], &[ECHO]).await;
        sleep_until((Instant::now() + WARM_UP).into()).await;
        pair.relay.push(median(&mut plain_echoes(&mut stream, WINDOW).await) / 1e3);
        drop((bulk, stream));
        let mut page = bench.page().await;
        let mut open = page.open_many(SOURCE, 8).await;
        let echo = page.open(ECHO).await;
        page.run_until(Instant::now() + WARM_UP).await;
        pair.ours.push(median(&mut echoes(&mut page, echo, WINDOW).await) / 1e3);
        open.push(echo);
        page.close(open).await;
    }
    let (relay, ours) = pair.medians();
    report.compare(title, "ms", relay, ours, "<= 0.7 ms (bar 2 ms)");
}

/// Echoes on 64 streams at once: what a small message costs.
async fn many_echoes(bench: &Bench, report: &mut Report) {
    let title = "small echoes on 64 streams, server CPU each";
    if !report.wants(title) {
        return;
    }
    let (mut rate, mut cost) = (Pair::default(), Pair::default());
    for _ in 0..ROUNDS {
        let (pid, end) = (bench.relay.pid(), Instant::now() + ECHO_WINDOW);
        let (began, before) = (Instant::now(), processor_time(pid));
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..64 {
            let mut stream = plain::open(bench.relay.addresses[0], &[ECHO]).await;
            tasks.spawn(async move {
                let mut times = 0_u64;
                while Instant::now() < end {
                    plain::echo(&mut stream).await;
                    times += 1;
                }
                times
            });
        }
        let times = tasks.join_all().await.into_iter().sum::<u64>() as f64;
        cost.relay.push((processor_time(pid) - before).as_secs_f64() * 1e6 / times);
        rate.relay.push(times / began.elapsed().as_secs_f64());

        let mut page = bench.page().await;
        let open = page.open_many(ECHO, 64).await;
        let pid = bench.server_pid();
        let (began, before) = (Instant::now(), processor_time(pid));
        let times = page.echo_all(&open, began + ECHO_WINDOW).await as f64;
        cost.ours.push((processor_time(pid) - before).as_secs_f64() * 1e6 / times);
        rate.ours.push(times / began.elapsed().as_secs_f64());
        page.close(open).await;
    }
    let (relay, ours) = cost.medians();
    report.compare(title, "µs", relay, ours, "<= 5 µs");
    let (relay, ours) = rate.medians();
    report.compare("small echoes on 64 streams", "1/s", relay, ours, "");
}

impl Page {
    /// An echo on each of the streams, again and again; how many came back.
    async fn echo_all(&mut self, open: &[page::Open], end: Instant) -> u64 {
        let mut due: Vec<u64> =
            open.iter().map(|open| self.received(open.stream) + SMALL.len() as u64).collect();
        open.iter().for_each(|open| self.send(open.stream, &SMALL));
        let (mut times, mut under_way) = (0, open.len());
        while under_way > 0 {
            self.turn().await;
            let over = Instant::now() >= end;
            for (open, due) in open.iter().zip(&mut due) {
                if *due > 0 && self.received(open.stream) >= *due {
                    times += 1;
                    if over {
                        (*due, under_way) = (0, under_way - 1);
                    } else {
                        *due += SMALL.len() as u64;
                        self.send(open.stream, &SMALL);
                    }
                }
            }
        }
        times
    }
}

async fn set_up(bench: &Bench, report: &mut Report, at_once: usize, goal: &str) {
    let title = format!("socket, connect, echo, close; {at_once} at once");
    if !report.wants(&title) {
        return;
    }
    let mut pair = Pair::default();
    for _ in 0..ROUNDS {
        let began = Instant::now();
        let times = plain::set_up(&bench.relay.addresses, at_once, began + WINDOW).await;
        pair.relay.push(times as f64 / began.elapsed().as_secs_f64());
        let mut page = bench.page().await;
        let began = Instant::now();
        let times = page.set_up(at_once, began + WINDOW).await;
        pair.ours.push(times as f64 / began.elapsed().as_secs_f64());
        page.settle().await;
    }
    let (relay, ours) = pair.medians();
    report.compare(&title, "1/s", relay, ours, goal);
}

/// How far one connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Socket(CallId),
    Echo(page::Open),
    Over,
}

impl Page {
    /// Makes a socket, connects, echoes and closes, again and again, so many at a time; how often.
    async fn set_up(&mut self, at_once: usize, end: Instant) -> u64 {
        let mut stages: Vec<Stage> = (0..at_once).map(|_| Stage::Socket(self.begin_socket())).collect();
        let (mut times, mut first) = (0, SMALL.to_vec());
        first.insert(0, ECHO);
        while stages.iter().any(|stage| *stage != Stage::Over) {
            self.turn().await;
            while let Some((id, value)) = self.next_result() {
                if let Value::Descriptor(fd) = value
                    && let Some(stage) = stages.iter_mut().find(|stage| **stage == Stage::Socket(id))
                {
                    *stage = Stage::Echo(self.begin_stream(fd, &first));
                    self.next_target();
                }
            }
            for stage in &mut stages {
                if let Stage::Echo(open) = *stage
                    && self.received(open.stream) == SMALL.len() as u64
                {
                    self.begin_close(open);
                    times += 1;
                    let goes_on = Instant::now() < end;
                    *stage = if goes_on { Stage::Socket(self.begin_socket()) } else { Stage::Over };
                }
            }
        }
        times
    }
}
