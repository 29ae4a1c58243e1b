//! The structures of the JSON form, as they are serialised. What fills them is next door.

use std::net::IpAddr;

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use serde::Serialize;
use tsify::Tsify;

use proto::{address::Address, trace::Data};

/// One event in its JSON form.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Record {
    /// Position in the trace, from 1.
    pub seq: u64,
    /// Nanoseconds since the room began.
    pub time: u64,
    /// `kind` and what belongs to it.
    #[serde(flatten)]
    pub body: Body,
}

/// What happened, under its `kind`.
#[allow(clippy::large_enum_variant, reason = "one exists at a time, on its way to JSON")]
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of the trace, in words")]
pub enum Body {
    /// A call, at its begin and again at its end.
    Call(CallRecord),
    /// A packet; a later one with the same `id` and nothing but `fate` tells what became of it.
    Packet(Box<PacketRecord>),
    /// A socket's state or queues.
    State(StateRecord),
    /// What a program printed.
    Output { host: Option<String>, program: String, program_id: u32, stream: &'static str, text: String },
    /// The text of a program in somebody's editor; null once a newer one of the same program was recorded.
    Source { by: String, member: u32, host: String, name: String, text: Option<String> },
    /// Somebody who works on a machine has this in front in their page: a program's file, or its console.
    InFront { by: String, member: u32, host: String, name: String },
    /// The wire's settings from now on; `delay` in milliseconds one way, `loss` a probability.
    Wire { by: Option<String>, rule: Option<String>, held: bool, delay: u32, loss: f64, seed: u64 },
    /// Somebody came or went.
    People {
        change: &'static str,
        member: u32,
        name: String,
        role: Option<&'static str>,
        host: Option<String>,
    },
    /// A machine appeared or went.
    Host {
        change: &'static str,
        id: u32,
        name: String,
        address: Option<IpAddr>,
        #[serde(skip_serializing_if = "Option::is_none")]
        by: Option<String>,
        /// Name under `net.ipv4`, and value.
        #[serde(skip_serializing_if = "Option::is_none")]
        sysctl: Option<(&'static str, u32)>,
    },
    /// A program began or ended.
    Program {
        change: &'static str,
        id: u32,
        name: String,
        host: Option<String>,
        by: Option<String>,
        member: Option<u32>,
    },
    /// Packets that were not recorded one by one.
    Summary { packets: u64, bytes: u64, missed: u64, queue_drops: u64 },
    /// Somebody came further in a lesson; `outcome` is `passed` or `skipped`, `evidence` the `seq` that shows it.
    Progress { by: String, lesson: String, step: String, outcome: &'static str, evidence: Option<u64> },
}

/// A call at its begin or its end.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CallRecord {
    /// The same at begin and end.
    pub id: u64,
    /// `begin` or `end`.
    pub phase: &'static str,
    /// The name in the man pages; absent at an end whose begin was evicted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<&'static str>,
    /// Who made it; null for the ready-made servers. Only at the begin, as all up to `args`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// The machine's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    /// The program's name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    /// The program's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program_id: Option<u32>,
    /// The descriptor it acts on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fd: Option<i32>,
    /// The socket it acts on, or made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub socket: Option<u32>,
    /// The line of the program's text that made it, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// The program's thread that made it, where it has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<String>,
    /// Its other arguments.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub args: Option<Args>,
    /// What it returned.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub result: Option<ResultRecord>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<ErrorRecord>,
    /// Nanoseconds from begin to end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elapsed: Option<u64>,
    /// True when it went outside the room, where packets are not recorded.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside: Option<bool>,
}

/// The first bytes of a payload.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct DataRecord {
    /// Payload bytes there were.
    pub length: u32,
    /// The first of them, base64 (RFC 4648 section 4).
    pub data: String,
    /// Whether `data` is not all of it.
    pub truncated: bool,
}

impl DataRecord {
    pub(super) fn of(data: &Data) -> Self {
        Self { length: data.length, data: BASE64.encode(&data.bytes), truncated: data.truncated() }
    }
}

/// Arguments of a call besides its descriptor.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the fields are those of `Call`, in words")]
pub enum Args {
    Socket {
        family: &'static str,
        r#type: &'static str,
    },
    Address {
        address: Address,
    },
    Listen {
        backlog: i32,
    },
    Send {
        flags: Vec<&'static str>,
        address: Option<Address>,
        #[serde(flatten)]
        data: DataRecord,
    },
    Recv {
        flags: Vec<&'static str>,
        max: u32,
    },
    Shutdown {
        how: &'static str,
    },
    Option {
        name: &'static str,
        value: OptionRecord,
    },
    OptionName {
        name: &'static str,
    },
    Poll {
        fds: Vec<PollRecord>,
    },
    SendMsg {
        flags: Vec<&'static str>,
        address: Option<Address>,
        data: DataRecord,
        passed: Vec<i32>,
    },
    RecvMsg {
        flags: Vec<&'static str>,
        max: u32,
        control: u32,
    },
    EpollCtl {
        operation: &'static str,
        target: i32,
        events: Vec<&'static str>,
    },
    EpollWait {
        max: u32,
    },
    Resolve {
        name: String,
        family: Option<&'static str>,
        port: u16,
    },
    Ping {
        name: String,
        count: u8,
    },
    None {},
}

/// A descriptor and its events in poll.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PollRecord {
    /// The descriptor.
    pub fd: i32,
    /// `["IN", "OUT"]`.
    pub events: Vec<&'static str>,
}

/// A socket option's value.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum OptionRecord {
    /// A switch.
    Bool(bool),
    /// A number.
    Int(i32),
    /// `struct linger`: seconds, or null when off.
    Linger {
        /// Seconds; null when off.
        linger: Option<u16>,
    },
    /// A struct or a name.
    Struct {
        /// As the kernel has it.
        bytes: Vec<u8>,
    },
}

/// What a call returned.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[allow(missing_docs, reason = "the fields are those of `Value`, in words")]
pub enum ResultRecord {
    Accepted {
        fd: i32,
        peer: Address,
    },
    Descriptor {
        fd: i32,
    },
    Sent {
        sent: u32,
    },
    Received {
        #[serde(flatten)]
        data: DataRecord,
        from: Option<Address>,
    },
    Address {
        address: Address,
    },
    Option {
        value: OptionRecord,
    },
    Ready {
        ready: Vec<PollRecord>,
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
        fds: [i32; 2],
    },
    Interfaces {
        interfaces: Vec<(u32, String)>,
    },
    ReceivedMsg {
        #[serde(flatten)]
        data: DataRecord,
        from: Option<Address>,
        cut: bool,
        control_cut: bool,
        passed: Vec<i32>,
    },
    Events {
        told: Vec<PollRecord>,
    },
    Done {},
}

/// Why a call failed: one of six classes that are never dressed as one another.
#[derive(Clone, Debug, PartialEq, Serialize, Tsify)]
#[serde(tag = "class", rename_all = "snake_case")]
#[allow(missing_docs, reason = "the fields are those of `CallError` and of the errno table")]
pub enum ErrorRecord {
    Errno {
        errno: i32,
        name: &'static str,
        message: &'static str,
        sentence: &'static str,
        hint: &'static str,
        taken: u32,
    },
    TimedOut {
        taken: u32,
    },
    Resolve {
        number: i32,
        name: &'static str,
        message: &'static str,
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
}

/// Why a packet was sent: `{"call": 7}`, `{"packet": 3}`, `"timer"`, `"wire"` or `"service"`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CauseRecord {
    /// A call asked for it.
    Call(u64),
    /// The kernel answered a packet.
    Packet(u64),
    /// A timer of the kernel.
    Timer,
    /// The wire made it.
    Wire,
    /// A ready-made server, or a stream, did.
    Service,
}

/// A packet, or a later word on one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the fields are those of `Packet` and of the protocols' headers")]
pub struct PacketRecord {
    /// The same in every event about this packet.
    pub id: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<&'static str>,
    /// The machine whose loopback it was seen on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub host: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub src: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dst: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub protocol: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub flags: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sequence: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acknowledgment: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub window: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub urgent: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<OptionText>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub icmp: Option<IcmpRecord>,
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cause: Option<CauseRecord>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub copy_of: Option<u64>,
    /// `travelling`, `held`, `delivered`, `dropped`, `lost`, `no_host` or `superseded`.
    pub fate: &'static str,
    /// Who dropped it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// An ICMP head.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct IcmpRecord {
    /// Type, RFC 792.
    pub r#type: u8,
    /// Code.
    pub code: u8,
    /// In words.
    pub words: String,
}

/// A TCP option.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs, reason = "the names are the RFCs'")]
pub enum OptionText {
    Mss(u16),
    WindowScale(u8),
    SackPermitted,
    Sack(Vec<(u32, u32)>),
    Timestamps { value: u32, echo: u32 },
    Other(u8),
}

/// A socket's state and queues.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[allow(missing_docs, reason = "the fields are those of `StateChange`, in words")]
pub struct StateRecord {
    pub host: String,
    pub socket: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub program: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fd: Option<i32>,
    pub local: Option<Address>,
    pub remote: Option<Address>,
    pub from: Option<&'static str>,
    pub to: &'static str,
    pub observed: bool,
    pub accepted: bool,
    /// For a connection: bytes nobody has read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<u32>,
    /// For a connection: bytes the peer has not acknowledged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unacknowledged: Option<u32>,
    /// For a listener: connections waiting to be accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queued: Option<u32>,
    /// For a listener: its backlog; one more fits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backlog: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timer: Option<TimerRecord>,
}

/// A running timer of the kernel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TimerRecord {
    /// `retransmit`, `keepalive`, `time_wait` or `zero_window`.
    pub kind: &'static str,
    /// Milliseconds left.
    pub left_ms: u32,
    /// Tries so far.
    pub tries: u8,
}
