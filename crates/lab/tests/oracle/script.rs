//! A case: what a program on `server` and one on `client` do, step by step, and what happens on the wire meanwhile.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use proto::{
    address::Address,
    call::{Call, Family, Flags, How, Kind, OptionName, OptionValue, PollEvents, Wait},
    id::Fd,
    message::Sysctl,
};

use crate::account::Account;

/// Which of the two programs, and its machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Side {
    Server,
    Client,
}

pub(crate) const S: Side = Side::Server;
pub(crate) const C: Side = Side::Client;

impl Side {
    pub(crate) const BOTH: [Self; 2] = [S, C];

    pub(crate) fn index(self) -> usize {
        match self {
            S => 0,
            C => 1,
        }
    }

    pub(crate) fn address(self) -> Ipv4Addr {
        match self {
            S => Ipv4Addr::new(10, 0, 0, 1),
            C => Ipv4Addr::new(10, 0, 0, 2),
        }
    }

    /// How packets that leave this machine are marked.
    pub(crate) fn way(self) -> &'static str {
        match self {
            S => "s>",
            C => "c>",
        }
    }
}

/// A call of one of the programs.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) side: Side,
    pub(crate) call: Call,
    pub(crate) wait: Wait,
    pub(crate) payload: Vec<u8>,
}

/// One step.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A call, until it ends.
    Call(Asked),
    /// A call begins and is left waiting.
    Begin(usize, Asked),
    /// The call with that number ends.
    End(usize, Side),
    /// Waits until so many packets with that line have been seen, repeats included.
    Seen(String, usize),
    /// The wire takes so many milliseconds each way.
    Delay(u32),
    /// A machine's cable.
    Cable(Side, bool),
    /// A machine's kernel setting.
    Sysctl(Side, Sysctl, u32),
}

/// A case.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    name: &'static str,
    pub(crate) steps: Vec<Step>,
    /// Whether packets are compared too.
    pub(crate) packets: bool,
}

impl Case {
    /// What is different, for who reads the failure.
    pub(crate) fn difference(&self, plain: &Account, through: &Account) -> String {
        let lines = |account: &Account| {
            let all = account.results.iter().chain(&account.packets).cloned();
            all.collect::<Vec<_>>()
        };
        let (plain, through) = (lines(plain), lines(through));
        let mut text = format!("== {}\n   {:<58} | through the lab\n", self.name, "plain");
        for at in 0..plain.len().max(through.len()) {
            let of = |lines: &[String]| lines.get(at).cloned().unwrap_or_default();
            let (left, right) = (of(&plain), of(&through));
            let mark = if left == right { ' ' } else { '!' };
            text.push_str(&format!("{mark}  {left:<58} | {right}\n"));
        }
        text
    }
}

/// A case, from what happens in it.
pub(crate) fn case(name: &'static str, write: impl FnOnce(&mut Script)) -> Case {
    let mut script =
        Script { steps: Vec::new(), open: [BTreeSet::new(), BTreeSet::new()], begun: 0, packets: true };
    write(&mut script);
    Case { name, steps: script.steps, packets: script.packets }
}

pub(crate) fn server(port: u16) -> Address {
    (S.address(), port).into()
}

pub(crate) fn client(port: u16) -> Address {
    (C.address(), port).into()
}

pub(crate) fn loopback(port: u16) -> Address {
    (Ipv4Addr::LOCALHOST, port).into()
}

pub(crate) fn any(port: u16) -> Address {
    (Ipv4Addr::UNSPECIFIED, port).into()
}

pub(crate) fn elsewhere(a: u8, b: u8, c: u8, d: u8) -> Address {
    (IpAddr::from([a, b, c, d]), 9).into()
}

/// A case being written. Descriptors are numbered as a kernel numbers them, provided that the calls succeed.
#[derive(Debug)]
pub(crate) struct Script {
    steps: Vec<Step>,
    open: [BTreeSet<i32>; 2],
    begun: usize,
    packets: bool,
}

impl Script {
    /// What the packets are depends on time here: only results are compared.
    pub(crate) fn only_results(&mut self) {
        self.packets = false;
    }

    fn next_fd(&mut self, side: Side) -> Fd {
        let open = &mut self.open[side.index()];
        let mut free = 3;
        while open.contains(&free) {
            free += 1;
        }
        open.insert(free);
        Fd(free)
    }

    fn ask(&mut self, side: Side, call: Call, wait: Wait, payload: &[u8]) {
        self.steps.push(Step::Call(Asked { side, call, wait, payload: payload.to_vec() }));
    }

    pub(crate) fn call(&mut self, side: Side, call: Call) {
        self.ask(side, call, Wait::Forever, b"");
    }

    /// A call that does not wait.
    pub(crate) fn now(&mut self, side: Side, call: Call) {
        self.ask(side, call, Wait::No, b"");
    }

    /// Begins a call that will wait; [`Self::end`] takes its result.
    pub(crate) fn begin(&mut self, side: Side, call: Call) -> (usize, Side) {
        self.begin_with(side, call, b"")
    }

    pub(crate) fn begin_with(&mut self, side: Side, call: Call, payload: &[u8]) -> (usize, Side) {
        self.begun += 1;
        let asked = Asked { side, call, wait: Wait::Forever, payload: payload.to_vec() };
        self.steps.push(Step::Begin(self.begun, asked));
        (self.begun, side)
    }

    pub(crate) fn end(&mut self, (begun, side): (usize, Side)) {
        self.steps.push(Step::End(begun, side));
    }

    pub(crate) fn seen(&mut self, line: &str, times: usize) {
        self.steps.push(Step::Seen(line.to_owned(), times));
    }

    pub(crate) fn delay(&mut self, ms: u32) {
        self.steps.push(Step::Delay(ms));
    }

    pub(crate) fn cut(&mut self, side: Side) {
        self.steps.push(Step::Cable(side, false));
    }

    pub(crate) fn sysctl(&mut self, side: Side, name: Sysctl, value: u32) {
        self.steps.push(Step::Sysctl(side, name, value));
    }

    /// A call that makes a descriptor.
    pub(crate) fn made(&mut self, side: Side, call: Call) -> Fd {
        self.call(side, call);
        self.next_fd(side)
    }

    pub(crate) fn tcp(&mut self, side: Side) -> Fd {
        self.call(side, Call::Socket { family: Family::Inet, kind: Kind::Stream });
        self.next_fd(side)
    }

    pub(crate) fn udp(&mut self, side: Side) -> Fd {
        self.call(side, Call::Socket { family: Family::Inet, kind: Kind::Datagram });
        self.next_fd(side)
    }

    pub(crate) fn bind(&mut self, side: Side, fd: Fd, address: Address) {
        self.call(side, Call::Bind { fd, address });
    }

    pub(crate) fn listen(&mut self, side: Side, fd: Fd, backlog: i32) {
        self.call(side, Call::Listen { fd, backlog });
    }

    pub(crate) fn listener(&mut self, side: Side, port: u16, backlog: i32) -> Fd {
        let fd = self.tcp(side);
        self.bind(side, fd, any(port));
        self.listen(side, fd, backlog);
        fd
    }

    pub(crate) fn connect(&mut self, side: Side, fd: Fd, address: Address) {
        self.call(side, Call::Connect { fd, address });
    }

    /// A new socket, connected.
    pub(crate) fn connected(&mut self, side: Side, address: Address) -> Fd {
        let fd = self.tcp(side);
        self.connect(side, fd, address);
        fd
    }

    pub(crate) fn accept(&mut self, side: Side, listener: Fd) -> Fd {
        self.call(side, Call::Accept { fd: listener });
        self.next_fd(side)
    }

    /// A connection over the wire: the server's end, the client's end, the listener.
    pub(crate) fn pair(&mut self) -> (Fd, Fd, Fd) {
        let listener = self.listener(S, 12345, 5);
        let theirs = self.connected(C, server(12345));
        (self.accept(S, listener), theirs, listener)
    }

    pub(crate) fn send(&mut self, side: Side, fd: Fd, bytes: &[u8]) {
        self.send_with(side, fd, Flags::default(), bytes);
    }

    pub(crate) fn send_with(&mut self, side: Side, fd: Fd, flags: Flags, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap();
        self.ask(side, Call::Send { fd, flags, length }, Wait::Forever, bytes);
    }

    pub(crate) fn send_to(&mut self, side: Side, fd: Fd, address: Address, bytes: &[u8]) {
        let length = u32::try_from(bytes.len()).unwrap();
        self.ask(side, Call::SendTo { fd, flags: Flags::default(), address, length }, Wait::Forever, bytes);
    }

    pub(crate) fn recv(&mut self, side: Side, fd: Fd, max: u32) {
        self.recv_with(side, fd, Flags::default(), max);
    }

    pub(crate) fn recv_with(&mut self, side: Side, fd: Fd, flags: Flags, max: u32) {
        self.call(side, Call::Recv { fd, flags, max });
    }

    pub(crate) fn recv_from(&mut self, side: Side, fd: Fd, max: u32) {
        self.call(side, Call::RecvFrom { fd, flags: Flags::default(), max });
    }

    pub(crate) fn shutdown(&mut self, side: Side, fd: Fd, how: How) {
        self.call(side, Call::Shutdown { fd, how });
    }

    pub(crate) fn close(&mut self, side: Side, fd: Fd) {
        self.call(side, Call::Close { fd });
        self.open[side.index()].remove(&fd.0);
    }

    /// Closes so that the peer gets a RST.
    pub(crate) fn reset(&mut self, side: Side, fd: Fd) {
        self.set(side, fd, OptionName::Linger, OptionValue::Linger(Some(0)));
        self.close(side, fd);
    }

    pub(crate) fn set(&mut self, side: Side, fd: Fd, name: OptionName, value: OptionValue) {
        self.call(side, Call::SetSockOpt { fd, name, value });
    }

    pub(crate) fn get(&mut self, side: Side, fd: Fd, name: OptionName) {
        self.call(side, Call::GetSockOpt { fd, name });
    }

    /// What poll(2) says now, asked for everything.
    pub(crate) fn poll(&mut self, side: Side, fd: Fd) {
        let all = [PollEvents::IN, PollEvents::PRI, PollEvents::OUT, PollEvents::RDHUP];
        let events = PollEvents(all.iter().fold(0, |all, event| all | event.0));
        self.now(side, Call::Poll { fds: vec![(fd, events)] });
    }

    /// Waits with poll(2) for one event.
    pub(crate) fn wait_for(&mut self, side: Side, fd: Fd, events: PollEvents) {
        self.call(side, Call::Poll { fds: vec![(fd, events)] });
    }
}
