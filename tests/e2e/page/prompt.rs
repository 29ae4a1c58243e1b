//! A machine's Python prompt: CPython line by line, as in a terminal.

use super::{LAPTOP, PHONE, entered, first_visit, newest_is, type_line};
use crate::harness::{
    browser::{Browser, Tab, quote},
    server::TestServer,
};

const PANE: &str = "#right .program.prompt";

/// Types a line at the prompt of the machine on the right, which has the focus.
async fn line(tab: &Tab, text: &str) {
    tab.shows("an empty line", &field_is("")).await;
    tab.type_text(text).await;
    tab.press("Enter").await;
}

fn field_is(text: &str) -> String {
    format!("document.activeElement?.matches('#right .prompt-input') && active().value === {}", quote(text))
}

async fn prints(tab: &Tab, text: &str) {
    tab.sees(&format!("{PANE} output-log"), text).await;
}

/// A prompt on the machine on the right, with the focus in its field.
async fn opened(tab: &Tab) {
    tab.click("#right", "New file on server").await;
    tab.click("#right", "Python prompt").await;
    prints(tab, "for more information.").await;
    tab.sees("#right .tab-list", "Python prompt").await;
}

#[tokio::test]
async fn python_line_by_line_with_real_sockets() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    opened(&tab).await;
    // Several names: a list, moved through by the arrow keys.
    line(&tab, "import socket").await;
    line(&tab, "s = socket.socket()").await;
    tab.type_text("s.re").await;
    tab.press("Tab").await;
    tab.sees(&format!("{PANE} [role=listbox]"), "recvfrom_into(").await;
    tab.screenshot("prompt-names-1280").await;
    tab.press("Escape").await;
    tab.shows("the list to be closed", &field_is("s.recv")).await;
    tab.chord("c").await;
    prints(&tab, ">>> s.recv KeyboardInterrupt").await;
    // One name.
    tab.type_text("s.bi").await;
    tab.press("Tab").await;
    tab.shows("the whole name", &field_is("s.bind(")).await;
    tab.type_text("('', 5050))").await;
    tab.press("Enter").await;
    line(&tab, "s.listen()").await;
    tab.sees("#right .sockets", "LISTEN").await;
    // A call that waits, as anywhere else, and Ctrl-C.
    line(&tab, "conn, addr = s.accept()").await;
    tab.sees("#right .machine-state", "waiting in accept()").await;
    tab.sees("#wire", "accept()").await;
    tab.chord("c").await;
    prints(&tab, "File \"<python-input-4>\", line 1, in <module> conn, addr = s.accept()").await;
    prints(&tab, "KeyboardInterrupt").await;
    tab.sees_no("#right .machine-state", "waiting").await;
    // Several lines.
    line(&tab, "for i in range(3):").await;
    tab.shows("a line that is indented", &field_is("for i in range(3):\n    ")).await;
    tab.type_text("print(i * 11)").await;
    tab.press("Enter").await;
    tab.shows("a third line", &field_is("for i in range(3):\n    print(i * 11)\n    ")).await;
    tab.press("Enter").await;
    prints(&tab, "... print(i * 11) ... 0 11 22").await;
    tab.shows("an empty line", &field_is("")).await;
    tab.press("ArrowUp").await;
    tab.shows("the block before", &field_is("for i in range(3):\n    print(i * 11)")).await;
    tab.chord("c").await;
    // What asks by itself, and what is long.
    line(&tab, "input('name? ').upper()").await;
    tab.shows("a line that is asked for", "active().placeholder === 'a line for the program'").await;
    tab.type_text("ada").await;
    tab.press("Enter").await;
    prints(&tab, "name? ada 'ADA'").await;
    line(&tab, "help(s.recv)").await;
    prints(&tab, "Help on").await;
    line(&tab, "1 / 0").await;
    prints(&tab, "ZeroDivisionError: division by zero").await;
    tab.fits().await;
    tab.screenshot("prompt-1280").await;
    // The end, and another one: nothing is left of the first.
    line(&tab, "exit(3)").await;
    tab.sees(PANE, "It ended with 3; its sockets are closed.").await;
    tab.sees_no("#right .sockets", "LISTEN").await;
    tab.press("Enter").await;
    line(&tab, "s").await;
    prints(&tab, "NameError: name 's' is not defined").await;
    tab.click(PANE, "Close the Python prompt").await;
    tab.shows("the tab to be gone", "!seen('#right .tab-list').includes('Python prompt')").await;
}

#[tokio::test]
async fn what_by_hand_cannot_do_is_handed_to_it() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, PHONE).await;
    tab.click("#views", "server…").await;
    tab.click("#right", "By hand").await;
    type_line(&tab, "right", "sum(range(7)) * 2").await;
    newest_is(&tab, "right", "sum(range(7)) * 2", "failed").await;
    tab.click("#right .cc-entry:last-child", "Put it at the Python prompt").await;
    tab.shows("the line, not run", &field_is("sum(range(7)) * 2")).await;
    tab.sees(PANE, "not run yet").await;
    prints(&tab, "for more information.").await;
    tab.fits().await;
    tab.screenshot("prompt-320").await;
    tab.press("Enter").await;
    prints(&tab, ">>> sum(range(7)) * 2 42").await;
    // It ends with the page, and what was typed is there again.
    tab.reload().await;
    entered(&tab).await;
    // The lesson brings its own program to the front, once.
    tab.shows("the lesson to be there", "filled().length === 1").await;
    tab.click("#views", "server…").await;
    tab.click("#right", "Python prompt, ended").await;
    tab.click(PANE, "Start again").await;
    tab.shows("an empty line", &field_is("")).await;
    tab.press("ArrowUp").await;
    tab.shows("what was typed before", &field_is("sum(range(7)) * 2")).await;
}
