//! bind(2), listen(2), and who may have a port.

use proto::call::{Call, Family, Kind, OptionName, OptionValue};

use crate::script::{C, Case, S, Script, any, case, client, loopback, server};

const ON: OptionValue = OptionValue::Bool(true);

fn reusing(on: &mut Script) -> proto::id::Fd {
    let fd = on.tcp(S);
    on.set(S, fd, OptionName::ReuseAddr, ON);
    fd
}

/// A connection on port 12345 that the server, or the client, has closed first; then the server starts anew.
fn restart(on: &mut Script, server_first: bool, reuse: [bool; 2]) {
    let listener = on.tcp(S);
    if reuse[0] {
        on.set(S, listener, OptionName::ReuseAddr, ON);
    }
    on.bind(S, listener, any(12345));
    on.listen(S, listener, 5);
    let theirs = on.connected(C, server(12345));
    let ours = on.accept(S, listener);
    if server_first {
        on.close(S, ours);
        on.recv(C, theirs, 1);
        on.close(C, theirs);
    } else {
        on.close(C, theirs);
        on.recv(S, ours, 1);
        on.close(S, ours);
    }
    on.close(S, listener);
    let anew = on.tcp(S);
    if reuse[1] {
        on.set(S, anew, OptionName::ReuseAddr, ON);
    }
    on.bind(S, anew, any(12345));
    on.listen(S, anew, 5);
}

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("a port that somebody listens on is taken", |on| {
            on.listener(S, 12345, 5);
            let fd = on.tcp(S);
            on.bind(S, fd, any(12345));
        }),
        case("a port that is merely bound is taken", |on| {
            let fd = on.tcp(S);
            on.bind(S, fd, any(12345));
            let fd = on.tcp(S);
            on.bind(S, fd, server(12345));
        }),
        case("two addresses of one machine do not meet", |on| {
            let fd = on.tcp(S);
            on.bind(S, fd, loopback(12345));
            let fd = on.tcp(S);
            on.bind(S, fd, server(12345));
        }),
        case("SO_REUSEADDR on the second alone does not help", |on| {
            on.listener(S, 12345, 5);
            let fd = reusing(on);
            on.bind(S, fd, any(12345));
        }),
        case("both with SO_REUSEADDR bind, only one may listen", |on| {
            let (one, two) = (reusing(on), reusing(on));
            on.bind(S, one, any(12345));
            on.bind(S, two, any(12345));
            on.listen(S, one, 5);
            on.listen(S, two, 5);
        }),
        case("both with SO_REUSEPORT listen", |on| {
            for _ in 0..2 {
                let fd = on.tcp(S);
                on.set(S, fd, OptionName::ReusePort, ON);
                on.bind(S, fd, any(12345));
                on.listen(S, fd, 5);
            }
        }),
        case("an address of another machine", |on| {
            let fd = on.tcp(S);
            on.bind(S, fd, client(12345));
        }),
        case("ports below 1024 are for everybody here", |on| {
            let fd = on.tcp(S);
            on.bind(S, fd, any(80));
        }),
        case("a socket is bound once", |on| {
            let fd = on.tcp(S);
            on.bind(S, fd, any(12345));
            on.bind(S, fd, any(12346));
        }),
        case("accept before listen", |on| {
            let fd = on.tcp(S);
            on.bind(S, fd, any(12345));
            on.call(S, Call::Accept { fd });
        }),
        case("listen on a connected socket, and on one without a port", |on| {
            let (_, theirs, _) = on.pair();
            on.listen(C, theirs, 5);
            let fd = on.tcp(C);
            on.listen(C, fd, 5);
            on.call(C, Call::GetSockName { fd });
        }),
        case("port 0 lets the kernel choose", |on| {
            let fd = on.tcp(S);
            on.bind(S, fd, any(0));
            on.call(S, Call::GetSockName { fd });
        }),
        case("an address of the other family", |on| {
            let fd = on.tcp(S);
            on.call(S, Call::Bind { fd, address: "[::1]:12345".parse().unwrap() });
            on.call(S, Call::Connect { fd, address: "[::1]:12345".parse().unwrap() });
        }),
        case("IPv6 is switched off", |on| {
            on.call(S, Call::Socket { family: Family::Inet6, kind: Kind::Stream });
            let fd = proto::id::Fd(3);
            on.call(S, Call::Bind { fd, address: "[::1]:12345".parse().unwrap() });
            on.call(S, Call::Bind { fd, address: "[::]:12345".parse().unwrap() });
        }),
        case("the server closes first and starts anew: TIME_WAIT", |on| restart(on, true, [false, false])),
        case("with SO_REUSEADDR on the new one alone", |on| restart(on, true, [false, true])),
        case("with SO_REUSEADDR on the old one alone", |on| restart(on, true, [true, false])),
        case("with SO_REUSEADDR on both", |on| restart(on, true, [true, true])),
        case("the client closes first and the server starts anew", |on| restart(on, false, [false, false])),
        case("a descriptor that is closed, or never was", |on| {
            let fd = on.tcp(S);
            on.close(S, fd);
            on.call(S, Call::Close { fd });
            on.bind(S, fd, any(12345));
            on.recv(S, proto::id::Fd(77), 1);
        }),
    ]
}
