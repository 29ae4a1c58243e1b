//! Streams: bytes by credit, in both directions, with the kernel's own back-pressure beneath.

use bytes::Bytes;
use lab::{ChunkPermit, Delivery, Request};
use proto::{
    call::{Call, CallError, Flags, How, OptionName, OptionValue, Value, Wait},
    errno::Errno,
    id::{Fd, ProgramId, StreamId},
    limits,
    message::ClientMessage,
    trace::{TcpFlags, Transport},
};

use crate::harness::{Stage, has, packets, stage};

const STREAM: StreamId = StreamId(1);
const BULK: usize = 3 << 20;

impl Stage {
    async fn open_stream(&mut self, stream: StreamId, program: ProgramId, fd: Fd, credit: u64) {
        let member = self.member;
        self.room
            .request(Request::Message {
                member,
                message: ClientMessage::OpenStream { stream, program, fd, credit },
            })
            .await
            .unwrap();
        match self.streamed().await {
            Delivery::StreamOpened { stream: opened, outside: None, .. } => assert_eq!(opened, stream),
            other => panic!("{other:?}"),
        }
    }

    async fn stream_data(&mut self, stream: StreamId, data: Bytes) {
        let member = self.member;
        self.room.request(Request::StreamData { member, stream, data }).await.unwrap();
    }

    async fn stream_credit(&mut self, stream: StreamId, total: u64) {
        let member = self.member;
        self.room
            .request(Request::Message { member, message: ClientMessage::StreamCredit { stream, total } })
            .await
            .unwrap();
    }

    async fn finish_stream(&mut self, stream: StreamId) {
        self.room
            .request(Request::Message {
                member: self.member,
                message: ClientMessage::StreamFinish { stream },
            })
            .await
            .unwrap();
    }

    /// The next bytes of the stream; none at its end.
    async fn stream_bytes(&mut self) -> Option<(Bytes, ChunkPermit)> {
        loop {
            match self.streamed().await {
                Delivery::StreamData { data, permit, .. } => return Some((data, permit)),
                Delivery::StreamFinished { .. } => return None,
                Delivery::StreamCredit { .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    /// How the stream ended.
    async fn stream_end(&mut self) -> Option<CallError> {
        loop {
            if let Delivery::StreamEnded { error, .. } = self.streamed().await {
                return error;
            }
        }
    }
}

fn pattern(length: usize) -> Vec<u8> {
    (0..length).map(|at| (at % 251) as u8).collect()
}

#[tokio::test]
async fn bulk_comes_in_as_far_as_there_is_credit() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    let sent = pattern(BULK);
    for part in sent.chunks(1 << 20) {
        let call = Call::Send { fd: theirs, flags: Flags::default(), length: 1 << 20 };
        stage.begin(client, call, Wait::Forever, part).await;
    }
    stage.open_stream(STREAM, server, ours, 10).await;
    let (data, held) = stage.stream_bytes().await.expect("bytes");
    assert_eq!(data, sent[..10], "not a byte more than there is credit for");
    drop(held);
    let (mut got, mut credit) = (data.to_vec(), 10);
    while got.len() < BULK {
        if credit - (got.len() as u64) < limits::STREAM_CHUNK as u64 {
            credit += 64 * 1024;
            stage.stream_credit(STREAM, credit).await;
        }
        let (data, _held) = stage.stream_bytes().await.expect("bytes");
        assert!(data.len() <= limits::STREAM_CHUNK);
        got.extend_from_slice(&data);
    }
    assert!(got == sent, "the same bytes in the same order");
}

#[tokio::test]
async fn bulk_goes_out_as_far_as_it_is_granted() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.open_stream(STREAM, server, ours, 0).await;
    let mut data = Bytes::from(pattern(BULK));
    let all = data.clone();
    let Delivery::StreamCredit { total: mut granted, .. } = stage.streamed().await else {
        panic!("no credit")
    };
    let (mut sent, mut finished, mut got) = (0, false, Vec::new());
    while got.len() < BULK {
        // The kernel takes bytes, and the room grants more, before the peer has them.
        while let Some(Delivery::StreamCredit { total, .. }) = stage.streamed_already() {
            granted = total;
        }
        assert!(granted - sent <= 256 * 1024, "what waits in the room is bounded");
        while sent < granted && !data.is_empty() {
            let size = limits::STREAM_CHUNK.min(data.len()).min((granted - sent) as usize);
            sent += size as u64;
            stage.stream_data(STREAM, data.split_to(size)).await;
        }
        if data.is_empty() && !finished {
            stage.finish_stream(STREAM).await;
            finished = true;
        }
        got.extend_from_slice(&stage.recv(client, theirs, 1 << 20).await.expect("received"));
    }
    assert!(got == all);
    assert_eq!(stage.recv(client, theirs, 10).await, Ok(Bytes::new()), "its end after all of it");
    // The other direction lives on.
    assert_eq!(stage.send(client, theirs, b"thanks").await, Ok(Value::Sent(6)));
    stage.stream_credit(STREAM, 100).await;
    assert_eq!(stage.stream_bytes().await.expect("bytes").0, "thanks");
}

#[tokio::test]
async fn the_peers_end_leaves_the_own_direction_open() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.open_stream(STREAM, server, ours, 1000).await;
    stage.call(client, Call::Shutdown { fd: theirs, how: How::Write }).await.expect("shut down");
    assert!(stage.stream_bytes().await.is_none(), "the end of file");
    stage.stream_data(STREAM, Bytes::from_static(b"still here")).await;
    assert_eq!(stage.recv(client, theirs, 100).await, Ok(Bytes::from_static(b"still here")));
    stage
        .room
        .request(Request::Message {
            member: stage.member,
            message: ClientMessage::StreamClose { stream: STREAM },
        })
        .await
        .unwrap();
    assert_eq!(stage.stream_end().await, None);
    // An ordinary descriptor again.
    assert_eq!(stage.send(server, ours, b"by call").await, Ok(Value::Sent(7)));
    assert_eq!(stage.recv(client, theirs, 100).await, Ok(Bytes::from_static(b"by call")));
}

#[tokio::test]
async fn a_reset_ends_the_stream_with_its_errno() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.open_stream(STREAM, server, ours, 1000).await;
    let (name, value) = (OptionName::Linger, OptionValue::Linger(Some(0)));
    stage.call(client, Call::SetSockOpt { fd: theirs, name, value }).await.expect("set");
    stage.call(client, Call::Close { fd: theirs }).await.expect("closed");
    assert_eq!(stage.stream_end().await, Some(CallError::errno(Errno::ECONNRESET)));
}

#[tokio::test]
async fn a_page_that_stops_reading_closes_the_kernels_window() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    let call = Call::Send { fd: theirs, flags: Flags::default(), length: 1 << 20 };
    let sending = stage.begin(client, call, Wait::Forever, &pattern(1 << 20)).await;
    // All the credit there is; but nobody takes the chunks.
    stage.open_stream(STREAM, server, ours, limits::STREAM_WINDOW).await;
    let mut kept = Vec::new();
    for _ in 0..4 {
        kept.push(stage.stream_bytes().await.expect("bytes"));
    }
    let full = |packet: &&proto::trace::Packet| {
        matches!(&packet.transport, Transport::Tcp(tcp) if tcp.window == 0) && !has(packet, TcpFlags::RST)
    };
    stage.trace_until(|events| packets(events).iter().any(full)).await;
    let mut got: usize = kept.drain(..).map(|(data, _held)| data.len()).sum();
    assert!(got <= 4 * limits::STREAM_CHUNK, "four chunks and no more");
    while got < 1 << 20 {
        got += stage.stream_bytes().await.expect("bytes").0.len();
    }
    assert_eq!(stage.result(sending).await.0, Ok(Value::Sent(1 << 20)));
}

#[tokio::test]
async fn closing_waits_for_the_bytes_before_it() {
    let Some(mut stage) = stage().await else { return };
    let (server, client, ours, theirs, _) = stage.pair().await;
    stage.open_stream(STREAM, server, ours, 0).await;
    let all = pattern(256 * 1024);
    for part in all.chunks(limits::STREAM_CHUNK) {
        stage.stream_data(STREAM, Bytes::copy_from_slice(part)).await;
    }
    assert_eq!(stage.call(server, Call::Close { fd: ours }).await, Ok(Value::Done), "close returns at once");
    let fin = |packet: &&proto::trace::Packet| has(packet, TcpFlags::FIN);
    assert!(!packets(&stage.events()).iter().any(fin), "the peer's window is far smaller");
    let mut got = Vec::new();
    while got.len() < all.len() {
        got.extend_from_slice(&stage.recv(client, theirs, 1 << 20).await.expect("received"));
    }
    assert!(got == all);
    assert_eq!(stage.recv(client, theirs, 1).await, Ok(Bytes::new()));
    assert_eq!(stage.stream_end().await, None);
}

#[tokio::test]
async fn what_makes_no_sense_is_refused() {
    let Some(mut stage) = stage().await else { return };
    let (server, _, ours, ..) = stage.pair().await;
    stage.open_stream(STREAM, server, ours, 0).await;
    let member = stage.member;
    let cases = [
        (StreamId(2), server, ours, CallError::Protocol { rule: "stream in use".into() }),
        (StreamId(3), server, Fd(99), CallError::errno(Errno::EBADF)),
        (StreamId(4), ProgramId(77), ours, CallError::Protocol { rule: "no such program".into() }),
    ];
    for (stream, program, fd, refusal) in cases {
        let request = Request::Message {
            member,
            message: ClientMessage::OpenStream { stream, program, fd, credit: 0 },
        };
        stage.room.request(request).await.unwrap();
        assert_eq!(stage.stream_end().await, Some(refusal));
    }
    // Streams that are not there take nothing and break nothing.
    stage.stream_data(StreamId(9), Bytes::from_static(b"x")).await;
    stage.stream_credit(StreamId(9), 1).await;
    stage.finish_stream(StreamId(9)).await;
    stage
        .room
        .request(Request::Message { member, message: ClientMessage::StreamClose { stream: STREAM } })
        .await
        .unwrap();
    assert_eq!(stage.stream_end().await, None);
}
