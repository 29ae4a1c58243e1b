//! epoll(7): level by level, edge by edge, once; copies, epolls in epolls, and what goes wrong.

use proto::{
    call::{Call, EpollEvents, EpollOperation, Flags, How},
    id::Fd,
};

use crate::script::{C, Case, S, Script, case, server};

const ADD: EpollOperation = EpollOperation::Add;
const MODIFY: EpollOperation = EpollOperation::Modify;
const DELETE: EpollOperation = EpollOperation::Delete;
const IN: EpollEvents = EpollEvents::IN;
const OUT: EpollEvents = EpollEvents::OUT;
const ET: EpollEvents = EpollEvents::ET;

/// An epoll on the server's machine, and calls of it.
struct Epoll(Fd);

impl Epoll {
    fn new(on: &mut Script) -> Self {
        Self(on.made(S, Call::EpollCreate {}))
    }

    fn tell(&self, on: &mut Script, operation: EpollOperation, target: Fd, events: EpollEvents) {
        on.call(S, Call::EpollCtl { fd: self.0, operation, target, events });
    }

    fn look(&self, on: &mut Script) {
        on.now(S, Call::EpollWait { fd: self.0, max: 10 });
    }

    fn wait(&self, on: &mut Script) {
        on.call(S, Call::EpollWait { fd: self.0, max: 10 });
    }
}

pub(crate) fn cases() -> Vec<Case> {
    let mut cases = told();
    cases.extend(wrong());
    cases
}

fn told() -> Vec<Case> {
    vec![
        case("epoll level by level through a connection's life", |on| {
            let (ours, theirs, listener) = on.pair();
            let epoll = Epoll::new(on);
            epoll.look(on);
            epoll.tell(on, ADD, ours, IN.with(EpollEvents::RDHUP));
            epoll.tell(on, ADD, listener, IN);
            epoll.look(on);
            on.send(C, theirs, b"data");
            epoll.wait(on);
            epoll.look(on);
            on.recv(S, ours, 2);
            epoll.look(on);
            on.recv(S, ours, 2);
            epoll.look(on);
            epoll.tell(on, MODIFY, ours, OUT);
            epoll.look(on);
            epoll.tell(on, MODIFY, ours, EpollEvents(0));
            epoll.look(on);
            epoll.tell(on, MODIFY, ours, IN.with(EpollEvents::RDHUP));
            on.shutdown(C, theirs, How::Write);
            epoll.wait(on);
            epoll.tell(on, DELETE, ours, EpollEvents(0));
            on.connected(C, server(12345));
            epoll.wait(on);
        }),
        case("epoll edge by edge: once, and again with new data while the old is unread", |on| {
            let (ours, theirs, _) = on.pair();
            let epoll = Epoll::new(on);
            epoll.tell(on, ADD, ours, IN.with(OUT).with(ET));
            epoll.look(on);
            epoll.look(on);
            on.send(C, theirs, b"abc");
            epoll.wait(on);
            epoll.look(on);
            on.recv(S, ours, 1);
            epoll.look(on);
            on.send(C, theirs, b"d");
            epoll.wait(on);
            epoll.look(on);
            on.recv(S, ours, 10);
            epoll.look(on);
            epoll.tell(on, MODIFY, ours, IN.with(OUT).with(ET));
            epoll.look(on);
            epoll.look(on);
            on.reset(C, theirs);
            epoll.wait(on);
            epoll.look(on);
        }),
        case("epoll once, until it is asked for anew", |on| {
            let (ours, theirs, _) = on.pair();
            let epoll = Epoll::new(on);
            epoll.tell(on, ADD, ours, IN.with(EpollEvents::ONESHOT));
            on.send(C, theirs, b"a");
            epoll.wait(on);
            on.send(C, theirs, b"b");
            epoll.look(on);
            epoll.tell(on, MODIFY, ours, IN.with(EpollEvents::ONESHOT).with(ET));
            epoll.look(on);
            epoll.look(on);
        }),
        case("epoll for urgent data, and one that is exclusive", |on| {
            let (ours, theirs, listener) = on.pair();
            let epoll = Epoll::new(on);
            let exclusive = IN.with(EpollEvents::EXCLUSIVE);
            epoll.tell(on, ADD, ours, EpollEvents::PRI);
            epoll.tell(on, ADD, listener, exclusive);
            on.send_with(C, theirs, Flags::OOB, b"!");
            epoll.wait(on);
            epoll.tell(on, MODIFY, listener, IN);
            epoll.tell(on, MODIFY, listener, exclusive);
            epoll.tell(on, ADD, ours, exclusive);
            epoll.tell(on, DELETE, ours, exclusive);
            epoll.tell(on, ADD, ours, exclusive.with(EpollEvents::ONESHOT));
            on.connected(C, server(12345));
            epoll.wait(on);
        }),
        case("a wait that has begun ends with what is added then", |on| {
            let (ours, theirs, _) = on.pair();
            let epoll = Epoll::new(on);
            on.send(C, theirs, b"x");
            on.wait_for(S, ours, proto::call::PollEvents::IN);
            let waiting = on.begin(S, Call::EpollWait { fd: epoll.0, max: 10 });
            epoll.tell(on, ADD, ours, IN.with(ET));
            on.end(waiting);
            epoll.look(on);
        }),
        case("an epoll is ready when what it watches is", |on| {
            let (ours, theirs, _) = on.pair();
            let (inner, outer) = (Epoll::new(on), Epoll::new(on));
            inner.tell(on, ADD, ours, IN);
            outer.tell(on, ADD, inner.0, IN.with(ET));
            on.poll(S, inner.0);
            outer.look(on);
            on.send(C, theirs, b"x");
            outer.wait(on);
            outer.look(on);
            on.poll(S, inner.0);
            on.poll(S, outer.0);
            inner.look(on);
            on.recv(S, ours, 9);
            inner.look(on);
            on.poll(S, inner.0);
            let waiting = on.begin(S, Call::EpollWait { fd: outer.0, max: 1 });
            on.send(C, theirs, b"y");
            on.end(waiting);
        }),
        case("fewer at once than there are have their turn", |on| {
            let epoll = Epoll::new(on);
            for fd in [on.udp(S), on.udp(S), on.udp(S)] {
                epoll.tell(on, ADD, fd, OUT);
            }
            for _ in 0..3 {
                on.now(S, Call::EpollWait { fd: epoll.0, max: 2 });
            }
        }),
        case("a copy is watched beside, and a closed number goes on being told", |on| {
            let (ours, theirs, _) = on.pair();
            let epoll = Epoll::new(on);
            let copy = on.made(S, Call::Dup { fd: ours });
            epoll.tell(on, ADD, ours, IN);
            epoll.tell(on, ADD, copy, OUT);
            epoll.tell(on, ADD, copy, OUT);
            epoll.look(on);
            on.send(C, theirs, b"x");
            on.wait_for(S, ours, proto::call::PollEvents::IN);
            epoll.look(on);
            on.close(S, ours);
            epoll.look(on);
            epoll.tell(on, DELETE, ours, EpollEvents(0));
            epoll.tell(on, MODIFY, copy, IN);
            epoll.look(on);
            let again = on.udp(S);
            epoll.tell(on, ADD, again, OUT);
            epoll.look(on);
            on.close(S, copy);
            epoll.look(on);
            epoll.tell(on, DELETE, again, EpollEvents(0));
            epoll.look(on);
        }),
    ]
}

fn wrong() -> Vec<Case> {
    vec![
        case("what an epoll cannot do", |on| {
            let (epoll, other) = (Epoll::new(on), Epoll::new(on));
            let fd = on.udp(S);
            epoll.tell(on, MODIFY, fd, IN);
            epoll.tell(on, DELETE, fd, IN);
            epoll.tell(on, ADD, fd, IN);
            epoll.tell(on, ADD, fd, IN);
            epoll.tell(on, ADD, epoll.0, IN);
            epoll.tell(on, ADD, Fd(99), IN);
            epoll.tell(on, ADD, other.0, IN.with(EpollEvents::EXCLUSIVE));
            epoll.tell(on, ADD, other.0, IN);
            other.tell(on, ADD, epoll.0, IN);
            Epoll(fd).tell(on, ADD, epoll.0, IN);
            Epoll(fd).look(on);
            Epoll(Fd(99)).look(on);
            on.now(S, Call::EpollWait { fd: epoll.0, max: 0 });
        }),
        case("what cannot be done to an epoll", |on| {
            let epoll = Epoll::new(on).0;
            on.send(S, epoll, b"x");
            on.recv(S, epoll, 1);
            on.call(S, Call::Bind { fd: epoll, address: server(1) });
            on.call(S, Call::Listen { fd: epoll, backlog: 1 });
            on.call(S, Call::Accept { fd: epoll });
            on.call(S, Call::Connect { fd: epoll, address: server(1) });
            on.shutdown(S, epoll, How::Both);
            on.call(S, Call::GetSockName { fd: epoll });
            on.call(S, Call::GetPeerName { fd: epoll });
            on.get(S, epoll, proto::call::OptionName::Type);
            on.close(S, epoll);
            on.close(S, epoll);
        }),
        case("epolls of which each watches the next", |on| {
            let mut last = Epoll::new(on);
            for _ in 0..2 {
                let next = Epoll::new(on);
                next.tell(on, ADD, last.0, IN);
                last = next;
            }
            last.look(on);
        }),
    ]
}
