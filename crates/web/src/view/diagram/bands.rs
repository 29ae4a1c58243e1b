//! The sockets' bands: which track each has beside its lifeline, and where its states begin.

use std::collections::HashMap;

use proto::{
    id::{Fd, HostId, ProgramId, SocketId},
    trace::{StateChange, TcpState, TimerKind},
};

/// A state from here on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Point {
    /// The event that says so.
    pub(super) seq: u64,
    /// The state.
    pub(super) state: TcpState,
    /// Whether a program has it.
    pub(super) accepted: bool,
    /// Whether it was seen, not inferred.
    pub(super) observed: bool,
    /// TIME_WAIT: when it is over, nanoseconds since the room began, and how long it was in all.
    pub(super) rests: Option<(u64, u64)>,
}

/// One socket's band.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Band {
    /// The socket.
    pub(super) socket: SocketId,
    /// Its machine.
    pub(super) host: HostId,
    /// Its track, outwards from 0.
    pub(super) track: usize,
    /// Its states, in order.
    pub(super) points: Vec<Point>,
    /// The event that ended it.
    pub(super) end: Option<u64>,
    /// Unread bytes as last heard of; for a listener, connections.
    unread: u32,
    /// The last word on it, and the event that has it.
    last: Option<(u64, StateChange)>,
}

/// All bands, in order of their beginning.
#[derive(Debug, Default)]
pub(super) struct Bands {
    pub(super) all: Vec<Band>,
    by_socket: HashMap<SocketId, usize>,
    tracks: HashMap<HostId, Vec<Option<SocketId>>>,
}

/// What a state change meant for the drawing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Change {
    /// Nothing to be seen.
    Nothing,
    /// The band goes on in another way, without a new name.
    Quiet,
    /// A listener's queue is another.
    Queue,
    /// More bytes than before wait to be read.
    Unread,
    /// A new state, to be named.
    Named,
}

impl Bands {
    /// Takes a state change.
    pub(super) fn change(&mut self, seq: u64, time: u64, change: &StateChange) -> Change {
        self.let_rest_end(change.host, time);
        let ends = change.to == TcpState::Closed && change.from.is_some_and(|from| from != TcpState::Closed);
        let open = self.open(change.socket);
        if ends {
            if open.is_some() {
                self.end(change.socket, seq);
                return Change::Named;
            }
            return Change::Nothing;
        }
        if open.is_none() {
            self.begin(change.socket, change.host);
        }
        let Some(band) = self.open(change.socket).map(|at| &mut self.all[at]) else { return Change::Nothing };
        let last = band.points.last().copied();
        let point = Point {
            seq,
            state: change.to,
            accepted: change.accepted,
            observed: change.observed,
            rests: rests(time, change),
        };
        let renamed = last.is_none_or(|last| last.state != change.to);
        if renamed || last.is_some_and(|last| last.accepted != change.accepted) {
            band.points.push(point);
        }
        band.last = Some((seq, change.clone()));
        let before = std::mem::replace(&mut band.unread, change.unread);
        match (renamed, change.to) {
            (true, TcpState::Closed | TcpState::Datagram | TcpState::Unix) => Change::Quiet,
            (true, _) => Change::Named,
            (false, TcpState::Listen) if before != change.unread => Change::Queue,
            (false, TcpState::Listen) => Change::Quiet,
            (false, _) if before < change.unread => Change::Unread,
            (false, _) => Change::Quiet,
        }
    }

    /// A socket was made, and nobody has said anything of its state.
    pub(super) fn made(&mut self, seq: u64, socket: SocketId, host: HostId) {
        if self.by_socket.contains_key(&socket) {
            return;
        }
        self.begin(socket, host);
        if let Some(at) = self.open(socket) {
            let point = Point { seq, state: TcpState::Closed, accepted: true, observed: true, rests: None };
            self.all[at].points.push(point);
        }
    }

    /// A program closed a socket by the call that began then: that is its end only where it never had a state, and no other
    /// descriptor names it.
    pub(super) fn closed(&mut self, seq: u64, socket: SocketId, (began, by): (u64, (ProgramId, Fd))) {
        let stateless = |band: &Band| {
            band.points.last().is_some_and(|point| {
                matches!(
                    point.state,
                    TcpState::Closed | TcpState::Listen | TcpState::Datagram | TcpState::Unix
                )
            })
        };
        let last = |band: &Band| {
            !band.last.as_ref().is_some_and(|(told, change)| *told > began && change.names_another(by))
        };
        if self.open(socket).is_some_and(|at| stateless(&self.all[at]) && last(&self.all[at])) {
            self.end(socket, seq);
        }
    }

    /// A machine went, with all its sockets.
    pub(super) fn host_gone(&mut self, seq: u64, host: HostId) {
        let sockets: Vec<_> = self.tracks.get(&host).into_iter().flatten().flatten().copied().collect();
        sockets.into_iter().for_each(|socket| self.end(socket, seq));
    }

    /// Tracks in use on a machine, counted to the outermost.
    pub(super) fn tracks(&self, host: HostId) -> usize {
        let tracks = self.tracks.get(&host);
        tracks.and_then(|tracks| tracks.iter().rposition(Option::is_some)).map_or(0, |last| last + 1)
    }

    /// Tracks in use once one more socket is there.
    pub(super) fn tracks_with_one_more(&self, host: HostId) -> usize {
        let tracks = self.tracks.get(&host).map_or(&[][..], Vec::as_slice);
        let free = tracks.iter().position(Option::is_none).unwrap_or(tracks.len());
        self.tracks(host).max(free + 1)
    }

    /// Sockets alive on a machine.
    pub(super) fn alive(&self, host: HostId) -> usize {
        self.tracks.get(&host).map_or(0, |tracks| tracks.iter().flatten().count())
    }

    fn open(&self, socket: SocketId) -> Option<usize> {
        self.by_socket.get(&socket).copied().filter(|at| self.all[*at].end.is_none())
    }

    fn begin(&mut self, socket: SocketId, host: HostId) {
        let tracks = self.tracks.entry(host).or_default();
        let track = tracks.iter().position(Option::is_none).unwrap_or(tracks.len());
        if track == tracks.len() {
            tracks.push(None);
        }
        tracks[track] = Some(socket);
        self.by_socket.insert(socket, self.all.len());
        let band = Band { socket, host, track, points: Vec::new(), end: None, unread: 0, last: None };
        self.all.push(band);
    }

    fn end(&mut self, socket: SocketId, seq: u64) {
        let Some(at) = self.open(socket) else { return };
        let band = &mut self.all[at];
        band.end = Some(seq);
        if let Some(track) = self.tracks.get_mut(&band.host).and_then(|tracks| tracks.get_mut(band.track)) {
            *track = None;
        }
    }

    /// Gives back the tracks of sockets whose TIME_WAIT has run out: nobody tells of that.
    fn let_rest_end(&mut self, host: HostId, now: u64) {
        let Some(tracks) = self.tracks.get_mut(&host) else { return };
        for track in tracks {
            let over = track.and_then(|socket| self.by_socket.get(&socket)).is_some_and(|at| {
                let last = self.all[*at].points.last();
                last.and_then(|point| point.rests).is_some_and(|(until, _)| until <= now)
            });
            if over {
                *track = None;
            }
        }
    }
}

fn rests(time: u64, change: &StateChange) -> Option<(u64, u64)> {
    if change.to != TcpState::TimeWait {
        return None;
    }
    let left = match change.timer {
        Some(timer) if timer.kind == TimerKind::TimeWait => u64::from(timer.left_ms) * 1_000_000,
        // TCP_TIMEWAIT_LEN of Linux.
        _ => 60_000_000_000,
    };
    Some((time + left, left.max(60_000_000_000)))
}
