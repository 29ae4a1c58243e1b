//! Steps 6 and 7: the only place that connects to an address outside the rooms, and the check that the
//! connection leads where it was meant to.

use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use proto::call::CallError;
use proto::errno::Errno;
use rustix::event::{PollFd, PollFlags, Timespec};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};
use tokio::io::Interest;
use tokio::net::TcpStream;

use super::budget::Budget;
use super::decision::{Decision, Step};
use super::policy::canonical;
use super::rule::{PEER_CHANGED, Rule, SELF_CONNECTION};
use super::{limits, table};

/// Leave to dial one address once. Only the policy makes one.
#[derive(Debug)]
pub struct Permitted {
    pub(super) room: String,
    pub(super) name: String,
    pub(super) address: SocketAddr,
    /// The operator spelled this address out: the refuse table does not apply.
    pub(super) literal: bool,
    pub(super) budget: Budget,
}

impl Permitted {
    /// The address that will be dialled; IPv4-mapped ones as IPv4.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The name under which it was resolved; empty for a bare address.
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// A connection under way: its socket, and what is left to check once it is writable.
#[derive(Debug)]
pub struct Pending {
    /// The socket, non-blocking and close-on-exec, in the server's own network.
    pub socket: OwnedFd,
    /// What to check, and the budget.
    pub watch: Watch,
}

/// A connection that came about and leads where it was meant to.
#[derive(Debug)]
pub struct Outbound {
    /// The connected socket, non-blocking.
    pub socket: OwnedFd,
    /// Keep it as long as the socket.
    pub budget: Budget,
}

/// How far a connection is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// The kernel is still at it: wait until the socket is writable.
    Waiting,
    /// It is there.
    Connected,
}

/// The check that stands between a socket that became writable and its use. Holds no descriptor, so that closing
/// the program's descriptor closes the connection.
#[derive(Debug)]
pub struct Watch {
    permitted: Permitted,
}

/// Starts a connection.
pub(super) fn begin(permitted: Permitted) -> Result<Pending, CallError> {
    let family = if permitted.address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = rustix::net::socket_with(family, SocketType::STREAM, flags, None).map_err(kernel)?;
    match rustix::net::connect(&socket, &permitted.address) {
        Ok(()) | Err(rustix::io::Errno::INPROGRESS) => {}
        Err(errno) => return Err(kernel(errno)),
    }
    Ok(Pending { socket, watch: Watch { permitted } })
}

impl Pending {
    /// As [`Watch::check`], on its own socket.
    ///
    /// # Errors
    /// As [`Watch::check`].
    pub fn check(&self) -> Result<Progress, CallError> {
        self.watch.check(self.socket.as_fd())
    }

    /// Waits until the connection is there or has failed. Dropping the future ends the attempt.
    ///
    /// # Errors
    /// As [`Watch::check`], and `outbound-connect-seconds`.
    pub async fn wait(self) -> Result<Outbound, CallError> {
        let Self { socket, watch } = self;
        let socket = TcpStream::from_std(socket.into()).map_err(|error| io(&error))?;
        let connected = async {
            loop {
                socket.writable().await.map_err(|error| io(&error))?;
                match watch.check(socket.as_fd())? {
                    Progress::Connected => return Ok(()),
                    Progress::Waiting => forget_readiness(&socket),
                }
            }
        };
        match watch.time() {
            None => connected.await?,
            Some(time) => tokio::time::timeout(time, connected)
                .await
                .unwrap_or_else(|_| Err(limits::reached("outbound-connect-seconds")))?,
        }
        let socket = socket.into_std().map_err(|error| io(&error))?;
        Ok(Outbound { socket: socket.into(), budget: watch.into_budget() })
    }
}

impl Watch {
    /// How long the connection may take to come about, if that is limited. Whoever waits enforces it.
    pub fn time(&self) -> Option<Duration> {
        self.budget().is_limited().then_some(limits::CONNECT)
    }

    /// The connection's budget.
    pub fn budget(&self) -> &Budget {
        &self.permitted.budget
    }

    /// The budget, once there is nothing left to check.
    pub fn into_budget(self) -> Budget {
        self.permitted.budget
    }

    /// To be called when the socket is writable: takes its pending error (SO_ERROR) as a blocking connect(2)
    /// would, and makes sure of the peer.
    ///
    /// # Errors
    /// The kernel's errno, or the rule that the connection breaks; then it has been cut.
    pub fn check(&self, socket: BorrowedFd<'_>) -> Result<Progress, CallError> {
        if !is_writable(socket)? {
            return Ok(Progress::Waiting);
        }
        sockopt::socket_error(socket).map_err(kernel)?.map_err(kernel)?;
        self.verify(socket).map(|()| Progress::Connected)
    }

    /// Makes sure of the peer of a connected socket without touching its pending error: for programs that wait
    /// with poll and read SO_ERROR themselves.
    ///
    /// # Errors
    /// The rule that the connection breaks, after it was cut; ENOTCONN if there is none.
    pub fn verify(&self, socket: BorrowedFd<'_>) -> Result<(), CallError> {
        let rule = self.broken_rule(socket)?;
        self.record(rule);
        let Some(rule) = rule else { return Ok(()) };
        // Cut it at once, whoever else still holds the descriptor. That it may fail changes nothing: the caller
        // is told to close.
        let _ = rustix::net::connect_unspec(socket);
        Err(rule.refuse(self.permitted.address))
    }

    fn broken_rule(&self, socket: BorrowedFd<'_>) -> Result<Option<Rule>, CallError> {
        let address = |any: rustix::net::SocketAddrAny| SocketAddr::try_from(any).ok().map(canonical);
        let peer = rustix::net::getpeername(socket).map_err(kernel)?.and_then(address);
        let local = address(rustix::net::getsockname(socket).map_err(kernel)?);
        let Some(peer) = peer.filter(|&peer| peer == self.permitted.address) else {
            return Ok(Some(PEER_CHANGED));
        };
        if local.is_none_or(|local| local == peer) {
            return Ok(Some(SELF_CONNECTION));
        }
        Ok(if self.permitted.literal { None } else { table::refused_address(peer.ip()) })
    }

    fn record(&self, rule: Option<Rule>) {
        let Permitted { room, name, address, .. } = &self.permitted;
        let (allowed, rule) = (rule.is_none(), rule.map_or("connected", |rule| rule.name));
        let (address, port) = (Some(address.ip()), address.port());
        Decision { room, step: Step::Connected, name, address, port, rule, allowed }.log();
    }
}

/// Whether a write would not block, be it because it would fail: not so while the kernel waits for an answer.
pub(super) fn is_writable(socket: BorrowedFd<'_>) -> Result<bool, CallError> {
    let mut poll = [PollFd::from_borrowed_fd(socket, PollFlags::OUT)];
    rustix::event::poll(&mut poll, Some(&Timespec::default())).map_err(kernel)?;
    Ok(!poll[0].revents().is_empty())
}

/// Has the runtime ask the kernel again instead of repeating what it heard last.
fn forget_readiness(socket: &TcpStream) {
    let again = || Err::<(), _>(std::io::ErrorKind::WouldBlock.into());
    let _ = socket.try_io(Interest::WRITABLE, again);
}

fn kernel(errno: rustix::io::Errno) -> CallError {
    CallError::errno(Errno(errno.raw_os_error()))
}

fn io(error: &std::io::Error) -> CallError {
    CallError::errno(error.raw_os_error().map_or(Errno::EIO, Errno))
}

#[cfg(test)]
mod tests {
    use std::net::{SocketAddr, TcpListener, TcpStream};
    use std::os::fd::AsFd;
    use std::time::Instant;

    use proto::call::CallError;
    use rustix::net::{AddressFamily, SocketType};

    use super::super::budget::Budget;
    use super::{Permitted, Watch};

    fn watch(address: SocketAddr) -> Watch {
        let budget = Budget::unlimited(Instant::now());
        Watch {
            permitted: Permitted { room: String::new(), name: String::new(), address, literal: true, budget },
        }
    }

    fn rule(result: Result<(), CallError>) -> String {
        match result {
            Err(CallError::Policy { rule, .. }) => rule,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn a_socket_that_met_itself_is_cut() {
        let socket = rustix::net::socket(AddressFamily::INET, SocketType::STREAM, None).unwrap();
        rustix::net::bind(&socket, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = rustix::net::getsockname(&socket).unwrap().try_into().unwrap();
        rustix::net::connect(&socket, &address).unwrap();
        assert_eq!(rule(watch(address).verify(socket.as_fd())), "self_connection");
        assert!(rustix::net::getpeername(&socket).is_err());
    }

    #[test]
    fn a_connection_to_somebody_else_is_cut() {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let address = listener.local_addr().unwrap();
        let stream = TcpStream::connect(address).unwrap();
        let elsewhere = SocketAddr::from(([127, 0, 0, 2], address.port()));
        assert_eq!(rule(watch(elsewhere).verify(stream.as_fd())), "peer_changed");
        assert!(stream.peer_addr().is_err());
    }
}
