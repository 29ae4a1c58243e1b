//! One system call each, blocking as they are made.

use std::{
    mem::MaybeUninit,
    net::SocketAddr,
    os::fd::{AsFd, OwnedFd},
    sync::Arc,
    time::Duration,
};

use proto::{
    address::Address,
    call::{Call, EpollEvents, EpollOperation, Flags, How, OptionName, OptionValue, PollEvents, Value, Wait},
    errno::Errno,
    id::Fd,
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, epoll, poll},
    io::ioctl_fionbio,
    net::{
        self, RecvFlags, SendFlags, Shutdown, SocketAddrAny, SocketFlags,
        sockopt::{self, Timeout},
    },
};

use crate::script::Asked;

/// What a call returned, and the bytes it received.
pub(super) type Done = (Result<Made, Errno>, Vec<u8>);

/// What it made.
pub(super) enum Made {
    Value(Value),
    Connection(OwnedFd, Address),
}

pub(super) fn perform(asked: &Asked, fds: &[Arc<OwnedFd>]) -> Done {
    let mut received = Vec::new();
    let result = system_call(asked, fds, &mut received).map_err(|errno| Errno(errno.raw_os_error()));
    (result, received)
}

fn system_call(asked: &Asked, fds: &[Arc<OwnedFd>], received: &mut Vec<u8>) -> rustix::io::Result<Made> {
    let Asked { call, wait, payload, .. } = asked;
    if let Call::Poll { fds: wanted } = call {
        return polled(wanted, fds, *wait).map(Made::Value);
    }
    let fd = fds[0].as_fd();
    let at_once = *wait == Wait::No;
    match *call {
        Call::Bind { address, .. } => net::bind(fd, &inet(address))?,
        Call::Listen { backlog, .. } => net::listen(fd, backlog)?,
        Call::Connect { address, .. } => {
            ioctl_fionbio(fd, at_once)?;
            let connected = net::connect(fd, &inet(address));
            ioctl_fionbio(fd, false)?;
            connected?;
        }
        Call::Accept { .. } => {
            ioctl_fionbio(fd, at_once)?;
            let accepted = net::acceptfrom_with(fd, SocketFlags::CLOEXEC);
            ioctl_fionbio(fd, false)?;
            let (connection, peer) = accepted?;
            return Ok(Made::Connection(connection, address(peer.unwrap())));
        }
        Call::Send { flags, .. } => {
            return sent(net::send(fd, payload, send_flags(flags, at_once)));
        }
        Call::SendTo { flags, address, .. } => {
            return sent(net::sendto(fd, payload, send_flags(flags, at_once), &inet(address)));
        }
        Call::Recv { flags, max, .. } => {
            received.resize(max as usize, 0);
            let taken = net::recv(fd, &mut received[..], recv_flags(flags, at_once));
            received.truncate(taken.map_or(0, |(_, length)| length));
            taken?;
            return Ok(Made::Value(Value::Received { length: received.len() as u32 }));
        }
        Call::RecvFrom { flags, max, .. } => {
            received.resize(max as usize, 0);
            let taken = net::recvfrom(fd, &mut received[..], recv_flags(flags, at_once));
            received.truncate(taken.as_ref().map_or(0, |(_, length, _)| (*length).min(max as usize)));
            let from = taken?.2.and_then(|from| SocketAddr::try_from(from).ok()).map(Address::from);
            return Ok(Made::Value(Value::ReceivedFrom { length: received.len() as u32, from }));
        }
        Call::Shutdown { how, .. } => net::shutdown(
            fd,
            match how {
                How::Read => Shutdown::Read,
                How::Write => Shutdown::Write,
                How::Both => Shutdown::Both,
            },
        )?,
        Call::GetSockName { .. } => {
            return Ok(Made::Value(Value::Address(address(net::getsockname(fd)?))));
        }
        Call::GetPeerName { .. } => {
            return Ok(Made::Value(Value::Address(address(net::getpeername(fd)?.unwrap()))));
        }
        Call::SetSockOpt { name, ref value, .. } => set(fd, name, value)?,
        Call::GetSockOpt { name, .. } => return get(fd, name).map(Value::Option).map(Made::Value),
        Call::EpollCtl { operation, target, events, .. } => {
            let data = epoll::EventData::new_u64(u64::try_from(target.0).unwrap());
            let flags = epoll::EventFlags::from_bits_retain(events.0);
            match operation {
                EpollOperation::Add => epoll::add(fd, &fds[1], data, flags)?,
                EpollOperation::Modify => epoll::modify(fd, &fds[1], data, flags)?,
                EpollOperation::Delete => epoll::delete(fd, &fds[1])?,
            }
        }
        Call::EpollWait { max, .. } => {
            let mut told = vec![MaybeUninit::<epoll::Event>::uninit(); usize::try_from(max).unwrap_or(0)];
            let zero = Timespec::default();
            let (told, _) = epoll::wait(fd, &mut told[..], at_once.then_some(&zero))?;
            let each = told.iter().map(|event| {
                let (data, flags) = (event.data, event.flags);
                (Fd(i32::try_from(data.u64()).unwrap()), EpollEvents(flags.bits()))
            });
            return Ok(Made::Value(Value::Events(each.collect())));
        }
        ref other => panic!("{} is made elsewhere", other.name()),
    }
    Ok(Made::Value(Value::Done))
}

fn sent(result: rustix::io::Result<usize>) -> rustix::io::Result<Made> {
    result.map(|length| Made::Value(Value::Sent(u32::try_from(length).unwrap())))
}

fn address(any: SocketAddrAny) -> Address {
    SocketAddr::try_from(any).unwrap().into()
}

/// No case is about names of AF_UNIX: in no two rooms a path is the same.
fn inet(address: Address) -> SocketAddr {
    address.inet().unwrap()
}

fn polled(wanted: &[(Fd, PollEvents)], fds: &[Arc<OwnedFd>], wait: Wait) -> rustix::io::Result<Value> {
    let events = wanted.iter().map(|(_, events)| PollFlags::from_bits_retain(events.0));
    let mut list: Vec<PollFd<'_>> =
        fds.iter().zip(events).map(|(fd, events)| PollFd::new(fd, events)).collect();
    let zero = Timespec::default();
    poll(&mut list, (wait == Wait::No).then_some(&zero))?;
    let each = wanted.iter().zip(&list).map(|((fd, _), polled)| (*fd, PollEvents(polled.revents().bits())));
    Ok(Value::Ready(each.filter(|(_, events)| !events.is_empty()).collect()))
}

fn send_flags(flags: Flags, at_once: bool) -> SendFlags {
    let mut out = SendFlags::NOSIGNAL;
    out.set(SendFlags::DONTWAIT, at_once || flags.contains(Flags::DONTWAIT));
    out.set(SendFlags::OOB, flags.contains(Flags::OOB));
    out.set(SendFlags::MORE, flags.contains(Flags::MORE));
    out
}

fn recv_flags(flags: Flags, at_once: bool) -> RecvFlags {
    let mut out = RecvFlags::empty();
    out.set(RecvFlags::DONTWAIT, at_once || flags.contains(Flags::DONTWAIT));
    out.set(RecvFlags::PEEK, flags.contains(Flags::PEEK));
    out.set(RecvFlags::OOB, flags.contains(Flags::OOB));
    out.set(RecvFlags::WAITALL, flags.contains(Flags::WAITALL));
    out
}

fn set(fd: impl AsFd, name: OptionName, value: &OptionValue) -> rustix::io::Result<()> {
    match (name, value) {
        (OptionName::RcvTimeo, value) => sockopt::set_socket_timeout(fd, Timeout::Recv, value.time()),
        (OptionName::Congestion, OptionValue::Bytes(name)) => {
            sockopt::set_tcp_congestion(fd, str::from_utf8(name).unwrap())
        }
        (OptionName::Tos, OptionValue::Int(tos)) => sockopt::set_ip_tos(fd, u8::try_from(*tos).unwrap()),
        (OptionName::ReuseAddr, OptionValue::Bool(on)) => sockopt::set_socket_reuseaddr(fd, *on),
        (OptionName::ReusePort, OptionValue::Bool(on)) => sockopt::set_socket_reuseport(fd, *on),
        (OptionName::KeepAlive, OptionValue::Bool(on)) => sockopt::set_socket_keepalive(fd, *on),
        (OptionName::Broadcast, OptionValue::Bool(on)) => sockopt::set_socket_broadcast(fd, *on),
        (OptionName::OobInline, OptionValue::Bool(on)) => sockopt::set_socket_oobinline(fd, *on),
        (OptionName::NoDelay, OptionValue::Bool(on)) => sockopt::set_tcp_nodelay(fd, *on),
        (OptionName::Cork, OptionValue::Bool(on)) => sockopt::set_tcp_cork(fd, *on),
        (OptionName::Linger, OptionValue::Linger(time)) => {
            sockopt::set_socket_linger(fd, time.map(|seconds| Duration::from_secs(seconds.into())))
        }
        (OptionName::RcvBuf, OptionValue::Int(size)) => {
            sockopt::set_socket_recv_buffer_size(fd, usize::try_from(*size).unwrap())
        }
        (OptionName::V6Only, OptionValue::Bool(on)) => sockopt::set_ipv6_v6only(fd, *on),
        (OptionName::UserTimeout, OptionValue::Int(ms)) => {
            sockopt::set_tcp_user_timeout(fd, u32::try_from(*ms).unwrap())
        }
        other => panic!("{other:?} is not set in any case"),
    }
}

fn get(fd: impl AsFd, name: OptionName) -> rustix::io::Result<OptionValue> {
    let int = |number: usize| OptionValue::Int(i32::try_from(number).unwrap());
    Ok(match name {
        OptionName::RcvTimeo => {
            let time = sockopt::socket_timeout(fd, Timeout::Recv)?.unwrap_or_default();
            let (seconds, micros) = (i64::try_from(time.as_secs()).unwrap(), i64::from(time.subsec_micros()));
            OptionValue::Bytes([seconds, micros].map(i64::to_le_bytes).concat())
        }
        OptionName::Congestion => {
            let mut name = sockopt::tcp_congestion(fd)?.into_bytes();
            // TCP_CA_NAME_MAX, linux/tcp.h.
            name.resize(16, 0);
            OptionValue::Bytes(name)
        }
        OptionName::Tos => int(usize::from(sockopt::ip_tos(fd)?)),
        OptionName::ReuseAddr => OptionValue::Bool(sockopt::socket_reuseaddr(fd)?),
        OptionName::NoDelay => OptionValue::Bool(sockopt::tcp_nodelay(fd)?),
        OptionName::AcceptConn => OptionValue::Bool(sockopt::socket_acceptconn(fd)?),
        OptionName::RcvBuf => int(sockopt::socket_recv_buffer_size(fd)?),
        OptionName::SndBuf => int(sockopt::socket_send_buffer_size(fd)?),
        OptionName::Ttl => int(sockopt::ip_ttl(fd)? as usize),
        OptionName::UserTimeout => int(sockopt::tcp_user_timeout(fd)? as usize),
        OptionName::Type => int(sockopt::socket_type(fd)?.as_raw() as usize),
        OptionName::Error => {
            OptionValue::Int(sockopt::socket_error(fd)?.err().map_or(0, rustix::io::Errno::raw_os_error))
        }
        OptionName::Linger => {
            OptionValue::Linger(sockopt::socket_linger(fd)?.map(|time| time.as_secs() as u16))
        }
        other => panic!("{other:?} is not read in any case"),
    })
}
