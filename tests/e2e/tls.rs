//! TLS as visitors and strangers meet it: with an operator's certificate, with one made at start, and with clients that
//! speak it badly or not at all.

use std::path::PathBuf;

use futures_util::{SinkExt as _, StreamExt as _};
use rcgen::{CertifiedKey, KeyPair};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_tungstenite::{
    client_async,
    tungstenite::{Error, Message},
};

use crate::harness::{http, in_time, profile, raw, server::TestServer, tls};

/// A certificate and its key in files; gone when the test ends.
struct Files {
    folder: PathBuf,
    certificate: CertificateDer<'static>,
}

impl Files {
    fn made_out_to(name: &str) -> Self {
        let folder = profile().join("e2e-tls").join(format!("{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let CertifiedKey { cert, signing_key }: CertifiedKey<KeyPair> =
            rcgen::generate_simple_self_signed(vec![name.to_owned()]).expect("a certificate");
        let files = Self { folder, certificate: cert.der().clone() };
        std::fs::write(files.path("cert.pem"), cert.pem()).expect("a file");
        std::fs::write(files.path("key.pem"), signing_key.serialize_pem()).expect("a file");
        files
    }

    fn path(&self, file: &str) -> String {
        self.folder.join(file).to_str().expect("a path in UTF-8").to_owned()
    }
}

impl Drop for Files {
    fn drop(&mut self) {
        let _left = std::fs::remove_dir_all(&self.folder);
    }
}

#[tokio::test]
async fn with_an_operators_certificate_everything_is_within_tls() {
    let files = Files::made_out_to("lab.example");
    let (certificate, key) = (files.path("cert.pem"), files.path("key.pem"));
    let flags = ["--tls-cert", &certificate, "--tls-key", &key, "--host-name", "lab.example"];
    let server = TestServer::start(&flags);
    let host = format!("lab.example:{}", server.page.port());
    // The address to type is the one the certificate is for.
    assert_eq!(server.origin(), format!("https://{host}"));
    let dial = || tls::connect(server.page, "lab.example", &files.certificate);

    let page =
        http::request_over(dial().await.expect("TLS"), &format!("GET / HTTP/1.1\r\nHost: {host}\r\n")).await;
    assert_eq!(page.status, 200);
    assert!(page.body.contains("<title>Wireside"), "{page:?}");
    assert_eq!(page.header("strict-transport-security"), Some("max-age=86400"));

    let post = |origin: &str| {
        format!("POST /rooms HTTP/1.1\r\nHost: {host}\r\nOrigin: {origin}\r\nContent-Length: 0\r\n")
    };
    // A page that came without TLS may have been anybody's.
    let stranger = http::request_over(dial().await.expect("TLS"), &post(&format!("http://{host}"))).await;
    assert_eq!(stranger.status, 403, "{stranger:?}");
    let made = http::request_over(dial().await.expect("TLS"), &post(&server.origin())).await;
    assert_eq!(made.status, 201, "{made:?}");
    let room = made.json()["room"].as_str().expect("an id").to_owned();

    let request = |origin: &str| raw::request(server.page, &room, &[("host", &host), ("origin", origin)]);
    let refused = client_async(request(&format!("http://{host}")), dial().await.expect("TLS")).await;
    assert!(matches!(&refused, Err(Error::Http(answer)) if answer.status() == 403), "{refused:?}");
    let opening = client_async(request(&server.origin()), dial().await.expect("TLS"));
    let (mut socket, _) = in_time("the WebSocket", opening).await.expect("an upgrade");
    // Bytes pass both ways: the server answers a ping.
    socket.send(Message::Ping("are you there".into())).await.expect("sent");
    let answer = in_time("an answer", socket.next()).await.expect("open").expect("a message");
    assert_eq!(answer, Message::Pong("are you there".into()));
}

#[tokio::test]
async fn a_self_signed_certificate_is_for_every_address() {
    let server = TestServer::start(&["--tls", "self-signed", "--host-name", "class.example:8443"]);
    assert_eq!(server.origin(), format!("https://{}", server.page));
    let shown = tls::shown(server.page).await;
    for name in ["localhost", "127.0.0.1", "::1", "class.example"] {
        tls::connect(server.page, name, &shown).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
    tls::connect(server.page, "other.example", &shown).await.expect_err("it is for its own names only");
    let stream = tls::connect(server.page, "127.0.0.1", &shown).await.expect("TLS");
    let page = http::request_over(stream, &format!("GET / HTTP/1.1\r\nHost: {}\r\n", server.page)).await;
    assert_eq!(page.status, 200);
    // Whoever was told to come by HTTPS only could not accept this certificate any more.
    assert_eq!(page.header("strict-transport-security"), None);
    server
        .logs("a word about the warning", |log| log.contains("browsers warn of the self-signed certificate"))
        .await;
}

#[tokio::test]
async fn plain_http_is_told_where_to_go() {
    let server = TestServer::start(&["--tls", "self-signed"]);
    let answer = http::get(server.page, "/").await;
    assert_eq!(answer.status, 400);
    assert_eq!(answer.body, format!("This address speaks HTTPS. Go to https://{}/\n", server.page));
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
}

#[tokio::test]
async fn a_handshake_that_does_not_end_is_cut() {
    let server = TestServer::start(&["--tls", "self-signed"]);
    // Nothing at all; the head of a record that does not come; a client hello of 512 bytes that stops after its head.
    for begun in [&b""[..], &[22, 3, 1], &[22, 3, 1, 2, 0, 1, 0, 1, 252, 3, 3]] {
        let mut stream = TcpStream::connect(server.page).await.expect("it listens");
        stream.write_all(begun).await.expect("sent");
        let mut rest = Vec::new();
        let end = in_time("the end of the connection", stream.read_to_end(&mut rest)).await;
        assert!(matches!(end, Ok(0) | Err(_)), "{begun:?} is answered by {rest:?}");
    }
    // Garbage after a right beginning ends at once, and nobody else is worse off.
    let mut stream = TcpStream::connect(server.page).await.expect("it listens");
    stream.write_all(&[22; 64]).await.expect("sent");
    let _alert = in_time("the end of the connection", stream.read_to_end(&mut Vec::new())).await;
    tls::shown(server.page).await;
}
