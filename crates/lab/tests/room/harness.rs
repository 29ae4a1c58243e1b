//! A room and a person in it, with every call awaited by its own number.

use std::{
    collections::{HashMap, VecDeque},
    net::Ipv4Addr,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use bytes::Bytes;
use lab::{CallRequest, Delivery, Lab, Outside, Request, Room, RoomLimits, Service, keeper::Keeper, mailbox};
use proto::{
    address::Address,
    call::{Call, CallError, Family, Flags, Kind, Outcome, Value, Wait},
    id::{CallId, Fd, HostId, MemberId, ProgramId},
    message::{ClientMessage, HostCommand, WireCommand},
    room::{Lifetime, Role},
    trace::{Event, Packet, StateChange, TcpFlags, Transport, What},
};
use tokio::{sync::mpsc, task::JoinHandle};

/// No test waits longer than this for a message: it is a failure, not a measurement.
const PATIENCE: Duration = Duration::from_secs(20);

/// A keeper, or none where this machine does not allow one; then the test says so and ends.
pub(crate) fn keeper() -> Option<Keeper> {
    static KEEPER: OnceLock<Option<Keeper>> = OnceLock::new();
    KEEPER.get_or_init(own_keeper).clone()
}

/// A keeper that no other test asks.
pub(crate) fn own_keeper() -> Option<Keeper> {
    match Keeper::start_with(Path::new(env!("CARGO_BIN_EXE_keeper"))) {
        Ok(keeper) => Some(keeper),
        // Where everything is tested, what cannot be is a failure.
        Err(unavailable) if std::env::var_os("WIRESIDE_NO_SKIPPING").is_some() => panic!("{unavailable}"),
        Err(unavailable) => {
            eprintln!("skipped: {unavailable}");
            None
        }
    }
}

/// A room with one person in it who owns it.
pub(crate) struct Stage {
    pub(crate) room: Room,
    pub(crate) member: MemberId,
    deliveries: mpsc::Receiver<Delivery>,
    results: HashMap<CallId, (Outcome, Bytes)>,
    programs: HashMap<CallId, ProgramId>,
    streams: VecDeque<Delivery>,
    next: u32,
    /// The room's task.
    pub(crate) task: JoinHandle<()>,
    /// Kept as long as its room.
    lab: Option<Lab>,
}

pub(crate) async fn stage() -> Option<Stage> {
    stage_with(vec![], None).await
}

pub(crate) async fn stage_with(services: Vec<Service>, outside: Option<Arc<dyn Outside>>) -> Option<Stage> {
    stage_in(Lab::new(keeper()?, services), outside).await
}

/// A room whose limits are not the usual ones.
pub(crate) async fn stage_limited(limits: RoomLimits) -> Option<Stage> {
    stage_in(Lab::new(keeper()?, vec![]).with_limits(limits), None).await
}

async fn stage_in(lab: Lab, outside: Option<Arc<dyn Outside>>) -> Option<Stage> {
    let mut stage = room_of(&lab, outside).await;
    stage.lab = Some(lab);
    Some(stage)
}

/// Another room of a lab.
pub(crate) async fn stage_of(lab: &Lab) -> Stage {
    room_of(lab, None).await
}

async fn room_of(lab: &Lab, outside: Option<Arc<dyn Outside>>) -> Stage {
    let (room, task) = lab.open_room(outside).await.expect("a room opens");
    let (mailbox, deliveries) = mailbox();
    let member = room.join("tester".into(), Role::Owner, mailbox).await.expect("joined");
    Stage {
        room,
        member,
        deliveries,
        results: HashMap::new(),
        programs: HashMap::new(),
        streams: VecDeque::new(),
        next: 1,
        task,
        lab: None,
    }
}

pub(crate) fn on(last: u8, port: u16) -> Address {
    (Ipv4Addr::new(10, 0, 0, last), port).into()
}

pub(crate) const SERVER: HostId = HostId(1);
pub(crate) const CLIENT: HostId = HostId(2);

impl Stage {
    fn number(&mut self) -> CallId {
        self.next += 1;
        CallId(self.next)
    }

    pub(crate) async fn program(&mut self, host: HostId) -> ProgramId {
        let (id, member) = (self.number(), self.member);
        let name = "test".to_owned();
        let request = Request::Message {
            member,
            message: ClientMessage::OpenProgram { id, host, name, lifetime: Lifetime::Member },
        };
        self.room.request(request).await.unwrap();
        loop {
            if let Some(program) = self.programs.remove(&id) {
                return program;
            }
            self.next_delivery().await;
        }
    }

    pub(crate) async fn begin(
        &mut self,
        program: ProgramId,
        call: Call,
        wait: Wait,
        payload: &[u8],
    ) -> CallId {
        let (id, member) = (self.number(), self.member);
        let payload = Bytes::copy_from_slice(payload);
        let request = CallRequest { member, id, program, call, wait, line: None, thread: None, payload };
        self.room.request(Request::Call(request)).await.unwrap();
        id
    }

    pub(crate) async fn result(&mut self, id: CallId) -> (Outcome, Bytes) {
        loop {
            if let Some(result) = self.results.remove(&id) {
                return result;
            }
            self.next_delivery().await;
        }
    }

    async fn next_delivery(&mut self) {
        let delivery = tokio::time::timeout(PATIENCE, self.deliveries.recv()).await;
        match delivery.expect("an answer in time").expect("the room lives") {
            Delivery::Result { id, outcome, payload } => drop(self.results.insert(id, (outcome, payload))),
            Delivery::Program { id, program } => drop(self.programs.insert(id, program)),
            stream => self.streams.push_back(stream),
        }
    }

    /// A delivery of a stream that has come already.
    pub(crate) fn streamed_already(&mut self) -> Option<Delivery> {
        self.streams.pop_front()
    }

    /// The next delivery of a stream.
    pub(crate) async fn streamed(&mut self) -> Delivery {
        loop {
            if let Some(delivery) = self.streams.pop_front() {
                return delivery;
            }
            self.next_delivery().await;
        }
    }

    pub(crate) async fn call(&mut self, program: ProgramId, call: Call) -> Outcome {
        let id = self.begin(program, call, Wait::Forever, b"").await;
        self.result(id).await.0
    }

    pub(crate) async fn wire(&mut self, command: WireCommand) -> Outcome {
        let (id, member) = (self.number(), self.member);
        self.room
            .request(Request::Message { member, message: ClientMessage::Wire { id, command } })
            .await
            .unwrap();
        self.result(id).await.0
    }

    pub(crate) async fn machine(&mut self, host: HostId, command: HostCommand) -> Outcome {
        let id = self.begin_machine(host, command).await;
        self.result(id).await.0
    }

    /// Asks for a command to a machine and does not wait for its end.
    pub(crate) async fn begin_machine(&mut self, host: HostId, command: HostCommand) -> CallId {
        let (id, member) = (self.number(), self.member);
        self.room
            .request(Request::Message { member, message: ClientMessage::Host { id, host, command } })
            .await
            .unwrap();
        id
    }

    pub(crate) async fn cancel(&mut self, id: CallId) {
        self.room
            .request(Request::Message { member: self.member, message: ClientMessage::Cancel { id } })
            .await
            .unwrap();
    }

    pub(crate) async fn socket(&mut self, program: ProgramId) -> Fd {
        let call = Call::Socket { family: Family::Inet, kind: Kind::Stream };
        match self.call(program, call).await {
            Ok(Value::Descriptor(fd)) => fd,
            other => panic!("no socket: {other:?}"),
        }
    }

    pub(crate) async fn listener(&mut self, program: ProgramId, port: u16, backlog: i32) -> Fd {
        let fd = self.socket(program).await;
        let address = (Ipv4Addr::UNSPECIFIED, port).into();
        assert_eq!(self.call(program, Call::Bind { fd, address }).await, Ok(Value::Done));
        assert_eq!(self.call(program, Call::Listen { fd, backlog }).await, Ok(Value::Done));
        fd
    }

    pub(crate) async fn accept(&mut self, program: ProgramId, fd: Fd) -> (Fd, Address) {
        match self.call(program, Call::Accept { fd }).await {
            Ok(Value::Accepted { fd, peer }) => (fd, peer),
            other => panic!("nothing accepted: {other:?}"),
        }
    }

    pub(crate) async fn connect(
        &mut self,
        program: ProgramId,
        fd: Fd,
        address: Address,
    ) -> Result<(), CallError> {
        self.call(program, Call::Connect { fd, address }).await.map(|_| ())
    }

    pub(crate) async fn send(&mut self, program: ProgramId, fd: Fd, bytes: &[u8]) -> Outcome {
        let length = u32::try_from(bytes.len()).unwrap();
        let call = Call::Send { fd, flags: Flags::default(), length };
        let id = self.begin(program, call, Wait::Forever, bytes).await;
        self.result(id).await.0
    }

    pub(crate) async fn recv(&mut self, program: ProgramId, fd: Fd, max: u32) -> Result<Bytes, CallError> {
        let call = Call::Recv { fd, flags: Flags::default(), max };
        let id = self.begin(program, call, Wait::Forever, b"").await;
        let (outcome, payload) = self.result(id).await;
        outcome.map(|_| payload)
    }

    /// A connection from `client` to `server`: (server's program, client's program, their ends, the listener).
    pub(crate) async fn pair(&mut self) -> (ProgramId, ProgramId, Fd, Fd, Fd) {
        let (server, client) = (self.program(SERVER).await, self.program(CLIENT).await);
        let listener = self.listener(server, 12345, 5).await;
        let theirs = self.socket(client).await;
        self.connect(client, theirs, on(1, 12345)).await.expect("connected");
        let (ours, _) = self.accept(server, listener).await;
        (server, client, ours, theirs, listener)
    }

    /// Adds the events from `next` on, and says where to go on.
    pub(crate) fn read_on(&self, events: &mut Vec<Event>, next: &mut u64) {
        let batch = self.room.trace().read(*next, usize::MAX);
        assert_eq!(batch.skipped, 0, "read often enough");
        events.extend(decode(&batch.events));
        *next = batch.next;
    }

    pub(crate) fn events(&self) -> Vec<Event> {
        decode(&self.room.trace().read(0, usize::MAX).events)
    }

    /// Waits until the trace satisfies `until`, and gives it.
    pub(crate) async fn trace_until(&self, until: impl Fn(&[Event]) -> bool) -> Vec<Event> {
        let mut newest = self.room.trace().watch();
        let wait = async {
            loop {
                let events = self.events();
                if until(&events) {
                    return events;
                }
                newest.changed().await.expect("the room lives");
            }
        };
        match tokio::time::timeout(PATIENCE, wait).await {
            Ok(events) => events,
            Err(_) => {
                let events = self.events();
                let last = &events[events.len().saturating_sub(200)..];
                panic!("the trace never came to it; its last events:\n{}", lines(last))
            }
        }
    }
}

pub(crate) fn decode(mut bytes: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while !bytes.is_empty() {
        let (event, rest) = postcard::take_from_bytes(bytes).expect("an event");
        events.push(event);
        bytes = rest;
    }
    events
}

pub(crate) fn states(events: &[Event]) -> Vec<&StateChange> {
    events
        .iter()
        .filter_map(|event| match &event.what {
            What::State(state) => Some(state),
            _ => None,
        })
        .collect()
}

pub(crate) fn packets(events: &[Event]) -> Vec<&Packet> {
    events
        .iter()
        .filter_map(|event| match &event.what {
            What::Packet(packet) => Some(packet),
            _ => None,
        })
        .collect()
}

pub(crate) fn flags(packet: &Packet) -> String {
    match &packet.transport {
        Transport::Tcp(tcp) => tcp.flags.names().collect::<Vec<_>>().join(" "),
        other => format!("{other:?}"),
    }
}

pub(crate) fn has(packet: &Packet, flag: TcpFlags) -> bool {
    matches!(&packet.transport, Transport::Tcp(tcp) if tcp.flags.contains(flag))
}

/// The trace in short lines, for failures and for looking at.
pub(crate) fn lines(events: &[Event]) -> String {
    let line = |event: &Event| match &event.what {
        What::CallBegin(call) => format!("{} begin {} {:?}", event.seq, call.id, call.call),
        What::CallEnd(end) => format!("{} end {} {:?}", event.seq, end.id, end.outcome),
        What::Packet(packet) => format!(
            "{} packet {} {:?} -> {:?} {} {} B {:?} {:?}",
            event.seq,
            packet.id,
            packet.src,
            packet.dst,
            flags(packet),
            packet.data.length,
            packet.cause,
            packet.fate
        ),
        What::State(state) => format!(
            "{} state host {} socket {} {:?} -> {} unread {} unacked {} accepted {} owner {:?}",
            event.seq,
            state.host,
            state.socket,
            state.from.map(|s| s.name()),
            state.to.name(),
            state.unread,
            state.unacknowledged,
            state.accepted,
            state.owner
        ),
        other => format!("{} {other:?}", event.seq),
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}
