//! Does it again for real: the calls of a recording are made anew in a fresh room, in their order, and what happens is
//! recorded like anything else. What people did to wire and machines is done again as well.
//!
//! A call is made when everything that had ended before it has ended here too, and as many packets have been seen. What
//! depends on the world outside or on somebody's machine that is not there is left out.

mod calls;
mod numbers;

use std::{collections::HashMap, time::Duration};

use lab::{CallRequest, Delivery, Lab, Request, Room, keeper::Keeper, mailbox};
use proto::{
    call::{CallError, Outcome, Value, Wait},
    errno::Errno,
    id::{CallId, CallRef, HostId, MemberId, PacketId, ProgramId},
    limits,
    message::{ClientMessage, WireCommand},
    room::{Lifetime, ProgramInfo, Role, WireSettings},
    trace::{CallBegin, CallEnd, Event, Fate, What},
};
use share::Recording;
use tokio::{
    sync::mpsc,
    time::{Instant, timeout, timeout_at},
};

pub use self::calls::{Calls, LeftOut};
use self::numbers::Numbers;
use crate::{
    config::Service,
    kept::{self, Recorded, RecordingOptions},
    rooms,
};

/// Longest wait for what happened within a moment, beside what it took the first time.
const PATIENCE: Duration = Duration::from_secs(2);
/// Longest wait for one thing, however long it took the first time.
const LONGEST: Duration = Duration::from_secs(20);
/// All of it takes no longer, where somebody waits at a terminal.
const AT_A_TERMINAL: Duration = Duration::from_secs(120);

/// Why nothing could be done again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AgainError {
    /// There is no room for it.
    #[error("no room could be made: {0}")]
    NoRoom(String),
    /// The room was gone in the middle of it.
    #[error("the room ended in the middle of it")]
    Ended,
    /// What happened could not be made a recording.
    #[error("what happened could not be recorded: {0}")]
    Recording(String),
}

/// What was done again.
#[derive(Debug)]
pub(crate) struct Rerun {
    /// The recording of it.
    pub(crate) recording: Recording,
    /// Whether it was all; else there was no time for the rest.
    pub(crate) whole: bool,
    /// Which calls were made, and which were not.
    pub(crate) calls: Calls,
}

/// Makes the calls of a recording anew in a fresh room, for no longer than `longest`, and gives the recording of that.
///
/// # Errors
/// [`AgainError`]. What goes otherwise than the first time is none: that is what is looked for.
pub(crate) async fn again(
    room: &Room,
    recording: &Recording,
    longest: Duration,
) -> Result<Rerun, AgainError> {
    let (sender, deliveries) = mailbox();
    let joined = room.join("again".to_owned(), Role::Owner, sender).await;
    let member = joined.map_err(|error| AgainError::NoRoom(format!("{error:?}")))?;
    let mut again = Again::new(room, member, deliveries, recording);
    again.end = Instant::now() + longest;
    let mut last = recording.events.first().map_or(0, |event| event.time);
    for event in &recording.events {
        let took = Duration::from_nanos(event.time.saturating_sub(last));
        last = event.time;
        if again.is_late() {
            again.calls.no_time += usize::from(matches!(event.what, What::CallBegin(_)));
            continue;
        }
        again.step(event, took).await?;
    }
    // Also where only the last wait was cut short.
    let whole = !again.is_late();
    again.settle().await;
    Ok(Rerun { recording: again.recorded().await?, whole, calls: again.calls })
}

/// One run.
struct Again<'run> {
    room: &'run Room,
    member: MemberId,
    deliveries: mpsc::Receiver<Delivery>,
    /// Nothing is waited for after this.
    end: Instant,
    next: u32,
    /// The machines of the recording that are here.
    hosts: HashMap<HostId, HostId>,
    known: HashMap<ProgramId, ProgramInfo>,
    programs: HashMap<ProgramId, ProgramId>,
    /// How calls of the recording ended there.
    ends: HashMap<CallRef, &'run CallEnd>,
    /// How many were made, and how many not.
    calls: Calls,
    /// Calls that were made, and those that have ended here.
    made: HashMap<CallRef, (CallId, ProgramId)>,
    results: HashMap<CallId, Outcome>,
    opened: HashMap<CallId, ProgramId>,
    numbers: Numbers,
    wire: WireSettings,
    /// Packets seen there so far.
    packets: u64,
    /// Held packets by their place among all of their direction.
    directions: HashMap<PacketId, (Direction, usize)>,
    counts: HashMap<Direction, usize>,
    /// The event here to go on with, and the packets seen so far.
    heard: u64,
    here: HashMap<Direction, Vec<PacketId>>,
    seen: u64,
}

/// From which machine to which, by their addresses.
type Direction = (std::net::IpAddr, std::net::IpAddr);

impl<'run> Again<'run> {
    fn new(
        room: &'run Room,
        member: MemberId,
        deliveries: mpsc::Receiver<Delivery>,
        recording: &'run Recording,
    ) -> Self {
        let ends = recording.events.iter().filter_map(|event| match &event.what {
            What::CallEnd(end) => Some((end.id, end)),
            _ => None,
        });
        let known = recording.header.programs.iter().map(|program| (program.id, program.clone()));
        let appeared = recording.events.iter().filter_map(|event| match &event.what {
            What::HostAppeared(host) => Some(host),
            _ => None,
        });
        // The first two machines of a room have the same numbers in each.
        let own = |name: &str| match name {
            "server" => Some(HostId(1)),
            "client" => Some(HostId(2)),
            _ => None,
        };
        let hosts = recording.header.hosts.iter().chain(appeared);
        let hosts = hosts.filter_map(|host| Some((host.id, own(&host.name)?))).collect();
        Self {
            room,
            member,
            deliveries,
            end: Instant::now(),
            next: 0,
            hosts,
            known: known.collect(),
            programs: HashMap::new(),
            ends: ends.collect(),
            calls: Calls::default(),
            made: HashMap::new(),
            results: HashMap::new(),
            opened: HashMap::new(),
            numbers: Numbers::default(),
            wire: WireSettings::default(),
            packets: 0,
            directions: HashMap::new(),
            counts: HashMap::new(),
            heard: 1,
            here: HashMap::new(),
            seen: 0,
        }
    }

    fn is_late(&self) -> bool {
        Instant::now() >= self.end
    }

    /// The end of a wait of so long.
    fn within(&self, patience: Duration) -> Instant {
        (Instant::now() + patience).min(self.end)
    }

    fn number(&mut self) -> CallId {
        self.next += 1;
        CallId(self.next)
    }

    async fn ask(&self, message: ClientMessage) -> Result<(), AgainError> {
        let request = Request::Message { member: self.member, message };
        self.room.request(request).await.map_err(|_| AgainError::Ended)
    }

    /// Does what an event tells, `took` after the one before it.
    async fn step(&mut self, event: &Event, took: Duration) -> Result<(), AgainError> {
        match &event.what {
            What::ProgramBegan(program) => {
                self.known.insert(program.id, program.clone());
                if program.by.is_some() {
                    self.program(program.id, program.host).await?;
                }
            }
            What::ProgramEnded(program) => {
                if let Some(&own) = self.programs.get(program) {
                    let id = self.number();
                    self.ask(ClientMessage::CloseProgram { id, program: own }).await?;
                    self.result(id, PATIENCE).await;
                }
            }
            What::CallBegin(begin) => self.begin(begin, took).await?,
            What::CallEnd(end) => self.end(end).await?,
            What::Packet(packet) => {
                self.packets += 1;
                let direction = (packet.src, packet.dst);
                let count = self.counts.entry(direction).or_default();
                self.directions.insert(packet.id, (direction, *count));
                *count += 1;
            }
            What::Fate(later) if self.wire.held => self.by_hand(later.id, &later.fate, took).await?,
            What::Wire { by: Some(_), settings, .. } => self.set_wire(settings, took).await?,
            What::HostChanged { command, host, .. } => {
                if let Some(&own) = self.hosts.get(&host.id) {
                    let (id, command) = (self.number(), *command);
                    self.ask(ClientMessage::Host { id, host: own, command }).await?;
                    self.result(id, LONGEST).await;
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// The program here that stands for one there; it begins with the first that is heard of it.
    async fn program(&mut self, there: ProgramId, host: HostId) -> Result<Option<ProgramId>, AgainError> {
        if let Some(&here) = self.programs.get(&there) {
            return Ok(Some(here));
        }
        let Some(&own) = self.hosts.get(&host) else { return Ok(None) };
        let name = self.known.get(&there).map_or_else(|| "program".to_owned(), |known| known.name.clone());
        let lifetime = self.known.get(&there).map_or(Lifetime::Page, |known| known.lifetime);
        let id = self.number();
        self.ask(ClientMessage::OpenProgram { id, host: own, name, lifetime }).await?;
        let deadline = self.within(LONGEST);
        while !self.opened.contains_key(&id) && !self.results.contains_key(&id) {
            if !self.hear(deadline).await {
                break;
            }
        }
        let here = self.opened.remove(&id);
        self.programs.extend(here.map(|here| (there, here)));
        Ok(here)
    }

    async fn begin(&mut self, begin: &CallBegin, took: Duration) -> Result<(), AgainError> {
        let end = self.ends.get(&begin.id).copied();
        if begin.by.is_none() {
            self.calls.ready_made += 1;
            return Ok(());
        }
        if end.is_some_and(|end| end.outside) {
            self.calls.outside += 1;
            return Ok(());
        }
        if !self.hosts.contains_key(&begin.host) {
            self.calls.other_machines += 1;
            return Ok(());
        }
        let Some(program) = self.program(begin.program, begin.host).await? else {
            self.calls.no_program += 1;
            return Ok(());
        };
        self.until_as_many_packets(took).await;
        let id = self.number();
        let call = self.numbers.translated(begin.program, &begin.call);
        let mut payload = begin.data.bytes.clone();
        // Of long ones the beginning is known.
        self.calls.filled += usize::from(payload.len() < call.payload_length() as usize);
        payload.resize(call.payload_length().min(limits::CALL_PAYLOAD) as usize, share::FILLED);
        let request = CallRequest {
            member: self.member,
            id,
            program,
            call,
            wait: wait(end),
            line: begin.line,
            thread: begin.thread.clone(),
            payload: payload.into(),
        };
        self.room.request(Request::Call(request)).await.map_err(|_| AgainError::Ended)?;
        self.calls.made += 1;
        self.made.insert(begin.id, (id, begin.program));
        Ok(())
    }

    /// Waits for the end of a call that had ended there by now.
    async fn end(&mut self, end: &CallEnd) -> Result<(), AgainError> {
        let Some((id, program)) = self.made.remove(&end.id) else { return Ok(()) };
        let interrupted =
            matches!(&end.outcome, Err(CallError::Errno { errno, .. }) if *errno == Errno::EINTR);
        if interrupted {
            self.ask(ClientMessage::Cancel { id }).await?;
        }
        let patience = (Duration::from_nanos(end.elapsed) + PATIENCE).min(LONGEST);
        if self.result(id, patience).await.is_none() {
            // It waits for what does not come this time: those after it are not to wait for it.
            self.ask(ClientMessage::Cancel { id }).await?;
        }
        let Some(outcome) = self.result(id, PATIENCE).await else { return Ok(()) };
        self.numbers.learn(program, &end.outcome, &outcome);
        Ok(())
    }

    /// Makes the wire as it was there.
    async fn set_wire(&mut self, wanted: &WireSettings, took: Duration) -> Result<(), AgainError> {
        self.until_as_many_packets(took).await;
        let before = std::mem::replace(&mut self.wire, *wanted);
        let mut commands = Vec::new();
        if (before.delay_ms, before.loss, before.seed) != (wanted.delay_ms, wanted.loss, wanted.seed) {
            commands.push(WireCommand::Set {
                delay_ms: Some(wanted.delay_ms.into()),
                loss: Some(wanted.loss),
                seed: Some(wanted.seed),
            });
        }
        match (before.held, wanted.held) {
            (false, true) => commands.push(WireCommand::Hold),
            (true, false) => commands.push(WireCommand::Release),
            _ => {}
        }
        for command in commands {
            let id = self.number();
            self.ask(ClientMessage::Wire { id, command }).await?;
            self.result(id, PATIENCE).await;
        }
        Ok(())
    }

    /// What somebody did to a packet that was held.
    async fn by_hand(&mut self, there: PacketId, fate: &Fate, took: Duration) -> Result<(), AgainError> {
        self.until_as_many_packets(took).await;
        // The one here at this place among those of its direction.
        let place = self.directions.get(&there);
        let here = place.and_then(|(direction, place)| self.here.get(direction)?.get(*place).copied());
        let Some(here) = here else { return Ok(()) };
        let command = match fate {
            Fate::Delivered | Fate::Travelling => WireCommand::Deliver(here),
            Fate::Dropped(Some(_)) => WireCommand::Drop(here),
            _ => return Ok(()),
        };
        let id = self.number();
        self.ask(ClientMessage::Wire { id, command }).await?;
        self.result(id, PATIENCE).await;
        Ok(())
    }

    /// Waits until as many packets have been seen here as there, or about as long as that took.
    async fn until_as_many_packets(&mut self, took: Duration) {
        let mut newest = self.room.trace().watch();
        let deadline = self.within((took + PATIENCE / 10).min(LONGEST));
        loop {
            self.catch_up();
            if self.seen >= self.packets
                || !matches!(timeout_at(deadline, newest.changed()).await, Ok(Ok(())))
            {
                return;
            }
        }
    }

    fn catch_up(&mut self) {
        let (events, next) = self.room.trace().since(self.heard);
        self.heard = next;
        for event in events {
            let What::Packet(packet) = event.what else { continue };
            self.seen += 1;
            self.here.entry((packet.src, packet.dst)).or_default().push(packet.id);
        }
    }

    /// How a request ended, if it does in time.
    async fn result(&mut self, id: CallId, patience: Duration) -> Option<Outcome> {
        let deadline = self.within(patience);
        while !self.results.contains_key(&id) {
            if !self.hear(deadline).await {
                return None;
            }
        }
        self.results.get(&id).cloned()
    }

    /// The next thing that the room has to say; false where it says nothing.
    async fn hear(&mut self, deadline: Instant) -> bool {
        match timeout_at(deadline, self.deliveries.recv()).await {
            Ok(Some(Delivery::Result { id, outcome, .. })) => drop(self.results.insert(id, outcome)),
            Ok(Some(Delivery::Program { id, program })) => drop(self.opened.insert(id, program)),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => return false,
        }
        true
    }

    /// Waits for what the last calls led to: as many packets as there, and no more for a moment.
    async fn settle(&mut self) {
        self.until_as_many_packets(PATIENCE).await;
        let mut newest = self.room.trace().watch();
        let deadline = self.within(PATIENCE);
        while Instant::now() < deadline {
            if !matches!(timeout(PATIENCE / 8, newest.changed()).await, Ok(Ok(()))) {
                return;
            }
        }
    }

    /// What has happened.
    async fn recorded(&self) -> Result<Recording, AgainError> {
        let directory = self.room.directory().await.map_err(|_| AgainError::Ended)?;
        let failed = |error: &dyn std::fmt::Display| AgainError::Recording(error.to_string());
        let Recorded { text, .. } = kept::recorded(self.room.trace(), directory, RecordingOptions::default())
            .map_err(|error| failed(&error))?;
        share::read(text.as_bytes()).map_err(|error| failed(&error))
    }
}

/// How long a call may wait here, by how it ended there: the recording does not say what it was told.
fn wait(end: Option<&CallEnd>) -> Wait {
    let Some(end) = end else { return Wait::Forever };
    let millis = u32::try_from(end.elapsed / 1_000_000).unwrap_or(u32::MAX);
    match &end.outcome {
        Err(CallError::TimedOut { .. }) => Wait::Millis(millis.max(1)),
        Ok(Value::Ready(ready)) if ready.is_empty() => Wait::Millis(millis),
        Ok(Value::Events(told)) if told.is_empty() => Wait::Millis(millis),
        Err(CallError::Errno { errno, .. }) if [Errno::EAGAIN, Errno::EINPROGRESS].contains(errno) => {
            Wait::No
        }
        _ => Wait::Forever,
    }
}

/// Reads a recording's file, does it again in a room with these servers, and lays the two side by side; with which calls that was.
///
/// # Errors
/// In a sentence.
pub async fn replay(
    keeper: Keeper,
    services: &[Service],
    file: &[u8],
) -> Result<(share::Comparison, Calls), String> {
    let before = share::read(file).map_err(|error| error.to_string())?;
    let lab = Lab::new(keeper, services.iter().map(rooms::service).collect());
    let (room, _task) =
        lab.open_room(None).await.map_err(|error| format!("no room could be made: {error}"))?;
    let now = again(&room, &before, AT_A_TERMINAL).await.map_err(|error| error.to_string())?;
    room.end().await;
    if !now.whole {
        let seconds = AT_A_TERMINAL.as_secs();
        return Err(format!("it takes longer than {seconds} seconds, and no longer is waited"));
    }
    Ok((share::compare(&before, &now.recording), now.calls))
}
