//! People and their programs.

use std::sync::Arc;

use proto::{
    call::{CallError, Value},
    id::{CallId, CallRef, Fd, HostId, MemberId, ProgramId, SocketId},
    limits,
    room::{Lifetime, MemberInfo, ProgramInfo, Role, StepOutcome},
    trace::{Data, What},
};
use tokio::sync::mpsc::{self, error::TrySendError};

use super::{
    World,
    calls::{Direction, Waiting},
    shares,
};
use crate::{
    delivery::{Delivery, Mailbox},
    program::Program,
    results::Results,
};

/// A person in the room.
#[derive(Debug)]
pub(crate) struct Member {
    pub(super) info: MemberInfo,
    mailbox: Mailbox,
    /// Calls that have begun and not ended.
    pub(super) outstanding: usize,
    /// Received bytes on their way to the page.
    pub(super) results: Arc<Results>,
    /// Sockets whose receives wait for room there.
    starved: Vec<SocketId>,
}

impl World {
    /// A person comes; a participant brings a machine of their own.
    ///
    /// # Errors
    /// [`CallError::Limit`] when the room is full, [`CallError::Errno`] when no machine can be made.
    pub(crate) async fn join(
        &mut self,
        name: String,
        role: Role,
        mailbox: Mailbox,
    ) -> Result<MemberId, CallError> {
        if self.members.len() >= limits::MEMBERS {
            return Err(CallError::Limit { limit: "members".to_owned(), value: limits::MEMBERS as u64 });
        }
        let id = self.numbers.member();
        let host = match role {
            Role::Participant => Some(self.add_guest_host(id).await?),
            Role::Owner | Role::Viewer => None,
        };
        let name = self.name_of(&name, role, id, host);
        let info = MemberInfo { id, name, role, host };
        let results = Results::new(id, &self.memory, &self.results_freed.0);
        let member = Member { info: info.clone(), mailbox, outstanding: 0, results, starved: Vec::new() };
        self.members.insert(id, member);
        self.record(What::Joined(info));
        Ok(id)
    }

    /// Deliveries of a person go somewhere else from now on: their page was loaded anew.
    pub(crate) fn redirect(&mut self, member: MemberId, mailbox: Mailbox) {
        if let Some(member) = self.members.get_mut(&member) {
            member.mailbox = mailbox;
        }
    }

    /// A person leaves: their programs end and their machine goes away.
    pub(crate) fn leave(&mut self, member: MemberId) {
        let Some(gone) = self.members.remove(&member) else { return };
        self.end_programs(member, |_| true);
        if let Some(host) = gone.info.host {
            self.remove_host(host);
        }
        self.record(What::Left(member));
    }

    /// A person gets another name; without one they are called as somebody who has said none.
    pub(crate) fn rename(&mut self, member: MemberId, name: &str) {
        let Some(MemberInfo { role, host, .. }) = self.members.get(&member).map(|member| member.info.clone())
        else {
            return;
        };
        let name = self.name_of(name, role, member, host);
        if let Some(member) = self.members.get_mut(&member) {
            member.info.name = name;
            let info = member.info.clone();
            self.record(What::Joined(info));
        }
    }

    /// What a person is called. A guest without a name of their own is called as their machine is: one name for both.
    fn name_of(&self, wanted: &str, role: Role, id: MemberId, host: Option<HostId>) -> String {
        let wanted = presentable(wanted);
        if !wanted.is_empty() {
            return wanted;
        }
        let machine = host.and_then(|host| self.hosts.get(&host)).map(|host| host.info.name.clone());
        match role {
            Role::Owner => "the owner".to_owned(),
            Role::Participant => machine.unwrap_or_else(|| format!("guest {id}")),
            Role::Viewer => format!("watcher {id}"),
        }
    }

    pub(super) fn deliver(&mut self, member: MemberId, delivery: Delivery) {
        let Some(mailbox) = self.members.get(&member).map(|member| &member.mailbox) else { return };
        match mailbox.try_send(delivery) {
            // A person whose page is gone for good leaves soon; nothing waits for these.
            Ok(()) | Err(TrySendError::Closed(_)) => {}
            Err(TrySendError::Full(_)) => {
                tracing::error!(%member, "a mailbox sized for every request is full");
                debug_assert!(false, "a mailbox sized for every request is full");
            }
        }
    }

    /// A receive on this socket waits until the member's page has taken results.
    pub(super) fn starve(&mut self, member: MemberId, socket: SocketId) {
        if let Some(member) = self.members.get_mut(&member) {
            member.starved.push(socket);
        }
        if let Some(socket) = self.sockets.get_mut(&socket) {
            socket.starved = true;
        }
    }

    /// Told when a member's page has taken results that receives wait for; to be read by the room's task.
    pub(crate) fn take_results_freed(&mut self) -> Option<mpsc::UnboundedReceiver<MemberId>> {
        self.results_freed.1.take()
    }

    /// A member's page has taken results: receives that waited for that go on.
    pub(crate) fn feed(&mut self, member: MemberId) {
        let starved = self.members.get_mut(&member).map(|member| std::mem::take(&mut member.starved));
        starved.into_iter().flatten().for_each(|socket| self.advance(socket, Direction::Read));
    }

    /// Starts a program; the answer is delivered.
    pub(crate) fn open_program(
        &mut self,
        member: MemberId,
        id: CallId,
        host: HostId,
        name: &str,
        lifetime: Lifetime,
    ) {
        let refused = if !self.hosts.contains_key(&host) {
            Some(CallError::Protocol { rule: "no such machine".to_owned() })
        } else if self.hosts.get(&host).is_some_and(|machine| machine.info.ready_made) {
            Some(CallError::Policy { rule: "ready-made".to_owned(), value: "tutorial".to_owned() })
        } else {
            let own = self.programs.values().filter(|program| program.info.by == Some(member)).count();
            shares::PROGRAMS.refusal(own, self.programs.len())
        };
        if let Some(error) = refused {
            return self.deliver_result(member, id, Err(error), bytes::Bytes::new());
        }
        let program = self.numbers.program();
        let info = ProgramInfo { id: program, host, by: Some(member), name: presentable(name), lifetime };
        self.programs.insert(program, Program::new(info.clone()));
        self.record(What::ProgramBegan(info));
        self.deliver(member, Delivery::Program { id, program });
    }

    /// Ends a program of this member, as a process's exit does.
    pub(crate) fn close_program(&mut self, member: MemberId, id: CallId, program: ProgramId) {
        let own = self.programs.get(&program).is_some_and(|p| p.info.by == Some(member));
        let outcome = if own {
            self.end_program(program);
            Ok(Value::Done)
        } else {
            Err(CallError::Protocol { rule: "no such program".to_owned() })
        };
        self.deliver_result(member, id, outcome, bytes::Bytes::new());
    }

    /// The page is gone: the programs that lived in it end.
    pub(crate) fn end_page_programs(&mut self, member: MemberId) {
        self.end_programs(member, |lifetime| lifetime == Lifetime::Page);
    }

    fn end_programs(&mut self, member: MemberId, which: impl Fn(Lifetime) -> bool) {
        let ending: Vec<ProgramId> = self
            .programs
            .values()
            .filter(|program| program.info.by == Some(member) && which(program.info.lifetime))
            .map(|program| program.info.id)
            .collect();
        ending.into_iter().for_each(|program| self.end_program(program));
    }

    /// Calls are interrupted, then the kernel closes the descriptors in order: that is what an exit is.
    pub(super) fn end_program(&mut self, program: ProgramId) {
        let calls: Vec<CallRef> =
            self.waiting.values().filter(|w| w.program == program).map(|w| w.id).collect();
        calls.into_iter().for_each(|call| self.interrupt(call));
        self.close_streams_of(program);
        let open: Vec<Fd> = self
            .programs
            .get(&program)
            .map(|p| p.descriptors().map(|(fd, _)| fd).collect())
            .unwrap_or_default();
        open.into_iter().for_each(|fd| self.close_at_exit(program, fd));
        if self.programs.remove(&program).is_some() {
            self.record(What::ProgramEnded(program));
        }
    }

    fn close_at_exit(&mut self, program: ProgramId, fd: Fd) {
        let Some(info) = self.programs.get(&program).map(|program| program.info.clone()) else { return };
        let id = self.numbers.call();
        let call = proto::call::Call::Close { fd };
        let socket = self.socket_of(program, fd).ok();
        self.record(What::CallBegin(proto::trace::CallBegin {
            id,
            by: info.by,
            host: info.host,
            program,
            call: call.clone(),
            data: Data::default(),
            socket,
            line: None,
        }));
        self.immediate(Waiting::of_exit(id, &info, call, socket, self.log.now()));
    }

    /// What a program of this page printed.
    pub(crate) fn output(&self, member: MemberId, program: ProgramId, error: bool, text: String) {
        if self.programs.get(&program).is_some_and(|p| p.info.by == Some(member)) {
            self.record(What::Output { program, error, text });
        }
    }

    /// How far a person has come in a lesson, as their page says.
    pub(crate) fn progress(&self, by: MemberId, lesson: &str, step: &str, outcome: StepOutcome) {
        if self.members.contains_key(&by) {
            let (lesson, step) = (presentable(lesson), presentable(step));
            self.record(What::Progress { by, lesson, step, outcome });
        }
    }

    /// The text of a program in somebody's editor.
    pub(crate) fn source(&self, member: MemberId, host: HostId, name: &str, text: String) {
        let name = presentable(name);
        if self.hosts.contains_key(&host) && !name.is_empty() {
            self.record(What::Source { by: member, host, name, text: Some(text) });
        }
    }

    /// What stands in front on a machine, in the page of somebody who works on it.
    pub(crate) fn in_front(&self, member: MemberId, host: HostId, name: &str) {
        let name = presentable(name);
        if self.hosts.contains_key(&host) && !name.is_empty() {
            self.record(What::InFront { by: member, host, name });
        }
    }

    /// Everybody and everything in the room now.
    pub(crate) fn directory(&self) -> crate::room::Directory {
        crate::room::Directory {
            members: self.members.values().map(|member| member.info.clone()).collect(),
            hosts: self.hosts.values().map(|host| host.info.clone()).collect(),
            programs: self.programs.values().map(|program| program.info.clone()).collect(),
            wire: self.wire.settings(),
        }
    }

    /// Open descriptors of a person's programs.
    pub(crate) fn descriptors_of(&self, member: MemberId) -> Vec<(ProgramId, Fd)> {
        let own = self.programs.values().filter(|program| program.info.by == Some(member));
        own.flat_map(|program| program.descriptors().map(|(fd, _)| (program.info.id, fd))).collect()
    }
}

impl Waiting {
    /// The close(2) that the kernel makes for a process that exits.
    fn of_exit(
        id: CallRef,
        program: &ProgramInfo,
        call: proto::call::Call,
        socket: Option<SocketId>,
        began: u64,
    ) -> Self {
        Self {
            id,
            asked: None,
            program: program.id,
            host: program.host,
            call,
            payload: bytes::Bytes::new(),
            wait: proto::call::Wait::No,
            began,
            socket,
            taken: 0,
            received: Vec::new(),
            place: None,
            outside: false,
            ping: None,
            abort: None,
            timer: None,
        }
    }
}

/// A name without what could disguise it: control characters, and the invisible ones that turn or join text
/// (Unicode's bidirectional controls, zero-width characters, the byte order mark).
fn presentable(name: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{061c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    name.chars().filter(|&c| !hidden(c)).take(limits::NAME).collect::<String>().trim().to_owned()
}
