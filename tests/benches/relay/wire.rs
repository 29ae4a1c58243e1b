//! A room's wire beside a bare forwarder between two TUNs: what it costs that every packet is decoded, tied to its
//! cause, looked at with the sockets' states, kept for the pcap and told in the trace.
//!
//! Both are in this process, with the same plain tokio server at the far end. At the near end is a plain tokio socket,
//! and a stream of the room without any WebSocket.

mod bare;
mod room;

use std::time::{Duration, Instant};

use lab::keeper::Keeper;

use self::{bare::Bare, room::Near};
use super::{
    ROUNDS,
    process::processor_time,
    report::Report,
    rounds::{Pair, median},
};

const ECHO_WINDOW: Duration = Duration::from_millis(800);
const WINDOW: Duration = Duration::from_millis(1000);
const WARM_UP: Duration = Duration::from_millis(300);
/// Payload of a full segment: MTU 1500 without the headers of IP and TCP and its timestamps.
const SEGMENT: f64 = 1448.0;

/// One end of a connection over a wire.
trait End {
    /// Sends so many bytes and waits until as many are back.
    async fn echo(&mut self, bytes: usize);
    /// Takes bytes until `end`; how many came.
    async fn take_until(&mut self, end: Instant) -> u64;
}

/// Measures all rows of the wire.
pub(crate) async fn measure(report: &mut Report) {
    if !report.wants("wire") {
        return;
    }
    let keeper = match Keeper::start() {
        Ok(keeper) => keeper,
        Err(unavailable) => return eprintln!("no rows of the wire: {unavailable}"),
    };
    echo(&keeper, report).await;
    bulk(&keeper, report, "", room::usual()).await;
    bulk(&keeper, report, ", every packet told one by one", room::telling(u32::MAX)).await;
    bulk(&keeper, report, ", none told but summed up", room::telling(0)).await;
    beside_a_flood(&keeper, report).await;
}

async fn echo(keeper: &Keeper, report: &mut Report) {
    let mut pair = Pair::default();
    for _ in 0..ROUNDS {
        pair.relay.push(median(&mut echoes(&mut Bare::to_echo(keeper).await).await));
        let mut near = Near::to_echo(keeper).await;
        pair.ours.push(median(&mut echoes(&mut near).await));
        near.end().await;
    }
    let (bare, ours) = pair.medians();
    report.compare("wire: echo p50, 64 bytes (bare TUN forwarder)", "µs", bare, ours, "well under 1 ms");
}

/// Microseconds of each.
async fn echoes(end: &mut impl End) -> Vec<f64> {
    let over = Instant::now() + ECHO_WINDOW;
    let mut times = Vec::new();
    while Instant::now() < over {
        let began = Instant::now();
        end.echo(64).await;
        times.push(began.elapsed().as_secs_f64() * 1e6);
    }
    times
}

async fn bulk(keeper: &Keeper, report: &mut Report, how: &str, limits: lab::RoomLimits) {
    let (mut rates, mut costs) = (Pair::default(), Pair::default());
    for _ in 0..ROUNDS {
        let (rate, cost) = packets(&mut Bare::to_source(keeper).await).await;
        rates.relay.push(rate);
        costs.relay.push(cost);
        let mut near = Near::to_source(keeper, limits).await;
        let (rate, cost) = packets(&mut near).await;
        rates.ours.push(rate);
        costs.ours.push(cost);
        near.end().await;
    }
    let (bare, ours) = rates.medians();
    report.compare(&format!("wire: full segments a second{how}"), "1/s", bare, ours, "");
    let (bare, ours) = costs.medians();
    report.compare(&format!("wire: CPU of a full segment, both ends included{how}"), "µs", bare, ours, "");
}

/// Full segments a second, and microseconds of this process for each.
async fn packets(end: &mut impl End) -> (f64, f64) {
    let own = std::process::id();
    end.take_until(Instant::now() + WARM_UP).await;
    let (began, before) = (Instant::now(), processor_time(own));
    let segments = end.take_until(began + WINDOW).await as f64 / SEGMENT;
    let spent = (processor_time(own) - before).as_secs_f64() * 1e6;
    (segments / began.elapsed().as_secs_f64(), spent / segments.max(1.0))
}

/// A room beside one that floods, each at the usual rate.
async fn beside_a_flood(keeper: &Keeper, report: &mut Report) {
    let mut pair = Pair::default();
    for _ in 0..ROUNDS {
        let mut near = Near::to_echo(keeper).await;
        pair.relay.push(median(&mut echoes(&mut near).await));
        let mut flooding = Near::to_source(keeper, lab::RoomLimits::default()).await;
        let flood = tokio::spawn(async move {
            flooding.take_until(Instant::now() + WARM_UP + ECHO_WINDOW).await;
            flooding
        });
        tokio::time::sleep(WARM_UP).await;
        pair.ours.push(median(&mut echoes(&mut near).await));
        flood.await.expect("it ends").end().await;
        near.end().await;
    }
    let (alone, beside) = pair.medians();
    report.compare(
        "wire: echo p50 in a room, alone and beside one that floods",
        "µs",
        alone,
        beside,
        "near 1",
    );
}
