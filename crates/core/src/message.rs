//! The messages. `ClientMessage` goes from the page to the server, `ServerMessage` back.
//!
//! Bytes that belong to a message (a call's payload, received bytes) follow it in the same frame and, where they
//! do not fit, in data frames. They are not part of these types.

use serde::{Deserialize, Serialize};

pub use crate::sysctl::Sysctl;
use crate::{
    call::{Call, Outcome, Wait},
    id::{CallId, Fd, HostId, MemberId, PacketId, ProgramId, StreamId},
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, Role, StepOutcome, WireSettings},
};

/// A secret of 128 bits: a room's key or a session's token, as 16 bytes.
pub type Secret = [u8; 16];

/// The first message of every connection, from the page.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The key from the link; its role decides what the session may do.
    pub key: Secret,
    /// Name of the person, at most [`crate::limits::NAME`] characters; empty lets the server choose.
    pub name: String,
    /// A session to go on with.
    pub session: Option<Continue>,
}

/// Going on with a session after a lost connection or a reload.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Continue {
    /// The session's token.
    pub token: Secret,
    /// Resume: reliable frames received so far. None is a re-attach: the page lost its state.
    pub received: Option<u64>,
}

/// The server's answer to [`Hello`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Welcome {
    /// A new session, or a re-attached one, with everything the page needs to draw.
    Begun(Box<Snapshot>),
    /// The same session goes on.
    Resumed {
        /// Reliable frames the server has received; the page sends the later ones again.
        received: u64,
    },
    /// No session.
    Refused(Refusal),
}

/// Why there is no session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Refusal {
    /// The room has ended, or there never was one.
    NoRoom,
    /// The key is not one of this room's.
    WrongKey,
    /// The token's session is over. What was lost is gone; begin a new session.
    SessionOver,
    /// More was sent than can be replayed.
    Gap,
    /// A limit was reached.
    Limit {
        /// Its name.
        limit: String,
        /// Its value.
        value: u64,
    },
    /// The server is going away.
    Draining,
    /// This server cannot make rooms; the sentence says what is missing and the remedy.
    Unavailable(String),
    /// The owner ended the token's session. The key still opens the room, with a new session.
    Removed,
    /// The node that the room's id names does not answer, and another one does in its place: it may be back in a moment.
    NodeAway,
}

/// The room and the session's place in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The room's id, as in its address.
    pub room: String,
    /// The session's token, for a resume or a re-attach.
    pub token: Secret,
    /// Who the page is.
    pub member: MemberId,
    /// What it may do.
    pub role: Role,
    /// The keys this role may hand on.
    pub links: Links,
    /// The people.
    pub members: Vec<MemberInfo>,
    /// The machines.
    pub hosts: Vec<HostInfo>,
    /// All programs of the room.
    pub programs: Vec<ProgramInfo>,
    /// Descriptors of the member's own programs.
    pub descriptors: Vec<(ProgramId, Fd)>,
    /// The member's own calls that still wait. Their results come as if this page had made them.
    pub waiting: Vec<(CallId, ProgramId, Call)>,
    /// Call numbers below this one are used up.
    pub next_call: u32,
    /// Stream numbers below this one are used up.
    pub next_stream: u32,
    /// The wire.
    pub wire: WireSettings,
    /// Nanoseconds since the room began.
    pub now: u64,
    /// `seq` of the oldest event that can be subscribed to.
    pub oldest: u64,
    /// What this server can do.
    pub features: Features,
}

/// Keys that may be handed on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Links {
    /// Joins with a machine of one's own.
    pub join: Option<Secret>,
    /// Watches.
    pub watch: Option<Secret>,
}

/// What a server can do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Features {
    /// Packets are recorded.
    pub packets: bool,
    /// Outbound connections: `off`, `list` or `open`.
    pub outbound: String,
    /// Outbound targets of mode `list`, as `name:port`.
    pub targets: Vec<String>,
}

/// From the page to the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ClientMessage {
    /// Starts a program: answered by [`ServerMessage::Program`] with the same number.
    OpenProgram {
        /// Number of the request, from the same sequence as calls.
        id: CallId,
        /// On which machine.
        host: HostId,
        /// What to call it.
        name: String,
        /// How long it lives.
        lifetime: Lifetime,
    },
    /// Ends a program, as a process's exit does. Answered by [`ServerMessage::Result`].
    CloseProgram {
        /// Number of the request.
        id: CallId,
        /// Which program.
        program: ProgramId,
    },
    /// A call. Its payload follows.
    Call {
        /// Number of the call.
        id: CallId,
        /// By which program.
        program: ProgramId,
        /// The call.
        call: Call,
        /// How long it may wait.
        wait: Wait,
        /// The line of the program's text that makes it, from 1, where there is one.
        line: Option<u32>,
        /// The name of the program's thread that makes it, where it has several: at most 32 characters.
        thread: Option<String>,
    },
    /// Cancels a waiting call. It ends exactly once, with its real result or with EINTR.
    Cancel {
        /// Which call.
        id: CallId,
    },
    /// Puts a descriptor into stream mode. Its bytes travel as stream frames from now on.
    OpenStream {
        /// Number of the stream.
        stream: StreamId,
        /// Of which program.
        program: ProgramId,
        /// Which descriptor.
        fd: Fd,
        /// Bytes the page is ready to take, in total.
        credit: u64,
    },
    /// Raises the total of bytes the page is ready to take. Cumulative: a repeated or lower value changes nothing.
    StreamCredit {
        /// Which stream.
        stream: StreamId,
        /// New total.
        total: u64,
    },
    /// The page has no more to send: shutdown(SHUT_WR) after the bytes sent so far.
    StreamFinish {
        /// Which stream.
        stream: StreamId,
    },
    /// Takes the descriptor out of stream mode; it stays open.
    StreamClose {
        /// Which stream.
        stream: StreamId,
    },
    /// Asks for the trace from `from` on (0: from the oldest kept event), then live.
    Subscribe {
        /// First `seq` wanted.
        from: u64,
    },
    /// No more trace, please.
    Unsubscribe,
    /// What a program of this page printed.
    Output {
        /// Which program.
        program: ProgramId,
        /// True for standard error.
        error: bool,
        /// The text.
        text: String,
    },
    /// A command to the wire. Answered by [`ServerMessage::Result`].
    Wire {
        /// Number of the request.
        id: CallId,
        /// The command.
        command: WireCommand,
    },
    /// A command to a machine. Answered by [`ServerMessage::Result`].
    Host {
        /// Number of the request.
        id: CallId,
        /// Which machine.
        host: HostId,
        /// The command.
        command: HostCommand,
    },
    /// A new name for the person.
    Rename {
        /// The name.
        name: String,
    },
    /// Keep the room open longer.
    KeepOpen,
    /// The page is really going away: its programs end at once.
    Bye,
    /// How far the person has come in a lesson. It has no answer, and whoever watches the room may read it.
    Progress {
        /// The lesson's id, at most [`crate::limits::NAME`] characters.
        lesson: String,
        /// The step's title, at most [`crate::limits::NAME`] characters.
        step: String,
        /// What became of it.
        outcome: StepOutcome,
    },
    /// The text of a program as it stands in this page's editor, for everybody to see. The newest counts.
    Source {
        /// On which machine.
        host: HostId,
        /// Its file's name, at most [`crate::limits::NAME`] characters.
        name: String,
        /// The text, at most [`crate::limits::SOURCE`] bytes; longer texts are not shown.
        text: String,
    },
    /// Ends the session of a guest or a watcher, with their programs and their machine. The owner's alone. Answered by
    /// [`ServerMessage::Result`].
    Remove {
        /// Number of the request.
        id: CallId,
        /// Who.
        member: MemberId,
    },
    /// What stands in front on a machine in this page, for those who watch: a program's file, or its console. It has no
    /// answer.
    InFront {
        /// On which machine.
        host: HostId,
        /// The name on its tab, at most [`crate::limits::NAME`] characters.
        name: String,
    },
}

/// A command to the wire. Owners only, unless granted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum WireCommand {
    /// Packets stop half-way from now on.
    Hold,
    /// Lets the oldest held packet through.
    Step,
    /// Lets one packet through.
    Deliver(PacketId),
    /// Takes one packet off the wire.
    Drop(PacketId),
    /// Lets everything through, and from now on again.
    Release,
    /// Sets delay and loss.
    Set {
        /// One-way delay, 0 to [`crate::limits::WIRE_DELAY_MS`] milliseconds.
        delay_ms: Option<f64>,
        /// Probability of loss, 0.0 to 1.0.
        loss: Option<f64>,
        /// Seed of the losses.
        seed: Option<u64>,
    },
}

/// A command to a machine. Whoever controls the machine may give it; its cable is the owner's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HostCommand {
    /// Cuts or mends its cable.
    Cable(bool),
    /// A new network namespace: every socket, TIME_WAIT included, is gone.
    FreshNetwork,
    /// Changes a kernel setting of this machine.
    Sysctl {
        /// Which.
        name: Sysctl,
        /// Its value.
        value: u32,
    },
}

/// From the server to the page.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ServerMessage {
    /// A call or a request ended. Received bytes follow.
    Result {
        /// Which.
        id: CallId,
        /// How.
        outcome: Outcome,
    },
    /// A program began.
    Program {
        /// The request.
        id: CallId,
        /// Its number.
        program: ProgramId,
    },
    /// Raises the total of bytes the server is ready to take on a stream. Cumulative.
    StreamCredit {
        /// Which stream.
        stream: StreamId,
        /// New total.
        total: u64,
    },
    /// The peer has no more to send (FIN). The other direction lives on.
    StreamFinished {
        /// Which stream.
        stream: StreamId,
    },
    /// The stream is over, with the reason.
    StreamEnded {
        /// Which stream.
        stream: StreamId,
        /// None when it was closed as asked.
        error: Option<crate::call::CallError>,
    },
    /// Something about the room or the session that is not in the trace.
    Notice(Notice),
}

/// News about the room or the session.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// The room ends unless somebody asks to keep it open.
    RoomEnds {
        /// Milliseconds left.
        left_ms: u64,
    },
    /// The room will not end for now.
    RoomStays,
    /// The room has ended.
    RoomEnded,
    /// Another page took this session over.
    TakenOver,
    /// The server is going away in this many milliseconds.
    Draining {
        /// Milliseconds left.
        left_ms: u64,
    },
    /// The owner ended this session.
    Removed,
}
