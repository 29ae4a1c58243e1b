//! Programs and their descriptor tables: which number names which kernel socket.

use std::collections::{BTreeMap, HashMap};

use proto::{
    call::CallError,
    errno::Errno,
    id::{Fd, HostId, MemberId, ProgramId, SocketId},
    room::{Lifetime, ProgramInfo},
};

use super::shares;
use crate::program::Program;

/// All programs of a room.
#[derive(Debug, Default)]
pub(super) struct Tables {
    programs: BTreeMap<ProgramId, Program>,
    /// Every kernel socket that a program or a call has, with the descriptors that name it, oldest first; none once they are
    /// closed.
    names: HashMap<SocketId, Vec<(ProgramId, Fd)>>,
    last: u32,
}

impl Tables {
    /// Begins a program with an empty table.
    ///
    /// # Errors
    /// [`CallError::Limit`] where there are too many.
    pub(super) fn begin(
        &mut self,
        host: HostId,
        by: MemberId,
        name: String,
        lifetime: Lifetime,
    ) -> Result<ProgramInfo, CallError> {
        let refusal = shares::PROGRAMS.refusal(self.of_member(by).count(), self.programs.len());
        refusal.map_or(Ok(()), Err)?;
        self.last += 1;
        let info = ProgramInfo { id: ProgramId(self.last), host, by: Some(by), name, lifetime };
        self.programs.insert(info.id, Program::new(info.clone()));
        Ok(info)
    }

    /// Takes a program away whose descriptors are closed. False where there is none.
    pub(super) fn end(&mut self, program: ProgramId) -> bool {
        self.programs.remove(&program).is_some()
    }

    pub(super) fn info(&self, program: ProgramId) -> Option<&ProgramInfo> {
        self.programs.get(&program).map(|program| &program.info)
    }

    pub(super) fn infos(&self) -> impl Iterator<Item = &ProgramInfo> {
        self.programs.values().map(|program| &program.info)
    }

    /// Whose program it is.
    pub(super) fn member_of(&self, program: ProgramId) -> Option<MemberId> {
        self.info(program)?.by
    }

    /// Whether a program is this person's.
    pub(super) fn is_of(&self, program: ProgramId, member: MemberId) -> bool {
        self.member_of(program) == Some(member)
    }

    fn of_member(&self, member: MemberId) -> impl Iterator<Item = &Program> {
        self.programs.values().filter(move |program| program.info.by == Some(member))
    }

    /// Open descriptors of a program, lowest first.
    pub(super) fn open_of(&self, program: ProgramId) -> Vec<Fd> {
        let open = self.programs.get(&program).map(|program| program.descriptors().map(|(fd, _)| fd));
        open.into_iter().flatten().collect()
    }

    /// How many sockets a person's programs have: one with several descriptors is one.
    pub(super) fn sockets_of_member(&self, member: MemberId) -> usize {
        let of = |name: &(ProgramId, Fd)| self.is_of(name.0, member);
        self.names.values().filter(|names| names.first().is_some_and(of)).count()
    }

    /// Open descriptors of a person's programs.
    pub(super) fn open_of_member(&self, member: MemberId) -> Vec<(ProgramId, Fd)> {
        self.of_member(member)
            .flat_map(|program| program.descriptors().map(|(fd, _)| (program.info.id, fd)))
            .collect()
    }

    /// The number that a program's next socket will get.
    ///
    /// # Errors
    /// EMFILE when the table is full.
    pub(super) fn next_fd(&self, program: ProgramId) -> Result<Fd, Errno> {
        self.programs.get(&program).ok_or(Errno::EBADF)?.next_fd()
    }

    /// Puts a socket under the next free descriptor.
    ///
    /// # Errors
    /// EMFILE when the table is full.
    pub(super) fn open(&mut self, program: ProgramId, socket: SocketId) -> Result<Fd, Errno> {
        let table = self.programs.get_mut(&program).ok_or(Errno::EBADF)?;
        let fd = table.next_fd()?;
        table.open(fd, socket);
        self.names.entry(socket).or_default().push((program, fd));
        Ok(fd)
    }

    /// # Errors
    /// EBADF when the number names no open socket.
    pub(super) fn socket(&self, program: ProgramId, fd: Fd) -> Result<SocketId, Errno> {
        self.programs.get(&program).ok_or(Errno::EBADF)?.socket(fd)
    }

    /// Takes the descriptor away; the kernel's socket is left.
    ///
    /// # Errors
    /// EBADF when the number names no open socket.
    pub(super) fn close(&mut self, program: ProgramId, fd: Fd) -> Result<SocketId, Errno> {
        let socket = self.programs.get_mut(&program).ok_or(Errno::EBADF)?.close(fd)?;
        self.names.entry(socket).or_default().retain(|name| *name != (program, fd));
        Ok(socket)
    }

    /// A socket of a library function: no descriptor names it, its call holds it.
    pub(super) fn add_unnamed(&mut self, socket: SocketId) {
        self.names.insert(socket, Vec::new());
    }

    /// The kernel's socket is closed.
    pub(super) fn forget(&mut self, socket: SocketId) {
        self.names.remove(&socket);
    }

    /// The descriptor that names a socket, the first of several.
    pub(super) fn name(&self, socket: SocketId) -> Option<(ProgramId, Fd)> {
        self.names.get(&socket)?.first().copied()
    }

    /// Whether a program or a call has this socket.
    pub(super) fn has(&self, socket: SocketId) -> bool {
        self.names.contains_key(&socket)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_descriptor_names_nothing_and_its_socket_is_still_somebodys() {
        let mut tables = Tables::default();
        let begun = tables.begin(HostId(1), MemberId(1), "server.py".into(), Lifetime::Member);
        let program = begun.unwrap().id;
        let fd = tables.open(program, SocketId(7)).unwrap();
        assert_eq!(tables.name(SocketId(7)), Some((program, fd)));
        assert_eq!(tables.close(program, fd), Ok(SocketId(7)));
        assert_eq!((tables.name(SocketId(7)), tables.has(SocketId(7))), (None, true));
        assert_eq!(tables.close(program, fd), Err(Errno::EBADF));
        tables.forget(SocketId(7));
        assert!(!tables.has(SocketId(7)));
    }

    #[test]
    fn a_socket_with_two_descriptors_has_a_name_until_both_are_closed() {
        let mut tables = Tables::default();
        let program = tables.begin(HostId(1), MemberId(1), "a".into(), Lifetime::Page).unwrap().id;
        let first = tables.open(program, SocketId(7)).unwrap();
        let second = tables.open(program, SocketId(7)).unwrap();
        assert_ne!(first, second);
        assert_eq!(tables.sockets_of_member(MemberId(1)), 1);
        tables.close(program, first).unwrap();
        assert_eq!(tables.name(SocketId(7)), Some((program, second)));
        assert_eq!(tables.socket(program, second), Ok(SocketId(7)));
        tables.close(program, second).unwrap();
        assert_eq!(tables.name(SocketId(7)), None);
    }

    #[test]
    fn a_program_that_has_ended_has_no_descriptors() {
        let mut tables = Tables::default();
        let program = tables.begin(HostId(1), MemberId(1), "a".into(), Lifetime::Page).unwrap().id;
        assert!(tables.end(program) && !tables.end(program));
        assert_eq!(tables.next_fd(program), Err(Errno::EBADF));
    }
}
