//! Python over a slow link: what the page says of it is what has come.

use super::{LAPTOP, entered};
use crate::harness::{browser::Browser, proxy::Proxy, server::TestServer};

/// Bytes that are let through at a time.
const STEP: usize = 2_000_000;
/// How much more than was let through may be said to be here, in megabytes: some parts of a file are smaller than others when
/// they travel. Less may be said: bytes are counted when they are unpacked, and others than Python's come over the same link.
const TOLERANCE: f64 = 1.2;

/// What the page says: megabytes that are here, and all of them.
const SAID: &str = "(seen('#left').match(/([0-9.]+) of ([0-9.]+) MB/) ?? []).slice(1).map(Number)";

#[tokio::test]
async fn progress_is_what_has_come_and_reaches_the_end() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let proxy = Proxy::bind().await;
    proxy.forward_to(server.page);
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("http://{}/", proxy.address)).await;
    entered(&tab).await;
    let total: f64 = tab
        .read("import('/vendor/manifest.js').then(({ python }) => Object.values(python.files).reduce((sum, file) => sum + file.brotli / 1e6, 0))")
        .await
        .parse()
        .expect("a number");

    proxy.hold();
    tab.click("#left", "client.py").await;
    tab.click("#left", "Run client.py on client").await;
    let (mut allowed, mut before) = (0.0, 0.0);
    while allowed + 2.0 * TOLERANCE < total {
        proxy.allow(STEP);
        allowed += STEP as f64 / 1e6;
        let most = allowed + TOLERANCE;
        let more =
            format!("(([here, all]) => here > {before} && here < {most} && all === {total:.1})({SAID})");
        tab.shows(&format!("more than {before} of {total:.1} MB, and at most {most}"), &more).await;
        before = tab.read(&format!("({SAID})[0]")).await.parse().expect("a number");
        assert!(before < most, "{before} MB are said to be here, and {allowed} were let through");
    }
    proxy.allow(1 << 40);
    tab.sees("#left output-log", "ConnectionRefusedError").await;
}
