//! Sockets that the keeper has been asked for and has not made yet. It is asked for several at once where programs open one
//! after another, and who wants one in the meantime waits for one of those instead of asking for more: 64 calls at once
//! would have it make 64 times as many as the pool keeps.

use std::collections::{HashMap, VecDeque};

use proto::id::{CallRef, HostId};

use crate::keeper::SocketSpec;

/// A room's.
#[derive(Debug, Default)]
pub(super) struct SocketOrders(HashMap<(HostId, SocketSpec), Line>);

/// For one kind of socket on one machine.
#[derive(Debug, Default)]
struct Line {
    /// Sockets that will come beside those for the calls that asked.
    coming: usize,
    /// Calls that wait for one of them, never more than will come; some may have ended.
    waiting: VecDeque<CallRef>,
}

impl SocketOrders {
    /// Whether a socket will come that nobody waits for: then this call does.
    pub(super) fn join(&mut self, host: HostId, spec: SocketSpec, call: CallRef) -> bool {
        let line = self.0.get_mut(&(host, spec)).filter(|line| line.waiting.len() < line.coming);
        line.map(|line| line.waiting.push_back(call)).is_some()
    }

    /// The keeper is asked for so many, one of them for the call that asks.
    pub(super) fn asked(&mut self, host: HostId, spec: SocketSpec, count: u8) {
        let others = usize::from(count.saturating_sub(1));
        if others > 0 {
            self.0.entry((host, spec)).or_default().coming += others;
        }
    }

    /// The answer has come to what was [`Self::asked`], with so many for others than the call that asked. Which calls get
    /// them, in the order in which they wait, and after these the calls for which none will come any more.
    pub(super) fn answered(
        &mut self,
        host: HostId,
        spec: SocketSpec,
        (asked, made): (u8, usize),
    ) -> Vec<CallRef> {
        let Some(line) = self.0.get_mut(&(host, spec)) else { return Vec::new() };
        line.coming = line.coming.saturating_sub(usize::from(asked.saturating_sub(1)));
        let without = line.waiting.len().saturating_sub(line.coming);
        let calls = line.waiting.drain(..made.max(without).min(line.waiting.len())).collect();
        if line.coming == 0 {
            self.0.remove(&(host, spec));
        }
        calls
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keeper::{SocketFamily, SocketKind};

    const HOST: HostId = HostId(1);
    const TCP: SocketSpec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Stream };
    const UDP: SocketSpec = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Datagram };

    fn joined(orders: &mut SocketOrders, calls: std::ops::Range<u64>) -> Vec<u64> {
        calls.filter(|&call| orders.join(HOST, TCP, CallRef(call))).collect()
    }

    #[test]
    fn as_many_wait_as_will_come_and_get_them_in_their_order() {
        let mut orders = SocketOrders::default();
        assert!(joined(&mut orders, 0..2).is_empty(), "nothing was asked for");
        orders.asked(HOST, TCP, 4);
        assert_eq!(joined(&mut orders, 1..9), [1, 2, 3]);
        assert!(!orders.join(HOST, UDP, CallRef(9)), "another kind");
        orders.asked(HOST, TCP, 2);
        assert_eq!(joined(&mut orders, 4..9), [4]);
        assert_eq!(orders.answered(HOST, TCP, (4, 3)), [1, 2, 3].map(CallRef));
        assert_eq!(orders.answered(HOST, TCP, (2, 1)), [CallRef(4)]);
        assert!(orders.0.is_empty());
    }

    #[test]
    fn for_whom_none_will_come_any_more_is_told() {
        let mut orders = SocketOrders::default();
        orders.asked(HOST, TCP, 4);
        orders.asked(HOST, TCP, 3);
        assert_eq!(joined(&mut orders, 1..9), [1, 2, 3, 4, 5]);
        assert_eq!(orders.answered(HOST, TCP, (4, 0)), [1, 2, 3].map(CallRef), "two will come still");
        assert_eq!(orders.answered(HOST, TCP, (3, 1)), [4, 5].map(CallRef), "one came");
        assert!(orders.0.is_empty());
    }

    #[test]
    fn who_asks_for_one_alone_has_nobody_waiting() {
        let mut orders = SocketOrders::default();
        orders.asked(HOST, TCP, 1);
        assert!(joined(&mut orders, 1..3).is_empty());
        assert!(orders.answered(HOST, TCP, (1, 0)).is_empty());
    }
}
