//! A page without its paint: the lesson, a prompt on each machine and the programs, on a real room. It does what
//! `web/lesson/helper.js` and `doing.js` do, with the same decisions from Rust.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use lesson::{Doing, Piece, doing::WireDoing, help::Todo, plan::Next, prose};
use proto::{
    id::{CallId, HostId, ProgramId},
    message::{HostCommand, Sysctl, WireCommand},
    room::Lifetime,
    trace::{Fate, What},
};
use web::{
    console::{interpreter::Interpreter as Prompt, plan::Request},
    lessons::{
        drawn::{Drawn, drawn},
        room_lesson::RoomLesson,
    },
    view::store::{Seed, SeedHost, SeedProgram},
};

use super::programs::Running;
use crate::harness::{client::Client, room::NewRoom};

/// How long the room may take to come further by itself, as on the page.
const PATIENCE: Duration = Duration::from_secs(12);
/// How long an event may take to tell what was done.
const TOLD: Duration = Duration::from_secs(2);
/// How long nothing is heard while a program goes by the clock.
const NAP: Duration = Duration::from_millis(20);
/// How long one call or program may take that is done for somebody.
const DONE: Duration = Duration::from_secs(20);

/// A machine's prompt.
struct Hand {
    program: ProgramId,
    prompt: Prompt,
    /// Calls that wait, with their entries.
    waiting: Vec<(CallId, u32)>,
    failed: bool,
}

pub(super) struct Page {
    pub(super) client: Client,
    pub(super) lesson: RoomLesson,
    room: String,
    hosts: BTreeMap<String, HostId>,
    hands: BTreeMap<String, Hand>,
    programs: Vec<Running>,
    /// Events that the lesson has seen.
    fed: usize,
    /// Lessons as this browser remembers them.
    kept: BTreeMap<String, web::lessons::room_lesson::Memory>,
    /// What happened, for failures.
    pub(super) story: Vec<String>,
}

impl Page {
    pub(super) async fn open(room: &NewRoom) -> Self {
        let mut client = Client::join(&room.owner(), "walker").await;
        client.subscribe();
        let mut hosts = BTreeMap::new();
        for name in ["client", "server"] {
            hosts.insert(name.to_owned(), client.host(name));
        }
        let mut page = Self {
            client,
            lesson: RoomLesson::default(),
            room: room.id.clone(),
            hosts,
            hands: BTreeMap::new(),
            programs: Vec::new(),
            fed: 0,
            kept: BTreeMap::new(),
            story: Vec::new(),
        };
        for (name, host) in page.hosts.clone() {
            let id =
                page.client.endpoint().open_program(host, "By hand", Lifetime::Member).expect("a program");
            let program = page.client.until("a prompt", |client| client.began(id)).await;
            let prompt = Prompt::new(&name);
            page.hands.insert(name, Hand { program, prompt, waiting: Vec::new(), failed: false });
        }
        page.new_lesson();
        page
    }

    /// The page's own part is gone and comes anew: what the browser and the room keep stays.
    pub(super) async fn reload(&mut self, source: &str) {
        self.keep();
        for running in std::mem::take(&mut self.programs) {
            let _closing = self.client.endpoint().close_program(running.program);
        }
        let hosts: Vec<_> = self.hosts.values().copied().collect();
        let _gone = self.until(TOLD, |page| hosts.iter().all(|host| !page.runs_any(*host))).await;
        self.new_lesson();
        self.open_lesson(source);
    }

    fn runs_any(&self, host: HostId) -> bool {
        let mut running = 0i32;
        for event in &self.client.events {
            match &event.what {
                What::ProgramBegan(program) if program.host == host && program.lifetime == Lifetime::Page => {
                    running += 1
                }
                What::ProgramEnded(_) => running -= 1,
                _ => {}
            }
        }
        running > 0
    }

    fn new_lesson(&mut self) {
        let snapshot = self.client.snapshot();
        let seed = Seed {
            hosts: snapshot
                .hosts
                .iter()
                .map(|host| SeedHost {
                    id: host.id.0,
                    name: host.name.clone(),
                    address: host.address.to_string(),
                    guest: None,
                    ready_made: host.ready_made,
                    cable: Some(true),
                })
                .collect(),
            programs: Vec::<SeedProgram>::new(),
            member: Some(snapshot.member.0),
            now: self.client.events.last().map_or(0, |event| event.time),
            ..Seed::default()
        };
        self.lesson = RoomLesson::default();
        self.lesson.seed(&self.room, &seed);
        self.lesson.left_is(self.hosts["client"].0);
        self.fed = 0;
    }

    /// Opens a lesson, with what the browser remembers of it.
    pub(super) fn open_lesson(&mut self, source: &str) {
        let id = lesson::Lesson::read(source).expect("a lesson").id;
        self.absorb();
        let memory = self.kept.get(&id).cloned();
        self.lesson.open(source, false, memory.as_ref()).expect("a lesson");
    }

    /// What the browser keeps.
    pub(super) fn keep(&mut self) {
        if let (Some(progress), Some(memory)) = (self.lesson.progress(), self.lesson.memory()) {
            self.kept.insert(progress.lesson().id.clone(), memory);
        }
    }

    /// What the strip draws.
    pub(super) fn drawn(&mut self) -> Drawn {
        self.absorb();
        let (next, way) = (self.lesson.next(), self.lesson.in_the_way());
        drawn(self.lesson.progress().expect("a lesson"), next.as_ref(), &way)
    }

    // What comes from the room

    /// Takes in all that has been heard.
    fn absorb(&mut self) {
        loop {
            let mut news = false;
            for name in self.hands.keys().cloned().collect::<Vec<_>>() {
                news |= self.absorb_hand(&name);
            }
            for running in &mut self.programs {
                news |= running.go_on(&mut self.client);
            }
            self.end_programs();
            if !news {
                break;
            }
        }
        while let Some(event) = self.client.events.get(self.fed).cloned() {
            self.lesson.take(&event);
            self.fed += 1;
        }
        for (name, hand) in &self.hands {
            let names = hand.prompt.sockets().into_iter().map(|(name, fd)| (name, fd.0));
            self.lesson.hand_is(self.hosts[name].0, names);
        }
    }

    fn absorb_hand(&mut self, name: &str) -> bool {
        let Some(hand) = self.hands.get_mut(name) else { return false };
        let mut ended = Vec::new();
        for (call, entry) in std::mem::take(&mut hand.waiting) {
            match self.client.ended(call) {
                Some((outcome, bytes)) => ended.push((entry, outcome, bytes)),
                None => hand.waiting.push((call, entry)),
            }
        }
        let news = !ended.is_empty();
        for (entry, outcome, bytes) in ended {
            hand.failed |= outcome.is_err();
            if let Some(request) = hand.prompt.ended(entry, outcome, &bytes) {
                let call = begin(&mut self.client, hand.program, request);
                hand.waiting.push((call, entry));
            }
        }
        news
    }

    /// Programs that came to their end are closed, as a page does.
    fn end_programs(&mut self) {
        for running in self.programs.extract_if(.., |running| running.over.is_some()) {
            self.story.push(format!("{} ended: {:?}", running.file, running.over));
            let _closing = self.client.endpoint().close_program(running.program);
        }
    }

    /// Listens until something holds; whether it does.
    pub(super) async fn until(&mut self, most: Duration, mut holds: impl FnMut(&mut Self) -> bool) -> bool {
        let late = Instant::now() + most;
        loop {
            self.absorb();
            if holds(self) {
                return true;
            }
            let left = late.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let naps = self.programs.iter().any(Running::naps);
            let _quiet =
                tokio::time::timeout(if naps { left.min(NAP) } else { left }, self.client.hear()).await;
        }
    }

    // What somebody does

    /// Types a line. Resolves when it has ended, or waits for longer than somebody would.
    pub(super) async fn line(&mut self, host: &str, line: &str, background: bool) -> Result<(), String> {
        self.absorb();
        let hand = self.hands.get_mut(host).ok_or("no prompt there")?;
        let (entry, request) = hand.prompt.submit(line);
        hand.failed = false;
        let Some(request) = request else { return Ok(()) };
        let call = begin(&mut self.client, hand.program, request);
        hand.waiting.push((call, entry));
        if background {
            self.client.flush().await;
            return Ok(());
        }
        let host = host.to_owned();
        let over = |page: &mut Self| page.hands[&host].waiting.iter().all(|(_, one)| *one != entry);
        if !self.until(DONE, over).await {
            return Err(format!("{line} on {host} still waits"));
        }
        if self.hands[&host].failed { Err(format!("{line} on {host} failed")) } else { Ok(()) }
    }

    pub(super) async fn run(&mut self, host: &str, file: &str) -> Result<ProgramId, String> {
        let id = self.client.endpoint().open_program(self.hosts[host], file, Lifetime::Page);
        let id = id.map_err(|error| format!("{error:?}"))?;
        let program = self.client.until("a program", |client| client.began(id)).await;
        self.programs.push(Running::new(program, host, file));
        self.absorb();
        self.client.flush().await;
        Ok(program)
    }

    pub(super) async fn stop(&mut self, host: &str, file: Option<&str>) {
        self.absorb();
        let wanted = |one: &Running| one.host == host && file.is_none_or(|file| one.file == file);
        let (stopped, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut self.programs).into_iter().partition(wanted);
        self.programs = kept;
        for running in &stopped {
            let _closing = self.client.endpoint().close_program(running.program);
        }
        let ids: Vec<_> = stopped.iter().map(|running| running.program).collect();
        let ended = |page: &mut Self| {
            ids.iter().all(|id| page.client.events.iter().any(|event| event.what == What::ProgramEnded(*id)))
        };
        assert!(self.until(DONE, ended).await, "programs that were stopped do not end");
    }

    pub(super) async fn wire(&mut self, command: WireCommand) {
        if let Ok(id) = self.client.endpoint().wire(command) {
            let _outcome = self.client.result(id).await;
        }
    }

    async fn machine(&mut self, host: &str, command: HostCommand) {
        if let Ok(id) = self.client.endpoint().host(self.hosts[host], command) {
            let _outcome = self.client.result(id).await;
        }
    }

    pub(super) async fn cable(&mut self, host: &str, plugged: bool) {
        self.machine(host, HostCommand::Cable(plugged)).await;
    }

    /// A program that was started in the background waits in a call, or sleeps, or has ended.
    pub(super) async fn waits_for_something(&mut self) {
        let rests = |page: &mut Self| page.programs.iter().all(Running::rests);
        self.until(DONE, rests).await;
    }

    /// Packets that stand on the wire, oldest first.
    pub(super) fn held(&self) -> Vec<proto::id::PacketId> {
        let mut held = Vec::new();
        for event in &self.client.events {
            match &event.what {
                What::Packet(packet) if packet.fate == Fate::Held => held.push(packet.id),
                What::Fate(later) => held.retain(|id| *id != later.id || later.fate == Fate::Held),
                _ => {}
            }
            if let What::Fate(later) = &event.what
                && later.fate == Fate::Held
                && !held.contains(&later.id)
            {
                held.push(later.id);
            }
        }
        held
    }

    /// *Start clean*.
    pub(super) async fn clean(&mut self) {
        self.lesson.clean_begins();
        self.make_clean().await;
        let told = |page: &mut Self| page.lesson.has_cleaned();
        self.until(DONE, told).await;
        self.lesson.cleaned();
    }

    async fn make_clean(&mut self) {
        for host in ["client", "server"] {
            self.stop(host, None).await;
            for (call, _) in self.hands[host].waiting.clone() {
                self.client.endpoint().cancel(call);
            }
            let over = |page: &mut Self| page.hands[host].waiting.is_empty();
            self.until(DONE, over).await;
            for (name, _) in self.hands[host].prompt.sockets() {
                let _closed = self.line(host, &format!("{name}.close()"), false).await;
            }
            if let Some(hand) = self.hands.get_mut(host) {
                hand.prompt.forget();
            }
        }
        self.wire(WireCommand::Release).await;
        self.wire(WireCommand::Set { delay_ms: Some(0.0), loss: Some(0.0), seed: None }).await;
        for host in ["client", "server"] {
            self.cable(host, true).await;
            self.machine(host, HostCommand::Sysctl { name: Sysctl::SynRetries, value: 6 }).await;
            self.machine(host, HostCommand::FreshNetwork).await;
        }
    }

    /// Carries out one thing that a lesson does.
    pub(super) async fn perform(&mut self, doing: &Doing) -> Result<(), String> {
        self.story.push(format!("do {doing:?}"));
        match doing {
            Doing::Line { host, line, background, fails } => {
                let done = self.line(host, line, *background).await;
                if *fails { Ok(()) } else { done }
            }
            Doing::Run { host, file, background, .. } => {
                let program = self.run(host, file).await?;
                if *background {
                    return Ok(());
                }
                let over = |page: &mut Self| page.programs.iter().all(|running| running.program != program);
                if self.until(DONE, over).await { Ok(()) } else { Err(format!("{file} still runs")) }
            }
            Doing::Stop { host, file } => {
                self.stop(host, file.as_deref()).await;
                Ok(())
            }
            Doing::Put { .. } => Ok(()),
            Doing::Clean => {
                self.clean().await;
                Ok(())
            }
            Doing::Wire { command } => self.wire_doing(*command).await,
            Doing::Fresh { host } => {
                self.machine(host, HostCommand::FreshNetwork).await;
                Ok(())
            }
            Doing::Cable { host, plugged } => {
                self.cable(host, *plugged).await;
                Ok(())
            }
            Doing::Kernel { host, name, value } => {
                self.machine(host, HostCommand::Sysctl { name: *name, value: *value }).await;
                Ok(())
            }
        }
    }

    async fn wire_doing(&mut self, command: WireDoing) -> Result<(), String> {
        let command = match command {
            WireDoing::Hold => WireCommand::Hold,
            WireDoing::Release => WireCommand::Release,
            WireDoing::Step if self.held().is_empty() => return Err("nothing stands on the wire".into()),
            WireDoing::Step => WireCommand::Step,
            WireDoing::Drop => match self.held().first() {
                Some(oldest) => WireCommand::Drop(*oldest),
                None => return Err("nothing stands on the wire".into()),
            },
            WireDoing::Delay(ms) => {
                WireCommand::Set { delay_ms: Some(f64::from(ms)), loss: None, seed: None }
            }
        };
        self.wire(command).await;
        Ok(())
    }

    /// The filled button, where it does something on a machine.
    pub(super) async fn filled(&mut self) -> bool {
        self.absorb();
        let Some(Next::Do { doings, .. }) = self.lesson.next() else { return false };
        let Some(doing) = doings.first().cloned() else { return false };
        let told = !matches!(doing, Doing::Put { .. } | Doing::Clean);
        let done = self.perform(&doing).await;
        if done.is_ok()
            && !told
            && let Some(progress) = self.lesson.progress_mut()
        {
            progress.did(&doing);
        }
        true
    }

    /// *Do it for me*: passes the current step, or says why not.
    pub(super) async fn help(&mut self) -> Result<(), String> {
        self.absorb();
        self.story.push("help".into());
        if !self.lesson.help_begin() {
            return Ok(());
        }
        let done = self.follow().await;
        self.lesson.help_end(done.is_ok());
        self.story.push(format!("helped: {done:?}"));
        done
    }

    async fn follow(&mut self) -> Result<(), String> {
        for _ in 0..150 {
            self.absorb();
            let todo = self.lesson.help_todo();
            match todo {
                Todo::Passed => return Ok(()),
                Todo::Blocked(because) => {
                    let gone = |page: &mut Self| !matches!(page.lesson.help_todo(), Todo::Blocked(_));
                    if !self.until(TOLD, gone).await {
                        return Err(prose::plain(&because));
                    }
                }
                Todo::Do(doing) => {
                    self.lesson.help_does();
                    self.perform(&doing).await?;
                    self.lesson.help_did();
                    let further = |page: &mut Self| {
                        page.lesson.help_is_told() && page.lesson.help_todo() != Todo::Do(doing.clone())
                    };
                    let _told = self.until(TOLD, further).await;
                }
                todo => {
                    if self.sorts_cards() {
                        continue;
                    }
                    let further = |page: &mut Self| page.lesson.help_todo() != todo || page.sorts_cards();
                    if !self.until(PATIENCE, further).await {
                        let missing = self.drawn().current.map(|current| current.missing).unwrap_or_default();
                        let missing: Vec<String> =
                            missing.iter().map(|said: &Vec<Piece>| prose::plain(said)).collect();
                        return Err(format!("it did not come to what the step asks for: {missing:?}"));
                    }
                }
            }
        }
        Err("it never ends".into())
    }

    /// Puts the cards as the run has marked them; whether it did.
    fn sorts_cards(&mut self) -> bool {
        let Some(progress) = self.lesson.progress_mut() else { return false };
        let places = progress.current().and_then(|current| current.cards.places());
        let Some(places) = places.filter(|places| !places.is_empty()) else { return false };
        let mut order: Vec<usize> = (0..places.len()).collect();
        order.sort_by_key(|card| places[*card]);
        progress.arrange(&order);
        true
    }
}

fn begin(client: &mut Client, program: ProgramId, request: Request) -> CallId {
    let Request { call, payload, wait } = request;
    client.endpoint().call(program, call, wait, payload.into()).expect("within the limits")
}
