//! Which machines are drawn, in which order, and where their lines stand.

use std::collections::BTreeSet;

use proto::{id::HostId, room::HostInfo};

use super::shapes::{Lifeline, Options};
use crate::view::{filter::Filter, store::TraceStore, words::bounded};

/// Below this width calls stand inside the lifelines.
const NARROW: f64 = 430.0;
/// Distance of the outermost lines from the edges, where calls stand outside them: a fifth of the width
/// within these bounds.
const MARGIN: (f64, f64) = (112.0, 168.0);
/// The same with more than two machines, which need the room between.
const MARGIN_MANY: f64 = 104.0;
/// The same where calls stand inside.
const MARGIN_NARROW: f64 = 16.0;

/// The machines drawn, and how.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lifelines {
    /// Left to right.
    pub(super) hosts: Vec<HostId>,
    /// Whether the last line is everything outside the room.
    pub(super) outside: bool,
    /// Whether calls stand inside.
    pub(super) narrow: bool,
}

impl Lifelines {
    /// Chooses among the machines with events, and fills up with the first two that there are.
    pub(super) fn choose(
        store: &TraceStore,
        filter: &Filter,
        active: &BTreeSet<HostId>,
        outside: bool,
        options: &Options,
    ) -> Self {
        let narrow = options.width < NARROW;
        let most = match options.most {
            0 if narrow => 2,
            0 => 4,
            most => most,
        };
        let shown = |id: &HostId| filter.shows_host(*id);
        let mut known: Vec<&HostInfo> = store.hosts().values().filter(|host| shown(&host.id)).collect();
        known.sort_by_key(|host| importance(host));
        let mut hosts: Vec<HostId> = if options.hosts.is_empty() {
            let (busy, idle): (Vec<&HostInfo>, Vec<&HostInfo>) =
                known.into_iter().partition(|host| active.contains(&host.id));
            let unnamed = active.iter().filter(|id| !store.hosts().contains_key(id) && shown(id));
            let wanted = busy.iter().map(|host| host.id).chain(unnamed.copied());
            let mut wanted: Vec<_> = wanted.collect();
            let fill = idle.iter().filter(|host| !host.ready_made).map(|host| host.id);
            wanted.extend(fill.take(2_usize.saturating_sub(wanted.len())));
            wanted
        } else {
            options.hosts.iter().map(|id| HostId(*id)).collect()
        };
        hosts.truncate(most.saturating_sub(usize::from(outside && !narrow)).max(1));
        hosts.sort_by_key(|id| store.hosts().get(id).map_or((1, id.0), place));
        Self { hosts, outside: outside && !narrow, narrow }
    }

    /// Whether a machine is drawn.
    pub(super) fn shows(&self, host: HostId) -> bool {
        self.hosts.contains(&host)
    }

    /// The lines at their places in a drawing of this width.
    pub(super) fn placed(&self, store: &TraceStore, width: f64) -> Vec<Lifeline> {
        let count = self.hosts.len() + usize::from(self.outside);
        let margin = match (self.narrow, count) {
            (true, _) => MARGIN_NARROW,
            (false, 0..=2) => (width / 5.0).clamp(MARGIN.0, MARGIN.1),
            (false, _) => MARGIN_MANY,
        };
        let step = if count > 1 { (width - 2.0 * margin) / (count - 1) as f64 } else { 0.0 };
        let at = |index: usize| if count == 1 { width / 2.0 } else { margin + step * index as f64 };
        let mut lines: Vec<_> = self
            .hosts
            .iter()
            .enumerate()
            .map(|(index, id)| Lifeline {
                host: id.0,
                name: bounded(&store.names().host(*id), 40),
                address: store.hosts().get(id).map_or_else(String::new, |host| host.address.to_string()),
                x: at(index),
                side: if index == 0 { -1 } else { 1 },
                outside: false,
            })
            .collect();
        if self.outside {
            lines.push(Lifeline {
                host: 0,
                name: "outside".to_owned(),
                address: String::new(),
                x: at(count - 1),
                side: 1,
                outside: true,
            });
        }
        lines
    }
}

/// Left to right: client, joined machines in order of joining, server, ready-made servers.
fn place(host: &HostInfo) -> (u8, u32) {
    let group = match host.name.as_str() {
        "client" => 0,
        "server" => 2,
        _ if host.ready_made => 3,
        _ => 1,
    };
    (group, host.id.0)
}

/// Who is drawn first when there is no room for all.
fn importance(host: &HostInfo) -> (u8, u32) {
    let group = match host.name.as_str() {
        "client" | "server" => 0,
        _ if host.ready_made => 1,
        _ => 2,
    };
    (group, host.id.0)
}
