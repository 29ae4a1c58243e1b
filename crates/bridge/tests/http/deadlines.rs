//! What takes too long, or is too much at once.

use super::*;

#[tokio::test]
async fn silent_connections_are_cut() {
    let deadlines = Deadlines { head: SHORT, ..Deadlines::default() };
    let address = start(Config { deadlines, ..config() }).await;
    for begun in ["", "G", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nhost: localhost\r\nx: "] {
        assert_eq!(say(address, begun.as_bytes()).await, "", "{begun:?}");
    }
}

#[tokio::test]
async fn idle_connections_are_cut_after_an_answer() {
    let deadlines = Deadlines { head: SHORT, ..Deadlines::default() };
    let address = start(Config { deadlines, ..config() }).await;
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let answer = say(address, request.as_bytes()).await;
    assert_eq!(status(&answer), 200, "{answer}");
}

#[tokio::test]
async fn clients_that_do_not_read_are_cut() {
    let deadlines = Deadlines { stall: SHORT, ..Deadlines::default() };
    let address = start(Config { deadlines, ..config() }).await;
    let mut deaf = TcpStream::connect(address).await.unwrap();
    let request = format!("GET /large HTTP/1.1\r\nhost: {address}\r\n\r\n");
    deaf.write_all(request.as_bytes()).await.unwrap();
    deaf.readable().await.unwrap();
    let mut witness = TcpStream::connect(address).await.unwrap();
    let metrics = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\n\r\n");
    loop {
        witness.write_all(metrics.as_bytes()).await.unwrap();
        if answer(&mut witness).await.contains("\nwireside_connections 1\n") {
            break;
        }
    }
    let mut taken = 0;
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = deaf.read(&mut buffer).await {
        taken += count;
    }
    assert!(taken < LARGE, "{taken} bytes came through");
}

#[tokio::test]
async fn slow_bodies_are_cut_with_the_limits_name() {
    let deadlines = Deadlines { body: SHORT, ..Deadlines::default() };
    let address = start(Config { deadlines, ..config() }).await;
    let headers = format!("origin: http://{address}\r\ncontent-length: 10\r\n");
    let answer = ask(address, "POST", "/rooms", &headers).await;
    assert_eq!(status(&answer), 408, "{answer}");
    assert_eq!(json(&answer)["limit"], "body-ms");
}

#[tokio::test]
async fn large_bodies_are_refused_announced_or_not() {
    let address = start(config()).await;
    let announced = format!("origin: http://{address}\r\ncontent-length: 65537\r\n");
    let answer = ask(address, "POST", "/rooms", &announced).await;
    assert_eq!(status(&answer), 413, "{answer}");
    let body = json(&answer);
    assert_eq!((&body["class"], &body["limit"]), (&"limit".into(), &"body-bytes".into()));
    assert_eq!(body["value"], 65536);
    // How long it is has to be said before it comes.
    let chunk = "x".repeat(65_537);
    let chunked =
        format!("origin: http://{address}\r\ntransfer-encoding: chunked\r\n\r\n10001\r\n{chunk}\r\n0\r\n");
    let answer = ask(address, "POST", "/rooms", &chunked).await;
    assert_eq!(status(&answer), 411, "{answer}");
}
