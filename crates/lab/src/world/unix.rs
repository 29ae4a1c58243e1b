//! What is particular to sockets of AF_UNIX: paths, pairs, and waits for room in another socket of the same machine. Their bytes
//! never come to the wire.

use std::os::fd::OwnedFd;

use bytes::Bytes;
use proto::{
    address::{Address, UnixName},
    call::{Call, CallError, Family, Kind, Outcome, Value, Wait},
    errno::Errno,
    id::{HostId, SocketId},
};

use super::{
    calls::Calls,
    effects::{self, SocketOrder, Work},
    machines::{Host, Machines},
    unix_names,
    waiting::{Direction, Waiting},
};
use crate::{end::KernelAddress, keeper::Keeper, request::CallRequest};

impl Calls {
    /// bind(2) to a name of AF_UNIX. A path is there from now on, until somebody removes it.
    pub(super) fn bind_unix(&mut self, id: SocketId, name: &UnixName) -> Result<(), CallError> {
        let socket = self.sockets.get(id).ok_or(CallError::errno(Errno::EBADF))?;
        let (end, host) = (&socket.end, socket.host);
        let bind =
            |address: &KernelAddress| end.room().and_then(|fd| fd.bind(address)).map_err(CallError::errno);
        if !end.is_unix() {
            return Err(CallError::errno(Errno::EAFNOSUPPORT));
        }
        let paths = &mut self.lan.machines.get_mut(host).ok_or(CallError::errno(Errno::ENODEV))?.paths;
        let UnixName::Path(path) = name else {
            return bind(&paths.to_kernel(name).map_err(CallError::errno)?);
        };
        let inside = paths.make(*path, id, end.kind())?;
        let bound =
            KernelAddress::abstract_name(&inside).map_err(CallError::errno).and_then(|name| bind(&name));
        if bound.is_err() {
            // As Linux does: the file was made first.
            let _was_there = paths.remove(path);
        }
        bound
    }

    /// Begins a socketpair(2): what is to be waited for, unless it has failed already.
    pub(super) fn begin_pair(
        &mut self,
        keeper: Keeper,
        mut waiting: Waiting,
        family: Family,
        kind: Kind,
    ) -> Option<Work> {
        waiting.wait = Wait::Forever;
        if let Err(errno) = self.lan.machines.tables.next_fd(waiting.program) {
            self.fail(waiting, CallError::errno(errno));
            return None;
        }
        let Some(machine) = self.lan.machines.get(waiting.host) else {
            self.fail(waiting, CallError::errno(Errno::ENODEV));
            return None;
        };
        let namespace = machine.namespace.clone();
        let spec = effects::spec_of(family, kind);
        let wanted = SocketOrder { call: waiting.id, host: waiting.host, namespace, spec, count: 1 };
        let (abort, registration) = effects::abortable();
        waiting.abort = Some(abort);
        self.keep(waiting);
        Some(effects::pair(keeper, wanted, registration))
    }

    /// Ends a socketpair(2).
    pub(super) fn finish_pair(&mut self, waiting: Waiting, made: Result<Vec<OwnedFd>, CallError>) {
        match made.and_then(|made| self.adopt_pair(&waiting, made)) {
            Ok((first, pair)) => {
                let waiting = Waiting { socket: Some(first), ..waiting };
                self.finish(waiting, Ok(pair), Bytes::new());
            }
            Err(error) => self.finish(waiting, Err(error), Bytes::new()),
        }
    }

    /// Both or none.
    fn adopt_pair(&mut self, waiting: &Waiting, made: Vec<OwnedFd>) -> Result<(SocketId, Value), CallError> {
        let (program, host) = (waiting.program, waiting.host);
        let [one, other] = <[OwnedFd; 2]>::try_from(made).map_err(|_| CallError::errno(Errno::EIO))?;
        let (fd, first) = self.sockets.adopt(program, host, (one, false), &mut self.lan)?;
        match self.sockets.adopt(program, host, (other, false), &mut self.lan) {
            Ok((second_fd, second)) => {
                unix_names::tell(first, &self.sockets, &mut self.lan);
                unix_names::tell(second, &self.sockets, &mut self.lan);
                Ok((first, Value::Pair(fd, second_fd)))
            }
            Err(error) => {
                self.lan.machines.tables.close(program, fd).map_err(CallError::errno)?;
                self.release(first);
                Err(error)
            }
        }
    }

    /// Whether the end of a call may have made room in a socket of AF_UNIX, for which others of its machine wait.
    pub(super) fn makes_room(&self, waiting: &Waiting, outcome: &Outcome) -> bool {
        let takes = matches!(
            waiting.call,
            Call::Accept { .. } | Call::Recv { .. } | Call::RecvFrom { .. } | Call::RecvMsg { .. }
        );
        takes && outcome.is_ok() && waiting.socket.is_some_and(|socket| self.sockets.is_unix(socket))
    }

    /// Lets the sockets of a machine try again that wait until another one has room.
    pub(super) fn unpark(&mut self, host: HostId) {
        for socket in self.sockets.take_parked(host) {
            self.advance(socket, Direction::Write);
        }
    }

    /// Sockets of AF_UNIX outlive their network, which sock_diag(7) does not end for them: they are shut down.
    pub(super) fn shut_unix_down(&mut self, host: HostId) {
        for id in self.sockets.on(host) {
            if let Some(socket) = self.sockets.get_mut(id).filter(|socket| socket.end.is_unix()) {
                // One that is not connected has nothing to shut down.
                let _not_connected = socket.end.shutdown(proto::call::How::Both);
            }
        }
    }
}

/// Answers what asks about a machine without changing anything, about a path or its interfaces: the trace has no word of it, as of no
/// other look at a file. None for every other call.
pub(super) fn look_at_machine(machines: &Machines, request: &CallRequest) -> Option<Outcome> {
    if let Call::Interfaces {} = request.call {
        let host = machines.tables.info(request.program).and_then(|program| machines.get(program.host));
        return Some(host.map(Host::interfaces).ok_or(CallError::errno(Errno::ENODEV)));
    }
    let (Call::Stat { address } | Call::Unlink { address }) = &request.call else { return None };
    let found = path_of(machines, request, address);
    match (&request.call, found) {
        (Call::Unlink { .. }, Ok(())) => None,
        (_, found) => Some(found.map(|()| Value::Done).map_err(CallError::errno)),
    }
}

fn path_of(machines: &Machines, request: &CallRequest, address: &Address) -> Result<(), Errno> {
    let Address::Unix(UnixName::Path(path)) = address else { return Err(Errno::ENOENT) };
    let host = machines.tables.info(request.program).and_then(|program| machines.get(program.host));
    host.ok_or(Errno::ENODEV)?.paths.find(path).map(|_| ())
}

/// unlink(2) of a socket's path.
pub(super) fn unlink(calls: &mut Calls, waiting: Waiting, address: &Address) {
    let removed = match (address, calls.lan.machines.get_mut(waiting.host)) {
        (Address::Unix(UnixName::Path(path)), Some(host)) => host.paths.remove(path),
        _ => Err(Errno::ENOENT),
    };
    calls.finish(waiting, removed.map(|()| Value::Done).map_err(CallError::errno), Bytes::new());
}
