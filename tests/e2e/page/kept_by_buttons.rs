//! What somebody does with the page's own buttons, from the first call of a lesson to a link that somebody else opens.

use super::{
    LAPTOP, PHONE, first_visit,
    kept::{link, recorded},
    lessons::to_its_end,
};
use crate::{
    harness::{browser::Browser, http, server::TestServer},
    recordings::{Data, keep, with_a_run},
};

/// A lesson to its end, a packet lost by hand on the way, a note where that happened, *Keep* where the lesson ends: whoever has the
/// link finds all of it.
#[tokio::test]
async fn a_lesson_a_lost_packet_and_a_note_are_kept_and_opened_elsewhere() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    // One of its steps takes a packet off the wire.
    to_its_end(&tab, "two-scripts").await;

    // The note, where it was lost, by the way of the keyboard.
    tab.region("wire").await;
    let row = "document.activeElement?.closest('[role=row]') !== null";
    for _ in 0..60 {
        if tab.read(row).await != "false" {
            break;
        }
        tab.press("Tab").await;
    }
    tab.press("Home").await;
    for _ in 0..400 {
        if tab.focus().await.contains("dropped by hand") {
            break;
        }
        tab.press("ArrowDown").await;
    }
    tab.press("Enter").await;
    tab.sees("#wire .wire-details", "by hand").await;
    tab.click("#wire", "Pin a note").await;
    tab.sees(".dialog", "A note here").await;
    tab.type_text("Lost <b>here</b>, by hand").await;
    tab.click(".dialog", "Pin it").await;
    tab.click("#lesson", "Keep").await;
    tab.sees(".dialog", "With the note that is pinned").await;
    tab.shows("the title to have the focus", "document.activeElement.id === 'keep-title'").await;
    tab.type_text("One lost").await;
    tab.click(".dialog", "Keep").await;
    let (kept, deletes) = (link(&tab, "Kept: what happened").await, link(&tab, "Link that deletes it").await);
    tab.screenshot("kept-buttons-1280").await;

    let other = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    other.go(&kept).await;
    recorded(&other).await;
    other.sees("#lesson", "One lost").await;
    other.sees("#lesson", "of a lesson passed").await;
    other.shows("the note's flag", "document.querySelectorAll('.wire-flag').length === 1").await;
    other.script("document.querySelector('.wire-flag').click()").await;
    other.sees(".wire-note", "Lost <b>here</b>, by hand").await;
    other.sees("#wire", "dropped").await;
    other.screenshot("kept-buttons-note-1280").await;
    other.resize(PHONE.0, PHONE.1).await;
    let all = "const one = document.querySelector('.recorded-head .sentence'); return one.scrollHeight <= one.clientHeight && \
               one.getBoundingClientRect().bottom <= document.querySelector('.recorded-ways').getBoundingClientRect().top";
    assert_eq!(other.script(all).await, true, "all that is said of it can be read");
    other.screenshot("kept-buttons-note-320").await;
    other.resize(LAPTOP.0, LAPTOP.1).await;

    // The link that deletes it, in the tab that has it open.
    other.go(&deletes).await;
    other.click("notice-bar", "Delete it").await;
    other.sees("notice-bar", "is deleted").await;
    other.go("about:blank").await;
    other.go(&kept).await;
    other.sees("body", "nothing at this address").await;
    browser.forgive(|error| error.contains("404"));
}

/// New rooms are refused; what was kept opens, and is walked through.
#[tokio::test]
async fn a_recording_opens_where_no_room_can_be_had() {
    let data = Data::new("no-rooms");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let made = keep(&room.owner(), &serde_json::json!({})).await.json();
    let id = made["id"].as_str().expect("an id");
    // Behind a proxy that nobody declared one address may have so many, and this machine is one.
    let page = server.page;
    let head = format!(
        "POST /rooms HTTP/1.1\r\nHost: {page}\r\nOrigin: http://{page}\r\nContent-Length: 0\r\nX-Forwarded-For: 203.0.113.7\r\n"
    );
    while http::request(page, &head).await.status == 201 {}
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&server.origin()).await;
    tab.sees("notice-bar", "This is full").await;
    tab.go(&format!("{}/s/{id}", server.origin())).await;
    recorded(&tab).await;
    tab.sees("#wire", "SYN ACK").await;
    tab.press("Home").await;
    tab.sees_no("#wire", "SYN ACK").await;
    tab.press("End").await;
    tab.sees("#wire", "SYN ACK").await;
    browser.forgive(|error| error.contains("429"));
}
