//! What a visitor sees first: what this is; and where it cannot be shown, why, in words.

use serde_json::json;

use super::{LAPTOP, PHONE, entered};
use crate::harness::{
    browser::{Browser, Tab},
    root,
    server::TestServer,
};

#[tokio::test]
async fn a_visitor_is_told_what_this_is() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    for (width, height) in [LAPTOP, PHONE] {
        let tab = browser.sparing(width, height).await;
        tab.go(&server.origin()).await;
        entered(&tab).await;
        tab.sees(".top", "Real sockets on Linux").await;
        tab.fits().await;
        tab.click(".top", "Real sockets on Linux…").await;
        tab.sees("dialog", "What is not").await;
        tab.fits().await;
        tab.screenshot(&format!("about-{width}")).await;
        // It leads to the tutorial's sentences, which need the room.
        tab.click("dialog", "The tutorial, sentence by sentence").await;
        tab.shows("the first sentence", "seen('.sentence-row').includes('Sockets connect two machines')")
            .await;
    }
}

/// Has the browser refuse to fetch what matches, as an extension does that blocks.
async fn block(tab: &Tab, pattern: &str) {
    tab.command("Network.enable", json!({})).await;
    tab.command("Network.setBlockedURLs", json!({ "urls": [pattern] })).await;
}

#[tokio::test]
async fn what_does_not_come_is_said() {
    let browser = Browser::open().await;
    let bundled = TestServer::shared();
    for (blocked, said) in [
        ("*/bundle/index.js", "A part of this page did not come through: /bundle/index.js"),
        ("*/bundle/index.css", "A part of this page did not come through: /bundle/index.css"),
        ("*/client/room.js", "A part of this page did not come through: /client/room.js"),
        ("*/client/web_bg.wasm", "A part of this page did not come through: what speaks with the server"),
    ] {
        says_what_is_missing(&browser, &bundled, blocked, said).await;
    }
    // As it comes without a bundler, file by file.
    let web = root().join("web");
    let script = format!("export WIRESIDE_WEB='{}'; exec \"$@\"", web.display());
    let single = TestServer::start_within(&script, &[]);
    for (blocked, said) in [
        ("*/lesson/prose.js", "A part of this page did not come through: /lesson/prose.js"),
        ("*/page/app.js", "A part of this page did not come through: /page/app.js"),
        ("*/frame/frame.css", "A part of this page did not come through: /frame/frame.css"),
        ("*/wire/wire-head.js", "A part of this page did not come through: what draws the wire"),
    ] {
        says_what_is_missing(&browser, &single, blocked, said).await;
    }
    browser.forgive(|complaint| !complaint.contains("Content Security Policy"));
}

async fn says_what_is_missing(browser: &Browser, server: &TestServer, blocked: &str, said: &str) {
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    block(&tab, blocked).await;
    tab.go(&server.origin()).await;
    tab.sees("#lesson", said).await;
    tab.sees("#lesson", "Reload").await;
}

#[tokio::test]
async fn a_browser_that_cannot_read_it_is_told() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.sparing(PHONE.0, PHONE.1).await;
    tab.prepare("delete HTMLElement.prototype.popover;").await;
    tab.go(&server.origin()).await;
    tab.sees("#lesson", "This browser cannot read this page: it is too old for it.").await;
    tab.fits().await;
    browser.forgive(|_| true);
}

#[tokio::test]
async fn a_wrong_address_is_answered_with_a_page() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.sparing(PHONE.0, PHONE.1).await;
    tab.go(&format!("{}/nothing", server.origin())).await;
    tab.sees("body", "There is nothing at this address").await;
    // Its style is allowed by its hash.
    tab.shows("a page with its style", "getComputedStyle(document.body).maxWidth === '608px'").await;
    tab.fits().await;
    // A name that every browser takes for this machine, and the server does not know.
    let port = server.page.port();
    tab.go(&format!("http://lab.localhost:{port}/")).await;
    tab.sees("body", "This server does not know that address").await;
    tab.sees("body", "--host-name lab.localhost").await;
    browser.forgive(|complaint| complaint.contains("404") || complaint.contains("403"));
    tab.go(&format!("{}/nothing", server.origin())).await;
    tab.click("body", "Open a new room").await;
    entered(&tab).await;
    browser.forgive(|complaint| complaint.contains("404"));
}

#[tokio::test]
async fn a_name_that_is_too_long_is_cut() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.prepare("localStorage.setItem('wireside.name', 'n'.repeat(40));").await;
    tab.go(&server.origin()).await;
    entered(&tab).await;
    tab.sees("#you", &"n".repeat(32)).await;
}
