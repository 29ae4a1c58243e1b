//! UDP.

use proto::call::{Call, OptionName, OptionValue};

use crate::script::{C, Case, S, any, case, client, elsewhere, loopback, server};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("a question and an answer", |on| {
            let (ours, theirs) = (on.udp(S), on.udp(C));
            on.bind(S, ours, any(5353));
            on.bind(C, theirs, any(5555));
            on.send_to(C, theirs, server(5353), b"question");
            on.recv_from(S, ours, 100);
            on.send_to(S, ours, client(5555), b"answer");
            on.recv_from(C, theirs, 100);
        }),
        case("a datagram is taken whole or cut", |on| {
            let (ours, theirs) = (on.udp(S), on.udp(C));
            on.bind(S, ours, any(5353));
            on.send_to(C, theirs, server(5353), b"too long");
            on.send_to(C, theirs, server(5353), b"next");
            on.send_to(C, theirs, server(5353), b"");
            on.recv(S, ours, 3);
            on.recv(S, ours, 100);
            on.recv(S, ours, 100);
            on.now(S, Call::Recv { fd: ours, flags: Default::default(), max: 1 });
        }),
        case("nobody there: the error comes with the next call", |on| {
            let fd = on.udp(C);
            on.connect(C, fd, server(9));
            on.send(C, fd, b"anybody?");
            on.send(C, fd, b"anybody?");
            on.send(C, fd, b"anybody?");
            on.recv(C, fd, 10);
        }),
        case("nobody there, unconnected: nothing is told", |on| {
            let fd = on.udp(C);
            on.send_to(C, fd, server(9), b"anybody?");
            on.send_to(C, fd, server(9), b"anybody?");
            on.get(C, fd, OptionName::Error);
        }),
        case("without an address there is nobody to send to", |on| {
            let fd = on.udp(C);
            on.send(C, fd, b"x");
            on.call(C, Call::GetPeerName { fd });
        }),
        case("UDP does not listen", |on| {
            let fd = on.udp(S);
            on.bind(S, fd, any(5353));
            on.listen(S, fd, 1);
            on.call(S, Call::Accept { fd });
        }),
        case("a connected socket hears only its peer", |on| {
            let (ours, theirs, other) = (on.udp(S), on.udp(C), on.udp(C));
            on.bind(S, ours, any(5353));
            on.bind(C, theirs, any(5555));
            on.connect(S, ours, client(5555));
            on.send_to(C, other, server(5353), b"unheard");
            on.send_to(C, theirs, server(5353), b"heard");
            on.recv_from(S, ours, 100);
            on.connect(S, ours, client(5556));
            on.call(S, Call::GetPeerName { fd: ours });
        }),
        case("broadcast has to be allowed", |on| {
            let fd = on.udp(C);
            on.send_to(C, fd, elsewhere(10, 0, 0, 255), b"everybody");
            on.set(C, fd, OptionName::Broadcast, OptionValue::Bool(true));
            on.send_to(C, fd, elsewhere(10, 0, 0, 255), b"everybody");
        }),
        case("a datagram that is too large", |on| {
            let fd = on.udp(C);
            on.send_to(C, fd, loopback(9), &[0; 65_508]);
        }),
        case("no way to anywhere else", |on| {
            let fd = on.udp(C);
            on.send_to(C, fd, elsewhere(8, 8, 8, 8), b"x");
            on.connect(C, fd, elsewhere(8, 8, 8, 8));
        }),
        case("two cannot have one port", |on| {
            let (one, two) = (on.udp(S), on.udp(S));
            on.bind(S, one, any(5353));
            on.bind(S, two, any(5353));
        }),
    ]
}
