//! The room's own names: what they are, and whether a name may be asked for at all.

use std::net::IpAddr;

use proto::{
    call::{CallError, Family, ResolveError},
    limits,
    rules::PolicyRule,
};

use super::machines::Machines;

/// What the room knows of a name.
#[derive(Debug, PartialEq)]
pub(super) enum NameLookup {
    Address(IpAddr),
    Refused(CallError),
    /// The machine with the ready-made servers, which has to be made first.
    ToCome,
    /// It is not the room's.
    Unknown,
}

/// Looks a name up in the room.
pub(super) fn look_up(name: &str, family: Option<Family>, machines: &Machines) -> NameLookup {
    if let Err(error) = check(name) {
        return NameLookup::Refused(error);
    }
    if machines.names_tutorial_to_come(name) {
        return NameLookup::ToCome;
    }
    let address = name.parse().ok().or_else(|| machines.look_up(name));
    match address {
        Some(address) if is_of(address, family) => NameLookup::Address(address),
        Some(_) => NameLookup::Refused(CallError::Resolve(ResolveError::NoData)),
        None => NameLookup::Unknown,
    }
}

/// A name that may be looked up: not too long, nothing in it that no name has.
fn check(name: &str) -> Result<(), CallError> {
    let shown: String =
        name.chars().take(limits::NAME).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect();
    let fine = !name.is_empty()
        && name.len() <= limits::HOST_NAME
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    if fine { Ok(()) } else { Err(PolicyRule::InvalidName.refuse(shown)) }
}

fn is_of(address: IpAddr, family: Option<Family>) -> bool {
    match family {
        None => true,
        Some(Family::Inet) => address.is_ipv4(),
        Some(Family::Inet6) => address.is_ipv6(),
        Some(Family::Unix) => false,
    }
}
