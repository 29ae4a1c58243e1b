//! The console itself: variables, descriptors and history. A line goes in, calls to be made come out, their ends go in.

mod adopted;
mod reload;

pub use adopted::ObservedCall;

use std::collections::VecDeque;

use proto::{
    call::{Call, Family, Kind, Outcome, Value as Returned, Wait},
    id::Fd,
};

use super::{
    code::is_socket,
    entry::{End, Entry, KEPT, ShownEntry, Step, relevant, text_of},
    evaluate::Variables,
    fault::Fault,
    operation::{Action, Operation, Statement},
    parse::{Scope, apply, parse},
    plan::{Plan, Progress, Request, Setting},
    room_sockets::RoomSockets,
    state::Descriptors,
    suggest::{Offer, Suggestion, every_call, fresh_name, name_of, suggestions},
    value::Value,
};

/// Entries the history keeps.
const HISTORY: usize = 200;
/// Names a console may hold.
const NAMES: usize = 256;

/// A console.
#[derive(Debug)]
pub struct Interpreter {
    offer: Offer,
    variables: Variables,
    descriptors: Descriptors,
    entries: VecDeque<Entry>,
    next: u32,
}

impl Interpreter {
    /// A console on the machine of this name.
    pub fn new(host: &str) -> Self {
        Self {
            offer: Offer::of(host),
            variables: Variables::new(),
            descriptors: Descriptors::default(),
            entries: VecDeque::new(),
            next: 1,
        }
    }

    /// Takes a line. Returns the entry's number and its first call, if it makes one.
    pub fn submit(&mut self, line: &str) -> (u32, Option<Request>) {
        let id = self.next;
        self.next += 1;
        let shown: String = line.trim().chars().take(super::lexer::LINE).collect();
        self.entries.push_back(Entry::new(id, shown));
        self.evict();
        let unix = self.descriptors.of_family(Family::Unix);
        let request = match parse(line.trim(), Scope { variables: &self.variables, unix: &unix }) {
            Ok(statement) => self.begin(id, statement),
            Err(fault) => {
                self.end(id, End::Fault(fault));
                None
            }
        };
        (id, request)
    }

    /// Lets the oldest entry go that no longer waits.
    fn evict(&mut self) {
        while self.entries.len() > HISTORY {
            let Some(at) = self.entries.iter().position(|entry| entry.end.is_some()) else { return };
            self.entries.remove(at);
        }
    }

    fn entry(&mut self, id: u32) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == id)
    }

    fn end(&mut self, id: u32, end: End) {
        if let Some(entry) = self.entry(id) {
            entry.end = Some(end);
        }
    }

    fn begin(&mut self, id: u32, statement: Statement) -> Option<Request> {
        let operation = match &statement.action {
            Action::Note(note) => {
                self.end(id, End::Note(note.clone()));
                return None;
            }
            Action::Delete(name) => {
                self.variables.remove(name);
                self.end(id, End::Value { text: String::new(), shown: false });
                self.name_the_nameless();
                return None;
            }
            Action::Value(value) => {
                let value = value.clone();
                self.finish(id, &statement, value);
                return None;
            }
            Action::Operation(operation) => operation.clone(),
        };
        let fds = descriptors_of(&operation);
        let setting = fds.first().map_or_else(Setting::default, |fd| self.descriptors.setting(*fd));
        let variables = relevant(&self.variables, &fds);
        if let Operation::SetTimeout { fd, wait } = &operation {
            self.descriptors.set_wait(*fd, *wait);
            self.entry(id)?.remark = Some(waiting_rule(*wait));
        }
        if matches!(operation, Operation::Close { fd } if fd.0 < 0) {
            self.end(id, End::Note("It is closed already; Python makes no call then.".to_owned()));
            return None;
        }
        let (plan, progress) = Plan::begin(operation, setting);
        let entry = self.entry(id)?;
        entry.variables = variables;
        entry.plan = Some(plan);
        entry.statement = Some(statement);
        self.go_on(id, progress)
    }

    fn go_on(&mut self, id: u32, progress: Progress) -> Option<Request> {
        match progress {
            Progress::Call(request) => {
                self.descriptors.began(&request.call);
                let kind = request
                    .call
                    .fd()
                    .and_then(|fd| self.descriptors.get(fd))
                    .map_or(Kind::Stream, |found| found.kind);
                let data = request.payload[..request.payload.len().min(KEPT)].to_vec();
                let step = Step { call: request.call.clone(), wait: request.wait, kind, data, outcome: None };
                self.entry(id)?.steps.push(step);
                Some(request)
            }
            Progress::Done(value) => {
                let statement = self.entry(id)?.statement.clone()?;
                self.finish(id, &statement, value);
                None
            }
            Progress::Failed(_) => {
                self.end(id, End::Failed);
                None
            }
        }
    }

    /// The call that entry `id` waited for ended; `bytes` are those it received. Returns the next call, if there is one.
    pub fn ended(&mut self, id: u32, outcome: Outcome, bytes: &[u8]) -> Option<Request> {
        let entry = self.entry(id)?;
        let step = entry.steps.last_mut().filter(|step| step.outcome.is_none())?;
        let call = step.call.clone();
        step.outcome = Some(outcome.clone());
        if step.call.payload_length() == 0 {
            step.data = bytes[..bytes.len().min(KEPT)].to_vec();
        }
        let first =
            matches!(outcome, Ok(Returned::Descriptor(_))) && !self.entries.iter().any(|entry| entry.first);
        if let Some(entry) = self.entry(id) {
            entry.first = first;
        }
        if !self.entry(id)?.orphan || matches!(outcome, Ok(Returned::Accepted { .. })) {
            self.descriptors.ended(&call, &outcome);
        }
        let descriptor = call.fd().and_then(|fd| self.descriptors.get(fd)).cloned();
        let entry = self.entry(id)?;
        entry.descriptor = if entry.orphan { None } else { descriptor };
        if let (Call::Close { fd }, Ok(_)) = (&call, &outcome) {
            self.closed(*fd);
            self.orphan_waiters(id, *fd);
        }
        match outcome {
            Err(error) => self.go_on(id, Progress::Failed(error)),
            Ok(value) => {
                let progress = self.entry(id)?.plan.as_mut()?.returned(&value, bytes);
                self.go_on(id, progress)
            }
        }
    }

    /// Keeps why an entry failed, if it did, as it is known now.
    pub fn explain(&mut self, id: u32, around: &RoomSockets) {
        if let Some(entry) = self.entry(id) {
            entry.explain(around);
        }
    }

    /// What the page lost sight of: the entry's call may have ended or not.
    pub fn lost(&mut self, id: u32, why: &str) {
        self.end(
            id,
            End::Note(format!("Nobody can tell how this call ended: {}.", crate::visible::excerpt(why, 200))),
        );
    }

    /// A waiting call holds the socket of a closed descriptor.
    fn orphan_waiters(&mut self, closing: u32, fd: Fd) {
        let waits = |entry: &&mut Entry| {
            !entry.orphan && entry.waiting().is_some_and(|step| step.call.fd() == Some(fd))
        };
        let mut names = Vec::new();
        for entry in self.entries.iter_mut().filter(waits) {
            entry.orphan = true;
            names.extend(entry.waiting().map(|step| format!("{}()", step.call.name())));
        }
        if let (Some(name), Some(entry)) = (names.first(), self.entry(closing)) {
            entry.remark = Some(format!(
                "{name} still waits on it. The socket stays, and says no good-bye, until that call returns."
            ));
        }
    }

    /// CPython sets a closed socket's descriptor to -1.
    fn closed(&mut self, fd: Fd) {
        for value in self.variables.values_mut().filter(|value| **value == Value::Socket(fd)) {
            *value = Value::Socket(Fd(-1));
        }
    }

    fn finish(&mut self, id: u32, statement: &Statement, value: Value) {
        let mut result = value;
        let column = 0;
        for step in &statement.then {
            match apply(step, result, column) {
                Ok(next) => result = next,
                Err(fault) => {
                    self.end(id, End::Fault(fault));
                    self.name_the_nameless();
                    return;
                }
            }
        }
        let end = match self.assign(statement, &result) {
            Err(fault) => End::Fault(fault),
            Ok(())
                if !statement.targets.is_empty()
                    && self.entry(id).is_some_and(|entry| entry.steps.is_empty()) =>
            {
                End::Value { text: String::new(), shown: false }
            }
            Ok(()) => text_of(&result, statement.print.as_ref()),
        };
        self.end(id, end);
        self.keep(statement, &result);
        self.name_the_nameless();
    }

    fn assign(&mut self, statement: &Statement, value: &Value) -> Result<(), Fault> {
        let targets = &statement.targets;
        if self.variables.len() + targets.len() > NAMES {
            return Err(
                Fault::lacking(format!("more than {NAMES} names"), 0).hint("del forgets a name: del x")
            );
        }
        if !statement.unpack {
            self.variables.extend(targets.iter().map(|name| (name.clone(), value.clone())));
            return Ok(());
        }
        if matches!(value, Value::Str(_) | Value::Bytes(_)) {
            return Err(Fault::beyond("text and bytes taken apart", 0));
        }
        let (Value::Tuple(items) | Value::List(items)) = value else {
            let words = format!("cannot unpack non-iterable {} object", value.type_name());
            return Err(Fault::type_error(words, 0));
        };
        let (wanted, got) = (targets.len(), items.len());
        if got > wanted {
            return Err(Fault::value(format!("too many values to unpack (expected {wanted})"), 0));
        }
        if got < wanted {
            return Err(Fault::value(
                format!("not enough values to unpack (expected {wanted}, got {got})"),
                0,
            ));
        }
        self.variables.extend(targets.iter().cloned().zip(items.iter().cloned()));
        Ok(())
    }

    /// A new socket that nobody named gets a name, since Python would close it at once and this prompt does not.
    fn keep(&mut self, statement: &Statement, value: &Value) {
        if let (Action::Operation(Operation::SocketPair { .. }), Value::Tuple(halves)) =
            (&statement.action, value)
        {
            for (half, wanted) in halves.iter().zip(["a", "b"]) {
                self.name_new(half, &[wanted]);
            }
            return;
        }
        let (socket, wanted): (&Value, &[&str]) = match value {
            Value::Tuple(items) if items.first().is_some_and(is_socket) => (&items[0], &["conn", "c"]),
            value if is_socket(value) => (value, &["s"]),
            _ => return,
        };
        let made = matches!(
            statement.action,
            Action::Operation(Operation::Socket { .. } | Operation::Accept { .. })
        );
        if made {
            self.name_new(socket, wanted);
        }
    }

    fn name_new(&mut self, socket: &Value, wanted: &[&str]) {
        if let Value::Socket(fd) = socket
            && name_of(&self.variables, *fd).is_none()
        {
            self.variables.insert(fresh_name(&self.variables, wanted), socket.clone());
        }
    }

    /// Every open descriptor can be spoken of: one that lost its name, or never had one, is called by its number.
    fn name_the_nameless(&mut self) {
        let nameless: Vec<Fd> = self
            .descriptors
            .iter()
            .map(|(fd, _)| fd)
            .filter(|fd| name_of(&self.variables, *fd).is_none())
            .collect();
        for fd in nameless {
            self.variables.insert(format!("fd{fd}"), Value::Socket(fd));
        }
    }

    /// The names of open sockets; one socket may have several.
    pub fn sockets(&self) -> Vec<(String, Fd)> {
        let open = |fd: &Fd| self.descriptors.get(*fd).is_some();
        self.variables
            .iter()
            .filter_map(|(name, value)| match value {
                Value::Socket(fd) if open(fd) => Some((name.clone(), *fd)),
                _ => None,
            })
            .collect()
    }

    /// Forgets all names but those of open sockets. The history stays.
    pub fn forget(&mut self) {
        self.variables.retain(|_, value| matches!(value, Value::Socket(fd) if fd.0 >= 0));
    }

    /// Entries from the oldest, as the page shows them.
    pub fn history(&self, around: &RoomSockets) -> Vec<ShownEntry> {
        self.entries.iter().map(|entry| entry.shown(around)).collect()
    }

    /// One entry.
    pub fn shown(&self, id: u32, around: &RoomSockets) -> Option<ShownEntry> {
        self.entries.iter().find(|entry| entry.id == id).map(|entry| entry.shown(around))
    }

    /// Lines for the arrow keys, oldest first.
    pub fn lines(&self) -> Vec<&str> {
        self.entries.iter().map(|entry| entry.line.as_str()).collect()
    }

    /// The calls that make sense now.
    pub fn suggestions(&self) -> Vec<Suggestion> {
        let waiting: Vec<Fd> = self
            .entries
            .iter()
            .filter(|entry| !entry.orphan)
            .filter_map(|entry| entry.waiting()?.call.fd())
            .collect();
        suggestions(&self.descriptors, &self.variables, &self.offer, &waiting)
    }

    /// All calls, for the newest socket.
    pub fn every_call(&self) -> Vec<Suggestion> {
        let newest = self.descriptors.iter().next_back().and_then(|(fd, _)| name_of(&self.variables, fd));
        every_call(newest.as_deref().unwrap_or("s"), &self.offer)
    }

    /// Names and what they hold: name and text.
    #[cfg(test)]
    pub fn names(&self) -> Vec<(String, String)> {
        let text = |value: &Value| match value {
            Value::Str(text) => super::value::str_repr(&crate::visible::excerpt(text, 60)),
            value => crate::visible::excerpt(&value.repr(), 60),
        };
        self.variables.iter().map(|(name, value)| (name.clone(), text(value))).collect()
    }
}

/// What `settimeout` changes, in words.
fn waiting_rule(wait: Wait) -> String {
    match wait {
        Wait::Forever => {
            "No call was made. Later calls on this socket wait for as long as it takes.".to_owned()
        }
        Wait::No => {
            "No call was made. Later calls on this socket do not wait: EAGAIN means \"not now\".".to_owned()
        }
        Wait::Millis(time) => {
            format!(
                "No call was made. Later calls on this socket wait for {} s at most.",
                f64::from(time) / 1000.0
            )
        }
    }
}

fn descriptors_of(operation: &Operation) -> Vec<Fd> {
    match operation {
        Operation::Bind { fd, .. }
        | Operation::Listen { fd, .. }
        | Operation::Accept { fd }
        | Operation::Connect { fd, .. }
        | Operation::Send { fd, .. }
        | Operation::SendAll { fd, .. }
        | Operation::SendTo { fd, .. }
        | Operation::Recv { fd, .. }
        | Operation::RecvFrom { fd, .. }
        | Operation::Shutdown { fd, .. }
        | Operation::Close { fd }
        | Operation::GetSockName { fd }
        | Operation::GetPeerName { fd }
        | Operation::SetSockOpt { fd, .. }
        | Operation::GetSockOpt { fd, .. }
        | Operation::SetTimeout { fd, .. } => vec![*fd],
        Operation::Poll { fds, .. } => fds.iter().map(|(fd, _)| *fd).collect(),
        Operation::Select { read, write, except, .. } => [read.as_slice(), write, except].concat(),
        Operation::Observed { call } => call.fd().into_iter().collect(),
        Operation::Socket { .. }
        | Operation::SocketPair { .. }
        | Operation::GetAddrInfo { .. }
        | Operation::GetHostByName { .. }
        | Operation::Ping { .. } => Vec::new(),
    }
}
