//! Any recording there could be, made hostile: well formed, with few numbers for everything, so that its events are about one
//! another, and with amounts at the ends of what they can be.

use proptest::prelude::*;
use serde_json::Value;

use super::any;

/// What numbers name something, in the format's own words.
const NAMES: [&str; 10] =
    ["id", "machine", "program", "socket", "by", "fd", "copy_of", "from", "to", "loopback"];
/// Amounts of 32 bits.
const AMOUNTS: [&str; 10] = [
    "length",
    "unread",
    "unacknowledged",
    "bytes",
    "max",
    "sequence",
    "acknowledgment",
    "left_ms",
    "taken",
    "delay_ms",
];
/// The largest `seq` and time that a file may have.
const LAST: u64 = (1 << 53) - 1;

/// A file of such events.
pub(super) fn file() -> BoxedStrategy<String> {
    (any::header(), any::events(), any::<u64>(), any::<bool>())
        .prop_map(|(header, events, mut chance, far)| {
            let (lines, _) = share::select(&events).unwrap();
            let text = share::write(&header, &lines).unwrap();
            let (header, rest) = text.split_once('\n').unwrap();
            let mut lines: Vec<Value> =
                rest.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            lines.iter_mut().for_each(|line| narrow(line, &mut chance));
            if let Some(last) = lines.last_mut().filter(|_| far) {
                last["seq"] = LAST.into();
                last["time"] = LAST.into();
            }
            let lines = lines.iter().map(|line| format!("{line}\n"));
            format!("{header}\n{}", lines.collect::<String>())
        })
        .boxed()
}

fn narrow(value: &mut Value, chance: &mut u64) {
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| narrow(one, chance)),
        Value::Object(fields) => {
            let small = fields.contains_key("option");
            for (name, value) in fields {
                match value {
                    Value::Number(number) => number_of(name, number, small, chance),
                    Value::String(text) => address_of(text, chance),
                    _ => narrow(value, chance),
                }
            }
        }
        _ => {}
    }
}

fn number_of(name: &str, number: &mut serde_json::Number, small: bool, chance: &mut u64) {
    if NAMES.contains(&name) {
        *number = one_of(&[0, 1, 2], chance).into();
    } else if name.ends_with("port") {
        *number = one_of(&[0, 80, u16::MAX.into()], chance).into();
    } else if AMOUNTS.contains(&name) && !small {
        // Never less than there is of it.
        let all: &[u32] = if name == "length" { &[u32::MAX] } else { &[0, 1, u32::MAX - 1, u32::MAX] };
        *number = one_of(all, chance).into();
    }
}

fn address_of(text: &mut String, chance: &mut u64) {
    if text.parse::<std::net::IpAddr>().is_ok() {
        *text = one_of(&["10.0.0.1", "10.0.0.2", "127.0.0.1"], chance).to_owned();
    } else if text.parse::<std::net::SocketAddr>().is_ok() {
        *text = one_of(&["10.0.0.1:80", "10.0.0.2:80", "0.0.0.0:80", "10.0.0.1:65535"], chance).to_owned();
    }
}

/// The next of a row of choices that the property test made at once (a linear congruential generator, Knuth's).
fn one_of<T: Copy>(all: &[T], chance: &mut u64) -> T {
    *chance = chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    all[usize::try_from((*chance >> 33) % all.len() as u64).unwrap()]
}
