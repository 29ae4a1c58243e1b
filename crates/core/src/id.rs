//! Newtypes for every number that names something, so that one kind can never be passed for another.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $name(pub $inner);

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id! {
    /// A descriptor: a small integer from 3 up, naming one kernel socket of one program, as in a process.
    Fd(i32)
}
id! {
    /// A call as the page numbers it: unique within a session, never reused.
    CallId(u32)
}
id! {
    /// A call as the trace numbers it: unique within a room, never reused.
    CallRef(u64)
}
id! {
    /// A byte stream over one descriptor: chosen by the page, unique within a session, never reused.
    StreamId(u32)
}
id! {
    /// A host (a machine) of a room.
    HostId(u32)
}
id! {
    /// A program of a room: one descriptor table on one host.
    ProgramId(u32)
}
id! {
    /// A kernel socket of a room: SO_COOKIE renumbered from 1 in order of appearance.
    SocketId(u32)
}
id! {
    /// A packet of a room, numbered from 1 as it was first seen.
    PacketId(u64)
}
id! {
    /// A person in a room: keeps their number over reloads and lost connections.
    MemberId(u32)
}
