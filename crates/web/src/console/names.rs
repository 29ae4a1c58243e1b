//! The names of Python's `socket` and `select` modules that the prompt knows, with Linux's numbers.

use proto::{
    call::{Family, Flags, How, Kind, OptionName, PollEvents, ResolveError},
    vocabulary::{Level, NOSIGNAL},
};

use super::value::Value;

/// Functions of the `socket` module.
pub const SOCKET_FUNCTIONS: [&str; 4] = ["socket", "socketpair", "getaddrinfo", "gethostbyname"];

/// Functions of the `socket` module that make no call: numbers and addresses in the order of bytes on the wire.
pub const BYTE_ORDER: [&str; 6] = ["htons", "htonl", "ntohs", "ntohl", "inet_aton", "inet_ntoa"];

/// Methods of a socket.
pub const METHODS: [&str; 18] = [
    "accept",
    "bind",
    "close",
    "connect",
    "fileno",
    "getpeername",
    "getsockname",
    "getsockopt",
    "gettimeout",
    "listen",
    "recv",
    "recvfrom",
    "send",
    "sendall",
    "sendto",
    "setblocking",
    "setsockopt",
    "settimeout",
];

/// `shutdown` is a method as well; it stands alone because [`METHODS`] is sorted by what people type first.
pub const SHUTDOWN: &str = "shutdown";

/// Constants of the `socket` module beside the words that the protocol knows.
const NUMBERS: [(&str, i64); 9] = [
    ("SO_DEBUG", 1),
    ("SOL_IP", 0),
    ("IPPROTO_ICMP", 1),
    ("SOL_TCP", 6),
    ("IPPROTO_UDP", 17),
    ("SOMAXCONN", 4096),
    ("INADDR_ANY", 0),
    ("AI_PASSIVE", 1),
    ("AF_UNSPEC", 0),
];

/// Those of [`NUMBERS`] that Python shows with their kind.
const OTHERS: [(&str, &str, i64); 1] = [("SOCK_RAW", "SocketKind", 3)];

/// A family as Python shows it.
pub fn family_value(family: Family) -> Value {
    named("AddressFamily", family.name(), family.number().into())
}

/// A socket type as Python shows it.
pub fn kind_value(kind: Kind) -> Value {
    named("SocketKind", kind.name(), kind.number().into())
}

fn named(of: &str, name: &str, number: i64) -> Value {
    Value::Named(format!("<{of}.{name}: {number}>"), number)
}

/// Every number of the `socket` module by its name.
fn numbers() -> impl Iterator<Item = (&'static str, i64)> {
    let int = |(name, number): (&'static str, i32)| (name, i64::from(number));
    let levels = Level::ALL.iter().map(|level| (level.name(), level.number()));
    let options = OptionName::ALL.iter().map(|option| (option.name(), option.entry().number));
    let flags = Flags::ALL.iter().map(|(_, name, number)| (*name, *number)).chain([NOSIGNAL]);
    let directions = How::ALL.iter().map(|how| (how.name(), how.number()));
    let failures = ResolveError::ALL.iter().map(|error| (error.name(), error.number()));
    let known = levels.chain(options).chain(flags).chain(directions).chain(failures);
    known.map(int).chain(NUMBERS)
}

/// A constant of the `socket` module.
pub fn socket_constant(name: &str) -> Option<Value> {
    let family = || Family::named(name).map(family_value);
    let kind = || Kind::named(name).map(kind_value);
    let other = || {
        OTHERS.iter().find(|(known, ..)| *known == name).map(|&(name, of, number)| named(of, name, number))
    };
    let number = || numbers().find(|(known, _)| *known == name).map(|(_, number)| Value::Int(number));
    family().or_else(kind).or_else(other).or_else(number)
}

/// A constant of the `select` module.
pub fn select_constant(name: &str) -> Option<Value> {
    PollEvents::ALL
        .iter()
        .find(|(_, known, _)| *known == name)
        .map(|(.., number)| Value::Int(i64::from(*number)))
}

/// Every name of the `socket` module, for suggestions after a typo.
pub fn socket_names() -> impl Iterator<Item = &'static str> {
    let families = Family::ALL.iter().map(|family| family.name());
    let kinds = Kind::ALL.iter().map(|kind| kind.name());
    let others = OTHERS.iter().map(|(name, ..)| *name);
    let shown = families.chain(kinds).chain(others);
    SOCKET_FUNCTIONS.into_iter().chain(BYTE_ORDER).chain(shown).chain(numbers().map(|(name, _)| name))
}

#[cfg(test)]
mod tests {
    use proto::call::OptionName;

    use super::{select_constant, socket_constant};
    use crate::console::value::Value;

    #[test]
    fn constants_have_linuxs_numbers() {
        assert_eq!(socket_constant("AF_INET").and_then(|value| value.as_int()), Some(2));
        assert_eq!(socket_constant("MSG_PEEK"), Some(Value::Int(2)));
        assert_eq!(select_constant("POLLIN"), Some(Value::Int(1)));
        assert_eq!(socket_constant("AF_FOO"), None);
    }

    #[test]
    fn every_option_is_a_constant_and_so_is_its_level() {
        for option in OptionName::ALL {
            let entry = option.entry();
            for (name, number) in [(entry.level.name(), entry.level.number()), (entry.name, entry.number)] {
                assert_eq!(socket_constant(name), Some(Value::Int(number.into())), "{name}");
            }
        }
    }
}
