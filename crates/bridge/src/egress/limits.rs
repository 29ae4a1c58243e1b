//! Numbers of the outbound policy. Those of one connection are enforced by whoever moves its bytes, with
//! [`super::Budget::spend`] for the bytes; the others are enforced in here.

use std::time::Duration;

/// Outbound connections of one room at once.
pub const ROOM_AT_ONCE: usize = 4;
/// Outbound connections that one room may start in [`PERIOD`].
pub const ROOM_CONNECTS: usize = 10;
/// Names that one room may look up outside in [`PERIOD`].
pub const ROOM_LOOKUPS: usize = 20;
/// The period of the rates.
pub const PERIOD: Duration = Duration::from_secs(60);
/// Lookups of one room at once.
pub const ROOM_LOOKUPS_AT_ONCE: usize = 4;
/// Outbound connections of the whole server at once.
pub const TOTAL_AT_ONCE: usize = 32;
/// Lookups of the whole server at once.
pub const TOTAL_LOOKUPS: usize = 32;
/// Outbound connections at once of all rooms made from one address (IPv6: one /64), and as many lookups.
pub const ADDRESS_AT_ONCE: usize = 8;
/// Of the totals, what is kept for addresses that have fewer than [`SHARE`].
pub const KEPT_FREE: usize = 8;
/// See [`KEPT_FREE`].
pub const SHARE: usize = 2;

/// Bytes that one connection may bring in.
pub const BYTES_DOWN: u64 = 2 * 1024 * 1024;
/// Bytes that one connection may send out.
pub const BYTES_UP: u64 = 256 * 1024;
/// How long one connection may live.
pub const LIFE: Duration = Duration::from_secs(60);
/// How long one connection may stay silent in both directions.
pub const IDLE: Duration = Duration::from_secs(30);
/// How long a connection may take to come about.
pub const CONNECT: Duration = Duration::from_secs(5);

/// How long a whole lookup may take, all name servers and both families together.
pub const LOOKUP: Duration = Duration::from_secs(3);
/// How long one name server has for its answer.
pub const ATTEMPT: Duration = Duration::from_secs(1);
/// Name servers that are asked in turn, as in resolv.conf(5).
pub const NAME_SERVERS: usize = 3;
/// Addresses in an answer, A and AAAA together.
pub const ADDRESSES: usize = 16;
/// Aliases (CNAME) between a name and its addresses.
pub const ALIASES: usize = 8;
/// Records in a message of a name server, over all its sections.
pub const RECORDS: u16 = 256;

/// How long an answer permits connections.
pub const GRANT: Duration = Duration::from_secs(60);
/// Grants of one room; the oldest goes first.
pub const ROOM_GRANTS: usize = 64;
/// Rooms remembered at once; idle ones are forgotten first, and beyond it lookups are refused.
pub const ROOMS: usize = 2048;

/// The limits with their names, for `/limits` and the page: counts, bytes and seconds.
pub const TABLE: &[(&str, u64)] = &[
    ("outbound-at-once", ROOM_AT_ONCE as u64),
    ("outbound-per-minute", ROOM_CONNECTS as u64),
    ("lookups-per-minute", ROOM_LOOKUPS as u64),
    ("lookups-at-once", ROOM_LOOKUPS_AT_ONCE as u64),
    ("address-outbound", ADDRESS_AT_ONCE as u64),
    ("address-lookups", ADDRESS_AT_ONCE as u64),
    ("outbound-total", TOTAL_AT_ONCE as u64),
    ("lookups-total", TOTAL_LOOKUPS as u64),
    ("outbound-bytes-down", BYTES_DOWN),
    ("outbound-bytes-up", BYTES_UP),
    ("outbound-life-seconds", LIFE.as_secs()),
    ("outbound-idle-seconds", IDLE.as_secs()),
    ("outbound-connect-seconds", CONNECT.as_secs()),
    ("outbound-rooms", ROOMS as u64),
];

/// The refusal of the limit `name` of [`TABLE`].
pub(super) fn reached(name: &'static str) -> proto::call::CallError {
    let value = TABLE.iter().find(|entry| entry.0 == name).map_or(0, |entry| entry.1);
    proto::call::CallError::Limit { limit: name.to_owned(), value }
}
