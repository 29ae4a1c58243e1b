//! connect(2): refused, unreachable, timed out, and what a socket is afterwards.

use proto::{
    call::{Call, OptionName, OptionValue, PollEvents},
    errno::Errno,
    message::Sysctl,
};

use crate::script::{C, Case, S, any, case, client, elsewhere, loopback, server};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("a port nobody listens on refuses", |on| {
            let fd = on.connected(C, server(9));
            on.call(C, Call::GetPeerName { fd });
        }),
        case("over the loopback too", |on| {
            on.connected(C, loopback(9));
        }),
        case("port 0", |on| {
            on.connected(C, server(0));
        }),
        case("a socket that was refused may try again", |on| {
            let fd = on.connected(C, server(12345));
            on.listener(S, 12345, 1);
            on.connect(C, fd, server(12345));
            on.connect(C, fd, server(12345));
        }),
        case("without waiting, refused: SO_ERROR tells, once", |on| {
            let fd = on.tcp(C);
            on.now(C, Call::Connect { fd, address: server(9) });
            on.wait_for(C, fd, PollEvents::OUT);
            on.poll(C, fd);
            on.get(C, fd, OptionName::Error);
            on.get(C, fd, OptionName::Error);
            on.now(C, Call::Connect { fd, address: server(9) });
        }),
        case("without waiting, over a slow wire", |on| {
            on.listener(S, 12345, 1);
            on.delay(50);
            let fd = on.tcp(C);
            on.now(C, Call::Connect { fd, address: server(12345) });
            on.now(C, Call::Connect { fd, address: server(12345) });
            on.poll(C, fd);
            on.now(C, Call::Recv { fd, flags: Default::default(), max: 1 });
            on.wait_for(C, fd, PollEvents::OUT);
            on.get(C, fd, OptionName::Error);
            on.now(C, Call::Connect { fd, address: server(12345) });
            on.now(C, Call::Connect { fd, address: server(12345) });
        }),
        case("connect goes on with one that did not wait", |on| {
            on.listener(S, 12345, 1);
            on.delay(50);
            let fd = on.tcp(C);
            on.now(C, Call::Connect { fd, address: server(12345) });
            on.connect(C, fd, server(12345));
            on.connect(C, fd, server(12345));
        }),
        case("addresses to which there is no way", |on| {
            for address in [
                elsewhere(8, 8, 8, 8),
                elsewhere(192, 168, 1, 1),
                elsewhere(169, 254, 1, 1),
                elsewhere(10, 1, 0, 1),
            ] {
                on.connected(C, address);
            }
        }),
        case("many at once are nobody to connect to", |on| {
            for address in [elsewhere(224, 0, 0, 1), elsewhere(255, 255, 255, 255), elsewhere(10, 0, 0, 255)]
            {
                on.connected(C, address);
            }
        }),
        case("0.0.0.0 is this machine", |on| {
            let listener = on.listener(C, 12345, 1);
            on.connected(C, any(12345));
            on.accept(C, listener);
        }),
        case("a cut cable: the kernel gives up", |on| {
            on.sysctl(C, Sysctl::SynRetries, 1);
            on.listener(S, 12345, 1);
            on.cut(S);
            let fd = on.connected(C, server(12345));
            on.connect(C, fd, loopback(9));
        }),
        case("TCP_USER_TIMEOUT gives up sooner", |on| {
            on.cut(S);
            let fd = on.tcp(C);
            on.set(C, fd, OptionName::UserTimeout, OptionValue::Int(1500));
            on.connect(C, fd, server(12345));
        }),
        case("a connected socket stays with its peer", |on| {
            let (ours, theirs, listener) = on.pair();
            on.connect(C, theirs, server(12345));
            on.connect(C, theirs, server(9));
            on.connect(S, listener, client(9));
            on.connect(S, ours, client(9));
            on.bind(C, theirs, any(1));
            on.call(C, Call::Accept { fd: theirs });
        }),
        case("a socket whose connection was reset stays what it was", |on| {
            let (ours, theirs, _) = on.pair();
            on.reset(S, ours);
            on.recv(C, theirs, 1);
            on.connect(C, theirs, server(12345));
        }),
        case("a socket that is not connected", |on| {
            let fd = on.tcp(C);
            on.recv(C, fd, 1);
            on.send(C, fd, b"x");
            on.call(C, Call::GetPeerName { fd });
            on.call(C, Call::GetSockName { fd });
            on.shutdown(C, fd, proto::call::How::Write);
            on.get(C, fd, OptionName::Error);
        }),
        case("both ends have names", |on| {
            let (ours, theirs, listener) = on.pair();
            for (side, fd) in [(S, ours), (C, theirs)] {
                on.call(side, Call::GetSockName { fd });
                on.call(side, Call::GetPeerName { fd });
            }
            on.call(S, Call::GetSockName { fd: listener });
            on.call(S, Call::GetPeerName { fd: listener });
        }),
        case("a bound socket connects from its port", |on| {
            let listener = on.listener(S, 12345, 1);
            let fd = on.tcp(C);
            on.bind(C, fd, any(5555));
            on.connect(C, fd, server(12345));
            on.accept(S, listener);
            let again = on.tcp(C);
            on.bind(C, again, any(5555));
        }),
        case("a socket may meet itself", |on| {
            let fd = on.tcp(C);
            on.bind(C, fd, loopback(5555));
            on.connect(C, fd, loopback(5555));
            on.send(C, fd, b"echo");
            on.recv(C, fd, 10);
        }),
        case("a listener on the loopback is not on the wire", |on| {
            let fd = on.tcp(S);
            on.bind(S, fd, loopback(12345));
            on.listen(S, fd, 1);
            on.connected(C, server(12345));
        }),
        case("two that connect to each other at the same time", |on| {
            on.delay(50);
            let (one, two) = (on.tcp(C), on.tcp(S));
            on.bind(C, one, client(5555));
            on.bind(S, two, server(6666));
            let first = on.begin(C, Call::Connect { fd: one, address: server(6666) });
            let second = on.begin(S, Call::Connect { fd: two, address: client(5555) });
            on.end(first);
            on.end(second);
            on.send(C, one, b"hello");
            on.recv(S, two, 10);
        }),
        case("errors wear off", |on| {
            let fd = on.tcp(C);
            on.now(C, Call::Connect { fd, address: server(9) });
            on.wait_for(C, fd, PollEvents::OUT);
            on.recv(C, fd, 1);
            on.recv(C, fd, 1);
            let errno = OptionValue::Int(Errno::ECONNREFUSED.0);
            on.set(C, fd, OptionName::RcvBuf, errno);
        }),
    ]
}
