//! poll(2)'s answers.

use proto::call::{Call, How, PollEvents};

use crate::script::{C, Case, S, case, loopback, server};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("a socket that is nothing yet", |on| {
            let fd = on.tcp(C);
            on.poll(C, fd);
            let fd = on.udp(C);
            on.poll(C, fd);
        }),
        case("a listener, without and with somebody in its queue", |on| {
            let listener = on.listener(S, 12345, 1);
            on.poll(S, listener);
            on.connected(C, server(12345));
            on.poll(S, listener);
            on.accept(S, listener);
            on.poll(S, listener);
        }),
        case("a connection through its life", |on| {
            let (ours, theirs, _) = on.pair();
            on.poll(S, ours);
            on.send(C, theirs, b"data");
            on.poll(S, ours);
            on.recv(S, ours, 10);
            on.poll(S, ours);
            on.shutdown(C, theirs, How::Write);
            on.poll(S, ours);
            on.poll(C, theirs);
            on.recv(S, ours, 10);
            on.poll(S, ours);
            on.shutdown(S, ours, How::Write);
            on.poll(S, ours);
            on.poll(C, theirs);
        }),
        case("a connection that was reset", |on| {
            let (ours, theirs, _) = on.pair();
            on.reset(C, theirs);
            on.poll(S, ours);
            on.recv(S, ours, 1);
            on.poll(S, ours);
        }),
        case("a refused connect", |on| {
            let fd = on.connected(C, loopback(9));
            on.poll(C, fd);
        }),
        case("poll wakes for what was asked", |on| {
            let (ours, theirs, listener) = on.pair();
            let fds = vec![(ours, PollEvents::IN), (listener, PollEvents::IN)];
            let waiting = on.begin(S, Call::Poll { fds });
            on.send(C, theirs, b"x");
            on.end(waiting);
        }),
        case("poll wakes for a connection", |on| {
            let listener = on.listener(S, 12345, 1);
            let waiting = on.begin(S, Call::Poll { fds: vec![(listener, PollEvents::IN)] });
            on.connected(C, server(12345));
            on.end(waiting);
        }),
        case("poll for nothing wakes for a hang-up", |on| {
            let (ours, theirs, _) = on.pair();
            let waiting = on.begin(S, Call::Poll { fds: vec![(ours, PollEvents(0))] });
            on.reset(C, theirs);
            on.end(waiting);
        }),
        case("poll for the peer's half-close", |on| {
            let (ours, theirs, _) = on.pair();
            let waiting = on.begin(S, Call::Poll { fds: vec![(ours, PollEvents::RDHUP)] });
            on.shutdown(C, theirs, How::Write);
            on.end(waiting);
        }),
        case("poll for urgent data", |on| {
            let (ours, theirs, _) = on.pair();
            let waiting = on.begin(S, Call::Poll { fds: vec![(ours, PollEvents::PRI)] });
            on.send_with(C, theirs, proto::call::Flags::OOB, b"!");
            on.end(waiting);
        }),
    ]
}
