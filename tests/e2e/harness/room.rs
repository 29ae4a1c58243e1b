//! New rooms, and the links to them.

use std::net::{Ipv4Addr, SocketAddr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::message::Secret;

use super::{http, raw, server::TestServer};

/// A room with the keys of its three roles.
#[derive(Clone, Debug)]
pub(crate) struct NewRoom {
    /// Where its server is.
    pub(crate) server: SocketAddr,
    /// Its id.
    pub(crate) id: String,
    owner: Secret,
    join: Secret,
    watch: Secret,
    /// The address of this machine that whoever made it came from, and that its people come from.
    from: Ipv4Addr,
}

/// A room with one key.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    /// Where to connect to.
    pub(crate) dial: SocketAddr,
    /// Where its server is.
    pub(crate) server: SocketAddr,
    /// The room's id.
    pub(crate) room: String,
    /// The key.
    pub(crate) key: Secret,
    /// From which address of this machine.
    pub(crate) from: Ipv4Addr,
}

impl NewRoom {
    /// `POST /rooms`.
    pub(crate) async fn create(server: &TestServer) -> Self {
        Self::made(server, &http::post(server.page, "/rooms").await)
    }

    /// The same; none where the server refuses one more.
    pub(crate) async fn create_if_allowed(server: &TestServer) -> Option<Self> {
        let answer = http::post(server.page, "/rooms").await;
        (!matches!(answer.status, 429 | 503)).then(|| Self::made(server, &answer))
    }

    /// The same through whoever stands before the server, from an address of this machine.
    ///
    /// # Errors
    /// The answer of whoever takes no more.
    pub(crate) async fn create_through(door: SocketAddr, visitor: Ipv4Addr) -> Result<Self, http::Answer> {
        let stream = raw::dial(door, visitor).await.expect("the door listens");
        let own = format!("Host: {door}\r\nOrigin: http://{door}\r\nContent-Length: 0\r\n");
        let answer = http::request_over(stream, &format!("POST /rooms HTTP/1.1\r\n{own}")).await;
        if answer.status == 201 {
            Ok(Self { from: visitor, ..Self::read(door, &answer) })
        } else {
            Err(answer)
        }
    }

    /// The same, as a proxy passes it on for a visitor.
    pub(crate) async fn create_for(server: &TestServer, visitor: &str) -> Self {
        let page = server.page;
        let head = format!(
            "POST /rooms HTTP/1.1\r\nHost: {page}\r\nOrigin: http://{page}\r\nContent-Length: 0\r\nX-Forwarded-For: \
             {visitor}\r\n"
        );
        Self::made(server, &http::request(page, &head).await)
    }

    fn made(server: &TestServer, answer: &http::Answer) -> Self {
        assert_eq!(answer.status, 201, "{answer:?}\nthe server said:\n{}", server.log());
        Self::read(server.page, answer)
    }

    fn read(server: SocketAddr, answer: &http::Answer) -> Self {
        let made = answer.json();
        let key = |role: &str| {
            let text = made[role].as_str().expect("a key");
            assert_eq!(text.len(), 22, "128 bits in base64url");
            let bytes = URL_SAFE_NO_PAD.decode(text).expect("base64url");
            bytes.try_into().expect("16 bytes")
        };
        let (owner, join, watch) = (key("owner"), key("join"), key("watch"));
        let id = made["room"].as_str().expect("an id").to_owned();
        assert_eq!(answer.header("location"), Some(format!("/r/{id}").as_str()));
        Self { server, id, owner, join, watch, from: Ipv4Addr::LOCALHOST }
    }

    /// The way in of whoever made it.
    pub(crate) fn owner(&self) -> Link {
        self.link(self.owner)
    }

    /// The way in of a guest.
    pub(crate) fn join(&self) -> Link {
        self.link(self.join)
    }

    /// The way in of a watcher.
    pub(crate) fn watch(&self) -> Link {
        self.link(self.watch)
    }

    /// The room with any key.
    pub(crate) fn link(&self, key: Secret) -> Link {
        Link { dial: self.server, server: self.server, room: self.id.clone(), key, from: self.from }
    }
}

impl Link {
    /// The room of a link as people hand it on.
    pub(crate) fn of(server: &TestServer, address: &str) -> Self {
        let (page, key) = address.split_once('#').expect("a link with a key");
        let room = page.split('?').next().and_then(|page| page.rsplit('/').next()).expect("a room");
        let key = URL_SAFE_NO_PAD.decode(key).expect("base64url").try_into().expect("16 bytes");
        let from = Ipv4Addr::LOCALHOST;
        Self { dial: server.page, server: server.page, room: room.to_owned(), key, from }
    }

    /// The key as it stands in an address.
    pub(crate) fn key_text(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key)
    }

    /// The same, but dialled elsewhere: somebody stands between.
    pub(crate) fn through(mut self, dial: SocketAddr) -> Self {
        self.dial = dial;
        self
    }
}
