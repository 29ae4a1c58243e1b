//! Failures in words: a name, a number, what it means here, what to try. The kernel's answer, the resolver's, a rule of
//! ours, a limit of ours, time that ran out and a line that made no call are never dressed as one another.

use proto::{
    call::{Call, CallError, Kind},
    errno::Errno,
};
use serde::{Deserialize, Serialize};

use super::{
    fault::Fault,
    refusal::refused,
    state::{Descriptor, Stage},
    surroundings::{Seen, Surroundings},
    visible::excerpt,
};

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
    /// What the page can do about it.
    #[serde(default)]
    pub remedy: Option<Remedy>,
}

/// What the page can do about a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Remedy {
    /// Give the machine a fresh network.
    FreshNetwork,
    /// Run this program on the machine where the other one runs.
    RunOn {
        /// The machine's name.
        host: String,
    },
}

/// What is known besides the call and its failure.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The room's sockets.
    pub around: &'a Surroundings,
    /// The descriptor that the call acted on.
    pub descriptor: Option<&'a Descriptor>,
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
pub fn fault_card(fault: &Fault) -> ErrorCard {
    let message = excerpt(&fault.message, 200);
    let python =
        if message.is_empty() { fault.exception.clone() } else { format!("{}: {message}", fault.exception) };
    ErrorCard::new("fault", fault.exception.clone(), "No call was made.")
        .python(python)
        .hint(fault.hint.as_deref().map_or(String::new(), |hint| excerpt(hint, 200)))
}

/// A failed call.
pub fn error_card(call: &Call, error: &CallError, known: Known<'_>) -> ErrorCard {
    match error {
        CallError::Errno { errno, taken } => errno_card(call, *errno, *taken, known),
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

fn errno_card(call: &Call, errno: Errno, taken: u32, known: Known<'_>) -> ErrorCard {
    let entry = errno.entry();
    let general = entry.map_or("The kernel gave a reason this page does not know.", |entry| entry.sentence);
    let Words { sentence, hint, remedy } = errno_words(call, errno, known);
    let mut sentence = sentence.unwrap_or_else(|| general.to_owned());
    if taken > 0 {
        sentence.push_str(&format!(" Before that the kernel had taken {taken} bytes."));
    }
    let class = if errno == Errno::EINTR { "cancelled" } else { "errno" };
    ErrorCard {
        number: Some(errno.0),
        remedy,
        ..ErrorCard::new(class, errno.name(), sentence)
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

/// What can be said more exactly than the table of errnos says it.
#[derive(Default)]
struct Words {
    sentence: Option<String>,
    hint: Option<String>,
    remedy: Option<Remedy>,
}

impl Words {
    fn new(sentence: impl Into<String>) -> Self {
        Self { sentence: Some(sentence.into()), ..Self::default() }
    }

    fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }
}

fn errno_words(call: &Call, errno: Errno, known: Known<'_>) -> Words {
    let stage = known.descriptor.map(|descriptor| descriptor.stage);
    match (errno, call) {
        (Errno::ECONNREFUSED, Call::Connect { address, .. }) => match refused(address, known.around) {
            Some(refusal) => Words {
                sentence: Some(refusal.sentence),
                hint: Some(refusal.hint),
                remedy: refusal.remedy,
            },
            None => Words::new(format!(
                "Connection refused. The machine answered, but nothing listens on port {} there.",
                address.port()
            )),
        },
        (Errno::ECONNREFUSED, _) => refused_before(known.descriptor),
        (Errno::EADDRINUSE, Call::Bind { address, .. }) => taken_port(address.port(), known.around),
        (Errno::EADDRINUSE, Call::Listen { .. }) => {
            Words::new("Another socket of this machine listens on that port.")
        }
        (Errno::EINVAL, Call::Accept { .. }) => {
            Words::new("This socket does not listen.").hint("First listen(), then accept().")
        }
        (Errno::EINVAL, Call::Bind { .. }) => Words::new("This socket has a port already.")
            .hint("A socket is bound once: make a new one for another port."),
        (Errno::EACCES, Call::Bind { address, .. }) if address.port() < 1024 => {
            Words::new(format!("Port {} is below 1024: those need privileges.", address.port()))
                .hint("Choose a port from 1024 on.")
        }
        (Errno::EINTR, Call::Connect { .. }) => Words::new(
            "Cancelled. The kernel goes on trying by itself: the socket stays in SYN_SENT until it is closed.",
        )
        .hint(""),
        (Errno::EINTR, _) => Words::new("Cancelled. The socket is as it was.").hint(""),
        (Errno::EPIPE, _) => broken_pipe(known.descriptor),
        (Errno::ENOTCONN, Call::Recv { .. } | Call::RecvFrom { .. }) => {
            Words::new("This socket has no other end to receive from.")
        }
        (Errno::EADDRNOTAVAIL | Errno::ENETUNREACH, Call::Bind { address, .. } | Call::Connect { address, .. })
            if address.is_ipv6() =>
        {
            Words::new("This machine has no IPv6 address: the rooms of this lab have IPv4 only.")
                .hint("Use an IPv4 address or a name, with AF_INET.")
        }
        (Errno::EADDRNOTAVAIL, Call::Connect { .. }) => {
            Words::new("The kernel found no address and port of this machine to call from.").hint("")
        }
        (Errno::ETIMEDOUT, Call::Connect { address, .. }) => {
            let full = known.around.full_queue(address).map(|(queued, places)| {
                format!(
                    "Nobody answered: the server's queue is full ({queued} of {places}), so Linux drops each SYN without a word."
                )
            });
            Words { sentence: full, ..Words::default() }
        }
        (Errno::EAGAIN, Call::Accept { .. }) if stage == Some(Stage::Listening) => {
            Words::new("Nobody waits to be accepted right now, and the call was told not to wait.")
        }
        _ => Words::default(),
    }
}

/// A refusal that a later call is told of.
fn refused_before(descriptor: Option<&Descriptor>) -> Words {
    match descriptor.map(|descriptor| descriptor.kind) {
        Some(Kind::Datagram) => {
            Words::new("An earlier datagram found nobody: the machine answered that nothing listens there.")
        }
        Some(Kind::Stream) => {
            Words::new("The connection that was being opened was refused: nothing listens there.")
        }
        None => {
            Words::new("An earlier packet found nobody: the machine answered that nothing listens there.")
        }
    }
}

/// Three different things have this one number.
fn broken_pipe(descriptor: Option<&Descriptor>) -> Words {
    match descriptor {
        Some(own) if own.write_shut => {
            Words::new("This program has shut the writing half of this socket down itself: nothing can be sent on it any more.")
                .hint("Send all you have before shutdown(). What the other side sends can still be received.")
        }
        Some(own) if matches!(own.stage, Stage::Fresh | Stage::Bound | Stage::Listening) => {
            Words::new("This socket has no connection: there is nobody to read this.")
                .hint("connect() first; on a server send on the socket that accept() returned.")
        }
        Some(_) => Words::new("This connection is broken off: nobody will read this.")
            .hint("Look on the wire for the other side's FIN and RST."),
        None => Words::default(),
    }
}

fn taken_port(port: u16, around: &Surroundings) -> Words {
    if let Some(seen) = around.own_listener(port) {
        return Words::new(format!("Port {port} is taken: {} listens there.", owner(seen))).hint(
            "End that first, or choose another port. SO_REUSEADDR does not help against a socket that listens.",
        );
    }
    let reuse =
        "Set SO_REUSEADDR before bind(), from the first run on, or give this machine a fresh network.";
    match around.time_wait_left(port) {
        Some(seconds) => Words {
            remedy: Some(Remedy::FreshNetwork),
            ..Words::new(format!(
                "Port {port} is still taken: an old connection rests in TIME_WAIT for {seconds} s more."
            ))
            .hint(reuse)
        },
        None => Words::new(format!(
            "Port {port} is still taken: by another socket, or by an old connection that rests in TIME_WAIT."
        ))
        .hint(reuse),
    }
}

fn owner(seen: &Seen) -> String {
    match seen.program.as_deref() {
        Some("By hand") => "a socket of this machine that was made by hand".to_owned(),
        Some(program) => format!("{} on this machine", excerpt(program, FOREIGN)),
        None => "another socket of this machine".to_owned(),
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

    use super::{ErrorCard, Known, Remedy};
    use crate::console::{
        state::{Descriptor, Stage},
        surroundings::{Machine, Seen, Surroundings},
    };

    fn error_card(call: &Call, error: &CallError, around: &Surroundings) -> ErrorCard {
        super::error_card(call, error, Known { around, descriptor: None })
    }

    fn on(descriptor: &Descriptor, call: &Call, errno: Errno) -> ErrorCard {
        let known = Known { around: &Surroundings::default(), descriptor: Some(descriptor) };
        super::error_card(call, &CallError::errno(errno), known)
    }

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
            ..Seen::default()
        };
        Surroundings(vec![Machine {
            name: "server".into(),
            address: "10.0.0.1".into(),
            own: true,
            sockets: vec![seen],
            ..Machine::default()
        }])
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
        let unknown = error_card(&send, &CallError::errno(Errno::EPIPE), &Surroundings::default());
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
