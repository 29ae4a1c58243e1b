//! FIN and RST: half-close, both at once, unread data, and what calls say afterwards.

use proto::call::{Call, How, OptionName};

use crate::script::{C, Case, S, case, server};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("the end of file comes after the data, and again", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"bye");
            on.close(C, theirs);
            on.recv(S, ours, 10);
            on.recv(S, ours, 10);
            on.recv(S, ours, 10);
            on.close(S, ours);
        }),
        case("half-close: the other direction lives on", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"question");
            on.shutdown(C, theirs, How::Write);
            on.recv(S, ours, 100);
            on.recv(S, ours, 100);
            on.send(S, ours, b"answer");
            on.recv(C, theirs, 100);
            on.send(C, theirs, b"more");
            on.close(S, ours);
            on.recv(C, theirs, 100);
            on.shutdown(C, theirs, How::Write);
            on.close(C, theirs);
        }),
        case("shutdown of reading: end of file at once", |on| {
            let (ours, theirs, _) = on.pair();
            on.shutdown(C, theirs, How::Read);
            on.recv(C, theirs, 10);
            on.send(S, ours, b"unheard");
            on.recv(C, theirs, 10);
            on.recv(C, theirs, 10);
        }),
        case("shutdown of both directions", |on| {
            let (ours, theirs, _) = on.pair();
            on.shutdown(C, theirs, How::Both);
            on.recv(C, theirs, 10);
            on.send(C, theirs, b"x");
            on.recv(S, ours, 10);
            on.shutdown(C, theirs, How::Both);
        }),
        case("close with unread data resets", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"nobody reads this");
            on.close(S, ours);
            on.recv(C, theirs, 10);
            on.recv(C, theirs, 10);
            on.send(C, theirs, b"x");
        }),
        case("close with SO_LINGER 0 resets", |on| {
            let (ours, theirs, _) = on.pair();
            on.reset(C, theirs);
            on.send(S, ours, b"x");
            on.send(S, ours, b"x");
            on.recv(S, ours, 10);
        }),
        case("after a reset SO_ERROR tells, once", |on| {
            let (ours, theirs, _) = on.pair();
            on.reset(C, theirs);
            on.get(S, ours, OptionName::Error);
            on.get(S, ours, OptionName::Error);
            on.recv(S, ours, 10);
            on.send(S, ours, b"x");
            on.call(S, Call::GetPeerName { fd: ours });
        }),
        case("a reset ends a recv that waits", |on| {
            let (ours, theirs, _) = on.pair();
            let waiting = on.begin(S, Call::Recv { fd: ours, flags: Default::default(), max: 10 });
            on.reset(C, theirs);
            on.end(waiting);
        }),
        case("data before a reset is lost", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"lost?");
            on.reset(C, theirs);
            on.recv(S, ours, 10);
            on.recv(S, ours, 10);
        }),
        case("writing twice to a peer that is gone", |on| {
            let (ours, theirs, _) = on.pair();
            on.close(C, theirs);
            on.send(S, ours, b"one");
            on.send(S, ours, b"two");
            on.recv(S, ours, 10);
            on.close(S, ours);
        }),
        case("closing a listener resets who waits in its queue", |on| {
            let listener = on.listener(S, 12345, 5);
            let theirs = on.connected(C, server(12345));
            on.close(S, listener);
            on.recv(C, theirs, 10);
            on.connected(C, server(12345));
        }),
        case("closing a listener leaves who was accepted", |on| {
            let (ours, theirs, listener) = on.pair();
            on.close(S, listener);
            on.send(S, ours, b"still here");
            on.recv(C, theirs, 100);
        }),
        case("a client that closes before it is accepted", |on| {
            let listener = on.listener(S, 12345, 5);
            let theirs = on.connected(C, server(12345));
            on.send(C, theirs, b"gone already");
            on.close(C, theirs);
            let ours = on.accept(S, listener);
            on.recv(S, ours, 100);
            on.recv(S, ours, 100);
        }),
        case("a client that resets before it is accepted", |on| {
            let listener = on.listener(S, 12345, 5);
            let theirs = on.connected(C, server(12345));
            on.reset(C, theirs);
            let ours = on.accept(S, listener);
            on.recv(S, ours, 100);
            on.recv(S, ours, 100);
        }),
        case("both close at the same time over a slow wire", |on| {
            let (ours, theirs, _) = on.pair();
            on.delay(50);
            on.close(S, ours);
            on.close(C, theirs);
            on.seen("s> FIN ACK", 1);
            on.seen("c> FIN ACK", 1);
            on.seen("s> ACK", 1);
        }),
        case("a call that waits holds its socket: no FIN before it returns", |on| {
            let (ours, theirs, _) = on.pair();
            let waiting = on.begin(S, Call::Recv { fd: ours, flags: Default::default(), max: 10 });
            on.close(S, ours);
            on.send(C, theirs, b"last words");
            on.end(waiting);
            on.recv(C, theirs, 10);
        }),
    ]
}
