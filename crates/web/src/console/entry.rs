//! A line of the history: what was typed, the calls it made, and how it ended.

use proto::{
    call::{Call, CallError, Kind, Outcome, Wait},
    id::Fd,
};
use serde::{Deserialize, Serialize};
use tsify::Tsify;

use super::{
    cards::{FailureCard, error_card, fault_card},
    code::{Context, Forms, forms, line},
    evaluate::Variables,
    fault::Fault,
    operation::{Operation, Printed, Statement},
    plan::Plan,
    remedy::FailureContext,
    render::{bytes, outcome_text, returned, waits_for},
    room_sockets::RoomSockets,
    state::Descriptor,
    value::{Value, bytes_repr},
};
use crate::dump::dump;

/// Bytes of a payload or of received data that an entry keeps.
pub const KEPT: usize = 4096;
/// Longest text of a value, in characters.
const TEXT: usize = 4096;

/// A line of the history.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number, unique within the console.
    pub id: u32,
    /// The line as typed.
    pub line: String,
    /// Who made it, where that was somebody else.
    pub by: Option<String>,
    /// The call's number in the trace, where it was observed there.
    pub heard: Option<u64>,
    /// Names and sockets as they were, so that the forms keep their names: only those its calls need.
    pub variables: Variables,
    /// What the line means; none where it means nothing.
    pub statement: Option<Statement>,
    /// The operation under way.
    pub plan: Option<Plan>,
    /// Its calls so far.
    pub steps: Vec<Step>,
    /// How it ended; none while it waits.
    pub end: Option<End>,
    /// It made the console's first socket.
    pub first: bool,
    /// A remark that only the console could know, instead of the usual one.
    pub remark: Option<String>,
    /// The descriptor of its last call, as it was when that ended.
    pub descriptor: Option<Descriptor>,
    /// Why it failed, as it was when it failed: what is so later explains nothing.
    pub card: Option<FailureCard>,
    /// Its descriptor was closed while it waited: the number may stand for another socket by now.
    pub orphan: bool,
}

/// One call of an entry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The call.
    pub call: Call,
    /// How long it may wait.
    pub wait: Wait,
    /// TCP or UDP, for the words.
    pub kind: Kind,
    /// The first bytes sent or received, at most [`KEPT`].
    pub data: Vec<u8>,
    /// How it ended; none while it waits.
    pub outcome: Option<Outcome>,
}

/// How a line ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum End {
    /// With a value.
    Value {
        /// Its `repr`, or its text where it was printed; shortened where it is long.
        text: String,
        /// Whether there is anything to show: `None` is not shown.
        shown: bool,
    },
    /// Before, or after, any call.
    Fault(Fault),
    /// With the failure of its last call.
    Failed,
    /// With a remark of ours.
    Note(String),
    /// The page was away when it ended.
    Lost,
}

/// An entry as the page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct ShownEntry {
    /// The entry's number.
    pub id: u32,
    /// The line.
    pub line: String,
    /// Who made it, where that was somebody else.
    pub by: String,
    /// `waiting`, `done`, `failed` or `note`.
    #[tsify(type = "\"waiting\" | \"done\" | \"failed\" | \"note\"")]
    pub state: &'static str,
    /// The calls, where the line made more than the one it names.
    pub steps: Vec<ShownStep>,
    /// What it waits for.
    pub waiting: Option<ShownWait>,
    /// What came back, in mono.
    pub result: String,
    /// A remark in prose.
    pub note: String,
    /// The whole value as Python shows it, where `result` is only the gist.
    pub value: String,
    /// Bytes received.
    pub bytes: Option<ShownBytes>,
    /// Why it failed.
    pub error: Option<FailureCard>,
    /// Where in the line the fault is, in Unicode scalar values.
    pub column: Option<usize>,
    /// The same in three languages, a call each.
    pub forms: Vec<Forms>,
}

/// A call of an entry as the page shows it.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct ShownStep {
    /// The call as the prompt would spell it.
    pub text: String,
    /// Its end in a few words; empty while it waits.
    pub result: String,
    /// Whether it failed.
    pub failed: bool,
}

/// What a waiting entry waits for.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct ShownWait {
    /// `accept()`
    pub call: String,
    /// `It returns when somebody connects.`
    pub sentence: String,
}

/// Received bytes.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub struct ShownBytes {
    /// As Python shows them.
    pub repr: String,
    /// As a dump.
    pub hex: String,
    /// How many there were.
    pub length: u32,
    /// How many are shown.
    pub kept: usize,
}

impl Entry {
    /// A line that has not been looked at.
    pub fn new(id: u32, line: String) -> Self {
        Self {
            id,
            line,
            by: None,
            heard: None,
            variables: Variables::new(),
            statement: None,
            plan: None,
            steps: Vec::new(),
            end: None,
            first: false,
            remark: None,
            descriptor: None,
            card: None,
            orphan: false,
        }
    }

    /// The call that waits.
    pub fn waiting(&self) -> Option<&Step> {
        self.steps.last().filter(|step| step.outcome.is_none() && self.end.is_none())
    }

    fn operation(&self) -> Option<&Operation> {
        self.plan.as_ref().map(Plan::operation)
    }

    /// The failure of the last call.
    fn failure(&self) -> Option<(&Step, &CallError)> {
        self.steps.last().and_then(|step| step.outcome.as_ref()?.as_ref().err().map(|error| (step, error)))
    }

    /// As the page shows it now.
    pub fn shown(&self, around: &RoomSockets) -> ShownEntry {
        let mut shown = ShownEntry {
            id: self.id,
            line: crate::visible::visible(&self.line),
            by: self.by.as_deref().map_or(String::new(), |by| crate::visible::excerpt(by, 40)),
            state: self.state(),
            steps: self.shown_steps(),
            waiting: self.waiting().map(|step| ShownWait {
                call: format!("{}()", step.call.name()),
                sentence: if self.orphan {
                    "Its descriptor was closed; the socket itself goes when this call returns.".to_owned()
                } else {
                    waits_for(&step.call, around)
                },
            }),
            result: String::new(),
            note: String::new(),
            value: String::new(),
            bytes: None,
            error: None,
            column: None,
            forms: self.steps.iter().map(|step| forms(&step.call, &self.context(step))).collect(),
        };
        self.show_end(&mut shown, around);
        if let Some(remark) = &self.remark {
            shown.note.clone_from(remark);
        }
        shown
    }

    fn state(&self) -> &'static str {
        match self.end {
            None => "waiting",
            Some(End::Value { .. }) => "done",
            Some(End::Fault(_) | End::Failed) => "failed",
            Some(End::Note(_) | End::Lost) => "note",
        }
    }

    /// One call that is the line itself needs no list.
    fn shown_steps(&self) -> Vec<ShownStep> {
        let named = self.operation().map_or("", Operation::name);
        if let [only] = self.steps.as_slice()
            && (only.call.name() == named || matches!(only.call, Call::Resolve { .. }) && self.end.is_some())
        {
            return Vec::new();
        }
        // The last step's end is the line's own, and stands below.
        let last = if self.end.is_some() { self.steps.len().saturating_sub(1) } else { usize::MAX };
        let shown = |(at, step): (usize, &Step)| {
            let text = line(&step.call, &self.context(step));
            let outcome = step.outcome.as_ref().filter(|_| at != last);
            ShownStep {
                text: text.strip_prefix("socket.").unwrap_or(&text).to_owned(),
                result: outcome.map_or(String::new(), |outcome| outcome_text(&step.call, outcome)),
                failed: matches!(step.outcome, Some(Err(_))),
            }
        };
        self.steps.iter().enumerate().map(shown).collect()
    }

    fn context<'a>(&'a self, step: &'a Step) -> Context<'a> {
        let targets: &[String] =
            match (&self.statement, step.call.name() == self.operation().map_or("", Operation::name)) {
                (Some(statement), true) => &statement.targets,
                _ => &[],
            };
        let payload: &[u8] = if step.call.payload_length() > 0 { &step.data } else { &[] };
        Context { variables: &self.variables, payload, targets, wait: step.wait }
    }

    fn show_end(&self, shown: &mut ShownEntry, around: &RoomSockets) {
        match &self.end {
            None => {}
            Some(End::Note(note)) => shown.note = note.clone(),
            Some(End::Lost) => {
                shown.note = "This call ended while the page was away. The wire shows how.".to_owned();
            }
            Some(End::Fault(fault)) => {
                shown.error = Some(fault_card(fault));
                shown.column = (!self.steps_made()).then_some(fault.column);
                if self.steps_made() {
                    if let Some(error) = &mut shown.error {
                        error.sentence = "The call itself succeeded.".to_owned();
                    }
                    self.show_bytes(shown);
                }
            }
            Some(End::Failed) => {
                shown.error = self.card.clone().or_else(|| self.explained(around));
            }
            Some(End::Value { text, shown: visible }) => self.show_value(shown, text, *visible),
        }
    }

    /// Why it failed, by what is known now.
    fn explained(&self, around: &RoomSockets) -> Option<FailureCard> {
        let known = FailureContext { around, descriptor: self.descriptor.as_ref() };
        self.failure().map(|(step, error)| error_card(&step.call, error, known))
    }

    /// Keeps the reason of its failure as it is known now.
    pub fn explain(&mut self, around: &RoomSockets) {
        if self.end == Some(End::Failed) && self.card.is_none() {
            self.card = self.explained(around);
        }
    }

    fn steps_made(&self) -> bool {
        !self.steps.is_empty()
    }

    fn show_value(&self, shown: &mut ShownEntry, text: &str, visible: bool) {
        let last = self.steps.last().and_then(|step| Some((step, step.outcome.as_ref()?.as_ref().ok()?)));
        let Some((step, value)) = last else {
            if visible {
                shown.result = text.to_owned();
            }
            return;
        };
        let (result, note) = returned(&step.call, value, step.kind);
        (shown.result, shown.note) = (result, note);
        // What was asked for is a part of the value, or what print writes.
        if visible
            && self.statement.as_ref().is_some_and(|line| line.print.is_some() || !line.then.is_empty())
        {
            shown.result = text.to_owned();
            if value.payload_length() > 0 {
                self.show_bytes(shown);
            }
            return;
        }
        if self.first {
            shown.note = "The descriptor: this program's number for the socket.".to_owned();
        }
        match (self.operation(), &step.call) {
            (_, Call::Recv { .. } | Call::RecvFrom { .. }) => {
                if value.payload_length() == 0 && self.descriptor.as_ref().is_some_and(|own| own.read_shut) {
                    shown.note = "Empty: this program has shut the reading half of this socket down itself."
                        .to_owned();
                }
                shown.result = text.to_owned();
                self.show_bytes(shown);
            }
            (Some(Operation::SendAll { bytes: all, .. }), _) => {
                let count = u32::try_from(all.len()).unwrap_or(u32::MAX);
                shown.result = format!("{} sent", bytes(count));
                shown.note =
                    "They are in this kernel's hands. That does not mean that anybody has read them."
                        .to_owned();
            }
            (Some(Operation::Select { .. }), _) => {
                shown.note = std::mem::replace(&mut shown.result, text.to_owned());
            }
            (
                _,
                Call::Resolve { .. }
                | Call::GetSockName { .. }
                | Call::GetPeerName { .. }
                | Call::Poll { .. },
            ) => {
                shown.value = text.to_owned();
            }
            (_, Call::GetSockOpt { .. }) => shown.result = text.to_owned(),
            _ => {}
        }
    }

    fn show_bytes(&self, shown: &mut ShownEntry) {
        let Some(step) = self.steps.last() else { return };
        let Some(Ok(value)) = &step.outcome else { return };
        let length = value.payload_length();
        if length > 0 {
            shown.bytes = Some(ShownBytes {
                repr: bytes_repr(&step.data),
                hex: dump(&step.data, 0, usize::MAX).trim_end_matches('\n').to_owned(),
                length,
                kept: step.data.len(),
            });
        }
    }
}

/// A value's text for the history: what `print` writes, or what a prompt echoes.
pub fn text_of(value: &Value, print: Option<&Printed>) -> End {
    if let Some(Printed { before, after }) = print
        && !(before.is_empty() && after.is_empty())
    {
        let words: Vec<String> = before.iter().chain([value]).chain(after).map(Value::printed).collect();
        return End::Value { text: crate::visible::excerpt(&words.join(" "), TEXT), shown: true };
    }
    let text = match value {
        Value::Str(_) | Value::Named(..) if print.is_some() => {
            crate::visible::excerpt(&value.printed(), TEXT)
        }
        Value::Bytes(bytes) => {
            let kept = &bytes[..bytes.len().min(KEPT)];
            let more = if kept.len() < bytes.len() { "\u{2026}" } else { "" };
            format!("{}{more}", bytes_repr(kept))
        }
        value => crate::visible::excerpt(&value.repr(), TEXT),
    };
    End::Value { text, shown: print.is_some() || *value != Value::None }
}

/// Only those names that a call's descriptors have.
pub fn relevant(variables: &Variables, fds: &[Fd]) -> Variables {
    let named = |value: &Value| matches!(value, Value::Socket(fd) if fds.contains(fd));
    variables
        .iter()
        .filter(|(_, value)| named(value))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}
