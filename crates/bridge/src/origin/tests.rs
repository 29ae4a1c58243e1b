use super::*;

fn names() -> Names {
    Names::new(&Config {
        host_names: vec!["lab.example".into(), "exact.example:8443".into()],
        origins: vec!["https://blog.example".into()],
        trusted_proxies: vec!["10.9.0.0/16".parse().unwrap()],
        ..Config::default()
    })
    .unwrap()
}

fn ends() -> Endpoints {
    Endpoints {
        peer: "127.0.0.1:50000".parse().unwrap(),
        local: "192.0.2.7:8080".parse().unwrap(),
        secure: false,
    }
}

fn with(name: &'static str, values: &[&str]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    headers
}

fn host(text: &str) -> Result<Host, OriginError> {
    names().host(ends(), &Uri::from_static("/"), &with("host", &[text]))
}

#[test]
fn our_names_are_ours() {
    for ours in [
        "localhost:8080",
        "LocalHost:8080",
        "127.0.0.1:8080",
        "127.8.9.1:8080",
        "[::1]:8080",
        "192.0.2.7:8080",
        "lab.example",
        "lab.example:8080",
        "exact.example:8443",
        // What forwards to here on the visitor's own machine may have any port.
        "localhost",
        "localhost:9000",
        "127.0.0.1:9000",
        "[::1]:9000",
    ] {
        assert!(host(ours).is_ok(), "{ours}");
    }
}

#[test]
fn other_names_are_not() {
    for other in [
        "evil.example:8080",
        "localhost.:8080",
        "localhost.:9000",
        "sub.localhost:9000",
        "192.0.2.7:9000",
        "localhost.evil.example:8080",
        "127.0.0.1.evil.example:8080",
        "192.0.2.8:8080",
        "0.0.0.0:8080",
        "2130706433:8080",
        "0x7f.1:8080",
        "127.1:8080",
        "lab.example:9999",
        "lab.example.:8080",
        "sub.lab.example:8080",
        "exact.example",
        "exact.example:8080",
        "[::2]:8080",
    ] {
        assert_eq!(host(other), Err(OriginError::Host), "{other}");
    }
}

#[test]
fn what_is_no_host_is_refused_as_such() {
    for nonsense in
        ["", "user@localhost:8080", "localhost:", "localhost:99999", "a b", "localhost:8080/x", "[::1", "é"]
    {
        assert_eq!(host(nonsense), Err(OriginError::NoHost), "{nonsense}");
    }
    let twice = with("host", &["localhost:8080", "localhost:8080"]);
    assert_eq!(names().host(ends(), &Uri::from_static("/"), &twice), Err(OriginError::NoHost));
    assert_eq!(names().host(ends(), &Uri::from_static("/"), &HeaderMap::new()), Err(OriginError::NoHost));
}

#[test]
fn an_absolute_target_has_to_be_the_host() {
    let headers = with("host", &["localhost:8080"]);
    let same = Uri::from_static("http://localhost:8080/");
    assert!(names().host(ends(), &same, &headers).is_ok());
    let other = Uri::from_static("http://evil.example/");
    assert_eq!(names().host(ends(), &other, &headers), Err(OriginError::Host));
}

#[test]
fn only_the_same_origin_and_allowed_ones_pass() {
    let host = host("localhost:8080").unwrap();
    let check = |values: &[&str]| names().check_origin(ends(), &host, &with("origin", values));
    for good in ["http://localhost:8080", "https://localhost:8080", "https://blog.example"] {
        assert_eq!(check(&[good]), Ok(()), "{good}");
    }
    assert_eq!(check(&[]), Err(OriginError::NoOrigin));
    for bad in [
        "null",
        "",
        "*",
        "http://localhost",
        "http://localhost:80",
        "http://localhost:8081",
        "http://localhost:8080/",
        "http://localhost:8080 ",
        "HTTP://localhost:8080",
        "http://LOCALHOST:8080",
        "ftp://localhost:8080",
        "file://",
        "http://127.0.0.1:8080",
        "http://localhost.:8080",
        "http://localhost:8080.evil.example",
        "http://localhost:8080@evil.example",
        "http://evil.example/localhost:8080",
        "http://evil.example",
        "https://blog.example.evil.example",
        "https://blog.example:443",
        "http://blog.example",
        "https://sub.blog.example",
    ] {
        assert_eq!(check(&[bad]), Err(OriginError::Origin), "{bad}");
    }
    assert_eq!(check(&["http://localhost:8080", "http://localhost:8080"]), Err(OriginError::Origin));
}

#[test]
fn behind_our_own_tls_only_https_is_ours() {
    let secure = Endpoints { secure: true, ..ends() };
    let host = host("localhost:8080").unwrap();
    let check = |origin| names().check_origin(secure, &host, &with("origin", &[origin]));
    assert_eq!(check("https://localhost:8080"), Ok(()));
    assert_eq!(check("http://localhost:8080"), Err(OriginError::Origin));
}

#[test]
fn a_forwarded_port_is_part_of_the_origin() {
    let host = host("localhost:9000").unwrap();
    let check = |origin| names().check_origin(ends(), &host, &with("origin", &[origin]));
    assert_eq!(check("http://localhost:9000"), Ok(()));
    for other in
        ["http://localhost:8080", "http://localhost", "http://127.0.0.1:9000", "http://evil.example:9000"]
    {
        assert_eq!(check(other), Err(OriginError::Origin), "{other}");
    }
}

#[test]
fn the_flag_that_would_help_is_known() {
    let wanted = |text: &str| Names::wanted(ends(), &with("host", &[text]));
    assert_eq!(wanted("lab.other:9000").as_deref(), Some("lab.other:9000"));
    assert_eq!(wanted("Lab.Other:8080").as_deref(), Some("lab.other"));
    assert_eq!(wanted("lab.other").as_deref(), Some("lab.other"));
    assert_eq!(wanted("<script>"), None);
    // Whoever does as told is let in.
    for text in ["lab.other:9000", "lab.other:8080", "lab.other", "192.0.2.9:9000", "[2001:db8::5]:8080"] {
        let config = Config { host_names: vec![wanted(text).unwrap()], ..Config::default() };
        let names = Names::new(&config).unwrap();
        assert!(names.host(ends(), &Uri::from_static("/"), &with("host", &[text])).is_ok(), "{text}");
    }
}

#[test]
fn a_default_port_is_left_out_of_an_origin() {
    let ends = Endpoints { local: "127.0.0.1:80".parse().unwrap(), ..ends() };
    let names = names();
    for text in ["localhost", "localhost:80"] {
        let host = names.host(ends, &Uri::from_static("/"), &with("host", &[text])).unwrap();
        assert_eq!(names.check_origin(ends, &host, &with("origin", &["http://localhost"])), Ok(()), "{text}");
    }
}

#[test]
fn forwarded_addresses_are_believed_from_trusted_proxies_only() {
    let names = names();
    let forwarded = |values: &[&str]| with("x-forwarded-for", values);
    let client = |peer: &str, values: &[&str]| {
        names.client(Endpoints { peer: peer.parse().unwrap(), ..ends() }, &forwarded(values)).to_string()
    };
    assert_eq!(client("203.0.113.5:1", &["198.51.100.1"]), "203.0.113.5");
    assert_eq!(client("10.9.0.1:1", &["198.51.100.1"]), "198.51.100.1");
    assert_eq!(client("10.9.0.1:1", &["127.0.0.1, 198.51.100.1, 10.9.0.2"]), "198.51.100.1");
    assert_eq!(client("10.9.0.1:1", &["127.0.0.1", "198.51.100.1"]), "198.51.100.1");
    assert_eq!(client("10.9.0.1:1", &["127.0.0.1, nonsense"]), "10.9.0.1");
    assert_eq!(client("10.9.0.1:1", &[]), "10.9.0.1");
    assert_eq!(client("[::ffff:10.9.0.1]:1", &["::ffff:198.51.100.1"]), "198.51.100.1");
}

#[test]
fn settings_that_are_no_names_are_named() {
    for bad in ["", "http://lab.example", "lab example", "user@lab"] {
        let config = Config { host_names: vec![bad.into()], ..Config::default() };
        assert_eq!(Names::new(&config).unwrap_err(), bad);
    }
    for bad in [
        "",
        "*",
        "null",
        "blog.example",
        "https://blog.example/",
        "https://Blog.example",
        "wss://blog.example",
    ] {
        let config = Config { origins: vec![bad.into()], ..Config::default() };
        assert_eq!(Names::new(&config).unwrap_err(), bad);
    }
}
