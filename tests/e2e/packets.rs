//! The room's packets as a file, judged by tshark.

use std::{
    path::PathBuf,
    process::{Command, Stdio},
};

use proto::{
    call::{Call, Family, Kind, Value, Wait},
    message::WireCommand,
};

use crate::harness::{client::Client, http, profile, room::NewRoom, server::TestServer};

/// What tshark prints of a file with these arguments.
pub(crate) fn tshark(file: &PathBuf, arguments: &[&str]) -> String {
    let output = Command::new("tshark")
        .arg("-r")
        .arg(file)
        .args([
            "-o",
            "tcp.check_checksum:TRUE",
            "-o",
            "ip.check_checksum:TRUE",
            "-o",
            "udp.check_checksum:TRUE",
        ])
        .args(arguments)
        .stdin(Stdio::null())
        .output()
        .expect("tshark is installed (script/test installs it)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Nothing in a file is broken, and on the wire no checksum is wrong. A loopback never computes them (they would cost
/// time, and nothing can be damaged there), so there they are as the kernel left them: partial.
pub(crate) fn is_sound(file: &PathBuf) {
    let malformed = tshark(file, &["-Y", "_ws.malformed || _ws.short"]);
    assert_eq!(malformed, "", "malformed");
    let wrong = "frame.interface_name == \"wire\" && (ip.checksum.status == 0 || tcp.checksum.status == 0 || \
                 udp.checksum.status == 0 || icmp.checksum.status == 0)";
    assert_eq!(tshark(file, &["-Y", wrong]), "", "wrong checksums on the wire");
    let good = "frame.interface_name == \"wire\" && tcp.checksum.status == 1";
    assert_ne!(tshark(file, &["-Y", good]), "", "they were looked at");
}

/// Traffic of every kind: TCP over the wire and over a loopback, with bulk; UDP with an answer and without; ICMP.
async fn traffic(client: &mut Client) {
    let pair = client.pair(12345).await;
    let sending = client.begin_send(pair.client, pair.theirs, &vec![b'x'; 40_000]);
    let mut taken = 0;
    while taken < 40_000 {
        taken += client.recv(pair.server, pair.ours, 40_000).await.expect("bytes").len();
    }
    assert_eq!(client.result(sending).await.0, Ok(Value::Sent(40_000)));
    client.close_fd(pair.client, pair.theirs).await.expect("closed");
    let itself = client.socket(pair.server).await;
    client
        .connect_to(pair.server, itself, "127.0.0.1:12345".parse().expect("an address"))
        .await
        .expect("connected");
    client.send(pair.server, itself, b"to myself").await.expect("sent");
    let socket = Call::Socket { family: Family::Inet, kind: Kind::Datagram };
    let Ok(Value::Descriptor(datagrams)) = client.call(pair.client, socket.clone()).await else {
        panic!("no socket")
    };
    // To a port where nobody is: the answer is ICMP, and the next call tells.
    client
        .connect_to(pair.client, datagrams, "10.0.0.1:9".parse().expect("an address"))
        .await
        .expect("connected");
    client.send(pair.client, datagrams, b"is anybody there?").await.expect("sent");
    // Lost, as the wire was told to: the file says so, since nothing else in it does.
    let wire = async |client: &mut Client, loss: f64| {
        let set = WireCommand::Set { delay_ms: None, loss: Some(loss), seed: None };
        let set = client.endpoint().wire(set).expect("a request");
        client.result(set).await.0.expect("told");
    };
    wire(client, 1.0).await;
    let Ok(Value::Descriptor(lost)) = client.call(pair.client, socket).await else { panic!("no socket") };
    client
        .connect_to(pair.client, lost, "10.0.0.1:10".parse().expect("an address"))
        .await
        .expect("connected");
    client.send(pair.client, lost, b"into the void").await.expect("sent");
    wire(client, 0.0).await;
    let ping = Call::Ping { name: "server".to_owned(), count: 2 };
    let pinging = client.begin(pair.client, ping, Wait::Forever);
    client.result(pinging).await.0.expect("echoes");
}

#[tokio::test]
async fn tshark_reads_the_rooms_packets_without_a_complaint() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    traffic(&mut client).await;
    let answer = http::download(server.page, &format!("/r/{}/pcap", room.id), &room.watch().key_text()).await;
    let file = profile().parent().expect("target/PROFILE").join(format!("{}.pcapng", room.id));
    std::fs::write(&file, answer).expect("it can be saved");
    is_sound(&file);
    let interfaces = tshark(&file, &["-T", "fields", "-e", "frame.interface_name"]);
    assert!(interfaces.contains("wire") && interfaces.contains("lo of server"), "{interfaces}");
    let described =
        tshark(&file, &["-T", "fields", "-e", "frame.interface_name", "-e", "frame.interface_description"]);
    for line in described.lines() {
        assert_eq!(line.starts_with("lo of "), line.contains("partial"), "{line}");
    }
    for (what, filter) in [
        ("the handshake", "tcp.flags.syn == 1 && tcp.flags.ack == 1 && frame.interface_name == \"wire\""),
        ("the loopback's own", "tcp.len == 9 && frame.interface_name == \"lo of server\""),
        ("the datagram", "udp && !icmp && udp.dstport == 9"),
        ("its refusal", "icmp.type == 3 && icmp.code == 3"),
        ("echoes", "icmp.type == 0"),
        (
            "the call that asked for it",
            "tcp.flags.syn == 1 && frame.comment contains \": connect(10.0.0.1:12345) begins\"",
        ),
        ("its end", "frame.comment contains \": connect() ends: done\""),
        ("states", "frame.comment contains \" to ESTABLISHED\""),
        ("what was lost", "udp.dstport == 10 && frame.comment contains \"lost by the wire\""),
    ] {
        assert_ne!(tshark(&file, &["-Y", filter]), "", "{what}");
    }
    // tshark puts the stream together again: nothing of it is missing.
    let lengths = tshark(
        &file,
        &[
            "-Y",
            "tcp.dstport == 12345 && frame.interface_name == \"wire\" && !tcp.analysis.retransmission",
            "-T",
            "fields",
            "-e",
            "tcp.len",
        ],
    );
    let bytes: u32 = lengths.lines().filter_map(|length| length.parse::<u32>().ok()).sum();
    assert_eq!(bytes, 40_000);
    std::fs::remove_file(file).expect("it can be removed");
}

#[tokio::test]
async fn packets_are_for_who_may_see_the_room() {
    let server = TestServer::shared();
    let (room, other) = (NewRoom::create(&server).await, NewRoom::create(&server).await);
    let path = format!("/r/{}/pcap", room.id);
    assert_eq!(http::get(server.page, &path).await.status, 403, "without a key");
    for (key, status) in
        [(room.watch().key_text(), 200), (other.owner().key_text(), 403), ("?".to_owned(), 403)]
    {
        let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nAuthorization: Bearer {key}\r\n", server.page);
        assert_eq!(http::request(server.page, &head).await.status, status, "{key}");
    }
}
