//! The cases of the Autobahn test suite, by their numbers, against our WebSocket: framing, pings, reserved bits, opcodes,
//! fragmentation, closing and sizes.
//!
//! The suite echoes messages; here a message is a piece of the byte stream that the protocol's frames are cut out of, so what
//! comes back for a ping behind it says that no byte of it was lost. What does not apply: messages of text (1.1, 6, 10 with
//! text), which this endpoint refuses by name (1002, `messages are binary`), messages beyond 64 KiB (9, here 1009), and
//! compression (12, 13), which it does not offer.

use std::fmt::Write as _;

use bytes::Bytes;
use proto::{
    SUBPROTOCOL,
    frame::{self, Decoder, Kind},
    limits,
    message::Hello,
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::harness::{
    in_time,
    room::{Link, NewRoom},
    server::TestServer,
};

const CONTINUATION: u8 = 0;
const TEXT: u8 = 1;
const BINARY: u8 = 2;
const CLOSE: u8 = 8;
const PING: u8 = 9;
const PONG: u8 = 10;
const FIN: u8 = 0x80;

const PROTOCOL: u16 = 1002;
const NOT_UTF8: u16 = 1007;
const TOO_BIG: u16 = 1009;

/// A frame as RFC 6455 section 5.2 draws it: the first byte as it is, masked.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut bytes = vec![first];
    match payload.len() {
        short @ 0..126 => bytes.push(0x80 | short as u8),
        medium @ 126..=0xffff => {
            bytes.push(0x80 | 126);
            bytes.extend((medium as u16).to_be_bytes());
        }
        long => {
            bytes.push(0x80 | 127);
            bytes.extend((long as u64).to_be_bytes());
        }
    }
    bytes.extend(MASK);
    bytes.extend(payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    bytes
}

fn whole(opcode: u8, payload: &[u8]) -> Vec<u8> {
    frame(FIN | opcode, payload)
}

/// A close frame with a code and a reason.
fn closing(code: u16, reason: &[u8]) -> Vec<u8> {
    whole(CLOSE, &[&code.to_be_bytes(), reason].concat())
}

/// So many pings of the protocol's own, which are answered: four bytes each.
fn asks(count: usize) -> Vec<u8> {
    [Kind::Ping as u8, 0, 0, 0].repeat(count)
}

/// What came back until the server closed, or until all that was waited for was there.
#[derive(Debug, Default)]
struct Heard {
    answers: usize,
    pongs: Vec<Vec<u8>>,
    close: Option<Option<u16>>,
    over: bool,
}

/// A WebSocket in a session, byte by byte.
struct Wire {
    stream: TcpStream,
    unread: Vec<u8>,
    decoder: Decoder,
    heard: Heard,
}

impl Wire {
    async fn open(link: &Link) -> Self {
        let mut stream = TcpStream::connect(link.dial).await.expect("the server listens");
        stream.set_nodelay(true).expect("an option");
        let (server, room) = (link.server, &link.room);
        let head = format!(
            "GET /r/{room}/socket HTTP/1.1\r\nHost: {server}\r\nOrigin: http://{server}\r\nConnection: Upgrade\r\nUpgrade: \
             websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAECAwQFBgcICQoLDA0ODw==\r\n\
             Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.expect("sent");
        let mut unread = Vec::new();
        let end = loop {
            if let Some(at) = unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at + 4;
            }
            in_time("an answer", stream.read_buf(&mut unread)).await.expect("bytes");
        };
        let head = String::from_utf8_lossy(&unread[..end]).to_ascii_lowercase();
        assert!(head.starts_with("http/1.1 101") && !head.contains("sec-websocket-extensions"), "{head}");
        unread.drain(..end);
        let mut wire = Self { stream, unread, decoder: Decoder::new(), heard: Heard::default() };
        let hello = Hello { key: link.key, name: "case".to_owned(), session: None };
        wire.send(&whole(BINARY, &frame::encode_hello(&hello))).await;
        wire.send(&whole(BINARY, &asks(1))).await;
        wire.until("the first answer", |heard| heard.answers == 1).await;
        wire.heard = Heard::default();
        wire
    }

    /// Sends, whatever the other end thinks of it.
    async fn send(&mut self, bytes: &[u8]) {
        let _closed = self.stream.write_all(bytes).await;
    }

    async fn until(&mut self, what: &str, enough: impl Fn(&Heard) -> bool) {
        in_time(what, async {
            while !enough(&self.heard) && !self.heard.over {
                self.read().await;
            }
        })
        .await;
    }

    async fn read(&mut self) {
        let read = self.stream.read_buf(&mut self.unread).await;
        self.heard.over = !read.is_ok_and(|length| length > 0);
        while let Some((opcode, payload)) = self.next_frame() {
            match opcode {
                BINARY => {
                    self.decoder.push(Bytes::from(payload)).expect("short messages");
                    while let Some(frame) = self.decoder.next_frame().expect("the server keeps to the format")
                    {
                        self.heard.answers += usize::from(frame.kind == Kind::Pong);
                    }
                }
                PING => {}
                PONG => self.heard.pongs.push(payload),
                CLOSE => {
                    assert_eq!(self.heard.close, None, "one close frame");
                    let code = payload.first_chunk::<2>().map(|code| u16::from_be_bytes(*code));
                    self.heard.close = Some(code);
                }
                other => panic!("opcode {other}"),
            }
        }
    }

    /// The server's frames are whole and not masked.
    fn next_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (&[first, second], rest) = self.unread.split_first_chunk()?;
        assert!(first & 0xf0 == FIN && second & 0x80 == 0, "{first:x} {second:x}");
        let (length, head) = match second {
            126 => (usize::from(u16::from_be_bytes(*rest.first_chunk()?)), 4),
            127 => (usize::try_from(u64::from_be_bytes(*rest.first_chunk()?)).expect("short"), 10),
            short => (usize::from(short), 2),
        };
        let payload = self.unread.get(head..head + length)?.to_vec();
        self.unread.drain(..head + length);
        Some((first & 0xf, payload))
    }
}

/// What has to come of a case.
#[derive(Clone, Debug)]
enum Then {
    /// Answers, where there are any to come, and these pongs; the connection goes on, and is then closed by 1000.
    GoesOn(usize, Vec<Vec<u8>>),
    /// A close frame with one of these codes, or an end without one, after so many answers at most.
    Fails(&'static [u16], usize),
    /// The close frame is answered with this code, none where there is none.
    Closes(Option<u16>),
}

struct Case {
    number: String,
    bytes: Vec<u8>,
    /// Bytes of one write; none where all go at once.
    chop: Option<usize>,
    then: Then,
}

#[derive(Default)]
struct Cases(Vec<Case>);

impl Cases {
    fn add(&mut self, number: &str, bytes: &[Vec<u8>], then: Then) {
        self.0.push(Case { number: number.to_owned(), bytes: bytes.concat(), chop: None, then });
    }

    fn chopped(&mut self, number: &str, chop: usize, bytes: &[Vec<u8>], then: Then) {
        self.add(number, bytes, then);
        self.0.last_mut().expect("just added").chop = Some(chop);
    }
}

fn answers(count: usize) -> Then {
    Then::GoesOn(count, Vec::new())
}

fn pongs(payloads: &[&[u8]]) -> Then {
    Then::GoesOn(0, payloads.iter().map(|payload| payload.to_vec()).collect())
}

const FAILS: Then = Then::Fails(&[PROTOCOL], 0);

/// A message of exactly so many bytes out of a stream of pings, and another one with what is left of the last ping.
fn sized(size: usize) -> (Vec<u8>, Vec<u8>, usize) {
    let count = size.div_ceil(4);
    let stream = asks(count);
    (stream[..size].to_vec(), stream[size..].to_vec(), count)
}

/// 1.2 and 9.1 to 9.8 as far as messages are not longer than 64 KiB.
fn framing(cases: &mut Cases) {
    cases.add("1.1.1", &[whole(TEXT, b"")], FAILS);
    cases.add("1.1.2", &[whole(TEXT, &[b'*'; 125])], FAILS);
    for (number, size) in [(1, 0), (2, 125), (3, 126), (4, 127), (5, 128), (6, 65_535), (7, 65_536)] {
        let (message, rest, count) = sized(size);
        cases.add(&format!("1.2.{number}"), &[whole(BINARY, &message), whole(BINARY, &rest)], answers(count));
    }
    let (message, _, count) = sized(65_536);
    cases.chopped("1.2.8", 997, &[whole(BINARY, &message)], answers(count));
    cases.add(
        "9.2 (65,537 bytes)",
        &[whole(BINARY, &asks(16_385)), vec![]],
        Then::Fails(&[TOO_BIG, PROTOCOL], 0),
    );
    for fragment in [64, 256, 1024, 4096, 16_384, 65_536] {
        let mut bytes = Vec::new();
        let last = message.len().div_ceil(fragment) - 1;
        for (index, part) in message.chunks(fragment).enumerate() {
            let opcode = if index == 0 { BINARY } else { CONTINUATION };
            bytes.extend(frame(if index == last { FIN | opcode } else { opcode }, part));
        }
        cases.add(&format!("9.4 ({fragment})"), &[bytes], answers(count));
    }
    let fragments: Vec<Vec<u8>> =
        (0..66).map(|index| frame(if index == 0 { BINARY } else { CONTINUATION }, &[0; 1024])).collect();
    cases.add("9.4 (beyond 64 KiB)", &fragments, Then::Fails(&[TOO_BIG, PROTOCOL], 0));
    cases.chopped("9.6", 64, &[whole(BINARY, &message)], answers(count));
}

fn pings(cases: &mut Cases) {
    cases.add("2.1", &[whole(PING, b"")], pongs(&[b""]));
    cases.add("2.2", &[whole(PING, b"Hello, world!")], pongs(&[b"Hello, world!"]));
    cases.add(
        "2.3",
        &[whole(PING, &[0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff])],
        pongs(&[&[0, 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0, 0xff]]),
    );
    cases.add("2.4", &[whole(PING, &[0xfe; 125])], pongs(&[&[0xfe; 125]]));
    cases.add("2.5", &[whole(PING, &[0xfe; 126])], FAILS);
    cases.chopped("2.6", 1, &[whole(PING, &[0xfe; 125])], pongs(&[&[0xfe; 125]]));
    cases.add("2.7", &[whole(PONG, b""), whole(PING, b"after")], pongs(&[b"after"]));
    cases.add("2.8", &[whole(PONG, b"unsolicited"), whole(PING, b"after")], pongs(&[b"after"]));
    cases.add(
        "2.9",
        &[whole(PONG, b"unsolicited"), whole(PING, b"ping"), whole(PONG, b"")],
        pongs(&[b"ping"]),
    );
    let ten: Vec<Vec<u8>> = (0..10).map(|number| format!("payload-{number}").into_bytes()).collect();
    let sent: Vec<Vec<u8>> = ten.iter().map(|payload| whole(PING, payload)).collect();
    // Of pings that come together the last one's pong will do (RFC 6455 section 5.5.3).
    let last = Then::GoesOn(0, vec![ten[9].clone()]);
    cases.add("2.10", &sent, last.clone());
    cases.chopped("2.11", 1, &sent, last);
}

fn reserved_bits_and_opcodes(cases: &mut Cases) {
    for bits in 1..8_u8 {
        let first = FIN | bits << 4;
        cases.add(
            &format!("3.{bits} (binary)"),
            &[whole(BINARY, &asks(1)), frame(first | BINARY, &asks(1)), whole(PING, b"")],
            Then::Fails(&[PROTOCOL], 1),
        );
        cases.add(&format!("3.{bits} (ping)"), &[frame(first | PING, b"")], FAILS);
        cases.chopped(&format!("3.{bits} (close)"), 1, &[frame(first | CLOSE, b"")], FAILS);
    }
    for opcode in (3..8_u8).chain(11..16) {
        cases.add(&format!("4 ({opcode}, empty)"), &[whole(opcode, b"")], FAILS);
        cases.add(
            &format!("4 ({opcode})"),
            &[whole(BINARY, &asks(1)), whole(opcode, b"payload"), whole(PING, b"")],
            Then::Fails(&[PROTOCOL], 1),
        );
    }
}

fn fragmentation(cases: &mut Cases) {
    let first = |payload: &[u8]| frame(BINARY, payload);
    let middle = |payload: &[u8]| frame(CONTINUATION, payload);
    let last = |payload: &[u8]| whole(CONTINUATION, payload);
    let ask = asks(1);
    let (head, tail) = ask.split_at(2);
    cases.add("5.1", &[frame(PING, b"frag"), last(b"ment")], FAILS);
    cases.add("5.2", &[frame(PONG, b"frag"), last(b"ment")], FAILS);
    cases.add("5.3", &[first(head), last(tail)], answers(1));
    cases.chopped("5.4", 3, &[first(head), last(tail)], answers(1));
    cases.chopped("5.5", 1, &[first(head), last(tail)], answers(1));
    let between = Then::GoesOn(1, vec![b"between".to_vec()]);
    cases.add("5.6", &[first(head), whole(PING, b"between"), last(tail)], between.clone());
    cases.chopped("5.7", 3, &[first(head), whole(PING, b"between"), last(tail)], between.clone());
    cases.chopped("5.8", 1, &[first(head), whole(PING, b"between"), last(tail)], between);
    let then = [whole(BINARY, &ask)];
    for (number, opening) in [("5.9", last(b"nothing")), ("5.12", middle(b"nothing"))] {
        let bytes = [vec![opening], then.to_vec()].concat();
        cases.add(number, &bytes, FAILS);
        cases.chopped(&format!("{number} (chopped)"), 1, &bytes, FAILS);
    }
    cases.add(
        "5.15",
        &[first(head), last(tail), middle(b"nothing"), whole(BINARY, &ask)],
        Then::Fails(&[PROTOCOL], 1),
    );
    cases.add("5.16", &[middle(head), first(head), last(tail)], FAILS);
    cases.add("5.17", &[last(head), first(head), last(tail)], FAILS);
    cases.add("5.18", &[first(head), whole(BINARY, tail)], FAILS);
    let five = |ping: &[u8]| {
        let all = asks(5);
        let parts: Vec<&[u8]> = all.chunks(4).collect();
        vec![
            first(parts[0]),
            middle(parts[1]),
            whole(PING, ping),
            middle(parts[2]),
            middle(parts[3]),
            whole(PING, ping),
            last(parts[4]),
        ]
    };
    let then = Then::GoesOn(5, vec![b"pongme".to_vec(); 2]);
    cases.add("5.19", &five(b"pongme"), then.clone());
    cases.chopped("5.20", 1, &five(b"pongme"), then);
    cases.add("5 (empty fragments)", &[first(b""), middle(b""), middle(&ask), last(b"")], answers(1));
}

fn closes(cases: &mut Cases) {
    cases.add("7.1.2", &[closing(1000, b""), closing(1000, b"")], Then::Closes(Some(1000)));
    cases.add("7.1.3", &[closing(1000, b""), whole(PING, b"late")], Then::Closes(Some(1000)));
    cases.add("7.1.4", &[closing(1000, b""), whole(BINARY, &asks(1))], Then::Closes(Some(1000)));
    cases.add(
        "7.1.5",
        &[frame(BINARY, b""), closing(1000, b""), whole(CONTINUATION, &asks(1))],
        Then::Closes(Some(1000)),
    );
    cases.add("7.3.1", &[whole(CLOSE, b"")], Then::Closes(None));
    cases.add("7.3.2", &[whole(CLOSE, b"a")], FAILS);
    cases.add("7.3.3", &[closing(1000, b"")], Then::Closes(Some(1000)));
    cases.add("7.3.4", &[closing(1000, b"Hello World!")], Then::Closes(Some(1000)));
    cases.add("7.3.5", &[closing(1000, &[b'*'; 123])], Then::Closes(Some(1000)));
    cases.add("7.3.6", &[closing(1000, &[b'*'; 124])], FAILS);
    cases.add(
        "7.5.1",
        &[closing(1000, b"\xce\xba\xe1\xbd\xb9\xcf\x83\xce\xbc\xce\xb5\xed\xa0\x80edited")],
        Then::Fails(&[NOT_UTF8, PROTOCOL], 0),
    );
    for code in [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 3000, 3999, 4000, 4999] {
        cases.add(&format!("7.7 ({code})"), &[closing(code, b"reason")], Then::Closes(Some(code)));
    }
    for code in [0, 999, 1004, 1005, 1006, 1016, 1100, 2000, 2999] {
        cases.add(&format!("7.9 ({code})"), &[closing(code, b"reason")], FAILS);
    }
    // What is answered to numbers that nobody may use is not said by the standard; the connection has to end.
    for code in [5000, 65_535] {
        cases.add(
            &format!("7.13 ({code})"),
            &[closing(code, b"")],
            Then::Fails(&[PROTOCOL, 5000, 65_535], 0),
        );
    }
}

/// Two that are not the suite's: a client has to mask, and has to announce a length as shortly as it can.
fn unmasked(cases: &mut Cases) {
    cases.add("5.1 of the RFC", &[vec![FIN | PING, 0]], FAILS);
}

async fn run(case: &Case, link: &Link) -> Result<(), String> {
    let mut wire = Wire::open(link).await;
    let chop = case.chop.unwrap_or(usize::MAX);
    for part in case.bytes.chunks(chop) {
        wire.send(part).await;
    }
    match &case.then {
        Then::GoesOn(answers, pongs) => {
            wire.until("what has to come", |heard| {
                (*answers == 0 || heard.answers > 0) && heard.pongs.last() == pongs.last()
            })
            .await;
            let came = pongs.iter().all(|pong| wire.heard.pongs.contains(pong));
            // Answers to what came together are one; only who lost no byte finds the next ping where it begins.
            let before = wire.heard.answers;
            wire.send(&whole(BINARY, &asks(1))).await;
            wire.until("one more answer", |heard| heard.answers > before).await;
            let goes_on = !wire.heard.over;
            wire.send(&closing(1000, b"")).await;
            wire.until("the end", |_| false).await;
            (came && goes_on && wire.heard.close == Some(Some(1000))).then_some(())
        }
        Then::Fails(codes, most) => {
            wire.until("the end", |_| false).await;
            let code_fits =
                wire.heard.close.is_none_or(|code| code.is_some_and(|code| codes.contains(&code)));
            (code_fits && wire.heard.answers <= *most && wire.heard.pongs.is_empty()).then_some(())
        }
        Then::Closes(code) => {
            wire.until("the end", |_| false).await;
            (wire.heard.close == Some(*code) && wire.heard.answers == 0 && wire.heard.pongs.is_empty())
                .then_some(())
        }
    }
    .ok_or_else(|| format!("{:?}, but {:?}", case.then, wire.heard))
}

#[tokio::test]
async fn the_cases_of_autobahn_are_passed() {
    let server = TestServer::shared();
    let mut cases = Cases::default();
    for add in [framing, pings, reserved_bits_and_opcodes, fragmentation, closes, unmasked] {
        add(&mut cases);
    }
    let mut failed = String::new();
    // A session outlives its connection, and a room has so many.
    for some in cases.0.chunks(limits::MEMBERS / 2) {
        let room = NewRoom::create(&server).await;
        for case in some {
            if let Err(why) = run(case, &room.watch()).await {
                let _written = writeln!(failed, "{}: {why}", case.number);
            }
        }
    }
    assert!(cases.0.len() > 110, "{}", cases.0.len());
    assert!(failed.is_empty(), "{failed}");
}
