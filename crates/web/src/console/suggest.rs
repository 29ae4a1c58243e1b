//! The calls that make sense now, as lines ready to be run, and all other calls as lines ready to be edited.

use proto::{
    call::{Family, Kind},
    id::Fd,
};
use serde::Serialize;
use tsify::Tsify;

use super::{
    evaluate::Variables,
    state::{Descriptor, Descriptors, Stage},
    value::Value,
};

/// What the lesson wants next on this machine, and what a plain visit offers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// Whether the machine plays the server.
    pub serves: bool,
    /// Name to connect to.
    pub target: String,
    /// Its port, and the port to bind.
    pub port: u16,
}

impl Offer {
    /// What is offered on a machine of this name.
    pub fn of(host: &str) -> Self {
        let serves = host == "server";
        Self { serves, target: "tutorial".to_owned(), port: 12345 }
    }
}

/// A button.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Suggestion {
    /// The line it runs, which is what stands on it.
    pub line: String,
    /// What it does, in a few words.
    pub words: &'static str,
}

impl Suggestion {
    fn new(line: String, words: &'static str) -> Self {
        Self { line, words }
    }
}

/// A path that a socket of AF_UNIX can have.
const PATH: &str = "\"/tmp/talk\"";

/// Most buttons at once: two rows in a narrow column.
const MOST: usize = 5;

/// The lines that make sense now: all for the newest socket, the first one for each other. `waiting` are descriptors
/// with a call that waits.
pub fn suggestions(
    descriptors: &Descriptors,
    variables: &Variables,
    offer: &Offer,
    waiting: &[Fd],
) -> Vec<Suggestion> {
    let make = |words| Suggestion::new(format!("{} = socket.socket()", fresh_name(variables, &["s"])), words);
    // Within a machine both ends are made here: the one that listens comes first.
    let listens =
        |(_, known): (Fd, &Descriptor)| known.family == Family::Unix && known.stage == Stage::Listening;
    let within = Offer { serves: !descriptors.iter().any(listens), ..offer.clone() };
    let mut found = Vec::new();
    let mut usable = false;
    for (fd, descriptor) in descriptors.iter().rev() {
        let Some(name) = name_of(variables, fd) else { continue };
        let mut own = Vec::new();
        let offer = match descriptor.family {
            Family::Unix => &within,
            _ => offer,
        };
        of_socket(&name, descriptor, variables, offer, waiting.contains(&fd), &mut own);
        usable |= descriptor.stage != Stage::Broken && !waiting.contains(&fd);
        own.truncate(if found.is_empty() { MOST } else { 1 });
        found.extend(own);
    }
    found.truncate(MOST);
    if descriptors.iter().next().is_none() {
        found.push(make("make a socket"));
        if !offer.serves {
            let line = format!("socket.getaddrinfo(\"{}\", {})", offer.target, offer.port);
            found.push(Suggestion::new(line, "ask for an address"));
        }
    } else if !usable {
        found.push(make("another socket"));
    }
    found
}

/// Where a socket can be bound, and whom it can reach, as arguments.
struct Places {
    here: String,
    there: String,
    /// What bind does.
    take: &'static str,
}

impl Places {
    fn of(descriptor: &Descriptor, offer: &Offer) -> Self {
        let Offer { target, port, serves } = offer;
        match (descriptor.family, descriptor.kind) {
            // Both ends are on this machine, and a path is left when its socket goes: two datagram sockets need two.
            (Family::Unix, Kind::Stream) => {
                Self { here: PATH.to_owned(), there: PATH.to_owned(), take: "take a path" }
            }
            (Family::Unix, Kind::Datagram) => {
                Self { here: "\"/tmp/a\"".to_owned(), there: "\"/tmp/b\"".to_owned(), take: "take a path" }
            }
            (_, kind) => {
                let other = match kind {
                    Kind::Stream => target.as_str(),
                    Kind::Datagram if *serves => "client",
                    Kind::Datagram => "server",
                };
                let (here, there) = (format!("('', {port})"), format!("(\"{other}\", {port})"));
                Self { here, there, take: "take a port" }
            }
        }
    }
}

fn of_socket(
    name: &str,
    descriptor: &Descriptor,
    variables: &Variables,
    offer: &Offer,
    waits: bool,
    found: &mut Vec<Suggestion>,
) {
    let mut add = |line: String, words| found.push(Suggestion::new(line, words));
    let Places { here, there, take } = Places::of(descriptor, offer);
    let connect = format!("{name}.connect({there})");
    let close = format!("{name}.close()");
    match (descriptor.kind, descriptor.stage) {
        (Kind::Datagram, Stage::Connected) if descriptor.family == Family::Unix => {
            add(format!("{name}.send(b\"hi\\n\")"), "send a datagram");
            add(format!("{name}.recv(1024)"), "receive a datagram");
            add(close, "close it");
        }
        (Kind::Datagram, stage) => {
            if stage == Stage::Fresh {
                add(format!("{name}.bind({here})"), take);
            }
            add(format!("{name}.sendto(b\"hi\\n\", {there})"), "send a datagram");
            add(format!("{name}.recvfrom(1024)"), "receive a datagram");
            add(close, "close it");
        }
        (Kind::Stream, Stage::Fresh) if offer.serves => {
            add(format!("{name}.bind({here})"), take);
            add(connect, "call somebody");
            add(close, "close it");
        }
        (Kind::Stream, Stage::Fresh) => {
            add(connect, "call somebody");
            add(format!("{name}.bind({here})"), take);
            add(close, "close it");
        }
        (Kind::Stream, Stage::Bound) => {
            add(format!("{name}.listen(5)"), "wait for callers");
            if descriptor.family != Family::Unix {
                add(connect, "call somebody from this port");
            }
            add(close, "close it");
        }
        (Kind::Stream, Stage::Listening) => {
            if !waits {
                let child = fresh_name(variables, &["conn", "c"]);
                add(format!("{child}, addr = {name}.accept()"), "take the next caller");
            }
            add(close, "stop listening");
        }
        (Kind::Stream, Stage::Connecting) => add(close, "give up"),
        (Kind::Stream, Stage::Broken) => add(close, "close it"),
        (Kind::Stream, Stage::Connected) if descriptor.end_of_file => {
            if !descriptor.write_shut {
                add(format!("{name}.sendall(b\"hi\\n\")"), "send to who has finished");
            }
            add(close, "say good-bye");
        }
        (Kind::Stream, Stage::Connected) => {
            if !waits {
                add(format!("{name}.recv(1024)"), "take what is there");
            }
            if !descriptor.write_shut {
                add(format!("{name}.sendall(b\"hi\\n\")"), "send bytes");
                add(format!("{name}.shutdown(socket.SHUT_WR)"), "say that there is no more to send");
            }
            add(close, "close it");
        }
    }
}

/// Every call, with arguments to edit, for the socket called `name`.
pub fn every_call(name: &str, offer: &Offer) -> Vec<Suggestion> {
    let Offer { target, port, .. } = offer;
    [
        (format!("{name} = socket.socket()"), "make a TCP socket"),
        (format!("{name} = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)"), "make a UDP socket"),
        (format!("{name} = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)"), "one within this machine"),
        ("a, b = socket.socketpair()".to_owned(), "two, connected with one another"),
        (format!("socket.getaddrinfo(\"{target}\", {port})"), "ask for an address"),
        (format!("socket.gethostbyname(\"{target}\")"), "the same, the old way"),
        (format!("ping(\"{target}\", 3)"), "is it there?"),
        (format!("{name}.bind(('', {port}))"), "take a port"),
        (format!("{name}.listen(5)"), "wait for callers"),
        (format!("conn, addr = {name}.accept()"), "take the next caller"),
        (format!("{name}.connect((\"{target}\", {port}))"), "call somebody"),
        (format!("{name}.send(b\"hi\\n\")"), "send bytes, perhaps not all"),
        (format!("{name}.sendall(b\"hi\\n\")"), "send all bytes"),
        (format!("{name}.recv(1024)"), "take what is there"),
        (format!("{name}.recv(10, socket.MSG_PEEK)"), "look without taking"),
        (format!("{name}.sendto(b\"hi\\n\", (\"{target}\", 7))"), "send a datagram"),
        (format!("{name}.recvfrom(1024)"), "receive a datagram"),
        (format!("{name}.shutdown(socket.SHUT_WR)"), "no more to send"),
        (format!("{name}.close()"), "close it"),
        (format!("{name}.getsockname()"), "this end's address"),
        (format!("{name}.getpeername()"), "the other end's address"),
        (
            format!("{name}.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)"),
            "take a port that still rests",
        ),
        (format!("{name}.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)"), "the error that waits"),
        (format!("{name}.settimeout(2.5)"), "wait 2.5 s at most"),
        (format!("{name}.setblocking(False)"), "never wait"),
        (format!("select.select([{name}], [], [], 0.5)"), "wait for several"),
        (format!("poll([({name}, POLLIN)], 500)"), "wait for several, as poll(2)"),
    ]
    .map(|(line, words)| Suggestion::new(line, words))
    .to_vec()
}

/// The name somebody gave to a descriptor; the first of the alphabet when there are several.
pub fn name_of(variables: &Variables, fd: Fd) -> Option<String> {
    variables.iter().find(|(_, value)| **value == Value::Socket(fd)).map(|(name, _)| name.clone())
}

/// The first name of `wanted` that holds no open socket, else the last one with a number.
pub fn fresh_name(variables: &Variables, wanted: &[&str]) -> String {
    let taken = |name: &str| matches!(variables.get(name), Some(Value::Socket(fd)) if fd.0 >= 0);
    if let Some(name) = wanted.iter().find(|name| !taken(name)) {
        return (*name).to_owned();
    }
    let stem = wanted.last().copied().unwrap_or("s");
    (2..1000)
        .map(|number| format!("{stem}{number}"))
        .find(|name| !taken(name))
        .unwrap_or_else(|| stem.to_owned())
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{Call, Family, Kind, Value as Returned},
        id::Fd,
    };

    use super::{Offer, every_call, fresh_name, suggestions};
    use crate::console::{evaluate::Variables, parse::parse, state::Descriptors, value::Value};

    fn lines(descriptors: &Descriptors, variables: &Variables, host: &str) -> Vec<String> {
        suggestions(descriptors, variables, &Offer::of(host), &[])
            .into_iter()
            .map(|found| found.line)
            .collect()
    }

    #[test]
    fn the_way_of_the_server() {
        let (mut descriptors, mut variables) = (Descriptors::default(), Variables::new());
        assert_eq!(lines(&descriptors, &variables, "server")[0], "s = socket.socket()");
        let fd = Fd(3);
        let socket = Call::Socket { family: Family::Inet, kind: Kind::Stream };
        descriptors.ended(&socket, &Ok(Returned::Descriptor(fd)));
        variables.insert("s".into(), Value::Socket(fd));
        assert_eq!(lines(&descriptors, &variables, "server")[0], "s.bind(('', 12345))");
        let address = "0.0.0.0:12345".parse().expect("address");
        descriptors.ended(&Call::Bind { fd, address }, &Ok(Returned::Done));
        assert_eq!(lines(&descriptors, &variables, "server")[0], "s.listen(5)");
        descriptors.ended(&Call::Listen { fd, backlog: 5 }, &Ok(Returned::Done));
        assert_eq!(lines(&descriptors, &variables, "server")[0], "conn, addr = s.accept()");
        let peer = "10.0.0.2:40000".parse().expect("address");
        descriptors.ended(&Call::Accept { fd }, &Ok(Returned::Accepted { fd: Fd(4), peer }));
        variables.insert("conn".into(), Value::Socket(Fd(4)));
        assert_eq!(lines(&descriptors, &variables, "server")[0], "conn.recv(1024)");
    }

    #[test]
    fn every_suggestion_parses() {
        let mut variables = Variables::new();
        variables.insert("s".into(), Value::Socket(Fd(3)));
        for suggestion in every_call("s", &Offer::of("client")) {
            assert!(parse(&suggestion.line, &variables).is_ok(), "{}", suggestion.line);
        }
    }

    #[test]
    fn names_are_not_taken_twice() {
        let mut variables = Variables::new();
        assert_eq!(fresh_name(&variables, &["s"]), "s");
        variables.insert("s".into(), Value::Socket(Fd(3)));
        assert_eq!(fresh_name(&variables, &["s"]), "s2");
        variables.insert("s".into(), Value::Socket(Fd(-1)));
        assert_eq!(fresh_name(&variables, &["s"]), "s");
    }
}
