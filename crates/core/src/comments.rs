//! Comments for files of packets: what became of a packet, and what happened around it, in short sentences: for tools that
//! know packets alone. Calls that began stand at the packet after them, calls that ended and states at the packet before: who
//! reads packet by packet reads what happened in its order.

use std::collections::HashMap;

use crate::{
    address::Address,
    call::{Call, CallError, Outcome, Value},
    id::{CallRef, HostId, PacketId, ProgramId},
    room::{BY_HAND, HostInfo, ProgramInfo},
    trace::{CallBegin, Fate, StateChange, TcpState, What},
};

/// Bytes of all sentences together; what comes later is left out.
const MOST: usize = 1024 * 1024;
/// Sentences at one packet.
const AT_ONE: usize = 32;
/// Characters of a name.
const NAME: usize = 40;

/// What became of a packet that did not arrive, for whoever reads the file: its bytes alone do not say.
const LOST: &str = "Wireside: lost by the wire, as it was told to.";
const DROPPED: &str = "Wireside: dropped by hand.";
const HELD: &str = "Wireside: still held on the wire.";
const SUPERSEDED: &str = "Wireside: held, and a copy of it was let through instead.";
const CUT: &str = "Wireside: lost, a cable was cut.";
const NOBODY: &str = "Wireside: no machine took it.";

/// The sentences of a room, by packet.
#[derive(Debug, Default)]
pub struct Comments {
    told: HashMap<PacketId, Vec<String>>,
}

impl Comments {
    /// What there is to say at a packet, in order.
    pub fn at(&self, packet: PacketId) -> &[String] {
        self.told.get(&packet).map_or(&[], |sentences| sentences)
    }
}

/// Makes a room's sentences of what it hears.
#[derive(Debug, Default)]
pub struct CommentWriter {
    told: HashMap<PacketId, Vec<String>>,
    hosts: HashMap<HostId, String>,
    programs: HashMap<ProgramId, String>,
    /// Calls that have not ended: whose they are, and their names.
    calls: HashMap<CallRef, (String, &'static str)>,
    /// What stands at the next packet.
    before: Vec<String>,
    last: Option<PacketId>,
    bytes: usize,
}

impl CommentWriter {
    /// A machine that was there before the first event.
    pub fn host(&mut self, host: &HostInfo) {
        self.hosts.insert(host.id, plain(&host.name));
    }

    /// A program that was there before the first event.
    pub fn program(&mut self, program: &ProgramInfo) {
        let name = if program.name == BY_HAND { "by hand".to_owned() } else { plain(&program.name) };
        self.programs.insert(program.id, name);
    }

    /// The next event.
    pub fn add(&mut self, what: &What) {
        match what {
            What::HostAppeared(host) => self.host(host),
            What::ProgramBegan(program) => self.program(program),
            What::CallBegin(begin) => self.begin(begin),
            What::CallEnd(end) => {
                if let Some((who, name)) = self.calls.remove(&end.id) {
                    self.after(format!("{who}: {name}() ends: {}", result(&end.outcome)));
                }
            }
            // Another look at queues says nothing here, nor that a socket is new.
            What::State(change) if change.from == Some(change.to) => {}
            What::State(StateChange { from: None, to: TcpState::Closed, .. }) => {}
            What::State(change) => {
                let sentence = self.state(change);
                self.after(sentence);
            }
            What::Packet(packet) => {
                let before = std::mem::take(&mut self.before);
                before.into_iter().for_each(|sentence| self.tell(packet.id, sentence));
                self.last = Some(packet.id);
            }
            _ => {}
        }
    }

    fn begin(&mut self, begin: &CallBegin) {
        let host = self.hosts.get(&begin.host).map_or("?", String::as_str);
        let program = self.programs.get(&begin.program).map_or("?", String::as_str);
        let line = begin.line.map(|line| format!(" line {line}")).unwrap_or_default();
        let who = format!("{host}, {program}{line}");
        let sentence = format!("{who}: {} begins", call(&begin.call));
        // A call that never ends is one of those that wait: there are not many.
        if self.calls.len() < 4096 {
            self.calls.insert(begin.id, (who, begin.call.name()));
        }
        if self.before.len() < AT_ONE {
            self.before.push(sentence);
        }
    }

    fn state(&self, change: &StateChange) -> String {
        let host = self.hosts.get(&change.host).map_or("?", String::as_str);
        let from = change.from.map(|from| format!("{} to ", from.name())).unwrap_or_default();
        let ends = match (change.local, change.remote) {
            (Some(local), Some(remote)) => format!(" of {local} with {remote}"),
            (Some(local), None) => format!(" of {local}"),
            _ => String::new(),
        };
        let inferred = if change.observed { "" } else { " (inferred)" };
        format!("{host}: socket{ends}: {from}{}{inferred}", change.to.name())
    }

    /// At the packet before, where there is one.
    fn after(&mut self, sentence: String) {
        match self.last {
            Some(packet) => self.tell(packet, sentence),
            None if self.before.len() < AT_ONE => self.before.push(sentence),
            None => {}
        }
    }

    fn tell(&mut self, packet: PacketId, sentence: String) {
        let sentences = self.told.entry(packet).or_default();
        let fits = sentences.len() < AT_ONE && self.bytes + sentence.len() <= MOST;
        if fits {
            self.bytes += sentence.len();
            sentences.push(sentence);
        }
    }

    /// There are no more.
    pub fn end(mut self) -> Comments {
        if let Some(last) = self.last {
            let rest = std::mem::take(&mut self.before);
            rest.into_iter().for_each(|sentence| self.tell(last, sentence));
        }
        Comments { told: self.told }
    }
}

/// What became of a packet on its way to somebody (`addressed`) or to nobody, as its bytes alone do not say; none where it
/// arrived.
pub fn of_fate(fate: &Fate, addressed: bool) -> Option<&'static str> {
    match fate {
        Fate::Travelling | Fate::Delivered => None,
        Fate::Held => Some(HELD),
        Fate::Lost => Some(LOST),
        Fate::Dropped(_) => Some(DROPPED),
        Fate::NoHost if addressed => Some(CUT),
        Fate::NoHost => Some(NOBODY),
        Fate::Superseded => Some(SUPERSEDED),
    }
}

/// A call with the arguments that matter on the wire.
fn call(call: &Call) -> String {
    let name = call.name();
    let to = |address: &Address| format!("{name}({address})");
    match call {
        Call::Bind { address, .. } | Call::Connect { address, .. } => to(address),
        Call::Listen { backlog, .. } => format!("{name}({backlog})"),
        Call::Send { length, .. } => format!("{name}({length} bytes)"),
        Call::SendTo { address, length, .. } => format!("{name}({length} bytes, {address})"),
        Call::Recv { max, .. } | Call::RecvFrom { max, .. } => format!("{name}({max})"),
        Call::Resolve { name: host, .. } | Call::Ping { name: host, .. } => {
            format!("{name}({})", plain(host))
        }
        _ => format!("{name}()"),
    }
}

fn result(outcome: &Outcome) -> String {
    match outcome {
        Ok(Value::Accepted { peer, .. }) => format!("a connection with {peer}"),
        Ok(Value::Sent(bytes)) => format!("{bytes} bytes taken"),
        Ok(Value::Received { length: 0 }) => "the end of what comes (0 bytes)".to_owned(),
        Ok(Value::Received { length } | Value::ReceivedFrom { length, .. }) => format!("{length} bytes"),
        Ok(_) => "done".to_owned(),
        Err(CallError::Errno { errno, .. }) => format!("{} {}", errno.name(), errno.0),
        Err(CallError::TimedOut { .. }) => "timed out".to_owned(),
        Err(CallError::Resolve(error)) => error.name().to_owned(),
        Err(CallError::Policy { rule, .. }) => format!("refused by this server's rule {rule}"),
        Err(CallError::Limit { limit, .. }) => format!("refused by this server's limit {limit}"),
        Err(CallError::Protocol { .. }) => "refused".to_owned(),
    }
}

/// Somebody's name, on one line and of bounded length.
fn plain(name: &str) -> String {
    name.chars().filter(|letter| !letter.is_control()).take(NAME).collect()
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use crate::{
        id::{Fd, SocketId},
        room::Lifetime,
        trace::{CallEnd, Cause, Data, Link, Packet, Tcp, Transport},
    };

    use super::*;

    fn packet(id: u64) -> What {
        let address = std::net::IpAddr::from(Ipv4Addr::LOCALHOST);
        What::Packet(Packet {
            id: PacketId(id),
            link: Link::Wire,
            from: None,
            to: None,
            src: address,
            dst: address,
            transport: Transport::Tcp(Tcp::default()),
            data: Data::default(),
            cause: Cause::Timer,
            copy_of: None,
            fate: Fate::Delivered,
        })
    }

    fn begin(id: u64) -> What {
        What::CallBegin(CallBegin {
            id: CallRef(id),
            by: None,
            host: HostId(1),
            program: ProgramId(7),
            call: Call::Connect { fd: Fd(3), address: (Ipv4Addr::new(10, 0, 0, 1), 80).into() },
            data: Data::default(),
            socket: None,
            line: Some(4),
            thread: None,
        })
    }

    fn end(id: u64) -> What {
        let outcome = Ok(Value::Done);
        What::CallEnd(CallEnd {
            id: CallRef(id),
            outcome,
            data: Data::default(),
            socket: None,
            elapsed: 1,
            outside: false,
        })
    }

    fn state(to: TcpState) -> What {
        What::State(StateChange {
            host: HostId(1),
            socket: SocketId(1),
            owner: None,
            local: None,
            remote: None,
            from: Some(TcpState::SynSent),
            to,
            observed: true,
            accepted: true,
            unread: 0,
            unacknowledged: 0,
            timer: None,
        })
    }

    fn comments(whats: impl IntoIterator<Item = What>) -> Comments {
        let mut writer = CommentWriter::default();
        writer.program(&ProgramInfo {
            id: ProgramId(7),
            host: HostId(1),
            by: None,
            name: "a\n\u{0}.py".into(),
            lifetime: Lifetime::Page,
        });
        whats.into_iter().for_each(|what| writer.add(&what));
        writer.end()
    }

    #[test]
    fn a_call_begins_before_its_packet_and_ends_after_it() {
        let comments = comments([
            begin(1),
            packet(1),
            state(TcpState::Established),
            end(1),
            begin(2),
            packet(2),
            begin(3),
        ]);
        let begins = "?, a.py line 4: connect(10.0.0.1:80) begins";
        let ends = "?, a.py line 4: connect() ends: done";
        assert_eq!(comments.at(PacketId(1)), [begins, "?: socket: SYN_SENT to ESTABLISHED", ends]);
        assert_eq!(comments.at(PacketId(2)), [begins, begins]);
        assert!(comments.at(PacketId(9)).is_empty());
    }

    #[test]
    fn however_much_happens_it_is_bounded() {
        let many = (0..40_000).flat_map(|id| [begin(id), packet(id), end(id)]);
        let comments = comments(many.chain([packet(50_000)]).chain((50_000..60_000).map(begin)));
        let bytes: usize = comments.told.values().flatten().map(String::len).sum();
        assert!(bytes <= MOST && comments.told.values().all(|sentences| sentences.len() <= AT_ONE));
        assert!(comments.at(PacketId(1)).len() <= 2);
    }
}
