//! Secure addresses. Browsers give shared memory, and so Python, to loopback and to HTTPS only: these tests use an
//! address that is not loopback.

use std::{net::IpAddr, process::Command};

use serde_json::json;

use super::{LAPTOP, entered};
use crate::harness::{browser::Browser, server::TestServer};

/// An address of this machine that a browser does not trust by itself.
fn own_address() -> Option<IpAddr> {
    let interfaces = if_addrs::get_if_addrs().expect("the machine's addresses");
    let mut addresses = interfaces.iter().map(if_addrs::Interface::ip);
    addresses.find(|address| address.is_ipv4() && !address.is_loopback())
}

/// Runs this test once more in a network namespace that has such an address.
fn again_with_an_address(test: &str) {
    let script = "ip link set lo up && ip address add 192.0.2.1/32 dev lo && exec \"$@\"";
    let own = std::env::current_exe().expect("a program knows itself");
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--net", "bash", "-c", script, "test"]).arg(own);
    let status = command.args(["--exact", test]).status().expect("unshare (util-linux)");
    assert!(status.success(), "{test}, in a network namespace of its own");
}

#[tokio::test]
async fn isolated_by_https_on_any_address() {
    let Some(address) = own_address() else {
        return again_with_an_address("page::secure::isolated_by_https_on_any_address");
    };
    let browser = Browser::open().await;

    let server = TestServer::start_at(address, &["--tls", "self-signed"]);
    assert_eq!(server.origin(), format!("https://{}", server.page));
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    // What a visitor does once, by "Advanced" and "Proceed".
    tab.command("Security.setIgnoreCertificateErrors", json!({ "ignore": true })).await;
    tab.go(&server.origin()).await;
    // The WebSocket has come through as well.
    entered(&tab).await;
    tab.shows(
        "isolation",
        "crossOriginIsolated && isSecureContext && typeof SharedArrayBuffer === 'function'",
    )
    .await;

    let plain = TestServer::start_at(address, &[]);
    assert_eq!(plain.origin(), format!("http://{}", plain.page));
    plain.logs("the flag that helps", |log| log.contains("--tls self-signed")).await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&plain.origin()).await;
    entered(&tab).await;
    // Everything but Python works here. The sentence that says so belongs to whoever starts Python.
    tab.shows(
        "no isolation",
        "!crossOriginIsolated && !isSecureContext && typeof SharedArrayBuffer !== 'function'",
    )
    .await;
    browser.forgive(|complaint| complaint.contains("Cross-Origin-Opener-Policy header has been ignored"));
}
