//! Low windows and large fonts: the page scrolls, the code keeps its lines, and nothing sticks out.

use serde_json::json;

use super::{LAPTOP, PHONE, entered};
use crate::harness::{browser::Browser, server::TestServer};

/// Whether every editor that is on the page shows six of its lines at least, and none lies over anything.
const SIX_LINES: &str = "(() => {
    const editors = [...document.querySelectorAll('code-editor')].filter(isSeen);
    return editors.length > 0 && editors.every((one) => {
        const line = one.shadowRoot?.querySelector('.cm-line');
        return line && one.clientHeight >= 6 * Number.parseFloat(getComputedStyle(line).lineHeight);
    });
})()";

#[tokio::test]
async fn six_lines_of_code_have_room_in_every_window() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    // The least window of a laptop, a telephone on its side, and fonts of twice the size.
    for (name, (width, height), font) in [
        ("low", (1280, 480), 16),
        ("landscape", (740, 360), 16),
        ("twice", LAPTOP, 32),
        ("phone", PHONE, 16),
        ("phone-twice", (390, 844), 32),
    ] {
        let tab = browser.sparing(width, height).await;
        let sizes = json!({ "fontSizes": { "standard": font, "fixed": font * 13 / 16 } });
        tab.command("Page.setFontSizes", sizes).await;
        tab.go(&server.origin()).await;
        entered(&tab).await;
        if width < 640 {
            tab.click("#views", "server").await;
        }
        tab.shows(&format!("six lines of code, {name}"), SIX_LINES).await;
        tab.fits().await;
        tab.screenshot(&format!("sizes-{name}")).await;
    }
}
