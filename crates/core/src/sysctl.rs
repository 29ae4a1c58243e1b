//! The kernel settings of a machine that people may change.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

/// Kernel settings a visitor may change on a machine, ip-sysctl.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Sysctl {
    /// `tcp_syn_retries`, 1 to 127.
    SynRetries,
    /// `tcp_abort_on_overflow`, 0 or 1.
    AbortOnOverflow,
    /// `tcp_syncookies`, 0 to 2.
    SynCookies,
}

impl Sysctl {
    /// Each with the value a machine begins with, which is the kernel's own, and its range.
    pub const ALL: [(Self, u32, RangeInclusive<u32>); 3] =
        [(Self::SynRetries, 6, 1..=127), (Self::AbortOnOverflow, 0, 0..=1), (Self::SynCookies, 1, 0..=2)];

    /// Its name under `net.ipv4`.
    pub fn name(self) -> &'static str {
        match self {
            Self::SynRetries => "tcp_syn_retries",
            Self::AbortOnOverflow => "tcp_abort_on_overflow",
            Self::SynCookies => "tcp_syncookies",
        }
    }

    /// The values it can have.
    pub fn range(self) -> RangeInclusive<u32> {
        Self::ALL.into_iter().find(|(name, ..)| *name == self).map_or(0..=0, |(_, _, range)| range)
    }
}
