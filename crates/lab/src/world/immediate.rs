//! Calls that never wait: one system call, its result, done.

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Family, Kind, Outcome, Value},
    errno::Errno,
    id::{Fd, SocketId},
    trace::Cause,
};

use super::{World, calls::Waiting};
use crate::{
    keeper::{SocketFamily, SocketKind, SocketSpec},
    syscall,
};

impl World {
    pub(super) async fn make_socket(
        &mut self,
        waiting: &Waiting,
        family: Family,
        kind: Kind,
    ) -> (Outcome, Option<SocketId>) {
        match self.try_socket(waiting, family, kind).await {
            Ok((fd, socket)) => {
                self.record_new_socket(waiting.host, socket, kind == Kind::Datagram);
                (Ok(Value::Descriptor(fd)), Some(socket))
            }
            Err(error) => (Err(error), None),
        }
    }

    async fn try_socket(
        &mut self,
        waiting: &Waiting,
        family: Family,
        kind: Kind,
    ) -> Result<(Fd, SocketId), CallError> {
        let program = self.programs.get(&waiting.program).ok_or(CallError::errno(Errno::EBADF))?;
        program.next_fd().map_err(CallError::errno)?;
        let kind = match kind {
            Kind::Stream => SocketKind::Stream,
            Kind::Datagram => SocketKind::Datagram,
        };
        let family = match family {
            Family::Inet => SocketFamily::Inet,
            Family::Inet6 => SocketFamily::Inet6,
        };
        let os = self.take_socket(waiting.host, SocketSpec { family, kind }).await?;
        self.adopt(waiting.program, waiting.host, os)
    }

    pub(super) fn immediate(&mut self, waiting: Waiting) {
        let Some(socket) = waiting.socket else {
            return self.finish(waiting, Err(CallError::errno(Errno::EBADF)), Bytes::new());
        };
        let cause = Cause::Call(waiting.id);
        let outcome = self.step_on(socket, waiting.host, cause, |world| world.immediately(&waiting, socket));
        self.finish(waiting, outcome, Bytes::new());
    }

    fn immediately(&mut self, waiting: &Waiting, id: SocketId) -> Result<Value, CallError> {
        if let Call::Close { fd } = waiting.call {
            self.close_fd(waiting.program, fd).map_err(CallError::errno)?;
            self.release_socket(id);
            return Ok(Value::Done);
        }
        if let Call::GetSockName { .. } = waiting.call {
            return self.local_address(id).map(Value::Address).map_err(CallError::errno);
        }
        let end = self.sockets.get_mut(&id).map(|socket| &mut socket.end);
        let end = end.ok_or(CallError::errno(Errno::EBADF))?;
        match waiting.call {
            Call::Bind { address, .. } => {
                end.room().and_then(|fd| syscall::bind(fd, address)).map_err(CallError::errno)?;
            }
            Call::Listen { backlog, .. } => {
                end.room().and_then(|fd| syscall::listen(fd, backlog)).map_err(CallError::errno)?;
            }
            Call::Shutdown { how, .. } => end.shutdown(how)?,
            Call::SetSockOpt { name, value, .. } => end.setsockopt(name, value)?,
            Call::GetSockOpt { name, .. } => return end.getsockopt(name).map(Value::Option),
            Call::GetPeerName { .. } => return end.getpeername().map(Value::Address),
            _ => return Err(CallError::errno(Errno::EOPNOTSUPP)),
        }
        Ok(Value::Done)
    }
}
