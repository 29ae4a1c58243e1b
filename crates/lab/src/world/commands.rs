//! Commands to the wire and to machines: holding, letting through, delay, loss, cables, kernel settings.
//!
//! A command that changes kernel settings is answered when the kernels of all machines have been told.

use proto::{
    call::{CallError, Outcome, Value},
    errno::Errno,
    id::{CallId, HostId, MemberId},
    limits::Limit,
    message::{HostCommand, Sysctl, WireCommand},
    rules::{self, PolicyRule, ProtocolRule},
    trace::What,
};

use super::{
    World,
    effects::{self, SettingResult, is_no_answer},
    machines::close_elsewhere,
};
use crate::keeper::{HostFds, HostSysctl};

/// A command that has not been answered.
#[derive(Clone, Copy, Debug)]
pub(super) struct Command {
    member: MemberId,
    id: CallId,
    /// To a machine; none to the wire.
    to: Option<(HostId, HostCommand)>,
}

impl Command {
    /// The setting of a machine that this changes.
    fn setting(&self) -> Option<(HostId, Sysctl, u32)> {
        match self.to? {
            (host, HostCommand::Sysctl { name, value }) => Some((host, name, value)),
            _ => None,
        }
    }
}

impl World {
    /// Carries out a command to the wire.
    pub(super) fn command_wire(&mut self, member: MemberId, id: CallId, what: &WireCommand) {
        let command = Command { member, id, to: None };
        let lets_through = matches!(what, WireCommand::Release | WireCommand::Step | WireCommand::Deliver(_));
        if lets_through && self.held_for_class {
            return self.answer(command, Err(PolicyRule::TeacherHolds.refuse(rules::TEACHER)));
        }
        let lan = &mut self.calls.lan;
        let outcome = match *what {
            WireCommand::Hold => {
                lan.network.hold(Some(member), None, &lan.observer);
                return self.answer_when_told(command);
            }
            WireCommand::Release => {
                self.release(Some(member), None);
                return self.answer_when_told(command);
            }
            WireCommand::Step => lan
                .network
                .oldest_held()
                .and_then(|oldest| lan.network.take_held(oldest, &lan.observer))
                .map(|flight| lan.arrive_late(&flight)),
            WireCommand::Deliver(packet) => {
                let taken = lan.network.take_held(packet, &lan.observer);
                taken.map(|flight| lan.arrive_late(&flight))
            }
            WireCommand::Drop(packet) => lan.network.drop_held(packet, member, &lan.observer),
            WireCommand::Set { delay_ms, loss, seed } => {
                lan.network.set(member, (delay_ms, loss, seed), &lan.observer)
            }
        };
        self.answer(command, outcome.map(|()| Value::Done));
    }

    fn release(&mut self, by: Option<MemberId>, rule: Option<&str>) {
        let lan = &mut self.calls.lan;
        let flights = lan.network.release(by, rule, &lan.observer);
        lan.arrive_all(&flights);
    }

    /// A hold has lasted too long.
    pub(super) fn end_hold(&mut self) {
        self.held_for_class = false;
        self.release(None, Some(Limit::HoldMs.name()));
        self.tell_settings();
    }

    /// Carries out a command to a machine.
    pub(super) fn command_host(&mut self, member: MemberId, id: CallId, host: HostId, what: HostCommand) {
        let command = Command { member, id, to: Some((host, what)) };
        let Some(machine) = self.calls.lan.machines.get_mut(host) else {
            return self.answer(command, Err(ProtocolRule::NoSuchMachine.broken()));
        };
        match what {
            HostCommand::Cable(plugged) => {
                self.calls.lan.set_cable(host, plugged);
                self.answer(command, Ok(Value::Done));
            }
            HostCommand::FreshNetwork => self.make_network(command, host),
            HostCommand::Sysctl { name, value } if name.range().contains(&value) => {
                machine.settings.want(name, value);
                self.answer_when_told(command);
            }
            HostCommand::Sysctl { name, .. } => {
                let most = *name.range().end();
                let refused = Limit::Sysctl.reached_at(most.into());
                self.answer(command, Err(refused));
            }
        }
    }

    fn answer(&mut self, command: Command, outcome: Outcome) {
        if let Some((host, what)) = command.to.filter(|_| outcome.is_ok())
            && let Some(machine) = self.calls.lan.machines.get_mut(host)
        {
            if let HostCommand::Sysctl { name, value } = what {
                machine.info.sysctls.insert(name, value);
            }
            let changed = What::HostChanged { by: command.member, command: what, host: machine.info.clone() };
            self.calls.lan.record(changed);
        }
        self.calls.lan.settle();
        self.calls.people.answer(command.member, command.id, outcome);
    }

    /// A new network namespace under the same name and address: every socket, TIME_WAIT included, is gone. Kernel
    /// settings that people have changed stay changed.
    fn make_network(&mut self, command: Command, host: HostId) {
        let Some(spec) = self.calls.lan.machines.spec(host) else {
            return self.answer(command, Err(CallError::errno(Errno::EAFNOSUPPORT)));
        };
        self.last_command += 1;
        self.making_networks.insert(self.last_command, command);
        self.work.push(effects::network(self.keeper.clone(), self.last_command, spec));
    }

    /// The new network is there, or cannot be made.
    pub(super) fn network_made(&mut self, command: u64, made: Result<HostFds, CallError>) {
        let Some(command) = self.making_networks.remove(&command) else { return };
        let Some((host, _)) = command.to else { return };
        match made.and_then(|fds| self.replace_network(host, fds)) {
            Ok(()) => self.answer_when_told(command),
            Err(error) => self.answer(command, Err(error)),
        }
    }

    fn replace_network(&mut self, host: HostId, fds: HostFds) -> Result<(), CallError> {
        if self.calls.lan.machines.get(host).is_none() {
            close_elsewhere(fds);
            return Err(ProtocolRule::NoSuchMachine.broken());
        }
        self.calls.lan.machines.check(&fds)?;
        self.calls.destroy_sockets(host);
        self.calls.lan.machines.replace(host, fds)?;
        self.calls.lan.network.forget_packets(host);
        Ok(())
    }

    fn answer_when_told(&mut self, command: Command) {
        self.to_answer.push(command);
        self.tell_settings();
    }

    /// Has the kernels told what they should have, and answers the commands that waited for that.
    pub(super) fn tell_settings(&mut self) {
        if self.telling {
            // What is wanted is compared again when that is done.
            return;
        }
        let held = self.calls.lan.network.settings().held;
        let to_tell = self.calls.lan.machines.settings_to_tell(held);
        if to_tell.is_empty() {
            return self.answer_all();
        }
        self.telling = true;
        self.work.push(effects::settings(self.keeper.clone(), to_tell));
    }

    fn answer_all(&mut self) {
        let all = std::mem::take(&mut self.to_answer);
        all.into_iter().for_each(|command| self.answer(command, Ok(Value::Done)));
    }

    /// Kernels have been told.
    pub(super) fn settings_told(&mut self, told: Vec<SettingResult>) {
        self.telling = false;
        let mut silent = false;
        for SettingResult { host, name, value, outcome } in told {
            let Some(machine) = self.calls.lan.machines.get_mut(host) else { continue };
            match outcome {
                Ok(()) => machine.settings.told(name, value),
                Err(error) => {
                    tracing::warn!(?error, ?name, "a machine's kernel setting could not be made");
                    silent |= is_no_answer(&error);
                    if is_no_answer(&error) {
                        machine.settings.lose(name);
                    } else {
                        machine.settings.told(name, value);
                    }
                    self.refuse_setting(host, name, &error);
                }
            }
        }
        if silent {
            // What was asked for is so but for the settings, which are told again until they are.
            self.answer_all();
        }
        self.tell_settings();
    }

    /// Commands for this setting have failed: it stays what it was.
    fn refuse_setting(&mut self, host: HostId, name: HostSysctl, error: &CallError) {
        let is_for = |command: &Command| {
            command.setting().is_some_and(|(of, sysctl, _)| of == host && HostSysctl::from(sysctl) == name)
        };
        let (refused, others) = std::mem::take(&mut self.to_answer).into_iter().partition(is_for);
        self.to_answer = others;
        let refused: Vec<Command> = refused;
        for command in refused {
            if let Some((_, sysctl, _)) = command.setting()
                && let Some(machine) = self.calls.lan.machines.get_mut(host)
                && let Some(&before) = machine.info.sysctls.get(&sysctl)
            {
                machine.settings.want(sysctl, before);
                if !is_no_answer(error) {
                    machine.settings.told(name, before);
                }
            }
            self.answer(command, Err(error.clone()));
        }
    }
}

/// Whoever looks after the class holds the wire, or lets everything through. Nothing changes where it is so already.
pub(super) fn hold_for_class(world: &mut World, held: bool) {
    let was = std::mem::replace(&mut world.held_for_class, held);
    let lan = &mut world.calls.lan;
    // A wire that somebody in the room holds is the teacher's as well from now on.
    if lan.network.settings().held == held && was == held {
        return;
    }
    if !held && !lan.network.settings().held {
        return;
    }
    if held {
        lan.network.hold(None, Some(rules::TEACHER), &lan.observer);
    } else {
        world.release(None, Some(rules::TEACHER));
    }
    world.tell_settings();
    world.calls.lan.settle();
}
