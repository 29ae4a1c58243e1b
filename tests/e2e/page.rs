//! The page as people use it: in a real browser, by clicks alone and by the keyboard alone.

mod by_clicks;
mod by_keyboard;
mod cases;
mod chat;
mod class;
mod class_begins;
mod class_of_thirty;
mod client;
mod connection;
mod course;
mod editor;
mod embeds;
mod exercises;
mod explained;
mod firefox;
mod first_look;
mod folder;
mod framed;
mod kept;
mod kept_by_buttons;
mod kept_written;
mod lessons;
mod library;
mod links;
mod programs;
mod prompt;
mod room_browser;
mod secure;
mod sizes;
mod slow_link;
mod together;
mod wire;

use crate::harness::{
    browser::{Browser, Tab},
    server::TestServer,
};

/// A window of a laptop, and the smallest telephone.
pub(crate) const LAPTOP: (u32, u32) = (1280, 800);
const PHONE: (u32, u32) = (320, 568);

/// Opens a new room, as somebody does who has only heard of the address.
async fn first_visit(browser: &Browser, server: &TestServer, (width, height): (u32, u32)) -> Tab {
    let tab = browser.visitor(width, height).await;
    tab.go(&server.origin()).await;
    entered(&tab).await;
    tab
}

/// Opens a new room with the lesson by hand: its consoles stand in front.
async fn new_room(browser: &Browser, server: &TestServer, (width, height): (u32, u32)) -> Tab {
    let tab = browser.sparing(width, height).await;
    tab.go(&by_hand(&format!("{}/", server.origin()))).await;
    entered(&tab).await;
    tab
}

/// An address with the lesson by hand in it.
fn by_hand(address: &str) -> String {
    let (page, key) = address.split_once('#').unwrap_or((address, ""));
    let page = page.split('?').next().unwrap_or(page);
    format!("{page}?lesson=by-hand{}{key}", if key.is_empty() { "" } else { "#" })
}

/// Waits until a tab is in its room.
pub(crate) async fn entered(tab: &Tab) {
    tab.shows("the room to be open", "document.body.dataset.state === 'open'").await;
}

/// Waits until the newest line of a machine's console has come to this state: `waiting`, `done` or `failed`.
async fn newest_is(tab: &Tab, side: &str, line: &str, state: &str) {
    let line = crate::harness::browser::quote(line);
    let condition = format!(
        "[...document.querySelectorAll('#{side} call-console:not([hidden]) .cc-entry')].slice(-1)\
         .some((one) => one.querySelector('.cc-line').textContent === {line} && one.dataset.state === '{state}')"
    );
    tab.shows(&format!("{line} on {side} to be {state}"), &condition).await;
}

/// Types a line at a machine's prompt, with the keyboard alone, from wherever the focus is.
async fn type_line(tab: &Tab, side: &str, line: &str) {
    tab.region(side).await;
    let machine = tab.text(&format!("#{side} .machine-name")).await;
    tab.tab_to(&format!("A call on {machine}, as in Python")).await;
    tab.type_text(line).await;
    tab.press("Enter").await;
}

/// The same, and it has to go well at once.
async fn do_line(tab: &Tab, side: &str, line: &str) {
    type_line(tab, side, line).await;
    newest_is(tab, side, line, "done").await;
}
