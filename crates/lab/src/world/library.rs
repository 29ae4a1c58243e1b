//! Calls that may need somebody else: socket(2) and ping need sockets, which the keeper makes; names that are not the
//! room's are asked for outside.

use std::{net::IpAddr, os::fd::OwnedFd};

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Family, Kind, ResolveError, Value, Wait},
    errno::Errno,
    id::CallRef,
};
use tokio::net::TcpListener;

use super::{
    World,
    calls::Calls,
    effects::{self, SocketOrder},
    machines::{self, Plan},
    names::{self, NameLookup},
    unix,
    waiting::Waiting,
};
use crate::{
    keeper::{HostFds, SocketFamily, SocketKind, SocketSpec},
    request::CallRequest,
};

impl World {
    /// Begins a call; its result is delivered to the member, now or later.
    pub(super) fn call(&mut self, request: CallRequest) {
        if let Some(error) = self.calls.refusal(&request) {
            return self.calls.people.answer(request.member, request.id, Err(error));
        }
        if let Some(outcome) = unix::look_at_machine(&self.calls.lan.machines, &request) {
            return self.calls.people.answer(request.member, request.id, outcome);
        }
        let Some(waiting) = self.calls.begin(request) else { return };
        match waiting.call {
            Call::Socket { family, kind } => self.make_socket(waiting, family, kind),
            Call::SocketPair { family, kind } => {
                let work = self.calls.begin_pair(self.keeper.clone(), waiting, family, kind);
                self.work.extend(work);
            }
            Call::Unlink { address } => unix::unlink(&mut self.calls, waiting, &address),
            Call::Resolve { .. } | Call::Ping { .. } => self.look_up(waiting),
            Call::Poll { .. } => self.calls.begin_poll(waiting),
            Call::EpollCreate {} => make_epoll(&mut self.calls, waiting),
            _ => self.calls.begin_on_descriptor(waiting),
        }
    }

    fn make_socket(&mut self, mut waiting: Waiting, family: Family, kind: Kind) {
        // socket(2) does not wait: only the keeper can keep it, and not for long.
        waiting.wait = Wait::Forever;
        if let Err(errno) = self.calls.lan.machines.tables.next_fd(waiting.program) {
            return self.calls.fail(waiting, CallError::errno(errno));
        }
        let spec = effects::spec_of(family, kind);
        match self.calls.lan.machines.take_socket(waiting.host, spec) {
            Ok(Ok(socket)) => self.calls.finish_socket(waiting, Ok(socket)),
            Ok(Err(_)) if self.socket_orders.join(waiting.host, spec, waiting.id) => self.calls.keep(waiting),
            Ok(Err((namespace, count))) => {
                let wanted = SocketOrder { call: waiting.id, host: waiting.host, namespace, spec, count };
                self.ask_for_sockets(waiting, wanted);
            }
            Err(error) => self.calls.fail(waiting, error),
        }
    }

    fn ask_for_sockets(&mut self, mut waiting: Waiting, wanted: SocketOrder) {
        let (abort, registration) = effects::abortable();
        waiting.abort = Some(abort);
        self.calls.keep(waiting);
        self.socket_orders.asked(wanted.host, wanted.spec, wanted.count);
        self.work.push(effects::sockets(self.keeper.clone(), wanted, registration));
    }

    /// The keeper has made sockets for a call, which takes one of them; the others are for those who wait for one, and for
    /// those who ask next.
    pub(super) fn sockets_made(
        &mut self,
        wanted: SocketOrder,
        made: Option<Result<Vec<OwnedFd>, CallError>>,
    ) {
        let SocketOrder { call, host, namespace, spec, count } = wanted;
        let current = self.calls.lan.machines.get(host).is_some_and(|host| host.namespace.is(&namespace));
        let asker = self.calls.take(call);
        if let (true, Some(Call::SocketPair { .. })) = (current, asker.as_ref().map(|asker| &asker.call)) {
            return asker.zip(made).into_iter().for_each(|(asker, made)| self.calls.finish_pair(asker, made));
        }
        let (mut sockets, error) = match made {
            // The machine has another network by now: these are of the old.
            Some(Ok(_)) if !current => (Vec::new(), None),
            Some(Ok(sockets)) => (sockets, None),
            Some(Err(error)) => (Vec::new(), Some(error)),
            None => (Vec::new(), None),
        };
        let others = sockets.len().saturating_sub(usize::from(asker.is_some()));
        let joined = self.socket_orders.answered(host, spec, (count, others));
        let joined: Vec<_> = joined.into_iter().filter_map(|call| self.calls.take(call)).collect();
        for waiting in asker.into_iter().chain(joined) {
            let socket = match (sockets.pop(), &error) {
                (Some(socket), _) => Ok(socket),
                (None, Some(error)) => Err(error.clone()),
                (None, None) => {
                    self.ask_again(waiting);
                    continue;
                }
            };
            match waiting.call {
                Call::Ping { .. } => self.begin_echoes(waiting, socket),
                // Only a failure comes here.
                Call::SocketPair { .. } => self.calls.finish_pair(waiting, socket.map(|one| vec![one])),
                _ => self.calls.finish_socket(waiting, socket),
            }
        }
        self.calls.lan.keep_sockets(host, spec, sockets);
    }

    fn ask_again(&mut self, waiting: Waiting) {
        match waiting.call {
            Call::Socket { family, kind } => self.make_socket(waiting, family, kind),
            Call::SocketPair { family, kind } => {
                let work = self.calls.begin_pair(self.keeper.clone(), waiting, family, kind);
                self.work.extend(work);
            }
            _ => self.look_up(waiting),
        }
    }

    /// Looks a name up in the room's table, or asks outside; a ping goes on from there.
    fn look_up(&mut self, waiting: Waiting) {
        let (name, family, port) = match &waiting.call {
            Call::Resolve { name, family, port } => (name.clone(), *family, *port),
            Call::Ping { name, .. } => (name.clone(), Some(Family::Inet), 0),
            _ => return,
        };
        match names::look_up(&name, family, &self.calls.lan.machines) {
            NameLookup::Address(address) => self.looked_up(waiting, address),
            NameLookup::Refused(error) => self.calls.fail(waiting, error),
            NameLookup::ToCome => {
                self.tutorial_callers.retain(|&call| self.calls.get(call).is_some());
                self.tutorial_callers.push(waiting.id);
                self.calls.keep(waiting);
                self.make_tutorial();
            }
            NameLookup::Unknown => self.ask_outside(waiting, name, port, family),
        }
    }

    fn looked_up(&mut self, waiting: Waiting, address: IpAddr) {
        match waiting.call {
            Call::Ping { .. } if machines::is_inside(address) => self.make_echo_socket(waiting),
            Call::Ping { .. } => {
                let value = Value::Pinged { address, round_trips: Vec::new(), sent: false };
                self.calls.finish(waiting, Ok(value), Bytes::new());
            }
            _ => {
                let value = Value::Addresses { addresses: vec![address], from_room: true };
                self.calls.finish(waiting, Ok(value), Bytes::new());
            }
        }
    }

    fn make_echo_socket(&mut self, waiting: Waiting) {
        if let Err(error) = self.calls.sockets.may_have(waiting.program, &self.calls.lan) {
            return self.calls.fail(waiting, error);
        }
        let Some(machine) = self.calls.lan.machines.get(waiting.host) else {
            return self.calls.fail(waiting, CallError::errno(Errno::ENODEV));
        };
        let spec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::IcmpEcho };
        let namespace = machine.namespace.clone();
        let wanted = SocketOrder { call: waiting.id, host: waiting.host, namespace, spec, count: 1 };
        self.ask_for_sockets(waiting, wanted);
    }

    fn begin_echoes(&mut self, waiting: Waiting, socket: Result<OwnedFd, CallError>) {
        let Call::Ping { name, count } = &waiting.call else { return };
        let count = *count;
        match names::look_up(name, Some(Family::Inet), &self.calls.lan.machines) {
            NameLookup::Address(address) => self.calls.begin_echoes(waiting, address, count, socket),
            // Its machine has left meanwhile.
            _ => self.calls.fail(waiting, CallError::Resolve(ResolveError::NoName)),
        }
    }

    fn ask_outside(&mut self, mut waiting: Waiting, name: String, port: u16, family: Option<Family>) {
        let Some(outside) = &self.calls.outside else {
            return self.calls.fail(waiting, CallError::Resolve(ResolveError::NoName));
        };
        let question = outside.resolve(name, port, family);
        let (abort, registration) = effects::abortable();
        waiting.abort = Some(abort);
        self.work.push(effects::resolve(waiting.id, question, registration));
        self.calls.keep(waiting);
    }

    /// The answer from outside.
    pub(super) fn resolved(&mut self, call: CallRef, answer: Option<Result<Vec<IpAddr>, CallError>>) {
        let (Some(waiting), Some(answer)) = (self.calls.get(call), answer) else { return };
        let pinged = matches!(waiting.call, Call::Ping { .. });
        let outcome = answer.map(|addresses| match addresses.first() {
            // Outside the room a ping only resolves, and says so.
            Some(&address) if pinged => Value::Pinged { address, round_trips: Vec::new(), sent: false },
            _ => Value::Addresses { addresses, from_room: false },
        });
        self.calls.end(call, outcome, Bytes::new());
    }

    /// Has the machine with the ready-made servers made, at the first look-up or packet for it.
    pub(super) fn make_tutorial(&mut self) {
        if !self.making_tutorial {
            self.making_tutorial = true;
            let services = self.calls.lan.machines.services().clone();
            self.work.push(effects::tutorial(self.keeper.clone(), services));
        }
    }

    /// It is there, or will not come: whoever waited for it goes on.
    pub(super) fn tutorial_made(&mut self, made: Result<(HostFds, Vec<TcpListener>), CallError>) {
        self.making_tutorial = false;
        let added = made.and_then(|(fds, listeners)| self.add_tutorial(fds, listeners));
        if let Err(error) = &added {
            tracing::warn!(?error, "the machine with the ready-made servers could not be made");
        }
        self.calls.lan.arrive_at_tutorial();
        for call in std::mem::take(&mut self.tutorial_callers) {
            let Some(waiting) = self.calls.take(call) else { continue };
            match &added {
                Ok(()) => self.look_up(waiting),
                Err(error) => self.calls.fail(waiting, error.clone()),
            }
        }
        self.tell_settings();
    }

    fn add_tutorial(&mut self, fds: HostFds, listeners: Vec<TcpListener>) -> Result<(), CallError> {
        let lan = &mut self.calls.lan;
        let id = lan.add_host(Plan::tutorial(), fds)?;
        let services = lan.machines.services().clone();
        if let Some(host) = lan.machines.get_mut(id) {
            services.iter().zip(listeners).for_each(|(service, listener)| host.serve(service, listener));
        }
        lan.look(id);
        Ok(())
    }
}

/// epoll_create1(2).
fn make_epoll(calls: &mut Calls, waiting: Waiting) {
    match calls.sockets.make_epoll(waiting.program, waiting.host, &mut calls.lan) {
        Ok((fd, epoll)) => {
            let waiting = Waiting { socket: Some(epoll), ..waiting };
            calls.finish(waiting, Ok(Value::Descriptor(fd)), Bytes::new());
        }
        Err(error) => calls.fail(waiting, error),
    }
}
