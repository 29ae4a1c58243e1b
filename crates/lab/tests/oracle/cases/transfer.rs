//! send(2) and recv(2) with their flags.

use proto::call::{Call, Flags, How, OptionName, OptionValue, PollEvents};

use crate::script::{C, Case, S, case};

const ON: OptionValue = OptionValue::Bool(true);

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("a stream has no messages", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"one");
            on.send(C, theirs, b"two");
            on.recv(S, ours, 4);
            on.recv(S, ours, 100);
        }),
        case("recv waits for data", |on| {
            let (ours, theirs, _) = on.pair();
            let waiting = on.begin(S, Call::Recv { fd: ours, flags: Flags::default(), max: 100 });
            on.send(C, theirs, b"here");
            on.end(waiting);
        }),
        case("recv without waiting, with nothing there", |on| {
            let (ours, _, _) = on.pair();
            on.now(S, Call::Recv { fd: ours, flags: Flags::default(), max: 100 });
            on.recv_with(S, ours, Flags::DONTWAIT, 100);
        }),
        case("MSG_PEEK takes nothing", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"look");
            on.recv_with(S, ours, Flags::PEEK, 2);
            on.recv_with(S, ours, Flags::PEEK, 100);
            on.recv(S, ours, 100);
            on.recv_with(S, ours, Flags::PEEK.with(Flags::DONTWAIT), 100);
        }),
        case("MSG_PEEK at the end of file does not use it up", |on| {
            let (ours, theirs, _) = on.pair();
            on.shutdown(C, theirs, How::Write);
            on.recv_with(S, ours, Flags::PEEK, 100);
            on.recv_with(S, ours, Flags::PEEK, 100);
            on.recv(S, ours, 100);
        }),
        case("MSG_WAITALL waits for all", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"first");
            let waiting = on.begin(S, Call::Recv { fd: ours, flags: Flags::WAITALL, max: 11 });
            on.send(C, theirs, b"second");
            on.end(waiting);
        }),
        case("MSG_WAITALL returns what there is at the end of file", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"first");
            let waiting = on.begin(S, Call::Recv { fd: ours, flags: Flags::WAITALL, max: 11 });
            on.shutdown(C, theirs, How::Write);
            on.end(waiting);
            on.recv(S, ours, 10);
        }),
        case("MSG_WAITALL returns what there is at a reset, which is told next", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"first");
            let waiting = on.begin(S, Call::Recv { fd: ours, flags: Flags::WAITALL, max: 11 });
            on.reset(C, theirs);
            on.end(waiting);
            on.recv(S, ours, 10);
            on.recv(S, ours, 10);
        }),
        case("MSG_WAITALL with MSG_DONTWAIT takes what there is", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"first");
            on.recv_with(S, ours, Flags::WAITALL.with(Flags::DONTWAIT), 11);
            on.recv_with(S, ours, Flags::WAITALL.with(Flags::DONTWAIT), 11);
        }),
        case("MSG_MORE sends no short segment yet", |on| {
            let (ours, theirs, _) = on.pair();
            on.send_with(C, theirs, Flags::MORE, b"head ");
            on.send(C, theirs, b"and tail");
            on.recv(S, ours, 100);
        }),
        case("TCP_CORK holds until it is taken out", |on| {
            let (ours, theirs, _) = on.pair();
            on.set(C, theirs, OptionName::Cork, ON);
            on.send(C, theirs, b"one");
            on.send(C, theirs, b"two");
            on.now(S, Call::Recv { fd: ours, flags: Flags::default(), max: 100 });
            on.set(C, theirs, OptionName::Cork, OptionValue::Bool(false));
            on.recv(S, ours, 100);
        }),
        case("the urgent byte comes apart from the others", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"ab");
            on.send_with(C, theirs, Flags::OOB, b"!");
            on.send(C, theirs, b"cd");
            on.poll(S, ours);
            on.recv(S, ours, 100);
            on.recv_with(S, ours, Flags::OOB, 1);
            on.recv(S, ours, 100);
            on.recv_with(S, ours, Flags::OOB, 1);
        }),
        case("urgent data: only the last byte is", |on| {
            let (ours, theirs, _) = on.pair();
            on.send_with(C, theirs, Flags::OOB, b"xyz");
            on.recv_with(S, ours, Flags::OOB, 10);
            on.recv(S, ours, 10);
        }),
        case("no urgent byte", |on| {
            let (ours, _, _) = on.pair();
            on.recv_with(S, ours, Flags::OOB, 1);
        }),
        case("SO_OOBINLINE keeps the urgent byte in its place", |on| {
            let (ours, theirs, _) = on.pair();
            on.set(S, ours, OptionName::OobInline, ON);
            on.send(C, theirs, b"a");
            on.send_with(C, theirs, Flags::OOB, b"!");
            on.recv(S, ours, 10);
            on.recv(S, ours, 10);
            on.recv_with(S, ours, Flags::OOB, 1);
        }),
        case("nothing sent, nothing asked for", |on| {
            let (ours, theirs, _) = on.pair();
            on.send(C, theirs, b"");
            on.send(C, theirs, b"x");
            on.recv(S, ours, 0);
            on.recv(S, ours, 1);
        }),
        case("sendto and recvfrom on a stream", |on| {
            let (ours, theirs, _) = on.pair();
            on.send_to(C, theirs, crate::script::server(9), b"to whom?");
            on.recv_from(S, ours, 100);
            let fd = on.tcp(C);
            on.send_to(C, fd, crate::script::server(12345), b"x");
        }),
        case("a bulk send waits until all is taken", |on| {
            let (ours, theirs, _) = on.pair();
            let call = Call::Send { fd: theirs, flags: Flags::default(), length: 300_000 };
            let sending = on.begin_with(C, call, &[7; 300_000]);
            on.recv_with(S, ours, Flags::WAITALL, 300_000);
            on.end(sending);
            on.only_results();
        }),
        case("a send that is cut short tells what went; the error comes next", |on| {
            let (ours, theirs, _) = on.pair();
            let call = Call::Send { fd: theirs, flags: Flags::default(), length: 1_000_000 };
            let sending = on.begin_with(C, call, &[7; 1_000_000]);
            on.reset(S, ours);
            on.end(sending);
            on.send(C, theirs, b"x");
            on.send(C, theirs, b"x");
            on.recv(C, theirs, 1);
            on.only_results();
        }),
        case("a full pipe without waiting", |on| {
            let (_, theirs, _) = on.pair();
            let full = vec![7; 1_000_000];
            on.send_with(C, theirs, Flags::DONTWAIT, &full);
            on.send_with(C, theirs, Flags::DONTWAIT, b"x");
            on.poll(C, theirs);
            on.only_results();
        }),
        case("a peer that reads again wakes poll", |on| {
            let (ours, theirs, _) = on.pair();
            on.send_with(C, theirs, Flags::DONTWAIT, &vec![7; 1_000_000]);
            let polling = on.begin(C, Call::Poll { fds: vec![(theirs, PollEvents::OUT)] });
            on.recv_with(S, ours, Flags::WAITALL, 30_000);
            on.end(polling);
            on.only_results();
        }),
    ]
}
