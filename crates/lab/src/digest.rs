//! A room in a few words, for whoever looks after many: how far its people have come in lessons, what they wait for, what
//! failed last. It follows the trace as it is written and is bounded, whatever is written; nobody needs to read the trace.
//!
//! It is about the room's owners: a guest's calls are the guest's own.

use std::collections::{BTreeMap, BTreeSet};

use proto::{
    call::{CallError, Outcome},
    errno::Errno,
    id::{CallRef, HostId, MemberId, ProgramId},
    room::{Role, StepOutcome},
    trace::What,
};

/// Steps that are remembered; a lesson has fewer.
const STEPS: usize = 128;
/// Unfinished calls that are followed.
const CALLS: usize = 256;
/// Longest name of an error that a program printed.
const NAME: usize = 40;

/// What the kernel says where nothing is wrong: not now, begun, interrupted.
const NO_FAULT: [Errno; 3] = [Errno::EAGAIN, Errno::EINPROGRESS, Errno::EINTR];
/// Exceptions by which Python tells an errno, which was told already.
const OF_ERRNO: [&str; 9] = [
    "OSError",
    "ConnectionRefusedError",
    "ConnectionResetError",
    "ConnectionAbortedError",
    "BrokenPipeError",
    "BlockingIOError",
    "PermissionError",
    "InterruptedError",
    "gaierror",
];

/// A room in a few words. Times are nanoseconds since it began.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Digest {
    /// When an owner came first.
    pub came: Option<u64>,
    /// Steps of lessons that an owner has passed (or skipped: false), by lesson and title.
    pub steps: BTreeMap<(String, String), bool>,
    /// When the last of them was.
    pub progressed: Option<u64>,
    /// The call that waits and began last, and when.
    pub waits: Option<(&'static str, u64)>,
    /// What failed last, unless it has gone well since.
    pub failed: Option<Failed>,
    /// Whether the wire is held.
    pub held: bool,
}

/// Something that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failed {
    /// errno(3), getaddrinfo(3), or the exception that ended a program.
    pub name: String,
    /// Which call; empty for an exception.
    pub call: &'static str,
    /// How many times in a row.
    pub times: u32,
}

/// Follows what is written.
#[derive(Debug, Default)]
pub(crate) struct Digesting {
    digest: Digest,
    /// Guests and watchers.
    others: BTreeSet<MemberId>,
    calls: BTreeMap<CallRef, Unfinished>,
}

#[derive(Debug)]
struct Unfinished {
    name: &'static str,
    since: u64,
    host: HostId,
    program: ProgramId,
}

impl Digesting {
    /// What there is to say now.
    pub(crate) fn digest(&self) -> Digest {
        let waits = self.calls.values().next_back().map(|call| (call.name, call.since));
        Digest { waits, ..self.digest.clone() }
    }

    /// Something happened at `time`.
    pub(crate) fn follow(&mut self, what: &What, time: u64) {
        match what {
            What::Joined(member) if member.role == Role::Owner => {
                self.digest.came.get_or_insert(time);
            }
            What::Joined(member) => {
                self.others.insert(member.id);
            }
            What::Left(member) => {
                self.others.remove(member);
            }
            What::CallBegin(call) => {
                let own = call.by.is_some_and(|by| !self.others.contains(&by));
                if own && self.calls.len() < CALLS {
                    let (name, host, program) = (call.call.name(), call.host, call.program);
                    self.calls.insert(call.id, Unfinished { name, since: time, host, program });
                }
            }
            What::CallEnd(end) => {
                if let Some(call) = self.calls.remove(&end.id) {
                    self.ended(call.name, &end.outcome);
                }
            }
            What::ProgramEnded(program) => self.calls.retain(|_, call| call.program != *program),
            What::HostGone(host) => self.calls.retain(|_, call| call.host != *host),
            What::Output { error: true, text, .. } => self.printed(text),
            What::Wire { settings, .. } => self.digest.held = settings.held,
            What::Progress { by, lesson, step, outcome } if !self.others.contains(by) => {
                self.progress(lesson, step, *outcome, time);
            }
            _ => {}
        }
    }

    fn ended(&mut self, call: &'static str, outcome: &Outcome) {
        let name = match outcome {
            Err(CallError::Errno { errno, .. }) if NO_FAULT.contains(errno) => return,
            Err(CallError::Errno { errno, .. }) => errno.name().to_owned(),
            Err(CallError::Resolve(error)) => error.name().to_owned(),
            Err(_) => return,
            Ok(_) => {
                self.digest.failed.take_if(|failed| failed.call == call);
                return;
            }
        };
        self.fail(name, call);
    }

    /// A program says on its standard error by what exception it ended: Python's last line begins with the name.
    fn printed(&mut self, text: &str) {
        let named = text.lines().rev().find_map(|line| {
            let name = line.split(':').next()?.rsplit('.').next()?;
            let letters = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            let ends = name.ends_with("Error") || name.ends_with("Exception");
            (letters && ends && (1..=NAME).contains(&name.len())).then_some(name)
        });
        if let Some(name) = named.filter(|name| !OF_ERRNO.contains(name)) {
            self.fail(name.to_owned(), "");
        }
    }

    fn fail(&mut self, name: String, call: &'static str) {
        let before = self.digest.failed.take_if(|failed| failed.name == name && failed.call == call);
        let times = before.map_or(1, |failed| failed.times.saturating_add(1));
        self.digest.failed = Some(Failed { name, call, times });
    }

    fn progress(&mut self, lesson: &str, step: &str, outcome: StepOutcome, time: u64) {
        let key = (lesson.to_owned(), step.to_owned());
        if self.digest.steps.len() >= STEPS && !self.digest.steps.contains_key(&key) {
            return;
        }
        let passed = matches!(outcome, StepOutcome::Passed { .. });
        let known = self.digest.steps.entry(key).or_insert(passed);
        *known |= passed;
        self.digest.progressed = Some(time);
        self.digest.failed = None;
    }
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{Call, Value},
        id::Fd,
        room::MemberInfo,
        trace::{CallBegin, CallEnd, Data},
    };

    use super::*;

    const OWN: MemberId = MemberId(1);
    const GUEST: MemberId = MemberId(2);

    fn begins(id: u64, by: MemberId, call: Call) -> What {
        What::CallBegin(CallBegin {
            id: CallRef(id),
            by: Some(by),
            host: HostId(1),
            program: ProgramId(1),
            call,
            data: Data::default(),
            socket: None,
            line: None,
            thread: None,
        })
    }

    fn ends(id: u64, outcome: Outcome) -> What {
        let data = Data::default();
        What::CallEnd(CallEnd { id: CallRef(id), outcome, data, socket: None, elapsed: 1, outside: false })
    }

    fn following(all: &[What]) -> Digest {
        let mut digesting = Digesting::default();
        let joined = |id, role| What::Joined(MemberInfo { id, name: "x".into(), role, host: None });
        digesting.follow(&joined(OWN, Role::Owner), 1);
        digesting.follow(&joined(GUEST, Role::Participant), 2);
        all.iter().zip(3..).for_each(|(what, time)| digesting.follow(what, time));
        digesting.digest()
    }

    #[test]
    fn it_says_what_the_owner_waits_for_and_since_when() {
        let accept = || Call::Accept { fd: Fd(3) };
        let waits = following(&[begins(1, OWN, accept()), begins(2, GUEST, accept())]);
        assert_eq!((waits.came, waits.waits), (Some(1), Some(("accept", 3))));
        assert_eq!(following(&[begins(1, OWN, accept()), What::ProgramEnded(ProgramId(1))]).waits, None);
    }

    #[test]
    fn a_failure_is_counted_until_it_goes_well() {
        let listen = || Call::Listen { fd: Fd(3), backlog: 5 };
        let refused = || Err(CallError::errno(Errno::EADDRINUSE));
        let twice =
            [begins(1, OWN, listen()), ends(1, refused()), begins(2, OWN, listen()), ends(2, refused())];
        let failed = following(&twice).failed.unwrap();
        assert_eq!((failed.name.as_str(), failed.call, failed.times), ("EADDRINUSE", "listen", 2));
        let well = [begins(3, OWN, listen()), ends(3, Ok(Value::Done))];
        assert_eq!(following(&[twice.as_slice(), &well].concat()).failed, None);
    }

    #[test]
    fn an_exception_is_named_without_what_it_says() {
        let said = |text: &str| {
            let output = What::Output { program: ProgramId(1), error: true, text: text.to_owned() };
            following(&[output]).failed.map(|failed| failed.name)
        };
        assert_eq!(
            said("Traceback\nNameError: name 'secret' is not defined\n").as_deref(),
            Some("NameError")
        );
        assert_eq!(said("socket.timeout: timed out").as_deref(), None);
        assert_eq!(said("ConnectionRefusedError: [Errno 111] Connection refused"), None);
        assert_eq!(said(&format!("{}Error: x", "a".repeat(100))), None);
    }

    #[test]
    fn steps_are_the_owner_s_and_bounded() {
        let step = |by, number: usize, outcome| What::Progress {
            by,
            lesson: "two-scripts".into(),
            step: format!("step {number}"),
            outcome,
        };
        let passed = StepOutcome::Passed { evidence: 1 };
        let digest =
            following(&[step(OWN, 1, StepOutcome::Skipped), step(OWN, 1, passed), step(GUEST, 2, passed)]);
        assert_eq!(digest.steps.values().copied().collect::<Vec<_>>(), [true]);
        assert_eq!(digest.progressed, Some(4));
        let many: Vec<What> = (0..2 * STEPS).map(|number| step(OWN, number, passed)).collect();
        assert_eq!(following(&many).steps.len(), STEPS);
    }
}
