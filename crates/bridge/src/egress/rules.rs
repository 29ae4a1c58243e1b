//! All rules of the outbound policy, and their sentences.

use super::{
    rule::{
        INVALID_NAME, IPV6_OFF, NAT64_UNKNOWN, NO_GRANT, NON_PUBLIC_ANSWER, NOT_LISTED, OPEN_PORTS, OPERATOR,
        OUTBOUND_OFF, OWN_ADDRESS, OWN_LISTENER, PEER_CHANGED, REFUSED_PORT, RESOLVER, Rule, SELF_CONNECTION,
        SINGLE_LABEL, SPECIAL_NAME, TOO_MANY_ADDRESSES, TOO_MANY_ALIASES,
    },
    table::ranges,
};

/// The rules that are about something other than an address range.
const OTHERS: &[Rule] = &[
    OUTBOUND_OFF,
    NOT_LISTED,
    OPEN_PORTS,
    IPV6_OFF,
    NO_GRANT,
    INVALID_NAME,
    SPECIAL_NAME,
    SINGLE_LABEL,
    REFUSED_PORT,
    NON_PUBLIC_ANSWER,
    TOO_MANY_ADDRESSES,
    TOO_MANY_ALIASES,
    NAT64_UNKNOWN,
    OWN_ADDRESS,
    OWN_LISTENER,
    RESOLVER,
    OPERATOR,
    SELF_CONNECTION,
    PEER_CHANGED,
];

/// All rules; several ranges of addresses may share one.
pub fn all() -> impl Iterator<Item = Rule> {
    OTHERS.iter().copied().chain(ranges().map(|(_, rule)| rule))
}

/// The sentence that goes with a rule's name, if there is such a rule.
pub fn sentence(name: &str) -> Option<&'static str> {
    all().find(|rule| rule.name == name).map(|rule| rule.sentence)
}
