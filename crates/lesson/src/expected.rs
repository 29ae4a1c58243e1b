//! What a room is like when a lesson has been followed up to some line: which names hold which sockets, which programs
//! run, how the wire and the machines are set. A plan compares it with what is so.

use std::collections::{BTreeMap, BTreeSet};

use proto::message::Sysctl;

use crate::{
    Doing,
    doing::WireDoing,
    hand::HandLine,
    now::{SocketNow, Stage},
};

/// A name on a machine.
pub(crate) type Key = (String, String);

/// How far a name's socket is expected to have come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expect {
    New,
    Bound(u16),
    Listening(u16, i64),
    /// A connect that nobody waits for.
    Connecting,
    Connected(u16),
    Accepted(u16),
    /// Whatever: a call that was meant to fail.
    Anything,
}

impl Expect {
    /// Whether a socket has come as far, and not further.
    pub(crate) fn fits(&self, socket: &SocketNow) -> bool {
        match (self, socket.stage) {
            (Self::New, Stage::New) => true,
            (Self::Bound(port), Stage::Bound(own)) | (Self::Accepted(port), Stage::Accepted(own)) => {
                *port == own
            }
            // Port 0 is whichever the kernel has chosen.
            (Self::Listening(port, backlog), Stage::Listening(own, most)) => {
                (*port == 0 || *port == own) && *backlog == most
            }
            (Self::Connected(port), Stage::Connected(to)) => *port == to.port(),
            (Self::Connecting, Stage::Connecting(_) | Stage::Connected(_)) | (Self::Anything, _) => true,
            _ => false,
        }
    }
}

/// A name's socket.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) expect: Expect,
    /// The other end of its connection, where the lesson has it too.
    pub(crate) peer: Option<Key>,
    /// The name it was accepted from.
    listener: Option<Key>,
}

/// An accept that waits for its caller.
#[derive(Clone, Debug)]
struct Accepting {
    key: Key,
    listener: Key,
    port: u16,
}

/// The room as the lesson expects it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Expected {
    pub(crate) names: BTreeMap<Key, Named>,
    /// Programs that run, by machine and file.
    pub(crate) running: BTreeSet<Key>,
    pub(crate) held: bool,
    /// Machines whose cable is cut.
    pub(crate) cut: BTreeSet<String>,
    pub(crate) kernel: BTreeMap<(String, Sysctl), u32>,
    accepting: Vec<Accepting>,
    /// Connections nobody accepted yet: machine and port they went to, and who.
    queue: Vec<(String, u16, Key)>,
}

impl Expected {
    /// What is expected once this is done.
    pub(crate) fn after(&mut self, doing: &Doing) {
        match doing {
            Doing::Line { host, line, background, fails } => {
                if let Some(line) = HandLine::read(line) {
                    self.line(host, &line, *background, *fails);
                }
            }
            Doing::Run { host, file, background: true, .. } => {
                self.running.insert((host.clone(), file.clone()));
            }
            Doing::Run { .. } | Doing::Put { .. } => {}
            Doing::Stop { host, file } => {
                self.running.retain(|(on, one)| on != host || file.as_ref().is_some_and(|file| file != one))
            }
            Doing::Wire { command: WireDoing::Hold } => self.held = true,
            Doing::Wire { command: WireDoing::Release } => self.held = false,
            Doing::Wire { .. } => {}
            Doing::Fresh { host } => self.names.retain(|(on, _), _| on != host),
            Doing::Clean => *self = Self::default(),
            Doing::Cable { host, plugged: true } => {
                self.cut.remove(host);
            }
            Doing::Cable { host, plugged: false } => {
                self.cut.insert(host.clone());
            }
            Doing::Kernel { host, name, value } => {
                self.kernel.insert((host.clone(), *name), *value);
            }
        }
    }

    fn line(&mut self, host: &str, line: &HandLine<'_>, background: bool, fails: bool) {
        let key = |name: &str| (host.to_owned(), name.to_owned());
        let object = line.object.map(key);
        match (line.call, object) {
            ("socket", None) => {
                if let Some(name) = line.assigns {
                    self.name(key(name), Expect::New, None, None);
                }
            }
            ("bind", Some(object)) if !fails => {
                self.becomes(&object, Expect::Bound(line.number().unwrap_or(0)));
            }
            ("listen", Some(object)) if !fails => {
                let port = self.port(&object);
                self.becomes(&object, Expect::Listening(port, i64::from(line.number().unwrap_or(0))));
            }
            ("accept", Some(listener)) => {
                let (Some(name), port) = (line.assigns, self.port(&listener)) else { return };
                let waits = Accepting { key: key(name), listener, port };
                if background && !self.queue.iter().any(|(on, at, _)| on == host && *at == port) {
                    self.accepting.push(waits);
                } else {
                    self.accepted(host, waits);
                }
            }
            ("connect", Some(object)) => self.connect(host, &object, line, background, fails),
            ("close", Some(object)) => {
                self.names.remove(&object);
                self.queue.retain(|(_, _, client)| *client != object);
                self.accepting.retain(|one| one.listener != object);
            }
            _ => {}
        }
    }

    fn connect(&mut self, host: &str, object: &Key, line: &HandLine<'_>, background: bool, fails: bool) {
        let (Some(to), Some(port)) = (line.machine(host), line.number()) else { return };
        if fails {
            return self.becomes(object, Expect::Anything);
        }
        self.becomes(object, if background { Expect::Connecting } else { Expect::Connected(port) });
        self.queue.push((to.to_owned(), port, object.clone()));
        let waits = self.accepting.iter().position(|one| one.key.0 == to && one.port == port);
        if let Some(at) = waits {
            let one = self.accepting.remove(at);
            self.accepted(to, one);
        }
    }

    /// The oldest in the queue is handed over.
    fn accepted(&mut self, host: &str, one: Accepting) {
        let at = self.queue.iter().position(|(on, port, _)| on == host && *port == one.port);
        let client = at.map(|at| self.queue.remove(at).2);
        if let Some(named) = client.as_ref().and_then(|client| self.names.get_mut(client)) {
            named.peer = Some(one.key.clone());
        }
        self.name(one.key, Expect::Accepted(one.port), client, Some(one.listener));
    }

    fn name(&mut self, key: Key, expect: Expect, peer: Option<Key>, listener: Option<Key>) {
        self.names.insert(key, Named { expect, peer, listener });
    }

    fn becomes(&mut self, key: &Key, expect: Expect) {
        if let Some(named) = self.names.get_mut(key) {
            named.expect = expect;
        }
    }

    fn port(&self, key: &Key) -> u16 {
        match self.names.get(key).map(|named| &named.expect) {
            Some(Expect::Bound(port) | Expect::Listening(port, _)) => *port,
            _ => 0,
        }
    }

    /// The name that takes callers on a port of a machine.
    pub(crate) fn listener(&self, host: &str, port: u16) -> Option<&Key> {
        let listens = |named: &Named| matches!(named.expect, Expect::Listening(own, _) if own == port);
        self.names.iter().find(|((on, _), named)| on == host && listens(named)).map(|(key, _)| key)
    }

    /// A name with the other end of its connection, and who it was accepted from: what is made anew together.
    pub(crate) fn together(&self, key: &Key) -> BTreeSet<Key> {
        let mut found = BTreeSet::from([key.clone()]);
        let mut open = vec![key.clone()];
        while let Some(named) = open.pop().and_then(|key| self.names.get(&key)) {
            for other in named.peer.iter().chain(&named.listener) {
                if found.insert(other.clone()) {
                    open.push(other.clone());
                }
            }
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::{Expect, Expected};
    use crate::doing::parse;

    #[test]
    fn an_accept_that_waits_gets_the_next_caller() {
        let mut expected = Expected::default();
        for line in [
            "server: s = socket.socket()",
            "server: s.bind((\"\", 12345))",
            "server: s.listen(5)",
            "server: conn, addr = s.accept() &",
            "client: s = socket.socket()",
            "client: s.connect((\"server\", 12345))",
        ] {
            expected.after(&parse(line).expect(line));
        }
        let key = |host: &str, name: &str| (host.to_owned(), name.to_owned());
        let conn = expected.names.get(&key("server", "conn")).expect("accepted");
        assert_eq!((&conn.expect, &conn.peer), (&Expect::Accepted(12345), &Some(key("client", "s"))));
        assert_eq!(expected.names[&key("client", "s")].expect, Expect::Connected(12345));
        assert_eq!(expected.together(&key("client", "s")).len(), 3, "both ends and the listener");
        assert_eq!(expected.listener("server", 12345), Some(&key("server", "s")));
    }
}
