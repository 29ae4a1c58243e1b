//! A program's descriptor table, as a process has one: the lowest free number, a real size, EMFILE beyond it.

use std::collections::BTreeMap;

use proto::{
    errno::Errno,
    id::{Fd, SocketId},
    limits,
    room::ProgramInfo,
};

/// A program: a descriptor table on a machine.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) info: ProgramInfo,
    descriptors: BTreeMap<i32, SocketId>,
}

impl Program {
    pub(crate) fn new(info: ProgramInfo) -> Self {
        Self { info, descriptors: BTreeMap::new() }
    }

    /// The number that the next socket will get.
    ///
    /// # Errors
    /// EMFILE when the table is full.
    pub(crate) fn next_fd(&self) -> Result<Fd, Errno> {
        let mut free = limits::FIRST_DESCRIPTOR;
        for &taken in self.descriptors.keys() {
            if taken != free {
                break;
            }
            free += 1;
        }
        if free < limits::DESCRIPTORS { Ok(Fd(free)) } else { Err(Errno::EMFILE) }
    }

    pub(crate) fn open(&mut self, fd: Fd, socket: SocketId) {
        self.descriptors.insert(fd.0, socket);
    }

    /// # Errors
    /// EBADF when the number names no open socket.
    pub(crate) fn socket(&self, fd: Fd) -> Result<SocketId, Errno> {
        self.descriptors.get(&fd.0).copied().ok_or(Errno::EBADF)
    }

    /// # Errors
    /// EBADF when the number names no open socket.
    pub(crate) fn close(&mut self, fd: Fd) -> Result<SocketId, Errno> {
        self.descriptors.remove(&fd.0).ok_or(Errno::EBADF)
    }

    pub(crate) fn descriptors(&self) -> impl Iterator<Item = (Fd, SocketId)> {
        self.descriptors.iter().map(|(&fd, &socket)| (Fd(fd), socket))
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        errno::Errno,
        id::{Fd, HostId, ProgramId, SocketId},
        room::{BY_HAND, Lifetime, ProgramInfo},
    };

    use super::Program;

    fn program() -> Program {
        Program::new(ProgramInfo {
            id: ProgramId(1),
            host: HostId(1),
            by: None,
            name: BY_HAND.into(),
            lifetime: Lifetime::Member,
        })
    }

    #[test]
    fn numbers_begin_at_three_and_the_lowest_free_one_is_reused() {
        let mut program = program();
        for number in 1..=3 {
            let fd = program.next_fd().unwrap();
            assert_eq!(fd, Fd(number + 2));
            program.open(fd, SocketId(number as u32));
        }
        assert_eq!(program.close(Fd(4)), Ok(SocketId(2)));
        assert_eq!(program.next_fd(), Ok(Fd(4)));
        assert_eq!(program.close(Fd(4)), Err(Errno::EBADF));
    }

    #[test]
    fn a_full_table_is_emfile() {
        let mut program = program();
        while let Ok(fd) = program.next_fd() {
            program.open(fd, SocketId(fd.0 as u32));
        }
        assert_eq!(program.descriptors().count(), 1021);
        assert_eq!(program.next_fd(), Err(Errno::EMFILE));
    }
}
