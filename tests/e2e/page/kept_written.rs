//! Recordings that no page of ours made: empty, as large as may be, newer, and full of hostile text. The page and a frame open what can
//! be opened, and say of the rest what it is.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{LAPTOP, PHONE, kept::recorded};
use crate::{
    harness::{
        browser::{Browser, Tab},
        server::TestServer,
    },
    recordings::{
        Data,
        written::{put, recording},
    },
};

/// What a recording of version 1 has at most.
const MOST_EVENTS: usize = 10_000;
const MOST_MACHINES: usize = 100;

/// A call and its end, every two events.
fn calls(count: usize) -> Vec<Value> {
    let event = |at: usize| {
        let (seq, time, id) = (at + 1, 1_000_000 * at, at / 2 + 1);
        match at % 2 {
            0 => {
                json!({ "seq": seq, "time": time, "kind": "call", "id": id, "by": 1, "machine": 2, "program": 1, "call": "socket", "family": "AF_INET", "type": "SOCK_STREAM", "line": 1 })
            }
            _ => {
                json!({ "seq": seq, "time": time, "kind": "return", "id": id, "returned": { "is": "descriptor", "fd": 3 }, "elapsed": 1000 })
            }
        }
    };
    (0..count).map(event).collect()
}

#[tokio::test]
async fn nothing_and_as_much_as_may_be_is_opened_and_drawn() {
    let data = Data::new("sizes");
    let (none, most) = (
        put(&data, "a", &recording("", &[], &[])),
        put(&data, "b", &recording("Many", &[], &calls(MOST_EVENTS))),
    );
    let server = TestServer::start(&["--data", data.flag()]);
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/s/{none}", server.origin())).await;
    recorded(&tab).await;
    tab.sees("#lesson", "in which nothing happened").await;
    tab.sees_no("#lesson", "Do it again").await;
    tab.press("Home").await;
    tab.press("ArrowRight").await;
    tab.screenshot("written-none-1280").await;
    tab.go(&format!("{}/embed/s/{none}", server.origin())).await;
    recorded(&tab).await;
    tab.fits().await;

    for address in [format!("/s/{most}"), format!("/embed/s/{most}?view=both")] {
        tab.go(&format!("{}{address}", server.origin())).await;
        recorded(&tab).await;
        tab.shows("something drawn", "document.querySelectorAll('.wire-drawing text').length > 5").await;
        tab.sees("#wire", "socket()").await;
        tab.shows("all of it in time", "Number(document.querySelector('.wire-range').max) > 4000").await;
    }
    tab.go(&format!("{}/s/{most}#e=5000", server.origin())).await;
    recorded(&tab).await;
    tab.sees(".wire-at", "5,000").await;
    tab.press("End").await;
    tab.sees("#wire", "end of the recording").await;
    tab.screenshot("written-most-1280").await;
}

#[tokio::test]
async fn a_hundred_machines_are_named() {
    let data = Data::new("machines");
    let names: Vec<String> = (3..=MOST_MACHINES).map(|number| format!("machine-{number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    // A packet from each to the server, so that each has its line.
    let packet = |at: usize| {
        let machine = at + 3;
        json!({
            "seq": at + 1, "time": 1_000_000 * at, "kind": "packet", "id": at + 1, "from": machine, "to": 1,
            "src": format!("10.0.0.{machine}"), "dst": "10.0.0.1",
            "protocol": "TCP", "src_port": 40_000, "dst_port": 80, "sequence": 1, "acknowledgment": 0, "flags": ["SYN"], "window": 1000,
            "cause": { "is": "timer" }, "fate": "delivered",
        })
    };
    let events: Vec<Value> = (0..names.len()).map(packet).collect();
    let id = put(&data, "a", &recording("Crowded", &names, &events));
    let server = TestServer::start(&["--data", data.flag()]);
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    for address in [format!("/s/{id}"), format!("/embed/s/{id}?view=both"), format!("/embed/s/{id}")] {
        tab.go(&format!("{}{address}", server.origin())).await;
        recorded(&tab).await;
        tab.shows("the machines", "document.querySelector('.wire-names')?.textContent.includes('machine-')")
            .await;
        for (width, height) in [LAPTOP, PHONE] {
            tab.resize(width, height).await;
            tab.fits().await;
        }
        tab.screenshot(&format!("written-machines-{}", address.len())).await;
        tab.resize(LAPTOP.0, LAPTOP.1).await;
    }
}

#[tokio::test]
async fn one_of_a_newer_wireside_is_called_that_by_the_page_and_by_a_frame() {
    let data = Data::new("newer");
    let id =
        put(&data, "a", &recording("", &[], &calls(4)).replacen("wireside-share/1", "wireside-share/2", 1));
    let server = TestServer::start(&["--data", data.flag()]);
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    tab.go(&format!("{}/s/{id}", server.origin())).await;
    tab.sees("notice-bar", "newer Wireside than this one").await;
    tab.screenshot("written-newer-1280").await;
    tab.go(&format!("{}/embed/s/{id}", server.origin())).await;
    tab.sees(".embed-start", "newer Wireside than this one").await;
    tab.screenshot("written-newer-frame-1280").await;
}

/// Markup, what turns the order of letters, what has no shape, and what moves a terminal's cursor.
const HOSTILE: &str = "\"><img src=x onerror=alert(1)><b>\u{202e}\u{2067}\u{0}\u{1b}[31m\u{200f}";

/// Every text of a recording made hostile, wherever it stands; `spared` are names that stay.
fn made_hostile(value: &mut Value, spared: &[&str]) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| made_hostile(one, spared)),
        Value::Object(fields) => {
            for (name, field) in fields.iter_mut() {
                let text = ["title", "name", "text", "thread", "rule", "step", "lesson", "address_name"]
                    .contains(&name.as_str());
                match field {
                    Value::String(said) if text && !spared.contains(&said.as_str()) => {
                        *said = format!("{said}{HOSTILE}");
                    }
                    Value::Array(all) if ["aliases", "passed", "names"].contains(&name.as_str()) => {
                        for one in all {
                            *one = json!(format!("alias{HOSTILE}"));
                        }
                    }
                    field => made_hostile(field, spared),
                }
            }
        }
        _ => {}
    }
}

/// Something of every kind, with text in every field that has some.
fn of_everything(spared: &[&str]) -> String {
    let bytes = STANDARD.encode(HOSTILE);
    let data = json!({ "length": HOSTILE.len(), "bytes": bytes });
    let machine = json!({ "id": 3, "name": "guest-1", "aliases": ["other"], "address": "10.0.0.3", "guest": 2, "cable": true });
    let events = [
        json!({ "kind": "joined", "id": 2, "name": "Grace", "role": "participant", "machine": 3 }),
        json!({ "kind": "machine", "id": 3, "name": "guest-1", "aliases": ["other"], "address": "10.0.0.3", "guest": 2, "cable": true }),
        json!({ "kind": "source", "by": 1, "machine": 2, "name": "client.py", "text": "import socket\ns = socket.socket()\n# " }),
        json!({ "kind": "in_front", "by": 1, "machine": 2, "name": "client.py" }),
        json!({ "kind": "program", "id": 1, "machine": 2, "by": 1, "name": "client.py" }),
        json!({ "kind": "call", "id": 1, "by": 1, "machine": 2, "program": 1, "call": "getaddrinfo", "name": "server", "family": null, "port": 80, "line": 2, "thread": "Thread-1" }),
        json!({ "kind": "return", "id": 1, "returned": { "is": "not_resolved", "error": "EAI_NONAME" }, "elapsed": 1000 }),
        json!({ "kind": "call", "id": 2, "by": 1, "machine": 2, "program": 1, "call": "ping", "name": "server", "count": 1 }),
        json!({ "kind": "return", "id": 2, "returned": { "is": "policy", "rule": "no-such-rule", "value": "somewhere" }, "elapsed": 1000 }),
        json!({ "kind": "call", "id": 3, "by": 1, "machine": 2, "program": 1, "call": "socket", "family": "AF_UNIX", "type": "SOCK_STREAM" }),
        json!({ "kind": "return", "id": 3, "returned": { "is": "descriptor", "fd": 3 }, "elapsed": 1000, "socket": 1 }),
        json!({ "kind": "call", "id": 4, "by": 1, "machine": 2, "program": 1, "call": "bind", "fd": 3, "address": "unix:/tmp/\\x3cb\\x3e\\xe2\\x80\\xae" }),
        json!({ "kind": "return", "id": 4, "returned": { "is": "done" }, "elapsed": 1000, "socket": 1 }),
        json!({ "kind": "call", "id": 5, "by": 1, "machine": 2, "program": 1, "call": "send", "fd": 3, "flags": [], "bytes": HOSTILE.len(), "data": data, "socket": 1 }),
        json!({ "kind": "return", "id": 5, "returned": { "is": "sent", "bytes": HOSTILE.len() }, "elapsed": 1000, "socket": 1 }),
        json!({ "kind": "call", "id": 6, "by": 1, "machine": 2, "program": 1, "call": "recv", "fd": 3, "flags": [], "max": 100, "socket": 1 }),
        json!({ "kind": "return", "id": 6, "returned": { "is": "received", "bytes": HOSTILE.len() }, "elapsed": 1000, "data": data, "socket": 1 }),
        json!({ "kind": "packet", "id": 1, "from": 2, "to": 1, "src": "10.0.0.2", "dst": "10.0.0.1",
            "protocol": "TCP", "src_port": 40_000, "dst_port": 80, "sequence": 1, "acknowledgment": 1, "flags": ["PSH", "ACK"], "window": 1000,
            "data": data, "cause": { "is": "call", "id": 5 }, "fate": "delivered" }),
        json!({ "kind": "output", "program": 1, "text": "said " }),
        json!({ "kind": "output", "program": 1, "error": true, "text": "failed " }),
        json!({ "kind": "wire", "by": null, "rule": "some-rule", "held": false, "delay_ms": 5, "loss": 0.0, "seed": "1" }),
        json!({ "kind": "machine_changed", "by": 1, "did": { "change": "cable", "plugged": false }, "machine": machine }),
        json!({ "kind": "progress", "by": 1, "lesson": "by-hand", "step": "A step", "evidence": 4 }),
        json!({ "kind": "program_ended", "id": 1 }),
    ];
    let events: Vec<Value> = events
        .into_iter()
        .enumerate()
        .map(|(at, mut event)| {
            event["seq"] = json!(at + 1);
            event["time"] = json!(1_000_000 * at);
            event
        })
        .collect();
    let text = recording("Title", &["guest-1"], &events);
    let lines = text.lines().map(|line| {
        let mut line: Value = serde_json::from_str(line).expect("JSON");
        if line["format"].is_string() {
            line["lesson"] = json!({ "id": "by-hand", "passed": ["A step"] });
            line["notes"] = json!([{ "seq": 6, "text": "Look " }, { "seq": 18, "text": "here " }]);
        }
        // The id of a lesson is a name of its own.
        made_hostile(&mut line, spared);
        format!("{line}\n")
    });
    lines.collect()
}

/// What of the page is not as its own text: elements that somebody's text became, and letters that turn or hide others, wherever
/// a person reads.
const HARMED: &str = "
    const turns = /[\\u0000\\u001b\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]/;
    // What our own words hold apart from what stands beside it.
    const isolated = /\\u2068([^\\u202a-\\u202e\\u2066-\\u2069]*)\\u2069/g;
    const found = [];
    const look = (root) => {
        for (const node of root.querySelectorAll('*')) {
            if (node.shadowRoot) look(node.shadowRoot);
            if (node.localName === 'b' && node.textContent === '' || node.matches('img[src=\"x\"]')) found.push(`element ${node.outerHTML.slice(0, 80)}`);
            if (node.matches('script, style')) continue;
            for (const { nodeType, data } of node.childNodes) if (nodeType === 3 && turns.test(data.replaceAll(isolated, '$1'))) found.push(`text in ${node.localName}.${node.className?.baseVal ?? node.className}: ${JSON.stringify(data.slice(0, 80))}`);
            for (const name of ['title', 'aria-label', 'placeholder', 'aria-valuetext']) if (turns.test((node.getAttribute(name) ?? '').replaceAll(isolated, '$1'))) found.push(`${name} of ${node.localName}.${node.className?.baseVal ?? node.className}`);
        }
    };
    look(document);
    if (turns.test(document.title)) found.push('the title');
    return [...new Set(found)].join('\\n');
";

async fn is_unharmed(tab: &Tab, where_it_is: &str) {
    let found = tab.script(HARMED).await;
    assert_eq!(found.as_str(), Some(""), "{where_it_is}");
}

#[tokio::test]
async fn no_text_of_a_recording_is_markup_or_turns_what_stands_beside_it() {
    let data = Data::new("hostile");
    // Once with machines that the page puts at its sides, once where no machine has a name that it knows.
    let ids = [
        put(&data, "a", &of_everything(&["client", "server", "client.py"])),
        put(&data, "b", &of_everything(&[])),
    ];
    let server = TestServer::start(&["--data", data.flag()]);
    let browser = Browser::open().await;
    let tab = browser.visitor(LAPTOP.0, LAPTOP.1).await;
    for id in &ids {
        for address in
            [format!("/s/{id}"), format!("/embed/s/{id}?view=both"), format!("/embed/s/{id}?view=code")]
        {
            let page = format!("{}{address}", server.origin());
            tab.go("about:blank").await;
            tab.go(&page).await;
            recorded(&tab).await;
            if !address.contains("view=code") {
                tab.shows("something drawn", "document.querySelectorAll('.wire-drawing text').length > 5")
                    .await;
            }
            is_unharmed(&tab, &address).await;
            if address.contains("view=code") {
                continue;
            }
            tab.script("document.querySelector('.wire-range').focus()").await;
            tab.press("Home").await;
            for step in 0..26 {
                tab.press("ArrowRight").await;
                tab.script("await new Promise((painted) => requestAnimationFrame(() => requestAnimationFrame(painted)))").await;
                is_unharmed(&tab, &format!("{address} after {step}")).await;
            }
            tab.click("#wire", "As a list").await;
            tab.shows("the list", "document.querySelectorAll('#wire .wire-row').length > 10").await;
            is_unharmed(&tab, &format!("{address} as a list")).await;
            // The details of each.
            let rows = tab
                .read("document.querySelectorAll('#wire .wire-row[data-index]').length")
                .await
                .parse::<usize>()
                .expect("a number");
            for row in 0..rows {
                tab.script(&format!(
                    "document.querySelectorAll('#wire .wire-row[data-index]')[{row}]?.click()"
                ))
                .await;
                is_unharmed(&tab, &format!("{address}: details of row {row}")).await;
            }
            tab.screenshot(&format!("written-hostile-{}", address.len())).await;
            if address.starts_with("/s/") {
                tab.click(".top", "Share").await;
                tab.sees(".dialog", "This recording").await;
                is_unharmed(&tab, &format!("{address}: share")).await;
                tab.press("Escape").await;
                tab.click("#lesson", "Do it again for real").await;
                tab.sees(".dialog", "were made").await;
                is_unharmed(&tab, &format!("{address}: done again")).await;
            }
        }
    }
}
