//! Where the kernel or a container refuses what rooms need: everything says so, with the remedy, and the rest works.

use crate::{
    harness::{browser::Browser, http, server::TestServer},
    page::LAPTOP,
};

/// A server that sees an empty device in place of `/dev/net/tun`, in a mount namespace of its own.
fn without_tun() -> TestServer {
    let script = "exec unshare --user --map-root-user --mount bash -c \
                  'mount --bind /dev/null /dev/net/tun && exec \"$@\"' server \"$@\"";
    TestServer::start_within(script, &[])
}

#[tokio::test]
async fn health_and_log_name_what_is_missing_and_the_remedy() {
    let server = without_tun();
    let answer = http::get(server.page, "/health").await;
    assert_eq!(answer.status, 200, "the server itself is well");
    let health = answer.json();
    assert_eq!(health["isolation"], "none");
    assert_eq!(health["packets"], false);
    let (missing, remedy) = (&health["missing"], &health["remedy"]);
    assert!(missing.as_str().is_some_and(|text| text.to_lowercase().contains("tun")), "{missing}");
    assert!(remedy.as_str().is_some_and(|text| !text.is_empty()), "{remedy}");
    server.logs("a line for the operator", |log| log.to_lowercase().contains("tun")).await;
}

#[tokio::test]
async fn the_tutorials_port_and_the_page_work() {
    let server = without_tun();
    let greeting = async {
        let mut stream = tokio::net::TcpStream::connect(server.tutorial).await?;
        let mut text = Vec::new();
        tokio::io::AsyncReadExt::read_to_end(&mut stream, &mut text).await?;
        Ok::<_, std::io::Error>(text)
    };
    let greeting = crate::harness::in_time("the greeting", greeting).await.expect("a connection");
    assert_eq!(greeting, b"Thank you for connecting");
    assert_eq!(http::get(server.page, "/").await.status, 200);
    let refused = http::post(server.page, "/rooms").await;
    assert_eq!(refused.status, 503);
    let body = refused.json();
    assert_eq!(body["class"], "unavailable");
    assert!(body["message"].as_str().is_some_and(|text| text.to_lowercase().contains("tun")), "{body}");
}

#[tokio::test]
async fn the_page_says_it_in_words() {
    let server = without_tun();
    let browser = Browser::open().await;
    let tab = browser.sparing(LAPTOP.0, LAPTOP.1).await;
    tab.go(&server.origin()).await;
    tab.sees("body", "cannot make rooms").await;
    tab.sees("body", "tun").await;
    tab.fits().await;
    tab.screenshot("no-namespaces-1280").await;
    browser.forgive(|complaint| complaint.contains("503"));
}
