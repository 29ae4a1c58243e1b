//! Ends of calls in words: what came back, why it failed, what it waits for. Text from outside is shown with every hidden
//! character visible.

use proto::{
    call::{Call, CallError, EpollEvents, How, Kind, Outcome, PollEvents, Value as Returned},
    id::Fd,
};

use super::{cards::error_card, plan::milliseconds, remedy::FailureContext, room_sockets::RoomSockets};
use crate::waits;

/// What a waiting call waits for, on a machine with these sockets.
pub fn waits_for(call: &Call, around: &RoomSockets) -> String {
    let full = match call {
        Call::Connect { address, .. } => around.full_queue(address),
        _ => None,
    };
    waits::waits_for(call, full)
}

/// What came back, in a line, and a remark on it; either may be empty.
pub fn returned(call: &Call, returned: &Returned, kind: Kind) -> (String, String) {
    let plain = |text: String| (text, String::new());
    match (call, returned) {
        (_, Returned::Descriptor(fd)) => plain(format!("\u{2192} fd {fd}")),
        (_, Returned::Accepted { fd, peer }) => plain(format!("\u{2192} fd {fd}, from {peer}")),
        (call, Returned::Sent(count)) => sent(call, *count),
        (Call::Recv { max, .. }, Returned::Received { length: 0 }) if *max > 0 && kind == Kind::Stream => (
            String::new(),
            "End of file: the other side has finished sending. Empty bytes mean the end, not \"nothing yet\".".to_owned(),
        ),
        (_, Returned::Received { length } | Returned::ReceivedFrom { length, .. }) => (String::new(), bytes(*length)),
        (_, Returned::Address(address)) => plain(format!("\u{2192} {address}")),
        (_, Returned::Ready(ready)) if ready.is_empty() => {
            (String::new(), "Time ran out: none of them was ready.".to_owned())
        }
        (_, Returned::Ready(ready)) => {
            let list: Vec<String> = ready.iter().map(|(fd, events)| format!("fd {fd}: {}", events_text(*events))).collect();
            plain(format!("\u{2192} {}", list.join(", ")))
        }
        (_, Returned::ReceivedMsg { length, passed, .. }) => {
            let numbers: Vec<String> = passed.iter().map(|passed| format!("fd {}", passed.fd)).collect();
            (numbers.join(", "), bytes(*length))
        }
        (_, Returned::Events(told)) if told.is_empty() => {
            (String::new(), "Time ran out: none of them had anything to tell.".to_owned())
        }
        (_, Returned::Events(told)) => {
            let one = |(fd, events): &(Fd, EpollEvents)| {
                format!("fd {fd}: {}", events.short_names().collect::<Vec<_>>().join(" | "))
            };
            plain(format!("\u{2192} {}", told.iter().map(one).collect::<Vec<_>>().join(", ")))
        }
        (_, Returned::Addresses { addresses, from_room }) => {
            let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
            let from = if *from_room { "from this room's own table" } else { "from the internet's name servers" };
            (format!("\u{2192} {}", list.join(", ")), from.to_owned())
        }
        (_, Returned::Pinged { address, round_trips, sent }) => pinged(&address.to_string(), round_trips, *sent),
        (Call::Bind { address, .. }, _) => plain(format!("bound to {address}")),
        (Call::Listen { .. }, _) => (
            "listening".to_owned(),
            "From now on the kernel answers callers by itself.".to_owned(),
        ),
        (_, Returned::Pair(one, other)) => (
            format!("\u{2192} fd {one} and fd {other}"),
            "What is sent on one is received on the other, within this machine.".to_owned(),
        ),
        (Call::Connect { address, .. }, _) if kind == Kind::Datagram && address.is_unix() => {
            (format!("aimed at {address}"), "Nothing was sent: datagrams have no connections.".to_owned())
        }
        (Call::Connect { address, .. }, _) if kind == Kind::Datagram => {
            (format!("aimed at {address}"), "No packet was sent: UDP has no connections.".to_owned())
        }
        (Call::Connect { address, .. }, _) => plain(format!("connected to {address}")),
        (Call::Shutdown { how: How::Write, .. }, _) => {
            ("no more to send".to_owned(), "The other direction stays open.".to_owned())
        }
        (Call::Shutdown { .. }, _) => plain("shut down".to_owned()),
        (Call::Close { .. }, _) => plain("closed".to_owned()),
        (Call::SetSockOpt { .. }, _) => plain("set".to_owned()),
        _ => plain(String::new()),
    }
}

fn sent(call: &Call, count: u32) -> (String, String) {
    let asked = call.payload_length();
    let note = if count < asked {
        format!("{count} of {asked} bytes: send the rest again, or use sendall().")
    } else {
        format!("{} in this kernel's hands. That does not mean that anybody has read them.", bytes(count))
    };
    (format!("\u{2192} {count}"), note)
}

/// A number of bytes in words.
pub fn bytes(count: u32) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}

fn events_text(events: PollEvents) -> String {
    events.short_names().collect::<Vec<_>>().join(" | ")
}

fn pinged(address: &str, round_trips: &[Option<u64>], sent: bool) -> (String, String) {
    if !sent {
        return (
            format!("\u{2192} {address}"),
            "Outside the room only the name is resolved; no echo was sent.".to_owned(),
        );
    }
    let times: Vec<String> = round_trips
        .iter()
        .map(|time| time.map_or("no answer".to_owned(), |time| format!("{} ms", milliseconds(time))))
        .collect();
    (format!("\u{2192} {address}: {}", times.join(", ")), String::new())
}

/// A step's end in a few words, for a list of steps.
pub fn outcome_text(call: &Call, outcome: &Outcome) -> String {
    match outcome {
        Ok(value) => {
            let (text, note) = returned(call, value, Kind::Stream);
            if text.is_empty() { note } else { text }
        }
        Err(CallError::Errno { errno, .. }) => errno.name().to_owned(),
        Err(error) => {
            error_card(call, error, FailureContext { around: &RoomSockets::default(), descriptor: None }).name
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{Call, Kind, Value as Returned},
        id::Fd,
    };

    use super::{returned, waits_for};
    use crate::console::room_sockets::{KnownSocket, Machine, RoomSockets};

    fn connect() -> Call {
        Call::Connect { fd: Fd(3), address: "10.0.0.1:12345".parse().expect("address") }
    }

    fn around(state: &str, unread: u32) -> RoomSockets {
        let seen = KnownSocket {
            state: state.into(),
            local: "0.0.0.0:12345".into(),
            unread: Some(unread),
            unacknowledged: Some(5),
            timer_left_ms: Some(40_100),
            ..KnownSocket::default()
        };
        RoomSockets(vec![Machine {
            address: "10.0.0.1".into(),
            own: true,
            sockets: vec![seen],
            ..Machine::default()
        }])
    }

    #[test]
    fn a_full_queue_is_not_a_refusal() {
        assert!(waits_for(&connect(), &around("LISTEN", 6)).contains("(6 of 6)"));
        assert!(!waits_for(&connect(), &around("LISTEN", 5)).contains("queue"));
    }

    #[test]
    fn end_of_file_is_explained() {
        let recv = Call::Recv { fd: Fd(3), flags: proto::call::Flags::default(), max: 10 };
        assert!(
            returned(&recv, &Returned::Received { length: 0 }, Kind::Stream).1.starts_with("End of file")
        );
        assert_eq!(returned(&recv, &Returned::Received { length: 0 }, Kind::Datagram).1, "0 bytes");
    }
}
