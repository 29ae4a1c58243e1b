//! Calls and their arguments; what came of them is next door.

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use proto::{
    address::Address,
    call::{Call, EpollEvents, OptionValue, PollEvents},
    id::{CallRef, Fd, HostId, MemberId, ProgramId, SocketId},
    limits,
    trace::{CallBegin, Data},
};
use serde::{Deserialize, Serialize};

use crate::words;

/// The first bytes of a payload: `{"length": 5, "bytes": "aGVsbG8="}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Bytes {
    length: u32,
    #[serde(default)]
    bytes: String,
}

impl Bytes {
    /// None for a payload of no bytes.
    pub(crate) fn of(data: &Data) -> Option<Self> {
        (*data != Data::default()).then(|| Self { length: data.length, bytes: BASE64.encode(&data.bytes) })
    }

    pub(crate) fn data(bytes: Option<&Self>) -> Option<Data> {
        let Some(Self { length, bytes }) = bytes else { return Some(Data::default()) };
        let bytes = BASE64.decode(bytes).ok()?;
        (bytes.len() <= *length as usize).then_some(Data { bytes, length: *length })
    }
}

/// A call's name and its arguments.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "call", rename_all = "lowercase")]
pub(crate) enum Made {
    Socket {
        family: String,
        r#type: String,
    },
    Bind {
        fd: i32,
        address: Address,
    },
    Listen {
        fd: i32,
        backlog: i32,
    },
    Accept {
        fd: i32,
    },
    Connect {
        fd: i32,
        address: Address,
    },
    Send {
        fd: i32,
        flags: Vec<String>,
        bytes: u32,
    },
    SendTo {
        fd: i32,
        flags: Vec<String>,
        address: Address,
        bytes: u32,
    },
    Recv {
        fd: i32,
        flags: Vec<String>,
        max: u32,
    },
    RecvFrom {
        fd: i32,
        flags: Vec<String>,
        max: u32,
    },
    Shutdown {
        fd: i32,
        how: String,
    },
    Close {
        fd: i32,
    },
    GetSockName {
        fd: i32,
    },
    GetPeerName {
        fd: i32,
    },
    SetSockOpt {
        fd: i32,
        option: String,
        value: Setting,
    },
    GetSockOpt {
        fd: i32,
        option: String,
    },
    Poll {
        fds: Vec<Polled>,
    },
    GetAddrInfo {
        name: String,
        family: Option<String>,
        port: u16,
    },
    Ping {
        name: String,
        count: u8,
    },
    Dup {
        fd: i32,
    },
    SocketPair {
        family: String,
        r#type: String,
    },
    Unlink {
        address: Address,
    },
    Stat {
        address: Address,
    },
    #[serde(rename = "if_nameindex")]
    Interfaces {},
    SendMsg {
        fd: i32,
        flags: Vec<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        address: Option<Address>,
        bytes: u32,
        passed: Vec<i32>,
    },
    RecvMsg {
        fd: i32,
        flags: Vec<String>,
        max: u32,
        control: u32,
    },
    #[serde(rename = "epoll_create1")]
    EpollCreate {},
    #[serde(rename = "epoll_ctl")]
    EpollCtl {
        fd: i32,
        operation: String,
        target: i32,
        events: Vec<String>,
    },
    #[serde(rename = "epoll_wait")]
    EpollWait {
        fd: i32,
        max: u32,
    },
    #[serde(other)]
    Unknown,
}

/// A descriptor and its events in poll(2) or epoll_wait(2).
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Polled {
    fd: i32,
    events: Vec<String>,
}

/// A socket option's value: `true`, `64`, `{"linger": 5}`, with null where lingering is off, or `{"bytes": "AAA="}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(crate) enum Setting {
    Bool(bool),
    Int(i32),
    // Before the other: an absent `linger` is read as null.
    Struct { bytes: String },
    Linger { linger: Option<u16> },
}

impl Setting {
    pub(crate) fn of(value: &OptionValue) -> Self {
        match value {
            OptionValue::Bool(on) => Self::Bool(*on),
            OptionValue::Int(number) => Self::Int(*number),
            OptionValue::Linger(linger) => Self::Linger { linger: *linger },
            OptionValue::Bytes(bytes) => Self::Struct { bytes: BASE64.encode(bytes) },
        }
    }

    /// None where it is not what this writes.
    pub(crate) fn value(&self) -> Option<OptionValue> {
        Some(match self {
            Self::Bool(on) => OptionValue::Bool(*on),
            Self::Int(number) => OptionValue::Int(*number),
            Self::Linger { linger } => OptionValue::Linger(*linger),
            Self::Struct { bytes } => {
                let bytes = BASE64.decode(bytes).ok()?;
                OptionValue::Bytes((bytes.len() <= limits::OPTION_BYTES).then_some(bytes)?)
            }
        })
    }
}

pub(crate) fn polled(fds: &[(Fd, PollEvents)]) -> Vec<Polled> {
    fds.iter().map(|(fd, events)| Polled { fd: fd.0, events: words::poll_events(*events) }).collect()
}

pub(crate) fn fds_of(polled: &[Polled]) -> Option<Vec<(Fd, PollEvents)>> {
    polled.iter().map(|one| Some((Fd(one.fd), words::poll_events_of(&one.events)?))).collect()
}

pub(crate) fn told(events: &[(Fd, EpollEvents)]) -> Vec<Polled> {
    events.iter().map(|(fd, events)| Polled { fd: fd.0, events: words::epoll_events(*events) }).collect()
}

pub(crate) fn events_of(told: &[Polled]) -> Option<Vec<(Fd, EpollEvents)>> {
    told.iter().map(|one| Some((Fd(one.fd), words::epoll_events_of(&one.events)?))).collect()
}

impl Made {
    fn of(call: &Call) -> Self {
        match call {
            Call::Socket { family, kind } => {
                Self::Socket { family: family.name().to_owned(), r#type: kind.name().to_owned() }
            }
            Call::Bind { fd, address } => Self::Bind { fd: fd.0, address: *address },
            Call::Listen { fd, backlog } => Self::Listen { fd: fd.0, backlog: *backlog },
            Call::Accept { fd } => Self::Accept { fd: fd.0 },
            Call::Connect { fd, address } => Self::Connect { fd: fd.0, address: *address },
            Call::Send { fd, flags, length } => {
                Self::Send { fd: fd.0, flags: words::flags(*flags), bytes: *length }
            }
            Call::SendTo { fd, flags, address, length } => {
                Self::SendTo { fd: fd.0, flags: words::flags(*flags), address: *address, bytes: *length }
            }
            Call::Recv { fd, flags, max } => Self::Recv { fd: fd.0, flags: words::flags(*flags), max: *max },
            Call::RecvFrom { fd, flags, max } => {
                Self::RecvFrom { fd: fd.0, flags: words::flags(*flags), max: *max }
            }
            Call::Shutdown { fd, how } => Self::Shutdown { fd: fd.0, how: how.name().to_owned() },
            Call::Close { fd } => Self::Close { fd: fd.0 },
            Call::GetSockName { fd } => Self::GetSockName { fd: fd.0 },
            Call::GetPeerName { fd } => Self::GetPeerName { fd: fd.0 },
            Call::SetSockOpt { fd, name, value } => {
                Self::SetSockOpt { fd: fd.0, option: name.name().to_owned(), value: Setting::of(value) }
            }
            Call::GetSockOpt { fd, name } => Self::GetSockOpt { fd: fd.0, option: name.name().to_owned() },
            Call::Poll { fds } => Self::Poll { fds: polled(fds) },
            Call::Resolve { name, family, port } => Self::GetAddrInfo {
                name: name.clone(),
                family: family.map(|family| family.name().to_owned()),
                port: *port,
            },
            Call::Ping { name, count } => Self::Ping { name: name.clone(), count: *count },
            Call::Dup { fd } => Self::Dup { fd: fd.0 },
            Call::SocketPair { family, kind } => {
                Self::SocketPair { family: family.name().to_owned(), r#type: kind.name().to_owned() }
            }
            Call::Unlink { address } => Self::Unlink { address: *address },
            Call::Stat { address } => Self::Stat { address: *address },
            Call::Interfaces {} => Self::Interfaces {},
            Call::SendMsg { fd, flags, address, length, passed } => Self::SendMsg {
                fd: fd.0,
                flags: words::flags(*flags),
                address: *address,
                bytes: *length,
                passed: passed.iter().map(|fd| fd.0).collect(),
            },
            Call::RecvMsg { fd, flags, max, control } => {
                Self::RecvMsg { fd: fd.0, flags: words::flags(*flags), max: *max, control: *control }
            }
            Call::EpollCreate {} => Self::EpollCreate {},
            Call::EpollCtl { fd, operation, target, events } => Self::EpollCtl {
                fd: fd.0,
                operation: operation.name().to_owned(),
                target: target.0,
                events: words::epoll_events(*events),
            },
            Call::EpollWait { fd, max } => Self::EpollWait { fd: fd.0, max: *max },
        }
    }

    fn call(&self) -> Option<Call> {
        Some(match self {
            Self::Socket { family, r#type } => {
                Call::Socket { family: words::family_of(family)?, kind: words::kind_of(r#type)? }
            }
            Self::Bind { fd, address } => Call::Bind { fd: Fd(*fd), address: *address },
            Self::Listen { fd, backlog } => Call::Listen { fd: Fd(*fd), backlog: *backlog },
            Self::Accept { fd } => Call::Accept { fd: Fd(*fd) },
            Self::Connect { fd, address } => Call::Connect { fd: Fd(*fd), address: *address },
            Self::Send { fd, flags, bytes } => {
                Call::Send { fd: Fd(*fd), flags: words::flags_of(flags)?, length: *bytes }
            }
            Self::SendTo { fd, flags, address, bytes } => {
                let flags = words::flags_of(flags)?;
                Call::SendTo { fd: Fd(*fd), flags, address: *address, length: *bytes }
            }
            Self::Recv { fd, flags, max } => {
                Call::Recv { fd: Fd(*fd), flags: words::flags_of(flags)?, max: *max }
            }
            Self::RecvFrom { fd, flags, max } => {
                Call::RecvFrom { fd: Fd(*fd), flags: words::flags_of(flags)?, max: *max }
            }
            Self::Shutdown { fd, how } => Call::Shutdown { fd: Fd(*fd), how: words::how_of(how)? },
            Self::Close { fd } => Call::Close { fd: Fd(*fd) },
            Self::GetSockName { fd } => Call::GetSockName { fd: Fd(*fd) },
            Self::GetPeerName { fd } => Call::GetPeerName { fd: Fd(*fd) },
            Self::SetSockOpt { fd, option, value } => {
                Call::SetSockOpt { fd: Fd(*fd), name: words::option_of(option)?, value: value.value()? }
            }
            Self::GetSockOpt { fd, option } => {
                Call::GetSockOpt { fd: Fd(*fd), name: words::option_of(option)? }
            }
            Self::Poll { fds } => Call::Poll { fds: fds_of(fds)? },
            Self::GetAddrInfo { name, family, port } => Call::Resolve {
                name: name.clone(),
                family: match family {
                    Some(family) => Some(words::family_of(family)?),
                    None => None,
                },
                port: *port,
            },
            Self::Ping { name, count } => Call::Ping { name: name.clone(), count: *count },
            Self::Dup { fd } => Call::Dup { fd: Fd(*fd) },
            Self::SocketPair { family, r#type } => {
                Call::SocketPair { family: words::family_of(family)?, kind: words::kind_of(r#type)? }
            }
            Self::Unlink { address } => Call::Unlink { address: *address },
            Self::Stat { address } => Call::Stat { address: *address },
            Self::Interfaces {} => Call::Interfaces {},
            Self::SendMsg { fd, flags, address, bytes, passed } => Call::SendMsg {
                fd: Fd(*fd),
                flags: words::flags_of(flags)?,
                address: *address,
                length: *bytes,
                passed: passed.iter().copied().map(Fd).collect(),
            },
            Self::RecvMsg { fd, flags, max, control } => {
                Call::RecvMsg { fd: Fd(*fd), flags: words::flags_of(flags)?, max: *max, control: *control }
            }
            Self::EpollCreate {} => Call::EpollCreate {},
            Self::EpollCtl { fd, operation, target, events } => Call::EpollCtl {
                fd: Fd(*fd),
                operation: words::epoll_operation_of(operation)?,
                target: Fd(*target),
                events: words::epoll_events_of(events)?,
            },
            Self::EpollWait { fd, max } => Call::EpollWait { fd: Fd(*fd), max: *max },
            Self::Unknown => return None,
        })
    }
}

/// A call begins.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Begin {
    id: u64,
    by: Option<u32>,
    machine: u32,
    program: u32,
    #[serde(flatten)]
    made: Made,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    data: Option<Bytes>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    socket: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thread: Option<String>,
}

impl Begin {
    pub(crate) fn of(begin: &CallBegin) -> Self {
        Self {
            id: begin.id.0,
            by: begin.by.map(|by| by.0),
            machine: begin.host.0,
            program: begin.program.0,
            made: Made::of(&begin.call),
            data: Bytes::of(&begin.data),
            socket: begin.socket.map(|socket| socket.0),
            line: begin.line,
            thread: begin.thread.clone(),
        }
    }

    pub(crate) fn event(self) -> Option<CallBegin> {
        Some(CallBegin {
            id: CallRef(self.id),
            by: self.by.map(MemberId),
            host: HostId(self.machine),
            program: ProgramId(self.program),
            call: self.made.call()?,
            data: Bytes::data(self.data.as_ref())?,
            socket: self.socket.map(SocketId),
            line: self.line,
            thread: self.thread,
        })
    }
}
