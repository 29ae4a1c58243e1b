//! What the views say is so: numbers that the kernel means otherwise, packets for many, names of states.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use proto::{
    call::{Call, Flags, Value},
    id::{CallRef, Fd},
    trace::{Cause, Fate, TcpOption, TcpState, Transport, What},
};

use crate::view::{
    details,
    diagram::{
        Diagram,
        shapes::{Form, Options, Scene},
    },
    script::{ACK, CLIENT, PSH_ACK, SERVER, SYN, SYN_ACK, Script},
    sockets,
    store::TraceStore,
    table, text,
};

const PORT: u16 = 9999;

/// A datagram from the client to somebody.
fn datagram(script: &mut Script, to: IpAddr, payload: &[u8], fate: Fate) -> u64 {
    script.segment(CLIENT, ACK, payload, Cause::Timer, fate);
    let seq = script.events.len() as u64;
    if let Some(What::Packet(packet)) = script.events.last_mut().map(|event| &mut event.what) {
        packet.transport = Transport::Udp { src_port: 40001, dst_port: PORT };
        packet.dst = to;
        if packet.fate == Fate::NoHost {
            packet.to = None;
        }
    }
    seq
}

fn server() -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1))
}

/// A bound datagram socket of the server, of which the kernel says how much memory it takes.
fn memory(script: &mut Script, bytes: u32) -> u64 {
    let known = script.events.iter().any(|event| matches!(event.what, What::State(_)));
    let from = known.then_some(TcpState::Datagram);
    let change = script.state(SERVER, 1, from, TcpState::Datagram);
    change.local = Some(SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), PORT).into());
    change.remote = None;
    change.unread = bytes;
    script.events.len() as u64
}

fn received(script: &mut Script, length: u32) {
    let call = Call::RecvFrom { fd: Fd(3), flags: Flags::default(), max: 1024 };
    script.call(SERVER, call, Ok(Value::ReceivedFrom { length, from: None }));
}

fn unread(script: &Script) -> Option<u32> {
    sockets::sockets(&script.store(), SERVER, script.now())[0].unread
}

fn what(store: &TraceStore, seq: u64) -> String {
    table::row(store, 0, store.get(seq).expect("an event")).what
}

fn field(store: &TraceStore, seq: u64, name: &str) -> Option<String> {
    let details = details::details(store, seq).expect("an event");
    details.fields.into_iter().find(|field| field.name == name).map(|field| field.value)
}

fn scene(script: &Script) -> Scene {
    let options = Options { width: 464.0, now_ns: script.now() as f64, bottom: 1e9, ..Options::default() };
    Diagram::default().scene(&script.store(), &options)
}

fn words(scene: &Scene) -> Vec<String> {
    let texts = scene.shapes.iter().filter_map(|shape| match &shape.what {
        Form::Text { text, .. } | Form::Unread { text, .. } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}

#[test]
fn of_a_datagram_socket_the_payload_is_told_and_not_the_kernels_memory() {
    let mut script = Script::new();
    memory(&mut script, 0);
    assert_eq!(unread(&script), Some(0));
    datagram(&mut script, server(), b"nine byte", Fate::Delivered);
    let first = memory(&mut script, 832);
    assert_eq!(unread(&script), Some(9));
    datagram(&mut script, server(), b"four", Fate::Delivered);
    let second = memory(&mut script, 1664);
    assert_eq!(unread(&script), Some(13));
    let store = script.store();
    assert_eq!(what(&store, first), "9 B unread");
    assert_eq!(what(&store, second), "13 B unread");
    assert_eq!(field(&store, first, "unread").as_deref(), Some("9 B"));
    assert_eq!(field(&store, first, "memory").as_deref(), Some("832 B of the kernel's for what is unread"));
    assert_eq!(field(&store, first, "unacknowledged"), None);
    let drawn = words(&scene(&script));
    assert!(drawn.contains(&"9 B unread".to_owned()), "{drawn:?}");
    assert!(!drawn.iter().any(|text| text.contains("832")), "{drawn:?}");

    // One is read: the kernel tells before the call has returned.
    let between = memory(&mut script, 832);
    assert_eq!(unread(&script), None);
    received(&mut script, 9);
    assert_eq!(unread(&script), Some(4));
    assert_eq!(what(&script.store(), between), "something unread");
    memory(&mut script, 0);
    received(&mut script, 4);
    assert_eq!(unread(&script), Some(0));
}

#[test]
fn what_is_not_known_of_a_datagram_socket_is_not_told() {
    let mut script = Script::new();
    memory(&mut script, 0);
    // It came unseen, by a loopback for instance: its packet is told later or never.
    let seq = memory(&mut script, 832);
    assert_eq!(unread(&script), None);
    let store = script.store();
    assert_eq!(what(&store, seq), "something unread");
    assert_eq!(field(&store, seq, "unread"), None);
    assert!(!words(&scene(&script)).iter().any(|text| text.contains("unread")));
}

#[test]
fn a_packet_for_many_did_not_miss_a_machine() {
    let mut script = Script::new();
    for (to, name) in
        [([10, 0, 0, 255], "a broadcast"), ([255; 4], "a broadcast"), ([224, 0, 0, 251], "a multicast")]
    {
        let seq = datagram(&mut script, IpAddr::V4(Ipv4Addr::from(to)), b"who is there?", Fate::NoHost);
        let store = script.store();
        let row = table::row(&store, 0, store.get(seq).expect("an event"));
        let said = format!("It is {name}, for ");
        assert!(row.sentence.contains(&said), "{}", row.sentence);
        assert!(row.sentence.contains("This network does not carry it"), "{}", row.sentence);
        assert!(details::details(&store, seq).expect("an event").sentence.contains(&said));
        assert!(text::text(&store).contains(&format!("({name}, not carried)")));
        let drawn = words(&scene(&script));
        assert!(drawn.contains(&format!("{name}: not carried here")), "{drawn:?}");
        assert!(!drawn.iter().any(|text| text.contains("no machine")), "{drawn:?}");
    }
    let seq = datagram(&mut script, IpAddr::V4(Ipv4Addr::new(10, 0, 0, 77)), b"?", Fate::NoHost);
    let store = script.store();
    assert!(
        table::row(&store, 0, store.get(seq).expect("an event"))
            .sentence
            .contains("No machine has that address.")
    );
    assert!(words(&scene(&script)).contains(&"no machine has this address".to_owned()));
}

/// A segment with a window of 57, and options.
fn window(
    script: &mut Script,
    from_server: bool,
    flags: proto::trace::TcpFlags,
    options: Vec<TcpOption>,
) -> u64 {
    let from = if from_server { SERVER } else { CLIENT };
    script.segment(from, flags, b"", Cause::Call(CallRef(1)), Fate::Delivered);
    if let Some(What::Packet(packet)) = script.events.last_mut().map(|event| &mut event.what)
        && let Transport::Tcp(tcp) = &mut packet.transport
    {
        (tcp.window, tcp.options) = (57, options);
    }
    script.events.len() as u64
}

#[test]
fn a_window_is_told_in_bytes_where_the_handshake_was_seen() {
    let said = |client: Option<u8>, server: Option<u8>, whole: bool| {
        let mut script = Script::new();
        let options = |power: Option<u8>| power.map(TcpOption::WindowScale).into_iter().collect::<Vec<_>>();
        let syn = window(&mut script, false, SYN, options(client));
        if whole {
            window(&mut script, true, SYN_ACK, options(server));
        }
        let data = window(&mut script, false, PSH_ACK, Vec::new());
        let store = script.store();
        assert_eq!(field(&store, syn, "window").as_deref(), Some("57"), "never scaled");
        field(&store, data, "window").expect("a window")
    };
    assert_eq!(said(Some(7), Some(2), true), "57 × 128 = 7,296");
    assert_eq!(said(Some(0), Some(2), true), "57");
    assert_eq!(said(Some(7), None, true), "57, not scaled");
    assert_eq!(said(Some(7), Some(7), false), "57, unscaled: the handshake was not recorded");
}

#[test]
fn a_socket_that_has_done_nothing_yet_was_not_closed() {
    let mut script = Script::new();
    let label = |script: &Script| {
        let store = script.store();
        let rows = sockets::sockets(&store, CLIENT, script.now());
        (rows[0].label, rows[0].state)
    };
    script.state(CLIENT, 2, None, TcpState::Closed).local = None;
    assert_eq!(label(&script), ("new", "CLOSED"));
    let seq = script.events.len() as u64;
    let store = script.store();
    assert_eq!(what(&store, seq), "fd 4 new");
    assert_eq!(details::details(&store, seq).expect("an event").title, "CLOSED");
    script.state(CLIENT, 2, Some(TcpState::Closed), TcpState::Closed);
    assert_eq!(label(&script), ("bound", "CLOSED"));
    script.state(CLIENT, 2, Some(TcpState::Closed), TcpState::SynSent);
    script.state(CLIENT, 2, Some(TcpState::SynSent), TcpState::Closed);
    assert_eq!(label(&script), ("CLOSED", "CLOSED"), "it was refused");
    script.state(CLIENT, 2, Some(TcpState::Closed), TcpState::Closed);
    assert_eq!(label(&script), ("CLOSED", "CLOSED"));
}
