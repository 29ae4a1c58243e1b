//! Recordings of rooms, explained: every event at the end, and as it was when nothing later was known. The recordings are
//! made by `crates/lab/tests/room/explained.rs`; `WIRESIDE_WRITE=1` writes what is said beside them.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use explain::{EVIDENCE, Explanation, Names, SENTENCES, Sentence, explain};
use proto::{
    id::{HostId, ProgramId},
    roster::Roster,
    trace::{Event, TcpState, What},
};

/// More characters than a sentence has place for in a narrow drawer.
const LONG: usize = 240;

struct Called(Roster);

impl Names for Called {
    fn host(&self, id: HostId) -> String {
        self.0.hosts().get(&id).map_or_else(|| format!("host {id}"), |host| host.name.clone())
    }

    fn program(&self, id: ProgramId) -> String {
        self.0.programs().get(&id).map_or_else(|| format!("program {id}"), |program| program.name.clone())
    }

    fn roster(&self) -> &Roster {
        &self.0
    }
}

struct Recorded {
    path: PathBuf,
    events: Vec<Event>,
    names: Called,
}

fn recordings() -> Vec<Recorded> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/traces");
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "wireside-share"));
    paths.sort();
    let read = |path: PathBuf| {
        let recording = share::read(&fs::read(&path).unwrap()).unwrap();
        let mut roster = Roster::default();
        recording.header.hosts.iter().for_each(|host| roster.host_is(host.clone()));
        recording.header.programs.iter().for_each(|program| roster.program_is(program.clone()));
        Recorded { path, events: recording.events, names: Called(roster) }
    };
    paths.into_iter().map(read).collect()
}

fn is_explained(event: &Event) -> bool {
    matches!(
        event.what,
        What::CallBegin(_) | What::CallEnd(_) | What::Packet(_) | What::Fate(_) | What::State(_)
    )
}

/// An event in a few words, to find one's way.
fn short(event: &Event) -> String {
    match &event.what {
        What::CallBegin(begin) => format!("{}() begins on {}", begin.call.name(), begin.host),
        What::CallEnd(end) => match &end.outcome {
            Ok(value) => format!("a call ends: {value:?}"),
            Err(error) => format!("a call fails: {error:?}"),
        },
        What::Packet(packet) => {
            let from = packet.from.map_or("the wire".to_owned(), |host| host.to_string());
            match &packet.transport {
                proto::trace::Transport::Tcp(tcp) => {
                    let flags: Vec<_> = tcp.flags.names().collect();
                    format!("{} of {from}, {} B, {:?}", flags.join(" "), packet.data.length, packet.fate)
                }
                other => format!("{other:?} of {from}"),
            }
        }
        What::Fate(fate) => format!("packet {}: {:?}", fate.id, fate.fate),
        What::State(change) => format!("socket {} on {} is {}", change.socket, change.host, change.to.name()),
        _ => String::new(),
    }
}

fn lines(sentences: &[Sentence], text: &mut String, before: &str) {
    for sentence in sentences {
        let events: Vec<_> = sentence.rests_on.iter().map(u64::to_string).collect();
        writeln!(text, "{before}{}: {} [{}]", sentence.about.name(), sentence.text, events.join(" "))
            .unwrap();
    }
}

/// All that is said of a recording. Addresses that a kernel chose, and times, are not the same twice: they are those of the
/// recording.
fn told(recorded: &Recorded) -> String {
    let mut text = String::new();
    let mut before = Vec::new();
    for event in recorded.events.iter().filter(|event| is_explained(event)) {
        let Explanation { event: sentences, connection } =
            explain(&recorded.events, &recorded.names, event.seq);
        writeln!(text, "{} {}", event.seq, short(event)).unwrap();
        lines(&sentences, &mut text, "    ");
        if connection != before {
            lines(&connection, &mut text, "    connection ");
            before = connection;
        }
    }
    text
}

#[test]
fn what_is_said_of_each_recording_is_what_was_read_by_eye() {
    let all = recordings();
    assert!(all.len() >= 14, "{} recordings", all.len());
    let mut wrong = Vec::new();
    for recorded in &all {
        let (said, file) = (told(recorded), recorded.path.with_extension("explained.txt"));
        if std::env::var_os("WIRESIDE_WRITE").is_some() {
            fs::write(&file, &said).unwrap();
        } else if fs::read_to_string(&file).ok().as_deref() != Some(&said) {
            wrong.push(file.display().to_string());
        }
    }
    assert!(wrong.is_empty(), "run with WIRESIDE_WRITE=1 and read the difference: {wrong:?}");
}

/// Whatever is known so far: nothing rests on what has not happened, and nothing is said without bounds.
#[test]
fn nothing_rests_on_what_comes_later() {
    for recorded in recordings() {
        for until in 1..=recorded.events.len() {
            let known = &recorded.events[..until];
            let last = known[until - 1].seq;
            // Of the newest events: what is said of the older ones changes seldom.
            for event in known.iter().rev().take(4).filter(|event| is_explained(event)) {
                let Explanation { event: sentences, connection } = explain(known, &recorded.names, event.seq);
                assert!(!sentences.is_empty(), "{}: nothing of {}", recorded.path.display(), event.seq);
                for sentence in sentences.iter().chain(&connection) {
                    assert!(sentence.rests_on.len() <= EVIDENCE);
                    assert!(sentence.rests_on.iter().all(|seq| known.iter().any(|event| event.seq == *seq)));
                    assert!(
                        sentence.rests_on.is_sorted() && sentence.rests_on.iter().all(|seq| *seq <= last)
                    );
                    assert!(sentence.text.chars().count() <= LONG, "{}", sentence.text);
                    assert!(
                        sentence.text.ends_with('.') && !sentence.text.contains("  "),
                        "{}",
                        sentence.text
                    );
                }
                assert!(sentences.len() <= SENTENCES && connection.len() <= SENTENCES);
            }
        }
    }
}

/// The kernel is the oracle: who is said to have to rest is who was seen in TIME_WAIT.
#[test]
fn only_who_was_seen_in_time_wait_is_said_to_rest() {
    let mut said = 0;
    for recorded in recordings() {
        let rested: Vec<String> = recorded
            .events
            .iter()
            .filter_map(|event| match &event.what {
                What::State(change) if change.to == TcpState::TimeWait => {
                    Some(recorded.names.host(change.host))
                }
                _ => None,
            })
            .collect();
        for event in recorded.events.iter().filter(|event| is_explained(event)) {
            let Explanation { event: sentences, connection } =
                explain(&recorded.events, &recorded.names, event.seq);
            for sentence in sentences.iter().chain(&connection) {
                for host in ["client", "server"] {
                    let claims = [
                        format!("So {host} has to wait in TIME_WAIT"),
                        format!("so it is {host} that has to rest"),
                        format!("{host} is the one that has to rest"),
                        format!("{host} has to rest in TIME_WAIT"),
                    ];
                    if claims.iter().any(|claim| sentence.text.contains(claim)) {
                        said += 1;
                        assert!(
                            rested.iter().any(|one| one == host),
                            "{}: {}",
                            recorded.path.display(),
                            sentence.text
                        );
                    }
                }
            }
        }
    }
    assert!(said > 10, "{said}");
}

/// With its beginning gone a recording is explained with less, and never with something else.
#[test]
fn what_is_cut_off_at_its_beginning_is_said_to_be_missing() {
    for recorded in recordings() {
        let len = recorded.events.len();
        for from in (0..len).step_by(3) {
            let known = &recorded.events[from..];
            for event in known.iter().take(6).filter(|event| is_explained(event)) {
                for sentence in explain(known, &recorded.names, event.seq).event {
                    let absent = ["nothing listens on port", "No call of this program"];
                    let claims = absent.iter().any(|absent| sentence.text.contains(absent));
                    assert!(
                        from == 0 || !claims,
                        "{} from {from}: {}",
                        recorded.path.display(),
                        sentence.text
                    );
                }
            }
        }
    }
}
