//! The wire in somebody's hands: held, stepped, limited.

use std::time::Duration;

use lab::{RoomLimits, mailbox};
use proto::{
    call::{Call, CallError, Flags, Value, Wait},
    errno::Errno,
    id::PacketId,
    message::{HostCommand, Sysctl, WireCommand},
    room::Role,
    trace::{Event, Fate, TcpFlags, What},
};

use crate::harness::{CLIENT, SERVER, Stage, has, lines, on, packets, stage, stage_limited};

fn protocol(rule: &str) -> Result<Value, CallError> {
    Err(CallError::Protocol { rule: rule.into() })
}

#[tokio::test]
async fn a_held_handshake_goes_on_packet_by_packet() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(CLIENT).await);
    stage.listener(server, 12345, 5).await;
    assert_eq!(stage.wire(WireCommand::Step).await, protocol("nothing is held"));
    assert_eq!(stage.wire(WireCommand::Hold).await, Ok(Value::Done));
    let fd = stage.socket(client).await;
    let connecting =
        stage.begin(client, Call::Connect { fd, address: on(1, 12345) }, Wait::Forever, b"").await;
    let events = stage.trace_until(|events| !packets(events).is_empty()).await;
    let syn = packets(&events)[0].clone();
    assert_eq!((has(&syn, TcpFlags::SYN), syn.fate), (true, Fate::Held));
    // The kernel's repeat joins it as a copy.
    stage.trace_until(|events| packets(events).iter().any(|packet| packet.copy_of == Some(syn.id))).await;
    assert_eq!(stage.wire(WireCommand::Step).await, Ok(Value::Done), "the SYN");
    let is_answer = |packet: &&proto::trace::Packet| has(packet, TcpFlags::SYN) && has(packet, TcpFlags::ACK);
    let events = stage.trace_until(|events| packets(events).iter().any(is_answer)).await;
    let answer = packets(&events).into_iter().find(is_answer).unwrap().id;
    assert_eq!(stage.wire(WireCommand::Drop(answer)).await, Ok(Value::Done));
    assert_eq!(stage.wire(WireCommand::Drop(answer)).await, protocol("this packet is not held"));
    assert_eq!(stage.wire(WireCommand::Deliver(PacketId(9999))).await, protocol("this packet is not held"));
    let again = |packet: &&proto::trace::Packet| packet.copy_of == Some(answer);
    let events = stage.trace_until(|events| packets(events).iter().any(again)).await;
    let again = packets(&events).into_iter().find(again).unwrap().id;
    assert_eq!(stage.wire(WireCommand::Deliver(again)).await, Ok(Value::Done));
    assert_eq!(stage.result(connecting).await.0, Ok(Value::Done));
    assert_eq!(stage.wire(WireCommand::Release).await, Ok(Value::Done));
    let events = stage.events();
    let superseded = events.iter().any(
        |event| matches!(&event.what, What::Fate(fate) if fate.fate == Fate::Superseded && fate.id != syn.id),
    );
    assert!(superseded, "{}", lines(&events));
}

#[tokio::test]
async fn a_hold_ends_by_itself_and_says_so() {
    let limits = RoomLimits { hold: Duration::from_millis(300), ..RoomLimits::default() };
    let Some(mut stage) = stage_limited(limits).await else { return };
    assert_eq!(stage.wire(WireCommand::Hold).await, Ok(Value::Done));
    let ended = |event: &Event| {
        matches!(&event.what, What::Wire { by: None, settings, rule: Some(rule) }
            if !settings.held && rule == "hold-ms")
    };
    stage.trace_until(|events| events.iter().any(ended)).await;
    let (server, _, ours, theirs, _) = stage.pair().await;
    assert_eq!(stage.send(server, ours, b"on").await, Ok(Value::Sent(2)));
    let _ = theirs;
}

#[tokio::test]
async fn wire_settings_that_make_no_sense_are_refused() {
    let Some(mut stage) = stage().await else { return };
    let set = |delay_ms, loss| WireCommand::Set { delay_ms, loss, seed: None };
    for delay in [-1.0, 1e9, f64::NAN] {
        let refused = stage.wire(set(Some(delay), None)).await;
        assert_eq!(refused, Err(CallError::Limit { limit: "wire-delay-ms".into(), value: 10_000 }));
    }
    for loss in [-0.1, 2.0, f64::NAN] {
        assert_eq!(stage.wire(set(None, Some(loss))).await, protocol("loss is a probability from 0 to 1"));
    }
}

/// Waits until the kernel has sent the SYN of a connect from `last` three times more: seven seconds.
async fn three_repeats(stage: &Stage, last: u8) {
    let from = on(last, 0).ip().unwrap();
    let repeats = |events: &[Event]| {
        packets(events).iter().filter(|packet| packet.copy_of.is_some() && packet.src == from).count()
    };
    stage.trace_until(|events| repeats(events) >= 3).await;
}

#[tokio::test]
async fn who_comes_while_the_wire_is_held_is_as_patient_as_the_others() {
    let Some(mut stage) = stage().await else { return };
    let impatient = || HostCommand::Sysctl { name: Sysctl::SynRetries, value: 1 };
    stage.machine(CLIENT, impatient()).await.expect("set");
    assert_eq!(stage.wire(WireCommand::Hold).await, Ok(Value::Done));
    stage.machine(CLIENT, HostCommand::FreshNetwork).await.expect("fresh");
    let (mailbox, _deliveries) = mailbox();
    let guest = stage.room.join("guest".into(), Role::Participant, mailbox).await.expect("joined");
    let guests = stage.room.directory().await.unwrap().members.into_iter().find(|m| m.id == guest);
    let guests = guests.and_then(|member| member.host).expect("a machine");
    // While the wire is held this waits for its release.
    stage.machine(guests, impatient()).await.expect("set");
    for (host, last) in [(CLIENT, 2), (guests, 11)] {
        let program = stage.program(host).await;
        let fd = stage.socket(program).await;
        stage.begin(program, Call::Connect { fd, address: on(1, 12345) }, Wait::Forever, b"").await;
        if host == guests {
            three_repeats(&stage, last).await;
        }
    }
    three_repeats(&stage, 2).await;
    assert_eq!(stage.wire(WireCommand::Release).await, Ok(Value::Done));
    // A setting outlives the network it was made in.
    stage.machine(CLIENT, HostCommand::FreshNetwork).await.expect("fresh");
    stage.machine(SERVER, HostCommand::Cable(false)).await.expect("cut");
    let program = stage.program(CLIENT).await;
    let fd = stage.socket(program).await;
    let error = stage.connect(program, fd, on(1, 12345)).await;
    assert_eq!(error, Err(CallError::errno(Errno::ETIMEDOUT)), "after one repeat: three seconds");
}

#[tokio::test]
async fn a_fresh_network_is_free_of_time_wait_and_a_cut_cable_stays_cut() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, listener) = stage.pair().await;
    for (program, fd) in [(server, ours), (client, theirs), (server, listener)] {
        stage.call(program, Call::Close { fd }).await.expect("closed");
    }
    let fd = stage.socket(server).await;
    let bind = Call::Bind { fd, address: on(1, 12345) };
    assert_eq!(stage.call(server, bind).await, Err(CallError::errno(Errno::EADDRINUSE)));
    stage.machine(SERVER, HostCommand::Cable(false)).await.expect("cut");
    stage.machine(SERVER, HostCommand::FreshNetwork).await.expect("fresh");
    let listening = stage.listener(server, 12345, 1).await;
    let fd = stage.socket(client).await;
    let id = stage.begin(client, Call::Connect { fd, address: on(1, 12345) }, Wait::Millis(50), b"").await;
    assert_eq!(stage.result(id).await.0, Err(CallError::TimedOut { taken: 0 }));
    stage.machine(SERVER, HostCommand::Cable(true)).await.expect("mended");
    stage.accept(server, listening).await;
}

#[tokio::test]
async fn a_rate_delays_and_loses_nothing() {
    let limits = RoomLimits { bytes_per_second: 200_000, ..RoomLimits::default() };
    let Some(mut stage) = stage_limited(limits).await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    let sending = stage
        .begin(
            server,
            Call::Send { fd: ours, flags: Flags::default(), length: 100_000 },
            Wait::Forever,
            &vec![7; 100_000],
        )
        .await;
    let mut got = 0;
    while got < 100_000 {
        got += stage.recv(client, theirs, 100_000).await.expect("received").len();
    }
    assert_eq!(stage.result(sending).await.0, Ok(Value::Sent(100_000)));
    let events = stage.events();
    assert!(packets(&events).iter().any(|packet| packet.fate == Fate::Travelling), "some had to wait");
    assert!(!packets(&events).iter().any(|packet| packet.fate == Fate::Lost));
}

#[tokio::test]
async fn a_flood_is_summed_up_and_the_sums_are_true() {
    const BYTES: u32 = 4 << 20;
    // So few that also a slow machine is above them.
    let (packet_events, packet_events_per_second) = (500, 10);
    let limits =
        RoomLimits { bytes_per_second: 0, packet_events, packet_events_per_second, ..RoomLimits::default() };
    let Some(mut stage) = stage_limited(limits).await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    let mebibyte = vec![7; 1 << 20];
    for _ in 0..BYTES >> 20 {
        let call = Call::Send { fd: ours, flags: Flags::default(), length: 1 << 20 };
        stage.begin(server, call, Wait::Forever, &mebibyte).await;
    }
    // Read as it grows: the trace keeps fewer events than a slow machine records of this flood.
    let (mut events, mut next) = (Vec::new(), 0);
    let mut got = 0;
    while got < BYTES as usize {
        got += stage.recv(client, theirs, 1 << 20).await.expect("received").len();
        stage.read_on(&mut events, &mut next);
    }
    let sums = |events: &[Event]| -> (u64, u64) {
        let summaries = events.iter().filter_map(|event| match &event.what {
            What::Summary(summary) => Some((summary.packets, summary.bytes)),
            _ => None,
        });
        summaries.fold((0, 0), |sum, (packets, bytes)| (sum.0 + packets, sum.1 + bytes))
    };
    let one_by_one = |events: &[Event]| -> u64 {
        packets(events)
            .iter()
            .filter(|packet| packet.copy_of.is_none())
            .map(|p| u64::from(p.data.length))
            .sum()
    };
    while sums(&events).1 + one_by_one(&events) < BYTES.into() {
        let last = events.len();
        stage.trace_until(|kept| kept.last().is_some_and(|event| event.seq >= next)).await;
        stage.read_on(&mut events, &mut next);
        assert!(events.len() > last);
    }
    assert!(sums(&events).0 > 0, "more packets than are recorded one by one");
    let fates = events.iter().filter(|event| matches!(&event.what, What::Fate(_))).count();
    assert_eq!(fates, 0, "nothing is said later of packets that are not in the trace");
}
