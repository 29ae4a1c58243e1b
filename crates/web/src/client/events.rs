//! What the worker's JavaScript is told, as plain objects with a `type`.

use std::collections::BTreeMap;

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Value},
    message::{Notice, Refusal, Snapshot, Sysctl},
    room::{HostInfo, MemberInfo, ProgramInfo, WireSettings},
    roster::Roster,
};
use serde::Serialize;
use tsify::Tsify;
use wasm_bindgen::prelude::*;

use crate::record::{self, ErrorRecord};

/// News for JavaScript. Numbers are numbers, secrets are arrays of 16 bytes.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
#[serde(tag = "type", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum News {
    /// The session has begun.
    Begun { reattached: bool, session: Box<SessionNews>, room: Box<RoomNews> },
    /// The connection is `open` (again), `lost`, `failed` (never was open) or `over`.
    Connection {
        #[tsify(type = "\"open\" | \"lost\" | \"away\" | \"failed\" | \"over\"")]
        state: &'static str,
        left_ms: Option<u64>,
    },
    /// There is no session, or it is over.
    Refused {
        #[tsify(type = "Refusal")]
        refusal: Refusal,
    },
    /// A call ended well.
    Result {
        id: u32,
        #[tsify(type = "Returned")]
        value: Value,
    },
    /// A call that was asked for in JSON ended well: `{"ok":…}`.
    Answer { id: u32, text: String },
    /// A call failed.
    Failed { id: u32, error: ErrorRecord },
    /// A program began.
    Program { id: u32, program: u32 },
    /// People, machines, programs or the wire changed.
    Change { room: Box<RoomNews> },
    /// Trace events, in the wire format.
    Trace { next: u64 },
    /// So many trace events are missing.
    Skipped { count: u64 },
    /// Other news.
    Notice { notice: NoticeNews },
    /// Stream bytes.
    StreamData { stream: u32 },
    /// The peer has no more.
    StreamFinished { stream: u32 },
    /// The stream is over.
    StreamEnded { stream: u32, error: Option<ErrorRecord> },
    /// More bytes are welcome.
    StreamRoom { stream: u32 },
}

/// The session's own part of the snapshot.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
#[serde(rename_all = "camelCase")]
pub(super) struct SessionNews {
    room: String,
    #[tsify(type = "number[]")]
    token: [u8; 16],
    member: u32,
    #[tsify(type = "Role")]
    role: &'static str,
    #[tsify(type = "number[] | null")]
    join: Option<[u8; 16]>,
    #[tsify(type = "number[] | null")]
    watch: Option<[u8; 16]>,
    descriptors: Vec<(u32, i32)>,
    #[tsify(type = "[number, number, Call][]")]
    waiting: Vec<(u32, u32, Call)>,
    now: u64,
    oldest: u64,
    features: FeatureNews,
}

#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
#[serde(rename_all = "camelCase")]
struct FeatureNews {
    packets: bool,
    #[tsify(type = "\"off\" | \"list\" | \"open\"")]
    outbound: String,
    targets: Vec<String>,
}

impl SessionNews {
    pub(super) fn new(snapshot: &Snapshot) -> Self {
        Self {
            room: snapshot.room.clone(),
            token: snapshot.token,
            member: snapshot.member.0,
            role: snapshot.role.name(),
            join: snapshot.links.join,
            watch: snapshot.links.watch,
            descriptors: snapshot.descriptors.iter().map(|(program, fd)| (program.0, fd.0)).collect(),
            waiting: snapshot
                .waiting
                .iter()
                .map(|(id, program, call)| (id.0, program.0, call.clone()))
                .collect(),
            now: snapshot.now,
            oldest: snapshot.oldest,
            features: FeatureNews {
                packets: snapshot.features.packets,
                outbound: snapshot.features.outbound.clone(),
                targets: snapshot.features.targets.clone(),
            },
        }
    }
}

/// The room as it is now.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
pub(super) struct RoomNews {
    members: Vec<MemberNews>,
    hosts: Vec<HostNews>,
    programs: Vec<ProgramNews>,
    wire: WireNews,
}

#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
struct MemberNews {
    id: u32,
    name: String,
    #[tsify(type = "Role")]
    role: &'static str,
    host: Option<u32>,
}

#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
#[serde(rename_all = "camelCase")]
struct HostNews {
    id: u32,
    name: String,
    aliases: Vec<String>,
    address: String,
    guest: Option<u32>,
    ready_made: bool,
    cable: bool,
    #[tsify(type = "Record<Sysctl, number>")]
    sysctls: BTreeMap<Sysctl, u32>,
}

#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
struct ProgramNews {
    id: u32,
    host: u32,
    by: Option<u32>,
    name: String,
    #[tsify(type = "\"Member\" | \"Page\"")]
    lifetime: proto::room::Lifetime,
}

#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
struct WireNews {
    held: bool,
    delay: u32,
    loss: f64,
    seed: u64,
}

impl RoomNews {
    pub(super) fn new(roster: &Roster) -> Self {
        Self {
            members: roster.members().present().map(MemberNews::new).collect(),
            hosts: roster.hosts().present().map(HostNews::new).collect(),
            programs: roster.programs().present().map(ProgramNews::new).collect(),
            wire: WireNews::new(roster.wire()),
        }
    }
}

impl MemberNews {
    fn new(member: &MemberInfo) -> Self {
        let MemberInfo { id, name, role, host } = member;
        Self { id: id.0, name: name.clone(), role: role.name(), host: host.map(|host| host.0) }
    }
}

impl HostNews {
    fn new(host: &HostInfo) -> Self {
        Self {
            id: host.id.0,
            name: host.name.clone(),
            aliases: host.aliases.clone(),
            address: host.address.to_string(),
            guest: host.guest.map(|member| member.0),
            ready_made: host.ready_made,
            cable: host.cable,
            sysctls: host.sysctls.clone(),
        }
    }
}

impl ProgramNews {
    fn new(program: &ProgramInfo) -> Self {
        Self {
            id: program.id.0,
            host: program.host.0,
            by: program.by.map(|member| member.0),
            name: program.name.clone(),
            lifetime: program.lifetime,
        }
    }
}

impl WireNews {
    fn new(wire: WireSettings) -> Self {
        Self { held: wire.held, delay: wire.delay_ms, loss: wire.loss, seed: wire.seed }
    }
}

/// A notice with a `kind` in lower case.
#[derive(Debug, Serialize, Tsify)]
#[tsify(missing_as_null)]
#[serde(rename_all = "camelCase")]
pub(super) struct NoticeNews {
    kind: &'static str,
    left_ms: Option<u64>,
}

impl NoticeNews {
    pub(super) fn new(notice: &Notice) -> Self {
        let (kind, left_ms) = match *notice {
            Notice::RoomEnds { left_ms } => ("room-ends", Some(left_ms)),
            Notice::RoomStays => ("room-stays", None),
            Notice::RoomEnded => ("room-ended", None),
            Notice::TakenOver => ("taken-over", None),
            Notice::Removed => ("removed", None),
            Notice::Draining { left_ms } => ("draining", Some(left_ms)),
        };
        Self { kind, left_ms }
    }
}

/// An error for JavaScript, with its class.
pub(super) fn error(error: &CallError) -> ErrorRecord {
    record::error(error)
}

/// A plain value for JavaScript: maps are objects, missing things are null, large numbers are as good as a number is.
pub(super) fn plain(value: &impl Serialize) -> JsValue {
    let serializer =
        serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true).serialize_missing_as_null(true);
    // A number beyond 2^53 (a seed somebody chose natively) is the one thing that fails here.
    value.serialize(&serializer).unwrap_or_else(|_| {
        value.serialize(&serializer.serialize_large_number_types_as_bigints(true)).unwrap_or(JsValue::NULL)
    })
}

/// What a call returned, in the JSON that a Python program reads.
pub(super) fn answer(value: &Value) -> String {
    let value = serde_json::to_string(value).unwrap_or_else(|error| unreachable!("a value is JSON: {error}"));
    format!("{{\"ok\":{value}}}")
}

/// News, and the bytes that come with them.
pub(super) fn object(news: &News, payload: Option<&Bytes>) -> JsValue {
    let object = plain(news);
    if let Some(bytes) = payload {
        let array = js_sys::Uint8Array::from(bytes.as_ref());
        let _ = js_sys::Reflect::set(&object, &JsValue::from_str("payload"), &array);
    }
    object
}
