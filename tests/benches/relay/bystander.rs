//! What a call of a bystander costs while others are a nuisance: pages that send frames of which nothing comes, and rooms that
//! flood their own loopback, which no wire slows.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use proto::frame;
use tokio::task::JoinSet;

use super::{
    ROUNDS,
    harness::{
        client::{Client, Pair},
        raw::{self, Raw},
        room::NewRoom,
        server::TestServer,
    },
    report::Report,
    rounds::{median, percentile},
};

/// A send and a recv each.
const ECHOES: usize = 2000;
/// Pages that send frames of which nothing comes.
const IDLE: usize = 3;
/// Frames of five bytes in one message of less than 64 KiB.
const FRAMES: usize = 13_000;
/// Rooms that flood.
const FLOODS: usize = 4;
const MEBIBYTE: usize = 1 << 20;

/// Measures both rows.
pub(crate) async fn measure(report: &mut Report) {
    let titles = [
        "echo p99 of a bystander, alone (left) and beside three pages that send frames of which nothing comes",
        "echo p99 of a bystander, alone (left) and beside four rooms that flood their loopbacks",
    ];
    for (title, nuisance) in titles.into_iter().zip([Nuisance::Idle, Nuisance::Flood]) {
        if report.wants(title) {
            let (alone, beside) = beside(nuisance).await;
            report.compare(title, "ms", alone, beside, "< 20 beside");
        }
    }
}

#[derive(Clone, Copy)]
enum Nuisance {
    Idle,
    Flood,
}

/// Milliseconds alone, and beside it.
async fn beside(nuisance: Nuisance) -> (f64, f64) {
    let server = TestServer::start(&[]);
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "bystander").await;
    let pair = client.pair(9000).await;
    let (mut alone, mut disturbed) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        alone.push(p99(&mut client, &pair).await);
        let stop = Arc::new(AtomicBool::new(false));
        let mut others = JoinSet::new();
        match nuisance {
            Nuisance::Idle => {
                for _ in 0..IDLE {
                    let raw = Raw::enter(&NewRoom::create(&server).await.watch()).await;
                    others.spawn(send_idle_frames(raw, Arc::clone(&stop)));
                }
            }
            Nuisance::Flood => {
                for _ in 0..FLOODS {
                    let flooder = Client::join(&NewRoom::create(&server).await.owner(), "flooder").await;
                    others.spawn(flood(flooder, Arc::clone(&stop)));
                }
            }
        }
        disturbed.push(p99(&mut client, &pair).await);
        stop.store(true, Ordering::Relaxed);
        others.join_all().await;
    }
    (median(&mut alone), median(&mut disturbed))
}

async fn send_idle_frames(mut raw: Raw, stop: Arc<AtomicBool>) {
    // That nothing was received: known, and not answered.
    let message = [frame::Kind::Ack as u8, 0, 0, 1, 0].repeat(FRAMES);
    while !stop.load(Ordering::Relaxed) {
        raw.send(raw::binary(&message)).await;
    }
}

/// Sends to itself on one machine as fast as it goes.
async fn flood(mut flooder: Client, stop: Arc<AtomicBool>) {
    let program = flooder.program("server").await;
    let listener = flooder.listener(program, 9000, 5).await;
    let theirs = flooder.connected(program, "localhost", 9000).await;
    let (ours, _) = flooder.accept(program, listener).await;
    let bytes = vec![b'x'; MEBIBYTE];
    while !stop.load(Ordering::Relaxed) {
        let sending = flooder.begin_send(program, theirs, &bytes);
        let mut got = 0;
        while got < MEBIBYTE {
            got += flooder.recv(program, ours, 1 << 20).await.expect("bytes").len();
        }
        flooder.result(sending).await.0.expect("sent");
    }
}

/// Sends 64 bytes from one machine to the other and receives them.
pub(crate) async fn echo(client: &mut Client, pair: &Pair) {
    client.send(pair.client, pair.theirs, &[7; 64]).await.expect("sent");
    client.recv(pair.server, pair.ours, 64).await.expect("received");
}

/// Milliseconds of that, of which one in a hundred takes more.
pub(crate) async fn p99(client: &mut Client, pair: &Pair) -> f64 {
    let mut took = Vec::with_capacity(ECHOES);
    for _ in 0..ECHOES {
        let began = Instant::now();
        echo(client, pair).await;
        took.push(began.elapsed().as_secs_f64() * 1000.0);
    }
    percentile(&mut took, 0.99)
}
