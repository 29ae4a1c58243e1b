//! What comes next in a step, from the sockets, programs and the wire as they are now, and never from calls once made:
//! the filled button and "do it for me" follow it.
//!
//! A step's lines are of two sorts. Those that make, bind and connect sockets are done where the sockets are so. All
//! others (a send, a receive, a cable) are done once an event has shown it since the round began; a round ends where all
//! is done and the step is not passed all the same.

mod obstacles;
mod premises;

use std::collections::BTreeMap;

use proto::{
    id::{Fd, HostId, MemberId, ProgramId},
    room::BY_HAND,
};

use crate::{
    Doing, Facts, Piece, Scene, Step,
    doing::WireDoing,
    expected::{Expect, Expected, Key},
    facts::{Fact, Field},
    hand::HandLine,
    need::Need,
    now::{SocketNow, Stage, is_called},
};

/// What this page's prompts call their sockets, by machine.
pub type Hands = BTreeMap<HostId, BTreeMap<String, Fd>>;

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// These, the first of them now.
    Do {
        /// What is left to do; nothing while the room has to come further by itself.
        doings: Vec<Doing>,
        /// Why something comes before the step's own lines: what the step stands on is not so now.
        because: Option<Vec<Piece>>,
    },
    /// Something is in its way that starting clean clears.
    Blocked(Vec<Piece>),
    /// All is done, and something that was begun goes on.
    Wait,
    /// All is done and the step is not passed.
    Again,
    /// What the step stands on is gone, and only its part from the beginning brings it back.
    Lost(Vec<Piece>),
}

/// Which lines of a step are done, as events have shown.
#[derive(Clone, Debug, Default)]
pub struct Round {
    marks: Vec<bool>,
    /// Lines whose program has begun in this round: the end of one that began before is no line of it.
    begun: Vec<bool>,
    /// Sockets made after this `seq` are this round's.
    since: u64,
}

impl Round {
    /// A round that counts what happens after this `seq`.
    pub fn begin(lines: usize, since: u64) -> Self {
        Self { marks: vec![false; lines], begun: vec![false; lines], since }
    }

    /// Whether anything of the step has happened.
    pub fn is_begun(&self) -> bool {
        self.marks.contains(&true)
    }

    /// Somebody did a line whose event does not tell.
    pub fn did(&mut self, line: usize) {
        if let Some(mark) = self.marks.get_mut(line) {
            *mark = true;
        }
    }

    /// Takes one event in; whether it is a line of the step.
    pub fn take(&mut self, does: &[Doing], facts: &Facts) -> bool {
        for (doing, begun) in does.iter().zip(&mut self.begun) {
            *begun |= is_begun_by(doing, facts);
        }
        let mut lines = does.iter().zip(self.marks.iter().zip(&self.begun));
        let found = lines.position(|(doing, (mark, begun))| {
            let waited_for = matches!(doing, Doing::Run { background: false, .. });
            !mark && (*begun || !waited_for) && is_done_by(doing, facts)
        });
        if let Some(at) = found {
            self.did(at);
        }
        found.is_some()
    }
}

/// Whether an event shows that a line's program was started.
fn is_begun_by(doing: &Doing, facts: &Facts) -> bool {
    let Doing::Run { host, file, .. } = doing else { return false };
    facts.is(Field::Host, host) && is_program(facts, file) && facts.is(Field::Change, "began")
}

/// Whether an event shows that a line was done.
pub(crate) fn is_done_by(doing: &Doing, facts: &Facts) -> bool {
    let host = doing.host().is_none_or(|host| facts.is(Field::Host, host));
    let change = |what: &str| facts.is(Field::Change, what);
    let wire = facts.is(Field::Kind, "wire");
    host && match doing {
        Doing::Line { background, fails, .. } => {
            let phase = if *background { "begin" } else { "end" };
            let call = doing.call().is_some_and(|call| facts.is(Field::Call, call));
            let ended = *background || *fails || facts.is(Field::Result, "ok");
            facts.is(Field::Program, BY_HAND) && call && facts.is(Field::Phase, phase) && ended
        }
        Doing::Run { file, background, .. } => {
            is_program(facts, file) && change(if *background { "began" } else { "ended" })
        }
        Doing::Stop { file, .. } => {
            file.as_ref().is_some_and(|file| is_program(facts, file)) && change("ended")
        }
        Doing::Wire { command: WireDoing::Hold } => wire && facts.is(Field::Held, "yes"),
        Doing::Wire { command: WireDoing::Release } => wire && facts.is(Field::Held, "no"),
        Doing::Wire { command: WireDoing::Delay(ms) } => {
            wire && facts.get(Field::Delay) == Some(&Fact::Number(u64::from(*ms)))
        }
        Doing::Wire { command: WireDoing::Drop } => facts.is(Field::Fate, "dropped"),
        Doing::Fresh { .. } => change("fresh"),
        Doing::Cable { plugged, .. } => change(if *plugged { "mended" } else { "cut" }),
        Doing::Kernel { .. } => change("kernel"),
        Doing::Wire { command: WireDoing::Step } | Doing::Put { .. } | Doing::Clean => false,
    }
}

/// Whether an event is of a program that is this file of the lesson.
fn is_program(facts: &Facts, file: &str) -> bool {
    matches!(facts.get(Field::Program), Some(Fact::Word(name)) if is_called(name, file))
}

/// A step in its part, and the room it is in.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// The steps of the part before this one.
    pub before: &'a [&'a Step],
    /// The step.
    pub step: &'a Step,
    /// Ports that the lesson's programs take.
    pub ports: &'a [(String, u16)],
    /// What events have shown.
    pub round: &'a Round,
    /// The room.
    pub scene: &'a Scene,
    /// The names by hand.
    pub hands: &'a Hands,
}

impl Situation<'_> {
    /// What comes next.
    pub fn next(&self) -> Next {
        let mut expected = Expected::default();
        for doing in self.before.iter().flat_map(|step| &step.does) {
            expected.after(doing);
        }
        let does = self.step.does.as_slice();
        let done: Vec<bool> = (0..does.len()).map(|at| self.is_done(&expected, at)).collect();
        let Some(first) = self.first_open(&done) else {
            return self.unmet(&expected).unwrap_or_else(|| self.afterwards());
        };
        for doing in &does[..first] {
            expected.after(doing);
        }
        let line = &does[first];
        if let Some((doings, because)) = self.premise(&expected, line) {
            return self.offer(&Expected::default(), doings, Some(because));
        }
        if let Some(next) = self.unmet(&expected) {
            return next;
        }
        if self.connects(line) {
            return Next::Wait;
        }
        if let Doing::Run { host, file, .. } = line
            && self.runs(host, file)
        {
            let because =
                vec![Piece::code(file), Piece::said(" runs on "), Piece::code(host), Piece::said(" now.")];
            return Next::Do { doings: Vec::new(), because: Some(because) };
        }
        let left =
            (first..does.len()).filter(|at| *at == first || !done[*at] || structure(&does[*at]).is_some());
        let doings: Vec<Doing> = left.map(|at| does[at].clone()).collect();
        self.offer(&expected, doings, None)
    }

    /// What is to be done, unless something is in its way. `expected` is the room before it.
    fn offer(&self, expected: &Expected, doings: Vec<Doing>, because: Option<Vec<Piece>>) -> Next {
        match self.obstacle(expected, &doings) {
            Some(because) => Next::Blocked(because),
            None => Next::Do { doings, because },
        }
    }

    /// All is done: something goes on, or nothing has come of it.
    fn afterwards(&self) -> Next {
        if self.is_under_way() { Next::Wait } else { Next::Again }
    }

    /// What has to be so for the sentence and is not: what brings it about, or that only the part's beginning does.
    fn unmet(&self, expected: &Expected) -> Option<Next> {
        let unmet = self.step.needs.iter().find(|needed| !needed.need.holds(self.scene))?;
        if let Need::Free { host, port } = &unmet.need {
            return Some(Next::Blocked(self.taken(host, *port, None, None)?));
        }
        let because = unmet.need.missing();
        let Some(does) = &unmet.does else {
            let broken = expected
                .names
                .iter()
                .find(|(key, named)| !self.socket(key).is_some_and(|socket| named.expect.fits(socket)));
            let doings = broken.map(|(key, _)| self.anew(expected, key, None)).unwrap_or_default();
            return Some(match doings.is_empty() {
                true => Next::Lost(because),
                false => Next::Do { doings, because: Some(because) },
            });
        };
        let command = match unmet.need {
            // What stands before it has to go first.
            Need::Held { .. } => Some(WireDoing::Step),
            Need::Losing { .. } => Some(WireDoing::Drop),
            _ => None,
        };
        let doings = match (command.filter(|_| self.scene.now().held().next().is_some()), does.clone()) {
            (Some(command), _) => vec![Doing::Wire { command }],
            (None, Doing::Run { host, file, .. }) if self.waits_in_connect(&host, &file) => Vec::new(),
            (None, Doing::Run { host, file, .. }) if self.is_on_its_way(&host, &file) => {
                let runs =
                    [Piece::said(" "), Piece::code(&file), Piece::said(" runs, and has not come so far.")];
                let because = because.into_iter().chain(runs).collect();
                return Some(Next::Do { doings: Vec::new(), because: Some(because) });
            }
            (None, Doing::Run { host, file, background, fails }) if self.runs(&host, &file) => {
                let stop = Doing::Stop { host: host.clone(), file: Some(file.clone()) };
                vec![stop, Doing::Run { host, file, background, fails }]
            }
            (None, doing) => vec![doing],
        };
        Some(self.offer(&Expected::default(), doings, Some(because)))
    }

    /// The first line that is not done. How many packets have to go before the one that matters only the wire knows: a
    /// last command to it is never done.
    fn first_open(&self, done: &[bool]) -> Option<usize> {
        let last =
            matches!(self.step.does.last(), Some(Doing::Wire { command: WireDoing::Step | WireDoing::Drop }));
        done.iter().position(|done| !done).or_else(|| last.then(|| done.len().saturating_sub(1)))
    }

    /// Whether a line of the step is done.
    fn is_done(&self, before: &Expected, at: usize) -> bool {
        let does = self.step.does.as_slice();
        let marked = self.round.marks.get(at).copied().unwrap_or(false);
        match &does[at] {
            Doing::Line { host, line, fails: false, .. } => {
                match HandLine::read(line).filter(HandLine::is_structure) {
                    Some(read) => self.is_built(before, at, host, &read),
                    None => marked,
                }
            }
            Doing::Run { host, file, background: true, .. } => {
                self.runs(host, file) || self.is_used_up(at, marked)
            }
            Doing::Stop { host, file: Some(file) } => marked || !self.runs(host, file),
            Doing::Stop { host, file: None } => !self.runs_any(host),
            Doing::Wire { command: WireDoing::Hold } => marked || self.scene.now().wire().held,
            Doing::Wire { command: WireDoing::Release } => {
                let held_before =
                    does[..at].iter().any(|one| matches!(one, Doing::Wire { command: WireDoing::Hold }));
                marked || (!held_before && !self.scene.now().wire().held)
            }
            _ => marked,
        }
    }

    /// A program that was begun for what comes next, which has been seen: that it ended since is no fault.
    fn is_used_up(&self, at: usize, marked: bool) -> bool {
        marked && self.round.marks.iter().skip(at + 1).any(|mark| *mark)
    }

    /// Whether what a line makes is there: its socket has come as far as the line brings it, or further on this step's
    /// own way.
    fn is_built(&self, before: &Expected, at: usize, host: &str, read: &HandLine<'_>) -> bool {
        let does = self.step.does.as_slice();
        let Some(name) = read.built() else { return false };
        let key = (host.to_owned(), name.to_owned());
        let mut expected = before.clone();
        does[..at].iter().for_each(|doing| expected.after(doing));
        let socket = self.socket(&key);
        for (later, doing) in does.iter().enumerate().skip(at) {
            let about = line_about(doing, &key);
            if later > at && about == Some(About::Makes) {
                return false;
            }
            expected.after(doing);
            let marked = self.round.marks.get(later).copied().unwrap_or(false);
            let spent = matches!(doing, Doing::Line { fails: true, .. }) || about == Some(About::Closes);
            if about.is_some() && spent && marked {
                return true;
            }
            let fits = expected.names.get(&key).zip(socket).is_some_and(|(named, socket)| {
                let own = socket.made > self.round.since || before.names.contains_key(&key);
                own && named.expect != Expect::Anything && named.expect.fits(socket)
            });
            if about.is_some() && fits {
                return true;
            }
            // A connect that waits for its answer: what comes before it is done.
            let connecting = matches!(socket.map(|socket| socket.stage), Some(Stage::Connecting(_)));
            if later > at && connecting && doing.call() == Some("connect") && about.is_some() {
                return true;
            }
            // An accept that waits: its name gets the caller later.
            if later == at && self.accepts_already(doing, host, read) {
                return true;
            }
        }
        false
    }

    fn accepts_already(&self, doing: &Doing, host: &str, read: &HandLine<'_>) -> bool {
        let background = matches!(doing, Doing::Line { background: true, .. });
        let waits = |host: &str| {
            self.scene.host_called(host).is_some_and(|host| self.scene.now().waits(host, read.call))
        };
        background && read.call == "accept" && waits(host)
    }

    /// Whether a line's connect waits for its answer.
    fn connects(&self, line: &Doing) -> bool {
        let Doing::Line { host, line, .. } = line else { return false };
        let Some(read) = HandLine::read(line).filter(|read| read.call == "connect") else { return false };
        let socket = read.object.and_then(|object| self.socket(&(host.clone(), object.to_owned())));
        matches!(socket.map(|socket| socket.stage), Some(Stage::Connecting(to)) if Some(to.port()) == read.number())
    }

    /// Whether a program waits for an answer that its kernel asks for again by itself.
    fn waits_in_connect(&self, host: &str, file: &str) -> bool {
        let Some(id) = self.scene.host_called(host) else { return false };
        self.runs(host, file) && self.scene.now().waits(id, "connect")
    }

    /// Whether a program runs and may come further by itself: it has just been started, or is busy between two calls.
    fn is_on_its_way(&self, host: &str, file: &str) -> bool {
        let now = self.scene.now();
        let running = self.scene.host_called(host).and_then(|id| now.running(id, file));
        running.is_some_and(|program| !now.waits_for_others(program.id))
    }

    /// The lines before `line` that make a name's socket, the other end of its connection and its listener, without
    /// those whose work stands.
    fn anew(&self, expected: &Expected, key: &Key, line: Option<&Doing>) -> Vec<Doing> {
        let together = expected.together(key);
        let lines = || self.before.iter().flat_map(|step| &step.does).chain(&self.step.does);
        let lines: Vec<&Doing> = lines().take_while(|doing| Some(*doing) != line).collect();
        let about = |doing: &Doing| {
            let read = structure(doing)?;
            let key = (doing.host()?.to_owned(), read.built()?.to_owned());
            together.contains(&key).then_some(key)
        };
        // How far each name's socket has come on the lesson's way.
        let mut reached: BTreeMap<Key, usize> = BTreeMap::new();
        let mut so_far = Expected::default();
        for (at, doing) in lines.iter().enumerate() {
            so_far.after(doing);
            let Some(key) = about(doing) else { continue };
            let stage = so_far.names.get(&key).map(|named| &named.expect);
            let fits = |(socket, stage): (&SocketNow, &Expect)| {
                let waits = matches!((stage, socket.stage), (Expect::Connected(port), Stage::Connecting(to)) if *port == to.port());
                (waits || stage.fits(socket)) && self.is_whole(expected, &key, socket)
            };
            if self.socket(&key).zip(stage).is_some_and(fits) {
                reached.insert(key, at);
            }
        }
        let open = lines.iter().enumerate().filter(|(at, doing)| {
            about(doing).is_some_and(|key| reached.get(&key).is_none_or(|reached| at > reached))
        });
        open.map(|(_, doing)| (*doing).clone()).collect()
    }

    /// Whether a socket can stay where its connection is wanted: the other end is there, or waits to be accepted.
    fn is_whole(&self, expected: &Expected, key: &Key, socket: &SocketNow) -> bool {
        let Some(peer) = expected.names.get(key).and_then(|named| named.peer.as_ref()) else { return true };
        let Some(named) = expected.names.get(peer) else { return true };
        let there = self.socket(peer).is_some_and(|socket| named.expect.fits(socket));
        match socket.stage {
            Stage::Connected(to) => {
                let host = self.scene.now().host_at(to.ip());
                there || host.is_some_and(|host| self.scene.now().queued(host, to.port()) > 0)
            }
            Stage::Accepted(_) => there,
            _ => true,
        }
    }

    /// The name whose socket a line uses.
    fn takes_for_granted(&self, expected: &Expected, line: &Doing) -> Option<Key> {
        let Doing::Line { host, line, fails, .. } = line else { return None };
        let read = HandLine::read(line)?;
        let object = read.object.map(|object| (host.clone(), object.to_owned()));
        match read.call {
            // What is open can be closed, however far it has come.
            "close" => object.filter(|object| self.socket(object).is_none()),
            // That it is broken off may be what makes it fail.
            "send" | "sendall" | "recv" if *fails => {
                let broken = |socket: &SocketNow| socket.stage == Stage::Dead;
                object.filter(|object| !self.socket(object).is_some_and(broken))
            }
            "connect" if !fails => {
                let (to, port) = (read.machine(host)?, read.number()?);
                let listener = expected.listener(to, port).cloned();
                let up = self.scene.host_called(to).is_some_and(|host| self.scene.now().listens(host, port));
                listener.filter(|_| !up).or(object)
            }
            _ => object,
        }
    }

    /// Whether something that was begun for the step has not ended.
    fn is_under_way(&self) -> bool {
        let now = self.scene.now();
        let hosts: Vec<HostId> =
            self.step.does.iter().filter_map(|doing| self.scene.host_called(doing.host()?)).collect();
        // A server that waits for callers is done with what it was started for.
        let program = |doing: &Doing| match doing {
            Doing::Run { host, file, background: false, .. } => self.runs(host, file),
            Doing::Run { host, file, background: true, .. } => self.is_on_its_way(host, file),
            _ => false,
        };
        let calls = self.step.does.iter().any(|doing| matches!(doing, Doing::Line { .. }))
            && hosts.iter().any(|host| {
                by_hand(self.scene, *host, self.scene.person()).is_some_and(|program| now.is_waiting(program))
            });
        calls || self.step.does.iter().any(program)
    }

    fn runs(&self, host: &str, file: &str) -> bool {
        self.scene.host_called(host).is_some_and(|host| self.scene.now().running(host, file).is_some())
    }

    fn runs_any(&self, host: &str) -> bool {
        let Some(id) = self.scene.host_called(host) else { return false };
        let mut programs = self.scene.now().roster().programs().present();
        let me = self.scene.person();
        programs.any(|one| one.host == id && one.name != BY_HAND && one.by.is_some() && one.by == me)
    }

    fn descriptor(&self, (host, name): &Key) -> Option<(ProgramId, Fd)> {
        let id = self.scene.host_called(host)?;
        let fd = *self.hands.get(&id)?.get(name)?;
        Some((by_hand(self.scene, id, self.scene.person())?, fd))
    }

    fn socket(&self, key: &Key) -> Option<&SocketNow> {
        let (program, fd) = self.descriptor(key)?;
        self.scene.now().socket(program, fd)
    }
}

/// The program of a person's prompt on a machine.
fn by_hand(scene: &Scene, host: HostId, me: Option<MemberId>) -> Option<ProgramId> {
    let mut programs = scene.now().roster().programs().present().rev();
    programs.find(|one| one.host == host && one.name == BY_HAND && one.by == me).map(|one| one.id)
}

/// What a line is to a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    Makes,
    Uses,
    Closes,
}

fn line_about(doing: &Doing, (host, name): &Key) -> Option<About> {
    let Doing::Line { host: on, line, .. } = doing else { return None };
    let read = HandLine::read(line).filter(|_| on == host)?;
    if read.assigns == Some(name) {
        return Some(About::Makes);
    }
    (read.object == Some(name)).then_some(if read.call == "close" { About::Closes } else { About::Uses })
}

/// The line, where it makes, binds or connects a socket.
fn structure(doing: &Doing) -> Option<HandLine<'_>> {
    let Doing::Line { line, fails: false, .. } = doing else { return None };
    HandLine::read(line).filter(HandLine::is_structure)
}
