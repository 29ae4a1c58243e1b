//! Requests, answers and their descriptors, one packet each, on the SOCK_SEQPACKET socket between main and keeper.

use std::{
    io::{self, IoSlice, IoSliceMut},
    mem::MaybeUninit,
    net::Ipv4Addr,
    os::fd::{BorrowedFd, OwnedFd},
};

use rustix::{
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
        SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
    },
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{step::Step, sysctl::HostSysctl};
use crate::confine::Confined;

/// Longest encoded message, in bytes. The longest one has fewer than 32.
const LONGEST: usize = 128;
/// Most descriptors with one message. The kernel's limit is 253 (unix(7), SCM_MAX_FD).
pub(super) const DESCRIPTORS: usize = 16;

/// A machine to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HostSpec {
    /// Its address on the wire.
    pub address: Ipv4Addr,
    /// Length of the network's prefix, 1 to 32.
    pub prefix: u8,
}

/// A socket to make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SocketSpec {
    /// Address family.
    pub family: SocketFamily,
    /// Type.
    pub kind: SocketKind,
}

/// Families of sockets on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SocketFamily {
    /// AF_INET.
    Inet,
    /// AF_INET6.
    Inet6,
    /// AF_UNIX.
    Unix,
}

/// Types of sockets on a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SocketKind {
    /// SOCK_STREAM: TCP, or a stream within the machine.
    Stream,
    /// SOCK_DGRAM: UDP, or messages within the machine.
    Datagram,
    /// SOCK_DGRAM with IPPROTO_ICMP (IPPROTO_ICMPV6): echo requests and replies only, icmp(7).
    IcmpEcho,
}

/// What main asks of the process that starts keepers; it comes with the new keeper's end of a socket. The one before is
/// ended. Answered with the new process's number.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Spawn {
    /// A keeper.
    Keeper,
    /// Whether a keeper could have a user namespace of its own; nothing comes with it. Answered with 1 or 0.
    Try,
}

/// What main asks of the keeper. Requests about a host come with its namespace.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) enum Request {
    /// The first request. `Inside` comes with the user namespace.
    Begin(Begin),
    /// Answered with namespace, wire, loopback capture and sock_diag, in this order.
    CreateHost(HostSpec),
    /// Answered with so many sockets, at most [`DESCRIPTORS`], all alike.
    Sockets(SocketSpec, u8),
    /// Answered with two sockets that are connected to each other.
    Pair(SocketSpec),
    SetSysctl(HostSysctl, u32),
    GetSysctl(HostSysctl),
    LinkDrops,
}

/// How a keeper begins. Answered with the user namespace that it made, if it made one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Begin {
    /// With a user namespace of its own.
    Fresh,
    /// In the user namespace of a keeper that died.
    Inside,
    /// With the privileges it has, like a keeper that died.
    Privileged,
}

/// What the keeper answers. Descriptors come in a message before the answer, and the keeper closes its own copies
/// in between: when main has the answer, nobody else holds what it got, so that closing it takes effect at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Reply {
    /// Not yet the answer: descriptors that belong to it.
    Parcel,
    Done,
    Value(u64),
    /// It has begun, and is confined so far.
    Confined(Confined),
}

/// A step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    pub(super) step: Step,
    /// As the kernel gave it.
    pub(super) errno: i32,
}

impl From<Failure> for io::Error {
    fn from(failure: Failure) -> Self {
        Self::from_raw_os_error(failure.errno)
    }
}

/// Says at which step a system call failed.
pub(super) trait At<T> {
    fn at(self, step: Step) -> Result<T, Failure>;
}

impl<T> At<T> for Result<T, Errno> {
    fn at(self, step: Step) -> Result<T, Failure> {
        self.map_err(|errno| Failure { step, errno: errno.raw_os_error() })
    }
}

impl<T> At<T> for io::Result<T> {
    fn at(self, step: Step) -> Result<T, Failure> {
        self.map_err(|error| Failure {
            step,
            errno: error.raw_os_error().unwrap_or(Errno::IO.raw_os_error()),
        })
    }
}

/// What the keeper sends.
pub(super) type Answer = Result<Reply, Failure>;

/// Sends one message with descriptors, which stay open here.
pub(super) fn send(
    socket: BorrowedFd<'_>,
    message: &impl Serialize,
    descriptors: &[BorrowedFd<'_>],
) -> Result<(), Errno> {
    let mut bytes = [0; LONGEST];
    let bytes = postcard::to_slice(message, &mut bytes).map_err(|_| Errno::MSGSIZE)?;
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !descriptors.is_empty() && !control.push(SendAncillaryMessage::ScmRights(descriptors)) {
        return Err(Errno::MSGSIZE);
    }
    sendmsg(socket, &[IoSlice::new(bytes)], &mut control, SendFlags::NOSIGNAL)?;
    Ok(())
}

/// Receives one message with its descriptors; none when the other end is gone. Where this process has no room
/// for the descriptors the kernel drops them and the error is EMFILE.
pub(super) fn receive<T: DeserializeOwned>(
    socket: BorrowedFd<'_>,
) -> Result<Option<(T, Vec<OwnedFd>)>, Errno> {
    let mut bytes = [0; LONGEST];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
    let mut control = RecvAncillaryBuffer::new(&mut space);
    let received =
        recvmsg(socket, &mut [IoSliceMut::new(&mut bytes)], &mut control, RecvFlags::CMSG_CLOEXEC)?;
    let mut descriptors = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(passed) = message {
            descriptors.extend(passed);
        }
    }
    if received.flags.contains(ReturnFlags::CTRUNC) {
        return Err(Errno::MFILE);
    }
    // No message of ours is empty, so this is the end.
    if received.bytes == 0 {
        return Ok(None);
    }
    let message = postcard::from_bytes(&bytes[..received.bytes]).map_err(|_| Errno::BADMSG)?;
    Ok(Some((message, descriptors)))
}

/// The descriptors that belong to an answer.
pub(super) fn exactly<const N: usize>(descriptors: Vec<OwnedFd>) -> io::Result<[OwnedFd; N]> {
    <[OwnedFd; N]>::try_from(descriptors).map_err(|_| Errno::BADMSG.into())
}
