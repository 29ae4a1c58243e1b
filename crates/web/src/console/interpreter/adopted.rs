//! Entries for calls whose lines nobody typed here: made by somebody else, or before a reload that lost its memory.

use proto::{
    address,
    call::{Call, Family, Kind, Value as Returned, Wait},
    id::Fd,
    trace::{CallBegin, CallEnd},
};

use super::Interpreter;
use crate::console::{
    code::{Context, line},
    entry::{Entry, Step, relevant},
    operation::{Action, Address, Operation, Statement},
    plan::{Plan, Setting},
    suggest::fresh_name,
    value::Value,
};

/// A call that somebody else made, as the trace has it.
#[derive(Clone, Debug)]
pub enum ObservedCall<'trace> {
    /// It begins.
    Begin {
        /// The call.
        begin: &'trace CallBegin,
        /// Whoever made it, in words; none for a ready-made server.
        by: Option<String>,
    },
    /// It ends.
    End(&'trace CallEnd),
}

impl Interpreter {
    /// An entry for a call whose line nobody typed here; `sent` are the first bytes it sends.
    pub(super) fn adopt(&mut self, call: &Call, sent: &[u8]) -> u32 {
        let id = self.next;
        self.next += 1;
        let operation = operation_of(call);
        let fds: Vec<Fd> = call.fd().into_iter().collect();
        let mut entry = Entry::new(id, String::new());
        entry.variables = relevant(&self.variables, &fds);
        let context = Context { variables: &entry.variables, payload: sent, ..Default::default() };
        entry.line = line(call, &context);
        entry.statement = Some(Statement {
            targets: Vec::new(),
            unpack: false,
            print: None,
            action: Action::Operation(operation.clone()),
            then: Vec::new(),
        });
        entry.plan = Some(Plan::begin(operation, Setting::default()).0);
        let kind =
            fds.first().and_then(|fd| self.descriptors.get(*fd)).map_or(Kind::Stream, |found| found.kind);
        let step = Step { call: call.clone(), wait: Wait::Forever, kind, data: sent.to_vec(), outcome: None };
        entry.steps.push(step);
        self.entries.push_back(entry);
        id
    }

    /// A call that somebody else made begins or ends. Returns its entry.
    pub fn observe(&mut self, heard: ObservedCall<'_>) -> Option<u32> {
        match heard {
            ObservedCall::Begin { begin, by } => {
                self.descriptors.began(&begin.call);
                let id = self.adopt(&begin.call, &begin.data.bytes);
                let entry = self.entry(id)?;
                (entry.by, entry.heard) = (by, Some(begin.id.0));
                self.evict();
                Some(id)
            }
            ObservedCall::End(end) => self.observed_end(end),
        }
    }

    fn observed_end(&mut self, end: &CallEnd) -> Option<u32> {
        let entry = self.entries.iter().rev().find(|entry| entry.heard == Some(end.id.0))?;
        let id = entry.id;
        entry.waiting()?;
        self.ended(id, end.outcome.clone(), &end.data.bytes);
        match end.outcome {
            Ok(Returned::Descriptor(fd)) => self.name_heard(fd, &["s"]),
            Ok(Returned::Accepted { fd, .. }) => self.name_heard(fd, &["conn", "c"]),
            _ => {}
        }
        Some(id)
    }

    /// Descriptor numbers come back: the name goes to the newest.
    fn name_heard(&mut self, fd: Fd, wanted: &[&str]) {
        self.variables.retain(|_, value| *value != Value::Socket(fd));
        self.variables.insert(fresh_name(&self.variables, wanted), Value::Socket(fd));
    }
}

/// The operation whose last call this is.
fn operation_of(call: &Call) -> Operation {
    let written = |address: &address::Address| match address {
        address::Address::Ip(ip) => Address::Host { host: ip.ip().to_string(), port: ip.port() },
        name => Address::Unix(*name),
    };
    match call.clone() {
        Call::Socket { family, kind } => Operation::Socket { family, kind },
        Call::SocketPair { family, kind } => Operation::SocketPair { family, kind },
        Call::Bind { fd, address } => Operation::Bind { fd, address: written(&address) },
        Call::Listen { fd, backlog } => Operation::Listen { fd, backlog },
        Call::Accept { fd } => Operation::Accept { fd },
        Call::Connect { fd, address } => Operation::Connect { fd, address: written(&address) },
        Call::Send { fd, flags, .. } => Operation::Send { fd, bytes: Vec::new(), flags },
        Call::SendTo { fd, flags, address, .. } => {
            Operation::SendTo { fd, bytes: Vec::new(), flags, address: written(&address) }
        }
        Call::Recv { fd, flags, max } => Operation::Recv { fd, max, flags },
        Call::RecvFrom { fd, flags, max } => Operation::RecvFrom { fd, max, flags },
        Call::Shutdown { fd, how } => Operation::Shutdown { fd, how },
        Call::Close { fd } => Operation::Close { fd },
        Call::GetSockName { fd } => Operation::GetSockName { fd },
        Call::GetPeerName { fd } => Operation::GetPeerName { fd },
        Call::SetSockOpt { fd, name, value } => Operation::SetSockOpt { fd, name, value },
        Call::GetSockOpt { fd, name } => Operation::GetSockOpt { fd, name },
        Call::Poll { fds } => Operation::Poll { fds, wait: Wait::Forever },
        Call::Resolve { name, port, family } => {
            Operation::GetAddrInfo { host: name, port, family: family.or(Some(Family::Inet)), kind: None }
        }
        Call::Ping { name, count } => Operation::Ping { host: name, count },
        call @ (Call::SendMsg { .. }
        | Call::RecvMsg { .. }
        | Call::EpollCreate {}
        | Call::EpollCtl { .. }
        | Call::EpollWait { .. }
        | Call::Dup { .. }
        | Call::Unlink { .. }
        | Call::Stat { .. }
        | Call::Interfaces {}) => Operation::Observed { call },
    }
}
