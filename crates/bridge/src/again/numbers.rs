//! Descriptors and ports that the kernel chose, there and here.

use std::collections::HashMap;

use proto::{
    address::Address,
    call::{Call, Outcome, Value},
    id::{Fd, ProgramId},
};

/// Which number here stands for which of the recording.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    fds: HashMap<(ProgramId, Fd), Fd>,
    ports: HashMap<u16, u16>,
}

impl Numbers {
    /// Which descriptor and which port here stands for which there.
    pub(super) fn learn(&mut self, program: ProgramId, there: &Outcome, here: &Outcome) {
        match (there, here) {
            (Ok(Value::Descriptor(there)), Ok(Value::Descriptor(here))) => {
                self.fds.insert((program, *there), *here);
            }
            (Ok(Value::ReceivedMsg { passed: there, .. }), Ok(Value::ReceivedMsg { passed: here, .. })) => {
                self.fds.extend(there.iter().zip(here).map(|(there, here)| ((program, there.fd), here.fd)));
            }
            (Ok(Value::Pair(one, other)), Ok(Value::Pair(first, second))) => {
                self.fds.extend([((program, *one), *first), ((program, *other), *second)]);
            }
            (
                Ok(Value::Accepted { fd: there, peer: theirs }),
                Ok(Value::Accepted { fd: here, peer: ours }),
            ) => {
                self.fds.insert((program, *there), *here);
                self.ports.extend(theirs.port().zip(ours.port()));
            }
            (Ok(Value::Address(theirs)), Ok(Value::Address(ours))) => {
                self.ports.extend(theirs.port().zip(ours.port()));
            }
            (
                Ok(Value::ReceivedFrom { from: Some(theirs), .. }),
                Ok(Value::ReceivedFrom { from: Some(ours), .. }),
            ) => {
                self.ports.extend(theirs.port().zip(ours.port()));
            }
            _ => {}
        }
    }

    /// A call as it is made here.
    pub(super) fn translated(&self, program: ProgramId, call: &Call) -> Call {
        let own = |fd: &mut Fd| *fd = self.fds.get(&(program, *fd)).copied().unwrap_or(*fd);
        let to = |address: &mut Address| {
            if let Address::Ip(address) = address
                && let Some(&port) = self.ports.get(&address.port())
            {
                address.set_port(port);
            }
        };
        let mut call = call.clone();
        match &mut call {
            Call::Bind { fd, address } | Call::Connect { fd, address } | Call::SendTo { fd, address, .. } => {
                own(fd);
                to(address);
            }
            Call::Listen { fd, .. }
            | Call::Accept { fd }
            | Call::Send { fd, .. }
            | Call::Recv { fd, .. }
            | Call::RecvFrom { fd, .. }
            | Call::Shutdown { fd, .. }
            | Call::Close { fd }
            | Call::GetSockName { fd }
            | Call::GetPeerName { fd }
            | Call::SetSockOpt { fd, .. }
            | Call::GetSockOpt { fd, .. }
            | Call::RecvMsg { fd, .. }
            | Call::EpollWait { fd, .. }
            | Call::Dup { fd } => own(fd),
            Call::Poll { fds } => fds.iter_mut().for_each(|(fd, _)| own(fd)),
            Call::SendMsg { fd, address, passed, .. } => {
                own(fd);
                address.iter_mut().for_each(to);
                passed.iter_mut().for_each(own);
            }
            Call::EpollCtl { fd, target, .. } => {
                own(fd);
                own(target);
            }
            Call::Socket { .. }
            | Call::SocketPair { .. }
            | Call::Resolve { .. }
            | Call::Ping { .. }
            | Call::Unlink { .. }
            | Call::Stat { .. }
            | Call::EpollCreate {}
            | Call::Interfaces {} => {}
        }
        call
    }
}
