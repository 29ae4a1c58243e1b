//! Kernel settings of a machine: what they should be, and what its kernel was told. The difference is the keeper's
//! work.
//!
//! While the wire is held the retry limits of TCP are the kernel's own maxima (ip-sysctl), so that holding a packet by
//! hand gives up no connection.

use std::collections::{BTreeMap, HashMap};

use proto::message::Sysctl;

use crate::keeper::HostSysctl;

/// Retry limits while the wire is held, and what a new network namespace has: `tcp_sk_init` sets these, whatever the
/// computer's own are.
const HELD_RETRIES: [(HostSysctl, u32, u32); 3] =
    [(HostSysctl::SynRetries, 127, 6), (HostSysctl::SynAckRetries, 255, 5), (HostSysctl::Retries2, 255, 15)];

/// The settings of one machine.
#[derive(Debug)]
pub(super) struct Settings {
    /// As people want them.
    wanted: BTreeMap<Sysctl, u32>,
    /// As its kernel has them; none where the keeper was asked and did not answer.
    kernel: HashMap<HostSysctl, Option<u32>>,
}

impl Default for Settings {
    fn default() -> Self {
        let wanted = Sysctl::ALL.map(|(name, value, _)| (name, value)).into();
        Self { wanted, kernel: fresh() }
    }
}

/// What a new network namespace has.
fn fresh() -> HashMap<HostSysctl, Option<u32>> {
    let retries = HELD_RETRIES.map(|(name, _, value)| (name, Some(value)));
    Sysctl::ALL.into_iter().map(|(name, value, _)| (name.into(), Some(value))).chain(retries).collect()
}

impl Settings {
    /// What people want from now on.
    pub(super) fn want(&mut self, name: Sysctl, value: u32) {
        self.wanted.insert(name, value);
    }

    /// The machine has a new network namespace.
    pub(super) fn renew(&mut self) {
        self.kernel = fresh();
    }

    /// The kernel was told, or refused: it is not told again.
    pub(super) fn told(&mut self, name: HostSysctl, value: u32) {
        self.kernel.insert(name, Some(value));
    }

    /// Nobody knows what the kernel has.
    pub(super) fn lose(&mut self, name: HostSysctl) {
        self.kernel.insert(name, None);
    }

    /// What is to be told to the kernel now.
    pub(super) fn differences(&self, held: bool) -> Vec<(HostSysctl, u32)> {
        let own = self.wanted.iter().map(|(&name, &value)| (HostSysctl::from(name), value));
        let mut wanted: HashMap<_, _> = HELD_RETRIES.map(|(name, _, value)| (name, value)).into();
        wanted.extend(own);
        if held {
            wanted.extend(HELD_RETRIES.map(|(name, most, _)| (name, most)));
        }
        wanted.retain(|name, value| self.kernel.get(name) != Some(&Some(*value)));
        wanted.into_iter().collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Tells the kernel all that is to be told; what was.
    fn tell(settings: &mut Settings, held: bool) -> HashMap<HostSysctl, u32> {
        let told: HashMap<_, _> = settings.differences(held).into_iter().collect();
        told.iter().for_each(|(&name, &value)| settings.told(name, value));
        assert_eq!(settings.differences(held), []);
        told
    }

    #[test]
    fn a_setting_made_while_the_wire_is_held_comes_with_its_release() {
        let mut settings = Settings::default();
        assert_eq!(tell(&mut settings, false), HashMap::new(), "a machine begins as it should be");
        assert_eq!(tell(&mut settings, true).len(), HELD_RETRIES.len());
        settings.want(Sysctl::SynRetries, 2);
        assert_eq!(tell(&mut settings, true), HashMap::new());
        let released = tell(&mut settings, false);
        assert_eq!(released.get(&HostSysctl::SynRetries), Some(&2));
        assert_eq!(released.get(&HostSysctl::Retries2), Some(&15));
    }

    #[test]
    fn a_new_namespace_is_told_what_people_want_and_what_is_lost_is_told_again() {
        let mut settings = Settings::default();
        settings.want(Sysctl::SynCookies, 0);
        let cookies = HashMap::from([(HostSysctl::SynCookies, 0)]);
        assert_eq!(tell(&mut settings, false), cookies);
        settings.renew();
        assert_eq!(tell(&mut settings, false), cookies);
        settings.lose(HostSysctl::SynCookies);
        assert_eq!(tell(&mut settings, false), cookies);
    }
}
