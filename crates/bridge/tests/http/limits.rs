//! Limits: what is told of them, and what is refused by them.

use super::*;

#[tokio::test]
async fn every_limit_is_listed_also_those_of_the_way_outside() {
    let answer = json(&ask(start(config()).await, "GET", "/limits", "").await);
    for limit in bridge::egress::limits::OutsideLimit::ALL {
        assert_eq!(answer["outside"][limit.name()], limit.value(), "{limit:?}");
        assert!(answer["about"][limit.name()]["sentence"].is_string(), "{limit:?}");
    }
    for limit in proto::limits::Limit::ALL {
        let groups = ["protocol", "server"].map(|group| answer[group][limit.name()].as_u64());
        assert_eq!(groups.iter().flatten().count(), 1, "{limit:?} is listed once");
        assert_eq!(answer["about"][limit.name()]["unit"], limit.unit().name(), "{limit:?}");
        if let Some(value) = groups[0] {
            assert_eq!(value, limit.value(), "{limit:?}");
        }
    }
    for name in ["body-ms", "body-bytes", "server-descriptors", "room-bytes-per-second"] {
        assert!(answer["server"][name].is_u64(), "{name}");
    }
}

#[tokio::test]
async fn every_rule_is_listed_with_its_sentence() {
    use proto::rules::{PolicyRule, ProtocolRule};
    let answer = json(&ask(start(config()).await, "GET", "/limits", "").await);
    let policy = PolicyRule::ALL.iter().map(|rule| ("policy", rule.name(), rule.sentence()));
    let protocol = ProtocolRule::ALL.iter().map(|rule| ("protocol", rule.name(), rule.sentence()));
    let outside = bridge::egress::rules::all().map(|rule| ("outside", rule.name, rule.sentence));
    let http = bridge::HttpRule::ALL.iter().map(|rule| ("http", rule.name(), rule.sentence()));
    for (group, name, sentence) in policy.chain(protocol).chain(http).chain(outside) {
        assert_eq!(answer["rules"][group][name], sentence, "{group} {name}");
    }
}

#[tokio::test]
async fn one_address_has_so_many_connections_and_gets_them_back() {
    let limits = Limits { address_connections: 2, loopback_exempt: false, ..Limits::default() };
    let address = start(Config { limits, ..config() }).await;
    let request = format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n");
    let mut held = Vec::new();
    for _ in 0..2 {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(request.as_bytes()).await.unwrap();
        assert_eq!(status(&head(&mut stream).await), 200);
        held.push(stream);
    }
    let answer = say(address, b"").await;
    assert_eq!(status(&answer), 429, "{answer}");
    assert_eq!(json(&answer)["limit"], "address-connections");
    assert_eq!(json(&answer)["value"], 2);
    assert_guarded(&answer, "refused connection");
    drop(held);
    // The server learns of the close in its own time; each attempt waits for its answer.
    while status(&ask(address, "GET", "/", "").await) != 200 {}
}

#[tokio::test]
async fn the_server_has_so_many_connections() {
    let limits = Limits { connections: 1, ..Limits::default() };
    let address = start(Config { limits, ..config() }).await;
    let mut held = TcpStream::connect(address).await.unwrap();
    held.write_all(format!("GET / HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    head(&mut held).await;
    let answer = say(address, b"").await;
    assert_eq!(status(&answer), 503, "{answer}");
    assert_eq!(json(&answer)["limit"], "server-connections");
}

#[tokio::test]
async fn sessions_beyond_the_limit_are_refused_before_the_upgrade() {
    for (limits, expected, name) in [
        (Limits { sessions: 0, ..Limits::default() }, 503, "server-sessions"),
        (
            Limits { address_sessions: 0, loopback_exempt: false, ..Limits::default() },
            429,
            "address-sessions",
        ),
    ] {
        let address = start(Config { limits, ..config() }).await;
        let headers = format!("origin: http://{address}\r\nsec-websocket-protocol: wireside.1\r\n");
        let answer = ask_upgrade(address, &headers).await;
        assert_eq!(status(&answer), expected, "{answer}");
        let body = json(&answer);
        assert_eq!((&body["class"], &body["limit"]), (&"limit".into(), &name.into()));
        assert_eq!(body["value"], 0);
    }
}

#[tokio::test]
async fn rooms_beyond_the_limit_are_refused() {
    let limits = Limits { rooms: 0, ..Limits::default() };
    let address = start(Config { limits, ..config() }).await;
    let answer = ask(address, "POST", "/rooms", &format!("origin: http://{address}\r\n")).await;
    assert_eq!(status(&answer), 503, "{answer}");
    assert_eq!(json(&answer)["limit"], "server-rooms");
}

#[tokio::test]
async fn limits_health_and_metrics_tell_what_they_should() {
    let address = start(config()).await;
    let limits = json(&ask(address, "GET", "/limits", "").await);
    assert_eq!(limits["protocol"]["message"], 65536);
    assert_eq!(limits["server"]["address-sessions"], 128);
    let health = json(&ask(address, "GET", "/health", "").await);
    assert_eq!(health["status"], "ok");
    assert_eq!(health["node"], "a");
    assert_eq!(health["isolation"] == "none", health.get("remedy").is_some(), "{health}");
    let metrics = ask(address, "GET", "/metrics", "").await;
    assert!(metrics.contains("\nwireside_connections "), "{metrics}");
    assert!(metrics.contains("\nwireside_outside_connections 0\n"), "{metrics}");
    assert!(metrics.contains("\nwireside_outside_lookups 0\n"), "{metrics}");
    assert!(metrics.contains("\nwireside_answers_total{status=\"2xx\"} 2\n"), "{metrics}");
}

/// Runs the ignored test below in a process of its own: its descriptor limit is nobody else's.
#[test]
fn out_of_descriptors_the_server_waits_and_recovers() {
    let test = std::env::current_exe().unwrap();
    let arguments = ["--exact", "limits::child_out_of_descriptors", "--ignored"];
    let output = Command::new(test).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stdout));
}

#[tokio::test]
#[ignore = "lowers the descriptor limit of its process; run by the test above"]
async fn child_out_of_descriptors() {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    let address = start(config()).await;
    let mut witness = TcpStream::connect(address).await.unwrap();
    let waiting = tokio::net::TcpSocket::new_v4().unwrap();
    let maximum = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), maximum }).unwrap();
    let errors = async |witness: &mut TcpStream| -> u64 {
        let request = format!("GET /metrics HTTP/1.1\r\nhost: {address}\r\n\r\n");
        witness.write_all(request.as_bytes()).await.unwrap();
        let body = answer(witness).await;
        let line = body.lines().find_map(|line| line.strip_prefix("wireside_accept_errors_total ")).unwrap();
        line.parse().unwrap()
    };
    assert_eq!(errors(&mut witness).await, 0);
    let fillers: Vec<_> = std::iter::from_fn(|| std::fs::File::open("/dev/null").ok()).collect();

    let mut late = waiting.connect(address).await.unwrap();
    let mut asked = 0;
    while errors(&mut witness).await == 0 {
        asked += 1;
    }
    // A loop that spins would have failed once for each turn of ours, and more.
    for _ in 0..200 {
        asked += 1;
        errors(&mut witness).await;
    }
    let failures = errors(&mut witness).await;
    assert!(failures <= asked / 2, "{failures} errors while {asked} requests were answered");

    drop(fillers);
    late.write_all(format!("GET /health HTTP/1.1\r\nhost: {address}\r\n\r\n").as_bytes()).await.unwrap();
    assert_eq!(status(&head(&mut late).await), 200);
}
