//! Kinds of frames: their codes on the wire, which of them are replayed, how long they may be.

use crate::limits;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $reliable:literal;)*) => {
        /// What a frame's body is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Kind { $($(#[$doc])* $name = $code,)* }

        impl Kind {
            /// Every kind, in the order of their codes.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The kind with this code on the wire, if there is one.
            pub fn from_code(code: u8) -> Option<Self> {
                match code {
                    $($code => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// Whether frames of this kind are numbered, acknowledged and replayed.
            pub fn is_reliable(self) -> bool {
                match self { $(Self::$name => $reliable,)* }
            }
        }
    };
}

kinds! {
    /// [`crate::message::Hello`]: the first frame of a connection, from the page.
    Hello = 1, false;
    /// [`crate::message::Welcome`]: the first frame of a connection, from the server.
    Welcome = 2, false;
    /// A `ClientMessage` or `ServerMessage`, then the first payload bytes that belong to it.
    Control = 3, true;
    /// A call's number, then more bytes of its payload or of its result's.
    Data = 4, true;
    /// A stream's number, then bytes.
    Stream = 5, true;
    /// How many reliable frames of this session the sender has received.
    Ack = 6, false;
    /// Trace events, one after another. Server to page.
    Trace = 7, false;
    /// How many trace events were left out here. Server to page.
    Skipped = 8, false;
    /// Asks for a [`Kind::Pong`]: is the other end still there? Empty. Page to server.
    Ping = 9, false;
    /// Answers a [`Kind::Ping`]. Empty.
    Pong = 10, false;
}

impl Kind {
    /// Longest body, in bytes.
    pub fn limit(self) -> usize {
        match self {
            Self::Welcome => limits::WELCOME_BODY,
            _ => limits::FRAME_BODY,
        }
    }
}
