//! Several people in one room: guests with a machine of their own, and watchers.

use super::{LAPTOP, PHONE, by_hand, do_line, entered, new_room, newest_is, type_line};
use crate::{
    harness::{
        browser::{Browser, Tab, quote},
        client::Client,
        room::NewRoom,
        server::TestServer,
    },
    load::make_calls,
};

async fn guest(browser: &Browser, owner: &Tab, (width, height): (u32, u32)) -> Tab {
    let tab = browser.sparing(width, height).await;
    tab.go(&by_hand(&owner.address().await)).await;
    arrives(&tab).await;
    tab
}

/// Comes in by a link, without a name.
async fn arrives(tab: &Tab) {
    tab.click("dialog", "Skip").await;
    entered(tab).await;
}

/// Comes in by a link, with a name.
async fn arrives_as(tab: &Tab, name: &str) {
    tab.sees("dialog", "Your name, as the others see it").await;
    tab.type_text(name).await;
    tab.click("dialog", "Come in").await;
    entered(tab).await;
}

/// The link in the row of the share dialog with this title.
async fn link(owner: &Tab, title: &str) -> String {
    owner.click(".top", "Share").await;
    owner.sees("dialog", title).await;
    let link = owner.read(&format!("document.querySelector('[aria-label=\"Link: {title}\"]').value")).await;
    owner.press("Escape").await;
    owner.sees_no("body", title).await;
    link
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
    arrives(&watcher).await;
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
    arrives(&late).await;
    late.sees("body", "events are missing here: the room keeps only so many.").await;
}

/// What is marked as chosen in the row of tabs of a machine.
async fn chosen_tab(tab: &Tab, side: &str, name: &str) {
    let chosen = format!(
        "[...document.querySelectorAll('#{side} .tab-list [aria-selected=true]')].some((one) => one.textContent === {})",
        quote(name)
    );
    tab.shows(&format!("{name} in front on {side}"), &chosen).await;
}

/// What stands in the editor that is in front on a machine.
async fn reads(tab: &Tab, side: &str, part: &str) {
    let text = format!(
        "document.querySelector('#{side} .program:not([hidden]) code-editor')?.text.includes({})",
        quote(part)
    );
    tab.shows(&format!("{part:?} in the editor of {side}"), &text).await;
}

#[tokio::test]
async fn a_watcher_sees_the_owners_code_and_tab_until_they_pick_one() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let owner = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    owner.go(&server.origin()).await;
    entered(&owner).await;
    let watch = link(&owner, "Let them watch").await;

    // Nothing ran, and nothing was changed.
    let watcher = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    watcher.go(&watch).await;
    arrives_as(&watcher, "Edsger").await;
    watcher.sees("#you", "Edsger, watching").await;
    for (side, file, part) in [("left", "client.py", "s.connect"), ("right", "server.py", "s.accept()")] {
        chosen_tab(&watcher, side, file).await;
        reads(&watcher, side, part).await;
    }
    watcher.screenshot("watcher-code-1280").await;
    owner.click("#right", "By hand").await;
    chosen_tab(&watcher, "right", "By hand").await;
    owner.click("#right", "server.py").await;
    chosen_tab(&watcher, "right", "server.py").await;
    // Who has picked a tab keeps it.
    watcher.click("#left", "By hand").await;
    owner.click("#left", "By hand").await;
    owner.click("#left", "client.py").await;
    owner.click("#right", "By hand").await;
    chosen_tab(&watcher, "right", "By hand").await;
    chosen_tab(&watcher, "left", "By hand").await;
}

#[tokio::test]
async fn a_guest_has_a_name_and_the_owner_removes_them() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let owner = new_room(&browser, &server, LAPTOP).await;
    owner.sees("#you", "your room").await;
    let grace = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    grace.go(&by_hand(&owner.address().await)).await;
    arrives_as(&grace, "Grace").await;
    grace.sees("#you", "Grace").await;
    grace.sees("#right .machine-state", "run by the owner").await;
    do_line(&grace, "left", "s = socket.socket()").await;

    // Their name stands where their machine does.
    owner.click("#right", "\u{2068}Grace\u{2069} · guest-1").await;
    owner.sees("#right .machine-name", "Grace").await;
    owner.sees("#right .machine-state", "a guest's machine").await;
    owner.sees("#right .cc-log", "socket.socket()").await;
    owner.screenshot("owner-at-a-guests-1280").await;
    owner.click(".top", "2 here").await;
    owner.sees(".people-list", "guest, on guest-1").await;
    owner.click(".people-list", "Remove Grace").await;
    owner.sees(".people-list", "Whoever has the link can come in again").await;
    owner.screenshot("remove-1280").await;
    owner.click(".removal", "Remove Grace").await;

    grace.sees("notice-bar", "The owner of this room has removed you. Your code is here.").await;
    grace
        .shows("nothing to be run", "filled().every((one) => getComputedStyle(one).fontWeight === '400')")
        .await;
    grace.screenshot("removed-1280").await;
    owner.sees("#right .machine-name", "server").await;
    owner.shows("nobody else here", "document.querySelector('#people').hidden").await;
    // The link is what it was.
    grace.reload().await;
    entered(&grace).await;
    grace.sees("#left .machine-name", "guest-1").await;
    owner.sees("#people", "2 here").await;
}

#[tokio::test]
async fn fifteen_guests_have_room_in_a_menu() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let owner = new_room(&browser, &server, LAPTOP).await;
    let address = owner.address().await;
    let join = crate::harness::room::Link::of(&server, &address);
    let mut guests = Vec::new();
    for number in 1..=15 {
        guests.push(Client::join(&join, &format!("Guest with a long name {number}")).await);
    }
    owner.sees("#people", "16 here").await;
    // What is printed on one of them is not missed.
    let printing = &mut guests[3];
    let own = printing.own_host();
    let program = printing.program_on(own).await.expect("a program");
    printing.endpoint().output(program, false, "Hello\n");
    printing.flush().await;
    owner.click("#right", "15 other machines, something new was printed").await;
    owner.sees(".machine-choices", "guest-4 something new was printed").await;
    for number in [1, 9, 15] {
        owner.sees(".machine-choices", &format!("Guest with a long name {number} · guest-{number}")).await;
    }
    owner.fits().await;
    owner.screenshot("fifteen-1280").await;
    owner.click(".machine-choices", "Guest with a long name 9 · guest-9").await;
    owner.sees("#right .machine-name", "guest-9").await;
    owner.screenshot("fifteen-guest-9-1280").await;
}
