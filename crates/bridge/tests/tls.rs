//! TLS from outside, with clients that never finish a handshake: what they cost is bounded before TLS begins.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

use std::{net::SocketAddr, sync::Arc, time::Duration};

use bridge::{Bridge, Config, Deadlines, Limits, Tls};
use tokio::{
    io::AsyncReadExt as _,
    net::{TcpListener, TcpStream},
    time::timeout,
};
use tokio_rustls::rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer};

/// A handshake's record and nothing in it.
const BEGUN: &[u8] = &[22, 3, 1];

fn tls() -> Tls {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    Tls { config: Arc::new(config), strict: false }
}

async fn start(limits: Limits, deadlines: Deadlines) -> SocketAddr {
    // No rooms here: what is tested comes before them.
    let keeper = Some("/bin/false".into());
    let config = Config { tls: Some(tls()), keeper, limits, deadlines, ..Config::default() };
    let bridge = Bridge::start(config).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { bridge.serve(listener, std::future::pending()).await });
    address
}

async fn begun(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).await.unwrap();
    stream.writable().await.unwrap();
    stream.try_write(BEGUN).unwrap();
    stream
}

/// When a test gives up waiting. Nothing here takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Nothing was said until the end.
async fn ends_in_silence(mut stream: TcpStream) {
    let mut said = Vec::new();
    let _reset = timeout(PATIENCE, stream.read_to_end(&mut said)).await.expect("it ends");
    assert_eq!(said, b"");
}

#[tokio::test]
async fn the_cap_of_an_address_comes_before_the_handshake() {
    let limits = Limits { address_connections: 2, loopback_exempt: false, ..Limits::default() };
    // The first two keep their places: only the third may end.
    let deadlines = Deadlines { head: Duration::from_secs(3600), ..Deadlines::default() };
    let address = start(limits, deadlines).await;
    let (first, second) = (begun(address).await, begun(address).await);
    ends_in_silence(begun(address).await).await;
    for held in [first, second] {
        assert_eq!(held.try_read(&mut [0]).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    }
}

#[tokio::test]
async fn a_handshake_has_the_deadline_of_a_head() {
    let deadlines = Deadlines { head: Duration::from_millis(100), ..Deadlines::default() };
    let address = start(Limits::default(), deadlines).await;
    ends_in_silence(TcpStream::connect(address).await.unwrap()).await;
    ends_in_silence(begun(address).await).await;
}
