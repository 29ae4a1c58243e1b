//! Who asked for what and which rule answered: one record a decision, never a payload.

use std::net::IpAddr;

use proto::call::CallError;

/// What was decided about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Looking up a name.
    Resolve,
    /// Dialling an address.
    Connect,
    /// The connection that came about.
    Connected,
}

/// One decision of the policy.
#[derive(Clone, Debug)]
pub struct Decision<'a> {
    /// The room that asked.
    pub room: &'a str,
    /// What was decided about.
    pub step: Step,
    /// The name, as asked or as the grant has it; empty for a bare address.
    pub name: &'a str,
    /// The address, where one is known. Of a refused answer it stands here only, never in what the room is told.
    pub address: Option<IpAddr>,
    /// The port; 0 where none was named.
    pub port: u16,
    /// The rule or limit that refused, or under which it was allowed.
    pub rule: &'a str,
    /// Whether it was allowed.
    pub allowed: bool,
}

impl Decision<'_> {
    /// Writes the record to the log, under the target `egress`.
    pub(super) fn log(&self) {
        let Self { room, step, name, address, port, rule, allowed } = *self;
        let address = address.map(tracing::field::display);
        tracing::info!(target: "egress", room, ?step, name, address, port, rule, allowed);
    }
}

/// The name of what refused, for the record.
pub(super) fn rule_of(error: &CallError) -> String {
    match error {
        CallError::Policy { rule, .. } | CallError::Protocol { rule } => rule.clone(),
        CallError::Limit { limit, .. } => limit.clone(),
        CallError::Errno { errno, .. } => errno.name().to_owned(),
        CallError::Resolve(error) => error.name().to_owned(),
        CallError::TimedOut { .. } => "timed_out".to_owned(),
    }
}
