//! What the rules of `explain` say, beside the kernel: a room does it, and what is said of the trace has to be what the room
//! did. With `WIRESIDE_WRITE=1` the traces become the recordings that `explain`'s own tests read.

use std::{net::Ipv4Addr, path::Path};

use explain::Names;
use proto::{
    call::{Call, CallError, Family, Flags, How, Kind, OptionName, OptionValue, Outcome, Value, Wait},
    errno::Errno,
    id::{Fd, HostId, ProgramId},
    message::{HostCommand, Sysctl, WireCommand},
    roster::Roster,
    trace::{CallBegin, CallEnd, Event, Fate, TcpFlags, TcpState, What},
};

use crate::harness::{CLIENT, SERVER, Stage, has, lines, on, packets, stage, states};

const PORT: u16 = 12345;

struct Called(Roster);

impl Names for Called {
    fn host(&self, id: HostId) -> String {
        self.0.hosts().get(&id).map_or_else(|| "?".to_owned(), |host| host.name.clone())
    }

    fn program(&self, id: ProgramId) -> String {
        self.0.programs().get(&id).map_or_else(|| "?".to_owned(), |program| program.name.clone())
    }

    fn roster(&self) -> &Roster {
        &self.0
    }
}

/// What was recorded, to be asked about.
struct Told {
    events: Vec<Event>,
    names: Called,
}

impl Told {
    /// Everything up to now, and a recording of it where one is wanted and it has a name.
    fn of(stage: &Stage, name: &str) -> Self {
        Self::with(stage.events(), name)
    }

    fn with(events: Vec<Event>, name: &str) -> Self {
        let mut roster = Roster::default();
        for event in &events {
            roster.take(event);
        }
        if std::env::var_os("WIRESIDE_WRITE").is_some() && !name.is_empty() {
            record(&events, &roster, name);
        }
        Self { events, names: Called(roster) }
    }

    /// The end of the last call that is like this, or its begin where it waits.
    fn call(&self, is: impl Fn(&CallBegin, Option<&CallEnd>) -> bool) -> u64 {
        let ends = |id| {
            self.events.iter().find_map(|event| match &event.what {
                What::CallEnd(end) if end.id == id => Some((event.seq, end)),
                _ => None,
            })
        };
        let mut begins = self.events.iter().rev().filter_map(|event| match &event.what {
            What::CallBegin(begin) => Some((event.seq, begin, ends(begin.id))),
            _ => None,
        });
        let found = begins.find(|(_, begin, end)| is(begin, end.map(|end| end.1)));
        let (seq, _, end) = found.unwrap_or_else(|| panic!("no such call:\n{}", lines(&self.events)));
        end.map_or(seq, |end| end.0)
    }

    /// The last call that failed so.
    fn failed(&self, errno: Errno) -> u64 {
        self.call(|_, end| end.is_some_and(|end| end.outcome == Err(CallError::errno(errno))))
    }

    fn packet(&self, is: impl Fn(&proto::trace::Packet) -> bool) -> u64 {
        let found =
            self.events.iter().find(|event| matches!(&event.what, What::Packet(packet) if is(packet)));
        found.unwrap_or_else(|| panic!("no such packet:\n{}", lines(&self.events))).seq
    }

    fn state(&self, host: HostId, to: TcpState) -> u64 {
        let is = |event: &&Event| matches!(&event.what, What::State(change) if change.host == host && change.to == to);
        self.events.iter().rfind(is).unwrap_or_else(|| panic!("no such state:\n{}", lines(&self.events))).seq
    }

    /// Fails unless one of the sentences on an event, or on its connection, has these words.
    #[track_caller]
    fn says(&self, seq: u64, words: &str) {
        let told = explain::explain(&self.events, &self.names, seq);
        let all = told.event.iter().chain(&told.connection);
        let said = all.map(|one| format!("{} {:?}", one.text, one.rests_on)).collect::<Vec<_>>();
        let found = said.iter().any(|text| text.contains(words));
        assert!(found, "of {seq} it says {said:#?}, and not {words:?}, in:\n{}", lines(&self.events));
    }
}

fn record(events: &[Event], roster: &Roster, name: &str) {
    let (kept, _) = share::select(events).unwrap();
    let header = share::Header {
        made: 1_764_355_200,
        title: name.replace('_', " "),
        hosts: roster.hosts().present().cloned().collect(),
        programs: roster.programs().present().cloned().collect(),
        members: roster.members().present().cloned().collect(),
        wire: roster.wire(),
        ..share::Header::default()
    };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../explain/tests/traces");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join(format!("{name}.wireside-share")), share::write(&header, &kept).unwrap())
        .unwrap();
}

fn loopback(port: u16) -> proto::address::Address {
    (Ipv4Addr::LOCALHOST, port).into()
}

fn rests(events: &[Event]) -> bool {
    states(events).iter().any(|state| state.to == TcpState::TimeWait)
}

async fn close(stage: &mut Stage, program: ProgramId, fd: Fd) {
    assert_eq!(stage.call(program, Call::Close { fd }).await, Ok(Value::Done));
}

async fn datagram_socket(stage: &mut Stage, program: ProgramId) -> Fd {
    match stage.call(program, Call::Socket { family: Family::Inet, kind: Kind::Datagram }).await {
        Ok(Value::Descriptor(fd)) => fd,
        other => panic!("no socket: {other:?}"),
    }
}

fn recv(fd: Fd) -> Call {
    Call::Recv { fd, flags: Flags::default(), max: 1024 }
}

#[tokio::test]
async fn who_finishes_first_rests() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    let waits = stage.begin(client, recv(theirs), Wait::Forever, b"").await;
    stage.send(server, ours, b"Thank you for connecting").await.expect("sent");
    stage.result(waits).await.0.expect("received");
    close(&mut stage, server, ours).await;
    stage.recv(client, theirs, 1024).await.expect("end of file");
    stage.trace_until(|events| states(events).iter().any(|state| state.to == TcpState::FinWait2)).await;
    close(&mut stage, client, theirs).await;
    stage.trace_until(rests).await;
    let told = Told::of(&stage, "server_finishes_first");
    told.says(told.state(SERVER, TcpState::TimeWait), "server finished first, client second");
    told.says(told.state(SERVER, TcpState::TimeWait), "So server has to wait in TIME_WAIT");
    told.says(told.state(CLIENT, TcpState::CloseWait), "The other side has finished. This program has not");
    told.says(told.state(SERVER, TcpState::FinWait2), "the other kernel has acknowledged that");
    let end_of_file = told.call(|begin, end| {
        matches!(begin.call, Call::Recv { .. })
            && end.is_some_and(|end| end.outcome == Ok(Value::Received { length: 0 }))
    });
    told.says(end_of_file, "End of file: server has sent its FIN");
    told.says(told.call(|begin, _| matches!(begin.call, Call::Accept { .. })), "stood in the queue");
    told.says(
        told.call(|begin, _| matches!(begin.call, Call::Connect { .. })),
        "The kernel of server agreed",
    );
    told.says(
        told.packet(|packet| packet.data.length > 0),
        "24 B were sent from server to client, and none the other way",
    );
}

#[tokio::test]
async fn the_caller_that_finishes_first_rests() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.send(client, theirs, b"one").await.expect("sent");
    stage.send(client, theirs, b"two").await.expect("sent");
    stage.recv(server, ours, 1024).await.expect("both");
    close(&mut stage, client, theirs).await;
    stage.recv(server, ours, 1024).await.expect("end of file");
    close(&mut stage, server, ours).await;
    stage.trace_until(rests).await;
    let told = Told::of(&stage, "client_finishes_first");
    told.says(told.state(CLIENT, TcpState::TimeWait), "client finished first, server second");
    let both = told.call(|begin, end| {
        matches!(begin.call, Call::Recv { .. })
            && end.is_some_and(|end| end.outcome == Ok(Value::Received { length: 6 }))
    });
    told.says(both, "of 2 send calls");
    let last = told.call(|begin, _| begin.host == SERVER && matches!(begin.call, Call::Close { .. }));
    told.says(last, "client had finished first");
}

#[tokio::test]
async fn a_refusal_says_who_listens_and_where() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(CLIENT).await);
    let fd = stage.socket(client).await;
    stage.connect(client, fd, on(1, PORT)).await.expect_err("nobody listens");
    Told::of(&stage, "refused")
        .says(Told::of(&stage, "refused").failed(Errno::ECONNREFUSED), "nothing listens on port 12345 there");
    stage.listener(server, PORT, 5).await;
    let fd = stage.socket(client).await;
    stage.connect(client, fd, loopback(PORT)).await.expect_err("not on this machine");
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::ECONNREFUSED), "127.0.0.1 means client itself");
    let fd = stage.socket(server).await;
    let bind = Call::Bind { fd, address: loopback(8080) };
    assert_eq!(stage.call(server, bind).await, Ok(Value::Done));
    assert_eq!(stage.call(server, Call::Listen { fd, backlog: 5 }).await, Ok(Value::Done));
    let fd = stage.socket(client).await;
    stage.connect(client, fd, on(1, 8080)).await.expect_err("only for its own machine");
    let told = Told::of(&stage, "refused_by_address");
    told.says(told.failed(Errno::ECONNREFUSED), "but only at 127.0.0.1");
}

#[tokio::test]
async fn a_full_queue_drops_and_refuses_nobody() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(CLIENT).await);
    let impatient = HostCommand::Sysctl { name: Sysctl::SynRetries, value: 1 };
    stage.machine(CLIENT, impatient).await.expect("set");
    stage.listener(server, PORT, 0).await;
    let first = stage.socket(client).await;
    stage.connect(client, first, on(1, PORT)).await.expect("the one place");
    let second = stage.socket(client).await;
    let call = Call::Connect { fd: second, address: on(1, PORT) };
    let waits = stage.begin(client, call, Wait::Forever, b"").await;
    stage
        .trace_until(|events| packets(events).iter().filter(|one| has(one, TcpFlags::SYN)).count() >= 4)
        .await;
    let told = Told::of(&stage, "queue_full");
    let waiting = told.call(|begin, end| matches!(begin.call, Call::Connect { .. }) && end.is_none());
    told.says(waiting, "the queue of port 12345 is full (1 of 1)");
    assert_eq!(stage.result(waits).await.0, Err(CallError::errno(Errno::ETIMEDOUT)));
    let told = Told::of(&stage, "queue_full_timed_out");
    told.says(
        told.failed(Errno::ETIMEDOUT),
        "The kernel sent 2 SYNs, had no answer to any of them, and gave up",
    );
    told.says(told.failed(Errno::ETIMEDOUT), "it is not refused");
    told.says(told.state(SERVER, TcpState::Listen), "Its queue is full (1 of 1)");
    told.says(told.state(SERVER, TcpState::Established), "no program has accepted it so far");
}

#[tokio::test]
async fn what_is_held_dropped_and_lost_is_said_to_be() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(CLIENT).await);
    let listener = stage.listener(server, PORT, 5).await;
    let accepts = stage.begin(server, Call::Accept { fd: listener }, Wait::Forever, b"").await;
    stage.wire(WireCommand::Hold).await.expect("held");
    let fd = stage.socket(client).await;
    let connects = stage.begin(client, Call::Connect { fd, address: on(1, PORT) }, Wait::Forever, b"").await;
    stage.trace_until(|events| packets(events).iter().any(|packet| packet.copy_of.is_some())).await;
    let told = Told::of(&stage, "held");
    let connecting = told.call(|begin, _| matches!(begin.call, Call::Connect { .. }));
    told.says(connecting, "None of its 2 SYNs has arrived. The last stands on the wire, held by hand");
    let accepting = told.call(|begin, _| matches!(begin.call, Call::Accept { .. }));
    told.says(accepting, "Nobody stands in the queue of port 12345");
    told.says(accepting, "A SYN of client stands on the wire, held by hand");
    let syn = packets(&told.events)[0].id;
    stage.wire(WireCommand::Drop(syn)).await.expect("dropped");
    stage.wire(WireCommand::Release).await.expect("released");
    assert_eq!(stage.result(connects).await.0, Ok(Value::Done));
    let Ok(Value::Accepted { fd: ours, .. }) = stage.result(accepts).await.0 else { panic!("not accepted") };
    let told = Told::of(&stage, "");
    told.says(connecting, "It took 2 SYNs: the first was taken off the wire by hand");
    told.says(accepting, "It waited until the handshake with client");
    // All of it is lost from here on.
    stage.wire(WireCommand::Set { delay_ms: None, loss: Some(1.0), seed: None }).await.expect("set");
    stage.send(client, fd, b"lost").await.expect("sent");
    let receives = stage.begin(server, recv(ours), Wait::Millis(600), b"").await;
    assert_eq!(stage.result(receives).await.0, Err(CallError::TimedOut { taken: 0 }));
    stage
        .trace_until(|events| packets(events).iter().any(|one| one.copy_of.is_some() && one.data.length > 0))
        .await;
    let told = Told::of(&stage, "lost");
    let timed_out =
        told.call(|_, end| end.is_some_and(|end| end.outcome == Err(CallError::TimedOut { taken: 0 })));
    told.says(timed_out, "The time that the program allowed this call ran out");
    told.says(timed_out, "4 B for it was lost by the wire");
    let again = told.packet(|packet| packet.copy_of.is_some() && packet.data.length > 0);
    told.says(again, "this is the 2nd try");
    told.says(again, "the first one was lost by the wire");
    assert!(packets(&told.events).iter().any(|packet| packet.fate == Fate::Lost));
}

#[tokio::test]
async fn a_reset_says_why() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.send(client, theirs, b"unread").await.expect("sent");
    stage.trace_until(|events| states(events).iter().any(|state| state.unread == 6)).await;
    close(&mut stage, server, ours).await;
    stage.recv(client, theirs, 10).await.expect_err("reset");
    stage.send(client, theirs, b"more").await.expect_err("broken pipe");
    let told = Told::of(&stage, "reset");
    told.says(told.failed(Errno::ECONNRESET), "server called close() with 6 B unread");
    told.says(told.failed(Errno::EPIPE), "nobody there reads this connection any more");
    told.says(told.packet(|packet| has(packet, TcpFlags::RST)), "server called close() with 6 B unread");
    told.says(
        told.call(|begin, _| matches!(begin.call, Call::Close { .. })),
        "It was closed with 6 B unread: then the kernel sends a RST, and no FIN",
    );
}

#[tokio::test]
async fn a_second_send_to_somebody_who_has_gone_breaks() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    close(&mut stage, server, ours).await;
    stage.trace_until(|events| states(events).iter().any(|state| state.to == TcpState::FinWait2)).await;
    stage.send(client, theirs, b"first").await.expect("taken");
    stage.trace_until(|events| packets(events).iter().any(|packet| has(packet, TcpFlags::RST))).await;
    stage.send(client, theirs, b"second").await.expect_err("broken pipe");
    let told = Told::of(&stage, "second_send_breaks");
    told.says(told.failed(Errno::EPIPE), "A RST of server had arrived before");
    told.says(told.packet(|packet| has(packet, TcpFlags::RST)), "the program on server has closed");
    let first = told.call(|begin, end| {
        matches!(begin.call, Call::Send { .. }) && end.is_some_and(|end| end.outcome.is_ok())
    });
    told.says(first, "The kernel of server answered with a RST");
}

#[tokio::test]
async fn a_half_close_leaves_the_other_direction_open() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.call(client, Call::Shutdown { fd: theirs, how: How::Write }).await.expect("shut down");
    stage.recv(server, ours, 10).await.expect("end of file");
    let answers = stage.begin(client, recv(theirs), Wait::Forever, b"").await;
    let told = Told::of(&stage, "half_closed");
    let half = told.call(|begin, _| matches!(begin.call, Call::Shutdown { .. }));
    told.says(half, "The other direction stays open");
    told.says(half, "client has finished, server has not");
    stage.send(server, ours, b"answer").await.expect("sent");
    stage.result(answers).await.0.expect("received");
    stage.send(client, theirs, b"no more").await.expect_err("it said so");
    close(&mut stage, server, ours).await;
    close(&mut stage, client, theirs).await;
    stage.trace_until(rests).await;
    let told = Told::of(&stage, "half_closed_then_closed");
    told.says(told.failed(Errno::EPIPE), "This side has shut down its own writing half");
    told.says(told.state(CLIENT, TcpState::TimeWait), "client finished first, server second");
    told.says(half, "6 B were sent from server to client");
}

#[tokio::test]
async fn an_address_in_use_says_by_whom() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, listener) = stage.pair().await;
    let bind = |fd| Call::Bind { fd, address: (Ipv4Addr::UNSPECIFIED, PORT).into() };
    let fd = stage.socket(server).await;
    assert_eq!(stage.call(server, bind(fd)).await, Err(CallError::errno(Errno::EADDRINUSE)));
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::EADDRINUSE), "is taken by fd 3 of test, which is LISTEN");
    close(&mut stage, server, ours).await;
    close(&mut stage, client, theirs).await;
    close(&mut stage, server, listener).await;
    stage.trace_until(rests).await;
    let again = stage.program(SERVER).await;
    let fd = stage.socket(again).await;
    let reuse = Call::SetSockOpt { fd, name: OptionName::ReuseAddr, value: OptionValue::Bool(true) };
    assert_eq!(stage.call(again, bind(fd)).await, Err(CallError::errno(Errno::EADDRINUSE)));
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::EADDRINUSE), "rests in TIME_WAIT for");
    told.says(told.failed(Errno::EADDRINUSE), "as this machine finished first");
    assert_eq!(stage.call(again, reuse).await, Ok(Value::Done));
    assert_eq!(stage.call(again, bind(fd)).await, Err(CallError::errno(Errno::EADDRINUSE)));
    let told = Told::of(&stage, "in_use_though_reused");
    told.says(told.failed(Errno::EADDRINUSE), "It helps only if the old connection's socket had it, too");
}

#[tokio::test]
async fn datagrams_say_whether_anybody_took_them() {
    let Some(mut stage) = stage().await else { return };
    let (server, client) = (stage.program(SERVER).await, stage.program(CLIENT).await);
    let fd = datagram_socket(&mut stage, client).await;
    stage.connect(client, fd, on(1, 9999)).await.expect("remembered");
    stage.send(client, fd, b"anybody?").await.expect("taken");
    stage.recv(client, fd, 10).await.expect_err("nobody");
    let told = Told::of(&stage, "");
    told.says(
        told.failed(Errno::ECONNREFUSED),
        "An earlier datagram reached server, where no socket has its port",
    );
    told.says(told.packet(|packet| packet.data.length == 8), "no socket has port 9999");
    let ours = datagram_socket(&mut stage, server).await;
    let bind = Call::Bind { fd: ours, address: (Ipv4Addr::UNSPECIFIED, 9999).into() };
    assert_eq!(stage.call(server, bind).await, Ok(Value::Done));
    let receives = || Call::RecvFrom { fd: ours, flags: Flags::default(), max: 100 };
    let in_vain = stage.begin(server, receives(), Wait::Millis(60), b"").await;
    assert_eq!(stage.result(in_vain).await.0, Err(CallError::TimedOut { taken: 0 }));
    let told = Told::of(&stage, "");
    let waited = told.call(|begin, _| matches!(begin.call, Call::RecvFrom { .. }));
    told.says(waited, "No datagram waits in its socket");
    let waits = stage.begin(server, receives(), Wait::Forever, b"").await;
    stage.send(client, fd, b"you there").await.expect("taken");
    stage.result(waits).await.0.expect("received");
    let told = Told::of(&stage, "datagram_received");
    told.says(told.packet(|packet| packet.data.length == 9), "A socket has port 9999 there, fd 3 of test");
}

/// SO_RCVTIMEO and SO_SNDTIMEO: our sockets never block, and so the kernel's own clock does not run.
#[tokio::test]
async fn a_sockets_own_time_ends_what_waits_as_the_kernel_would() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, listener) = stage.pair().await;
    let time = |micros: i64| OptionValue::Bytes([0, micros].map(i64::to_le_bytes).concat());
    let of = |fd, name, micros| Call::SetSockOpt { fd, name, value: time(micros) };
    let own = |fd, name| of(fd, name, 60_000);
    let done = Ok(Value::Done);
    assert_eq!(stage.call(client, own(theirs, OptionName::RcvTimeo)).await, done);
    let again = CallError::errno(Errno::EAGAIN);
    let blocks = stage.begin(client, recv(theirs), Wait::Forever, b"").await;
    assert_eq!(stage.result(blocks).await.0, Err(again.clone()));
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::EAGAIN), "The time ran out that the program had given this socket");
    // What comes in time is received, a time of the call's own counts before the socket's, and no time is none.
    let bounded = stage.begin(client, recv(theirs), Wait::Millis(1), b"").await;
    assert_eq!(stage.result(bounded).await.0, Err(CallError::TimedOut { taken: 0 }));
    assert_eq!(stage.call(client, of(theirs, OptionName::RcvTimeo, 0)).await, done);
    let blocks = stage.begin(client, recv(theirs), Wait::Forever, b"").await;
    stage.send(server, ours, b"late").await.expect("taken");
    assert_eq!(stage.result(blocks).await.0, Ok(Value::Received { length: 4 }));
    assert_eq!(stage.call(server, own(listener, OptionName::RcvTimeo)).await, done);
    let blocks = stage.begin(server, Call::Accept { fd: listener }, Wait::Forever, b"").await;
    assert_eq!(stage.result(blocks).await.0, Err(again));
    // Nobody reads: what the kernel had taken by then is said.
    assert_eq!(stage.call(server, own(ours, OptionName::SndTimeo)).await, done);
    let much = vec![b'x'; 1024 * 1024];
    let send = Call::Send { fd: ours, flags: Flags::default(), length: 1024 * 1024 };
    let blocks = stage.begin(server, send, Wait::Forever, &much).await;
    match stage.result(blocks).await.0 {
        Err(CallError::Errno { errno: Errno::EAGAIN, taken }) => assert!((1..1024 * 1024).contains(&taken)),
        other => panic!("{other:?}"),
    }
    stage.machine(SERVER, HostCommand::Cable(false)).await.expect("cut");
    let fd = stage.socket(client).await;
    assert_eq!(stage.call(client, own(fd, OptionName::SndTimeo)).await, done);
    let call = Call::Connect { fd, address: on(1, PORT) };
    let blocks = stage.begin(client, call, Wait::Forever, b"").await;
    assert_eq!(stage.result(blocks).await.0, Err(CallError::errno(Errno::EINPROGRESS)));
}

#[tokio::test]
async fn two_that_wait_for_one_another_are_told() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.begin(client, recv(theirs), Wait::Forever, b"").await;
    stage.begin(server, recv(ours), Wait::Forever, b"").await;
    stage
        .trace_until(|events| {
            let receives = |event: &&Event| {
                matches!(&event.what, What::CallBegin(begin) if matches!(begin.call, Call::Recv { .. }))
            };
            events.iter().filter(receives).count() == 2
        })
        .await;
    let told = Told::of(&stage, "both_wait");
    for host in [SERVER, CLIENT] {
        let waits = told.call(|begin, _| begin.host == host && matches!(begin.call, Call::Recv { .. }));
        told.says(waits, "Each waits for the other, and neither sends");
    }
}

#[tokio::test]
async fn a_reader_that_does_not_read_stops_the_sender() {
    let Some(mut stage) = stage().await else { return };
    let (_, client, _, theirs, _) = stage.pair().await;
    let chunk = vec![b'x'; 60_000];
    loop {
        let call = Call::Send { fd: theirs, flags: Flags::default(), length: 60_000 };
        let id = stage.begin(client, call, Wait::Millis(700), &chunk).await;
        match stage.result(id).await.0 {
            Ok(Value::Sent(_)) => {}
            Err(CallError::TimedOut { .. }) => break,
            other => panic!("{other:?}"),
        }
    }
    let told = Told::with(stage.events(), "window_closed");
    let stopped =
        told.call(|_, end| end.is_some_and(|end| matches!(end.outcome, Err(CallError::TimedOut { .. }))));
    told.says(stopped, "The kernel has no room for more");
    told.says(stopped, "announced a window of 0");
}

#[tokio::test]
async fn nobody_at_an_address_and_a_cut_cable_are_told_apart() {
    let Some(mut stage) = stage().await else { return };
    let client = stage.program(CLIENT).await;
    let fd = stage.socket(client).await;
    stage.connect(client, fd, on(77, 80)).await.expect_err("nobody");
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::EHOSTUNREACH), "No machine on the wire has the address 10.0.0.77");
    stage.machine(SERVER, HostCommand::Cable(false)).await.expect("cut");
    let fd = stage.socket(client).await;
    let call = Call::Connect { fd, address: on(1, 80) };
    let id = stage.begin(client, call, Wait::Millis(200), b"").await;
    assert_eq!(stage.result(id).await.0, Err(CallError::TimedOut { taken: 0 }));
    let told = Told::of(&stage, "cable_cut");
    let timed_out =
        told.call(|_, end| end.is_some_and(|end| end.outcome == Err(CallError::TimedOut { taken: 0 })));
    told.says(timed_out, "did not reach server: a cable is cut");
}

#[tokio::test]
async fn mistakes_are_traced_to_the_call_that_made_them_one() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, _, theirs, listener) = stage.pair().await;
    let fails = |outcome: Outcome, errno: Errno| assert_eq!(outcome, Err(CallError::errno(errno)));
    let early = stage.socket(server).await;
    fails(stage.call(server, Call::Accept { fd: early }).await, Errno::EINVAL);
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::EINVAL), "listen() comes before accept()");
    fails(stage.call(server, recv(early)).await, Errno::ENOTCONN);
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::ENOTCONN), "it is CLOSED");
    fails(stage.call(server, recv(listener)).await, Errno::ENOTCONN);
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::ENOTCONN), "This is the listening socket");
    fails(stage.call(client, Call::Connect { fd: theirs, address: on(1, PORT) }).await, Errno::EISCONN);
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::EISCONN), "made by an earlier connect()");
    let bind = |fd, port| Call::Bind { fd, address: (Ipv4Addr::UNSPECIFIED, port).into() };
    assert_eq!(stage.call(server, bind(early, 7000)).await, Ok(Value::Done));
    fails(stage.call(server, bind(early, 7001)).await, Errno::EINVAL);
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::EINVAL), "A socket is bound once");
    close(&mut stage, server, early).await;
    fails(stage.call(server, Call::Listen { fd: early, backlog: 1 }).await, Errno::EBADF);
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::EBADF), "This program has closed fd");
    let foreign = stage.socket(server).await;
    fails(stage.call(server, Call::Bind { fd: foreign, address: on(2, 7000) }).await, Errno::EADDRNOTAVAIL);
    let told = Told::of(&stage, "mistakes");
    told.says(told.failed(Errno::EADDRNOTAVAIL), "10.0.0.2 is none of its own");
}

/// Sockets of AF_UNIX: nothing is said of packets, segments or states, since there are none.
#[tokio::test]
async fn within_one_machine_no_packet_tells_of_anything() {
    let Some(mut stage) = stage().await else { return };
    let (ours, theirs) = (stage.program(SERVER).await, stage.program(SERVER).await);
    let at = |name: &str| name.parse().expect("an address");
    let talk: proto::address::Address = at("unix:/tmp/talk");
    let unix = || Call::Socket { family: Family::Unix, kind: Kind::Stream };
    let made = |outcome: Outcome| match outcome {
        Ok(Value::Descriptor(fd) | Value::Accepted { fd, .. }) => fd,
        other => panic!("no socket: {other:?}"),
    };
    let listener = made(stage.call(ours, unix()).await);
    let told = Told::of(&stage, "");
    told.says(told.call(|begin, _| begin.call.name() == "socket"), "The kernel made a socket of AF_UNIX");
    assert_eq!(stage.call(ours, Call::Bind { fd: listener, address: talk }).await, Ok(Value::Done));
    let caller = made(stage.call(theirs, unix()).await);
    let connect = |fd, address| Call::Connect { fd, address };
    let fails = |outcome: Outcome, errno: Errno| assert_eq!(outcome, Err(CallError::errno(errno)));
    fails(stage.call(theirs, connect(caller, at("unix:/tmp/nobody"))).await, Errno::ENOENT);
    fails(stage.call(theirs, connect(caller, talk)).await, Errno::ECONNREFUSED);
    let told = Told::of(&stage, "");
    told.says(told.failed(Errno::ENOENT), "No socket of this machine was bound to unix:/tmp/nobody");
    told.says(told.failed(Errno::ECONNREFUSED), "Nobody takes calls at unix:/tmp/talk");
    assert_eq!(stage.call(ours, Call::Listen { fd: listener, backlog: 5 }).await, Ok(Value::Done));
    assert_eq!(stage.call(theirs, connect(caller, talk)).await, Ok(Value::Done));
    let accepted = made(stage.call(ours, Call::Accept { fd: listener }).await);
    stage.send(theirs, caller, b"by path").await.expect("sent");
    let told = Told::of(&stage, "");
    told.says(told.call(|begin, _| begin.call.name() == "send"), "without a packet");
    stage.recv(ours, accepted, 1024).await.expect("received");
    let id = stage.begin(ours, recv(accepted), Wait::Millis(100), b"").await;
    assert_eq!(stage.result(id).await.0, Err(CallError::TimedOut { taken: 0 }));
    let told = Told::of(&stage, "");
    let waited =
        told.call(|_, end| end.is_some_and(|end| matches!(end.outcome, Err(CallError::TimedOut { .. }))));
    told.says(waited, "Nothing is there to be read, and the other end can still send");
    close(&mut stage, theirs, caller).await;
    assert!(stage.recv(ours, accepted, 1024).await.expect("the end of file").is_empty());
    let told = Told::of(&stage, "");
    told.says(told.call(|begin, _| begin.call.name() == "recv"), "End of file: the other end was closed");
    stage.send(ours, accepted, b"too late").await.expect_err("nobody reads");
    let second = made(stage.call(ours, unix()).await);
    fails(stage.call(ours, Call::Bind { fd: second, address: talk }).await, Errno::EADDRINUSE);
    let told = Told::of(&stage, "within_one_machine");
    told.says(told.failed(Errno::EPIPE), "Nobody reads at the other end any more");
    told.says(told.failed(Errno::EADDRINUSE), "unix:/tmp/talk is there already on this machine");
    for (seq, sentence) in told.events.iter().flat_map(|event| {
        let told = explain::explain(&told.events, &told.names, event.seq);
        told.event.into_iter().chain(told.connection).map(|one| (event.seq, one.text))
    }) {
        let of_tcp = ["segment", "FIN", "RST", "TCP)", "not in the recording"];
        assert!(of_tcp.iter().all(|word| !sentence.contains(word)), "of {seq}: {sentence}");
    }
}
