//! Why a call did not succeed: the kernel's answer, the resolver's, or one of ours.

use serde::{Deserialize, Serialize};

use crate::errno::Errno;

macro_rules! resolve_errors {
    ($($(#[$doc:meta])* $error:ident = $name:literal $number:literal $message:literal;)*) => {
        /// Why a name could not be resolved, getaddrinfo(3). Kept apart from errno.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum ResolveError { $($(#[$doc])* $error,)* }

        impl ResolveError {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$error,)*];

            /// glibc's name.
            pub fn name(self) -> &'static str {
                match self { $(Self::$error => $name,)* }
            }

            /// glibc's number.
            pub fn number(self) -> i32 {
                match self { $(Self::$error => $number,)* }
            }

            /// glibc's text, gai_strerror(3).
            pub fn message(self) -> &'static str {
                match self { $(Self::$error => $message,)* }
            }
        }
    };
}

resolve_errors! {
    /// The name is not known.
    NoName = "EAI_NONAME" -2 "Name or service not known";
    /// No answer in time; trying again may help.
    Again = "EAI_AGAIN" -3 "Temporary failure in name resolution";
    /// The name server refused.
    Fail = "EAI_FAIL" -4 "Non-recoverable failure in name resolution";
    /// The name exists but has no address of that family.
    NoData = "EAI_NODATA" -5 "No address associated with hostname";
}

/// Why a call did not succeed. Six classes that are never dressed as one another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallError {
    /// The kernel's answer. `taken` are bytes a send had already handed over when it was interrupted.
    Errno {
        /// Linux errno.
        errno: Errno,
        /// Bytes already taken by the kernel.
        taken: u32,
    },
    /// The call's `wait` ran out. The network did not say anything.
    TimedOut {
        /// Bytes already taken by the kernel.
        taken: u32,
    },
    /// The resolver's answer.
    Resolve(ResolveError),
    /// Refused by a rule of ours; the network was not asked.
    Policy {
        /// The rule's name.
        rule: String,
        /// What it was applied to.
        value: String,
    },
    /// A limit of ours was reached; the kernel was not asked.
    Limit {
        /// The limit's name, as in [`limits`](mod@crate::limits).
        limit: String,
        /// Its value.
        value: u64,
    },
    /// The message broke a rule of the protocol, or named something that does not exist.
    Protocol {
        /// The rule.
        rule: String,
    },
}

impl CallError {
    /// The kernel's answer with no bytes taken.
    pub fn errno(errno: Errno) -> Self {
        Self::Errno { errno, taken: 0 }
    }
}
