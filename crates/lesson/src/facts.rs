//! What an event says, as flat facts a check can ask for: `call=connect host=client result=ok port=12345`.
//!
//! Facts of an event include what led to it: a close says how many bytes its socket received, a connect how many SYNs
//! it took and what answered. So a check is a predicate over one event, whatever the lesson asks.

use std::collections::BTreeMap;

macro_rules! fields {
    ($($(#[$doc:meta])* $variant:ident = $name:literal $is:ident;)*) => {
        /// A fact's name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Field { $($(#[$doc])* $variant,)* }

        impl Field {
            /// Every field.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// Its name in a check.
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// Whether its values are numbers.
            pub fn is_number(self) -> bool {
                match self { $(Self::$variant => fields!(@ $is),)* }
            }
        }
    };
    (@ number) => { true };
    (@ word) => { false };
}

fields! {
    /// `call`, `packet`, `state`, `output`, `program`, `machine` or `wire`.
    Kind = "kind" word;
    /// `begin` or `end`: of a call; a check that does not ask means the end.
    Phase = "phase" word;
    /// The call's name in the man pages.
    Call = "call" word;
    /// The machine, as the lesson calls it.
    Host = "host" word;
    /// The program's name: `By hand`, `server.py`.
    Program = "program" word;
    /// The descriptor a call acts on.
    Fd = "fd" number;
    /// The descriptor that socket or accept made.
    Made = "made" number;
    /// The service's port: that connected to, bound, or accepted on.
    Port = "port" number;
    /// The address asked for, or answered first, without its port; of a state, the local one.
    Address = "address" word;
    /// The line of the program's text that made the call, from 1.
    Line = "line" number;
    /// `yes` where the descriptor that socket or accept made has named another socket of this program before.
    Reused = "reused" word;
    /// Sockets that the program has open once the call has made one.
    Open = "open" number;
    /// Which connection of its program a socket is: 1 for the first that was connected or accepted.
    Nth = "nth" number;
    /// The port that getsockname or getpeername answered.
    Answered = "answered" number;
    /// The option that setsockopt or getsockopt is about: `SO_REUSEADDR`.
    Option = "option" word;
    /// Whether a socket that is bound was told SO_REUSEADDR before: `yes` or `no`.
    Reuse = "reuse" word;
    /// Milliseconds from when a caller was last accepted on a port of the machine to a bind to it.
    After = "after" number;
    /// The machine connected to, or that a packet goes to.
    To = "to" word;
    /// The machine a packet comes from.
    Source = "source" word;
    /// The name that getaddrinfo or ping asked for; of a connect, the name whose answer had this address in this program.
    Name = "name" word;
    /// `ok`, an errno's name (`ECONNREFUSED`), `EAI_NONAME`, or `timed_out`, `policy`, `limit`, `protocol`.
    Result = "result" word;
    /// Bytes of this call or packet.
    Length = "length" number;
    /// Bytes a receive asked for.
    Max = "max" number;
    /// `AF_INET` or `AF_INET6`.
    Family = "family" word;
    /// `SOCK_STREAM` or `SOCK_DGRAM`.
    Type = "type" word;
    /// A listener's backlog.
    Backlog = "backlog" number;
    /// Connections in a listener's queue.
    Queued = "queued" number;
    /// Milliseconds from the call's begin to its end.
    Waited = "waited" number;
    /// Packets that the call caused, its own handshake included.
    Packets = "packets" number;
    /// SYNs that a connect sent, repeated ones included.
    Syns = "syns" number;
    /// What came back to a connect: `SYN+ACK`, `RST+ACK`, `ICMP` or `none`.
    Answer = "answer" word;
    /// Whether somebody listens on the port of the machine that a connect goes to, for whatever address: `yes` or `no`.
    Listens = "listens" word;
    /// Whether a connect's first SYN came to a full queue: `yes` or `no`.
    Full = "full" word;
    /// Bytes this socket received so far.
    Received = "received" number;
    /// Bytes this socket sent so far.
    Sent = "sent" number;
    /// Receives that took bytes from this socket so far.
    Recvs = "recvs" number;
    /// Packets that somebody dropped by hand since this socket's connect.
    Dropped = "dropped" number;
    /// The first bytes sent or received, as text.
    Data = "data" word;
    /// `wire` or `lo`.
    Link = "link" word;
    /// A packet's flags: `SYN+ACK`.
    Flags = "flags" word;
    /// What became of a packet: `travelling`, `held`, `delivered`, `dropped`, `lost`, `no_host` or `superseded`.
    Fate = "fate" word;
    /// 1 for a packet's first try, 2 for the next.
    Try = "try" number;
    /// Why a packet was sent: `call`, `packet`, `timer`, `wire` or `service`.
    Cause = "cause" word;
    /// A socket's state from now on.
    State = "state" word;
    /// Its state before.
    From = "from" word;
    /// Whether a connection was accepted: `yes` or `no`.
    Accepted = "accepted" word;
    /// Bytes nobody has read yet.
    Unread = "unread" number;
    /// `stdout` or `stderr`.
    Stream = "stream" word;
    /// `began` or `ended`: of a program; `fresh`, `cut`, `mended` or `kernel`: of a machine.
    Change = "change" word;
    /// Whether the wire is held; of a packet's fate, whether the packet was held before it: `yes` or `no`.
    Held = "held" word;
    /// The wire's delay one way, milliseconds.
    Delay = "delay" number;
}

impl Field {
    /// The field of this name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|field| field.name() == name)
    }
}

/// One fact.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A word, or a text.
    Word(String),
    /// A number.
    Number(u64),
}

/// What an event says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    facts: BTreeMap<Field, Fact>,
    /// When what the event ends began, nanoseconds since the room did.
    pub began: Option<u64>,
}

impl Facts {
    /// Facts of a kind.
    pub(crate) fn of(kind: &str) -> Self {
        Self::default().word(Field::Kind, kind)
    }

    /// The fact of this name, if the event says it.
    pub fn get(&self, field: Field) -> Option<&Fact> {
        self.facts.get(&field)
    }

    /// Whether the event says this word.
    pub fn is(&self, field: Field, word: &str) -> bool {
        matches!(self.get(field), Some(Fact::Word(found)) if found == word)
    }

    pub(crate) fn word(mut self, field: Field, word: impl Into<String>) -> Self {
        self.facts.insert(field, Fact::Word(word.into()));
        self
    }

    pub(crate) fn number(mut self, field: Field, number: impl Into<u64>) -> Self {
        self.facts.insert(field, Fact::Number(number.into()));
        self
    }

    pub(crate) fn yes(self, field: Field, yes: bool) -> Self {
        self.word(field, if yes { "yes" } else { "no" })
    }

    pub(crate) fn maybe_word(self, field: Field, word: Option<impl Into<String>>) -> Self {
        match word {
            Some(word) => self.word(field, word),
            None => self,
        }
    }

    pub(crate) fn maybe_number(self, field: Field, number: Option<impl Into<u64>>) -> Self {
        match number {
            Some(number) => self.number(field, number),
            None => self,
        }
    }
}
