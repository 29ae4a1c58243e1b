//! Several people in one room: guests with a machine of their own, and watchers.

use super::{LAPTOP, PHONE, by_hand, do_line, entered, new_room, newest_is, type_line};
use crate::{
    harness::{
        browser::{Browser, Tab},
        client::Client,
        room::NewRoom,
        server::TestServer,
    },
    load::make_calls,
};

async fn guest(browser: &Browser, owner: &Tab, (width, height): (u32, u32)) -> Tab {
    let tab = browser.sparing(width, height).await;
    tab.go(&by_hand(&owner.address().await)).await;
    entered(&tab).await;
    tab
}

async fn call_the_owners_server(size: (u32, u32), name: &str) {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let owner = new_room(&browser, &server, LAPTOP).await;
    do_line(&owner, "right", "s = socket.socket()").await;
    let guest = guest(&browser, &owner, size).await;

    // What was before, and what comes live.
    let small = size.0 < 640;
    if small {
        guest.click("#views", "server…").await;
    }
    guest.sees("#right .cc-log", "socket.socket()").await;
    for line in ["s.bind((\"\", 12345))", "s.listen(5)"] {
        do_line(&owner, "right", line).await;
    }
    type_line(&owner, "right", "conn, addr = s.accept()").await;
    guest.sees("#right .cc-log", "accept()").await;
    guest.sees("#right .cc-log", "waiting").await;
    guest.sees("#right", "LISTEN").await;
    // It is somebody else's machine.
    assert_eq!(guest.read("String(document.querySelectorAll('#right .cc-input').length)").await, "0");
    owner.sees("#people", "2 here").await;

    // From a machine of one's own.
    let machine = guest.read("document.querySelector('#left .machine-name').textContent").await;
    assert!(machine != "client" && machine != "server", "{machine}");
    do_line(&guest, "left", "s = socket.socket()").await;
    do_line(&guest, "left", "s.connect((\"server\", 12345))").await;
    newest_is(&owner, "right", "conn, addr = s.accept()", "done").await;
    do_line(&guest, "left", "s.sendall(b\"Hello from here\")").await;
    do_line(&owner, "right", "conn.recv(1024)").await;
    owner.sees("#right .cc-log", "b'Hello from here'").await;
    owner.sees("#wire", &machine).await;
    if small {
        guest.click("#views", "server…").await;
    }
    guest.sees("#right .cc-log", "Hello from here").await;
    guest.fits().await;
    guest.screenshot(&format!("guest-{name}")).await;
    owner.screenshot(&format!("owner-with-guest-{name}")).await;
}

#[tokio::test]
async fn a_guest_sees_everything_live_and_calls_the_owners_server() {
    call_the_owners_server(LAPTOP, "1280").await;
}

#[tokio::test]
async fn a_guest_on_a_telephone_does_the_same() {
    call_the_owners_server(PHONE, "320").await;
}

#[tokio::test]
async fn share_gives_a_link_to_watch_and_one_to_join() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let owner = new_room(&browser, &server, LAPTOP).await;
    owner.click(".top", "Share").await;
    owner.sees("dialog", "Let them watch").await;
    owner.sees("dialog", "Invite with a machine").await;
    owner.screenshot("share-1280").await;
    let link = |title: &str| format!("document.querySelector('[aria-label=\"Link: {title}\"]').value");
    let watch = owner.read(&link("Let them watch")).await;
    let join = owner.read(&link("Invite with a machine")).await;
    assert_eq!(join, owner.address().await.replace("?lesson=by-hand", ""));
    assert_ne!(watch, join);
    owner.press("Escape").await;
    owner.sees_no("body", "Let them watch").await;

    let watcher = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    watcher.go(&watch).await;
    entered(&watcher).await;
    watcher.sees("#you", "watching").await;
    do_line(&owner, "left", "s = socket.socket()").await;
    do_line(&owner, "left", "s.connect((\"tutorial\", 12345))").await;
    watcher.sees("#left .cc-log", "s.connect").await;
    watcher.sees("#wire", "SYN").await;
    assert_eq!(watcher.read("String(document.querySelectorAll('.cc-input').length)").await, "0");
    watcher.fits().await;
    watcher.screenshot("watcher-1280").await;
}

#[tokio::test]
async fn names_are_shown_as_text_and_never_as_markup() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let owner = new_room(&browser, &server, LAPTOP).await;
    let guest = guest(&browser, &owner, LAPTOP).await;
    guest.click(".top", guest.text("#you").await.as_str()).await;
    guest
        .shows(
            "the field for the name",
            "active()?.matches?.('input') || document.querySelector('#name')?.focus()",
        )
        .await;
    guest.script("document.querySelector('#name').select()").await;
    guest.type_text("<img src=x onerror=boom>").await;
    guest.press("Enter").await;
    owner.click(".top", "2 here").await;
    owner.sees("body", "<img src=x onerror=boom>").await;
    assert_eq!(owner.read("String(document.querySelectorAll('img').length)").await, "0");
}

#[tokio::test]
async fn a_page_that_comes_late_says_how_much_of_the_beginning_is_missing() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut owner = Client::join(&room.owner(), "Ada").await;
    let program = owner.program("client").await;
    let fd = owner.socket(program).await;
    make_calls(&mut owner, program, fd, proto::limits::TRACE_OTHERS).await;
    let browser = Browser::open().await;
    let late = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    late.go(&format!("{}/r/{}#{}", server.origin(), room.id, room.watch().key_text())).await;
    entered(&late).await;
    late.sees("body", "events are missing here: the room keeps only so many.").await;
}
