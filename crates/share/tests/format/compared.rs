//! Two recordings side by side: what is the same, what may differ, and that any two can be laid so.

use std::net::{IpAddr, SocketAddr};

use proptest::prelude::*;
use proto::{
    call::{Call, Flags, Outcome, PollEvents, Value},
    id::{CallRef, Fd, HostId, MemberId, PacketId, ProgramId},
    trace::{CallBegin, CallEnd, Cause, Data, Event, Fate, Link, Packet, Tcp, TcpFlags, Transport, What},
};
use share::{Comparison, FILLED, Header, Recording, compare, read};

use super::extreme;

proptest! {
    #[test]
    fn whatever_is_in_them_two_recordings_compare(before in extreme::file(), now in extreme::file()) {
        let (before, now) = (read(before.as_bytes()).unwrap(), read(now.as_bytes()).unwrap());
        prop_assert_eq!((before.unknown, now.unknown), (0, 0), "a file of these has nothing that is not known");
        prop_assert!(compare(&before, &before).is_equal());
        let found = compare(&before, &now);
        prop_assert!(found.before.len() <= before.events.len() && found.now.len() <= now.events.len());
        prop_assert!(found.per_mille() <= 1000);
    }
}

fn recording(whats: Vec<What>) -> Recording {
    let events = whats.into_iter().zip(1..).map(|(what, seq)| Event { seq, time: seq, what });
    Recording { header: Header::default(), events: events.collect(), unknown: 0 }
}

fn data(bytes: &[u8]) -> Data {
    Data { length: bytes.len() as u32, bytes: bytes.to_vec() }
}

/// A call and its end.
fn done(call: Call, sent: Data, outcome: Value, received: Data) -> Vec<What> {
    let begin = CallBegin {
        id: CallRef(1),
        by: Some(MemberId(1)),
        host: HostId(1),
        program: ProgramId(1),
        call,
        data: sent,
        socket: None,
        line: None,
        thread: None,
    };
    let outcome: Outcome = Ok(outcome);
    let end = CallEnd { id: CallRef(1), outcome, data: received, socket: None, elapsed: 1, outside: false };
    vec![What::CallBegin(begin), What::CallEnd(end)]
}

fn received(bytes: &[u8]) -> Vec<What> {
    let length = bytes.len() as u32;
    let call = Call::Recv { fd: Fd(3), flags: Flags::default(), max: 1000 };
    done(call, Data::default(), Value::Received { length }, data(bytes))
}

fn sent(length: u32, bytes: &[u8]) -> Vec<What> {
    let call = Call::Send { fd: Fd(3), flags: Flags::default(), length };
    done(call, Data { length, bytes: bytes.to_vec() }, Value::Sent(length), Data::default())
}

/// A segment with these bytes, from the port that the kernel chose.
fn segment(port: u16, sequence: u32, bytes: &[u8]) -> Vec<What> {
    let ip = |last| IpAddr::from([10, 0, 0, last]);
    let tcp = Tcp {
        src_port: port,
        dst_port: 80,
        sequence,
        acknowledgment: sequence,
        flags: TcpFlags::ACK,
        window: 1,
        urgent: 0,
        options: Vec::new(),
    };
    vec![What::Packet(Packet {
        id: PacketId(1),
        link: Link::Wire,
        from: Some(HostId(2)),
        to: Some(HostId(1)),
        src: ip(2),
        dst: ip(1),
        transport: Transport::Tcp(tcp),
        data: data(bytes),
        cause: Cause::Timer,
        copy_of: None,
        fate: Fate::Delivered,
    })]
}

fn compared(before: Vec<What>, now: Vec<What>) -> Comparison {
    compare(&recording(before), &recording(now))
}

/// What happened then alone and now alone.
fn differ(before: Vec<What>, now: Vec<What>) -> (String, String) {
    let found = compared(before, now);
    assert_eq!((found.before.len(), found.now.len()), (1, 1), "{found:?}");
    (found.before[0].text.clone(), found.now[0].text.clone())
}

#[test]
fn other_bytes_of_the_same_length_are_a_difference_and_are_shown() {
    let (before, now) = differ(received(b"hello"), received(b"jello"));
    assert!(before.ends_with("5 bytes \"hello\"") && now.ends_with("5 bytes \"jello\""), "{before} {now}");
    let (before, now) = differ(sent(5, b"hello"), sent(5, b"h\x1b[2m"));
    assert!(before.ends_with("\"hello\"") && now.ends_with(r#""h\x1b[2m""#), "{before} {now}");
    let (before, now) = differ(segment(40_000, 1, b"hello"), segment(40_000, 1, b"jello"));
    assert!(before.contains("hello") && now.contains("jello"), "{before} {now}");
}

#[test]
fn what_may_differ_does() {
    assert!(
        compared(segment(40_000, 1, b"hello"), segment(50_000, 9, b"hello")).is_equal(),
        "ports and numbers"
    );
    let clock =
        |time: &str| received(format!("HTTP/1.1 200 OK\r\nDate: Sun, {time} GMT\r\n\r\nhello").as_bytes());
    assert!(compared(clock("29 Nov 2026 12:34:56"), clock("30 Nov 2026 01:02:03")).is_equal(), "times");
    assert!(!compared(clock("29 Nov 2026 12:34:56"), clock("30 Nov 2026 at night.")).is_equal());
}

/// Which of two connections is first is the kernel's affair: their packets are laid beside those of the same one.
#[test]
fn connections_to_other_ports_are_the_same_in_either_order() {
    let to = |from: u16, port: u16| {
        let mut whats = segment(from, 7, b"hello");
        if let What::Packet(Packet { transport: Transport::Tcp(tcp), .. }) = &mut whats[0] {
            tcp.dst_port = port;
        }
        whats
    };
    let before = [to(40_000, 80), to(40_001, 81), to(40_000, 80)].concat();
    let now = [to(50_009, 81), to(50_008, 80), to(50_008, 80)].concat();
    assert_eq!(compared(before.clone(), now.clone()).per_mille(), 666, "their order on the wire is another");
    let (was, is) = differ(before, now);
    assert!(was == is && was.contains("ACK chosen-8"), "{was} {is}");
}

/// What an ICMP message says on of a packet is compared but for what each packet has anew.
#[test]
fn a_packet_that_is_quoted_is_compared_without_what_is_new_each_time() {
    let quoting = |id: u8, port: u16, sequence: u8, to: u8| {
        let port = port.to_be_bytes();
        #[rustfmt::skip]
        let bytes = [
            0x45, 0, 0, 60, id, id, 0x40, 0, 64, 6, id, 1, 10, 0, 0, 2, 10, 0, 0, to,
            port[0], port[1], 0, 80, sequence, 1, 2, 3,
        ];
        let mut whats = segment(40_000, 1, &bytes);
        if let What::Packet(packet) = &mut whats[0] {
            packet.transport = Transport::Icmp { kind: 3, code: 1, words: "host unreachable".to_owned() };
        }
        whats
    };
    assert!(compared(quoting(1, 40_000, 7, 77), quoting(2, 50_000, 8, 77)).is_equal());
    for other in [quoting(1, 40_000, 7, 78), quoting(1, 1234, 7, 77)] {
        assert!(!compared(quoting(1, 40_000, 7, 77), other).is_equal());
    }
}

#[test]
fn what_the_first_recording_does_not_have_is_not_told_to_be_different() {
    let known = [b'x'; 512];
    let before = || [sent(600, &known), segment(40_000, 1, b"what nobody kept")].concat();
    let now = [sent(600, &known), segment(40_000, 1, &[FILLED; 16])].concat();
    assert!(compared(before(), now).is_equal());
    // Where everything that was sent is known, dots are dots.
    differ(
        [sent(5, b"hello"), segment(40_000, 1, b"hello")].concat(),
        [sent(5, b"hello"), segment(40_000, 1, b".....")].concat(),
    );
}

#[test]
fn which_descriptor_is_ready_and_for_what_is_compared_by_its_place() {
    let poll = |numbers: [i32; 2], ready: &[(i32, PollEvents)]| {
        let fds = numbers.map(|fd| (Fd(fd), PollEvents::IN)).to_vec();
        let ready = ready.iter().map(|(fd, events)| (Fd(*fd), *events)).collect();
        done(Call::Poll { fds }, Data::default(), Value::Ready(ready), Data::default())
    };
    let first = || poll([3, 4], &[(3, PollEvents::IN)]);
    assert!(compared(first(), poll([5, 9], &[(5, PollEvents::IN)])).is_equal(), "numbers are the room's");
    let (before, now) = differ(first(), poll([3, 4], &[(4, PollEvents::IN)]));
    assert!(before.contains("POLLIN at 1 of 2") && now.contains("POLLIN at 2 of 2"), "{before} {now}");
    differ(first(), poll([3, 4], &[(3, PollEvents::HUP)]));
    differ(first(), poll([3, 4], &[]));
}

#[test]
fn other_addresses_of_a_name_are_a_difference() {
    let resolved = |last: u8| {
        let call = Call::Resolve { name: "server".into(), family: None, port: 80 };
        let addresses = vec![SocketAddr::from(([10, 0, 0, last], 0)).ip()];
        done(call, Data::default(), Value::Addresses { addresses, from_room: true }, Data::default())
    };
    assert!(compared(resolved(1), resolved(1)).is_equal());
    let (before, now) = differ(resolved(1), resolved(2));
    assert!(before.ends_with("10.0.0.1") && now.ends_with("10.0.0.2"), "{before} {now}");
}
