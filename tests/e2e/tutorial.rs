//! The tutorial's own port: plain TCP clients on the machine's network, without page and protocol.

use std::process::Stdio;

use proto::trace::{Cause, TcpFlags};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{client::Client, in_time, room::NewRoom, server::TestServer, trace};

const THANKS: &[u8] = b"Thank you for connecting";

async fn greeting(server: &TestServer) -> Vec<u8> {
    let reading = async {
        let mut stream = TcpStream::connect(server.tutorial).await?;
        let mut text = Vec::new();
        stream.read_to_end(&mut text).await?;
        Ok::<_, std::io::Error>(text)
    };
    in_time("a greeting", reading).await.expect("a connection")
}

#[tokio::test]
async fn a_plain_client_is_thanked_and_the_connection_closed() {
    let server = TestServer::shared();
    assert_eq!(greeting(&server).await, THANKS);
}

#[tokio::test]
async fn five_hundred_at_once_are_thanked() {
    let server = TestServer::shared();
    let clients = (0..500).map(|_| greeting(&server));
    let greetings = futures_util::future::join_all(clients).await;
    assert!(greetings.iter().all(|text| text == THANKS));
}

/// The tutorial's `client.py` as it stands there, with host and port of this server.
#[tokio::test]
async fn the_tutorials_own_client_works() {
    let server = TestServer::shared();
    let source = format!(
        "import socket\ns = socket.socket()\ns.connect(('127.0.0.1', {}))\nprint(s.recv(1024).decode())\ns.close()\n",
        server.tutorial.port()
    );
    let output = std::process::Command::new("python3").args(["-c", &source]).stdin(Stdio::null()).output();
    let output = output.expect("python3 is installed (script/test installs it)");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.stdout.trim_ascii(), THANKS);
}

#[tokio::test]
async fn a_client_that_talks_first_is_thanked_all_the_same() {
    let server = TestServer::shared();
    let mut stream = TcpStream::connect(server.tutorial).await.expect("a connection");
    stream.write_all(b"hello?").await.expect("sent");
    let mut first = vec![0; THANKS.len()];
    in_time("the greeting", stream.read_exact(&mut first)).await.expect("read");
    assert_eq!(first, THANKS);
}

/// The first lesson by program: resolve, connect, receive, end of file, close, and every packet with its cause.
#[tokio::test]
async fn in_a_room_the_first_lesson_works() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    client.subscribe();
    let program = client.program("client").await;
    let address = client.resolve(program, "tutorial", 12345).await;
    assert_eq!(address, "10.0.0.10:12345".parse().expect("an address"));
    let fd = client.socket(program).await;
    client.connect_to(program, fd, address).await.expect("connected");
    assert_eq!(client.recv(program, fd, 1024).await.expect("a greeting"), THANKS);
    assert!(client.recv(program, fd, 1024).await.expect("the end of file").is_empty());
    client.close_fd(program, fd).await.expect("closed");

    let fin = |events: &[_]| {
        trace::packets(events).iter().filter(|packet| trace::has(packet, TcpFlags::FIN)).count() == 2
    };
    client.trace_until(fin).await;
    let packets = trace::packets(&client.events);
    let first: Vec<_> = packets.iter().take(3).map(|packet| trace::flags(packet)).collect();
    assert_eq!(first, ["SYN", "SYN ACK", "ACK"]);
    assert!(matches!(packets[0].cause, Cause::Call(_)), "{:?}", packets[0].cause);
    assert_eq!(packets[1].cause, Cause::Packet(packets[0].id));
    assert_eq!(packets[2].cause, Cause::Packet(packets[1].id));
    assert!(packets.iter().any(|packet| packet.data.bytes == THANKS));
}

#[tokio::test]
async fn in_a_room_echo_daytime_and_web_answer() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let program = client.program("client").await;

    let echo = client.connected(program, "tutorial", 7).await;
    client.send(program, echo, b"are you there?").await.expect("sent");
    assert_eq!(client.recv(program, echo, 1024).await.expect("an echo"), &b"are you there?"[..]);
    client.call(program, shut_write(echo)).await.expect("half closed");
    assert!(client.recv(program, echo, 1024).await.expect("the end of file").is_empty());

    let daytime = client.connected(program, "tutorial", 13).await;
    let told = client.recv_all(program, daytime).await;
    assert!(told.iter().any(u8::is_ascii_digit), "{}", String::from_utf8_lossy(&told));

    let web = client.connected(program, "www.example.test", 80).await;
    let request = b"GET / HTTP/1.0\r\nHost: www.example.test\r\n\r\n";
    client.send(program, web, request).await.expect("sent");
    let page = String::from_utf8(client.recv_all(program, web).await).expect("text");
    assert!(page.starts_with("HTTP/1.") && page.contains(" 200 ") && page.contains("<html"), "{page}");
}

#[tokio::test]
async fn the_ready_made_servers_belong_to_nobody() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    let mut client = Client::join(&room.owner(), "Ada").await;
    let program = client.program("client").await;
    client.resolve(program, "tutorial", 7).await;
    let again = Client::join(&room.owner(), "Ada again").await;
    let tutorial =
        again.snapshot().hosts.iter().find(|host| host.name == "tutorial").expect("it has come up");
    assert!(tutorial.ready_made);
    let id = tutorial.id;
    assert!(client.program_on(id).await.is_err(), "nobody runs programs there");
}

fn shut_write(fd: proto::id::Fd) -> proto::call::Call {
    proto::call::Call::Shutdown { fd, how: proto::call::How::Write }
}
