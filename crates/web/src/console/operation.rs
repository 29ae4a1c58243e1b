//! What a line of the prompt asks for, with every argument checked, before names are resolved.

use proto::{
    address,
    call::{Call, Family, Flags, How, Kind, OptionName, OptionValue, PollEvents, Wait},
    id::Fd,
};
use serde::{Deserialize, Serialize};

/// An address as written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Address {
    /// A pair.
    Host {
        /// The host: a name, a numeric address, or `''`.
        host: String,
        /// The port.
        port: u16,
    },
    /// A name of AF_UNIX, which nobody has to look up.
    Unix(address::Address),
}

/// One operation: a system call, a library function made of several, or something the console does alone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[allow(missing_docs, reason = "the fields are the arguments of the function each variant is named after")]
pub enum Operation {
    /// `socket.socket()`
    Socket { family: Family, kind: Kind },
    /// `socket.socketpair()`
    SocketPair { family: Family, kind: Kind },
    /// `s.bind()`
    Bind { fd: Fd, address: Address },
    /// `s.listen()`
    Listen { fd: Fd, backlog: i32 },
    /// `s.accept()`
    Accept { fd: Fd },
    /// `s.connect()`
    Connect { fd: Fd, address: Address },
    /// `s.send()`
    Send { fd: Fd, bytes: Vec<u8>, flags: Flags },
    /// `s.sendall()`: send(2) until all is taken.
    SendAll { fd: Fd, bytes: Vec<u8>, flags: Flags },
    /// `s.sendto()`
    SendTo { fd: Fd, bytes: Vec<u8>, flags: Flags, address: Address },
    /// `s.recv()`
    Recv { fd: Fd, max: u32, flags: Flags },
    /// `s.recvfrom()`
    RecvFrom { fd: Fd, max: u32, flags: Flags },
    /// `s.shutdown()`
    Shutdown { fd: Fd, how: How },
    /// `s.close()`
    Close { fd: Fd },
    /// `s.getsockname()`
    GetSockName { fd: Fd },
    /// `s.getpeername()`
    GetPeerName { fd: Fd },
    /// `s.setsockopt()`
    SetSockOpt { fd: Fd, name: OptionName, value: OptionValue },
    /// `s.getsockopt()`
    GetSockOpt { fd: Fd, name: OptionName },
    /// `s.settimeout()`, `s.setblocking()`: no system call; later calls on the socket wait as it says.
    SetTimeout { fd: Fd, wait: Wait },
    /// `socket.getaddrinfo()`
    GetAddrInfo { host: String, port: u16, family: Option<Family>, kind: Option<Kind> },
    /// `socket.gethostbyname()`
    GetHostByName { host: String },
    /// `poll([(s, POLLIN)], 500)`
    Poll { fds: Vec<(Fd, PollEvents)>, wait: Wait },
    /// `select.select([s], [], [], 0.5)`: one poll(2) here.
    Select { read: Vec<Fd>, write: Vec<Fd>, except: Vec<Fd>, wait: Wait },
    /// `ping("tutorial", 3)`
    Ping { host: String, count: u8 },
    /// A call that no line here makes: somebody else made it.
    Observed { call: Call },
}

impl Operation {
    /// The function's name as Python spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Socket { .. } => "socket",
            Self::SocketPair { .. } => "socketpair",
            Self::Bind { .. } => "bind",
            Self::Listen { .. } => "listen",
            Self::Accept { .. } => "accept",
            Self::Connect { .. } => "connect",
            Self::Send { .. } => "send",
            Self::SendAll { .. } => "sendall",
            Self::SendTo { .. } => "sendto",
            Self::Recv { .. } => "recv",
            Self::RecvFrom { .. } => "recvfrom",
            Self::Shutdown { .. } => "shutdown",
            Self::Close { .. } => "close",
            Self::GetSockName { .. } => "getsockname",
            Self::GetPeerName { .. } => "getpeername",
            Self::SetSockOpt { .. } => "setsockopt",
            Self::GetSockOpt { .. } => "getsockopt",
            Self::SetTimeout { .. } => "settimeout",
            Self::GetAddrInfo { .. } => "getaddrinfo",
            Self::GetHostByName { .. } => "gethostbyname",
            Self::Poll { .. } => "poll",
            Self::Select { .. } => "select",
            Self::Ping { .. } => "ping",
            Self::Observed { call } => call.name(),
        }
    }
}

/// What is done with an operation's value before it is shown or assigned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// `.decode()`
    Decode,
    /// `[n]`
    Index(i64),
}

/// What `print` writes before and after the value of the action.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Printed {
    /// Before it.
    pub before: Vec<super::value::Value>,
    /// After it.
    pub after: Vec<super::value::Value>,
}

/// A statement, ready to be carried out.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    /// Names that get the value.
    pub targets: Vec<String>,
    /// Whether the value is unpacked into them.
    pub unpack: bool,
    /// `print(...)` stands around it, with what stands beside it there: `None` is not hidden then.
    pub print: Option<Printed>,
    /// What it does.
    pub action: Action,
    /// What happens to the value then, in order.
    pub then: Vec<Then>,
}

/// What a statement does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Action {
    /// An operation.
    Operation(Operation),
    /// Nothing but a value.
    Value(super::value::Value),
    /// Forgets a name.
    Delete(String),
    /// A remark of ours; nothing is done.
    Note(String),
}
