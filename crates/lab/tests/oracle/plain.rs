//! Runs a case with plain blocking system calls, as a C program would make them: one thread a call. Two namespaces, a
//! forwarder between them, and nothing of the lab's world.

mod calls;
mod forwarder;

use std::{
    collections::{BTreeMap, HashMap},
    os::fd::OwnedFd,
    sync::{Arc, mpsc},
    time::{Duration, Instant},
};

use lab::keeper::{HostSpec, Keeper, SocketFamily, SocketKind, SocketSpec};
use proto::{
    call::{Call, CallError, Family, Kind, Outcome, Value},
    errno::Errno,
    id::Fd,
};
use rustix::event::epoll;
use tokio::runtime::Handle;

use self::{
    calls::{Done, Made},
    forwarder::Forwarder,
};
use crate::{
    account::{Account, packets, result},
    script::{Asked, Case, Side, Step},
};

/// Nothing in a case takes longer.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) async fn run(keeper: Keeper, case: &Case) -> Account {
    let (case, handle) = (case.clone(), Handle::current());
    tokio::task::spawn_blocking(move || Run::new(keeper, handle).run(&case)).await.unwrap()
}

struct Run {
    keeper: Keeper,
    handle: Handle,
    wire: Forwarder,
    tables: [BTreeMap<i32, Arc<OwnedFd>>; 2],
    begun: HashMap<usize, (Running, &'static str)>,
    results: Vec<String>,
}

/// A call in its thread.
struct Running {
    done: mpsc::Receiver<Done>,
    thread: i32,
}

impl Run {
    fn new(keeper: Keeper, handle: Handle) -> Self {
        let host = |side: Side| {
            let spec = HostSpec { address: side.address(), prefix: 24 };
            handle.block_on(keeper.create_host(spec)).expect("a host")
        };
        let wire = Forwarder::new(Side::BOTH.map(host));
        let tables = [BTreeMap::new(), BTreeMap::new()];
        Self { keeper, handle, wire, tables, begun: HashMap::new(), results: Vec::new() }
    }

    fn run(mut self, case: &Case) -> Account {
        for step in &case.steps {
            self.step(step);
        }
        let packets = if case.packets { packets(&self.wire.seen) } else { Vec::new() };
        let account = Account { results: self.results, packets };
        self.wire.end();
        account
    }

    fn step(&mut self, step: &Step) {
        match step {
            Step::Call(asked) => {
                let result = match self.immediately(asked) {
                    Some(outcome) => (outcome, Vec::new()),
                    None => {
                        let running = self.start(asked);
                        self.finish(asked.side, &running)
                    }
                };
                self.note(asked.side, asked.call.name(), &result);
            }
            Step::Begin(number, asked) => {
                let running = self.start(asked);
                self.until(|_| is_asleep(running.thread));
                self.begun.insert(*number, (running, asked.call.name()));
            }
            Step::End(number, side) => {
                let (running, name) = self.begun.remove(number).expect("a call that was begun");
                let result = self.finish(*side, &running);
                self.note(*side, name, &result);
            }
            Step::Seen(line, times) => {
                self.until(|wire| wire.seen.iter().filter(|seen| seen.line() == *line).count() >= *times);
            }
            Step::Delay(ms) => self.wire.delay = Duration::from_millis((*ms).into()),
            Step::Cable(side, plugged) => self.wire.plugged[side.index()] = *plugged,
            Step::Sysctl(side, name, value) => {
                let set = self.keeper.set_sysctl(self.wire.namespace(*side), (*name).into(), *value);
                self.handle.block_on(set).expect("set");
            }
        }
        self.wire.settle();
    }

    fn note(&mut self, side: Side, name: &str, (outcome, payload): &(Outcome, Vec<u8>)) {
        self.results.push(format!("{} {name}: {}", side.way(), result(outcome, payload)));
    }

    /// Calls that need the table or the keeper, and never wait.
    fn immediately(&mut self, asked: &Asked) -> Option<Outcome> {
        match asked.call {
            Call::Socket { family, kind } => {
                let family = match family {
                    Family::Inet => SocketFamily::Inet,
                    Family::Inet6 => SocketFamily::Inet6,
                    Family::Unix => SocketFamily::Unix,
                };
                let kind = match kind {
                    Kind::Stream => SocketKind::Stream,
                    Kind::Datagram => SocketKind::Datagram,
                };
                let made = self.keeper.socket(self.wire.namespace(asked.side), SocketSpec { family, kind });
                let socket = self.handle.block_on(made).expect("a socket");
                rustix::io::ioctl_fionbio(&socket, false).unwrap();
                Some(Ok(Value::Descriptor(self.open(asked.side, socket))))
            }
            Call::EpollCreate {} => {
                let made = epoll::create(epoll::CreateFlags::CLOEXEC).unwrap();
                Some(Ok(Value::Descriptor(self.open(asked.side, made))))
            }
            Call::Dup { fd } => {
                let copy = self.tables[asked.side.index()][&fd.0].try_clone().unwrap();
                Some(Ok(Value::Descriptor(self.open(asked.side, copy))))
            }
            Call::EpollCtl { target, .. } if !self.tables[asked.side.index()].contains_key(&target.0) => {
                Some(Err(CallError::errno(Errno::EBADF)))
            }
            Call::Close { fd } => {
                let closed = self.tables[asked.side.index()].remove(&fd.0);
                Some(closed.map(|_| Value::Done).ok_or(CallError::errno(Errno::EBADF)))
            }
            ref call => match call.fd() {
                Some(fd) if !self.tables[asked.side.index()].contains_key(&fd.0) => {
                    Some(Err(CallError::errno(Errno::EBADF)))
                }
                _ => None,
            },
        }
    }

    fn open(&mut self, side: Side, socket: OwnedFd) -> Fd {
        let table = &mut self.tables[side.index()];
        let free = (3..).find(|number| !table.contains_key(number)).unwrap();
        table.insert(free, Arc::new(socket));
        Fd(free)
    }

    fn start(&self, asked: &Asked) -> Running {
        let table = &self.tables[asked.side.index()];
        let fds: Vec<_> = match &asked.call {
            Call::Poll { fds } => fds.iter().map(|(fd, _)| Arc::clone(&table[&fd.0])).collect(),
            Call::EpollCtl { fd, target, .. } => {
                [fd, target].iter().map(|fd| Arc::clone(&table[&fd.0])).collect()
            }
            call => call.fd().map(|fd| Arc::clone(&table[&fd.0])).into_iter().collect(),
        };
        let (asked, (sender, done), (name, thread)) = (asked.clone(), mpsc::channel(), mpsc::channel());
        std::thread::spawn(move || {
            name.send(rustix::thread::gettid().as_raw_nonzero().get()).unwrap();
            let result = calls::perform(&asked, &fds);
            drop(fds);
            // A case may end while a call still waits.
            let _nobody = sender.send(result);
        });
        Running { done, thread: thread.recv().unwrap() }
    }

    fn finish(&mut self, side: Side, running: &Running) -> (Outcome, Vec<u8>) {
        let mut result = None;
        self.until(|_| {
            result = result.take().or_else(|| running.done.try_recv().ok());
            result.is_some()
        });
        match result.expect("it has ended") {
            (Ok(Made::Value(value)), payload) => (Ok(value), payload),
            (Ok(Made::Connection(socket, peer)), payload) => {
                rustix::io::ioctl_fionbio(&socket, false).unwrap();
                (Ok(Value::Accepted { fd: self.open(side, socket), peer }), payload)
            }
            (Err(errno), payload) => (Err(CallError::errno(errno)), payload),
        }
    }

    /// Forwards packets until something is so.
    fn until(&mut self, mut so: impl FnMut(&Forwarder) -> bool) {
        let patience = Instant::now() + PATIENCE;
        while !so(&self.wire) {
            assert!(Instant::now() < patience, "never came to it; so far:\n{}", self.results.join("\n"));
            self.wire.wait();
            self.wire.settle();
        }
    }
}

/// Whether a thread waits in the kernel, or has ended: proc_pid_stat(5), the field after the name.
fn is_asleep(thread: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/self/task/{thread}/stat")).unwrap_or_default();
    !stat.rsplit(") ").next().unwrap_or_default().starts_with('R')
}
