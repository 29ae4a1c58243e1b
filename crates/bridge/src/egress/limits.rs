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

proto::limits! {
    /// The limits of the way outside.
    OutsideLimit {
        /// Outbound connections of one room at once.
        AtOnce "outbound-at-once" Count = ROOM_AT_ONCE;
        /// Outbound connections that one room may start in a minute.
        PerMinute "outbound-per-minute" Count = ROOM_CONNECTS;
        /// Names that one room may look up outside in a minute.
        LookupsPerMinute "lookups-per-minute" Count = ROOM_LOOKUPS;
        /// Lookups of one room at once.
        LookupsAtOnce "lookups-at-once" Count = ROOM_LOOKUPS_AT_ONCE;
        /// Outbound connections at once of all rooms made from one address (IPv6: one /64).
        Address "address-outbound" Count = ADDRESS_AT_ONCE;
        /// Lookups at once of all rooms made from one address (IPv6: one /64).
        AddressLookups "address-lookups" Count = ADDRESS_AT_ONCE;
        /// Outbound connections of the whole server at once.
        Total "outbound-total" Count = TOTAL_AT_ONCE;
        /// Lookups of the whole server at once.
        LookupsTotal "lookups-total" Count = TOTAL_LOOKUPS;
        /// Bytes that one connection may bring in.
        BytesDown "outbound-bytes-down" Bytes = BYTES_DOWN;
        /// Bytes that one connection may send out.
        BytesUp "outbound-bytes-up" Bytes = BYTES_UP;
        /// How long one connection may live.
        Life "outbound-life-seconds" Seconds = LIFE.as_secs();
        /// How long one connection may stay silent in both directions.
        Idle "outbound-idle-seconds" Seconds = IDLE.as_secs();
        /// How long a connection may take to come about.
        Connect "outbound-connect-seconds" Seconds = CONNECT.as_secs();
        /// Rooms remembered at once for the way outside: beyond it lookups are refused.
        Rooms "outbound-rooms" Count = ROOMS;
    }
}
