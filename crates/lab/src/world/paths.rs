//! The names of AF_UNIX on one machine: sockets in its file system, and what the kernel calls them.
//!
//! A machine is a network namespace, and its abstract names are its own; a path would be one of the server's file system, which
//! all machines share. So a path stands here, and its socket has in the kernel an abstract name that nobody can guess. What a
//! program sees is what Linux shows it: the path it has bound, which is there until it is removed, whoever lives on.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::{BuildHasher as _, RandomState},
};

use proto::{
    address::{Address, NameBytes, UnixName},
    call::{CallError, Kind},
    errno::Errno,
    id::SocketId,
    limits::{self, Limit},
    room::HOME,
};

use crate::{
    end::KernelAddress,
    syscall::{ReportedAddress, Result},
};

/// Kernel names remembered beside those of the files that are there: a socket keeps its name when its path is removed, and what
/// it has sent may be read later still.
const REMEMBERED: usize = 1024;

/// A socket in the file system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SocketFile {
    /// Its name in the kernel.
    pub(super) name: Vec<u8>,
    /// The socket that was bound to it, which may be closed by now.
    pub(super) socket: SocketId,
    /// Of which type that is.
    pub(super) kind: Kind,
}

/// Those of a machine.
#[derive(Debug, Default)]
pub(super) struct Paths {
    random: RandomState,
    last: u64,
    /// By path from the root on, without `.`, `..` and doubled slashes.
    files: BTreeMap<Vec<u8>, SocketFile>,
    /// What a program called its path, by the name in the kernel.
    called: HashMap<Vec<u8>, NameBytes>,
    /// The names in the kernel, oldest first.
    order: VecDeque<Vec<u8>>,
}

impl Paths {
    /// The socket at a path.
    ///
    /// # Errors
    /// ENOENT where there is none.
    pub(super) fn find(&self, path: &NameBytes) -> Result<&SocketFile> {
        self.files.get(&whole(path.as_bytes())).ok_or(Errno::ENOENT)
    }

    /// Makes a socket's file, as bind(2) does, and its name in the kernel.
    ///
    /// # Errors
    /// EADDRINUSE where the path is there; [`CallError::Limit`] where there are too many.
    pub(super) fn make(
        &mut self,
        path: NameBytes,
        socket: SocketId,
        kind: Kind,
    ) -> std::result::Result<Vec<u8>, CallError> {
        let at = whole(path.as_bytes());
        if self.files.contains_key(&at) {
            return Err(CallError::errno(Errno::EADDRINUSE));
        }
        if self.files.len() >= limits::SOCKET_FILES {
            return Err(Limit::SocketFiles.reached());
        }
        self.last += 1;
        let name = format!("path-{}-{:016x}", self.last, self.random.hash_one(self.last)).into_bytes();
        self.files.insert(at, SocketFile { name: name.clone(), socket, kind });
        self.called.insert(name.clone(), path);
        self.order.push_back(name.clone());
        self.forget_oldest();
        Ok(name)
    }

    /// Removes a file, as unlink(2) does. The socket lives on.
    ///
    /// # Errors
    /// ENOENT where there is none.
    pub(super) fn remove(&mut self, path: &NameBytes) -> Result<()> {
        self.files.remove(&whole(path.as_bytes())).map(|_| ()).ok_or(Errno::ENOENT)
    }

    /// The machine has another network, in which no name of the old one leads anywhere: their files go with it. What its
    /// sockets are called stays.
    pub(super) fn forget_files(&mut self) {
        self.files.clear();
    }

    /// Where a name is for the kernel; a path that is not there is none of them.
    ///
    /// # Errors
    /// ENOENT for a path at which there is no socket.
    pub(super) fn to_kernel(&self, name: &UnixName) -> Result<KernelAddress> {
        match name {
            UnixName::Unnamed => Ok(KernelAddress::unnamed()),
            UnixName::Abstract(name) => KernelAddress::abstract_name(name.as_bytes()),
            UnixName::Path(path) => KernelAddress::abstract_name(&self.find(path)?.name),
        }
    }

    /// What the kernel says, as the program's own kernel would.
    pub(super) fn address_of_reported(&self, told: &ReportedAddress) -> Address {
        let name = match told {
            ReportedAddress::Ip(address) => return Address::Ip(*address),
            ReportedAddress::Unnamed => UnixName::Unnamed,
            ReportedAddress::Abstract(name) => match self.called.get(name) {
                Some(path) => UnixName::Path(*path),
                None => UnixName::abstract_name(name).unwrap_or(UnixName::Unnamed),
            },
        };
        Address::Unix(name)
    }

    /// Forgets the oldest names whose file is gone: by then the socket, and what it sent, are gone too, since there are fewer
    /// sockets in a room.
    fn forget_oldest(&mut self) {
        for _ in REMEMBERED + limits::SOCKET_FILES..self.order.len() {
            let Some(name) = self.order.pop_front() else { return };
            if self.files.values().any(|file| file.name == name) {
                self.order.push_back(name);
            } else {
                self.called.remove(&name);
            }
        }
    }
}

/// A path from the root on. There are no links among the folders of a machine that the room knows of.
fn whole(path: &[u8]) -> Vec<u8> {
    let begins = if path.starts_with(b"/") { &b""[..] } else { HOME.as_bytes() };
    let mut steps: Vec<&[u8]> = Vec::new();
    for step in begins.split(|byte| *byte == b'/').chain(path.split(|byte| *byte == b'/')) {
        match step {
            b"" | b"." => {}
            b".." => drop(steps.pop()),
            step => steps.push(step),
        }
    }
    steps.iter().flat_map(|step| b"/".iter().chain(step.iter())).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> NameBytes {
        let Ok(UnixName::Path(path)) = UnixName::path(text.as_bytes()) else { panic!("{text} is a path") };
        path
    }

    #[test]
    fn one_file_has_many_spellings() {
        for spelling in
            ["talk", "./talk", "x/../talk", "/home/user/talk", "//home/./user//talk", "/../home/user/talk"]
        {
            assert_eq!(whole(spelling.as_bytes()), b"/home/user/talk", "{spelling}");
        }
        assert_eq!(whole(b"/tmp/talk"), b"/tmp/talk");
    }

    #[test]
    fn a_path_is_there_until_it_is_removed_and_its_socket_is_called_so_for_ever() {
        let mut paths = Paths::default();
        assert_eq!(paths.find(&path("talk")), Err(Errno::ENOENT));
        let name = paths.make(path("./talk"), SocketId(7), Kind::Stream).unwrap();
        let again = paths.make(path("talk"), SocketId(8), Kind::Stream);
        assert_eq!(again, Err(CallError::errno(Errno::EADDRINUSE)));
        assert_eq!(paths.find(&path("/home/user/talk")).map(|file| file.socket), Ok(SocketId(7)));
        let told = ReportedAddress::Abstract(name);
        assert_eq!(paths.address_of_reported(&told).to_string(), "unix:./talk");
        assert_eq!(paths.remove(&path("talk")), Ok(()));
        assert_eq!(paths.remove(&path("talk")), Err(Errno::ENOENT));
        assert_eq!(paths.address_of_reported(&told).to_string(), "unix:./talk");
        let other = paths.make(path("talk"), SocketId(8), Kind::Stream).unwrap();
        assert_ne!(
            ReportedAddress::Abstract(other),
            told,
            "an old socket is not found under a new one's path"
        );
    }

    #[test]
    fn there_is_an_end_to_files_and_to_names() {
        let mut paths = Paths::default();
        for number in 0..limits::SOCKET_FILES {
            paths.make(path(&number.to_string()), SocketId(1), Kind::Datagram).unwrap();
        }
        assert_eq!(paths.make(path("x"), SocketId(1), Kind::Datagram), Err(Limit::SocketFiles.reached()));
        for _ in 0..3 * REMEMBERED {
            paths.remove(&path("1")).unwrap();
            paths.make(path("1"), SocketId(1), Kind::Datagram).unwrap();
        }
        assert!(paths.called.len() <= REMEMBERED + limits::SOCKET_FILES);
        assert_eq!(paths.called.len(), paths.order.len());
        assert!(paths.files.values().all(|file| paths.called.contains_key(&file.name)));
    }
}
