//! Recordings that are kept: making one, what travels of it, opening it in a real browser, going through it, and whether many
//! who open one disturb a live room.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU32, Ordering},
    },
    time::{Duration, Instant},
};

use super::{
    ROUNDS,
    bystander::{echo, p99},
    harness::{
        browser::Browser,
        client::{Client, Pair},
        http,
        room::NewRoom,
        server::TestServer,
    },
    report::Report,
    rounds::median,
};

/// How many open one recording at once, each as soon as the answer before is there.
const READERS: usize = 8;

/// A folder of its own, gone afterwards.
struct Data(PathBuf);

impl Data {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("wireside-bench-kept-{}", std::process::id()));
        std::fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.0);
    }
}

/// A room in which something was said, and its recording.
struct Kept {
    client: Client,
    pair: Pair,
    id: String,
    /// Milliseconds that it took to be made.
    took: f64,
    events: usize,
}

/// Measures all rows.
pub(crate) async fn measure(report: &mut Report) {
    let titles = [
        "keep a recording of 1,000 events",
        "a recording of 1,000 events, as it travels",
        "a recording of 1,000 events from its link to its drawing",
        "a jump in a recording of 10,000 events",
        "opens a second of one recording",
        "echo p99 in a room, alone (left) and beside those who open one",
    ];
    if !titles.iter().any(|title| report.wants(title)) {
        return;
    }
    let data = Data::new();
    let server = TestServer::start(&["--data", data.0.to_str().expect("UTF-8")]);
    let mut made = Vec::new();
    let mut small = kept(&server, 1000).await;
    for _ in 1..ROUNDS {
        made.push(small.took);
        small = kept(&server, 1000).await;
    }
    made.push(small.took);
    report.ours(titles[0], "ms", median(&mut made), "");
    let answer = http::request(server.page, &asking(&server, &small.id)).await;
    let travels: f64 =
        answer.header("content-length").and_then(|length| length.parse().ok()).expect("a length");
    report.ours(titles[1], "KB", travels / small.events as f64, "<= 60");
    let browser = Browser::open().await;
    report.ours(titles[2], "s", opened(&server, &browser, &small.id).await, "<= 0.7");
    let large = kept(&server, 10_000).await;
    report.ours(titles[3], "ms", jumps(&server, &browser, &large.id).await, "<= 16");
    drop(browser);
    crowd(&server, &mut small, report, [titles[4], titles[5]]).await;
}

/// Makes a room with about so many events, and keeps it.
async fn kept(server: &TestServer, events: usize) -> Kept {
    let room = NewRoom::create(server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let pair = client.pair(9000).await;
    // A send and a recv: two calls with beginning and end, a segment and what acknowledges it.
    for _ in 0..events / 7 {
        echo(&mut client, &pair).await;
    }
    let link = room.owner();
    let head = format!(
        "POST /r/{}/shares HTTP/1.1\r\nHost: {page}\r\nOrigin: http://{page}\r\nAuthorization: Bearer {}\r\n",
        link.room,
        link.key_text(),
        page = server.page,
    );
    let began = Instant::now();
    let answer = http::request_with(server.page, &head, "{}").await;
    let took = began.elapsed().as_secs_f64() * 1000.0;
    let id = answer.json()["id"].as_str().expect("kept").to_owned();
    let file = http::get(server.page, &format!("/s/{id}/events")).await.body;
    let events = share::read(file.as_bytes()).expect("a recording").events.len();
    Kept { client, pair, id, took, events }
}

fn asking(server: &TestServer, id: &str) -> String {
    format!("GET /s/{id}/events HTTP/1.1\r\nHost: {}\r\nAccept-Encoding: br\r\n", server.page)
}

/// Seconds until it is drawn, for somebody who was never here.
async fn opened(server: &TestServer, browser: &Browser, id: &str) -> f64 {
    let mut times = Vec::new();
    for _ in 0..ROUNDS {
        let tab = browser.visitor(1280, 800).await;
        tab.go(&format!("{}/s/{id}", server.origin())).await;
        tab.shows("the page", "document.body?.dataset.view").await;
        let script = "for (;;) {
                if (document.querySelector('#wire')?.textContent.includes('ACK')) return performance.now() / 1000;
                await new Promise((resolve) => setTimeout(resolve, 2));
            }";
        times.push(tab.script(script).await.as_f64().expect("seconds"));
        tab.go("about:blank").await;
        tab.shows("nothing", "location.href === 'about:blank'").await;
    }
    median(&mut times)
}

/// Milliseconds of the page's work for a jump: what it does at once, and the frame after that with its layout.
async fn jumps(server: &TestServer, browser: &Browser, id: &str) -> f64 {
    let tab = browser.visitor(1280, 800).await;
    tab.go(&format!("{}/s/{id}", server.origin())).await;
    tab.shows("the drawing", "document.querySelector('#wire')?.textContent.includes('ACK')").await;
    let script = "const range = document.querySelector('.wire-range');
        const frame = () => new Promise((resolve) => requestAnimationFrame(() => {
          const began = performance.now();
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = () => resolve(performance.now() - began);
          port2.postMessage(null);
        }));
        const took = [];
        for (let jump = 0; jump < 40; jump += 1) {
          await frame();
          // It stands before whatever the jump asks to be done in that frame.
          const painted = frame();
          const began = performance.now();
          range.value = String(Math.floor(Number(range.max) * ((jump * 7) % 19) / 19));
          range.dispatchEvent(new Event('input', { bubbles: true }));
          const atOnce = performance.now() - began;
          took.push(atOnce + await painted);
        }
        return took.sort((a, b) => a - b)[20];";
    tab.script(script).await.as_f64().expect("milliseconds")
}

/// Opens of one recording in a second, and what an echo of a live room costs meanwhile.
async fn crowd(server: &TestServer, live: &mut Kept, report: &mut Report, titles: [&str; 2]) {
    let alone = p99(&mut live.client, &live.pair).await;
    let opens = Arc::new(AtomicU32::new(0));
    let stop = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..READERS)
        .map(|_| {
            let (page, asked) = (server.page, asking(server, &live.id));
            let (opens, stop) = (Arc::clone(&opens), Arc::clone(&stop));
            tokio::spawn(async move {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(http::request(page, &asked).await.status, 200);
                    opens.fetch_add(1, Ordering::Relaxed);
                    // Not more than the goal: what is asked is whether a room bears that.
                    tokio::time::sleep(Duration::from_micros(1000 * READERS as u64 * 9 / 10)).await;
                }
            })
        })
        .collect();
    let began = Instant::now();
    let beside = p99(&mut live.client, &live.pair).await;
    let rate = f64::from(opens.load(Ordering::Relaxed)) / began.elapsed().as_secs_f64();
    stop.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.await.expect("it read");
    }
    report.ours(titles[0], "/s", rate, "1,000");
    report.compare(titles[1], "ms", alone, beside, "<= 2");
}
