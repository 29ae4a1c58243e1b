//! Secure addresses. Browsers give shared memory, and so Python, to loopback and to HTTPS only: these tests use an
//! address that is not loopback.

use std::{net::IpAddr, process::Command};

use serde_json::json;

use super::{LAPTOP, entered, first_visit};
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
}

/// Where nothing is isolated, a program's calls block by the browser suspending WebAssembly, or Python is not there and
/// the page says what would help.
#[tokio::test]
async fn without_https_python_runs_where_the_browser_can_suspend_it() {
    let Some(address) = own_address() else {
        return again_with_an_address(
            "page::secure::without_https_python_runs_where_the_browser_can_suspend_it",
        );
    };
    let browser = Browser::open().await;
    let server = TestServer::start_at(address, &[]);
    assert_eq!(server.origin(), format!("http://{}", server.page));
    server.logs("the flag that helps", |log| log.contains("--tls self-signed")).await;

    let tab = first_visit(&browser, &server, LAPTOP).await;
    tab.shows(
        "no isolation",
        "!crossOriginIsolated && !isSecureContext && typeof SharedArrayBuffer !== 'function'",
    )
    .await;
    let travelled = "const { python } = await import('/vendor/manifest.js');
        const address = new URL(python.base + 'python_stdlib.zip', location.href).href;
        await (await fetch(address, { cache: 'no-store' })).arrayBuffer();
        return performance.getEntriesByName(address)[0].encodedBodySize - python.files['python_stdlib.zip'].gzip;";
    assert_eq!(tab.script(travelled).await, json!(0), "the size that progress is counted by");
    tab.click("#right", "Run server.py on server").await;
    tab.sees("#right .machine-state", "waiting in accept()").await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#left output-log", "Thank you for connecting").await;
    tab.click("#right", "Stop server.py on server").await;
    tab.sees("#right output-log", "KeyboardInterrupt").await;
    let editor = "document.querySelector('#left .program:not([hidden]) code-editor')";
    let script = "import asyncio\\nasync def main():\\n    print(await asyncio.to_thread(lambda: 6 * 7))\\nasyncio.run(main())\\n";
    tab.script(&format!("{editor}.text = '{script}'")).await;
    tab.click("#left", "Run client.py on client").await;
    tab.sees("#left output-log", "42").await;

    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.prepare("delete WebAssembly.Suspending; delete WebAssembly.promising;").await;
    tab.go(&server.origin()).await;
    entered(&tab).await;
    // The lesson is one by hand; whoever looks for the program is told.
    tab.click("#left", "client.py").await;
    tab.sees(
        "#left",
        "This browser runs Python only at a secure address (https, or localhost). Everything else on this page works.",
    )
    .await;
    tab.shows("no Run that would do nothing", "!called('#left', 'Run client.py on client')").await;
    tab.click("#left", "By hand").await;
    super::do_line(&tab, "left", "s = socket.socket()").await;
    browser.forgive(|complaint| complaint.contains("Cross-Origin-Opener-Policy header has been ignored"));
}

/// Where data or memory are short, Python comes with the first Run and not before.
#[tokio::test]
async fn a_small_device_loads_python_with_the_first_run() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let counted = "globalThis.pythons = 0; const Real = Worker; globalThis.Worker = class extends Real {\
                   constructor(url, options) { super(url, options); if (options?.name === 'python') pythons += 1; } };";
    let devices = [
        ("Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 2 });", false),
        (
            "Object.defineProperty(Navigator.prototype, 'connection', { get: () => ({ saveData: true }) });",
            false,
        ),
        ("Object.defineProperty(Navigator.prototype, 'deviceMemory', { get: () => 8 });", true),
    ];
    for (device, loads) in devices {
        let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
        tab.prepare(&format!("{device}{counted}")).await;
        tab.go(&server.origin()).await;
        entered(&tab).await;
        if loads {
            tab.shows("Python to come by itself", "pythons > 0").await;
            continue;
        }
        // The page has come to rest: it would have begun by now.
        let rest = "return new Promise((resolve) => requestIdleCallback(() => requestIdleCallback(() => resolve(pythons))))";
        assert_eq!(tab.script(rest).await, json!(0), "{device}");
        tab.click("#left", "Run client.py on client").await;
        tab.sees("#left output-log", "ConnectionRefusedError").await;
    }
}
