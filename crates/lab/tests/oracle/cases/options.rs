//! Socket options as the kernel gives them back.

use proto::call::{OptionName, OptionValue};

use crate::script::{C, Case, S, case};

pub(crate) fn cases() -> Vec<Case> {
    vec![
        case("what a new socket has", |on| {
            let fd = on.tcp(C);
            for name in [
                OptionName::Type,
                OptionName::AcceptConn,
                OptionName::ReuseAddr,
                OptionName::NoDelay,
                OptionName::RcvBuf,
                OptionName::SndBuf,
                OptionName::Linger,
                OptionName::Ttl,
                OptionName::Error,
            ] {
                on.get(C, fd, name);
            }
            let fd = on.udp(C);
            on.get(C, fd, OptionName::Type);
        }),
        case("a buffer is doubled, and never too small", |on| {
            let fd = on.tcp(C);
            for size in [10_000, 1] {
                on.set(C, fd, OptionName::RcvBuf, OptionValue::Int(size));
                on.get(C, fd, OptionName::RcvBuf);
            }
        }),
        case("who listens says so, and children inherit", |on| {
            let fd = on.tcp(S);
            on.set(S, fd, OptionName::NoDelay, OptionValue::Bool(true));
            on.set(S, fd, OptionName::ReuseAddr, OptionValue::Bool(true));
            on.bind(S, fd, crate::script::any(12345));
            on.listen(S, fd, 1);
            on.get(S, fd, OptionName::AcceptConn);
            on.connected(C, crate::script::server(12345));
            let child = on.accept(S, fd);
            on.get(S, child, OptionName::NoDelay);
            on.get(S, child, OptionName::ReuseAddr);
        }),
        case("what is set is read back", |on| {
            let fd = on.tcp(C);
            on.set(C, fd, OptionName::Linger, OptionValue::Linger(Some(7)));
            on.get(C, fd, OptionName::Linger);
            on.set(C, fd, OptionName::Linger, OptionValue::Linger(None));
            on.get(C, fd, OptionName::Linger);
            on.set(C, fd, OptionName::UserTimeout, OptionValue::Int(1234));
            on.get(C, fd, OptionName::UserTimeout);
            // It is IPv6's, and this is no socket of IPv6.
            on.set(C, fd, OptionName::V6Only, OptionValue::Bool(true));
        }),
        case("a time, a name and a type of service are read back", |on| {
            let fd = on.tcp(C);
            on.get(C, fd, OptionName::RcvTimeo);
            let time = [1_i64, 500_000].map(i64::to_le_bytes).concat();
            on.set(C, fd, OptionName::RcvTimeo, OptionValue::Bytes(time));
            on.get(C, fd, OptionName::RcvTimeo);
            on.set(C, fd, OptionName::Congestion, OptionValue::Bytes(b"reno".to_vec()));
            on.get(C, fd, OptionName::Congestion);
            on.set(C, fd, OptionName::Congestion, OptionValue::Bytes(b"nosuch".to_vec()));
            on.set(C, fd, OptionName::Tos, OptionValue::Int(0x10));
            on.get(C, fd, OptionName::Tos);
        }),
        case("TCP's options are not UDP's", |on| {
            let fd = on.udp(C);
            on.set(C, fd, OptionName::NoDelay, OptionValue::Bool(true));
        }),
        case("a small receive buffer closes the window sooner", |on| {
            let fd = on.tcp(S);
            on.set(S, fd, OptionName::RcvBuf, OptionValue::Int(1));
            on.bind(S, fd, crate::script::any(12345));
            on.listen(S, fd, 1);
            let theirs = on.connected(C, crate::script::server(12345));
            let ours = on.accept(S, fd);
            on.send(C, theirs, &[7; 5000]);
            on.recv_with(S, ours, proto::call::Flags::WAITALL, 5000);
            on.only_results();
        }),
    ]
}
