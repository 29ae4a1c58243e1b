//! Requests that HTTP allows to be read in two ways, and questions that are not for strangers.

use crate::harness::{http, raw, room::NewRoom, server::TestServer};

#[tokio::test]
async fn a_body_with_two_lengths_is_refused() {
    let server = TestServer::shared();
    let own = format!("Host: {0}\r\nOrigin: http://{0}\r\n", server.page);
    let lengths = [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Transfer-Encoding: chunked\r\n",
    ];
    for length in lengths {
        let answer = http::request(server.page, &format!("POST /rooms HTTP/1.1\r\n{own}{length}")).await;
        assert_eq!(answer.status, 411, "{length}: {answer:?}");
        assert_eq!(answer.json()["rule"], "length");
        assert_eq!(answer.header("connection"), Some("close"));
    }
    let twice = "Content-Length: 0\r\nContent-Length: 5\r\n";
    let answer = http::request(server.page, &format!("POST /rooms HTTP/1.1\r\n{own}{twice}")).await;
    assert_eq!(answer.status, 400, "{answer:?}");
}

#[tokio::test]
async fn a_handshake_of_another_version_or_without_a_key_is_refused() {
    let server = TestServer::shared();
    let room = NewRoom::create(&server).await;
    for version in ["8", "12", "14", "13x"] {
        let request = raw::request(server.page, &room.id, &[("sec-websocket-version", version)]);
        let (status, body) = raw::refused(request, server.page).await;
        assert_eq!(status, 426, "{version}: {body}");
        assert!(body.contains("version 13"), "{body}");
    }
    for key in ["short", "dGhlIHNhbXBsZQ==", "dGhlIHNhbXBsZSBub25jZQ", "!!!!!!!!!!!!!!!!!!!!!!=="] {
        let request = raw::request(server.page, &room.id, &[("sec-websocket-key", key)]);
        let (status, body) = raw::refused(request, server.page).await;
        assert_eq!(status, 400, "{key}: {body}");
    }
}

/// Somebody who comes through the proxy.
async fn ask(server: &TestServer, path: &str, from: &str) -> http::Answer {
    let head = format!("GET {path} HTTP/1.1\r\nHost: {}\r\nX-Forwarded-For: {from}\r\n", server.page);
    http::request(server.page, &head).await
}

#[tokio::test]
async fn strangers_are_not_told_version_and_counts() {
    let flags = ["--trusted-proxy", "127.0.0.1", "--metrics-from", "198.51.100.0/24"];
    let server = TestServer::start(&flags);
    let told = ask(&server, "/health", "203.0.113.7").await;
    assert_eq!(told.status, 200);
    let told = told.json();
    assert_eq!((told["status"].as_str(), told["isolation"].as_str()), (Some("ok"), Some("namespaces")));
    for secret in ["version", "node", "rooms", "sessions"] {
        assert!(told.get(secret).is_none(), "{secret} in {told}");
    }
    let metrics = ask(&server, "/metrics", "203.0.113.7").await;
    assert_eq!((metrics.status, metrics.json()["rule"].as_str()), (403, Some("metrics")));

    let told = ask(&server, "/health", "198.51.100.9").await.json();
    assert_eq!(told["rooms"], 0, "{told}");
    assert_eq!(ask(&server, "/metrics", "198.51.100.9").await.status, 200);
    // The proxy's own machine is no longer this machine's own people.
    assert_eq!(http::get(server.page, "/metrics").await.status, 403);
    // A server for this machine alone tells it.
    let own = TestServer::shared();
    assert!(http::get(own.page, "/health").await.json()["version"].is_string());
    assert_eq!(http::get(own.page, "/metrics").await.status, 200);
}
