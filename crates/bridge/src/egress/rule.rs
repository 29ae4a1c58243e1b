//! The rules of the outbound policy by name: what a refusal and a decision record say.
//!
//! A name is part of the interface: the page looks up the sentence by it, tests and logs match on it.

use proto::{call::CallError, rules::PolicyRule};

/// A rule that refuses something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its name, in snake case.
    pub name: &'static str,
    /// One sentence for a learner.
    pub sentence: &'static str,
}

impl Rule {
    /// Makes a rule.
    pub(super) const fn new(name: &'static str, sentence: &'static str) -> Self {
        Self { name, sentence }
    }

    /// The refusal as a program sees it: this rule, applied to `value`.
    pub(super) fn refuse(self, value: impl std::fmt::Display) -> CallError {
        CallError::Policy { rule: self.name.to_owned(), value: bounded(&value.to_string()) }
    }
}

/// A stranger wrote the value: what is shown and logged of it has the length of the longest valid name.
pub(super) fn bounded(value: &str) -> String {
    value.chars().take(proto::limits::HOST_NAME).collect()
}

pub(super) const OUTBOUND_OFF: Rule =
    Rule::new("outbound_off", "This lab does not connect to anything outside its rooms.");
pub(super) const NOT_LISTED: Rule =
    Rule::new("not_listed", "Only the names and ports that this lab's operator listed can be reached.");
pub(super) const OPEN_PORTS: Rule = Rule::new("open_ports", "Outside, only ports 80 and 443 can be reached.");
pub(super) const IPV6_OFF: Rule =
    Rule::new("ipv6_off", "Outside, this lab connects by IPv4 only: its machines have no IPv6.");
pub(super) const NO_GRANT: Rule = Rule::new(
    "no_grant",
    "An outside address can be reached only shortly after its name was resolved in this room, on that name's ports.",
);
/// The same rule as a room's own.
pub(super) const INVALID_NAME: Rule =
    Rule::new(PolicyRule::InvalidName.name(), PolicyRule::InvalidName.sentence());
pub(super) const SPECIAL_NAME: Rule =
    Rule::new("special_name", "Names like this never lead to a public machine, so nobody was asked.");
pub(super) const SINGLE_LABEL: Rule =
    Rule::new("single_label_name", "A name without a dot means something only inside a network.");
pub(super) const REFUSED_PORT: Rule =
    Rule::new("refused_port", "This port belongs to a service that a lab has no business with.");
pub(super) const NON_PUBLIC_ANSWER: Rule =
    Rule::new("non_public_answer", "This name leads to a machine that is not on the public internet.");
pub(super) const TOO_MANY_ADDRESSES: Rule =
    Rule::new("too_many_addresses", "This name has more addresses than this lab will look at.");
pub(super) const TOO_MANY_ALIASES: Rule =
    Rule::new("too_many_aliases", "This name is an alias of an alias, too many times over.");
pub(super) const NAT64_UNKNOWN: Rule = Rule::new(
    "nat64_unknown",
    "This lab does not know yet how its own network translates IPv6, so it uses only IPv4.",
);
pub(super) const OWN_ADDRESS: Rule =
    Rule::new("own_address", "This is an address of the lab's own computer.");
pub(super) const OWN_LISTENER: Rule = Rule::new("own_listener", "This is the lab itself.");
pub(super) const RESOLVER: Rule = Rule::new("resolver", "This is the name server that this lab asks.");
pub(super) const OPERATOR: Rule = Rule::new("operator_refused", "This lab's operator refuses this address.");
pub(super) const SELF_CONNECTION: Rule = Rule::new(
    "self_connection",
    "The kernel picked the very port it was connecting to: the socket met itself.",
);
pub(super) const PEER_CHANGED: Rule =
    Rule::new("peer_changed", "The connection did not lead to the address that was asked for.");
