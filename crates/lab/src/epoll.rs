//! The one place where a room waits for descriptors: an epoll instance, itself watched by the runtime.
//!
//! Level-triggered. A token says what woke; nobody here knows what to do about it.

use std::{
    io,
    mem::MaybeUninit,
    os::fd::{AsFd, OwnedFd},
};

use proto::id::{HostId, SocketId};
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use tokio::io::{Interest, unix::AsyncFd};

/// What a watched descriptor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Token {
    /// A machine's end of the wire.
    Tun(HostId),
    /// A machine's loopback tap.
    Tap(HostId),
    /// A program's socket.
    Socket(SocketId),
    /// A descriptor on its way between programs.
    Flight(u32),
}

impl Token {
    fn encode(self) -> u64 {
        let (kind, number) = match self {
            Self::Tun(host) => (0, host.0),
            Self::Tap(host) => (1, host.0),
            Self::Socket(socket) => (2, socket.0),
            Self::Flight(number) => (3, number),
        };
        kind << 32 | u64::from(number)
    }

    fn decode(bits: u64) -> Self {
        #[expect(clippy::cast_possible_truncation, reason = "the low half is the number")]
        let number = bits as u32;
        match bits >> 32 {
            0 => Self::Tun(HostId(number)),
            1 => Self::Tap(HostId(number)),
            2 => Self::Socket(SocketId(number)),
            _ => Self::Flight(number),
        }
    }
}

/// What readiness is wanted of a descriptor. Errors and hang-ups are always reported.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted(u32);

impl Wanted {
    pub(crate) const READ: Self = Self(EventFlags::IN.bits() | EventFlags::RDHUP.bits());
    pub(crate) const WRITE: Self = Self(EventFlags::OUT.bits());
    pub(crate) const URGENT: Self = Self(EventFlags::PRI.bits());

    /// The events of a poll(2): the bits are the same as epoll's.
    pub(crate) fn of_poll(events: proto::call::PollEvents) -> Self {
        Self(u32::from(events.0) | EventFlags::ERR.bits())
    }

    pub(crate) fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    pub(crate) fn is_nothing(self) -> bool {
        self.0 == 0
    }
}

/// An epoll instance.
#[derive(Debug)]
pub(crate) struct Epoll {
    fd: AsyncFd<OwnedFd>,
}

impl Epoll {
    /// Descriptors looked at in one turn, so that no flood keeps the room from its commands.
    const TURN: usize = 64;

    /// # Errors
    /// As epoll_create(2); must be called inside a tokio runtime.
    pub(crate) fn new() -> io::Result<Self> {
        let fd = epoll::create(CreateFlags::CLOEXEC)?;
        // Deprecated for types whose descriptor may change under it; an OwnedFd's never does, and its successor is
        // an unsafe function.
        #[expect(deprecated, reason = "sound for an OwnedFd, see above")]
        let fd = AsyncFd::with_interest(fd, Interest::READABLE)?;
        Ok(Self { fd })
    }

    /// Changes what is wanted of a descriptor from `before` to `now`; wanting nothing takes it out.
    pub(crate) fn want(&self, fd: impl AsFd, token: Token, before: Wanted, now: Wanted) -> io::Result<()> {
        let (data, flags) = (EventData::new_u64(token.encode()), EventFlags::from_bits_retain(now.0));
        match (before.is_nothing(), now.is_nothing()) {
            (true, true) => Ok(()),
            (true, false) => Ok(epoll::add(self.fd.get_ref(), fd, data, flags)?),
            (false, true) => Ok(epoll::delete(self.fd.get_ref(), fd)?),
            (false, false) => Ok(epoll::modify(self.fd.get_ref(), fd, data, flags)?),
        }
    }

    /// Watches a descriptor of which nothing is wanted yet. A program's epoll is kept so: taking it in anew for every wait
    /// would have the kernel look at everything it watches.
    pub(crate) fn keep(&self, fd: impl AsFd, token: Token) -> io::Result<()> {
        Ok(epoll::add(self.fd.get_ref(), fd, EventData::new_u64(token.encode()), EventFlags::empty())?)
    }

    /// Changes what is wanted of one that is kept.
    pub(crate) fn change(&self, fd: impl AsFd, token: Token, now: Wanted) -> io::Result<()> {
        let flags = EventFlags::from_bits_retain(now.0);
        Ok(epoll::modify(self.fd.get_ref(), fd, EventData::new_u64(token.encode()), flags)?)
    }

    /// Waits until something is ready and says what.
    pub(crate) async fn ready(&self) -> io::Result<Vec<Token>> {
        loop {
            let mut guard = self.fd.readable().await?;
            let mut buffer = [MaybeUninit::<Event>::uninit(); Self::TURN];
            let (events, _) = epoll::wait(self.fd.get_ref(), &mut buffer, Some(&Default::default()))?;
            let tokens: Vec<Token> = events.iter().map(|event| Token::decode(event.data.u64())).collect();
            if !tokens.is_empty() {
                // The readiness stays set: there may be more, and asking again costs one call.
                return Ok(tokens);
            }
            guard.clear_ready();
        }
    }
}
