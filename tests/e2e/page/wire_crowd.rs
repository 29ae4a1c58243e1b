//! More machines than there are lines in the drawing.

use super::{LAPTOP, entered};
use crate::harness::{browser::Browser, client::Client, room::NewRoom, server::TestServer};

/// Whether no name, and not the menu of the others, lies on another.
const APART: &str = "(() => {
    const boxes = [...document.querySelectorAll('.wire-name, .wire-others')].filter(isSeen).map((one) => one.getBoundingClientRect());
    boxes.sort((one, other) => one.left - other.left);
    return boxes.length === 5 && boxes.every((box, at) => at === 0 || boxes[at - 1].right <= box.left);
})()";

/// Which machines are drawn.
const NAMES: &str = "[...document.querySelectorAll('.wire-name')].map((one) => one.textContent).join(' ')";

#[tokio::test]
async fn of_many_machines_four_are_drawn_and_one_menu_has_the_others() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/r/{}?lesson=by-hand#{}", server.origin(), room.id, room.watch().key_text())).await;
    // Whoever comes by a link is asked for a name.
    tab.click("dialog", "Skip").await;
    entered(&tab).await;
    // They stay to the end, with their machines.
    let mut guests = Vec::new();
    for number in 1..=5 {
        let mut guest = Client::join(&room.join(), &format!("Guest with the number {number}")).await;
        let program = guest.program_on(guest.own_host()).await.expect("a program");
        let fd = guest.socket(program).await;
        let nobody_listens = "10.0.0.1:12345".parse().expect("an address");
        guest.connect_to(program, fd, nobody_listens).await.expect_err("refused");
        guests.push(guest);
    }
    tab.sees(".wire-names", "server").await;
    tab.sees(".wire-names", "2 more").await;
    tab.shows("names that do not lie on each other", APART).await;
    tab.screenshot("wire-many-1280").await;

    // The menu opens at its button, and the first of its machines has the focus.
    tab.click("#wire", "2 more machines, not drawn").await;
    tab.sees(".wire-others-menu", "events").await;
    tab.fits().await;
    let picked = tab.read("active().textContent").await;
    assert!(picked.starts_with("guest-"), "{picked}");
    assert!(!tab.read(NAMES).await.split(' ').any(|name| name == picked), "{picked} is drawn");
    tab.press("Enter").await;
    tab.shows("who was picked", &format!("{NAMES}.split(' ').includes('{picked}')")).await;
    tab.shows("the names, as apart as before", APART).await;
    for guest in guests {
        guest.leave().await;
    }
}
