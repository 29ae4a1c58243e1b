//! Facts of calls, and what they tell of their sockets.

use proto::{
    address::Address,
    call::{Call, CallError, OptionName, OptionValue, Outcome, Value},
    id::Fd,
    trace::{CallBegin, CallEnd, Data},
};

use super::{CallNote, Scene};
use crate::facts::{Facts, Field};
use crate::remembered::evict;

impl Scene {
    pub(super) fn call_begin(&mut self, begin: &CallBegin, time: u64) -> Facts {
        let dropped = self.now.dropped();
        if let Some(socket) = begin.socket {
            let note = self.sockets.entry(socket).or_default();
            match &begin.call {
                Call::Connect { address, .. } => {
                    (note.port, note.to) = (address.port(), address.inet());
                    (note.began, note.dropped_before) = (Some(time), dropped);
                }
                Call::Bind { address, .. } => note.port = address.port(),
                _ => {}
            }
            evict(&mut self.sockets);
        }
        let note = CallNote { begin: begin.clone(), time, packets: 0, syns: 0, answer: None, full: false };
        let facts = self.asked(&note).word(Field::Phase, "begin");
        self.calls.insert(begin.id, note);
        evict(&mut self.calls);
        facts
    }

    pub(super) fn call_end(&mut self, end: &CallEnd, time: u64) -> Facts {
        let Some(note) = self.calls.remove(&end.id) else {
            // Its begin was evicted: the end alone names no call.
            return Facts::of("call").word(Field::Phase, "end").word(Field::Result, result(&end.outcome));
        };
        let length = length(&end.outcome);
        self.learn(&note, end, length, time);
        let made = made(&end.outcome);
        let mut facts = self
            .asked(&note)
            .word(Field::Phase, "end")
            .word(Field::Result, result(&end.outcome))
            .number(Field::Waited, end.elapsed / 1_000_000)
            .number(Field::Packets, note.packets)
            .maybe_number(Field::Length, length)
            .maybe_number(Field::Made, made.and_then(|fd| u64::try_from(fd.0).ok()));
        if let Some(fd) = made {
            let open = self.now.open_sockets(note.begin.program);
            facts = facts
                .yes(Field::Reused, self.programs.uses(note.begin.program, fd))
                .number(Field::Open, open);
        }
        facts = answered(facts, &end.outcome);
        if let Call::Connect { address, .. } = &note.begin.call {
            let listens = address.inet().is_some_and(|address| {
                let to = self.meant(note.begin.host, address.ip());
                to.is_some_and(|host| self.now.listens(host, address.port()))
            });
            facts = facts
                .yes(Field::Listens, listens)
                .number(Field::Syns, note.syns)
                .word(Field::Answer, note.answer.clone().unwrap_or_else(|| "none".to_owned()))
                .yes(Field::Full, note.full);
        }
        if end.data.length > 0 {
            facts = facts.word(Field::Data, text(&end.data));
        }
        let socket = note.begin.socket.and_then(|socket| self.sockets.get(&socket));
        if let Some(socket) = socket {
            let to = socket.to.and_then(|to| self.host_meant(note.begin.host, to.ip()));
            facts = facts
                .maybe_word(Field::To, to)
                .maybe_number(Field::Port, socket.port)
                .number(Field::Received, socket.received)
                .number(Field::Sent, socket.sent)
                .number(Field::Recvs, socket.recvs)
                .maybe_number(Field::Nth, socket.nth)
                .number(Field::Dropped, self.now.dropped() - socket.dropped_before);
            facts.began = socket.began;
        }
        facts
    }

    /// What an end tells of its socket.
    fn learn(&mut self, note: &CallNote, end: &CallEnd, length: Option<u64>, time: u64) {
        let (program, host) = (note.begin.program, note.begin.host);
        if let (Call::Resolve { name, .. }, Ok(Value::Addresses { addresses, .. })) =
            (&note.begin.call, &end.outcome)
        {
            self.programs.asked(program, name, addresses);
        }
        let Some(socket) = note.begin.socket else { return };
        let port = self.sockets.get(&socket).and_then(|known| known.port);
        match (&note.begin.call, &end.outcome) {
            (Call::Accept { .. }, Ok(_)) => {
                let nth = self.programs.connects(program);
                if let Some(port) = port {
                    self.programs.accepts(host, port, time);
                }
                if let Some(made) = end.socket {
                    let made = self.sockets.entry(made).or_default();
                    (made.port, made.began, made.nth) = (port, Some(note.time), Some(nth));
                    evict(&mut self.sockets);
                }
            }
            (Call::Connect { .. }, Ok(_)) => {
                let nth = self.programs.connects(program);
                self.sockets.entry(socket).or_default().nth = Some(nth);
            }
            (Call::SetSockOpt { name: OptionName::ReuseAddr, value, .. }, Ok(_)) => {
                let off = matches!(value, OptionValue::Bool(false) | OptionValue::Int(0));
                self.sockets.entry(socket).or_default().reuse = !off;
            }
            // What was only looked at will be received again.
            (Call::Recv { flags, .. } | Call::RecvFrom { flags, .. }, Ok(_))
                if !flags.contains(proto::call::Flags::PEEK) =>
            {
                let known = self.sockets.entry(socket).or_default();
                known.received += length.unwrap_or(0);
                known.recvs += u64::from(length.unwrap_or(0) > 0);
            }
            (Call::Send { .. } | Call::SendTo { .. }, Ok(_)) => {
                self.sockets.entry(socket).or_default().sent += length.unwrap_or(0);
            }
            _ => {}
        }
    }

    /// What a call says from its begin on.
    fn asked(&self, note: &CallNote) -> Facts {
        let begin = &note.begin;
        let facts = self
            .of_program(Facts::of("call"), begin.program)
            .word(Field::Call, begin.call.name())
            .maybe_word(Field::Host, self.name(begin.host))
            .maybe_number(Field::Line, begin.line)
            .maybe_number(Field::Fd, begin.call.fd().and_then(|fd| u64::try_from(fd.0).ok()));
        let to = |facts: Facts, address: &Address| match address.inet() {
            Some(address) => facts
                .number(Field::Port, address.port())
                .word(Field::Address, address.ip().to_string())
                .maybe_word(Field::To, self.host_meant(begin.host, address.ip())),
            // A name of AF_UNIX: it is on the same machine, and has no port.
            None => {
                facts.word(Field::Address, address.to_string()).maybe_word(Field::To, self.name(begin.host))
            }
        };
        match &begin.call {
            Call::Socket { family, kind } | Call::SocketPair { family, kind } => {
                facts.word(Field::Family, family.name()).word(Field::Type, kind.name())
            }
            Call::Connect { address, .. } => {
                let name = address.ip().and_then(|ip| self.programs.name_of(begin.program, ip));
                to(facts, address).maybe_word(Field::Name, name)
            }
            Call::Bind { address, .. } => {
                let socket = begin.socket.and_then(|socket| self.sockets.get(&socket));
                let after =
                    address.port().and_then(|port| self.programs.since_accept(begin.host, port, note.time));
                to(facts, address)
                    .yes(Field::Reuse, socket.is_some_and(|socket| socket.reuse))
                    .maybe_number(Field::After, after)
            }
            Call::SetSockOpt { name, .. } | Call::GetSockOpt { name, .. } => {
                facts.word(Field::Option, name.name())
            }
            Call::SendTo { address, length, .. } => {
                to(facts, address).number(Field::Length, *length).word(Field::Data, text(&begin.data))
            }
            Call::Send { length, .. } => {
                facts.number(Field::Length, *length).word(Field::Data, text(&begin.data))
            }
            Call::Recv { max, .. } | Call::RecvFrom { max, .. } => facts.number(Field::Max, *max),
            Call::Listen { backlog, .. } => facts.maybe_number(Field::Backlog, u64::try_from(*backlog).ok()),
            Call::Resolve { name, port, .. } => {
                facts.word(Field::Name, name.clone()).number(Field::Port, *port)
            }
            Call::Ping { name, .. } => facts.word(Field::Name, name.clone()),
            _ => facts,
        }
    }
}

/// The first bytes as text; what is no UTF-8 is replaced.
fn text(data: &Data) -> String {
    String::from_utf8_lossy(&data.bytes).into_owned()
}

fn result(outcome: &Outcome) -> String {
    match outcome {
        Ok(_) => "ok".to_owned(),
        Err(CallError::Errno { errno, .. }) => errno.name().to_owned(),
        Err(CallError::Resolve(why)) => why.name().to_owned(),
        Err(CallError::TimedOut { .. }) => "timed_out".to_owned(),
        Err(CallError::Policy { .. }) => "policy".to_owned(),
        Err(CallError::Limit { .. }) => "limit".to_owned(),
        Err(CallError::Protocol { .. }) => "protocol".to_owned(),
    }
}

/// Bytes that went, or came.
fn length(outcome: &Outcome) -> Option<u64> {
    match outcome {
        Ok(Value::Sent(length) | Value::Received { length } | Value::ReceivedFrom { length, .. }) => {
            Some(u64::from(*length))
        }
        _ => None,
    }
}

fn made(outcome: &Outcome) -> Option<Fd> {
    match outcome {
        Ok(Value::Descriptor(fd) | Value::Accepted { fd, .. }) => Some(*fd),
        _ => None,
    }
}

/// What an answer says that is an address.
fn answered(facts: Facts, outcome: &Outcome) -> Facts {
    match outcome {
        Ok(Value::Address(address)) => {
            let text = address.ip().map_or_else(|| address.to_string(), |ip| ip.to_string());
            facts.maybe_number(Field::Answered, address.port()).word(Field::Address, text)
        }
        Ok(Value::Addresses { addresses, .. }) => {
            facts.maybe_word(Field::Address, addresses.first().map(ToString::to_string))
        }
        _ => facts,
    }
}
