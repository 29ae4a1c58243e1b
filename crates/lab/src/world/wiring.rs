//! Commands to the wire and to machines: holding, letting through, delay, loss, cables, kernel settings.

use std::time::Instant;

use bytes::Bytes;
use proto::{
    call::{CallError, Outcome, Value},
    id::{CallId, HostId, MemberId, PacketId},
    limits,
    message::{HostCommand, Sysctl, WireCommand},
    trace::{Fate, PacketFate, What},
};

use super::World;
use crate::{keeper::HostSysctl, syscall};

/// While a wire is held nobody's patience ends: the kernel's own maxima (ip-sysctl), so holding kills nothing.
const PATIENT: [(HostSysctl, u32); 3] =
    [(HostSysctl::SynRetries, 127), (HostSysctl::SynAckRetries, 255), (HostSysctl::Retries2, 255)];

fn protocol(rule: &str) -> CallError {
    CallError::Protocol { rule: rule.to_owned() }
}

impl World {
    /// Carries out a command to the wire.
    pub(crate) async fn command_wire(&mut self, member: MemberId, id: CallId, command: WireCommand) {
        let outcome = self.wire_command(member, command).await.map(|()| Value::Done);
        self.settle();
        self.deliver_result(member, id, outcome, Bytes::new());
    }

    async fn wire_command(&mut self, member: MemberId, command: WireCommand) -> Result<(), CallError> {
        match command {
            WireCommand::Hold => self.hold(Some(member)).await,
            WireCommand::Release => self.release(Some(member), None).await,
            WireCommand::Step => {
                let oldest = self.wire.oldest_held().ok_or_else(|| protocol("nothing is held"))?;
                self.let_through(oldest)?;
            }
            WireCommand::Deliver(packet) => self.let_through(packet)?,
            WireCommand::Drop(packet) => self.take_off(packet, member)?,
            WireCommand::Set { delay_ms, loss, seed } => self.set_wire(member, delay_ms, loss, seed)?,
        }
        Ok(())
    }

    async fn hold(&mut self, by: Option<MemberId>) {
        if !self.wire.settings().held {
            self.wire.hold(Instant::now());
            self.set_patience(true).await;
        }
        self.record_wire(by, None);
    }

    pub(super) async fn release(&mut self, by: Option<MemberId>, rule: Option<&str>) {
        let flights = self.wire.release();
        self.record_wire(by, rule);
        for flight in &flights {
            // All copies go: the receiver's kernel sorts them out, as on a real network that was slow.
            self.arrive_late(flight);
            self.settle();
        }
        self.set_patience(false).await;
    }

    fn let_through(&mut self, packet: PacketId) -> Result<(), CallError> {
        let (flight, copies) =
            self.wire.take_held(packet).ok_or_else(|| protocol("this packet is not held"))?;
        for id in copies {
            self.capture.note(id, &Fate::Superseded, true);
            self.record(What::Fate(PacketFate { id, fate: Fate::Superseded }));
        }
        self.arrive_late(&flight);
        Ok(())
    }

    fn take_off(&mut self, packet: PacketId, by: MemberId) -> Result<(), CallError> {
        let flight = self.wire.drop_held(packet).ok_or_else(|| protocol("this packet is not held"))?;
        let fate = Fate::Dropped(Some(by));
        self.capture.note(flight.id, &fate, true);
        self.record(What::Fate(PacketFate { id: flight.id, fate }));
        Ok(())
    }

    fn set_wire(
        &mut self,
        by: MemberId,
        delay_ms: Option<f64>,
        loss: Option<f64>,
        seed: Option<u64>,
    ) -> Result<(), CallError> {
        let most = f64::from(limits::WIRE_DELAY_MS);
        // A comparison with NaN is false, so NaN is refused by both.
        if delay_ms.is_some_and(|delay| !(0.0..=most).contains(&delay)) {
            return Err(CallError::Limit {
                limit: "wire-delay-ms".to_owned(),
                value: limits::WIRE_DELAY_MS.into(),
            });
        }
        if loss.is_some_and(|loss| !(0.0..=1.0).contains(&loss)) {
            return Err(protocol("loss is a probability from 0 to 1"));
        }
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the range was checked")]
        self.wire.set(delay_ms.map(|delay| delay.round() as u32), loss, seed);
        self.record_wire(Some(by), None);
        Ok(())
    }

    fn record_wire(&self, by: Option<MemberId>, rule: Option<&str>) {
        let settings = self.wire.settings();
        self.record(What::Wire { by, settings, rule: rule.map(str::to_owned) });
    }

    /// Packets whose delay is over arrive; a hold that has lasted too long is over.
    pub(super) fn run_wire(&mut self, now: Instant) {
        while let Some(flight) = self.wire.arrived(now) {
            self.arrive_late(&flight);
        }
    }

    /// Whether a hold has lasted longer than it may.
    pub(crate) fn is_hold_over(&self, now: Instant) -> bool {
        self.wire.hold_is_over(now)
    }

    /// Ends a hold that has lasted too long, and says so.
    pub(crate) async fn end_hold(&mut self) {
        self.release(None, Some("hold-ms")).await;
        self.settle();
    }

    async fn set_patience(&mut self, patient: bool) {
        let hosts: Vec<HostId> = self.hosts.keys().copied().collect();
        for host in hosts {
            for (name, most) in PATIENT {
                self.set_patience_of(host, name, most, patient).await;
            }
        }
    }

    /// A machine that appears while the wire is held is as patient as the others.
    pub(super) async fn be_patient_while_held(&mut self, host: HostId) {
        if self.wire.settings().held {
            for (name, most) in PATIENT {
                self.set_patience_of(host, name, most, true).await;
            }
        }
    }

    /// Gives a new network namespace the settings that the machine had.
    pub(super) async fn restore_settings(&mut self, id: HostId) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        host.before_hold.clear();
        let (namespace, sysctls) = (host.namespace.clone(), host.info.sysctls.clone());
        for (name, value) in sysctls {
            if let Err(error) = self.setting.keeper.set_sysctl(&namespace, name.into(), value).await {
                tracing::warn!(%error, ?name, "a machine's setting was not kept");
            }
        }
        self.be_patient_while_held(id).await;
    }

    async fn set_patience_of(&mut self, id: HostId, name: HostSysctl, most: u32, patient: bool) {
        let Some(host) = self.hosts.get_mut(&id) else { return };
        let namespace = host.namespace.clone();
        let value = if patient {
            let Ok(before) = self.setting.keeper.get_sysctl(&namespace, name).await else { return };
            if let Some(host) = self.hosts.get_mut(&id) {
                host.before_hold.entry(name).or_insert(before);
            }
            most
        } else {
            let Some(before) = host.before_hold.remove(&name) else { return };
            before
        };
        if let Err(error) = self.setting.keeper.set_sysctl(&namespace, name, value).await {
            tracing::warn!(%error, ?name, "a machine's patience could not be set");
        }
    }

    /// Carries out a command to a machine.
    pub(crate) async fn command_host(
        &mut self,
        member: MemberId,
        id: CallId,
        host: HostId,
        command: HostCommand,
    ) {
        let outcome = self.host_command(host, command).await;
        if outcome.is_ok()
            && let Some(host) = self.hosts.get(&host)
        {
            self.record(What::HostChanged { by: member, command, host: host.info.clone() });
        }
        self.settle();
        self.deliver_result(member, id, outcome, Bytes::new());
    }

    async fn host_command(&mut self, id: HostId, command: HostCommand) -> Outcome {
        if !self.hosts.contains_key(&id) {
            return Err(protocol("no such machine"));
        }
        match command {
            HostCommand::Cable(plugged) => self.set_cable(id, plugged),
            HostCommand::FreshNetwork => self.fresh_network(id).await?,
            HostCommand::Sysctl { name, value } => {
                let range = name.range();
                if !range.contains(&value) {
                    return Err(CallError::Limit {
                        limit: "sysctl".to_owned(),
                        value: (*range.end()).into(),
                    });
                }
                self.set_sysctl(id, name, value).await?;
            }
        }
        Ok(Value::Done)
    }

    /// Changes a setting. One that holding the wire has raised changes when the wire is released.
    async fn set_sysctl(&mut self, id: HostId, name: Sysctl, value: u32) -> Result<(), CallError> {
        let Some(host) = self.hosts.get_mut(&id) else { return Err(protocol("no such machine")) };
        if let Some(before) = host.before_hold.get_mut(&name.into()) {
            *before = value;
        } else {
            let namespace = host.namespace.clone();
            let set = self.setting.keeper.set_sysctl(&namespace, name.into(), value).await;
            set.map_err(|error| CallError::errno(syscall::errno_of(&error)))?;
        }
        if let Some(host) = self.hosts.get_mut(&id) {
            host.info.sysctls.insert(name, value);
        }
        Ok(())
    }
}

impl From<Sysctl> for HostSysctl {
    fn from(name: Sysctl) -> Self {
        match name {
            Sysctl::SynRetries => Self::SynRetries,
            Sysctl::AbortOnOverflow => Self::AbortOnOverflow,
            Sysctl::SynCookies => Self::SynCookies,
        }
    }
}
