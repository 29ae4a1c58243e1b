//! Every number that both ends must agree on, and every limit by which a server refuses, with its unit and its reason.
//!
//! A limit is a line here: its number, its name on the wire, its unit, and the sentence that says what it bounds. Those
//! of the way outside stand with it (`bridge::egress::limits`), made by the same [`limits!`](crate::limits!).

/// What a limit counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Things.
    Count,
    /// Bytes.
    Bytes,
    /// Unicode scalar values.
    Characters,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

impl Unit {
    /// Its name in `/limits`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Bytes => "bytes",
            Self::Characters => "characters",
            Self::Milliseconds => "milliseconds",
            Self::Seconds => "seconds",
        }
    }
}

/// An enum of limits: `/// What it bounds.` and `Variant "name" Unit = value;` for each.
#[macro_export]
macro_rules! limits {
    ($(#[$of:meta])* $type:ident {
        $($(#[doc = $doc:literal])+ $limit:ident $name:literal $unit:ident = $value:expr;)*
    }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type { $($(#[doc = $doc])+ $limit,)* }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$limit,)*];

            /// Its name on the wire and in `/limits`.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$limit => $name,)* }
            }

            /// The one of this name, if there is one.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|limit| limit.name() == name)
            }

            /// What it counts.
            pub const fn unit(self) -> $crate::limits::Unit {
                match self { $(Self::$limit => $crate::limits::Unit::$unit,)* }
            }

            /// Its value, unless an operator sets another.
            pub const fn value(self) -> u64 {
                match self { $(Self::$limit => $value as u64,)* }
            }

            /// What it bounds, in a sentence or two.
            pub const fn sentence(self) -> &'static str {
                match self { $(Self::$limit => concat!($($doc),+),)* }
            }

            /// The refusal by this limit.
            pub fn reached(self) -> $crate::call::CallError {
                self.reached_at(self.value())
            }

            /// The refusal by this limit where it has another value.
            pub fn reached_at(self, value: u64) -> $crate::call::CallError {
                $crate::call::CallError::Limit { limit: self.name().to_owned(), value }
            }
        }
    };
}

macro_rules! numbers {
    ($($(#[doc = $doc:literal])+ $number:ident: $is:ty = $value:expr => $limit:ident $name:literal $unit:ident;)*) => {
        $($(#[doc = $doc])+ pub const $number: $is = $value;)*

        $crate::limits! {
            /// Everything by which a call, a message or a request can be refused, but for the way outside.
            Limit { $($(#[doc = $doc])+ $limit $name $unit = $number;)* }
        }
    };
}

/// First descriptor a program gets: 0, 1 and 2 are standard input, output and error.
pub const FIRST_DESCRIPTOR: i32 = 3;
/// An acknowledgement is due after this many reliable frames.
pub const ACK_FRAMES: u64 = 32;
/// An acknowledgement is due after this many bytes of reliable frames.
pub const ACK_BYTES: usize = 128 * 1024;
/// Most bytes of one file in a machine's folder, which the page keeps.
pub const FOLDER_FILE_BYTES: usize = 1024 * 1024;
/// Most bytes of all files in a machine's folder.
pub const FOLDER_BYTES: usize = 8 * 1024 * 1024;
/// Most files in a machine's folder.
pub const FOLDER_FILES: usize = 100;
/// Bytes of trace events that wait in a session for their turn.
pub const TRACE_QUEUE: usize = 256 * 1024;

numbers! {
    /// Largest body of one frame, in bytes. A WebSocket message is at most 64 KiB; this leaves room for heads.
    FRAME_BODY: usize = 32 * 1024 => FrameBody "frame-body" Bytes;
    /// Largest body of the welcome, which lists everything in the room, in bytes. It may span messages.
    WELCOME_BODY: usize = 1024 * 1024 => WelcomeBody "welcome-body" Bytes;
    /// Stream bytes in one frame: small, so that a bulk stream never stalls a keypress.
    STREAM_CHUNK: usize = 16 * 1024 => StreamChunk "stream-chunk" Bytes;
    /// Largest WebSocket message, in bytes, either way.
    MESSAGE: usize = 64 * 1024 => Message "message" Bytes;
    /// Most payload bytes of one call.
    CALL_PAYLOAD: u32 = 1024 * 1024 => CallPayload "call-payload" Bytes;
    /// Calls of one session that may be unfinished at once.
    OUTSTANDING_CALLS: usize = 1024 => OutstandingCalls "outstanding-calls" Count;
    /// Payload bytes of a session's unfinished sends that the server keeps, in bytes.
    OUTSTANDING_PAYLOAD: usize = 4 * 1024 * 1024 => OutstandingPayload "outstanding-payload" Bytes;
    /// Received bytes that wait for a page, in bytes: while there are more, nothing more is taken from the kernel for it.
    /// Receives with MSG_WAITALL under way count with all that they ask for.
    RESULTS: usize = 2560 * 1024 => OutstandingResults "outstanding-results" Bytes;
    /// Messages that wait for a page, in bytes with what keeping them costs. Beyond a quarter of it no further calls begin;
    /// beyond it the connection ends: the page asks and asks, and does not take the answers.
    ANSWERS: usize = 1024 * 1024 => OutstandingAnswers "outstanding-answers" Bytes;
    /// Bytes kept for everybody in one room: received bytes that wait for pages, sends that wait for the kernel, windows of
    /// streams.
    ROOM_MEMORY: usize = 32 * 1024 * 1024 => RoomMemory "room-memory" Bytes;
    /// Bytes that each session's sends, and each session's results, may take of that however full the room is.
    ROOM_SHARE: usize = 64 * 1024 => RoomShare "room-share" Bytes;
    /// Bytes of the value of a socket option.
    OPTION_BYTES: usize = 1024 => OptionBytes "option-bytes" Bytes;
    /// Descriptors in one poll.
    POLL_DESCRIPTORS: usize = 1024 => PollDescriptors "poll-descriptors" Count;
    /// Events that one epoll_wait tells at most: the rest comes with the next.
    EPOLL_EVENTS: usize = 1024 => EpollEvents "epoll-events" Count;
    /// Descriptors that all epolls of one person's programs in a room watch, one watched by two counted twice.
    EPOLL_WATCHES: usize = 4096 => EpollWatches "epoll-watches" Count;
    /// Epolls of which each watches the next: Linux has 5, and the room's own watch takes two of them.
    EPOLL_DEPTH: usize = 3 => EpollDepth "epoll-depth" Count;
    /// Descriptors of one person that are on their way between programs at once: sent, and not received yet.
    PASSED_DESCRIPTORS: usize = 512 => PassedDescriptors "passed-descriptors" Count;
    /// Size of a program's descriptor table, as a shell's RLIMIT_NOFILE sets it: beyond it the kernel says EMFILE.
    DESCRIPTORS: i32 = 1024 => Descriptors "descriptors" Count;
    /// Echo requests of one ping.
    PING_COUNT: u8 = 10 => PingCount "ping-count" Count;
    /// Bytes of frames not yet acknowledged that an end keeps for a resume.
    REPLAY: usize = 384 * 1024 => Replay "replay" Bytes;
    /// Credit of one stream and direction that may be outstanding, in bytes.
    STREAM_WINDOW: u64 = 1024 * 1024 => StreamWindow "stream-window" Bytes;
    /// Bytes the page may send on a stream before the server has granted any, so that data need not wait for an answer.
    STREAM_FIRST: u64 = 64 * 1024 => StreamFirst "stream-first" Bytes;
    /// Streams of one session open at once.
    STREAMS: usize = 256 => Streams "streams" Count;
    /// How long a session outlives a lost connection, in milliseconds.
    RESUME_WINDOW_MS: u64 = 60_000 => ResumeWindowMs "resume-window-ms" Milliseconds;
    /// A WebSocket without a first message ends after this time, in milliseconds.
    HELLO_MS: u64 = 5_000 => HelloMs "hello-ms" Milliseconds;
    /// Longest name of a person, a program, a file, a lesson or a step, in Unicode scalar values.
    NAME: usize = 32 => Name "name" Characters;
    /// Longest name to resolve, in bytes (RFC 1035, without the final dot).
    HOST_NAME: usize = 253 => HostName "host-name" Bytes;
    /// Messages about progress in lessons that a session may send at once; one more is allowed each second. Those beyond
    /// are not recorded.
    PROGRESS_BURST: u32 = 64 => ProgressBurst "progress-burst" Count;
    /// Longest name of a socket of AF_UNIX, in bytes (unix(7): `sun_path` without the NUL after a path or before an abstract
    /// name).
    UNIX_NAME: usize = 107 => UnixName "unix-name" Bytes;
    /// Sockets in the file system of one machine: paths that sockets of AF_UNIX were bound to and nobody has removed.
    SOCKET_FILES: usize = 256 => SocketFiles "socket-files" Count;
    /// Longest text of one output message, in bytes.
    OUTPUT: usize = 16 * 1024 => Output "output" Bytes;
    /// Longest text of a program that is shown to the others in a room, in bytes: one frame holds it.
    SOURCE: usize = 24 * 1024 => Source "source" Bytes;
    /// Changes of a name, and other messages without an answer that cost their sender nothing, that a session may send at
    /// once; one more is allowed each second. Those beyond are not recorded.
    SMALL_TALK_BURST: u32 = 32 => SmallTalkBurst "small-talk-burst" Count;
    /// Frames that a session may send at once without anything coming of them: those beyond wait.
    IDLE_FRAMES_BURST: u32 = 20_000 => IdleFramesBurst "idle-frames-burst" Count;
    /// How many more frames that come to nothing a session may send each second: those beyond wait.
    IDLE_FRAMES_RATE: u32 = 10_000 => IdleFramesRate "idle-frames-rate" Count;
    /// Texts of programs that a session may send at once; one more is allowed each second. Those beyond are not recorded.
    SOURCE_BURST: u32 = 16 => SourceBurst "source-burst" Count;
    /// Programs of one room.
    PROGRAMS: usize = 64 => Programs "programs" Count;
    /// Kernel sockets of one room.
    SOCKETS: usize = 2048 => Sockets "sockets" Count;
    /// Bytes that the kernel's buffers of one room's sockets may come to hold, as charged when a socket gets an address or a peer.
    SOCKET_MEMORY: usize = 128 * 1024 * 1024 => RoomSocketMemory "room-socket-memory" Bytes;
    /// Kernel sockets of one person: the rest is for those who have few.
    PERSON_SOCKETS: usize = 1536 => PersonSockets "person-sockets" Count;
    /// Kernel sockets that everybody can have as long as the room has any.
    SOCKETS_SHARE: usize = 16 => SocketsShare "sockets-share" Count;
    /// Programs of one person: the rest is for those who have few.
    PERSON_PROGRAMS: usize = 48 => PersonPrograms "person-programs" Count;
    /// Programs that everybody can have as long as the room has any.
    PROGRAMS_SHARE: usize = 4 => ProgramsShare "programs-share" Count;
    /// Hosts of one room.
    HOSTS: usize = 20 => Hosts "hosts" Count;
    /// People in one room.
    MEMBERS: usize = 64 => Members "members" Count;
    /// Sessions of one room.
    SESSIONS: usize = 128 => Sessions "sessions" Count;
    /// Bytes of a packet's or a call's payload that the trace keeps.
    TRACE_DATA: usize = 512 => TraceData "trace-data" Bytes;
    /// Events the trace keeps of packets and of states, each.
    TRACE_PACKETS: usize = 10_000 => TracePackets "trace-packets" Count;
    /// Events the trace keeps of output, of programs' texts, of people and of everything else (calls, wire settings), each.
    TRACE_OTHERS: usize = 10_000 => TraceOthers "trace-others" Count;
    /// Bytes of events the trace keeps of each of these six.
    TRACE_BYTES: usize = 4 * 1024 * 1024 => TraceBytes "trace-bytes" Bytes;
    /// Bytes of a kept recording, before it is compressed.
    SHARE_BYTES: usize = 8 * 1024 * 1024 => ShareBytes "share-bytes" Bytes;
    /// Events of a kept recording.
    SHARE_EVENTS: usize = 10_000 => ShareEvents "share-events" Count;
    /// Bytes of one line of a kept recording.
    SHARE_LINE: usize = 256 * 1024 => ShareLine "share-line" Bytes;
    /// Longest title of a kept recording, in Unicode scalar values.
    SHARE_TITLE: usize = 80 => ShareTitle "share-title" Characters;
    /// Notes that are pinned to events of a kept recording.
    SHARE_NOTES: usize = 32 => ShareNotes "share-notes" Count;
    /// Longest note of a kept recording, in Unicode scalar values.
    SHARE_NOTE: usize = 280 => ShareNote "share-note" Characters;
    /// Recordings that are kept of one room.
    ROOM_KEPT: usize = 32 => RoomKept "room-kept" Count;
    /// Seats of one class.
    CLASS_SEATS: usize = 200 => ClassSeats "class-seats" Count;
    /// Classes of this server at once.
    SERVER_CLASSES: usize = 16 => ServerClasses "server-classes" Count;
    /// Longest note of a teacher, in Unicode scalar values.
    CLASS_NOTE: usize = 280 => ClassNote "class-note" Characters;
    /// Files that a class keeps for its pupils: of more the oldest goes.
    CLASS_FILES: usize = 16 => ClassFiles "class-files" Count;
    /// Bytes of one of them.
    CLASS_FILE: usize = 24 * 1024 => ClassFile "class-file" Bytes;
    /// Bytes of what each room of a class begins with.
    CLASS_START: usize = 32 * 1024 => ClassStart "class-start" Bytes;
    /// Boards of one class that are open at once.
    CLASS_BOARDS: usize = 8 => ClassBoards "class-boards" Count;
    /// Pages of one seat that hear of its class at once.
    SEAT_PAGES: usize = 8 => SeatPages "seat-pages" Count;
    /// How often a seat's hand goes up or down at once; then once more every five seconds.
    SEAT_HANDS: u32 = 8 => SeatHands "seat-hands" Count;
    /// How often one address asks for classes that are none at once; then once more each second. Beyond that it is told of no class
    /// without a key of that class.
    ADDRESS_CLASS_MISSES: u32 = 1000 => AddressClassMisses "address-class-misses" Count;
    /// Bytes a second of news that one board gets. What is more comes a moment later.
    CLASS_BOARD_RATE: usize = 20_000 => ClassBoardRate "class-board-rate" Bytes;
    /// Largest backlog: somaxconn of every host. Larger numbers are clamped by the kernel, never refused.
    SOMAXCONN: i32 = 128 => Somaxconn "somaxconn" Count;
    /// Packets held or delayed on one room's wire.
    WIRE_PACKETS: usize = 1024 => WirePackets "wire-packets" Count;
    /// Longest one-way delay of the wire, in milliseconds.
    WIRE_DELAY_MS: u32 = 10_000 => WireDelayMs "wire-delay-ms" Milliseconds;
    /// How long a packet may be held before everything is let through, in milliseconds.
    HOLD_MS: u64 = 600_000 => HoldMs "hold-ms" Milliseconds;
    /// How long a call or a command waits for the process that makes sockets and machines, in milliseconds.
    KEEPER_MS: u64 = 5_000 => KeeperMs "keeper-ms" Milliseconds;
    /// Largest value of a machine's kernel setting; most have a smaller one of their own.
    SYSCTL: u32 = 127 => Sysctl "sysctl" Count;

    // What an operator may set: these are the defaults.
    /// Sessions of this server.
    SERVER_SESSIONS: u32 = 1000 => ServerSessions "server-sessions" Count;
    /// Rooms of this server.
    SERVER_ROOMS: u32 = 1000 => ServerRooms "server-rooms" Count;
    /// Sessions of one address (IPv6: one /64); often a whole school.
    ADDRESS_SESSIONS: u32 = 128 => AddressSessions "address-sessions" Count;
    /// Rooms made by one address (IPv6: one /64).
    ADDRESS_ROOMS: u32 = 64 => AddressRooms "address-rooms" Count;
    /// New sessions a minute of one address. What comes faster waits and is not refused.
    ADDRESS_SESSION_RATE: u32 = 240 => AddressSessionRate "address-session-rate" Count;
    /// Bytes that are kept for visitors in all, about. Beyond four fifths of it there are no new rooms, beyond nine tenths
    /// no recordings of packets are sent, beyond 95 percent old history goes.
    SERVER_MEMORY: u64 = 4 << 30 => ServerMemory "server-memory" Bytes;
    /// Bytes that the histories of all rooms take together, about: beyond it each room's becomes shorter.
    SERVER_HISTORY: u64 = 3 << 29 => ServerHistory "server-history" Bytes;
    /// Descriptors of the server's process up to which rooms may open more: those beyond are the page's. Never more than
    /// three quarters of what there are.
    SERVER_DESCRIPTORS: u32 = u32::MAX => ServerDescriptors "server-descriptors" Count;
    /// Descriptors of all rooms made from one address (IPv6: one /64); a socket counts twice. Never more than half of what
    /// rooms may have.
    ADDRESS_DESCRIPTORS: u32 = u32::MAX => AddressDescriptors "address-descriptors" Count;
    /// Bytes that the kernel's buffers of all rooms' sockets may come to hold. Never more than three fifths of the kernel's
    /// pressure mark for TCP, where that is known.
    SERVER_SOCKET_MEMORY: u64 = u64::MAX => ServerSocketMemory "server-socket-memory" Bytes;
    /// Bytes that the kernel's buffers of sockets may come to hold in all rooms made from one address (IPv6: one /64). Never
    /// more than half of `server-socket-memory`.
    ADDRESS_SOCKET_MEMORY: u64 = u64::MAX => AddressSocketMemory "address-socket-memory" Bytes;
    /// TCP connections to the page. Never more than a quarter of the descriptors the server's process may have.
    SERVER_CONNECTIONS: u32 = 4096 => ServerConnections "server-connections" Count;
    /// TCP connections of one address (IPv6: one /64).
    ADDRESS_CONNECTIONS: u32 = 512 => AddressConnections "address-connections" Count;
    /// Recordings of packets that are sent at once.
    SERVER_DOWNLOADS: u32 = 64 => ServerDownloads "server-downloads" Count;
    /// Recordings of packets that are sent to one address at once (IPv6: one /64).
    ADDRESS_DOWNLOADS: u32 = 8 => AddressDownloads "address-downloads" Count;
    /// Kept recordings that are sent at once.
    SERVER_OPENED: u32 = 512 => ServerOpened "server-opened" Count;
    /// Kept recordings that are sent to one address at once (IPv6: one /64). A class opens a link together.
    ADDRESS_OPENED: u32 = 64 => AddressOpened "address-opened" Count;
    /// Recordings that one address keeps in a day (IPv6: one /64).
    ADDRESS_KEPT: u32 = 128 => AddressKept "address-kept" Count;
    /// Bytes that all kept recordings take on the disk, about. Beyond it no more are kept until some are deleted, or those go
    /// that nobody has read for longest: the operator's to say.
    SERVER_SHELF: u64 = 1 << 30 => ServerShelf "server-shelf" Bytes;
    /// Bytes of a request's head.
    HEAD_BYTES: usize = 16 * 1024 => HeadBytes "head-bytes" Bytes;
    /// Bytes of a request's body.
    BODY_BYTES: usize = 64 * 1024 => BodyBytes "body-bytes" Bytes;
    /// How long a request's body may take, in milliseconds.
    BODY_MS: u64 = 10_000 => BodyMs "body-ms" Milliseconds;
    /// Bytes of packets a second between the machines of one room, 0 for as many as come. What comes faster is delayed,
    /// never refused.
    ROOM_BYTES_PER_SECOND: u64 = 8 * 1024 * 1024 => RoomBytesPerSecond "room-bytes-per-second" Bytes;
}
