//! Recordings that are kept: made from the server's own trace, opened by link, deleted by key.

mod again;
mod crash;
mod full;
pub(crate) mod last;
mod picture;
mod refusals;
mod shared;
mod unreadable;
pub(crate) mod written;

use std::{fs, path::PathBuf};

use proto::call::Call;
use serde_json::{Value, json};
use share::Recording;

use crate::harness::{
    client::Client,
    http::{self, Answer},
    in_time,
    room::{Link, NewRoom},
    server::TestServer,
};

/// A folder of this test's own, gone afterwards.
pub(crate) struct Data(PathBuf);

impl Data {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("wireside-kept-{name}-{}", std::process::id()));
        let _none_yet = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }

    pub(crate) fn flag(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }

    pub(crate) fn path(&self) -> &std::path::Path {
        &self.0
    }

    /// Whether there is a last recording of this room.
    pub(crate) fn has_last(&self, room: &str) -> bool {
        self.0.join(format!("shares/{room}.last")).exists()
    }

    /// Waits until there is one.
    pub(crate) async fn until_last(&self, room: &str) {
        in_time("a room's last recording", async {
            while !self.has_last(room) {
                tokio::task::yield_now().await;
            }
        })
        .await;
    }

    /// The names of the files in it, whole and begun; not those of rooms' last recordings, which go by themselves.
    fn names(&self) -> Vec<String> {
        let entries = fs::read_dir(self.0.join("shares")).expect("the shelf");
        let mut names: Vec<String> = entries
            .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
            .collect();
        names.retain(|name| !name.ends_with(".last"));
        names.sort();
        names
    }
}

impl Drop for Data {
    fn drop(&mut self) {
        let _gone = fs::remove_dir_all(&self.0);
    }
}

/// `POST /r/{room}/shares` with a link's key.
pub(crate) async fn keep(link: &Link, asked: &Value) -> Answer {
    keep_with(link, &link.key_text(), &asked.to_string()).await
}

async fn keep_with(link: &Link, key: &str, body: &str) -> Answer {
    let (server, room) = (link.server, &link.room);
    let head = format!(
        "POST /r/{room}/shares HTTP/1.1\r\nHost: {server}\r\nOrigin: http://{server}\r\nAuthorization: Bearer {key}\r\n\
         "
    );
    http::request_with(server, &head, body).await
}

async fn delete(server: &TestServer, id: &str, key: &str) -> Answer {
    let page = server.page;
    let head = format!(
        "DELETE /s/{id} HTTP/1.1\r\nHost: {page}\r\nOrigin: http://{page}\r\nAuthorization: Bearer {key}\r\n"
    );
    http::request(page, &head).await
}

/// What was kept, as whoever opens it reads it.
async fn opened(server: &TestServer, id: &str) -> Recording {
    let answer = http::get(server.page, &format!("/s/{id}/events")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    share::read(answer.body.as_bytes()).unwrap_or_else(|error| panic!("{error}: {}", answer.body))
}

/// A room in which something happened.
pub(crate) async fn with_a_run(server: &TestServer) -> (NewRoom, Client) {
    let room = NewRoom::create(server).await;
    let mut owner = Client::join(&room.owner(), "Ada <b>\u{202e}").await;
    let program = owner.program("client").await;
    let fd = owner.connected(program, "tutorial", 7).await;
    owner.call(program, Call::Close { fd }).await.expect("it is open");
    (room, owner)
}

#[tokio::test]
async fn what_happened_is_kept_opened_and_deleted() {
    let data = Data::new("whole");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, owner) = with_a_run(&server).await;
    let asked = json!({ "title": "Hello <script>\u{0}", "hide_names": false });
    let answer = keep(&room.owner(), &asked).await;
    assert_eq!(answer.status, 201, "{answer:?}\n{}", server.log());
    let made = answer.json();
    let (id, key) = (made["id"].as_str().expect("an id"), made["delete_key"].as_str().expect("a key"));
    assert_eq!((id.len(), key.len()), (26, 22), "128 bits each");
    assert_eq!(answer.header("location"), Some(format!("/s/{id}").as_str()));
    assert_eq!(data.names(), [format!("{id}.share")]);

    let found = opened(&server, id).await;
    assert_eq!(found.header.title, "Hello <script>\u{0}");
    assert_eq!(found.header.evicted, 0);
    assert_eq!(found.events.len() as u64, made["events"].as_u64().expect("a count"));
    let names: Vec<&str> = found.header.hosts.iter().map(|host| host.name.as_str()).collect();
    assert!(names.contains(&"client") && names.contains(&"server"), "{names:?}");
    assert!(found.header.members[0].name.starts_with("Ada"), "{:?}", found.header.members);
    let calls = found.events.iter().filter_map(|event| match &event.what {
        proto::trace::What::CallBegin(begin) => Some(begin.call.name()),
        _ => None,
    });
    let calls: Vec<_> = calls.collect();
    assert!(calls.contains(&"connect") && calls.contains(&"close"), "{calls:?}");

    // The page, which nobody is to find by searching; and the file, compressed for whoever takes that.
    let page = http::get(server.page, &format!("/s/{id}")).await;
    assert_eq!((page.status, page.header("x-robots-tag")), (200, Some("noindex, nofollow")));
    let page = server.page;
    let head = format!("GET /s/{id}/events HTTP/1.1\r\nHost: {page}\r\nAccept-Encoding: br\r\n");
    let packed = http::request(page, &head).await;
    assert_eq!(packed.header("content-encoding"), Some("br"), "{}", packed.head);
    assert_eq!(packed.header("content-length"), Some(made["packed"].to_string().as_str()));
    let tag = packed.header("etag").expect("a tag").to_owned();
    let again = http::request(page, &format!("{head}If-None-Match: {tag}\r\n")).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));

    // The room is gone, the server another one: it is still there.
    drop(owner);
    server.signal(rustix::process::Signal::INT);
    server.wait();
    let server = TestServer::start(&["--data", data.flag()]);
    assert_eq!(opened(&server, id).await, found);
    let first = if key.starts_with('A') { 'B' } else { 'A' };
    let other = format!("{first}{}", &key[1..]);
    assert_eq!(delete(&server, id, &other).await.status, 403);
    assert_eq!(delete(&server, id, key).await.status, 204);
    assert!(data.names().is_empty());
    for path in [format!("/s/{id}"), format!("/s/{id}/events")] {
        assert_eq!(http::get(server.page, &path).await.status, 404, "{path}");
    }
    assert_eq!(delete(&server, id, key).await.status, 404);
}

#[tokio::test]
async fn hidden_names_are_not_in_it() {
    let data = Data::new("hidden");
    let server = TestServer::start(&["--data", data.flag()]);
    let (room, _owner) = with_a_run(&server).await;
    let _guest = Client::join(&room.join(), "Grace Hopper").await;
    let made = keep(&room.owner(), &json!({ "hide_names": true })).await.json();
    let id = made["id"].as_str().expect("an id");
    let text = http::get(server.page, &format!("/s/{id}/events")).await.body;
    assert!(!text.contains("Grace") && !text.contains("Ada"), "{text}");
    assert!(opened(&server, id).await.header.names_hidden);
}
