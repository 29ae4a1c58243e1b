//! The words of socket programming with their numbers in Linux: one line each, and the only place where they stand.
//!
//! Families, types, directions, flags, events and options. Calls have their names in [`crate::call`]. What JavaScript and
//! Python need of all this is written from here (`tests/vocabulary.rs`); the lab sets and reads options by these numbers.

use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$of:meta])* $type:ident { $($(#[$doc:meta])* $word:ident = $name:literal $number:literal;)* }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $type { $(#[doc = concat!("`", $name, "`:")] $(#[$doc])* $word,)* }

        impl $type {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word,)*];

            /// Its name in C and in Python.
            pub fn name(self) -> &'static str {
                match self { $(Self::$word => $name,)* }
            }

            /// Linux's number.
            pub fn number(self) -> i32 {
                match self { $(Self::$word => $number,)* }
            }

            /// The one with this name in C.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }

            /// The one with this number in Linux.
            pub fn numbered(number: i64) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| i64::from(one.number()) == number)
            }
        }
    };
}

words! {
    /// Address family of a socket, socket(2).
    Family {
        /// ip(7).
        Inet = "AF_INET" 2;
        /// ipv6(7).
        Inet6 = "AF_INET6" 10;
        /// unix(7): inside one machine.
        Unix = "AF_UNIX" 1;
    }
}

words! {
    /// Type of a socket, socket(2).
    Kind {
        /// TCP; in AF_UNIX a stream of bytes as well.
        Stream = "SOCK_STREAM" 1;
        /// UDP; in AF_UNIX messages as well.
        Datagram = "SOCK_DGRAM" 2;
    }
}

impl Kind {
    /// The number of the one protocol that sockets of this type have here, `IPPROTO_TCP` or `IPPROTO_UDP`.
    pub fn protocol(self) -> i32 {
        match self {
            Self::Stream => 6,
            Self::Datagram => 17,
        }
    }
}

words! {
    /// Which directions shutdown(2) ends.
    How {
        /// nothing more is read.
        Read = "SHUT_RD" 0;
        /// sends FIN, the other direction lives on.
        Write = "SHUT_WR" 1;
        /// both together.
        Both = "SHUT_RDWR" 2;
    }
}

words! {
    /// Level of a socket option, setsockopt(2).
    Level {
        /// socket(7).
        Socket = "SOL_SOCKET" 1;
        /// ip(7).
        Ip = "IPPROTO_IP" 0;
        /// tcp(7).
        Tcp = "IPPROTO_TCP" 6;
        /// ipv6(7).
        Ipv6 = "IPPROTO_IPV6" 41;
    }
}

macro_rules! sets {
    ($(#[$of:meta])* $type:ident: $bits:ty { $($(#[$doc:meta])* $word:ident = $bit:literal $name:literal $number:literal;)* }) => {
        $(#[$of])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
        pub struct $type(pub $bits);

        impl $type {
            $(#[doc = concat!("`", $name, "`:")] $(#[$doc])* pub const $word: Self = Self($bit);)*

            /// Each with its name in C and its number in Linux, in the order of their bits here.
            pub const ALL: &'static [(Self, &'static str, i32)] = &[$((Self::$word, $name, $number),)*];

            /// Whether every one of `other` is set.
            pub fn contains(self, other: Self) -> bool {
                self.0 & other.0 == other.0
            }

            /// Both sets together.
            #[must_use]
            pub fn with(self, other: Self) -> Self {
                Self(self.0 | other.0)
            }

            /// Whether none is set.
            pub fn is_empty(self) -> bool {
                self.0 == 0
            }

            /// The names in C of those that are set.
            pub fn names(self) -> impl Iterator<Item = &'static str> {
                Self::ALL.iter().filter(move |(one, ..)| self.contains(*one)).map(|(_, name, _)| *name)
            }

            /// The set of what has these names; other names are passed over.
            pub fn named<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
                let found = names.into_iter().filter_map(|name| Self::ALL.iter().find(|(_, known, _)| *known == name));
                found.fold(Self::default(), |set, (one, ..)| set.with(*one))
            }
        }
    };
}

sets! {
    /// Flags of send(2) and recv(2), as a set. [`NOSIGNAL`] is always set on sends.
    Flags: u8 {
        /// read without taking.
        PEEK = 1 "MSG_PEEK" 0x2;
        /// this call only is non-blocking.
        DONTWAIT = 2 "MSG_DONTWAIT" 0x40;
        /// wait until all bytes asked for are here.
        WAITALL = 4 "MSG_WAITALL" 0x100;
        /// TCP's urgent byte.
        OOB = 8 "MSG_OOB" 0x1;
        /// more will follow, do not send a short segment yet.
        MORE = 16 "MSG_MORE" 0x8000;
    }
}

/// `MSG_NOSIGNAL` with Linux's number: no set has it, because every send has it anyway.
pub const NOSIGNAL: (&str, i32) = ("MSG_NOSIGNAL", 0x4000);

impl Flags {
    /// The flags in a number of Linux's; none if it has a bit that is not on the list.
    pub fn numbered(number: i64) -> Option<Self> {
        let known = Self::ALL.iter().fold(NOSIGNAL.1, |bits, (.., bit)| bits | bit);
        if number & !i64::from(known) != 0 {
            return None;
        }
        let set = Self::ALL.iter().filter(|(.., bit)| number & i64::from(*bit) != 0);
        Some(set.fold(Self::default(), |flags, (flag, ..)| flags.with(*flag)))
    }
}

sets! {
    /// Events of poll(2), as a set with Linux's bits.
    PollEvents: u16 {
        /// there is data to read, or a connection to accept.
        IN = 0x001 "POLLIN" 0x001;
        /// urgent data.
        PRI = 0x002 "POLLPRI" 0x002;
        /// writing is possible.
        OUT = 0x004 "POLLOUT" 0x004;
        /// always reported.
        ERR = 0x008 "POLLERR" 0x008;
        /// always reported.
        HUP = 0x010 "POLLHUP" 0x010;
        /// always reported, the descriptor is not open.
        NVAL = 0x020 "POLLNVAL" 0x020;
        /// the peer has closed or shut down its writing half.
        RDHUP = 0x2000 "POLLRDHUP" 0x2000;
    }
}

/// What begins the names of [`PollEvents`] in C, and is left out in the trace and in JavaScript.
pub const POLL: &str = "POLL";

words! {
    /// What epoll_ctl(2) does.
    EpollOperation {
        /// watches a descriptor.
        Add = "EPOLL_CTL_ADD" 1;
        /// watches it no more.
        Delete = "EPOLL_CTL_DEL" 2;
        /// watches it for something else.
        Modify = "EPOLL_CTL_MOD" 3;
    }
}

sets! {
    /// Events of epoll(7) and how they are to be told, as a set with Linux's bits.
    EpollEvents: u32 {
        /// there is data to read, or a connection to accept.
        IN = 0x001 "EPOLLIN" 0x001;
        /// urgent data.
        PRI = 0x002 "EPOLLPRI" 0x002;
        /// writing is possible.
        OUT = 0x004 "EPOLLOUT" 0x004;
        /// always reported.
        ERR = 0x008 "EPOLLERR" 0x008;
        /// always reported.
        HUP = 0x010 "EPOLLHUP" 0x010;
        /// as EPOLLIN.
        RDNORM = 0x040 "EPOLLRDNORM" 0x040;
        /// as EPOLLPRI, on few kinds of descriptors.
        RDBAND = 0x080 "EPOLLRDBAND" 0x080;
        /// as EPOLLOUT.
        WRNORM = 0x100 "EPOLLWRNORM" 0x100;
        /// urgent data may be written.
        WRBAND = 0x200 "EPOLLWRBAND" 0x200;
        /// nothing on Linux.
        MSG = 0x400 "EPOLLMSG" 0x400;
        /// the peer has closed or shut down its writing half.
        RDHUP = 0x2000 "EPOLLRDHUP" 0x2000;
        /// of several epolls that wait for it not all are woken.
        EXCLUSIVE = 0x1000_0000 "EPOLLEXCLUSIVE" 0x1000_0000;
        /// the computer is kept awake; Linux passes over it without a privilege.
        WAKEUP = 0x2000_0000 "EPOLLWAKEUP" 0x2000_0000;
        /// told once, until it is asked for anew.
        ONESHOT = 0x4000_0000 "EPOLLONESHOT" 0x4000_0000;
        /// told only when it becomes so.
        ET = 0x8000_0000 "EPOLLET" -0x8000_0000;
    }
}

/// What begins the names of [`EpollEvents`] in C, and is left out in the trace.
const EPOLL: &str = "EPOLL";

impl EpollEvents {
    /// The names of those that are set, without `EPOLL`.
    pub fn short_names(self) -> impl Iterator<Item = &'static str> {
        self.names().map(|name| name.trim_start_matches(EPOLL))
    }
}

impl PollEvents {
    /// The names of those that are set, without `POLL`.
    pub fn short_names(self) -> impl Iterator<Item = &'static str> {
        self.names().map(|name| name.trim_start_matches(POLL))
    }
}

/// Of which form an option's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionForm {
    /// An int that is 0 or 1.
    Bool,
    /// An int.
    Int,
    /// `struct linger`.
    Linger,
    /// Bytes as the kernel has them: a struct, or a name.
    Bytes,
}

impl OptionForm {
    /// Bytes without which the value is none; none where the kernel alone knows. What has as many has a form of its own in the
    /// protocol.
    pub fn least(self) -> Option<usize> {
        match self {
            Self::Bool | Self::Int => Some(4),
            Self::Linger => Some(8),
            Self::Bytes => None,
        }
    }
}

/// What an option is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptionScope {
    /// One TCP connection and nothing else: it is set on a connection outside too.
    Connection,
    /// More than that: ports that others may share, how far packets travel. It is kept in the room alone.
    Machine,
    /// It cannot be set.
    ReadOnly,
}

/// What is known about an option.
#[derive(Clone, Copy, Debug)]
pub struct OptionEntry {
    /// Its name in C and in Python.
    pub name: &'static str,
    /// Its level.
    pub level: Level,
    /// Linux's number.
    pub number: i32,
    /// The form of its value.
    pub form: OptionForm,
    /// What it is for.
    pub scope: OptionScope,
    /// How socket2, which the console shows calls in, reads it; `set_` before it is how it writes most. Empty where it does not.
    pub socket2: &'static str,
}

macro_rules! options {
    ($($word:ident = $level:ident $name:literal $number:literal $form:ident $scope:ident $socket2:literal;)*) => {
        /// A socket option by name: the allow-list of what a program may set or read, socket(7), ip(7) and tcp(7).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum OptionName { $(#[doc = concat!("`", $name, "`")] $word,)* }

        impl OptionName {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$word,)*];

            /// What is known about it.
            pub fn entry(self) -> OptionEntry {
                match self {
                    $(Self::$word => OptionEntry {
                        name: $name,
                        level: Level::$level,
                        number: $number,
                        form: OptionForm::$form,
                        scope: OptionScope::$scope,
                        socket2: $socket2,
                    },)*
                }
            }

            /// Its name in C and in Python.
            pub fn name(self) -> &'static str {
                self.entry().name
            }

            /// The one with this name in C.
            pub fn named(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.name() == name)
            }

            /// The one with these numbers in Linux.
            pub fn numbered(level: i64, number: i64) -> Option<Self> {
                let is_it = |entry: OptionEntry| {
                    i64::from(entry.level.number()) == level && i64::from(entry.number) == number
                };
                Self::ALL.iter().copied().find(|one| is_it(one.entry()))
            }
        }
    };
}

// The order is that of the wire: a new one goes to the end.
options! {
    ReuseAddr = Socket "SO_REUSEADDR" 2 Bool Machine "reuse_address";
    ReusePort = Socket "SO_REUSEPORT" 15 Bool Machine "reuse_port";
    KeepAlive = Socket "SO_KEEPALIVE" 9 Bool Connection "keepalive";
    Broadcast = Socket "SO_BROADCAST" 6 Bool Machine "broadcast";
    Linger = Socket "SO_LINGER" 13 Linger Connection "linger";
    RcvBuf = Socket "SO_RCVBUF" 8 Int Connection "recv_buffer_size";
    SndBuf = Socket "SO_SNDBUF" 7 Int Connection "send_buffer_size";
    Error = Socket "SO_ERROR" 4 Int ReadOnly "take_error";
    Type = Socket "SO_TYPE" 3 Int ReadOnly "r#type";
    AcceptConn = Socket "SO_ACCEPTCONN" 30 Bool ReadOnly "is_listener";
    OobInline = Socket "SO_OOBINLINE" 10 Bool Connection "out_of_band_inline";
    NoDelay = Tcp "TCP_NODELAY" 1 Bool Connection "tcp_nodelay";
    QuickAck = Tcp "TCP_QUICKACK" 12 Bool Connection "tcp_quickack";
    Cork = Tcp "TCP_CORK" 3 Bool Connection "tcp_cork";
    UserTimeout = Tcp "TCP_USER_TIMEOUT" 18 Int Connection "tcp_user_timeout";
    KeepIdle = Tcp "TCP_KEEPIDLE" 4 Int Connection "tcp_keepalive_time";
    KeepIntvl = Tcp "TCP_KEEPINTVL" 5 Int Connection "tcp_keepalive_interval";
    KeepCnt = Tcp "TCP_KEEPCNT" 6 Int Connection "tcp_keepalive_retries";
    Ttl = Ip "IP_TTL" 2 Int Machine "ttl_v4";
    V6Only = Ipv6 "IPV6_V6ONLY" 26 Bool Machine "only_v6";
    RcvTimeo = Socket "SO_RCVTIMEO" 20 Bytes Machine "read_timeout";
    SndTimeo = Socket "SO_SNDTIMEO" 21 Bytes Machine "write_timeout";
    SndLowat = Socket "SO_SNDLOWAT" 19 Int ReadOnly "";
    Domain = Socket "SO_DOMAIN" 39 Int ReadOnly "domain";
    Protocol = Socket "SO_PROTOCOL" 38 Int ReadOnly "protocol";
    DontRoute = Socket "SO_DONTROUTE" 5 Bool Machine "";
    Priority = Socket "SO_PRIORITY" 12 Int Machine "";
    MaxSeg = Tcp "TCP_MAXSEG" 2 Int Connection "tcp_mss";
    SynCnt = Tcp "TCP_SYNCNT" 7 Int Connection "";
    Linger2 = Tcp "TCP_LINGER2" 8 Int Connection "";
    DeferAccept = Tcp "TCP_DEFER_ACCEPT" 9 Int Machine "";
    WindowClamp = Tcp "TCP_WINDOW_CLAMP" 10 Int Connection "";
    Info = Tcp "TCP_INFO" 11 Bytes ReadOnly "";
    Congestion = Tcp "TCP_CONGESTION" 13 Bytes Connection "";
    NotSentLowat = Tcp "TCP_NOTSENT_LOWAT" 25 Int Connection "";
    Tos = Ip "IP_TOS" 1 Int Machine "tos_v4";
}

#[cfg(test)]
mod tests {
    use super::{Family, Flags, OptionName, PollEvents};

    #[test]
    fn every_option_is_found_by_its_name_and_by_its_numbers() {
        for &option in OptionName::ALL {
            let entry = option.entry();
            assert_eq!(OptionName::named(entry.name), Some(option));
            let (level, number) = (entry.level.number().into(), entry.number.into());
            assert_eq!(OptionName::numbered(level, number), Some(option), "{}", entry.name);
        }
        assert_eq!(OptionName::numbered(1, 9999), None);
        assert_eq!(OptionName::numbered(6, 1), Some(OptionName::NoDelay));
    }

    #[test]
    fn unknown_flag_bits_are_refused() {
        assert_eq!(Flags::numbered(0x2 | 0x40), Some(Flags::PEEK.with(Flags::DONTWAIT)));
        assert_eq!(Flags::numbered(0x4000), Some(Flags::default()));
        assert_eq!(Flags::numbered(0x10), None);
        assert_eq!(Flags::numbered(-1), None);
    }

    #[test]
    fn names_and_numbers_lead_to_one_another() {
        assert_eq!(Family::numbered(10), Family::named("AF_INET6"));
        assert_eq!(Family::numbered(3), None);
        let events = PollEvents::IN.with(PollEvents::RDHUP);
        assert_eq!(PollEvents::named(events.names()), events);
        assert_eq!(events.short_names().collect::<Vec<_>>(), ["IN", "RDHUP"]);
    }
}
