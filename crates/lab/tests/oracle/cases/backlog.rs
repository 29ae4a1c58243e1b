//! listen(n) holds n + 1 connections; what comes then goes unanswered.

use proto::{
    call::{Call, Flags},
    message::Sysctl,
};

use crate::script::{C, Case, S, Script, case, server};

/// Fills the queue, has one more try, and makes room for it.
fn fill(on: &mut Script, backlog: i32) {
    let listener = on.listener(S, 12345, backlog);
    for _ in 0..=backlog {
        on.connected(C, server(12345));
    }
    let fd = on.tcp(C);
    let late = on.begin(C, Call::Connect { fd, address: server(12345) });
    // Its SYN arrives, is dropped without a word, and is sent again.
    let syns = usize::try_from(backlog).unwrap() + 1 + 2;
    on.seen("c> SYN", syns);
    on.accept(S, listener);
    on.end(late);
    on.accept(S, listener);
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("listen(0) holds one", |on| fill(on, 0)),
        case("listen(1) holds two", |on| fill(on, 1)),
        case("listen(2) holds three", |on| fill(on, 2)),
        case("listen(5) holds six", |on| fill(on, 5)),
        case("abort on overflow changes nothing for one after another", |on| {
            on.sysctl(S, Sysctl::AbortOnOverflow, 1);
            fill(on, 1);
        }),
        case("without SYN cookies it is the same", |on| {
            on.sysctl(S, Sysctl::SynCookies, 0);
            fill(on, 1);
        }),
        case("a queue too full for a handshake under way: the client believes it stands", |on| {
            on.sysctl(S, Sysctl::SynCookies, 0);
            late_acknowledgments(on);
            // Its data goes unanswered, until the server forgets it.
            on.only_results();
        }),
        case("the same with abort on overflow: reset after the handshake", |on| {
            on.sysctl(S, Sysctl::AbortOnOverflow, 1);
            on.sysctl(S, Sysctl::SynCookies, 0);
            let fds = late_acknowledgments(on);
            on.seen("s> RST", 1);
            on.recv(C, fds[1], 10);
            on.recv(C, fds[1], 10);
            on.only_results();
        }),
        case("data to a connection nobody has accepted is taken", |on| {
            let listener = on.listener(S, 12345, 1);
            let theirs = on.connected(C, server(12345));
            on.send(C, theirs, b"early");
            let ours = on.accept(S, listener);
            on.recv(S, ours, 10);
        }),
        case("accept without waiting, with nobody there", |on| {
            let listener = on.listener(S, 12345, 1);
            on.now(S, Call::Accept { fd: listener });
            on.connected(C, server(12345));
            on.now(S, Call::Accept { fd: listener });
        }),
        case("accept waits for a connection", |on| {
            let listener = on.listener(S, 12345, 1);
            let accepting = on.begin(S, Call::Accept { fd: listener });
            let fd = on.connected(C, server(12345));
            on.end(accepting);
            on.call(C, Call::Send { fd, flags: Flags::default(), length: 0 });
        }),
    ]
}

/// One place left, and two handshakes at once over a slow wire. Gives the clients' two sockets.
fn late_acknowledgments(on: &mut Script) -> [proto::id::Fd; 2] {
    on.listener(S, 12345, 1);
    on.connected(C, server(12345));
    on.delay(50);
    let fds = [on.tcp(C), on.tcp(C)];
    let both = fds.map(|fd| on.begin(C, Call::Connect { fd, address: server(12345) }));
    both.into_iter().for_each(|begun| on.end(begun));
    fds
}
