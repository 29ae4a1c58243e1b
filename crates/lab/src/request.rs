//! What a person's page asks of a room, and what a room says of itself.

use bytes::Bytes;
use proto::{
    call::{Call, Wait},
    id::{CallId, Fd, MemberId, ProgramId, StreamId},
    message::ClientMessage,
    room::{HostInfo, MemberInfo, ProgramInfo, WireSettings},
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
pub enum Request {
    /// A message of the protocol, as it came. Those that concern the session alone do nothing here.
    Message {
        /// Whose.
        member: MemberId,
        /// The message.
        message: ClientMessage,
    },
    /// A call with its bytes.
    Call(CallRequest),
    /// Bytes of a stream.
    StreamData {
        /// Whose.
        member: MemberId,
        /// Which stream.
        stream: StreamId,
        /// The bytes.
        data: Bytes,
    },
    /// All streams of a page that went away end.
    CloseStreams {
        /// Whose.
        member: MemberId,
    },
    /// What is for this person goes to another page of theirs from now on.
    Redirect {
        /// Whose.
        member: MemberId,
        /// The page's.
        mailbox: Mailbox,
    },
    /// Who looks after the room's class holds its wire, or lets everything through.
    HoldForClass {
        /// Whether it is held from now on.
        held: bool,
    },
    /// Somebody goes for good.
    Leave {
        /// Who.
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
