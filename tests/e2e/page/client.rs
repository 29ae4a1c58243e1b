//! The JavaScript client on its own, as a developer uses it: without our page, with the names it promises.

use serde_json::json;

use crate::harness::{
    browser::{Browser, Tab},
    server::TestServer,
};

/// A document of the server without any script in it.
async fn bare(browser: &Browser, server: &TestServer) -> Tab {
    let tab = browser.visitor(800, 600).await;
    tab.go(&format!("{}/limits", server.origin())).await;
    tab.shows("the document", "document.readyState === 'complete'").await;
    tab
}

const OPEN: &str = "const { openRoom } = await import('/client/wireside.js'); const room = await openRoom();";

#[tokio::test]
async fn the_first_lesson_in_a_few_lines() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = bare(&browser, &server).await;
    let result = tab
        .script(&format!(
            "{OPEN}
            const p = await room.program('client');
            const addresses = await p.getaddrinfo('tutorial', 12345);
            const s = await p.socket();
            await s.connect(['tutorial', 12345]);
            const text = new TextDecoder().decode(await s.recv(1024));
            const end = await s.recv(1024);
            const fd = s.fd;
            await s.close();
            return {{ id: room.id, links: Object.keys(room.links).sort(), hosts: room.hosts.map((h) => [h.name, h.address]),
              addresses: addresses.length, fd, text, end: end.length }};"
        ))
        .await;
    assert_eq!(result["text"], "Thank you for connecting");
    assert_eq!(result["end"], 0);
    assert_eq!(result["fd"], 3);
    assert_eq!(result["links"], json!(["join", "watch"]));
    let hosts = result["hosts"].as_array().expect("a list");
    assert!(hosts.contains(&json!(["server", "10.0.0.1"])), "{hosts:?}");
    assert!(hosts.contains(&json!(["client", "10.0.0.2"])), "{hosts:?}");
    assert!(result["addresses"].as_u64() >= Some(1));
}

#[tokio::test]
async fn both_sides_with_every_call() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = bare(&browser, &server).await;
    let result = tab
        .script(&format!(
            "{OPEN}
            const server = await room.program('server'), client = await room.program('client');
            const l = await server.socket();
            await l.setsockopt('SO_REUSEADDR', true);
            await l.bind(['', 12345]);
            await l.listen(5);
            const accepting = l.accept();
            const s = await client.socket();
            await s.connect(['server', 12345]);
            const [conn, peer] = await accepting;
            await s.sendall(new TextEncoder().encode('hello'));
            const ready = await server.poll([[conn, 'IN']], {{ wait: 5000 }});
            const got = new TextDecoder().decode(await conn.recv(1024));
            await s.shutdown('SHUT_WR');
            const end = await conn.recv(1024);
            await conn.send(new TextEncoder().encode('bye'));
            const back = new TextDecoder().decode(await s.recv(1024));
            const names = [await conn.getsockname(), await conn.getpeername(), await s.getsockname()];
            const pinged = await client.ping('tutorial', 2);
            return {{ peer, got, end: end.length, back, names, ready: ready.length, pinged: JSON.stringify(pinged) }};"
        ))
        .await;
    assert_eq!(result["got"], "hello");
    assert_eq!(result["end"], 0);
    assert_eq!(result["back"], "bye");
    assert_eq!(result["ready"], 1);
    assert_eq!(result["names"][0], json!(["10.0.0.1", 12345]));
    assert_eq!(result["names"][1], result["names"][2]);
    assert_eq!(result["peer"], result["names"][2]);
}

#[tokio::test]
async fn errors_have_their_classes() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = bare(&browser, &server).await;
    let result = tab
        .script(&format!(
            "{OPEN}
            const p = await room.program('client');
            const caught = async (what) => {{
              try {{ await what(); return 'nothing'; }}
              catch (e) {{ return {{ name: e.name, code: e.code, errno: e.errno, call: e.call, rule: e.rule, limit: e.limit, message: e.message, hint: e.hint }}; }}
            }};
            const s = await p.socket();
            const refused = await caught(() => s.connect(['server', 54321]));
            const nobody = await caught(() => p.getaddrinfo('nobody', 80));
            const long = await caught(() => p.getaddrinfo('a'.repeat(300), 80));
            const policy = await caught(async () => (await p.socket()).connect(['192.168.1.10', 22]));
            const ports = [];
            for (const port of [65536, -1, 1.5, 'x']) ports.push(await caught(async () => (await p.socket()).bind(['', port])));
            const stop = new AbortController();
            const l = await (await room.program('server')).socket();
            await l.bind(['', 1]); await l.listen(1);
            const waiting = caught(() => l.accept({{ signal: stop.signal }}));
            stop.abort();
            return {{ refused, nobody, long, policy, ports, aborted: await waiting }};"
        ))
        .await;
    let refused = &result["refused"];
    assert_eq!(
        (
            refused["name"].as_str(),
            refused["code"].as_str(),
            refused["errno"].as_i64(),
            refused["call"].as_str()
        ),
        (Some("SocketError"), Some("ECONNREFUSED"), Some(111), Some("connect")),
    );
    assert!(refused["hint"].as_str().is_some_and(|hint| !hint.is_empty()));
    assert!(["LimitError", "RangeError"].contains(&result["long"]["name"].as_str().unwrap_or_default()));
    assert!(
        result["long"]["message"].as_str().is_some_and(|said| said.contains("253")),
        "{}",
        result["long"]
    );
    for port in result["ports"].as_array().expect("a list") {
        assert_ne!(*port, "nothing", "{port}");
    }
    assert!(
        ["AbortError", "SocketError"].contains(&result["aborted"]["name"].as_str().unwrap_or_default()),
        "{}",
        result["aborted"]
    );
    let policy = result["policy"]["name"].as_str();
    assert!(
        policy == Some("PolicyError") || result["policy"]["code"] == "ENETUNREACH",
        "{}",
        result["policy"]
    );
    let nobody = result["nobody"]["name"].as_str();
    assert!(nobody == Some("ResolveError") || nobody == Some("PolicyError"), "{}", result["nobody"]);
}

#[tokio::test]
async fn a_second_room_object_joins_and_follows_the_trace() {
    let server = TestServer::shared();
    let browser = Browser::open().await;
    let tab = bare(&browser, &server).await;
    let result = tab
        .script(&format!(
            "{OPEN}
            const guest = await openRoom(room.links.join);
            const watcher = await openRoom(room.links.watch);
            const p = await room.program('client');
            const s = await p.socket();
            await s.connect(['tutorial', 12345]);
            await s.recv(1024);
            const seen = [];
            for await (const event of watcher.trace()) {{
              seen.push(event);
              if (event.kind === 'call' && event.call === 'recv' && event.phase === 'end') break;
            }}
            const denied = await watcher.program('client').then(() => 'allowed', (e) => e.name);
            const packet = seen.find((event) => event.kind === 'packet' && event.flags.includes('SYN'));
            const kinds = [...new Set(seen.map((event) => event.kind))].sort();
            const order = seen.every((event, at) => at === 0 || event.seq > seen[at - 1].seq);
            return {{ denied, kinds, order, packet, own: guest.hosts.length }};"
        ))
        .await;
    assert_eq!(result["denied"], "PolicyError");
    assert_eq!(result["order"], true);
    let kinds = result["kinds"].to_string();
    for kind in ["call", "host", "packet", "people", "state"] {
        assert!(kinds.contains(kind), "{kinds}");
    }
    let packet = &result["packet"];
    assert_eq!(packet["link"], "wire");
    assert_eq!(packet["dst"], "10.0.0.10:12345");
    assert_eq!(packet["flags"], json!(["SYN"]));
    assert!(packet["cause"]["call"].is_number(), "{packet}");
    assert!(result["own"].as_u64() >= Some(3), "a machine of the guest's own");
}
