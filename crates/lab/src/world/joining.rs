//! People and their programs: who comes, what they begin, what ends with them.

use proto::{
    call::{CallError, Value},
    id::{CallId, HostId, MemberId, ProgramId},
    room::{Lifetime, MemberInfo, Role, StepOutcome},
    rules::{PolicyRule, ProtocolRule},
    trace::What,
};
use tokio::sync::oneshot;

use super::{
    World,
    effects::{self, Joining},
    people::{name_of, presentable},
};
use crate::{
    delivery::{Delivery, Mailbox},
    keeper::HostFds,
    request::{Directory, MemberState},
};

impl World {
    /// A person comes; a participant brings a machine of their own.
    pub(crate) fn join(
        &mut self,
        name: String,
        role: Role,
        mailbox: Mailbox,
        answer: oneshot::Sender<Result<MemberId, CallError>>,
    ) {
        let member = match self.calls.people.expect() {
            Ok(member) => member,
            // Who asked may be gone.
            Err(error) => return drop(answer.send(Err(error))),
        };
        let joining = Joining { member, name, role, mailbox, answer, plan: None };
        if role != Role::Participant {
            return self.joined(joining, None);
        }
        match self.calls.lan.machines.plan_guest(member) {
            Ok(plan) => {
                let spec = plan.spec;
                let joining = Joining { plan: Some(plan), ..joining };
                self.work.push(effects::guest(self.keeper.clone(), joining, spec));
            }
            Err(error) => self.turn_away(joining, error),
        }
    }

    /// A guest's machine is there, or cannot be made.
    pub(super) fn guest_made(&mut self, mut joining: Joining, made: Result<HostFds, CallError>) {
        let Some(plan) = joining.plan.take() else { return };
        let lan = &mut self.calls.lan;
        lan.machines.give_up(&plan);
        match made.and_then(|fds| lan.add_host(plan, fds)) {
            Ok(host) => {
                self.joined(joining, Some(host));
                self.tell_settings();
            }
            Err(error) => self.turn_away(joining, error),
        }
    }

    fn turn_away(&mut self, joining: Joining, error: CallError) {
        self.calls.people.turn_away();
        // Who asked may be gone.
        drop(joining.answer.send(Err(error)));
    }

    fn joined(&mut self, joining: Joining, host: Option<HostId>) {
        let Joining { member, name, role, mailbox, answer, .. } = joining;
        let name = self.name_of(&name, role, member, host);
        let info = MemberInfo { id: member, name, role, host };
        self.calls.people.join(info.clone(), mailbox);
        self.calls.lan.record(What::Joined(info));
        if answer.send(Ok(member)).is_err() {
            // Who asked is gone already.
            self.leave(member);
        }
    }

    fn name_of(&self, wanted: &str, role: Role, member: MemberId, host: Option<HostId>) -> String {
        let machine = host.and_then(|host| self.calls.lan.machines.get(host));
        name_of(wanted, role, member, machine.map(|machine| machine.info.name.as_str()))
    }

    /// A person leaves: their programs end and their machine goes away.
    pub(super) fn leave(&mut self, member: MemberId) {
        let Some(gone) = self.calls.people.leave(member) else { return };
        self.end_programs(member, |_| true);
        if let Some(host) = gone.host {
            self.remove_host(host);
        }
        self.calls.lan.record(What::Left(member));
    }

    /// A person gets another name; without one they are called as somebody who has said none.
    pub(super) fn rename(&mut self, member: MemberId, name: &str) {
        let Some(info) = self.calls.people.info(member).cloned() else { return };
        let name = self.name_of(name, info.role, member, info.host);
        let info = MemberInfo { name, ..info };
        self.calls.people.set_info(info.clone());
        self.calls.lan.record(What::Joined(info));
    }

    /// Starts a program; the answer is delivered.
    pub(super) fn open_program(
        &mut self,
        member: MemberId,
        id: CallId,
        host: HostId,
        name: &str,
        lifetime: Lifetime,
    ) {
        let machines = &mut self.calls.lan.machines;
        let begun = match machines.get(host) {
            None => Err(ProtocolRule::NoSuchMachine.broken()),
            Some(machine) if machine.info.ready_made => Err(PolicyRule::ReadyMade.refuse("tutorial")),
            Some(_) => machines.tables.begin(host, member, presentable(name), lifetime),
        };
        match begun {
            Ok(info) => {
                let program = info.id;
                self.calls.lan.record(What::ProgramBegan(info));
                self.calls.people.deliver(member, Delivery::Program { id, program });
            }
            Err(error) => self.calls.people.answer(member, id, Err(error)),
        }
    }

    /// Ends a program of this member, as a process's exit does.
    pub(super) fn close_program(&mut self, member: MemberId, id: CallId, program: ProgramId) {
        let outcome = if self.calls.lan.machines.tables.is_of(program, member) {
            self.end_program(program);
            Ok(Value::Done)
        } else {
            Err(ProtocolRule::NoSuchProgram.broken())
        };
        self.calls.people.answer(member, id, outcome);
    }

    /// Ends the programs of a member that live as long as this says.
    pub(super) fn end_programs(&mut self, member: MemberId, which: impl Fn(Lifetime) -> bool) {
        let programs = self.calls.lan.machines.tables.infos();
        let own = programs.filter(|program| program.by == Some(member) && which(program.lifetime));
        let ending: Vec<ProgramId> = own.map(|program| program.id).collect();
        ending.into_iter().for_each(|program| self.end_program(program));
    }

    fn end_program(&mut self, program: ProgramId) {
        self.calls.exit(program);
        if self.calls.lan.machines.tables.end(program) {
            self.calls.lan.record(What::ProgramEnded(program));
        }
    }

    /// Takes a machine away, with everything on it.
    fn remove_host(&mut self, id: HostId) {
        let programs = self.calls.lan.machines.tables.infos();
        let on_it: Vec<ProgramId> =
            programs.filter(|program| program.host == id).map(|program| program.id).collect();
        on_it.into_iter().for_each(|program| self.end_program(program));
        self.calls.destroy_sockets(id);
        self.calls.lan.remove_host(id);
    }

    /// Ends every machine. Nothing of the room is left in the kernel afterwards.
    pub(crate) fn end_room(&mut self) {
        self.calls.lan.machines.ids().into_iter().for_each(|host| self.remove_host(host));
    }

    /// What a program of this page printed.
    pub(super) fn output(&self, member: MemberId, program: ProgramId, error: bool, text: String) {
        if self.calls.lan.machines.tables.is_of(program, member) {
            self.calls.lan.record(What::Output { program, error, text });
        }
    }

    /// How far a person has come in a lesson, as their page says.
    pub(super) fn progress(&self, by: MemberId, lesson: &str, step: &str, outcome: StepOutcome) {
        if self.calls.people.info(by).is_some() {
            let (lesson, step) = (presentable(lesson), presentable(step));
            self.calls.lan.record(What::Progress { by, lesson, step, outcome });
        }
    }

    /// The text of a program in somebody's editor.
    pub(super) fn source(&self, by: MemberId, host: HostId, name: &str, text: String) {
        let name = presentable(name);
        if self.calls.lan.machines.get(host).is_some() && !name.is_empty() {
            self.calls.lan.record(What::Source { by, host, name, text: Some(text) });
        }
    }

    /// What stands in front on a machine, in the page of somebody who works on it.
    pub(super) fn in_front(&self, by: MemberId, host: HostId, name: &str) {
        let name = presentable(name);
        if self.calls.lan.machines.get(host).is_some() && !name.is_empty() {
            self.calls.lan.record(What::InFront { by, host, name });
        }
    }

    /// Everybody and everything in the room now.
    pub(crate) fn directory(&self) -> Directory {
        let machines = &self.calls.lan.machines;
        Directory {
            members: self.calls.people.infos().cloned().collect(),
            hosts: machines.infos().cloned().collect(),
            programs: machines.tables.infos().cloned().collect(),
            wire: self.calls.lan.network.settings(),
        }
    }

    /// What of the room concerns one person.
    pub(crate) fn member_state(&self, member: MemberId) -> MemberState {
        let descriptors = self.calls.lan.machines.tables.open_of_member(member);
        MemberState { descriptors, waiting: self.calls.waiting_of(member) }
    }
}
