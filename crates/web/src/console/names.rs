//! The names of Python's `socket` and `select` modules that the prompt knows, with Linux's numbers.

use proto::call::{Flags, How, OptionName, PollEvents};

use super::value::Value;

/// Functions of the `socket` module.
pub const SOCKET_FUNCTIONS: [&str; 3] = ["socket", "getaddrinfo", "gethostbyname"];

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

const NUMBERS: [(&str, i64); 46] = [
    ("SHUT_RD", 0),
    ("SHUT_WR", 1),
    ("SHUT_RDWR", 2),
    ("SOL_SOCKET", 1),
    ("SO_DEBUG", 1),
    ("SO_REUSEADDR", 2),
    ("SO_TYPE", 3),
    ("SO_ERROR", 4),
    ("SO_BROADCAST", 6),
    ("SO_SNDBUF", 7),
    ("SO_RCVBUF", 8),
    ("SO_KEEPALIVE", 9),
    ("SO_OOBINLINE", 10),
    ("SO_LINGER", 13),
    ("SO_REUSEPORT", 15),
    ("SO_ACCEPTCONN", 30),
    ("SOL_IP", 0),
    ("IPPROTO_IP", 0),
    ("IPPROTO_ICMP", 1),
    ("SOL_TCP", 6),
    ("IPPROTO_TCP", 6),
    ("IPPROTO_UDP", 17),
    ("IPPROTO_IPV6", 41),
    ("IP_TTL", 2),
    ("IPV6_V6ONLY", 26),
    ("TCP_NODELAY", 1),
    ("TCP_CORK", 3),
    ("TCP_KEEPIDLE", 4),
    ("TCP_KEEPINTVL", 5),
    ("TCP_KEEPCNT", 6),
    ("TCP_QUICKACK", 12),
    ("TCP_USER_TIMEOUT", 18),
    ("MSG_OOB", 0x1),
    ("MSG_PEEK", 0x2),
    ("MSG_DONTWAIT", 0x40),
    ("MSG_WAITALL", 0x100),
    ("MSG_NOSIGNAL", 0x4000),
    ("MSG_MORE", 0x8000),
    ("SOMAXCONN", 4096),
    ("INADDR_ANY", 0),
    ("EAI_NONAME", -2),
    ("EAI_AGAIN", -3),
    ("EAI_FAIL", -4),
    ("EAI_NODATA", -5),
    ("AI_PASSIVE", 1),
    ("AF_UNSPEC", 0),
];

const FAMILIES: [(&str, i64); 3] = [("AF_UNIX", 1), ("AF_INET", 2), ("AF_INET6", 10)];
const KINDS: [(&str, i64); 3] = [("SOCK_STREAM", 1), ("SOCK_DGRAM", 2), ("SOCK_RAW", 3)];

fn find(table: &[(&str, i64)], name: &str) -> Option<i64> {
    table.iter().find(|(known, _)| *known == name).map(|(_, number)| *number)
}

/// A constant of the `socket` module.
pub fn socket_constant(name: &str) -> Option<Value> {
    if let Some(number) = find(&FAMILIES, name) {
        return Some(Value::Named(format!("<AddressFamily.{name}: {number}>"), number));
    }
    if let Some(number) = find(&KINDS, name) {
        return Some(Value::Named(format!("<SocketKind.{name}: {number}>"), number));
    }
    find(&NUMBERS, name).map(Value::Int)
}

/// A constant of the `select` module.
pub fn select_constant(name: &str) -> Option<Value> {
    let event = name.strip_prefix("POLL")?;
    PollEvents::NAMES.iter().find(|(_, known)| *known == event).map(|(bits, _)| Value::Int(i64::from(bits.0)))
}

/// Every name of the `socket` module, for suggestions after a typo.
pub fn socket_names() -> impl Iterator<Item = &'static str> {
    SOCKET_FUNCTIONS
        .into_iter()
        .chain(BYTE_ORDER)
        .chain(FAMILIES.iter().map(|(name, _)| *name))
        .chain(KINDS.iter().map(|(name, _)| *name))
        .chain(NUMBERS.iter().map(|(name, _)| *name))
}

const FLAGS: [(i64, Flags); 5] = [
    (0x1, Flags::OOB),
    (0x2, Flags::PEEK),
    (0x40, Flags::DONTWAIT),
    (0x100, Flags::WAITALL),
    (0x8000, Flags::MORE),
];

/// MSG_NOSIGNAL, which every send has anyway.
const NOSIGNAL: i64 = 0x4000;

/// The flags of send(2) and recv(2) in a Linux number; none if a bit is not on the list.
pub fn flags(number: i64) -> Option<Flags> {
    let known = FLAGS.iter().fold(NOSIGNAL, |bits, (bit, _)| bits | bit);
    if number & !known != 0 {
        return None;
    }
    let set = FLAGS.iter().filter(|(bit, _)| number & bit != 0);
    Some(set.fold(Flags::default(), |flags, (_, flag)| flags.with(*flag)))
}

/// The directions of shutdown(2).
pub fn how(number: i64) -> Option<How> {
    [How::Read, How::Write, How::Both].into_iter().nth(usize::try_from(number).ok()?)
}

/// How Python spells a [`How`].
pub fn how_name(how: How) -> &'static str {
    match how {
        How::Read => "SHUT_RD",
        How::Write => "SHUT_WR",
        How::Both => "SHUT_RDWR",
    }
}

/// Every socket option of the allow-list: level and name as C and Python spell them, and Linux's numbers.
pub const OPTIONS: [(OptionName, &str, &str, i64, i64); 20] = [
    (OptionName::ReuseAddr, "SOL_SOCKET", "SO_REUSEADDR", 1, 2),
    (OptionName::ReusePort, "SOL_SOCKET", "SO_REUSEPORT", 1, 15),
    (OptionName::KeepAlive, "SOL_SOCKET", "SO_KEEPALIVE", 1, 9),
    (OptionName::Broadcast, "SOL_SOCKET", "SO_BROADCAST", 1, 6),
    (OptionName::Linger, "SOL_SOCKET", "SO_LINGER", 1, 13),
    (OptionName::RcvBuf, "SOL_SOCKET", "SO_RCVBUF", 1, 8),
    (OptionName::SndBuf, "SOL_SOCKET", "SO_SNDBUF", 1, 7),
    (OptionName::Error, "SOL_SOCKET", "SO_ERROR", 1, 4),
    (OptionName::Type, "SOL_SOCKET", "SO_TYPE", 1, 3),
    (OptionName::AcceptConn, "SOL_SOCKET", "SO_ACCEPTCONN", 1, 30),
    (OptionName::OobInline, "SOL_SOCKET", "SO_OOBINLINE", 1, 10),
    (OptionName::NoDelay, "IPPROTO_TCP", "TCP_NODELAY", 6, 1),
    (OptionName::QuickAck, "IPPROTO_TCP", "TCP_QUICKACK", 6, 12),
    (OptionName::Cork, "IPPROTO_TCP", "TCP_CORK", 6, 3),
    (OptionName::UserTimeout, "IPPROTO_TCP", "TCP_USER_TIMEOUT", 6, 18),
    (OptionName::KeepIdle, "IPPROTO_TCP", "TCP_KEEPIDLE", 6, 4),
    (OptionName::KeepIntvl, "IPPROTO_TCP", "TCP_KEEPINTVL", 6, 5),
    (OptionName::KeepCnt, "IPPROTO_TCP", "TCP_KEEPCNT", 6, 6),
    (OptionName::Ttl, "IPPROTO_IP", "IP_TTL", 0, 2),
    (OptionName::V6Only, "IPPROTO_IPV6", "IPV6_V6ONLY", 41, 26),
];

/// The option with these numbers.
pub fn option(level: i64, number: i64) -> Option<OptionName> {
    OPTIONS.iter().find(|entry| entry.3 == level && entry.4 == number).map(|entry| entry.0)
}

/// How C and Python spell an option: level and name.
pub fn option_names(option: OptionName) -> (&'static str, &'static str) {
    OPTIONS.iter().find(|entry| entry.0 == option).map_or(("SOL_SOCKET", "SO_?"), |entry| (entry.1, entry.2))
}

/// Whether an option's value is a switch.
pub fn is_switch(option: OptionName) -> bool {
    matches!(
        option,
        OptionName::ReuseAddr
            | OptionName::ReusePort
            | OptionName::KeepAlive
            | OptionName::Broadcast
            | OptionName::OobInline
            | OptionName::NoDelay
            | OptionName::QuickAck
            | OptionName::Cork
            | OptionName::AcceptConn
            | OptionName::V6Only
    )
}

#[cfg(test)]
mod tests {
    use proto::call::{Flags, OptionName};

    use super::{OPTIONS, flags, option, option_names, select_constant, socket_constant};
    use crate::console::value::Value;

    #[test]
    fn constants_have_linuxs_numbers() {
        assert_eq!(socket_constant("AF_INET").and_then(|value| value.as_int()), Some(2));
        assert_eq!(socket_constant("MSG_PEEK"), Some(Value::Int(2)));
        assert_eq!(select_constant("POLLIN"), Some(Value::Int(1)));
        assert_eq!(socket_constant("AF_FOO"), None);
    }

    #[test]
    fn every_option_is_found_by_its_numbers_and_its_names_are_constants() {
        for (name, level, option_name, level_number, number) in OPTIONS {
            assert_eq!(option(level_number, number), Some(name));
            assert_eq!(option_names(name), (level, option_name));
            assert_eq!(socket_constant(level), Some(Value::Int(level_number)), "{level}");
            assert_eq!(socket_constant(option_name), Some(Value::Int(number)), "{option_name}");
        }
        assert_eq!(option(1, 9999), None);
        assert_eq!(option(6, 1), Some(OptionName::NoDelay));
    }

    #[test]
    fn unknown_flag_bits_are_refused() {
        assert_eq!(flags(0x2 | 0x40), Some(Flags::PEEK.with(Flags::DONTWAIT)));
        assert_eq!(flags(0x4000), Some(Flags::default()));
        assert_eq!(flags(0x10), None);
        assert_eq!(flags(-1), None);
    }
}
