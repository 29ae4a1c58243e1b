//! Classes as their pages see them: made, joined, heard of.

use std::{collections::BTreeMap, net::SocketAddr};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proto::message::Secret;
use serde_json::{Map, Value, json};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::TcpStream,
};

use super::{
    http::{self, Answer},
    in_time,
    room::Link,
    server::TestServer,
};

/// A class with its teacher's key.
#[derive(Clone, Debug)]
pub(crate) struct NewClass {
    pub(crate) server: SocketAddr,
    pub(crate) id: String,
    pub(crate) teacher: String,
}

/// A seat with its key, and the way into its room.
#[derive(Clone, Debug)]
pub(crate) struct Seat {
    pub(crate) number: u64,
    pub(crate) name: String,
    pub(crate) key: String,
    pub(crate) room: Link,
}

impl NewClass {
    /// `POST /classes`.
    pub(crate) async fn make(server: &TestServer, wanted: &Value) -> Self {
        Self::made_by(server.page, wanted).await
    }

    /// The same at an address: a server's, or that of whoever stands before it.
    pub(crate) async fn made_by(server: SocketAddr, wanted: &Value) -> Self {
        let answer = post(server, "/classes", None, &wanted.to_string()).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let made = answer.json();
        let text = |name: &str| made[name].as_str().expect("text").to_owned();
        Self { server, id: text("class"), teacher: text("teacher") }
    }

    /// The one that a server was started with.
    pub(crate) fn first(server: &TestServer) -> Self {
        let board = server.prints("board ");
        let (link, teacher) = board.split_once("/board#").expect("a board's link");
        let id = link.rsplit('/').next().expect("an id").to_owned();
        Self { server: server.page, id, teacher: teacher.to_owned() }
    }

    /// Takes a seat, if there is one.
    pub(crate) async fn try_join(&self, name: &str) -> Answer {
        self.try_join_with(&json!({ "name": name }).to_string()).await
    }

    /// The same with whatever somebody sends.
    pub(crate) async fn try_join_with(&self, body: &str) -> Answer {
        post(self.server, &format!("/c/{}/seats", self.id), None, body).await
    }

    /// Takes a seat.
    pub(crate) async fn join(&self, name: &str) -> Seat {
        let answer = self.try_join(name).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        self.seat(&answer)
    }

    /// Comes back to a seat.
    pub(crate) async fn come_back(&self, key: &str) -> Answer {
        post(self.server, &format!("/c/{}/seats", self.id), Some(key), "{}").await
    }

    /// The seat that an answer tells of.
    pub(crate) fn seat(&self, answer: &Answer) -> Seat {
        let taken = answer.json();
        let text = |name: &str| taken[name].as_str().expect("text").to_owned();
        let room = self.link(&text("room"), &text("owner"));
        Seat { number: taken["seat"].as_u64().expect("a number"), name: text("name"), key: text("key"), room }
    }

    /// A room of it with any key.
    pub(crate) fn link(&self, room: &str, key: &str) -> Link {
        let key: Secret = URL_SAFE_NO_PAD.decode(key).expect("base64url").try_into().expect("16 bytes");
        let from = std::net::Ipv4Addr::LOCALHOST;
        Link { dial: self.server, server: self.server, room: room.to_owned(), key, from }
    }

    /// Has the class do something.
    pub(crate) async fn try_act(&self, key: &str, act: &str) -> Answer {
        post(self.server, &format!("/c/{}/acts", self.id), Some(key), act).await
    }

    /// Has the class do something, which goes well.
    pub(crate) async fn act(&self, act: &Value) {
        let answer = self.try_act(&self.teacher, &act.to_string()).await;
        assert_eq!((answer.status, answer.json()["missed"].as_u64()), (200, Some(0)), "{answer:?}");
    }

    /// POST below the class's address.
    pub(crate) async fn post(&self, path: &str, key: &str, body: &str) -> Answer {
        post(self.server, &format!("/c/{}/{path}", self.id), Some(key), body).await
    }

    /// POST below the class's address, by somebody who waits for no answer, and is gone when this is dropped.
    pub(crate) async fn post_unheard(&self, path: &str, key: Option<&str>, body: &str) -> TcpStream {
        let head = post_head(self.server, &format!("/c/{}/{path}", self.id), key);
        let request = format!("{head}Content-Length: {}\r\n\r\n{body}", body.len());
        let mut stream = TcpStream::connect(self.server).await.expect("the server listens");
        stream.write_all(request.as_bytes()).await.expect("sent");
        stream
    }

    /// GET below the class's address.
    pub(crate) async fn get(&self, path: &str, key: &str) -> Answer {
        let server = self.server;
        let id = &self.id;
        let head =
            format!("GET /c/{id}/{path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {key}\r\n");
        http::request(server, &head).await
    }

    /// Hears of the class, with the teacher's key.
    pub(crate) async fn board(&self) -> Board {
        let lines = Lines::open(self.server, &format!("/c/{}/news", self.id), &self.teacher).await;
        Board { lines, class: Value::Null, seats: BTreeMap::new() }
    }

    /// Hears of a seat.
    pub(crate) async fn hears(&self, seat: &Seat) -> Lines {
        Lines::open(self.server, &format!("/c/{}/seat", self.id), &seat.key).await
    }
}

async fn post(server: SocketAddr, path: &str, key: Option<&str>, body: &str) -> Answer {
    http::request_with(server, &post_head(server, path, key), body).await
}

fn post_head(server: SocketAddr, path: &str, key: Option<&str>) -> String {
    let key = key.map(|key| format!("Authorization: Bearer {key}\r\n")).unwrap_or_default();
    format!("POST {path} HTTP/1.1\r\nHost: {server}\r\nOrigin: http://{server}\r\n{key}")
}

/// A stream of JSON, an object a line.
pub(crate) struct Lines {
    stream: BufReader<TcpStream>,
    rest: String,
    /// Bytes of lines so far.
    pub(crate) bytes: usize,
}

impl Lines {
    async fn open(server: SocketAddr, path: &str, key: &str) -> Self {
        let opening = async {
            let stream = TcpStream::connect(server).await?;
            let mut stream = BufReader::new(stream);
            let head =
                format!("GET {path} HTTP/1.1\r\nHost: {server}\r\nAuthorization: Bearer {key}\r\n\r\n");
            stream.get_mut().write_all(head.as_bytes()).await?;
            let mut status = String::new();
            stream.read_line(&mut status).await?;
            assert!(status.starts_with("HTTP/1.1 200"), "{status}");
            let mut line = status;
            while line != "\r\n" {
                line.clear();
                stream.read_line(&mut line).await?;
            }
            Ok::<_, std::io::Error>(stream)
        };
        let stream = in_time("a stream of news", opening).await.expect("HTTP");
        Self { stream, rest: String::new(), bytes: 0 }
    }

    /// The next object; none where the stream ends.
    pub(crate) async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some((line, rest)) = self.rest.split_once('\n') {
                let value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error} in {line:?}"));
                self.rest = rest.to_owned();
                return Some(value);
            }
            // RFC 9112, 7.1: a length, the chunk, an end of line.
            let mut length = String::new();
            in_time("news", self.stream.read_line(&mut length)).await.ok()?;
            let length = usize::from_str_radix(length.trim(), 16).ok().filter(|&length| length > 0)?;
            let mut chunk = vec![0; length + 2];
            in_time("news", self.stream.read_exact(&mut chunk)).await.ok()?;
            self.bytes += length;
            self.rest.push_str(std::str::from_utf8(&chunk[..length]).expect("UTF-8"));
        }
    }

    /// Waits for an object.
    pub(crate) async fn until(&mut self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        loop {
            let line = self.next().await.unwrap_or_else(|| panic!("no more news, and no {what}"));
            if is(&line) {
                return line;
            }
        }
    }
}

/// What a teacher's page knows.
pub(crate) struct Board {
    pub(crate) lines: Lines,
    pub(crate) class: Value,
    pub(crate) seats: BTreeMap<u64, Map<String, Value>>,
}

/// A seat before anything is told of it.
fn untold() -> Map<String, Value> {
    let seat = json!({
        "name": "", "room": null, "here": false, "came": false, "steps": "", "since": 0, "waits": null, "failed": null,
        "hand": null, "looked": false, "held": false, "kept": null,
    });
    seat.as_object().cloned().expect("an object")
}

impl Board {
    /// Waits until the board is so.
    pub(crate) async fn until(&mut self, what: &str, is: impl Fn(&Self) -> bool) {
        while !is(self) {
            let line = self.lines.next().await.unwrap_or_else(|| panic!("no more news, and not {what}"));
            if let Some(class) = line.get("class") {
                self.class = class.clone();
            }
            let Some(number) = line["seat"].as_u64() else { continue };
            if line["gone"] == true {
                self.seats.remove(&number);
            } else if let Value::Object(fields) = line {
                self.seats.entry(number).or_insert_with(untold).extend(fields);
            }
        }
    }

    /// How many seats are so.
    pub(crate) fn count(&self, is: impl Fn(&Map<String, Value>) -> bool) -> usize {
        self.seats.values().filter(|seat| is(seat)).count()
    }

    /// The seats in the order of who has not come further for longest.
    pub(crate) fn longest(&self) -> Vec<u64> {
        let mut all: Vec<_> = self
            .seats
            .iter()
            .map(|(number, seat)| (seat["since"].as_u64().expect("a time"), *number))
            .collect();
        all.sort_unstable();
        all.into_iter().map(|(_, number)| number).collect()
    }
}
