//! What of the trace is shown: kinds of events, and machines. The trace itself stays whole.

use proto::{
    id::HostId,
    trace::{CallEnd, Event, Link, What},
};
use serde::Deserialize;
use tsify::Tsify;

use super::store::TraceStore;

/// What to leave out; nothing at first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Tsify)]
#[serde(default)]
pub struct Filter {
    /// Leave out calls.
    pub calls: bool,
    /// Leave out packets and what became of them.
    pub packets: bool,
    /// Leave out states and queues of sockets.
    pub states: bool,
    /// Leave out everything else but what the wire was told: output, people, machines, programs.
    pub others: bool,
    /// Machines to leave out. What goes from one of them to another machine is still shown.
    pub hosts: Vec<u32>,
}

impl Filter {
    /// Whether nothing is left out.
    pub fn shows_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether an event's kind is shown. What is said of the wire and of gaps in the trace always is.
    pub fn shows_kind(&self, what: &What) -> bool {
        match what {
            What::CallBegin(_) | What::CallEnd(_) => !self.calls,
            What::Packet(_) | What::Fate(_) => !self.packets,
            What::State(_) => !self.states,
            What::Wire { .. } | What::HostChanged { .. } | What::Summary(_) => true,
            _ => !self.others,
        }
    }

    /// Whether a machine is shown.
    pub fn shows_host(&self, host: HostId) -> bool {
        !self.hosts.contains(&host.0)
    }

    /// Whether an event is shown: its kind is, and so is one of its machines, if it has any.
    pub fn shows(&self, store: &TraceStore, event: &Event) -> bool {
        let hosts = self.hosts_of(store, &event.what);
        self.shows_kind(&event.what)
            && (hosts == [None, None] || hosts.into_iter().flatten().any(|host| self.shows_host(host)))
    }

    fn hosts_of(&self, store: &TraceStore, what: &What) -> [Option<HostId>; 2] {
        let packet = match what {
            What::Packet(packet) => Some(packet),
            What::Fate(fate) => store.packet(fate.id),
            _ => None,
        };
        match (what, packet) {
            (_, Some(packet)) => match packet.link {
                Link::Loopback(host) => [Some(host), None],
                Link::Wire => [packet.from, packet.to],
            },
            (What::CallBegin(begin), _) => [Some(begin.host), None],
            (What::CallEnd(CallEnd { id, .. }), _) => [store.call_begin(*id).map(|begin| begin.host), None],
            (What::State(change), _) => [Some(change.host), None],
            _ => [None, None],
        }
    }
}

/// The events that a filter shows, kept up with the store.
#[derive(Debug, Default)]
pub struct FilteredEvents {
    filter: Filter,
    seqs: Vec<u64>,
    scanned: u64,
    generation: u64,
}

impl FilteredEvents {
    /// The events that `filter` shows.
    pub fn new(filter: Filter, store: &TraceStore) -> Self {
        let mut shown = Self { filter, generation: store.generation(), ..Self::default() };
        shown.bring_up(store);
        shown
    }

    /// The filter.
    pub fn filter(&self) -> &Filter {
        &self.filter
    }

    /// Takes what the store has got since.
    pub fn bring_up(&mut self, store: &TraceStore) {
        if self.generation != store.generation() {
            *self = Self::new(std::mem::take(&mut self.filter), store);
        }
        if self.filter.shows_all() {
            return;
        }
        for event in store.events_from(store.index_from(self.scanned + 1)) {
            if self.filter.shows(store, event) {
                self.seqs.push(event.seq);
            }
            self.scanned = event.seq;
        }
    }

    /// How many there are.
    pub fn count(&self, store: &TraceStore) -> usize {
        if self.filter.shows_all() { store.len() } else { self.seqs.len() }
    }

    /// How many come before the event `seq`.
    pub fn index_from(&self, store: &TraceStore, seq: u64) -> usize {
        if self.filter.shows_all() {
            store.index_from(seq)
        } else {
            self.seqs.partition_point(|shown| *shown < seq)
        }
    }

    /// `count` of them from the one at `from` on.
    pub fn events<'a>(
        &'a self,
        store: &'a TraceStore,
        from: usize,
        count: usize,
    ) -> Box<dyn Iterator<Item = &'a Event> + 'a> {
        if self.filter.shows_all() {
            Box::new(store.events_from(from).take(count))
        } else {
            Box::new(self.seqs.iter().skip(from).take(count).filter_map(|seq| store.get(*seq)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Filter, FilteredEvents};
    use crate::view::script::{CLIENT, SERVER, Script};

    #[test]
    fn everything_is_shown_at_first() {
        let mut script = Script::new();
        script.conversation();
        let store = script.store();
        let shown = FilteredEvents::new(Filter::default(), &store);
        assert_eq!(shown.count(&store), store.len());
        assert_eq!(shown.events(&store, 2, 3).map(|event| event.seq).collect::<Vec<_>>(), [3, 4, 5]);
    }

    #[test]
    fn kinds_and_machines_are_left_out_in_their_order_and_as_they_come() {
        let mut script = Script::new();
        script.conversation();
        let mut store = script.store();
        let only_calls = Filter { packets: true, states: true, others: true, ..Filter::default() };
        let mut shown = FilteredEvents::new(Filter { hosts: vec![CLIENT.0], ..only_calls.clone() }, &store);
        let of_server = shown.count(&store);
        let all = FilteredEvents::new(only_calls, &store).count(&store);
        assert!(0 < of_server && of_server < all && all < store.len(), "{of_server} of {all}");
        let seqs: Vec<_> = shown.events(&store, 0, usize::MAX).map(|event| event.seq).collect();
        assert!(seqs.is_sorted());
        assert!(seqs.iter().enumerate().all(|(at, seq)| shown.index_from(&store, *seq) == at));

        script.server_waits();
        store.push_bytes(&script.bytes()).expect("events");
        shown.bring_up(&store);
        assert!(shown.count(&store) > of_server, "what comes later");
        assert_ne!(CLIENT, SERVER);
    }

    #[test]
    fn between_a_machine_shown_and_one_that_is_not_packets_are_shown() {
        let mut script = Script::new();
        script.conversation();
        let store = script.store();
        let packets = |hosts: &[u32]| {
            let filter = Filter {
                calls: true,
                states: true,
                others: true,
                hosts: hosts.to_vec(),
                ..Filter::default()
            };
            FilteredEvents::new(filter, &store).count(&store)
        };
        assert_eq!(packets(&[CLIENT.0]), packets(&[]));
        assert_eq!(packets(&[CLIENT.0, SERVER.0]), 0);
    }
}
