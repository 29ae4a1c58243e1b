//! Library functions: resolving a name, and ping with real echo requests.

use std::{
    net::{IpAddr, SocketAddr},
    time::{Duration, Instant},
};

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Family, Flags, Outcome, ResolveError, Value},
    errno::Errno,
    id::{CallRef, SocketId},
    limits,
    trace::Cause,
};

use super::{Timer, World, calls::Waiting, hosts, sockets::Socket, timers::TimerKey};
use crate::{
    end::End,
    icmp,
    keeper::{SocketFamily, SocketKind, SocketSpec},
    syscall,
};

/// How long an echo request waits for its reply.
const ECHO_WAIT: Duration = Duration::from_secs(1);

/// A ping under way.
#[derive(Debug)]
pub(super) struct Ping {
    address: IpAddr,
    count: u8,
    sent: Option<Instant>,
    round_trips: Vec<Option<u64>>,
    /// When the last one has waited for long enough.
    pub(super) echo: Option<TimerKey>,
}

impl Ping {
    fn sequence(&self) -> u16 {
        u16::try_from(self.round_trips.len()).unwrap_or(u16::MAX)
    }

    fn result(&self) -> Outcome {
        Ok(Value::Pinged { address: self.address, round_trips: self.round_trips.clone(), sent: true })
    }
}

/// A name that may be looked up: not too long, nothing in it that no name has.
fn check_name(name: &str) -> Result<(), CallError> {
    let shown: String =
        name.chars().take(limits::NAME).map(|c| if c.is_ascii_graphic() { c } else { '?' }).collect();
    let fine = !name.is_empty()
        && name.len() <= limits::HOST_NAME
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_' | ':'));
    if fine { Ok(()) } else { Err(CallError::Policy { rule: "invalid_name".to_owned(), value: shown }) }
}

fn of_family(address: IpAddr, family: Option<Family>) -> bool {
    match family {
        None => true,
        Some(Family::Inet) => address.is_ipv4(),
        Some(Family::Inet6) => address.is_ipv6(),
    }
}

impl World {
    /// Looks a name up in the room's table, or asks outside.
    pub(super) async fn resolve(&mut self, waiting: Waiting) {
        let Call::Resolve { name, family, port } = waiting.call.clone() else { return };
        if let Some(answer) = self.resolve_here(&name, family).await {
            let outcome =
                answer.map(|address| Value::Addresses { addresses: vec![address], from_room: true });
            return self.finish(waiting, outcome, Bytes::new());
        }
        match self.setting.outside.clone() {
            Some(outside) => self.ask_outside(waiting, outside.resolve(name, port, family)),
            None => self.finish(waiting, Err(CallError::Resolve(ResolveError::NoName)), Bytes::new()),
        }
    }

    /// The room's own answer; none when the name is not the room's.
    async fn resolve_here(
        &mut self,
        name: &str,
        family: Option<Family>,
    ) -> Option<Result<IpAddr, CallError>> {
        if let Err(error) = check_name(name) {
            return Some(Err(error));
        }
        if let Ok(address) = name.parse::<IpAddr>() {
            let fits = of_family(address, family);
            return Some(if fits { Ok(address) } else { Err(CallError::Resolve(ResolveError::NoData)) });
        }
        if self.names_tutorial(name) {
            self.wake_tutorial().await;
        }
        let address = self.look_up(name)?;
        let fits = of_family(address, family);
        Some(if fits { Ok(address) } else { Err(CallError::Resolve(ResolveError::NoData)) })
    }

    pub(super) async fn ping(&mut self, waiting: Waiting) {
        let Call::Ping { name, count } = waiting.call.clone() else { return };
        match self.resolve_here(&name, Some(Family::Inet)).await {
            Some(Ok(address)) if hosts::is_inside(address) => self.begin_ping(waiting, address, count).await,
            Some(Ok(address)) => {
                let value = Value::Pinged { address, round_trips: Vec::new(), sent: false };
                self.finish(waiting, Ok(value), Bytes::new());
            }
            Some(Err(error)) => self.finish(waiting, Err(error), Bytes::new()),
            None => match self.setting.outside.clone() {
                Some(outside) => self.ask_outside(waiting, outside.resolve(name, 0, Some(Family::Inet))),
                None => self.finish(waiting, Err(CallError::Resolve(ResolveError::NoName)), Bytes::new()),
            },
        }
    }

    async fn begin_ping(&mut self, mut waiting: Waiting, address: IpAddr, count: u8) {
        match self.ping_socket(&waiting).await {
            Ok((id, end)) => {
                let mut socket = Socket::unnamed(waiting.host, end);
                socket.readers.push_back(waiting.id);
                self.sockets.insert(id, socket);
                waiting.socket = Some(id);
                waiting.ping = Some(Ping { address, count, sent: None, round_trips: Vec::new(), echo: None });
                let call = waiting.id;
                self.keep(waiting);
                self.update_interest(id);
                self.send_echo(call);
            }
            Err(error) => self.finish(waiting, Err(error), Bytes::new()),
        }
    }

    async fn ping_socket(&mut self, waiting: &Waiting) -> Result<(SocketId, End), CallError> {
        self.may_have_socket(waiting.program)?;
        let host = self.hosts.get(&waiting.host).ok_or(CallError::errno(Errno::ENODEV))?;
        let spec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::IcmpEcho };
        let namespace = host.namespace.clone();
        let made = self.setting.keeper.socket(&namespace, spec).await;
        let os = made.map_err(|error| syscall::making_failed(syscall::errno_of(&error)))?;
        self.setting.descriptors.check(&os)?;
        Ok((self.numbers.socket(), End::new(os).map_err(CallError::errno)?))
    }

    fn send_echo(&mut self, call: CallRef) {
        let Some(host) = self.waiting.get(&call).map(|waiting| waiting.host) else { return };
        let sent = self.step(host, Cause::Call(call), |world| world.try_send_echo(call));
        match sent {
            Ok(()) => self.expect_echo(call),
            Err(errno) => self.end(call, Err(CallError::errno(errno)), Bytes::new()),
        }
    }

    /// Replaces the timer of the echo request before, which was answered.
    fn expect_echo(&mut self, call: CallRef) {
        let timer = self.timers.set(Instant::now() + ECHO_WAIT, Timer::Echo(call));
        let before = self.waiting.get_mut(&call).and_then(|w| w.ping.as_mut()?.echo.replace(timer));
        before.into_iter().for_each(|timer| self.timers.unset(timer));
    }

    fn try_send_echo(&mut self, call: CallRef) -> Result<(), Errno> {
        let waiting = self.waiting.get_mut(&call).ok_or(Errno::EBADF)?;
        let socket = waiting.socket.and_then(|id| self.sockets.get(&id)).ok_or(Errno::EBADF)?;
        let ping = waiting.ping.as_mut().ok_or(Errno::EBADF)?;
        ping.sent = Some(Instant::now());
        let request = icmp::echo_request(ping.sequence());
        syscall::sendto(socket.end.room()?, &request, Flags::default(), SocketAddr::new(ping.address, 0))?;
        Ok(())
    }

    /// Something came in for a ping.
    pub(super) fn echo_ready(&mut self, call: CallRef) {
        let mut buffer = [0; 256];
        let Some(waiting) = self.waiting.get_mut(&call) else { return };
        let Some(socket) = waiting.socket.and_then(|id| self.sockets.get(&id)) else { return };
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

    pub(super) fn echo_timed_out(&mut self, call: CallRef) {
        let Some(ping) = self.waiting.get_mut(&call).and_then(|waiting| waiting.ping.as_mut()) else {
            return;
        };
        if ping.sent.is_some_and(|sent| sent.elapsed() >= ECHO_WAIT) {
            ping.round_trips.push(None);
            self.next_echo(call);
        }
    }

    fn next_echo(&mut self, call: CallRef) {
        let Some(ping) = self.waiting.get(&call).and_then(|waiting| waiting.ping.as_ref()) else { return };
        if ping.round_trips.len() >= usize::from(ping.count) {
            let result = ping.result();
            self.end(call, result, Bytes::new());
        } else {
            self.send_echo(call);
        }
    }
}
