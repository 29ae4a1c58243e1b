//! Failures in words: a name, a number, what it means here, what to try. The kernel's answer, the resolver's, a rule of
//! ours, a limit of ours, time that ran out and a line that made no call are never dressed as one another.

use proto::{
    call::{Call, CallError},
    errno::Errno,
};
use serde::{Deserialize, Serialize};

use super::{fault::Fault, surroundings::Surroundings, visible::excerpt};

/// Longest piece of foreign text in a sentence, in characters.
const FOREIGN: usize = 80;

/// A failure in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCard {
    /// `errno`, `cancelled`, `timeout`, `resolve`, `policy`, `limit`, `protocol` or `fault`: never dressed as one another.
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
}

impl ErrorCard {
    fn new(class: &str, name: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self {
            class: class.to_owned(),
            name: name.into(),
            number: None,
            python: String::new(),
            sentence: sentence.into(),
            hint: String::new(),
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
pub fn fault_card(fault: &Fault) -> ErrorCard {
    let message = excerpt(&fault.message, 200);
    let python =
        if message.is_empty() { fault.exception.clone() } else { format!("{}: {message}", fault.exception) };
    ErrorCard::new("fault", fault.exception.clone(), "No call was made.")
        .python(python)
        .hint(fault.hint.as_deref().map_or(String::new(), |hint| excerpt(hint, 200)))
}

/// A failed call.
pub fn error_card(call: &Call, error: &CallError, around: &Surroundings) -> ErrorCard {
    match error {
        CallError::Errno { errno, taken } => errno_card(call, *errno, *taken, around),
        CallError::TimedOut { taken } => {
            let taken =
                if *taken > 0 { format!(" The kernel had taken {taken} bytes.") } else { String::new() };
            ErrorCard::new(
                "timeout",
                "timed out",
                format!("The time you gave this call ran out. The network did not say anything.{taken}"),
            )
            .python("TimeoutError: timed out")
            .hint("settimeout() sets that time; settimeout(None) waits for as long as it takes.")
        }
        CallError::Resolve(error) => ErrorCard {
            number: Some(error.number()),
            ..ErrorCard::new("resolve", error.name(), resolve_sentence(call, error.name()))
                .python(format!("socket.gaierror: [Errno {}] {}", error.number(), error.message()))
                .hint("Machines of this room have names: client, server, tutorial.")
        },
        CallError::Policy { rule, value } => {
            let (rule, value) = (excerpt(rule, FOREIGN).replace('_', " "), excerpt(value, FOREIGN));
            if matches!(call, Call::Resolve { .. } | Call::Ping { .. }) {
                return ErrorCard::new(
                    "policy",
                    rule.clone(),
                    format!("No machine of this room is called \"{value}\", and outside it this lab does not ask for that name (rule: {rule}). This is our rule, not an error of your code."),
                )
                .hint("Machines of this room have names: client, server, tutorial.");
            }
            ErrorCard::new(
                "policy",
                rule.clone(),
                format!("This lab does not connect to {value} (rule: {rule}). The network was not asked; this is our rule, not an error of your code."),
            )
            .hint("Inside the room everything can be reached: client, server, tutorial.")
        }
        CallError::Limit { limit, value } => ErrorCard::new(
            "limit",
            excerpt(limit, FOREIGN),
            format!(
                "A limit of this lab was reached: {}, {value}. The kernel was not asked.",
                excerpt(limit, FOREIGN)
            ),
        )
        .hint("Close what you no longer need."),
        CallError::Protocol { rule } => ErrorCard::new(
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

fn errno_card(call: &Call, errno: Errno, taken: u32, around: &Surroundings) -> ErrorCard {
    let entry = errno.entry();
    let general = entry.map_or("The kernel gave a reason this page does not know.", |entry| entry.sentence);
    let mut sentence = errno_sentence(call, errno, around).unwrap_or_else(|| general.to_owned());
    if taken > 0 {
        sentence.push_str(&format!(" Before that the kernel had taken {taken} bytes."));
    }
    let class = if errno == Errno::EINTR { "cancelled" } else { "errno" };
    ErrorCard {
        number: Some(errno.0),
        ..ErrorCard::new(class, errno.name(), sentence).python(format!("{}: {errno}", exception(errno))).hint(
            errno_hint(call, errno)
                .unwrap_or_else(|| entry.map_or(String::new(), |entry| entry.hint.to_owned())),
        )
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

fn errno_sentence(call: &Call, errno: Errno, around: &Surroundings) -> Option<String> {
    Some(match (errno, call) {
        (Errno::ECONNREFUSED, Call::Connect { address, .. }) => {
            format!(
                "Connection refused. The machine answered, but nothing listens on port {} there.",
                address.port()
            )
        }
        (Errno::ECONNREFUSED, Call::Recv { .. } | Call::RecvFrom { .. } | Call::Send { .. }) => {
            "An earlier datagram found nobody: the machine answered that nothing listens there.".to_owned()
        }
        (Errno::EADDRINUSE, Call::Bind { address, .. }) => taken_port(address.port(), around),
        (Errno::EADDRINUSE, Call::Listen { .. }) => {
            "Another socket of this machine listens on that port.".to_owned()
        }
        (Errno::EINVAL, Call::Accept { .. }) => "This socket does not listen yet.".to_owned(),
        (Errno::EINVAL, Call::Bind { .. }) => "This socket has a port already.".to_owned(),
        (Errno::EACCES, Call::Bind { address, .. }) if address.port() < 1024 => {
            format!("Port {} is below 1024: those need privileges.", address.port())
        }
        (Errno::EINTR, Call::Connect { .. }) => {
            "Cancelled. The kernel goes on trying by itself: the socket stays in SYN_SENT until it is closed."
                .to_owned()
        }
        (Errno::EINTR, _) => "Cancelled. The socket is as it was.".to_owned(),
        (Errno::EPIPE, _) => "The other side has closed; nobody will read this.".to_owned(),
        (Errno::ENOTCONN, Call::Recv { .. } | Call::RecvFrom { .. }) => {
            "This socket has no other end to receive from.".to_owned()
        }
        (Errno::ETIMEDOUT, Call::Connect { address, .. }) => match around.full_queue(address) {
            Some((queued, places)) => {
                format!(
                    "Nobody answered: the server's queue is full ({queued} of {places}), so Linux drops each SYN without a word."
                )
            }
            None => return None,
        },
        _ => return None,
    })
}

fn taken_port(port: u16, around: &Surroundings) -> String {
    if around.own_listener(port) {
        return format!("Port {port} is taken: another socket of this machine listens there.");
    }
    match around.time_wait_left(port) {
        Some(seconds) => {
            format!("Port {port} is still taken: an old connection rests in TIME_WAIT for {seconds} s more.")
        }
        None => format!(
            "Port {port} is still taken: by another socket, or by an old connection that rests in TIME_WAIT."
        ),
    }
}

fn errno_hint(call: &Call, errno: Errno) -> Option<String> {
    Some(match (errno, call) {
        (Errno::EADDRINUSE, Call::Bind { .. }) => {
            "Set SO_REUSEADDR before bind(), from the first run on, or give this machine a fresh network."
                .to_owned()
        }
        (Errno::EINVAL, Call::Accept { .. }) => "First listen(), then accept().".to_owned(),
        (Errno::EINVAL, Call::Bind { .. }) => {
            "A socket is bound once: make a new one for another port.".to_owned()
        }
        (Errno::EACCES, Call::Bind { .. }) => "Choose a port from 1024 on.".to_owned(),
        (Errno::EINTR, _) => String::new(),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{Call, CallError, ResolveError},
        errno::Errno,
        id::Fd,
    };

    use super::error_card;
    use crate::console::surroundings::{Machine, Seen, Surroundings};

    fn connect() -> Call {
        Call::Connect { fd: Fd(3), address: "10.0.0.1:12345".parse().expect("address") }
    }

    fn bind() -> Call {
        Call::Bind { fd: Fd(3), address: "0.0.0.0:12345".parse().expect("address") }
    }

    fn around(state: &str, unread: u32) -> Surroundings {
        let seen = Seen {
            state: state.into(),
            local: "0.0.0.0:12345".into(),
            unread,
            unacknowledged: 5,
            timer_left_ms: Some(40_100),
        };
        Surroundings(vec![Machine { address: "10.0.0.1".into(), own: true, sockets: vec![seen] }])
    }

    #[test]
    fn refused_names_the_port() {
        let card = error_card(&connect(), &CallError::errno(Errno::ECONNREFUSED), &Surroundings::default());
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
        assert!(error_card(&bind(), &error, &around("LISTEN", 0)).sentence.contains("listens there"));
    }

    #[test]
    fn our_rule_is_never_an_errno() {
        let error =
            CallError::Policy { rule: "private addresses".into(), value: "192.168.1.10:22\u{202e}".into() };
        let card = error_card(&connect(), &error, &Surroundings::default());
        assert_eq!((card.class.as_str(), card.number, card.python.as_str()), ("policy", None, ""));
        assert!(card.sentence.starts_with(
            "This lab does not connect to 192.168.1.10:22\u{27e8}U+202E\u{27e9} (rule: private"
        ));
    }

    #[test]
    fn resolver_failures_keep_their_own_codes() {
        let call = Call::Resolve { name: "nope".into(), family: None, port: 0 };
        let card = error_card(&call, &CallError::Resolve(ResolveError::NoName), &Surroundings::default());
        assert_eq!((card.name.as_str(), card.number), ("EAI_NONAME", Some(-2)));
        assert_eq!(card.python, "socket.gaierror: [Errno -2] Name or service not known");
    }
}
