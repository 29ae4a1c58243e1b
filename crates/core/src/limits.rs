//! Every number that both ends must agree on, with its unit and its reason. The one table.

/// Largest body of one frame, in bytes. A WebSocket message is at most 64 KiB; this leaves room for heads.
pub const FRAME_BODY: usize = 32 * 1024;
/// Largest body of the welcome, which lists everything in the room, in bytes. It may span messages.
pub const WELCOME_BODY: usize = 1024 * 1024;
/// Stream bytes in one frame: small, so that a bulk stream never stalls a keypress.
pub const STREAM_CHUNK: usize = 16 * 1024;
/// Largest WebSocket message, in bytes, either way.
pub const MESSAGE: usize = 64 * 1024;
/// Most payload bytes of one call.
pub const CALL_PAYLOAD: u32 = 1024 * 1024;
/// Calls of one session that may be unfinished at once.
pub const OUTSTANDING_CALLS: usize = 1024;
/// Payload bytes of a session's unfinished sends that the server keeps, in bytes.
pub const OUTSTANDING_PAYLOAD: usize = 4 * 1024 * 1024;
/// Received bytes that wait for a page, in bytes: while there are more, nothing more is taken from the kernel for it.
/// Receives with MSG_WAITALL under way count with all that they ask for.
pub const RESULTS: usize = 2560 * 1024;
/// Messages that wait for a page, in bytes with what keeping them costs. Beyond a quarter of it no further calls begin;
/// beyond it the connection ends: the page asks and asks, and does not take the answers.
pub const ANSWERS: usize = 1024 * 1024;
/// Bytes kept for everybody in one room: received bytes that wait for pages, sends that wait for the kernel, windows of
/// streams.
pub const ROOM_MEMORY: usize = 32 * 1024 * 1024;
/// Bytes that each session's sends, and each session's results, may take of that however full the room is.
pub const ROOM_SHARE: usize = 64 * 1024;
/// Descriptors in one poll.
pub const POLL_DESCRIPTORS: usize = 256;
/// Size of a program's descriptor table, as RLIMIT_NOFILE would set it: beyond it the kernel says EMFILE.
pub const DESCRIPTORS: i32 = 256;
/// First descriptor a program gets: 0, 1 and 2 are standard input, output and error.
pub const FIRST_DESCRIPTOR: i32 = 3;
/// Echo requests of one ping.
pub const PING_COUNT: u8 = 10;
/// Bytes of frames not yet acknowledged that an end keeps for a resume.
pub const REPLAY: usize = 384 * 1024;
/// An acknowledgement is due after this many reliable frames.
pub const ACK_FRAMES: u64 = 32;
/// An acknowledgement is due after this many bytes of reliable frames.
pub const ACK_BYTES: usize = 128 * 1024;
/// Credit of one stream and direction that may be outstanding, in bytes.
pub const STREAM_WINDOW: u64 = 1024 * 1024;
/// Bytes the page may send on a stream before the server has granted any, so that data need not wait for an answer.
pub const STREAM_FIRST: u64 = 64 * 1024;
/// Streams of one session open at once.
pub const STREAMS: usize = 256;
/// How long a session outlives a lost connection, in milliseconds.
pub const RESUME_WINDOW_MS: u64 = 60_000;
/// A WebSocket without a first message ends after this time, in milliseconds.
pub const HELLO_MS: u64 = 5_000;
/// Longest name of a person, a program, a file, a lesson or a step, in Unicode scalar values.
pub const NAME: usize = 32;
/// Longest name to resolve, in bytes (RFC 1035, without the final dot).
pub const HOST_NAME: usize = 253;
/// Messages about progress in lessons that a session may send at once; one more is allowed each second. Those beyond
/// are not recorded.
pub const PROGRESS_BURST: u32 = 64;
/// Longest text of one output message, in bytes.
pub const OUTPUT: usize = 16 * 1024;
/// Longest text of a program that is shown to the others in a room, in bytes: one frame holds it.
pub const SOURCE: usize = 24 * 1024;
/// Changes of a name, and other messages without an answer that cost their sender nothing, that a session may send at
/// once; one more is allowed each second. Those beyond are not recorded.
pub const SMALL_TALK_BURST: u32 = 32;
/// Frames that a session may send at once without anything coming of them, and how many more each second: those beyond
/// wait.
pub const IDLE_FRAMES_BURST: u32 = 20_000;
/// See [`IDLE_FRAMES_BURST`].
pub const IDLE_FRAMES_RATE: u32 = 10_000;
/// Texts of programs that a session may send at once; one more is allowed each second. Those beyond are not recorded.
pub const SOURCE_BURST: u32 = 16;
/// Bytes of trace events that wait in a session for their turn.
pub const TRACE_QUEUE: usize = 256 * 1024;
/// Programs of one room.
pub const PROGRAMS: usize = 64;
/// Kernel sockets of one room.
pub const SOCKETS: usize = 512;
/// Bytes that the kernel's buffers of one room's sockets may come to hold, as charged when sockets are made.
pub const SOCKET_MEMORY: usize = 128 * 1024 * 1024;
/// Kernel sockets of one person: the rest is for those who have few.
pub const PERSON_SOCKETS: usize = 384;
/// Kernel sockets that everybody can have as long as the room has any.
pub const SOCKETS_SHARE: usize = 16;
/// Programs of one person: the rest is for those who have few.
pub const PERSON_PROGRAMS: usize = 48;
/// Programs that everybody can have as long as the room has any.
pub const PROGRAMS_SHARE: usize = 4;
/// Hosts of one room.
pub const HOSTS: usize = 20;
/// People in one room.
pub const MEMBERS: usize = 64;
/// Sessions of one room.
pub const SESSIONS: usize = 128;
/// Bytes of a packet's or a call's payload that the trace keeps.
pub const TRACE_DATA: usize = 512;
/// Events the trace keeps of packets and of states, each.
pub const TRACE_PACKETS: usize = 10_000;
/// Events the trace keeps of output, of programs' texts, of people and of everything else (calls, wire settings), each.
pub const TRACE_OTHERS: usize = 10_000;
/// Bytes of events the trace keeps of each of these six.
pub const TRACE_BYTES: usize = 4 * 1024 * 1024;
/// Largest backlog: somaxconn of every host. Larger numbers are clamped by the kernel, never refused.
pub const SOMAXCONN: i32 = 128;
/// Packets held or delayed on one room's wire.
pub const WIRE_PACKETS: usize = 1024;
/// Longest one-way delay of the wire, in milliseconds.
pub const WIRE_DELAY_MS: u32 = 10_000;
/// How long a packet may be held before everything is let through, in milliseconds.
pub const HOLD_MS: u64 = 600_000;
/// How long a call or a command waits for the process that makes sockets and machines, in milliseconds.
pub const KEEPER_MS: u64 = 5_000;

/// Every limit with its name, for `/limits`, the page and error messages.
pub const TABLE: &[(&str, u64)] = &[
    ("frame-body", FRAME_BODY as u64),
    ("welcome-body", WELCOME_BODY as u64),
    ("stream-chunk", STREAM_CHUNK as u64),
    ("message", MESSAGE as u64),
    ("call-payload", CALL_PAYLOAD as u64),
    ("outstanding-calls", OUTSTANDING_CALLS as u64),
    ("outstanding-payload", OUTSTANDING_PAYLOAD as u64),
    ("outstanding-results", RESULTS as u64),
    ("outstanding-answers", ANSWERS as u64),
    ("room-memory", ROOM_MEMORY as u64),
    ("room-share", ROOM_SHARE as u64),
    ("poll-descriptors", POLL_DESCRIPTORS as u64),
    ("descriptors", DESCRIPTORS as u64),
    ("ping-count", PING_COUNT as u64),
    ("replay", REPLAY as u64),
    ("stream-window", STREAM_WINDOW),
    ("stream-first", STREAM_FIRST),
    ("streams", STREAMS as u64),
    ("resume-window-ms", RESUME_WINDOW_MS),
    ("hello-ms", HELLO_MS),
    ("name", NAME as u64),
    ("host-name", HOST_NAME as u64),
    ("progress-burst", PROGRESS_BURST as u64),
    ("small-talk-burst", SMALL_TALK_BURST as u64),
    ("idle-frames-burst", IDLE_FRAMES_BURST as u64),
    ("idle-frames-rate", IDLE_FRAMES_RATE as u64),
    ("output", OUTPUT as u64),
    ("source", SOURCE as u64),
    ("source-burst", SOURCE_BURST as u64),
    ("programs", PROGRAMS as u64),
    ("sockets", SOCKETS as u64),
    ("room-socket-memory", SOCKET_MEMORY as u64),
    ("person-sockets", PERSON_SOCKETS as u64),
    ("sockets-share", SOCKETS_SHARE as u64),
    ("person-programs", PERSON_PROGRAMS as u64),
    ("programs-share", PROGRAMS_SHARE as u64),
    ("hosts", HOSTS as u64),
    ("members", MEMBERS as u64),
    ("sessions", SESSIONS as u64),
    ("trace-data", TRACE_DATA as u64),
    ("trace-packets", TRACE_PACKETS as u64),
    ("trace-others", TRACE_OTHERS as u64),
    ("trace-bytes", TRACE_BYTES as u64),
    ("somaxconn", SOMAXCONN as u64),
    ("wire-packets", WIRE_PACKETS as u64),
    ("wire-delay-ms", WIRE_DELAY_MS as u64),
    ("hold-ms", HOLD_MS),
    ("keeper-ms", KEEPER_MS),
];
