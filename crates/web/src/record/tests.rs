use std::{collections::BTreeMap, net::IpAddr};

use super::{Names, record};
use proto::{
    call::{Call, CallError, Family, Flags, Kind, Value},
    errno::Errno,
    id::{CallRef, Fd, HostId, MemberId, PacketId, ProgramId, SocketId},
    room::{HostInfo, Lifetime, MemberInfo, ProgramInfo, Role, WireSettings},
    roster::Roster,
    trace::{
        CallBegin, CallEnd, Cause, Data, Event, Fate, Link, Packet, PacketFate, StateChange, Tcp, TcpFlags,
        TcpOption, TcpState, Timer, TimerKind, Transport, What,
    },
};

const CLIENT: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 2));
const SERVER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(10, 0, 0, 1));

fn names() -> Names {
    let mut roster = Roster::default();
    for (id, name, address) in [(1, "server", SERVER), (2, "client", CLIENT)] {
        roster.host_is(HostInfo {
            id: HostId(id),
            name: name.into(),
            aliases: Vec::new(),
            address,
            guest: None,
            ready_made: false,
            cable: true,
            sysctls: BTreeMap::new(),
        });
    }
    roster.program_is(ProgramInfo {
        id: ProgramId(4),
        host: HostId(2),
        by: Some(MemberId(1)),
        name: "client.py".into(),
        lifetime: Lifetime::Page,
    });
    roster.member_is(MemberInfo { id: MemberId(1), name: "Ada".into(), role: Role::Owner, host: None });
    Names::with(roster)
}

fn json(what: What) -> String {
    let mut names = names();
    let event = Event { seq: 7, time: 1_500, what };
    names.learn(&event);
    serde_json::to_string(&record(&event, &names)).unwrap()
}

fn begin(call: Call, data: Data) -> What {
    What::CallBegin(CallBegin {
        id: CallRef(3),
        by: Some(MemberId(1)),
        host: HostId(2),
        program: ProgramId(4),
        call,
        data,
        socket: Some(SocketId(1)),
        line: Some(8),
        thread: None,
    })
}

fn end(outcome: proto::call::Outcome, data: Data) -> What {
    What::CallEnd(CallEnd { id: CallRef(3), outcome, data, socket: None, elapsed: 900, outside: false })
}

#[test]
fn a_call_begins_with_its_arguments() {
    assert_eq!(
        json(begin(Call::Connect { fd: Fd(3), address: (SERVER, 12345).into() }, Data::default())),
        r#"{"seq":7,"time":1500,"kind":"call","id":3,"phase":"begin","call":"connect","by":"Ada","host":"client","program":"client.py","program_id":4,"fd":3,"socket":1,"line":8,"args":{"address":"10.0.0.1:12345"}}"#
    );
    assert_eq!(
        json(begin(Call::Socket { family: Family::Inet, kind: Kind::Stream }, Data::default())),
        r#"{"seq":7,"time":1500,"kind":"call","id":3,"phase":"begin","call":"socket","by":"Ada","host":"client","program":"client.py","program_id":4,"socket":1,"line":8,"args":{"family":"AF_INET","type":"SOCK_STREAM"}}"#
    );
    assert_eq!(
        json(begin(Call::Send { fd: Fd(3), flags: Flags::MORE, length: 2 }, Data::of(b"hi"))),
        r#"{"seq":7,"time":1500,"kind":"call","id":3,"phase":"begin","call":"send","by":"Ada","host":"client","program":"client.py","program_id":4,"fd":3,"socket":1,"line":8,"args":{"flags":["MSG_MORE"],"address":null,"length":2,"data":"aGk=","truncated":false}}"#
    );
}

#[test]
fn a_call_ends_with_its_result() {
    assert_eq!(
        json(end(Ok(Value::Accepted { fd: Fd(4), peer: (CLIENT, 40000).into() }), Data::default())),
        r#"{"seq":7,"time":1500,"kind":"call","id":3,"phase":"end","result":{"fd":4,"peer":"10.0.0.2:40000"},"elapsed":900,"outside":false}"#
    );
    assert_eq!(
        json(end(Ok(Value::Received { length: 600 }), Data::of(&[0; 600])))
            .split_once(r#""length":600"#)
            .map(|(_, rest)| rest
                .ends_with(r#"AA=","truncated":true,"from":null},"elapsed":900,"outside":false}"#)),
        Some(true)
    );
}

#[test]
fn the_classes_of_errors_are_told_apart() {
    assert_eq!(
        json(end(Err(CallError::errno(Errno::ECONNREFUSED)), Data::default())),
        r#"{"seq":7,"time":1500,"kind":"call","id":3,"phase":"end","error":{"class":"errno","errno":111,"name":"ECONNREFUSED","message":"Connection refused","sentence":"The machine answered, but nothing listens on that port there.","hint":"Is the server running? On which machine does \"localhost\" mean you?","taken":0},"elapsed":900,"outside":false}"#
    );
    assert_eq!(
        json(end(
            Err(CallError::Policy { rule: "private-address".into(), value: "192.168.1.10:22".into() }),
            Data::default()
        )),
        r#"{"seq":7,"time":1500,"kind":"call","id":3,"phase":"end","error":{"class":"policy","rule":"private-address","value":"192.168.1.10:22"},"elapsed":900,"outside":false}"#
    );
    assert_eq!(
        json(end(Err(CallError::TimedOut { taken: 5 }), Data::default())),
        r#"{"seq":7,"time":1500,"kind":"call","id":3,"phase":"end","error":{"class":"timed_out","taken":5},"elapsed":900,"outside":false}"#
    );
}

#[test]
fn a_packet_and_what_became_of_it() {
    let packet = What::Packet(Packet {
        id: PacketId(9),
        link: Link::Wire,
        from: Some(HostId(2)),
        to: Some(HostId(1)),
        src: CLIENT,
        dst: SERVER,
        transport: Transport::Tcp(Tcp {
            src_port: 40000,
            dst_port: 12345,
            sequence: 100,
            acknowledgment: 0,
            flags: TcpFlags::SYN,
            window: 64240,
            urgent: 0,
            options: vec![TcpOption::MaximumSegmentSize(1460), TcpOption::SackPermitted],
        }),
        data: Data::default(),
        cause: Cause::Call(CallRef(3)),
        copy_of: None,
        fate: Fate::Held,
    });
    assert_eq!(
        json(packet),
        r#"{"seq":7,"time":1500,"kind":"packet","id":9,"link":"wire","from":"client","to":"server","src":"10.0.0.2:40000","dst":"10.0.0.1:12345","protocol":"TCP","flags":["SYN"],"sequence":100,"acknowledgment":0,"window":64240,"options":[{"mss":1460},"sack_permitted"],"length":0,"data":"","truncated":false,"cause":{"call":3},"fate":"held"}"#
    );
    assert_eq!(
        json(What::Fate(PacketFate { id: PacketId(9), fate: Fate::Dropped(Some(MemberId(1))) })),
        r#"{"seq":7,"time":1500,"kind":"packet","id":9,"fate":"dropped","by":"Ada"}"#
    );
}

#[test]
fn a_listener_speaks_of_its_queue_and_a_connection_of_bytes() {
    let change = StateChange {
        host: HostId(1),
        socket: SocketId(2),
        owner: Some((ProgramId(4), Fd(3))),
        local: Some(([0, 0, 0, 0], 12345).into()),
        remote: None,
        from: Some(TcpState::Closed),
        to: TcpState::Listen,
        observed: true,
        accepted: true,
        unread: 2,
        unacknowledged: 5,
        timer: None,
    };
    assert_eq!(
        json(What::State(change.clone())),
        r#"{"seq":7,"time":1500,"kind":"state","host":"server","socket":2,"program":"client.py","fd":3,"local":"0.0.0.0:12345","remote":null,"from":"CLOSED","to":"LISTEN","observed":true,"accepted":true,"queued":2,"backlog":5}"#
    );
    let rests = StateChange {
        owner: None,
        from: Some(TcpState::FinWait2),
        to: TcpState::TimeWait,
        timer: Some(Timer { kind: TimerKind::TimeWait, left_ms: 60_000, tries: 0 }),
        ..change
    };
    assert_eq!(
        json(What::State(rests)),
        r#"{"seq":7,"time":1500,"kind":"state","host":"server","socket":2,"local":"0.0.0.0:12345","remote":null,"from":"FIN_WAIT2","to":"TIME_WAIT","observed":true,"accepted":true,"unread":2,"unacknowledged":5,"timer":{"kind":"time_wait","left_ms":60000,"tries":0}}"#
    );
}

#[test]
fn output_wire_and_people() {
    assert_eq!(
        json(What::Output { program: ProgramId(4), error: false, text: "<b>hi</b>\n".into() }),
        r#"{"seq":7,"time":1500,"kind":"output","host":"client","program":"client.py","program_id":4,"stream":"stdout","text":"<b>hi</b>\n"}"#
    );
    let settings = WireSettings { held: true, delay_ms: 50, loss: 0.25, seed: 1 };
    assert_eq!(
        json(What::Wire { by: Some(MemberId(1)), settings, rule: None }),
        r#"{"seq":7,"time":1500,"kind":"wire","by":"Ada","rule":null,"held":true,"delay":50,"loss":0.25,"seed":1}"#
    );
    assert_eq!(
        json(What::Left(MemberId(1))),
        r#"{"seq":7,"time":1500,"kind":"people","change":"left","member":1,"name":"Ada","role":null,"host":null}"#
    );
}
