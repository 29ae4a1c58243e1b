//! Addresses of AF_UNIX, as programs know them and as the kernel of their machine does.

use proto::{
    address::{Address, UnixName},
    errno::Errno,
    id::{HostId, SocketId},
};

use super::{lan::Lan, sockets::Sockets};
use crate::{
    end::KernelAddress,
    syscall::{self, ReportedAddress},
};

/// Where a call's address is for the kernel of the socket's machine.
///
/// # Errors
/// The kernel's: an address of AF_UNIX for a socket of another family, a path at which there is no socket, or one of another type.
pub(super) fn kernel_address(
    id: SocketId,
    address: &Address,
    sockets: &Sockets,
    lan: &Lan,
) -> Result<KernelAddress, Errno> {
    let name = match address {
        Address::Ip(address) => return Ok((*address).into()),
        Address::Unix(name) => name,
    };
    let socket = sockets.get(id).ok_or(Errno::EBADF)?;
    if !socket.end.is_unix() {
        return Err(Errno::EAFNOSUPPORT);
    }
    let paths = &lan.machines.get(socket.host).ok_or(Errno::ENODEV)?.paths;
    if let UnixName::Path(path) = name {
        let file = paths.find(path)?;
        // The kernel keeps abstract names of different types apart; at a path there is one socket.
        if file.kind != socket.end.kind() && sockets.get(file.socket).is_some() {
            return Err(Errno::EPROTOTYPE);
        }
    }
    paths.to_kernel(name)
}

/// An address that the kernel of a machine tells, as its programs know it.
pub(super) fn address_of(host: HostId, told: &ReportedAddress, lan: &Lan) -> Address {
    match (told, lan.machines.get(host)) {
        (ReportedAddress::Ip(address), _) => Address::Ip(*address),
        (told, Some(host)) => host.paths.address_of_reported(told),
        (_, None) => Address::Unix(UnixName::Unnamed),
    }
}

/// Tells what the addresses of a socket are now.
pub(super) fn tell(id: SocketId, sockets: &Sockets, lan: &mut Lan) {
    let Some(socket) = sockets.get(id).filter(|socket| socket.end.is_unix()) else { return };
    let host = socket.host;
    let ask = |told: syscall::Result<ReportedAddress>| told.ok().map(|told| address_of(host, &told, lan));
    let local = ask(syscall::getsockname(socket.end.fd()));
    let remote = ask(syscall::getpeername(socket.end.fd()));
    lan.observer.unix_is(host, id, local, remote, &lan.machines.tables);
}
