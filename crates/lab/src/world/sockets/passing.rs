//! Descriptors that travel between programs of a machine, unix(7): SCM_RIGHTS.
//!
//! The kernel carries a ticket in the place of each: one end of a pair of sockets of which the room keeps the other. So what was
//! sent stays open and counted while it is on its way, the kernel alone decides how long that is and who gets it, and when
//! nobody can get it any more, the room's end hangs up.

use std::{
    collections::HashMap,
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
};

use proto::{
    call::{CallError, Family, Flags, Kind, OptionName, OptionValue, Passed, PollEvents},
    errno::Errno,
    id::{Fd, MemberId, ProgramId, SocketId},
    limits::{self, Limit},
};
use rustix::net::{
    self, AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SocketFlags, SocketType,
};

use super::{super::tables::Tables, Sockets};
use crate::{
    account::Charge,
    end::{End, KernelAddress, RoomFd},
    epoll::{Token, Wanted},
    syscall,
};

/// Most descriptors of one message, SCM_MAX_FD.
const OF_A_MESSAGE: usize = 253;
/// Bytes of control messages for which a program can give room; the kernel's own need fewer.
const CONTROL: usize = 4096;

/// Descriptors on their way, by a number of the room's.
#[derive(Debug, Default)]
pub(in crate::world) struct Flights {
    all: HashMap<u32, Flight>,
    /// By the cookie of the ticket.
    tickets: HashMap<u64, u32>,
    last: u32,
}

#[derive(Debug)]
struct Flight {
    socket: SocketId,
    ticket: u64,
    sender: Option<MemberId>,
    /// The room's end: it hangs up once nobody can have the other.
    end: OwnedFd,
    _descriptors: Option<Charge>,
}

/// What came of a receive.
#[derive(Debug)]
pub(in crate::world) struct Message {
    pub(in crate::world) bytes: Vec<u8>,
    pub(in crate::world) from: Option<syscall::ReportedAddress>,
    pub(in crate::world) cut: bool,
    pub(in crate::world) control_cut: bool,
}

impl Sockets {
    /// Tickets for descriptors of a program, and the numbers of their flights.
    ///
    /// # Errors
    /// EBADF for what is not open, EINVAL for too many, or a limit.
    pub(in crate::world) fn tickets(
        &mut self,
        program: ProgramId,
        fds: &[Fd],
        tables: &Tables,
    ) -> Result<(Vec<OwnedFd>, Vec<u32>), CallError> {
        let named: Result<Vec<SocketId>, Errno> = fds.iter().map(|fd| tables.socket(program, *fd)).collect();
        let named = named.map_err(CallError::errno)?;
        if named.len() > OF_A_MESSAGE {
            return Err(CallError::errno(Errno::EINVAL));
        }
        let sender = tables.member_of(program);
        let own = self.flights.all.values().filter(|flight| flight.sender == sender).count();
        if own + named.len() > limits::PASSED_DESCRIPTORS {
            return Err(Limit::PassedDescriptors.reached());
        }
        let (mut tickets, mut numbers) = (Vec::new(), Vec::new());
        for socket in named {
            match self.take_off(socket, sender) {
                Ok((ticket, number)) => {
                    tickets.push(ticket);
                    numbers.push(number);
                }
                Err(error) => {
                    self.land_at_once(numbers);
                    return Err(error);
                }
            }
        }
        Ok((tickets, numbers))
    }

    fn take_off(&mut self, socket: SocketId, sender: Option<MemberId>) -> Result<(OwnedFd, u32), CallError> {
        let (kind, flags) = (SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK);
        let made = net::socketpair(AddressFamily::UNIX, kind, flags, None);
        let (ticket, end) = made.map_err(|error| syscall::making_failed(syscall::errno(error)))?;
        self.descriptors.check(&ticket)?;
        let descriptors = self.descriptors.take(2)?;
        let cookie = syscall::cookie(ticket.as_fd()).map_err(CallError::errno)?;
        let flights = &mut self.flights;
        flights.last = flights.last.wrapping_add(1);
        let number = flights.last;
        self.epoll
            .want(&end, Token::Flight(number), Wanted::default(), Wanted::READ)
            .map_err(|error| CallError::errno(syscall::errno_of(&error)))?;
        let flight = Flight { socket, ticket: cookie, sender, end, _descriptors: descriptors };
        flights.all.insert(number, flight);
        flights.tickets.insert(cookie, number);
        if let Some(socket) = self.all.get_mut(&socket) {
            socket.in_flight += 1;
        }
        Ok((ticket, number))
    }

    /// Those that were not sent after all.
    pub(in crate::world) fn land_at_once(&mut self, numbers: Vec<u32>) {
        for number in numbers {
            self.land(number);
        }
    }

    /// One is on its way no more: the socket it was of.
    pub(in crate::world) fn land(&mut self, number: u32) -> Option<SocketId> {
        let flight = self.flights.all.remove(&number)?;
        self.flights.tickets.remove(&flight.ticket);
        if let Some(socket) = self.all.get_mut(&flight.socket) {
            socket.in_flight = socket.in_flight.saturating_sub(1);
        }
        Some(flight.socket)
    }

    /// The flights that have ended, whether epoll has said so or not yet.
    pub(in crate::world) fn ended_flights(&self) -> Vec<u32> {
        let (numbers, ends): (Vec<u32>, Vec<_>) = (self.flights.all.iter())
            .map(|(number, flight)| (*number, (flight.end.as_fd(), PollEvents(0))))
            .unzip();
        let hung_up = syscall::poll_now(&ends).unwrap_or_default();
        numbers
            .into_iter()
            .zip(hung_up)
            .filter(|(_, events)| !events.is_empty())
            .map(|(number, _)| number)
            .collect()
    }

    /// Descriptors of a program for those that came, as many as its table has room for; whether that was for all.
    pub(in crate::world) fn arrivals(
        &self,
        program: ProgramId,
        tickets: Vec<OwnedFd>,
        tables: &mut Tables,
    ) -> (Vec<Passed>, bool) {
        let mut passed = Vec::new();
        let mut all = true;
        for ticket in tickets {
            let number =
                syscall::cookie(ticket.as_fd()).ok().and_then(|cookie| self.flights.tickets.get(&cookie));
            let socket = number.and_then(|number| self.flights.all.get(number)).map(|flight| flight.socket);
            let Some((socket, end)) = socket.and_then(|id| Some((id, &self.all.get(&id)?.end))) else {
                continue;
            };
            match tables.open(program, socket) {
                Ok(fd) => passed.push(Passed { fd, socket: traits(end) }),
                Err(_) => {
                    // As Linux does with those for which there is no number.
                    all = false;
                    break;
                }
            }
        }
        (passed, all)
    }
}

/// Family and type of what is a socket.
fn traits(end: &End) -> Option<(Family, Kind)> {
    let Ok(OptionValue::Int(domain)) = syscall::getsockopt(end.in_room(), OptionName::Domain) else {
        return None;
    };
    Some((Family::numbered(domain.into())?, end.kind()))
}

/// sendmsg(2) on a socket of AF_UNIX with these tickets; to an address, where one is given.
pub(in crate::world) fn send(
    fd: RoomFd<'_>,
    bytes: &[u8],
    flags: Flags,
    to: Option<&KernelAddress>,
    tickets: &[OwnedFd],
) -> syscall::Result<usize> {
    let fds: Vec<BorrowedFd<'_>> = tickets.iter().map(AsFd::as_fd).collect();
    let mut space = vec![MaybeUninit::uninit(); SendAncillaryMessage::ScmRights(&fds).size()];
    let mut control = SendAncillaryBuffer::new(&mut space);
    if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(&fds)) {
        return Err(Errno::EINVAL);
    }
    fd.sendmsg(&[IoSlice::new(bytes)], &mut control, flags, to)
}

/// recvmsg(2) on a socket of AF_UNIX, with so much room for control messages: the message, and the tickets that came.
pub(in crate::world) fn receive(
    fd: BorrowedFd<'_>,
    size: usize,
    flags: Flags,
    room: usize,
) -> syscall::Result<(Message, Vec<OwnedFd>)> {
    let room = room.min(CONTROL);
    // Exactly as much as the program gave: what does not fit is the kernel's to say.
    let mut space = vec![MaybeUninit::<u8>::uninit(); room + align_of::<u64>()];
    let begins = space.as_ptr().align_offset(align_of::<u64>());
    let mut control = RecvAncillaryBuffer::new(&mut space[begins..begins + room]);
    let mut bytes = vec![0; size];
    let mut pieces = [IoSliceMut::new(&mut bytes)];
    let flags = syscall::recv_flags(flags) | RecvFlags::CMSG_CLOEXEC;
    let got = net::recvmsg(fd, &mut pieces, &mut control, flags).map_err(syscall::errno)?;
    let mut tickets = Vec::new();
    for message in control.drain() {
        if let RecvAncillaryMessage::ScmRights(fds) = message {
            tickets.extend(fds);
        }
    }
    bytes.truncate(got.bytes);
    let message = Message {
        bytes,
        from: got.address.and_then(|any| syscall::reported_address(&any).ok()),
        cut: got.flags.contains(ReturnFlags::TRUNC),
        control_cut: got.flags.contains(ReturnFlags::CTRUNC),
    };
    Ok((message, tickets))
}
