//! The options a program had set on its socket before its connect led outside: the new socket gets them too.

use std::os::fd::BorrowedFd;
use std::time::Duration;

use proto::call::{OptionName, OptionValue};
use rustix::io::{Errno, Result};
use rustix::net::sockopt;

/// Options as the program set them, in its order. Read-only ones are passed over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SocketOptions(pub Vec<(OptionName, OptionValue)>);

impl SocketOptions {
    /// Sets them all.
    pub(super) fn apply(&self, socket: BorrowedFd<'_>) -> Result<()> {
        self.0.iter().try_for_each(|&(name, value)| apply(socket, name, value))
    }
}

fn apply(socket: BorrowedFd<'_>, name: OptionName, value: OptionValue) -> Result<()> {
    match name {
        OptionName::ReuseAddr => sockopt::set_socket_reuseaddr(socket, on(value)?),
        OptionName::ReusePort => sockopt::set_socket_reuseport(socket, on(value)?),
        OptionName::KeepAlive => sockopt::set_socket_keepalive(socket, on(value)?),
        OptionName::Broadcast => sockopt::set_socket_broadcast(socket, on(value)?),
        OptionName::OobInline => sockopt::set_socket_oobinline(socket, on(value)?),
        OptionName::NoDelay => sockopt::set_tcp_nodelay(socket, on(value)?),
        OptionName::QuickAck => sockopt::set_tcp_quickack(socket, on(value)?),
        OptionName::Cork => sockopt::set_tcp_cork(socket, on(value)?),
        OptionName::Linger => sockopt::set_socket_linger(socket, linger(value)?),
        OptionName::RcvBuf => sockopt::set_socket_recv_buffer_size(socket, number(value)?),
        OptionName::SndBuf => sockopt::set_socket_send_buffer_size(socket, number(value)?),
        OptionName::UserTimeout => sockopt::set_tcp_user_timeout(socket, number(value)?),
        OptionName::KeepIdle => sockopt::set_tcp_keepidle(socket, Duration::from_secs(number(value)?)),
        OptionName::KeepIntvl => sockopt::set_tcp_keepintvl(socket, Duration::from_secs(number(value)?)),
        OptionName::KeepCnt => sockopt::set_tcp_keepcnt(socket, number(value)?),
        OptionName::Ttl => sockopt::set_ip_ttl(socket, number(value)?),
        OptionName::V6Only => sockopt::set_ipv6_v6only(socket, on(value)?),
        OptionName::Error | OptionName::Type | OptionName::AcceptConn => Ok(()),
    }
}

fn on(value: OptionValue) -> Result<bool> {
    match value {
        OptionValue::Bool(on) => Ok(on),
        OptionValue::Int(number) => Ok(number != 0),
        OptionValue::Linger(_) => Err(Errno::INVAL),
    }
}

fn number<T: TryFrom<i32>>(value: OptionValue) -> Result<T> {
    match value {
        OptionValue::Int(number) => T::try_from(number).map_err(|_| Errno::INVAL),
        OptionValue::Bool(_) | OptionValue::Linger(_) => Err(Errno::INVAL),
    }
}

fn linger(value: OptionValue) -> Result<Option<Duration>> {
    match value {
        OptionValue::Linger(seconds) => Ok(seconds.map(|seconds| Duration::from_secs(seconds.into()))),
        OptionValue::Bool(_) | OptionValue::Int(_) => Err(Errno::INVAL),
    }
}
