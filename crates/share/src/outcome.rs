//! How calls ended.

use std::net::IpAddr;

use proto::{
    address::Address,
    call::{CallError, Outcome, Passed, ResolveError, Value},
    errno::Errno,
    id::{CallRef, Fd, SocketId},
    trace::CallEnd,
};
use serde::{Deserialize, Serialize};

use crate::{
    call::{Bytes, Polled, Setting, events_of, fds_of, polled, told},
    words,
};

/// A descriptor that came along with a message; an epoll has no family and no type.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Came {
    fd: i32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r#type: Option<String>,
}

impl Came {
    fn of(passed: &Passed) -> Self {
        let word = |name: &str| name.to_owned();
        Self {
            fd: passed.fd.0,
            family: passed.socket.map(|(family, _)| word(family.name())),
            r#type: passed.socket.map(|(_, kind)| word(kind.name())),
        }
    }

    fn passed(&self) -> Option<Passed> {
        let socket = match (&self.family, &self.r#type) {
            (Some(family), Some(kind)) => Some((words::family_of(family)?, words::kind_of(kind)?)),
            _ => None,
        };
        Some(Passed { fd: Fd(self.fd), socket })
    }
}

/// What a call returned.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub(crate) enum Returned {
    Done,
    Descriptor {
        fd: i32,
    },
    Accepted {
        fd: i32,
        peer: Address,
    },
    Sent {
        bytes: u32,
    },
    Received {
        bytes: u32,
    },
    ReceivedFrom {
        bytes: u32,
        from: Option<Address>,
    },
    Address {
        address: Address,
    },
    Option {
        value: Setting,
    },
    Ready {
        fds: Vec<Polled>,
    },
    Addresses {
        addresses: Vec<IpAddr>,
        from_room: bool,
    },
    Pinged {
        address: IpAddr,
        round_trips: Vec<Option<u64>>,
        sent: bool,
    },
    Pair {
        fds: (i32, i32),
    },
    Interfaces {
        interfaces: Vec<(u32, String)>,
    },
    Events {
        fds: Vec<Polled>,
    },
    ReceivedMsg {
        bytes: u32,
        from: Option<Address>,
        cut: bool,
        control_cut: bool,
        passed: Vec<Came>,
    },
    Errno {
        errno: i32,
        taken: u32,
    },
    TimedOut {
        taken: u32,
    },
    NotResolved {
        error: String,
    },
    Policy {
        rule: String,
        value: String,
    },
    Limit {
        limit: String,
        value: u64,
    },
    Protocol {
        rule: String,
    },
    #[serde(other)]
    Unknown,
}

impl Returned {
    fn of(outcome: &Outcome) -> Self {
        match outcome {
            Ok(value) => Self::of_value(value),
            Err(error) => Self::of_error(error),
        }
    }

    fn of_value(value: &Value) -> Self {
        match value {
            Value::Done => Self::Done,
            Value::Descriptor(fd) => Self::Descriptor { fd: fd.0 },
            Value::Accepted { fd, peer } => Self::Accepted { fd: fd.0, peer: *peer },
            Value::Sent(bytes) => Self::Sent { bytes: *bytes },
            Value::Received { length } => Self::Received { bytes: *length },
            Value::ReceivedFrom { length, from } => Self::ReceivedFrom { bytes: *length, from: *from },
            Value::Address(address) => Self::Address { address: *address },
            Value::Option(value) => Self::Option { value: Setting::of(value) },
            Value::Ready(fds) => Self::Ready { fds: polled(fds) },
            Value::Addresses { addresses, from_room } => {
                Self::Addresses { addresses: addresses.clone(), from_room: *from_room }
            }
            Value::Pinged { address, round_trips, sent } => {
                Self::Pinged { address: *address, round_trips: round_trips.clone(), sent: *sent }
            }
            Value::Pair(one, other) => Self::Pair { fds: (one.0, other.0) },
            Value::Interfaces(interfaces) => Self::Interfaces { interfaces: interfaces.clone() },
            Value::ReceivedMsg { length, from, cut, control_cut, passed } => Self::ReceivedMsg {
                bytes: *length,
                from: *from,
                cut: *cut,
                control_cut: *control_cut,
                passed: passed.iter().map(Came::of).collect(),
            },
            Value::Events(events) => Self::Events { fds: told(events) },
        }
    }

    fn of_error(error: &CallError) -> Self {
        match error {
            CallError::Errno { errno, taken } => Self::Errno { errno: errno.0, taken: *taken },
            CallError::TimedOut { taken } => Self::TimedOut { taken: *taken },
            CallError::Resolve(error) => Self::NotResolved { error: error.name().to_owned() },
            CallError::Policy { rule, value } => Self::Policy { rule: rule.clone(), value: value.clone() },
            CallError::Limit { limit, value } => Self::Limit { limit: limit.clone(), value: *value },
            CallError::Protocol { rule } => Self::Protocol { rule: rule.clone() },
        }
    }

    fn outcome(self) -> Option<Outcome> {
        Some(match self {
            Self::Done => Ok(Value::Done),
            Self::Descriptor { fd } => Ok(Value::Descriptor(Fd(fd))),
            Self::Accepted { fd, peer } => Ok(Value::Accepted { fd: Fd(fd), peer }),
            Self::Sent { bytes } => Ok(Value::Sent(bytes)),
            Self::Received { bytes } => Ok(Value::Received { length: bytes }),
            Self::ReceivedFrom { bytes, from } => Ok(Value::ReceivedFrom { length: bytes, from }),
            Self::Address { address } => Ok(Value::Address(address)),
            Self::Option { value } => Ok(Value::Option(value.value()?)),
            Self::Ready { fds } => Ok(Value::Ready(fds_of(&fds)?)),
            Self::Addresses { addresses, from_room } => Ok(Value::Addresses { addresses, from_room }),
            Self::Pinged { address, round_trips, sent } => Ok(Value::Pinged { address, round_trips, sent }),
            Self::Pair { fds: (one, other) } => Ok(Value::Pair(Fd(one), Fd(other))),
            Self::Interfaces { interfaces } => Ok(Value::Interfaces(interfaces)),
            Self::ReceivedMsg { bytes, from, cut, control_cut, passed } => {
                let passed = passed.iter().map(Came::passed).collect::<Option<_>>()?;
                Ok(Value::ReceivedMsg { length: bytes, from, cut, control_cut, passed })
            }
            Self::Events { fds } => Ok(Value::Events(events_of(&fds)?)),
            Self::Errno { errno, taken } => Err(CallError::Errno { errno: Errno(errno), taken }),
            Self::TimedOut { taken } => Err(CallError::TimedOut { taken }),
            Self::NotResolved { error } => {
                Err(CallError::Resolve(*ResolveError::ALL.iter().find(|known| known.name() == error)?))
            }
            Self::Policy { rule, value } => Err(CallError::Policy { rule, value }),
            Self::Limit { limit, value } => Err(CallError::Limit { limit, value }),
            Self::Protocol { rule } => Err(CallError::Protocol { rule }),
            Self::Unknown => return None,
        })
    }
}

/// A call ends.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct End {
    id: u64,
    returned: Returned,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    socket: Option<u32>,
    elapsed: u64,
    #[serde(default, skip_serializing_if = "is_false")]
    outside: bool,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
pub(crate) fn is_false(value: &bool) -> bool {
    !value
}

impl End {
    pub(crate) fn of(end: &CallEnd) -> Self {
        Self {
            id: end.id.0,
            returned: Returned::of(&end.outcome),
            data: Bytes::of(&end.data),
            socket: end.socket.map(|socket| socket.0),
            elapsed: end.elapsed,
            outside: end.outside,
        }
    }

    pub(crate) fn event(self) -> Option<CallEnd> {
        Some(CallEnd {
            id: CallRef(self.id),
            outcome: self.returned.outcome()?,
            data: Bytes::data(self.data.as_ref())?,
            socket: self.socket.map(SocketId),
            elapsed: self.elapsed,
            outside: self.outside,
        })
    }
}
