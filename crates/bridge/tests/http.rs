//! The HTTP side from outside, with raw TCP clients: deadlines, caps, Host and Origin, headers on every answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should say where")]

#[path = "http/deadlines.rs"]
mod deadlines;
#[path = "http/limits.rs"]
mod limits;

use std::{borrow::Cow, net::SocketAddr, process::Command, time::Duration};

use bridge::{Asset, Assets, Bridge, Config, Deadlines, Limits};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// Long enough for a loaded machine, short enough to wait for.
const SHORT: Duration = Duration::from_millis(100);

/// More than the kernel keeps for a client that does not read.
const LARGE: usize = 32 * 1024 * 1024;

fn find(path: &str) -> Option<Asset> {
    if path == "/large" {
        let bytes = Some(Cow::Owned(vec![0; LARGE]));
        let content_type = "application/octet-stream";
        return Some(Asset { bytes, brotli: None, gzip: None, content_type, hash: None });
    }
    let pages =
        ["/index.html", "/browser/frame.html", "/learn/index.html", "/embed/embed.html", "/embed/replay.js"];
    pages.contains(&path).then_some(Asset {
        bytes: Some(Cow::Borrowed(b"<!doctype html>")),
        brotli: None,
        gzip: None,
        content_type: "text/html; charset=utf-8",
        hash: Some("0123456789abcdef"),
    })
}

fn config() -> Config {
    Config {
        assets: Assets::new(find),
        // No rooms here: what is tested comes before them.
        keeper: Some("/bin/false".into()),
        host_names: vec!["lab.example".into()],
        origins: vec!["https://blog.example".into()],
        // Who asks here is the operator: with a name of its own, a server trusts loopback no more than others.
        metrics_from: vec!["127.0.0.1/32".parse().unwrap()],
        ..Config::default()
    }
}

async fn start(config: Config) -> SocketAddr {
    let bridge = Bridge::start(config).await.unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { bridge.serve(listener, std::future::pending()).await });
    address
}

/// What the server says to these bytes, until it closes. An abortive close after an answer is a close as well.
async fn say(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may have said all it wants before it has read everything.
    let _ = stream.write_all(bytes).await;
    rest(&mut stream).await
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count @ 1..) = stream.read(&mut buffer).await {
        answer.extend_from_slice(&buffer[..count]);
    }
    String::from_utf8(answer).unwrap()
}

/// One head, and nothing after it.
async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    String::from_utf8(head).unwrap()
}

async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> String {
    let request =
        format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n{headers}\r\n");
    say(address, request.as_bytes()).await
}

fn upgrade(headers: &str) -> String {
    format!(
        "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{headers}"
    )
}

async fn ask_upgrade(address: SocketAddr, headers: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /r/a-room/socket HTTP/1.1\r\nhost: {address}\r\n{}\r\n", upgrade(headers));
    stream.write_all(request.as_bytes()).await.unwrap();
    answer(&mut stream).await
}

/// One answer on a connection that stays open.
async fn answer(stream: &mut TcpStream) -> String {
    let head = head(stream).await;
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let mut body = vec![0; length.map_or(0, |length| length.parse().unwrap())];
    stream.read_exact(&mut body).await.unwrap();
    head + std::str::from_utf8(&body).unwrap()
}

fn status(answer: &str) -> u16 {
    answer.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5)?.parse().ok()).unwrap_or_default()
}

fn json(answer: &str) -> serde_json::Value {
    serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
}

#[track_caller]
fn assert_guarded(answer: &str, what: &str) {
    for line in [
        "content-security-policy: default-src 'none'; ",
        "require-trusted-types-for 'script'",
        "frame-ancestors 'none'",
        "cross-origin-opener-policy: same-origin\r\n",
        "cross-origin-embedder-policy: require-corp\r\n",
        "cross-origin-resource-policy: same-origin\r\n",
        "x-content-type-options: nosniff\r\n",
        "referrer-policy: no-referrer\r\n",
        "permissions-policy: ",
        "x-frame-options: DENY\r\n",
    ] {
        assert!(answer.contains(line), "{what} lacks {line:?}:\n{answer}");
    }
    assert!(!answer.contains("unsafe-inline") && !answer.contains("'unsafe-eval'"), "{what}");
}

#[tokio::test]
async fn headers_stand_on_every_kind_of_answer() {
    let address = start(config()).await;
    let origin = format!("origin: http://{address}\r\n");
    let socket = format!("{origin}sec-websocket-protocol: wireside.1\r\n");
    let large = format!("{origin}content-length: 1000000\r\n");
    let known = "if-none-match: \"0123456789abcdef\"\r\n";
    let long = format!("x: {}\r\n", "x".repeat(20_000));
    for (expected, method, path, headers) in [
        (200, "GET", "/", ""),
        (200, "HEAD", "/", ""),
        (200, "GET", "/r/a-room", ""),
        (200, "GET", "/learn/", ""),
        (200, "GET", "/learn/connect", ""),
        (308, "GET", "/learn", ""),
        (404, "GET", "/learn/Connect", ""),
        (404, "GET", "/learn/connect/nothing", ""),
        (304, "GET", "/", known),
        (200, "GET", "/limits", ""),
        (200, "GET", "/health", ""),
        (200, "GET", "/metrics", ""),
        (404, "GET", "/nothing", ""),
        (404, "GET", "/r/..%2f", ""),
        (404, "GET", "/../etc/passwd", ""),
        (404, "GET", "/r/a-room/nothing", ""),
        (405, "DELETE", "/rooms", &origin),
        (405, "GET", "/rooms", ""),
        (405, "POST", "/", &origin),
        (403, "POST", "/rooms", ""),
        (413, "POST", "/rooms", &large),
        (400, "GET", "/r/a-room/socket", &origin),
        (403, "GET", "/r/a-room/socket", &upgrade("")),
        (400, "GET", "/r/a-room/socket", &upgrade(&origin)),
        (404, "GET", "/r/a%20room/socket", &upgrade(&socket)),
        (431, "GET", "/", &long),
    ] {
        let answer = ask(address, method, path, headers).await;
        assert_eq!(status(&answer), expected, "{method} {path}: {answer}");
        assert_guarded(&answer, &format!("{method} {path}"));
    }
    for nonsense in ["nonsense\r\n\r\n", "GET / HTTP/1.1\r\nhost : x\r\n\r\n", "GET  / HTTP/9.9\r\n\r\n"] {
        let answer = say(address, nonsense.as_bytes()).await;
        assert_eq!(status(&answer), 400, "{nonsense:?}: {answer}");
        assert_guarded(&answer, nonsense);
        assert!(answer.ends_with("\r\n\r\n"), "{answer:?}");
    }
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /r/a-room/socket HTTP/1.1\r\nhost: {address}\r\n{}\r\n", upgrade(&socket));
    stream.write_all(request.as_bytes()).await.unwrap();
    let answer = head(&mut stream).await;
    assert_eq!(status(&answer), 101, "{answer}");
    assert_guarded(&answer, "upgrade");
    assert!(answer.contains("sec-websocket-protocol: wireside.1\r\n"), "{answer}");
    assert!(!answer.contains("sec-websocket-extensions"), "{answer}");
}

#[tokio::test]
async fn only_the_document_around_pages_may_be_framed_and_nothing_is_fetched_for_it() {
    let address = start(config()).await;
    for (expected, headers) in [(200, ""), (304, "if-none-match: \"0123456789abcdef\"\r\n")] {
        let answer = ask(address, "GET", "/browser/frame.html", headers).await;
        assert_eq!(status(&answer), expected, "{answer}");
        let policy = answer.split_once("content-security-policy: ").unwrap().1.split_once("\r\n").unwrap().0;
        assert!(policy.starts_with("default-src 'none'; "), "{policy}");
        assert!(policy.contains("frame-ancestors 'self'"), "{policy}");
        for source in ["script-src", "connect-src", "frame-src", "'self' ", "http", "*"] {
            assert!(!policy.contains(source), "{policy} has {source}");
        }
        assert!(answer.contains("x-frame-options: SAMEORIGIN\r\n"), "{answer}");
        for kept in ["cross-origin-embedder-policy: require-corp\r\n", "x-content-type-options: nosniff\r\n"]
        {
            assert!(answer.contains(kept), "{answer}");
        }
    }
    let answer = ask(address, "GET", "/browser/other.html", "").await;
    assert_eq!(status(&answer), 404);
    assert_guarded(&answer, "another file");
}

fn policy(answer: &str) -> &str {
    answer.split_once("content-security-policy: ").unwrap().1.split_once("\r\n").unwrap().0
}

#[tokio::test]
async fn only_embeds_may_stand_in_pages_of_others() {
    let paths = ["/embed/s/abcdefghijkmnpqrstuvwxyz23", "/embed/lesson/by-hand", "/embed/", "/embed/live"];
    for (embed, ancestors) in [
        (vec![], None),
        (vec!["none".to_owned()], Some("'none'")),
        (vec!["https://course.example".to_owned()], Some("'self' https://course.example")),
    ] {
        let address = start(Config { embed, ..config() }).await;
        for path in paths {
            let answer = ask(address, "GET", path, "").await;
            let there = !path.starts_with("/embed/s/");
            assert_eq!(status(&answer), if there { 200 } else { 404 }, "{answer}");
            let policy = policy(&answer);
            let said = policy.split("; ").find_map(|one| one.strip_prefix("frame-ancestors "));
            assert_eq!(said, ancestors, "{policy}");
            assert!(policy.starts_with("default-src 'none'; "), "{policy}");
            assert!(policy.contains("require-trusted-types-for 'script'"), "{policy}");
            assert!(!answer.contains("x-frame-options"), "{answer}");
            for line in [
                "document-isolation-policy: isolate-and-require-corp\r\n",
                "cross-origin-embedder-policy: require-corp\r\n",
                "cross-origin-resource-policy: cross-origin\r\n",
                "x-content-type-options: nosniff\r\n",
                "x-robots-tag: noindex, nofollow\r\n",
                "<!doctype html>",
            ] {
                assert!(answer.contains(line), "{path} lacks {line:?}:\n{answer}");
            }
        }
        for path in ["/", "/r/a-room", "/embed", "/embed/other", "/oembed?url=x"] {
            let answer = ask(address, "GET", path, "").await;
            assert!(policy(&answer).contains("frame-ancestors 'none'"), "{path}: {answer}");
            assert!(answer.contains("x-frame-options: DENY\r\n"), "{path}: {answer}");
        }
    }
    for wrong in ["course.example", "https://course.example/path", "*; script-src *", "none none"] {
        let config = Config { embed: vec![wrong.to_owned()], ..config() };
        assert!(Bridge::start(config).await.is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn files_may_be_read_by_documents_without_an_origin_and_the_helper_by_all() {
    let address = start(config()).await;
    let allowed = |answer: &str| answer.contains("\r\naccess-control-allow-origin: ");
    let stranger = "origin: https://stranger.example\r\n";
    for (path, headers, expected) in [
        ("/embed/embed.html", "", false),
        ("/embed/embed.html", stranger, false),
        ("/embed/embed.html", "origin: null\r\n", true),
        ("/embed/replay.js", stranger, true),
        // What is a room's, or makes one, is nobody's but ours.
        ("/limits", "origin: null\r\n", false),
        ("/r/a-room", "origin: null\r\n", false),
        ("/r/a-room/pcap", "origin: null\r\n", false),
    ] {
        let answer = ask(address, "GET", path, headers).await;
        assert_eq!(allowed(&answer), expected, "{path} {headers}: {answer}");
    }
    let answer = ask(address, "GET", "/embed/embed.html", "").await;
    assert!(answer.contains("vary: origin\r\n"), "{answer}");
    assert_eq!(status(&ask(address, "POST", "/rooms", "origin: null\r\ncontent-length: 0\r\n").await), 403);
}

#[tokio::test]
async fn foreign_origins_do_not_get_past_the_upgrade() {
    let address = start(config()).await;
    let port = address.port();
    let protocol = "sec-websocket-protocol: wireside.1\r\n";
    let mut foreign: Vec<String> = [
        "null",
        "",
        "*",
        "undefined",
        "file://",
        "about:blank",
        "data:",
        "chrome-extension://abcdefgh",
        "http://127.0.0.1",
        "https://127.0.0.1",
        "http://evil.example",
        "https://evil.example",
        "https://lab.example",
        "http://blog.example",
        "https://blog.example.evil.example",
        "https://blog.example/",
        "https://blog.example:443",
        "https://sub.blog.example",
        "https://blog.example, https://evil.example",
    ]
    .map(str::to_owned)
    .into();
    for form in [
        "http://localhost:PORT",
        "http://127.0.0.2:PORT",
        "http://127.1:PORT",
        "http://2130706433:PORT",
        "http://0x7f000001:PORT",
        "http://[::ffff:127.0.0.1]:PORT",
        "http://127.0.0.1.:PORT",
        "http://127.0.0.1:PORT/",
        "http://127.0.0.1:PORT ",
        " null http://127.0.0.1:PORT",
        "http://127.0.0.1:PORT@evil.example",
        "http://user@127.0.0.1:PORT",
        "http://127.0.0.1:PORT.evil.example",
        "http://evil.example/http://127.0.0.1:PORT",
        "http://evil.example:PORT",
        "HTTP://127.0.0.1:PORT",
        "ws://127.0.0.1:PORT",
        "//127.0.0.1:PORT",
        "127.0.0.1:PORT",
        "http://127.0.0.1:PORT, http://evil.example",
        "http://127.0.0.1:PORT\r\norigin: http://evil.example",
    ] {
        foreign.push(form.replace("PORT", &port.to_string()));
    }
    foreign.push(format!("http://127.0.0.1:{}", port ^ 1));
    assert!(foreign.len() >= 25);
    for origin in &foreign {
        // Whitespace around a value is not part of it (RFC 9110, 5.5).
        if origin.trim() == format!("http://{address}") {
            continue;
        }
        let answer = ask_upgrade(address, &format!("origin: {origin}\r\n{protocol}")).await;
        assert_eq!(status(&answer), 403, "{origin}: {answer}");
        let body = json(&answer);
        assert_eq!((&body["class"], &body["rule"]), (&"policy".into(), &"origin".into()), "{origin}");
        let answer = ask(address, "POST", "/rooms", &format!("origin: {origin}\r\n")).await;
        assert_eq!(status(&answer), 403, "POST from {origin}: {answer}");
    }
    assert_eq!(status(&ask_upgrade(address, protocol).await), 403);
}

#[tokio::test]
async fn unknown_hosts_get_nothing() {
    let address = start(config()).await;
    let port = address.port();
    for (host, expected) in [
        (format!("localhost:{port}"), 200),
        (format!("[::1]:{port}"), 200),
        ("lab.example".to_owned(), 200),
        (format!("lab.example:{port}"), 200),
        (format!("evil.example:{port}"), 403),
        (format!("localhost.evil.example:{port}"), 403),
        (format!("127.0.0.1.evil.example:{port}"), 403),
        (format!("192.0.2.1:{port}"), 403),
        ("localhost".to_owned(), 200),
        (format!("localhost:{}", port ^ 1), 200),
        (format!("evil.example:{}", port ^ 1), 403),
        (String::new(), 400),
        (format!("user@localhost:{port}"), 400),
        (format!("localhost:{port}\r\nhost: localhost:{port}"), 400),
    ] {
        for path in ["/", "/health", "/nothing"] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
            let answer = say(address, request.as_bytes()).await;
            let expected = if expected == 200 && path == "/nothing" { 404 } else { expected };
            assert_eq!(status(&answer), expected, "{host}{path}: {answer}");
        }
    }
    let absolute =
        format!("GET http://evil.example/ HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    assert_eq!(status(&say(address, absolute.as_bytes()).await), 403);
    assert_eq!(status(&say(address, b"GET / HTTP/1.0\r\n\r\n").await), 400);
}

#[tokio::test]
async fn the_subprotocol_has_to_be_ours() {
    let address = start(config()).await;
    for offered in ["", "wireside.2", "wireside", "WIRESIDE.1", "wireside.10", "chat, wireside.2"] {
        let headers = format!("origin: http://{address}\r\nsec-websocket-protocol: {offered}\r\n");
        let answer = ask_upgrade(address, &headers).await;
        assert_eq!(status(&answer), 400, "{offered}: {answer}");
        assert_eq!(json(&answer)["rule"], "subprotocol");
    }
    let answer = ask_upgrade(address, &format!("origin: http://{address}\r\n")).await;
    assert_eq!(json(&answer)["rule"], "subprotocol");
}

#[tokio::test]
async fn an_allowed_site_may_use_the_client() {
    let address = start(config()).await;
    let answer = ask(address, "GET", "/limits", "origin: https://blog.example\r\n").await;
    assert!(answer.contains("access-control-allow-origin: https://blog.example\r\n"), "{answer}");
    let answer = ask(address, "GET", "/limits", "origin: https://evil.example\r\n").await;
    assert!(!answer.contains("access-control-allow-origin"), "{answer}");
    // Else a cache would give the one's answer to the other.
    assert!(answer.contains("vary: origin\r\n"), "{answer}");
}

/// What a browser sends where it is to show the answer to a person.
const READER: &str = "accept: text/html,application/xhtml+xml,*/*;q=0.8\r\n";

#[tokio::test]
async fn a_person_is_refused_in_words() {
    let address = start(config()).await;
    for (path, expected, said) in [
        ("/nothing", 404, "There is nothing at this address"),
        ("/r/a..b", 404, "There is nothing at this address"),
        ("/rooms", 405, "This address does not know that method"),
        ("/r/a-room/pcap", 404, "There is nothing at this address"),
    ] {
        let answer = ask(address, "GET", path, READER).await;
        assert_eq!(status(&answer), expected, "{answer}");
        assert!(answer.contains("content-type: text/html; charset=utf-8\r\n"), "{answer}");
        assert!(answer.contains(said), "{answer}");
        assert_guarded(&answer, path);
        // Programs are answered as before.
        let plain = ask(address, "GET", path, "accept: */*\r\n").await;
        assert_eq!((status(&plain), &json(&plain)["class"]), (expected, &"protocol".into()), "{plain}");
    }
    let upgrade = ask_upgrade(address, READER).await;
    assert_eq!(json(&upgrade)["rule"], "origin", "{upgrade}");
}

#[tokio::test]
async fn an_address_that_is_not_known_names_the_flag() {
    let address = start(config()).await;
    let ask =
        |host: &str| format!("GET /%3Cb%3E HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n{READER}\r\n");
    let answer = say(address, ask("192.0.2.9:9000").as_bytes()).await;
    assert_eq!(status(&answer), 403, "{answer}");
    assert!(answer.contains("<code>--host-name 192.0.2.9:9000</code>"), "{answer}");
    for nonsense in ["<b>.example", "\"xyz", "q q", "x<script>"] {
        let answer = say(address, ask(nonsense).as_bytes()).await;
        assert!([400, 403].contains(&status(&answer)), "{answer}");
        assert!(!answer.contains(nonsense) && !answer.contains("<b>"), "{answer}");
    }
}
