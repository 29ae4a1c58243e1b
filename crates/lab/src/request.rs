//! What a person's page asks of a room, and what a room says of itself.

use bytes::Bytes;
use proto::{
    call::{Call, Wait},
    id::{CallId, Fd, HostId, MemberId, ProgramId, StreamId},
    message::{HostCommand, WireCommand},
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, StepOutcome, WireSettings},
};

use crate::delivery::Mailbox;

/// Everybody and everything in a room.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    /// The people.
    pub members: Vec<MemberInfo>,
    /// The machines.
    pub hosts: Vec<HostInfo>,
    /// The programs.
    pub programs: Vec<ProgramInfo>,
    /// The wire.
    pub wire: WireSettings,
}

/// What of a room concerns one person in particular.
#[derive(Clone, Debug, Default)]
pub struct MemberState {
    /// Open descriptors of their programs.
    pub descriptors: Vec<(ProgramId, Fd)>,
    /// Their calls that still wait.
    pub waiting: Vec<(CallId, ProgramId, Call)>,
}

/// Something a person's page asks of the room. Who may ask is decided before; the answer goes to their mailbox.
#[derive(Debug)]
#[allow(missing_docs, reason = "as the messages of the protocol with the same names")]
pub enum Request {
    Call(CallRequest),
    Cancel {
        member: MemberId,
        id: CallId,
    },
    OpenProgram {
        member: MemberId,
        id: CallId,
        host: HostId,
        name: String,
        lifetime: Lifetime,
    },
    CloseProgram {
        member: MemberId,
        id: CallId,
        program: ProgramId,
    },
    EndPagePrograms {
        member: MemberId,
    },
    OpenStream {
        member: MemberId,
        stream: StreamId,
        program: ProgramId,
        fd: Fd,
        credit: u64,
    },
    StreamData {
        member: MemberId,
        stream: StreamId,
        data: Bytes,
    },
    StreamCredit {
        member: MemberId,
        stream: StreamId,
        total: u64,
    },
    FinishStream {
        member: MemberId,
        stream: StreamId,
    },
    CloseStream {
        member: MemberId,
        stream: StreamId,
    },
    CloseStreams {
        member: MemberId,
    },
    Output {
        member: MemberId,
        program: ProgramId,
        error: bool,
        text: String,
    },
    /// The text of a program in somebody's editor.
    Source {
        member: MemberId,
        host: HostId,
        name: String,
        text: String,
    },
    /// What somebody has brought to the front on a machine.
    InFront {
        member: MemberId,
        host: HostId,
        name: String,
    },
    Wire {
        member: MemberId,
        id: CallId,
        command: WireCommand,
    },
    Host {
        member: MemberId,
        id: CallId,
        host: HostId,
        command: HostCommand,
    },
    Rename {
        member: MemberId,
        name: String,
    },
    Progress {
        member: MemberId,
        lesson: String,
        step: String,
        outcome: StepOutcome,
    },
    Redirect {
        member: MemberId,
        mailbox: Mailbox,
    },
    Leave {
        member: MemberId,
    },
}

/// A call as a page asks for it.
#[derive(Clone, Debug)]
pub struct CallRequest {
    /// Who asks.
    pub member: MemberId,
    /// The page's number for it.
    pub id: CallId,
    /// Which of their programs makes it.
    pub program: ProgramId,
    /// The call.
    pub call: Call,
    /// How long it may wait.
    pub wait: Wait,
    /// The line of the program's text that makes it, as the page says.
    pub line: Option<u32>,
    /// The program's thread that makes it, as the page says.
    pub thread: Option<String>,
    /// The bytes that follow it.
    pub payload: Bytes,
}
