//! Connections that are blocked, lost or taken over, reloads, and rooms that are no more: one sentence each.

use super::{LAPTOP, PHONE, do_line, entered, new_room, newest_is, type_line};
use crate::harness::{
    browser::Browser,
    client::Client,
    proxy::{Mode, Proxy},
    room::NewRoom,
    server::TestServer,
};
use rustix::process::Signal;

/// What Chromium itself says on the console of a page that loses a WebSocket.
fn about_the_websocket(complaint: &str) -> bool {
    complaint.contains("WebSocket")
}

/// A server that is reached through a proxy, at a port of its own, as `ssh -L` has it.
async fn behind_a_proxy() -> (TestServer, Proxy, String) {
    let proxy = Proxy::bind().await;
    let server = TestServer::start(&[]);
    proxy.forward_to(server.page);
    let address = format!("http://{}/", proxy.address);
    (server, proxy, address)
}

#[tokio::test]
async fn a_blocked_websocket_is_said_in_one_sentence() {
    let (_server, proxy, address) = behind_a_proxy().await;
    proxy.set(Mode::NoWebSocket);
    let browser = Browser::open().await;
    for (size, name) in [(LAPTOP, "blocked-1280"), (PHONE, "blocked-320")] {
        let tab = browser.sparing(size.0, size.1).await;
        tab.go(&super::by_hand(&address)).await;
        tab.sees("body", "The page arrived, but its live connection was blocked").await;
        tab.fits().await;
        tab.screenshot(name).await;
    }
    browser.forgive(about_the_websocket);
}

#[tokio::test]
async fn a_lost_connection_comes_back_and_nothing_was_lost() {
    let (_server, proxy, address) = behind_a_proxy().await;
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&super::by_hand(&address)).await;
    entered(&tab).await;
    for line in ["s = socket.socket()", "s.bind((\"\", 12345))", "s.listen(5)"] {
        do_line(&tab, "right", line).await;
    }
    type_line(&tab, "right", "conn, addr = s.accept()").await;
    newest_is(&tab, "right", "conn, addr = s.accept()", "waiting").await;
    proxy.set(Mode::Down);
    proxy.cut();
    tab.sees("notice-bar", "Connection lost. Your sockets are kept for").await;
    tab.screenshot("lost-1280").await;
    proxy.set(Mode::Forward);
    tab.sees("notice-bar", "Back. Nothing was lost.").await;
    do_line(&tab, "left", "s = socket.socket()").await;
    do_line(&tab, "left", "s.connect((\"server\", 12345))").await;
    newest_is(&tab, "right", "conn, addr = s.accept()", "done").await;
    browser.forgive(about_the_websocket);
}

/// Somebody opens a server that makes no more rooms: the page leads on to the one that does.
#[tokio::test]
async fn a_server_that_goes_away_leads_to_the_next() {
    let next = TestServer::shared();
    let server = TestServer::start(&["--next", &next.origin()]);
    let room = NewRoom::create(&server).await;
    let owner = Client::join(&room.owner(), "Ada").await;
    server.signal(Signal::TERM);
    server.logs("that it goes away", |log| log.contains("no new rooms")).await;

    let browser = Browser::open().await;
    for (size, name) in [(PHONE, "next-320"), (LAPTOP, "next-1280")] {
        let tab = browser.sparing(size.0, size.1).await;
        tab.go(&super::by_hand(&server.origin())).await;
        tab.sees("notice-bar", &next.origin()).await;
        tab.fits().await;
        tab.screenshot(name).await;
        tab.click("notice-bar", &format!("Open a room at {}", next.page)).await;
        entered(&tab).await;
        assert!(tab.address().await.starts_with(&next.origin()), "{}", tab.address().await);
    }
    // Chromium says of each answer that is no success that it is none.
    browser.forgive(|complaint| complaint.contains("503"));
    owner.leave().await;
}

#[tokio::test]
async fn a_reload_finds_everything_as_it_was() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    for line in ["s = socket.socket()", "s.bind((\"\", 12345))", "s.listen(5)"] {
        do_line(&tab, "right", line).await;
    }
    type_line(&tab, "right", "conn, addr = s.accept()").await;
    newest_is(&tab, "right", "conn, addr = s.accept()", "waiting").await;
    let address = tab.address().await;
    tab.reload().await;
    entered(&tab).await;
    assert_eq!(tab.address().await, address);
    newest_is(&tab, "right", "conn, addr = s.accept()", "waiting").await;
    tab.sees("#right", "LISTEN").await;
    do_line(&tab, "left", "s = socket.socket()").await;
    do_line(&tab, "left", "s.connect((\"server\", 12345))").await;
    newest_is(&tab, "right", "conn, addr = s.accept()", "done").await;
    do_line(&tab, "right", "conn.sendall(b\"after a reload\")").await;
    do_line(&tab, "left", "s.recv(1024)").await;
    tab.sees("#left .cc-log", "b'after a reload'").await;
}

#[tokio::test]
async fn a_room_that_is_no_more_says_so() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    let key = "A".repeat(22);
    tab.go(&format!("{}/r/a-{}#{key}", server.origin(), "b".repeat(26))).await;
    tab.sees("body", "This room has ended; its sockets are closed.").await;
    tab.screenshot("ended-1280").await;
    tab.click("body", "Open it in a new room").await;
    entered(&tab).await;
    browser.forgive(|complaint| complaint.contains("404"));
}

#[tokio::test]
async fn a_link_with_a_wrong_key_says_so() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/r/{}#{}", server.origin(), room.id, "A".repeat(22))).await;
    tab.sees("body", "This link's key does not open the room.").await;
}

#[tokio::test]
async fn a_server_that_goes_away_says_so() {
    let server = TestServer::start(&[]);
    let browser = Browser::open().await;
    let tab = new_room(&browser, &server, LAPTOP).await;
    server.signal(Signal::INT);
    let (status, _) = server.wait();
    assert_eq!(status.code(), Some(0));
    tab.shows("a word about it", "/server|connection/i.test(seen('notice-bar'))").await;
    tab.screenshot("server-gone-1280").await;
    // Whatever the browser asks of a server that is gone fails, and it fetches the icon when it finds the time.
    browser
        .forgive(|complaint| about_the_websocket(complaint) || complaint.contains("ERR_CONNECTION_REFUSED"));
}
