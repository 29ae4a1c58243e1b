//! Failures in words: a name, a number, what it means here, what to try. The kernel's answer, the resolver's, a rule of
//! ours, a limit of ours, time that ran out and a line that made no call are never dressed as one another.

use proto::{
    call::{Call, CallError},
    errno::Errno,
};
use serde::{Deserialize, Serialize};
use tsify::Tsify;

use super::{
    causes::{Words, errno_words},
    fault::{Fault, FaultKind},
    remedy::{FailureContext, Remedy},
};
use crate::visible::excerpt;

/// Longest piece of foreign text in a sentence, in characters.
const FOREIGN: usize = 80;

/// A failure in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Tsify)]
#[tsify(missing_as_null)]
pub struct FailureCard {
    /// `errno`, `cancelled`, `timeout`, `resolve`, `policy`, `limit`, `protocol`, `fault` or `beyond`: never dressed as one
    /// another.
    pub class: String,
    /// `ECONNREFUSED`, `EAI_NONAME`, `TypeError`, or a rule's name.
    pub name: String,
    /// The number, where the name has one.
    pub number: Option<i32>,
    /// What CPython prints; empty where there is no such thing.
    pub python: String,
    /// What it means here.
    pub sentence: String,
    /// What to try; may be empty.
    pub hint: String,
    /// What the page can do about it.
    #[serde(default)]
    pub remedy: Option<Remedy>,
}

impl FailureCard {
    fn new(class: &str, name: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            class: class.to_owned(),
            name: name.into(),
            number: None,
            python: String::new(),
            sentence: sentence.into(),
            hint: String::new(),
            remedy: None,
        }
    }

    fn python(mut self, python: impl Into<String>) -> Self {
        self.python = python.into();
        self
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }
}

/// A fault found before any call.
pub fn fault_card(fault: &Fault) -> FailureCard {
    let message = excerpt(&fault.message, 200);
    let hint = fault.hint.as_deref().map_or(String::new(), |hint| excerpt(hint, 200));
    let (sentence, remedy) = match fault.kind {
        FaultKind::Python => (String::new(), None),
        FaultKind::Beyond => (
            format!(
                "Not by hand: {message}. By hand takes one call a line; this is Python, for the Python prompt or a program."
            ),
            Some(Remedy::IntoProgram),
        ),
        FaultKind::Unread => (
            "By hand takes one call a line, and cannot read this one. If it is Python, the Python prompt or a program can do it."
                .to_owned(),
            Some(Remedy::IntoProgram),
        ),
        FaultKind::Lacking => (format!("By hand does not take {message}."), None),
    };
    if fault.kind != FaultKind::Python {
        return FailureCard { remedy, ..FailureCard::new("beyond", "By hand", sentence).hint(hint) };
    }
    let python =
        if message.is_empty() { fault.exception.clone() } else { format!("{}: {message}", fault.exception) };
    FailureCard::new("fault", fault.exception.clone(), "No call was made.").python(python).hint(hint)
}

/// A failed call.
pub fn error_card(call: &Call, error: &CallError, known: FailureContext<'_>) -> FailureCard {
    match error {
        CallError::Errno { errno, taken } => errno_card(call, *errno, *taken, known),
        CallError::TimedOut { taken } => {
            let taken =
                if *taken > 0 { format!(" The kernel had taken {taken} bytes.") } else { String::new() };
            FailureCard::new(
                "timeout",
                "timed out",
                format!("The time you gave this call ran out. The network did not say anything.{taken}"),
            )
            .python("TimeoutError: timed out")
            .hint("settimeout() sets that time; settimeout(None) waits for as long as it takes.")
        }
        CallError::Resolve(error) => FailureCard {
            number: Some(error.number()),
            ..FailureCard::new("resolve", error.name(), resolve_sentence(call, error.name()))
                .python(format!("socket.gaierror: [Errno {}] {}", error.number(), error.message()))
                .hint("Machines of this room have names: client, server, tutorial.")
        },
        CallError::Policy { rule, value } => {
            let (rule, value) = (excerpt(rule, FOREIGN).replace('_', " "), excerpt(value, FOREIGN));
            if matches!(call, Call::Resolve { .. } | Call::Ping { .. }) {
                return FailureCard::new(
                    "policy",
                    rule.clone(),
                    format!("No machine of this room is called \"{value}\", and outside it this lab does not ask for that name (rule: {rule}). This is our rule, not an error of your code."),
                )
                .hint("Machines of this room have names: client, server, tutorial.");
            }
            FailureCard::new(
                "policy",
                rule.clone(),
                format!("This lab does not connect to {value} (rule: {rule}). The network was not asked; this is our rule, not an error of your code."),
            )
            .hint("Inside the room everything can be reached: client, server, tutorial.")
        }
        CallError::Limit { limit, value } => FailureCard::new(
            "limit",
            excerpt(limit, FOREIGN),
            format!(
                "A limit of this lab was reached: {}, {value}. The kernel was not asked.",
                excerpt(limit, FOREIGN)
            ),
        )
        .hint("Close what you no longer need."),
        CallError::Protocol { rule } => FailureCard::new(
            "protocol",
            "not possible",
            format!("The server refused this: {}.", excerpt(rule, FOREIGN)),
        ),
    }
}

fn resolve_sentence(call: &Call, name: &str) -> String {
    let asked = match call {
        Call::Resolve { name, .. } | Call::Ping { name, .. } => excerpt(name, FOREIGN),
        _ => String::new(),
    };
    match name {
        "EAI_NONAME" => format!("Nobody here is called \"{asked}\"."),
        "EAI_AGAIN" => format!("No answer about \"{asked}\" in time. Trying again may help."),
        "EAI_NODATA" => format!("\"{asked}\" exists, but has no address of that family."),
        _ => format!("The name server would not say who \"{asked}\" is."),
    }
}

fn errno_card(call: &Call, errno: Errno, taken: u32, known: FailureContext<'_>) -> FailureCard {
    let entry = errno.entry();
    let general = entry.map_or("The kernel gave a reason this page does not know.", |entry| entry.sentence);
    let Words { sentence, hint, remedy } = errno_words(call, errno, known);
    let mut sentence = sentence.unwrap_or_else(|| general.to_owned());
    if taken > 0 {
        sentence.push_str(&format!(" Before that the kernel had taken {taken} bytes."));
    }
    let class = if errno == Errno::EINTR { "cancelled" } else { "errno" };
    FailureCard {
        number: Some(errno.0),
        remedy,
        ..FailureCard::new(class, errno.name(), sentence)
            .python(format!("{}: {errno}", exception(errno)))
            .hint(hint.unwrap_or_else(|| entry.map_or(String::new(), |entry| entry.hint.to_owned())))
    }
}

/// The class CPython raises for an errno, PEP 3151.
pub fn exception(errno: Errno) -> &'static str {
    match errno {
        Errno::EAGAIN | Errno::EALREADY | Errno::EINPROGRESS => "BlockingIOError",
        Errno::EPIPE => "BrokenPipeError",
        Errno::ECONNABORTED => "ConnectionAbortedError",
        Errno::ECONNREFUSED => "ConnectionRefusedError",
        Errno::ECONNRESET => "ConnectionResetError",
        Errno::EINTR => "InterruptedError",
        Errno::EACCES | Errno::EPERM => "PermissionError",
        Errno::ETIMEDOUT => "TimeoutError",
        _ => "OSError",
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{Call, CallError, ResolveError},
        call::{Family, Flags, Kind},
        errno::Errno,
        id::Fd,
    };

    use super::{FailureCard, FailureContext, Remedy, fault_card};
    use crate::console::{
        fault::Fault,
        room_sockets::{KnownSocket, Machine, RoomSockets},
        state::{Descriptor, Stage},
    };

    fn error_card(call: &Call, error: &CallError, around: &RoomSockets) -> FailureCard {
        super::error_card(call, error, FailureContext { around, descriptor: None })
    }

    fn on(descriptor: &Descriptor, call: &Call, errno: Errno) -> FailureCard {
        let known = FailureContext { around: &RoomSockets::default(), descriptor: Some(descriptor) };
        super::error_card(call, &CallError::errno(errno), known)
    }

    fn connect() -> Call {
        Call::Connect { fd: Fd(3), address: "10.0.0.1:12345".parse().expect("address") }
    }

    fn bind() -> Call {
        Call::Bind { fd: Fd(3), address: "0.0.0.0:12345".parse().expect("address") }
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
            name: "server".into(),
            address: "10.0.0.1".into(),
            own: true,
            sockets: vec![seen],
            ..Machine::default()
        }])
    }

    #[test]
    fn refused_names_the_port() {
        let card = error_card(&connect(), &CallError::errno(Errno::ECONNREFUSED), &RoomSockets::default());
        assert_eq!((card.name.as_str(), card.number), ("ECONNREFUSED", Some(111)));
        assert_eq!(card.python, "ConnectionRefusedError: [Errno 111] Connection refused");
        assert!(card.sentence.contains("nothing listens on port 12345"));
        assert!(card.hint.contains("Is the server running?"));
    }

    #[test]
    fn a_taken_port_says_for_how_long() {
        let error = CallError::errno(Errno::EADDRINUSE);
        let sentence = error_card(&bind(), &error, &around("TIME_WAIT", 0)).sentence;
        assert_eq!(
            sentence,
            "Port 12345 is still taken: an old connection rests in TIME_WAIT for 41 s more."
        );
        assert_eq!(error_card(&bind(), &error, &around("TIME_WAIT", 0)).remedy, Some(Remedy::FreshNetwork));
        let taken = error_card(&bind(), &error, &around("LISTEN", 0));
        assert!(taken.sentence.contains("listens there"));
        assert!(taken.hint.contains("does not help") && taken.remedy.is_none(), "a fresh network neither");
    }

    #[test]
    fn a_broken_pipe_is_put_down_to_the_side_that_broke_it() {
        let send = Call::Send { fd: Fd(3), flags: Flags::default(), length: 1 };
        let mut own = Descriptor::new(Family::Inet, Kind::Stream);
        assert!(on(&own, &send, Errno::EPIPE).sentence.starts_with("This socket has no connection"));
        own.stage = Stage::Broken;
        assert!(on(&own, &send, Errno::EPIPE).sentence.starts_with("This connection is broken off"));
        own.write_shut = true;
        let card = on(&own, &send, Errno::EPIPE);
        assert!(card.sentence.starts_with("This program has shut the writing half"), "{}", card.sentence);
        assert!(!format!("{} {}", card.sentence, card.hint).contains("other side has closed"));
        let unknown = error_card(&send, &CallError::errno(Errno::EPIPE), &RoomSockets::default());
        assert!(unknown.sentence.starts_with("The connection cannot be written to any more"));
    }

    #[test]
    fn a_refusal_that_comes_later_is_a_datagrams_only_on_a_datagram_socket() {
        let recv = Call::Recv { fd: Fd(3), flags: Flags::default(), max: 1 };
        let stream = on(&Descriptor::new(Family::Inet, Kind::Stream), &recv, Errno::ECONNREFUSED);
        assert!(!stream.sentence.contains("datagram"), "{}", stream.sentence);
        let datagram = on(&Descriptor::new(Family::Inet, Kind::Datagram), &recv, Errno::ECONNREFUSED);
        assert!(datagram.sentence.contains("datagram"), "{}", datagram.sentence);
    }

    #[test]
    fn what_is_not_done_by_hand_is_no_exception_of_pythons() {
        for fault in [Fault::beyond("loops", 0), Fault::unread(3), Fault::lacking("more than 5 names", 0)] {
            let card = fault_card(&fault);
            assert_eq!((card.class.as_str(), card.python.as_str()), ("beyond", ""));
            assert!(!card.sentence.contains("Error"), "{}", card.sentence);
        }
        assert_eq!(fault_card(&Fault::beyond("loops", 0)).remedy, Some(Remedy::IntoProgram));
        assert_eq!(fault_card(&Fault::lacking("that", 0)).remedy, None);
        assert_eq!(fault_card(&Fault::name("c", 0)).python, "NameError: name 'c' is not defined");
    }

    #[test]
    fn our_rule_is_never_an_errno() {
        let error =
            CallError::Policy { rule: "private addresses".into(), value: "192.168.1.10:22\u{202e}".into() };
        let card = error_card(&connect(), &error, &RoomSockets::default());
        assert_eq!((card.class.as_str(), card.number, card.python.as_str()), ("policy", None, ""));
        assert!(card.sentence.starts_with(
            "This lab does not connect to 192.168.1.10:22\u{27e8}U+202E\u{27e9} (rule: private"
        ));
    }

    #[test]
    fn resolver_failures_keep_their_own_codes() {
        let call = Call::Resolve { name: "nope".into(), family: None, port: 0 };
        let card = error_card(&call, &CallError::Resolve(ResolveError::NoName), &RoomSockets::default());
        assert_eq!((card.name.as_str(), card.number), ("EAI_NONAME", Some(-2)));
        assert_eq!(card.python, "socket.gaierror: [Errno -2] Name or service not known");
    }
}
