//! Which machines are drawn, in which order, and where their lines stand.

use proto::{id::HostId, room::HostInfo};

use super::{
    seats::{Seats, Terms},
    shapes::{Lifeline, Options},
};
use crate::view::{filter::Filter, store::TraceStore, words::bounded};

/// Below this width calls stand inside the lifelines.
const NARROW: f64 = 430.0;
/// Distance of the outermost lines from the edges, where calls stand outside them: a fifth of the width
/// within these bounds.
const MARGIN: (f64, f64) = (112.0, 168.0);
/// The same with more than two machines, which need the room between.
const MARGIN_MANY: f64 = 104.0;
/// The same where calls stand inside.
const MARGIN_NARROW: f64 = 20.0;

/// Advance of a letter of a name, of one that is wide, and the distance between two names.
const NAME: f64 = 9.6;
const NAME_WIDE: f64 = 14.0;
const APART: f64 = 4.0;
/// Of names at the edges, where the lines stand there too.
pub(super) const INSET: f64 = 12.0;
/// What the menu of the machines that are not drawn takes beside the names.
const MORE: f64 = 76.0;

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
    /// Those that acted last, filled up with the first two that there are.
    pub(super) fn choose(
        store: &TraceStore,
        filter: &Filter,
        seats: &mut Seats,
        outside: bool,
        options: &Options,
    ) -> Self {
        let narrow = options.width < NARROW;
        let most = match options.most {
            0 if narrow => 2,
            0 => 4,
            most => most,
        };
        let outside = outside && !narrow;
        let terms = Terms {
            most: most.saturating_sub(usize::from(outside)).max(1),
            pinned: options.pinned.iter().map(|id| HostId(*id)).collect(),
            left: left(store),
            right: named(store, "server"),
        };
        seats.bring_up(store, filter, terms, options.keep);
        let mut hosts = seats.seated().to_vec();
        let mut idle: Vec<&HostInfo> = store
            .hosts()
            .values()
            .filter(|host| !host.ready_made && filter.shows_host(host.id) && !hosts.contains(&host.id))
            .collect();
        idle.sort_by_key(|host| place(store, host).0 == MIDDLE);
        let most = most.min(2);
        hosts.extend(idle.iter().map(|host| host.id).take(most.saturating_sub(hosts.len())));
        hosts.sort_by_key(|id| store.hosts().get(id).map_or((MIDDLE, id.0), |host| place(store, host)));
        Self { hosts, outside, narrow }
    }

    /// Whether a machine is drawn.
    pub(super) fn shows(&self, host: HostId) -> bool {
        self.hosts.contains(&host)
    }

    /// The lines at their places in a drawing of this width; `more`: room is kept beside their names for a menu of the
    /// machines that are not drawn.
    pub(super) fn placed(&self, store: &TraceStore, width: f64, more: bool) -> Vec<Lifeline> {
        let count = self.hosts.len() + usize::from(self.outside);
        let margin = match (self.narrow, count) {
            (true, _) => MARGIN_NARROW,
            (false, 0..=2) => (width / 5.0).clamp(MARGIN.0, MARGIN.1),
            (false, _) => MARGIN_MANY,
        };
        let step = if count > 1 { (width - 2.0 * margin) / (count - 1) as f64 } else { 0.0 };
        let at = |index: usize| if count == 1 { width / 2.0 } else { margin + step * index as f64 };
        let lines = self.hosts.iter().enumerate().map(|(index, id)| {
            let host = store.hosts().get(id);
            Lifeline {
                host: id.0,
                name: bounded(&store.names().host(*id), 40),
                address: host.map_or_else(String::new, |host| host.address.to_string()),
                guest: guest_of(store, *id),
                x: at(index),
                side: if index == 0 { -1 } else { 1 },
                ..Lifeline::default()
            }
        });
        let mut lines: Vec<_> = lines.collect();
        if self.outside {
            let (name, x) = ("outside".to_owned(), at(count - 1));
            lines.push(Lifeline { name, x, side: 1, outside: true, ..Lifeline::default() });
        }
        self.name(&mut lines, width, more);
        lines
    }

    /// Gives every name its place: none reaches to the next, nor to the menu of the others.
    fn name(&self, lines: &mut [Lifeline], width: f64, more: bool) {
        let xs: Vec<f64> = lines.iter().map(|line| line.x).collect();
        let menu = if more { MORE } else { 0.0 };
        let (begin, end) = if self.narrow { (INSET, width - INSET) } else { (0.0, width - menu) };
        // Between two lines that stand at the edges the menu is in the middle.
        let apart = APART + if self.narrow { menu / 2.0 } else { 0.0 };
        for (index, line) in lines.iter_mut().enumerate() {
            let from = match index.checked_sub(1) {
                Some(before) => f64::midpoint(xs[before], line.x) + apart,
                None => begin,
            };
            let to = xs.get(index + 1).map_or(end, |next| f64::midpoint(line.x, *next) - apart);
            let wide = (name_width(&line.name)).min(to - from);
            let wanted = match (self.narrow && xs.len() > 1, line.side < 0) {
                (true, true) => from,
                (true, false) => to - wide,
                _ => line.x - wide / 2.0,
            };
            line.left = wanted.clamp(from, (to - wide).max(from));
            line.wide = wide;
        }
    }
}

/// About as wide as a name is drawn.
fn name_width(name: &str) -> f64 {
    name.chars().map(|letter| if letter.is_ascii() { NAME } else { NAME_WIDE }).sum::<f64>() + 2.0
}

/// Where a machine with a place of its own is not.
const MIDDLE: u8 = 2;

/// Left to right: one's own machine, client, joined machines in order of joining, server, ready-made servers.
fn place(store: &TraceStore, host: &HostInfo) -> (u8, u32) {
    let group = match host.name.as_str() {
        _ if Some(host.id) == left(store) => 0,
        "client" => 1,
        "server" => 3,
        _ if host.ready_made => 4,
        _ => MIDDLE,
    };
    (group, host.id.0)
}

/// The machine at the left of the page: one's own, otherwise `client`.
fn left(store: &TraceStore) -> Option<HostId> {
    let own = store.hosts().values().find(|host| host.guest.is_some() && host.guest == store.me());
    own.map(|host| host.id).or_else(|| named(store, "client"))
}

/// Whose machine it is, if a guest's.
pub(super) fn guest_of(store: &TraceStore, host: HostId) -> Option<String> {
    let guest = store.hosts().get(&host)?.guest?;
    Some(bounded(&store.names().member(guest), 64))
}

fn named(store: &TraceStore, name: &str) -> Option<HostId> {
    store.hosts().values().find(|host| host.name == name).map(|host| host.id)
}
