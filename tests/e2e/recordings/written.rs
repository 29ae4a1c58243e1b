//! Recordings that no room made: written by hand, line by line, and put on the shelf as a server finds them there.

use std::fs;

use serde_json::{Value, json};

use super::Data;

/// As brotli has bytes that are not compressed (RFC 7932, 9.2): a window of 64 KiB, blocks of at most so many bytes.
const BLOCK: usize = 1 << 16;

/// A file of the shelf with this recording in it.
pub(crate) fn stored(text: &str) -> Vec<u8> {
    let mut packed = Vec::new();
    for (number, block) in text.as_bytes().chunks(BLOCK).enumerate() {
        let length = u32::try_from(block.len() - 1).expect("a block");
        // The first one's bits come after the one that tells the window.
        let head = length << 3 | 1 << 19;
        let head = if number == 0 { head << 1 } else { head };
        packed.extend_from_slice(&head.to_le_bytes()[..3]);
        packed.extend_from_slice(block);
    }
    // The last block, an empty one.
    packed.push(3);
    labelled(text.len(), &packed)
}

/// A file of the shelf with these bytes behind its label.
pub(super) fn labelled(bytes: usize, packed: &[u8]) -> Vec<u8> {
    let label = json!({ "delete": "0".repeat(64), "bytes": bytes, "packed": packed.len() });
    [format!("{label}\n").as_bytes(), packed].concat()
}

/// Puts a recording on the shelf under an id of one letter; gives the id.
pub(crate) fn put(data: &Data, letter: &str, text: &str) -> String {
    let id = letter.repeat(26);
    let shelf = data.path().join("shares");
    fs::create_dir_all(&shelf).expect("a shelf");
    fs::write(shelf.join(format!("{id}.share")), stored(text)).expect("it can be written");
    id
}

/// A recording with these machines beside `client` and `server`, and these events; the header counts them.
pub(crate) fn recording(title: &str, more: &[&str], events: &[Value]) -> String {
    let machine = |(at, name): (usize, &str)| json!({ "id": at + 1, "name": name, "aliases": [], "address": format!("10.0.{}.{}", at / 200, at % 200 + 1), "cable": true });
    let names = ["server", "client"].into_iter().chain(more.iter().copied());
    let machines: Vec<Value> = names.enumerate().map(machine).collect();
    let header = json!({
        "format": "wireside-share/1", "made": 1_764_355_200, "title": title, "evicted": 0, "events": events.len(),
        "machines": machines, "programs": [{ "id": 1, "machine": 2, "by": 1, "name": "client.py" }],
        "people": [{ "id": 1, "name": "Ada", "role": "owner" }],
        "wire": { "held": false, "delay_ms": 0, "loss": 0.0, "seed": "0" },
    });
    let lines = std::iter::once(&header).chain(events).map(|line| format!("{line}\n"));
    lines.collect()
}
