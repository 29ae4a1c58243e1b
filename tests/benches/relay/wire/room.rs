//! Our peer: a room, with a stream of the machine `client` to a server on `tutorial`.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use futures_util::FutureExt as _;
use lab::{CallRequest, Delivery, Lab, Request, Room, RoomLimits, Service, keeper::Keeper, mailbox};
use proto::{
    call::{Call, Family, Kind, Outcome, Value, Wait},
    id::{CallId, HostId, MemberId, ProgramId, StreamId},
    message::ClientMessage,
    room::{Lifetime, Role},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::mpsc,
    task::JoinHandle,
};

use super::End;

const CLIENT: HostId = HostId(2);
const STREAM: StreamId = StreamId(1);

/// Limits without a rate: how much comes through is what is measured.
pub(super) fn usual() -> RoomLimits {
    RoomLimits { bytes_per_second: 0, ..RoomLimits::default() }
}

/// The same, with so many packets told one by one.
pub(super) fn telling(packets: u32) -> RoomLimits {
    RoomLimits { packet_events: packets, packet_events_per_second: packets, ..usual() }
}

/// A server that gives back what it gets.
pub(super) fn echo() -> Service {
    service(|mut stream| async move {
        let mut buffer = vec![0; 4096];
        while let Ok(taken @ 1..) = stream.read(&mut buffer).await {
            if stream.write_all(&buffer[..taken]).await.is_err() {
                return;
            }
        }
    })
}

/// A server that sends without end.
pub(super) fn source() -> Service {
    service(|mut stream| async move {
        let buffer = vec![7; 16 * 1024];
        while stream.write_all(&buffer).await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
}

fn service<F: Future<Output = ()> + Send + 'static>(serve: fn(TcpStream) -> F) -> Service {
    let accept = move |listener: TcpListener| {
        async move {
            while let Ok((stream, _)) = listener.accept().await {
                if stream.set_nodelay(true).is_ok() {
                    tokio::spawn(serve(stream));
                }
            }
        }
        .boxed()
    };
    Service { name: "bench", port: 7, serve: Arc::new(accept) }
}

/// The near end, in a room.
pub(super) struct Near {
    room: Room,
    task: JoinHandle<()>,
    member: MemberId,
    deliveries: mpsc::Receiver<Delivery>,
    program: ProgramId,
    calls: u32,
    /// Kept as long as its room.
    _lab: Lab,
}

impl Near {
    pub(super) async fn to_echo(keeper: &Keeper) -> Self {
        Self::to(keeper, echo(), usual()).await
    }

    pub(super) async fn to_source(keeper: &Keeper, limits: RoomLimits) -> Self {
        Self::to(keeper, source(), limits).await
    }

    async fn to(keeper: &Keeper, service: Service, limits: RoomLimits) -> Self {
        let lab = Lab::new(keeper.clone(), vec![service]).with_limits(limits);
        let (room, task) = lab.open_room(None).await.expect("a room");
        let (mailbox, deliveries) = mailbox();
        let member = room.join("bench".to_owned(), Role::Owner, mailbox).await.expect("joined");
        let mut near = Self { room, task, member, deliveries, program: ProgramId(0), calls: 0, _lab: lab };
        near.connect().await;
        near
    }

    async fn connect(&mut self) {
        let (member, id) = (self.member, self.number());
        let (host, name, lifetime) = (CLIENT, "bench".to_owned(), Lifetime::Member);
        self.request(Request::Message {
            member,
            message: ClientMessage::OpenProgram { id, host, name, lifetime },
        })
        .await;
        self.program = loop {
            if let Delivery::Program { program, .. } = self.delivery().await {
                break program;
            }
        };
        let Ok(Value::Descriptor(fd)) =
            self.call(Call::Socket { family: Family::Inet, kind: Kind::Stream }).await
        else {
            panic!("no socket")
        };
        let address = "10.0.0.10:7".parse().expect("an address");
        self.call(Call::Connect { fd, address }).await.expect("connected");
        let (program, credit) = (self.program, u64::MAX);
        self.request(Request::Message {
            member,
            message: ClientMessage::OpenStream { stream: STREAM, program, fd, credit },
        })
        .await;
        while !matches!(self.delivery().await, Delivery::StreamOpened { .. }) {}
    }

    fn number(&mut self) -> CallId {
        self.calls += 1;
        CallId(self.calls)
    }

    async fn request(&self, request: Request) {
        self.room.request(request).await.expect("the room lives");
    }

    async fn delivery(&mut self) -> Delivery {
        self.deliveries.recv().await.expect("the room lives")
    }

    async fn call(&mut self, call: Call) -> Outcome {
        let (member, program, id) = (self.member, self.program, self.number());
        let request = CallRequest {
            member,
            id,
            program,
            call,
            wait: Wait::Forever,
            line: None,
            thread: None,
            payload: Bytes::new(),
        };
        self.request(Request::Call(request)).await;
        loop {
            if let Delivery::Result { outcome, .. } = self.delivery().await {
                return outcome;
            }
        }
    }

    /// Ends the room, with everything in it.
    pub(super) async fn end(self) {
        self.room.end().await;
        self.task.await.expect("the room ends");
    }
}

impl End for Near {
    async fn echo(&mut self, bytes: usize) {
        let (member, data) = (self.member, Bytes::from(vec![3; bytes]));
        self.request(Request::StreamData { member, stream: STREAM, data }).await;
        let mut back = 0;
        while back < bytes {
            if let Delivery::StreamData { data, .. } = self.delivery().await {
                back += data.len();
            }
        }
    }

    async fn take_until(&mut self, end: Instant) -> u64 {
        let mut taken = 0;
        while let Ok(delivery) = tokio::time::timeout_at(end.into(), self.delivery()).await {
            if let Delivery::StreamData { data, .. } = delivery {
                taken += data.len() as u64;
            }
        }
        taken
    }
}
