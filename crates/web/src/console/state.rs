//! What the console knows of its descriptors: kind, addresses, how far each has come. Learnt from the calls of its own
//! program and how they ended, so that it can be computed again from the trace.

use std::collections::BTreeMap;

use proto::{
    address::Address,
    call::{Call, CallError, Family, How, Kind, Outcome, Value as Returned, Wait},
    errno::Errno,
    id::Fd,
};
use serde::{Deserialize, Serialize};

use super::plan::Setting;

/// A descriptor as far as its calls tell.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptor {
    /// Its family.
    pub family: Family,
    /// TCP or UDP.
    pub kind: Kind,
    /// How far it has come.
    pub stage: Stage,
    /// The address of a successful bind.
    pub bound: Option<Address>,
    /// The other end of a connection.
    pub peer: Option<Address>,
    /// `recv` has returned end of file.
    pub end_of_file: bool,
    /// This program has shut the reading half down.
    pub read_shut: bool,
    /// This program has shut the writing half down.
    pub write_shut: bool,
    /// How long its calls may wait.
    pub wait: Wait,
}

/// How far a descriptor has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Made, and no more.
    Fresh,
    /// Has a port.
    Bound,
    /// Waits for callers.
    Listening,
    /// A connect is under way, or was given up on.
    Connecting,
    /// Has a peer.
    Connected,
    /// The connection is broken: reset, refused or timed out.
    Broken,
}

impl Descriptor {
    /// A new socket.
    pub fn new(family: Family, kind: Kind) -> Self {
        Self {
            family,
            kind,
            stage: Stage::Fresh,
            bound: None,
            peer: None,
            end_of_file: false,
            read_shut: false,
            write_shut: false,
            wait: Wait::Forever,
        }
    }
}

/// All descriptors of the console's program.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Descriptors {
    open: BTreeMap<i32, Descriptor>,
}

impl Descriptors {
    /// A descriptor.
    pub fn get(&self, fd: Fd) -> Option<&Descriptor> {
        self.open.get(&fd.0)
    }

    /// All open ones, in order of their numbers.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (Fd, &Descriptor)> {
        self.open.iter().map(|(fd, descriptor)| (Fd(*fd), descriptor))
    }

    /// Those of one family.
    pub fn of_family(&self, family: Family) -> Vec<Fd> {
        self.iter().filter(|(_, descriptor)| descriptor.family == family).map(|(fd, _)| fd).collect()
    }

    /// Family and waiting time for the next call on a descriptor.
    pub fn setting(&self, fd: Fd) -> Setting {
        self.get(fd).map_or_else(Setting::default, |found| Setting { family: found.family, wait: found.wait })
    }

    /// `settimeout`
    pub fn set_wait(&mut self, fd: Fd, wait: Wait) {
        if let Some(descriptor) = self.open.get_mut(&fd.0) {
            descriptor.wait = wait;
        }
    }

    /// Keeps exactly the descriptors that are open, and learns of those it has never heard of.
    pub fn only(&mut self, fds: &[Fd]) {
        self.open.retain(|fd, _| fds.contains(&Fd(*fd)));
        for fd in fds {
            self.open.entry(fd.0).or_insert_with(|| Descriptor::new(Family::Inet, Kind::Stream));
        }
    }

    /// A call begins.
    pub fn began(&mut self, call: &Call) {
        if let Call::Connect { fd, .. } = call
            && let Some(descriptor) = self.open.get_mut(&fd.0)
            && descriptor.kind == Kind::Stream
            && matches!(descriptor.stage, Stage::Fresh | Stage::Bound)
        {
            descriptor.stage = Stage::Connecting;
        }
    }

    /// A call ended.
    pub fn ended(&mut self, call: &Call, outcome: &Outcome) {
        match outcome {
            Ok(returned) => self.succeeded(call, returned),
            Err(error) => self.failed(call, error),
        }
    }

    fn succeeded(&mut self, call: &Call, returned: &Returned) {
        match (call, returned) {
            (Call::Socket { family, kind }, Returned::Descriptor(fd)) => {
                self.open.insert(fd.0, Descriptor::new(*family, *kind));
            }
            (Call::Accept { fd: listener }, Returned::Accepted { fd, peer }) => {
                let family = self.get(*listener).map_or(Family::Inet, |listener| listener.family);
                let mut child = Descriptor::new(family, Kind::Stream);
                child.stage = Stage::Connected;
                child.peer = Some(*peer);
                self.open.insert(fd.0, child);
            }
            (Call::Close { fd }, _) => {
                self.open.remove(&fd.0);
            }
            (Call::Dup { fd: of }, Returned::Descriptor(fd)) => {
                if let Some(same) = self.get(*of).cloned() {
                    self.open.insert(fd.0, same);
                }
            }
            (Call::SocketPair { family, kind }, Returned::Pair(one, other)) => {
                let mut half = Descriptor::new(*family, *kind);
                half.stage = Stage::Connected;
                self.open.insert(one.0, half.clone());
                self.open.insert(other.0, half);
            }
            _ => {}
        }
        let Some(descriptor) = call.fd().and_then(|fd| self.open.get_mut(&fd.0)) else { return };
        match (call, returned) {
            (Call::Bind { address, .. }, _) => {
                descriptor.stage = Stage::Bound;
                descriptor.bound = Some(*address);
            }
            (Call::Listen { .. }, _) => descriptor.stage = Stage::Listening,
            (Call::Connect { address, .. }, _) => {
                descriptor.stage = Stage::Connected;
                descriptor.peer = Some(*address);
            }
            (Call::Recv { max, .. }, Returned::Received { length: 0 })
                if *max > 0 && descriptor.kind == Kind::Stream =>
            {
                descriptor.end_of_file = true;
            }
            (Call::Shutdown { how, .. }, _) => {
                descriptor.read_shut |= *how != How::Write;
                descriptor.write_shut |= *how != How::Read;
            }
            _ => {}
        }
    }

    fn failed(&mut self, call: &Call, error: &CallError) {
        let Some(descriptor) = call.fd().and_then(|fd| self.open.get_mut(&fd.0)) else { return };
        let CallError::Errno { errno, .. } = error else {
            if matches!(
                (call, error),
                (Call::Connect { .. }, CallError::Policy { .. } | CallError::Limit { .. })
            ) {
                descriptor.stage = Stage::Fresh;
            }
            return;
        };
        match (call, *errno) {
            // The socket lives on and may try again, but CPython's programs make a new one.
            (Call::Connect { .. }, Errno::EINTR | Errno::EINPROGRESS | Errno::EALREADY | Errno::EISCONN) => {}
            (Call::Connect { .. }, _) if descriptor.kind == Kind::Stream => descriptor.stage = Stage::Broken,
            (_, Errno::ECONNRESET | Errno::EPIPE | Errno::ETIMEDOUT | Errno::ECONNABORTED)
                if descriptor.stage == Stage::Connected =>
            {
                descriptor.stage = Stage::Broken;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{Call, CallError, Family, Flags, Kind, Value as Returned},
        errno::Errno,
        id::Fd,
    };

    use super::{Descriptors, Stage};

    fn with_socket() -> Descriptors {
        let mut descriptors = Descriptors::default();
        let socket = Call::Socket { family: Family::Inet, kind: Kind::Stream };
        descriptors.ended(&socket, &Ok(Returned::Descriptor(Fd(3))));
        descriptors
    }

    #[test]
    fn a_client_goes_from_fresh_to_end_of_file() {
        let mut descriptors = with_socket();
        let address = "10.0.0.10:12345".parse().expect("address");
        let connect = Call::Connect { fd: Fd(3), address };
        descriptors.began(&connect);
        assert_eq!(descriptors.get(Fd(3)).map(|d| d.stage), Some(Stage::Connecting));
        descriptors.ended(&connect, &Ok(Returned::Done));
        assert_eq!(descriptors.get(Fd(3)).and_then(|d| d.peer), Some(address));
        let recv = Call::Recv { fd: Fd(3), flags: Flags::default(), max: 1024 };
        descriptors.ended(&recv, &Ok(Returned::Received { length: 0 }));
        assert_eq!(descriptors.get(Fd(3)).map(|d| d.end_of_file), Some(true));
        descriptors.ended(&Call::Close { fd: Fd(3) }, &Ok(Returned::Done));
        assert_eq!(descriptors.get(Fd(3)), None);
    }

    #[test]
    fn a_refused_connect_breaks_the_socket() {
        let mut descriptors = with_socket();
        let connect = Call::Connect { fd: Fd(3), address: "10.0.0.1:1".parse().expect("address") };
        descriptors.began(&connect);
        descriptors.ended(&connect, &Err(CallError::errno(Errno::ECONNREFUSED)));
        assert_eq!(descriptors.get(Fd(3)).map(|d| d.stage), Some(Stage::Broken));
    }

    #[test]
    fn a_snapshot_decides_what_is_open() {
        let mut descriptors = with_socket();
        descriptors.only(&[Fd(5)]);
        assert_eq!(descriptors.iter().map(|(fd, _)| fd).collect::<Vec<_>>(), [Fd(5)]);
    }
}
