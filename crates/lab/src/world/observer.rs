//! What is seen of the kernel, and the trace it is written into: states by sock_diag dumps of a machine after what may
//! have changed them, compared with the last; what happened between two dumps as far as packets prove it.
//!
//! Queues are told in bytes, as a program means them. The kernel counts in sequence numbers, of which SYN and FIN take
//! one each; where the state proves that one of them is among those counted, it is taken off.

mod unix;

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
    time::{Duration, Instant},
};

use proto::{
    address::Address,
    id::{HostId, SocketId},
    trace::{StateChange, TcpState, TimerKind, What},
};

use super::tables::Tables;
use crate::{
    diag::{DiagSocket, Protocol},
    evidence::{Control, Evidence},
    log::TraceLog,
};

/// Dumps a machine may cost at once, and how often one more is earned: at most one a millisecond when it is busy.
const BURST: u32 = 32;
const EARNED_EVERY: Duration = Duration::from_millis(1);
/// A kernel's timer has run this long after it was due: jiffies are up to 10 ms (CONFIG_HZ=100).
const JIFFIES_SLACK: Duration = Duration::from_millis(12);

/// What is known of a machine's sockets.
#[derive(Debug, Default)]
struct States {
    known: HashMap<u64, ObservedSocket>,
    evidence: Evidence,
    budget: Budget,
    scheduled: bool,
    /// When a timer of the kernel runs out next: what it does shows in no packet.
    looks_at: Option<Instant>,
    /// Whether a program has ever made a datagram socket here: until then the kernel need not be asked for any.
    datagrams: bool,
}

#[derive(Clone, Debug, PartialEq)]
struct ObservedSocket {
    id: SocketId,
    state: TcpState,
    local: Option<Address>,
    remote: Option<Address>,
    unread: u32,
    unacknowledged: u32,
    accepted: bool,
    timer: Option<(TimerKind, u8)>,
}

impl ObservedSocket {
    /// Whether the kernel lists it among those of TCP and UDP.
    fn is_listed(&self) -> bool {
        !matches!(self.state, TcpState::Closed | TcpState::Unix)
    }
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

/// When a machine's sockets are to be looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Look {
    Now,
    /// It has been looked at often: then.
    At(Instant),
    /// A look is planned already.
    Planned,
}

/// The room's only writer of the trace.
#[derive(Debug)]
pub(super) struct Observer {
    log: Arc<TraceLog>,
    machines: HashMap<HostId, States>,
    last_socket: u32,
}

impl Observer {
    pub(super) fn new(log: Arc<TraceLog>) -> Self {
        Self { log, machines: HashMap::new(), last_socket: 0 }
    }

    /// Writes an event: `seq` is the order in which things happened.
    pub(super) fn record(&self, what: What) {
        self.log.record(what);
    }

    /// Nanoseconds since the room began.
    pub(super) fn now(&self) -> u64 {
        self.log.now()
    }

    /// A number for a kernel socket. None is used twice.
    pub(super) fn new_socket(&mut self) -> SocketId {
        self.last_socket += 1;
        SocketId(self.last_socket)
    }

    /// A machine is there, with no socket known.
    pub(super) fn appeared(&mut self, host: HostId) {
        self.machines.insert(host, States::default());
    }

    pub(super) fn gone(&mut self, host: HostId) {
        self.machines.remove(&host);
    }

    /// Whether a machine may have datagram sockets.
    pub(super) fn has_datagrams(&self, host: HostId) -> bool {
        self.machines.get(&host).is_some_and(|states| states.datagrams)
    }

    /// When to look at a machine whose states may have changed.
    pub(super) fn may_look(&mut self, host: HostId, now: Instant) -> Look {
        let Some(states) = self.machines.get_mut(&host) else { return Look::Planned };
        if states.budget.spend(now) {
            Look::Now
        } else if states.scheduled {
            Look::Planned
        } else {
            states.scheduled = true;
            Look::At(now + EARNED_EVERY)
        }
    }

    /// A packet that opens or ends a connection left or reached a machine. `caller` is the socket whose connect(2) is
    /// being made.
    pub(super) fn note_control(&mut self, host: HostId, control: Option<Control>, caller: Option<SocketId>) {
        if let Some((control, states)) = control.zip(self.machines.get_mut(&host)) {
            states.evidence.note(control, caller);
        }
    }

    /// Records what has changed since the last dump of a machine. When to look again, if a timer of its kernel will
    /// change something before anything is planned.
    pub(super) fn compare(
        &mut self,
        host: HostId,
        dumped: io::Result<Vec<DiagSocket>>,
        tables: &Tables,
    ) -> Option<Instant> {
        let states = self.machines.get_mut(&host)?;
        states.scheduled = false;
        let dumped = match dumped {
            Ok(dumped) => dumped,
            Err(error) => {
                tracing::warn!(%error, "sock_diag dump failed");
                return None;
            }
        };
        let evidence = std::mem::take(&mut states.evidence);
        let mut seen = HashSet::with_capacity(dumped.len());
        for socket in &dumped {
            seen.insert(socket.cookie);
            self.compare_socket(host, socket, &evidence, tables);
        }
        self.note_refused(host, &evidence, tables);
        self.note_gone(host, &seen, &evidence, tables);
        self.look_again(host, &dumped)
    }

    /// A timer that has run out changes a state without a packet: TIME_WAIT ends, a connection is given up.
    fn look_again(&mut self, host: HostId, dumped: &[DiagSocket]) -> Option<Instant> {
        let left = dumped.iter().filter_map(|socket| socket.timer).map(|timer| timer.left_ms).min()?;
        let states = self.machines.get_mut(&host)?;
        let at = Instant::now() + Duration::from_millis(left.into()) + JIFFIES_SLACK;
        let sooner = states.looks_at.is_none_or(|planned| at < planned);
        sooner.then(|| *states.looks_at.insert(at))
    }

    /// Whether the look that was planned for a timer of a machine's kernel is due.
    pub(super) fn take_due(&mut self, host: HostId, now: Instant) -> bool {
        let planned = self.machines.get_mut(&host).map(|states| &mut states.looks_at);
        planned.is_some_and(|at| at.take_if(|at| *at <= now).is_some())
    }

    fn compare_socket(&mut self, host: HostId, socket: &DiagSocket, evidence: &Evidence, tables: &Tables) {
        let before = self.known(host, socket.cookie).cloned();
        let id = before.as_ref().map_or_else(|| self.new_socket(), |known| known.id);
        let to = if socket.protocol == Protocol::Udp { TcpState::Datagram } else { socket.state };
        // Once accepted it stays so, also when its descriptor is closed.
        let accepted =
            before.as_ref().is_some_and(|known| known.accepted) || tables.has(id) || socket.inode != 0;
        let known = ObservedSocket {
            id,
            state: to,
            local: Some(socket.local.into()),
            remote: socket.remote.map(Address::from),
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
                self.record_inferred(host, &known, from, state, tables);
                from = Some(state);
            }
        }
        self.record(What::State(StateChange {
            timer: socket.timer,
            ..change(host, &known, from, to, tables)
        }));
        if let Some(states) = self.machines.get_mut(&host) {
            states.known.insert(socket.cookie, known);
        }
    }

    fn known(&self, host: HostId, cookie: u64) -> Option<&ObservedSocket> {
        self.machines.get(&host)?.known.get(&cookie)
    }

    /// A state that nobody could observe. What was in its queues then, nobody knows.
    fn record_inferred(
        &self,
        host: HostId,
        known: &ObservedSocket,
        from: Option<TcpState>,
        to: TcpState,
        tables: &Tables,
    ) {
        let known = ObservedSocket { unread: 0, unacknowledged: 0, ..known.clone() };
        let inferred = StateChange { observed: false, ..change(host, &known, from, to, tables) };
        self.record(What::State(inferred));
    }

    /// A connect over the loopback that was refused at once: before and after it the socket is CLOSED.
    fn note_refused(&self, host: HostId, evidence: &Evidence, tables: &Tables) {
        for (socket, local, remote) in evidence.refused() {
            let Some(states) = self.machines.get(&host) else { return };
            let Some(known) = states.known.values().find(|known| known.id == socket) else { continue };
            if known.state != TcpState::Closed {
                continue;
            }
            let known =
                ObservedSocket { local: Some(local.into()), remote: Some(remote.into()), ..known.clone() };
            self.record_inferred(host, &known, Some(TcpState::Closed), TcpState::SynSent, tables);
            self.record_inferred(host, &known, Some(TcpState::SynSent), TcpState::Closed, tables);
        }
    }

    /// Sockets the kernel no longer lists: closed, or not yet more than a descriptor.
    fn note_gone(&mut self, host: HostId, seen: &HashSet<u64>, evidence: &Evidence, tables: &Tables) {
        let Some(states) = self.machines.get(&host) else { return };
        let gone: Vec<u64> = states
            .known
            .iter()
            .filter(|(cookie, known)| !seen.contains(cookie) && known.is_listed())
            .map(|(&cookie, _)| cookie)
            .collect();
        for cookie in gone {
            self.note_closed(host, cookie, evidence, tables);
        }
        if let Some(states) = self.machines.get_mut(&host) {
            states.known.retain(|_, known| known.state != TcpState::Closed || tables.has(known.id));
        }
    }

    fn note_closed(&mut self, host: HostId, cookie: u64, evidence: &Evidence, tables: &Tables) {
        let Some(known) = self.machines.get_mut(&host).and_then(|states| states.known.get_mut(&cookie))
        else {
            return;
        };
        let mut from = std::mem::replace(&mut known.state, TcpState::Closed);
        (known.unread, known.unacknowledged, known.timer) = (0, 0, None);
        let known = known.clone();
        let inet = |address: Option<Address>| address.and_then(|address| address.inet());
        if let Some((local, remote)) = inet(known.local).zip(inet(known.remote)) {
            for state in evidence.between(Some(from), TcpState::Closed, local, remote) {
                self.record_inferred(host, &known, Some(from), state, tables);
                from = state;
            }
        }
        self.record(What::State(change(host, &known, Some(from), TcpState::Closed, tables)));
    }

    /// The room's number for a kernel socket that a call has just made or handed out, recorded as new if it is.
    pub(super) fn number_socket(&mut self, host: HostId, cookie: u64) -> SocketId {
        if let Some(known) = self.known(host, cookie) {
            return known.id;
        }
        let id = self.new_socket();
        let new = ObservedSocket {
            id,
            state: TcpState::Closed,
            local: None,
            remote: None,
            unread: 0,
            unacknowledged: 0,
            accepted: true,
            timer: None,
        };
        if let Some(states) = self.machines.get_mut(&host) {
            states.known.insert(cookie, new);
        }
        id
    }

    /// A descriptor of a socket was closed, and another names it still. `datagram`: one that has no state.
    pub(super) fn record_owner(&self, host: HostId, socket: SocketId, datagram: bool, tables: &Tables) {
        let Some(states) = self.machines.get(&host) else { return };
        let Some(known) = states.known.values().find(|known| known.id == socket) else { return };
        let state =
            if datagram && known.state == TcpState::Closed { TcpState::Datagram } else { known.state };
        self.record(What::State(change(host, known, Some(state), state, tables)));
    }

    /// A new socket has no entry in the kernel's tables until it is bound or connected: its state is CLOSED by
    /// RFC 9293, and for a datagram socket there is none.
    pub(super) fn record_new_socket(
        &mut self,
        host: HostId,
        socket: SocketId,
        datagram: bool,
        tables: &Tables,
    ) {
        if let Some(states) = self.machines.get_mut(&host) {
            states.datagrams |= datagram;
        }
        self.record(What::State(StateChange {
            host,
            socket,
            owner: tables.name(socket),
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

/// An observed change of a socket.
fn change(
    host: HostId,
    known: &ObservedSocket,
    from: Option<TcpState>,
    to: TcpState,
    tables: &Tables,
) -> StateChange {
    StateChange {
        host,
        socket: known.id,
        owner: tables.name(known.id),
        local: known.local,
        remote: known.remote,
        from,
        to,
        observed: true,
        accepted: known.accepted,
        unread: known.unread,
        unacknowledged: known.unacknowledged,
        timer: None,
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
