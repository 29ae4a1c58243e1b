//! Socket states: one sock_diag dump of a machine after what may have changed them, compared with the last.
//!
//! Queues are told in bytes, as a program means them. The kernel counts in sequence numbers, of which SYN and FIN take
//! one each; where the state proves that one of them is among those counted, it is taken off.

use std::{
    collections::{HashMap, HashSet},
    net::SocketAddr,
    time::{Duration, Instant},
};

use proto::{
    id::{HostId, SocketId},
    trace::{StateChange, TcpState, TimerKind, What},
};

use super::{
    Timer, World,
    evidence::{Control, Evidence},
};
use crate::diag::{self, DiagSocket, Protocol};

/// Dumps a machine may cost at once, and how often one more is earned: at most one a millisecond when it is busy.
const BURST: u32 = 32;
const EARNED_EVERY: Duration = Duration::from_millis(1);
/// So much after a kernel's timer was due, it has run: it counts in ticks of up to 10 ms.
const LATE: Duration = Duration::from_millis(12);

/// What is known of a machine's sockets.
#[derive(Debug, Default)]
pub(super) struct States {
    known: HashMap<u64, Known>,
    evidence: Evidence,
    budget: Budget,
    scheduled: bool,
    /// When a timer of the kernel runs out next: what it does shows in no packet.
    looks_at: Option<Instant>,
}

#[derive(Clone, Debug, PartialEq)]
struct Known {
    id: SocketId,
    state: TcpState,
    local: Option<SocketAddr>,
    remote: Option<SocketAddr>,
    unread: u32,
    unacknowledged: u32,
    accepted: bool,
    timer: Option<(TimerKind, u8)>,
}

#[derive(Debug)]
struct Budget {
    left: u32,
    counted: Instant,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: BURST, counted: Instant::now() }
    }
}

impl Budget {
    fn spend(&mut self, now: Instant) -> bool {
        let earned = now.duration_since(self.counted).as_micros() / EARNED_EVERY.as_micros();
        if earned > 0 {
            self.left = BURST.min(self.left.saturating_add(u32::try_from(earned).unwrap_or(BURST)));
            self.counted = now;
        }
        let spent = self.left > 0;
        self.left = self.left.saturating_sub(1);
        spent
    }
}

impl World {
    /// Looks at a machine's sockets now, or within a millisecond when it has been looked at often.
    pub(super) fn states_may_have_changed(&mut self, host: HostId) {
        let now = Instant::now();
        let Some(machine) = self.hosts.get_mut(&host) else { return };
        if machine.states.budget.spend(now) {
            self.dump_states(host);
        } else if !machine.states.scheduled {
            machine.states.scheduled = true;
            self.timers.set(now + EARNED_EVERY, Timer::Dump(host));
        }
    }

    /// A packet that opens or ends a connection left or reached a machine. `caller` is the socket whose connect(2) is
    /// being made.
    pub(super) fn note_control(&mut self, host: HostId, control: Option<Control>, caller: Option<SocketId>) {
        if let Some((control, machine)) = control.zip(self.hosts.get_mut(&host)) {
            machine.states.evidence.note(control, caller);
        }
    }

    /// Looks at a machine's sockets and records what has changed.
    pub(super) fn dump_states(&mut self, host: HostId) {
        let Some(machine) = self.hosts.get_mut(&host) else { return };
        machine.states.scheduled = false;
        let dumped = match diag::dump(&machine.diag) {
            Ok(dumped) => dumped,
            Err(error) => return tracing::warn!(%error, "sock_diag dump failed"),
        };
        let evidence = std::mem::take(&mut machine.states.evidence);
        let mut seen = HashSet::with_capacity(dumped.len());
        for socket in &dumped {
            seen.insert(socket.cookie);
            self.compare(host, socket, &evidence);
        }
        self.note_refused(host, &evidence);
        self.note_gone(host, &seen, &evidence);
        self.look_again(host, &dumped);
    }

    /// A timer that has run out changes a state without a packet: TIME_WAIT ends, a connection is given up.
    fn look_again(&mut self, host: HostId, dumped: &[DiagSocket]) {
        let left = dumped.iter().filter_map(|socket| socket.timer).map(|timer| timer.left_ms).min();
        let Some((left, machine)) = left.zip(self.hosts.get_mut(&host)) else { return };
        let at = Instant::now() + Duration::from_millis(left.into()) + LATE;
        if machine.states.looks_at.is_none_or(|planned| at < planned) {
            machine.states.looks_at = Some(at);
            self.timers.set(at, Timer::Look(host));
        }
    }

    pub(super) fn timer_ran_out(&mut self, host: HostId, now: Instant) {
        let Some(machine) = self.hosts.get_mut(&host) else { return };
        if machine.states.looks_at.is_some_and(|at| at <= now) {
            machine.states.looks_at = None;
            self.drain(host);
            self.dump_states(host);
        }
    }

    fn compare(&mut self, host: HostId, socket: &DiagSocket, evidence: &Evidence) {
        let Some(machine) = self.hosts.get_mut(&host) else { return };
        let before = machine.states.known.get(&socket.cookie).cloned();
        let id = before.as_ref().map_or_else(|| self.numbers.socket(), |known| known.id);
        let to = if socket.protocol == Protocol::Udp { TcpState::Datagram } else { socket.state };
        // Once accepted it stays so, also when its descriptor is closed.
        let accepted = before.as_ref().is_some_and(|known| known.accepted)
            || self.sockets.contains_key(&id)
            || socket.inode != 0;
        let known = Known {
            id,
            state: to,
            local: Some(socket.local),
            remote: socket.remote,
            unread: unread(to, socket.rqueue),
            unacknowledged: unacknowledged(to, socket.wqueue),
            accepted,
            timer: socket.timer.map(|timer| (timer.kind, timer.tries)),
        };
        if before.as_ref() == Some(&known) {
            return;
        }
        let mut from = before.map(|before| before.state);
        if let Some(remote) = socket.remote.filter(|_| from != Some(to)) {
            for state in evidence.between(from, to, socket.local, remote) {
                self.record_inferred(host, &known, from, state);
                from = Some(state);
            }
        }
        self.record(What::State(StateChange {
            timer: socket.timer,
            ..self.change(host, &known, from, to, true)
        }));
        if let Some(machine) = self.hosts.get_mut(&host) {
            machine.states.known.insert(socket.cookie, known);
        }
    }

    fn change(
        &self,
        host: HostId,
        known: &Known,
        from: Option<TcpState>,
        to: TcpState,
        observed: bool,
    ) -> StateChange {
        StateChange {
            host,
            socket: known.id,
            owner: self.sockets.get(&known.id).and_then(|own| own.owner),
            local: known.local,
            remote: known.remote,
            from,
            to,
            observed,
            accepted: known.accepted,
            unread: known.unread,
            unacknowledged: known.unacknowledged,
            timer: None,
        }
    }

    /// A state that nobody could observe. What was in its queues then, nobody knows.
    fn record_inferred(&self, host: HostId, known: &Known, from: Option<TcpState>, to: TcpState) {
        let known = Known { unread: 0, unacknowledged: 0, ..known.clone() };
        self.record(What::State(self.change(host, &known, from, to, false)));
    }

    /// A connect over the loopback that was refused at once: before and after it the socket is CLOSED.
    fn note_refused(&mut self, host: HostId, evidence: &Evidence) {
        for (socket, local, remote) in evidence.refused() {
            let Some(machine) = self.hosts.get(&host) else { return };
            let Some(known) = machine.states.known.values().find(|known| known.id == socket) else {
                continue;
            };
            if known.state != TcpState::Closed {
                continue;
            }
            let known = Known { local: Some(local), remote: Some(remote), ..known.clone() };
            self.record_inferred(host, &known, Some(TcpState::Closed), TcpState::SynSent);
            self.record_inferred(host, &known, Some(TcpState::SynSent), TcpState::Closed);
        }
    }

    /// Sockets the kernel no longer lists: closed, or not yet more than a descriptor.
    fn note_gone(&mut self, host: HostId, seen: &HashSet<u64>, evidence: &Evidence) {
        let Some(machine) = self.hosts.get(&host) else { return };
        let gone: Vec<u64> = machine
            .states
            .known
            .iter()
            .filter(|(cookie, known)| !seen.contains(cookie) && known.state != TcpState::Closed)
            .map(|(&cookie, _)| cookie)
            .collect();
        for cookie in gone {
            self.note_closed(host, cookie, evidence);
        }
        let open = |id: SocketId| self.sockets.contains_key(&id);
        let forget: Vec<u64> = match self.hosts.get(&host) {
            Some(machine) => {
                let closed = |known: &&Known| known.state == TcpState::Closed && !open(known.id);
                let entries = machine.states.known.iter();
                entries.filter(|(_, known)| closed(known)).map(|(&cookie, _)| cookie).collect()
            }
            None => return,
        };
        if let Some(machine) = self.hosts.get_mut(&host) {
            machine.states.known.retain(|cookie, _| !forget.contains(cookie));
        }
    }

    fn note_closed(&mut self, host: HostId, cookie: u64, evidence: &Evidence) {
        let Some(known) = self.hosts.get_mut(&host).and_then(|m| m.states.known.get_mut(&cookie)) else {
            return;
        };
        let mut from = std::mem::replace(&mut known.state, TcpState::Closed);
        (known.unread, known.unacknowledged, known.timer) = (0, 0, None);
        let known = known.clone();
        if let Some((local, remote)) = known.local.zip(known.remote) {
            for state in evidence.between(Some(from), TcpState::Closed, local, remote) {
                self.record_inferred(host, &known, Some(from), state);
                from = state;
            }
        }
        self.record(What::State(self.change(host, &known, Some(from), TcpState::Closed, true)));
    }

    /// The room's number for a kernel socket that a call has just made or handed out, recorded as new if it is.
    pub(super) fn number_socket(&mut self, host: HostId, cookie: u64) -> SocketId {
        let known = self.hosts.get(&host).and_then(|machine| machine.states.known.get(&cookie));
        if let Some(known) = known {
            return known.id;
        }
        let id = self.numbers.socket();
        let new = Known {
            id,
            state: TcpState::Closed,
            local: None,
            remote: None,
            unread: 0,
            unacknowledged: 0,
            accepted: true,
            timer: None,
        };
        if let Some(machine) = self.hosts.get_mut(&host) {
            machine.states.known.insert(cookie, new);
        }
        id
    }

    /// A new socket has no entry in the kernel's tables until it is bound or connected: its state is CLOSED by
    /// RFC 9293, and for a datagram socket there is none.
    pub(super) fn record_new_socket(&mut self, host: HostId, socket: SocketId, datagram: bool) {
        self.record(What::State(StateChange {
            host,
            socket,
            owner: self.sockets.get(&socket).and_then(|own| own.owner),
            local: None,
            remote: None,
            from: None,
            to: if datagram { TcpState::Datagram } else { TcpState::Closed },
            observed: false,
            accepted: true,
            unread: 0,
            unacknowledged: 0,
            timer: None,
        }));
    }
}

/// Bytes that a program has not read. A FIN that was received stands behind all of them until the end of file is read.
fn unread(state: TcpState, rqueue: u32) -> u32 {
    use TcpState::{CloseWait, Closing, LastAck};
    rqueue.saturating_sub(u32::from(matches!(state, CloseWait | Closing | LastAck)))
}

/// Bytes that the peer has not acknowledged, without the SYN or FIN that it has not acknowledged in these states.
fn unacknowledged(state: TcpState, wqueue: u32) -> u32 {
    use TcpState::{Closing, FinWait1, LastAck, SynSent};
    wqueue.saturating_sub(u32::from(matches!(state, SynSent | FinWait1 | Closing | LastAck)))
}
