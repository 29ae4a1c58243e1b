//! A chat of three files, as somebody brings it: a server with a thread for each client, a client with a thread that hears, and
//! the module that both import.

use std::fs;

use super::{LAPTOP, PHONE, first_visit, folder::drop_on};
use crate::harness::{
    browser::{Browser, Tab, quote},
    root,
    server::TestServer,
};

const FILES: [&str; 3] = ["server.py", "client.py", "lines.py"];

/// The pane in front on a machine.
fn front(side: &str) -> String {
    format!("#{side} .program:not([hidden])")
}

async fn bring(tab: &Tab, side: &str, machine: &str) {
    let text = |name| fs::read_to_string(root().join("tests/cases/56-chat-of-three-files").join(name));
    let texts = FILES.map(|name| quote(&text(name).expect("a text")));
    let files: Vec<(&str, &str)> = FILES.into_iter().zip(texts.iter().map(String::as_str)).collect();
    drop_on(tab, side, &files).await;
    tab.sees("notice-bar", &format!("3 files are on {machine} now.")).await;
}

async fn run(tab: &Tab, side: &str, machine: &str, file: &str, arguments: &str) {
    tab.script(&format!(
        "document.querySelector('#{side} .machine-tab[data-key={}]').click();
         document.querySelector('{} .program-arguments').value = {};",
        quote(file),
        front(side),
        quote(arguments)
    ))
    .await;
    tab.click(&format!("#{side}"), &format!("Run {file} on {machine}")).await;
}

/// The program in front is asked for a line: the field has the focus.
async fn asked(tab: &Tab, side: &str) {
    let field = format!("document.querySelector('{} .program-ask:not([hidden]) input')", front(side));
    tab.shows("a line to be asked for", &field).await;
    tab.script(&format!("{field}.focus()")).await;
}

async fn say(tab: &Tab, side: &str, line: &str) {
    asked(tab, side).await;
    tab.type_text(line).await;
    tab.press("Enter").await;
}

#[tokio::test]
async fn three_files_of_a_chat_talk_on_two_machines() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = first_visit(&browser, &server, LAPTOP).await;
    let said = |side| format!("{} output-log", front(side));
    bring(&tab, "right", "server").await;
    bring(&tab, "left", "client").await;
    run(&tab, "right", "server", "server.py", "").await;
    tab.sees(&said("right"), "waiting on port 5000").await;
    // Without its arguments it says what it wants, as anywhere.
    run(&tab, "left", "client", "client.py", "").await;
    tab.sees(&said("left"), "usage: client.py NAME HOST").await;
    run(&tab, "left", "client", "client.py", "Ada server").await;
    tab.sees(&said("left"), "Ada is here").await;
    run(&tab, "right", "server", "client.py", "Bob localhost").await;
    tab.sees(&said("left"), "Bob is here").await;
    say(&tab, "right", "hello Ada").await;
    tab.sees(&said("left"), "Bob: hello Ada").await;
    say(&tab, "left", "hello Bob").await;
    tab.sees(&said("right"), "Ada: hello Bob").await;
    for (width, height) in [LAPTOP, (768, 1024), PHONE] {
        tab.resize(width, height).await;
        tab.fits().await;
        tab.screenshot(&format!("chat-{width}")).await;
    }
    tab.resize(LAPTOP.0, LAPTOP.1).await;

    // Ctrl-C is the program's affair: this one says good-bye.
    asked(&tab, "left").await;
    tab.type_text("half a li").await;
    tab.script("document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: 'c', ctrlKey: true, bubbles: true, cancelable: true }))")
        .await;
    tab.sees(&said("left"), "half a li^C leaving").await;
    tab.sees(&said("right"), "Ada has gone").await;
    say(&tab, "right", "anybody there?").await;
    tab.sees(&said("right"), "Bob: anybody there?").await;
}
