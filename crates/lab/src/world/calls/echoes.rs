//! ping: echo requests, one after the other, each with an end to its wait.

use std::{
    net::{IpAddr, SocketAddr},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

use bytes::Bytes;
use proto::{
    call::{CallError, Flags},
    errno::Errno,
    id::CallRef,
    trace::Cause,
};

use super::{
    super::{
        timers::Timer,
        waiting::{Direction, Ping, Waiting},
    },
    Calls,
};
use crate::{icmp, syscall};

/// How long an echo request waits for its reply.
const ECHO_WAIT: Duration = Duration::from_secs(1);

impl Calls {
    /// Begins to send echo requests.
    pub(in crate::world) fn begin_echoes(
        &mut self,
        waiting: Waiting,
        address: IpAddr,
        count: u8,
        made: Result<OwnedFd, CallError>,
    ) {
        let (member, host) = (waiting.member(), waiting.host);
        let may = self.sockets.may_have(waiting.program, &self.lan);
        let adopted =
            may.and(made).and_then(|os| self.sockets.adopt_unnamed(member, host, os, &mut self.lan));
        match adopted {
            Ok(id) => {
                let call = waiting.id;
                if let Some(socket) = self.sockets.get_mut(id) {
                    socket.enqueue(Direction::Read, call, false);
                }
                self.keep(Waiting { socket: Some(id), ping: Some(Ping::new(address, count)), ..waiting });
                self.sockets.update_interest(id);
                self.send_echo(call);
            }
            Err(error) => self.finish(waiting, Err(error), Bytes::new()),
        }
    }

    fn send_echo(&mut self, call: CallRef) {
        let socket = self.waiting.get(&call).and_then(|waiting| waiting.socket);
        let sent = socket.and_then(|socket| {
            self.step_on(socket, Cause::Call(call), None, |calls| calls.try_send_echo(call))
        });
        match sent {
            Some(Ok(())) => self.expect_echo(call),
            Some(Err(errno)) => self.end(call, Err(CallError::errno(errno)), Bytes::new()),
            None => self.end(call, Err(CallError::errno(Errno::EBADF)), Bytes::new()),
        }
    }

    /// Replaces the timer of the echo request before, which was answered.
    fn expect_echo(&mut self, call: CallRef) {
        let timer = self.lan.timers.set(Instant::now() + ECHO_WAIT, Timer::Echo(call));
        let before = self.waiting.get_mut(&call).and_then(|w| w.ping.as_mut()?.echo.replace(timer));
        before.into_iter().for_each(|timer| self.lan.timers.unset(timer));
    }

    fn try_send_echo(&mut self, call: CallRef) -> Result<(), Errno> {
        let waiting = self.waiting.get_mut(&call).ok_or(Errno::EBADF)?;
        let socket = waiting.socket.and_then(|id| self.sockets.get(id)).ok_or(Errno::EBADF)?;
        let ping = waiting.ping.as_mut().ok_or(Errno::EBADF)?;
        ping.sent = Some(Instant::now());
        let request = icmp::echo_request(ping.sequence());
        let to = SocketAddr::new(ping.address, 0).into();
        socket.end.room()?.sendto(&request, Flags::default(), &to)?;
        Ok(())
    }

    /// Something came in for a ping.
    pub(super) fn echo_ready(&mut self, call: CallRef) {
        let mut buffer = [0; 256];
        let Some(waiting) = self.waiting.get_mut(&call) else { return };
        let Some(socket) = waiting.socket.and_then(|id| self.sockets.get(id)) else { return };
        let Some(ping) = waiting.ping.as_mut() else { return };
        match syscall::recv_into(socket.end.fd(), &mut buffer, Flags::default()) {
            Ok(length) if icmp::echo_reply(&buffer[..length]) == Some(ping.sequence()) => {
                let round_trip = ping.sent.map(|sent| sent.elapsed().as_nanos());
                ping.round_trips.push(round_trip.map(|time| u64::try_from(time).unwrap_or(u64::MAX)));
                self.next_echo(call);
            }
            Ok(_) | Err(Errno::EAGAIN) => {}
            Err(errno) => self.end(call, Err(CallError::errno(errno)), Bytes::new()),
        }
    }

    /// An echo request has waited for long enough.
    pub(in crate::world) fn echo_timed_out(&mut self, call: CallRef) {
        let ping = self.waiting.get_mut(&call).and_then(|waiting| waiting.ping.as_mut());
        if let Some(ping) = ping.filter(|ping| ping.sent.is_some_and(|sent| sent.elapsed() >= ECHO_WAIT)) {
            ping.round_trips.push(None);
            self.next_echo(call);
        }
    }

    fn next_echo(&mut self, call: CallRef) {
        let Some(ping) = self.waiting.get(&call).and_then(|waiting| waiting.ping.as_ref()) else { return };
        if ping.is_done() {
            let result = ping.result();
            self.end(call, result, Bytes::new());
        } else {
            self.send_echo(call);
        }
    }
}
