//! The names that C and JavaScript have for families, types, flags, events, options and roles.

use crate::{
    call::{Family, Flags, How, Kind, OptionName, PollEvents},
    room::Role,
};

/// A role's name in JSON and in JavaScript.
pub fn role_name(role: Role) -> &'static str {
    match role {
        Role::Viewer => "viewer",
        Role::Participant => "participant",
        Role::Owner => "owner",
    }
}

/// The family's name in C.
pub fn family_name(family: Family) -> &'static str {
    match family {
        Family::Inet => "AF_INET",
        Family::Inet6 => "AF_INET6",
    }
}

/// The socket type's name in C.
pub fn kind_name(kind: Kind) -> &'static str {
    match kind {
        Kind::Stream => "SOCK_STREAM",
        Kind::Datagram => "SOCK_DGRAM",
    }
}

/// The direction's name in C.
pub fn how_name(how: How) -> &'static str {
    match how {
        How::Read => "SHUT_RD",
        How::Write => "SHUT_WR",
        How::Both => "SHUT_RDWR",
    }
}

/// The flags' names in C.
pub fn flag_names(flags: Flags) -> Vec<&'static str> {
    Flags::NAMES.into_iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, name)| name).collect()
}

/// The events' names without `POLL`.
pub fn poll_names(events: PollEvents) -> Vec<&'static str> {
    PollEvents::NAMES.into_iter().filter(|(event, _)| events.contains(*event)).map(|(_, name)| name).collect()
}

/// The option's name in C.
pub fn option_name(name: OptionName) -> &'static str {
    match name {
        OptionName::ReuseAddr => "SO_REUSEADDR",
        OptionName::ReusePort => "SO_REUSEPORT",
        OptionName::KeepAlive => "SO_KEEPALIVE",
        OptionName::Broadcast => "SO_BROADCAST",
        OptionName::Linger => "SO_LINGER",
        OptionName::RcvBuf => "SO_RCVBUF",
        OptionName::SndBuf => "SO_SNDBUF",
        OptionName::Error => "SO_ERROR",
        OptionName::Type => "SO_TYPE",
        OptionName::AcceptConn => "SO_ACCEPTCONN",
        OptionName::OobInline => "SO_OOBINLINE",
        OptionName::NoDelay => "TCP_NODELAY",
        OptionName::QuickAck => "TCP_QUICKACK",
        OptionName::Cork => "TCP_CORK",
        OptionName::V6Only => "IPV6_V6ONLY",
        OptionName::UserTimeout => "TCP_USER_TIMEOUT",
        OptionName::KeepIdle => "TCP_KEEPIDLE",
        OptionName::KeepIntvl => "TCP_KEEPINTVL",
        OptionName::KeepCnt => "TCP_KEEPCNT",
        OptionName::Ttl => "IP_TTL",
    }
}
