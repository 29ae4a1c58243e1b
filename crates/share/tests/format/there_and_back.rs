//! Nothing is lost on the way into a file and out of it.

use proptest::prelude::*;
use proto::{
    id::{HostId, MemberId, ProgramId},
    room::{Lifetime, MemberInfo, ProgramInfo, Role},
    trace::{Event, What},
};
use share::{Header, hide_names};

use super::{any, read, written};

proptest! {
    #[test]
    fn any_recording_survives(header in any::header(), events in any::events()) {
        let text = written(&header, &events);
        let found = share::read(text.as_bytes()).unwrap();
        prop_assert_eq!(found.header, Header { events: events.len() as u64, ..header });
        prop_assert_eq!(found.events, events);
        prop_assert_eq!(found.unknown, 0);
    }

    /// Whoever is no program of ours reads lines, and each is one object with these three.
    #[test]
    fn a_line_is_an_object(events in any::events()) {
        let text = written(&Header::default(), &events);
        for line in text.lines().skip(1) {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            prop_assert!(line["seq"].is_u64() && line["time"].is_u64() && line["kind"].is_string());
        }
    }
}

#[test]
fn a_recording_of_nothing_is_one() {
    let found = read(&written(&Header::default(), &[]));
    assert!(found.events.is_empty() && found.header == Header::default());
}

#[test]
fn hidden_names_are_nowhere() {
    let person = |id, role, name: &str| MemberInfo { id: MemberId(id), name: name.into(), role, host: None };
    let mut header = Header {
        members: vec![person(1, Role::Owner, "Ada"), person(4, Role::Viewer, "Grace")],
        ..Header::default()
    };
    let joined = |seq, member| Event { seq, time: seq, what: What::Joined(member) };
    let program = ProgramInfo {
        id: ProgramId(1),
        host: HostId(1),
        by: Some(MemberId(1)),
        name: "server.py".into(),
        lifetime: Lifetime::Page,
    };
    let mut events = vec![
        joined(1, person(1, Role::Owner, "A. L.")),
        joined(2, person(3, Role::Participant, "Mary")),
        Event { seq: 3, time: 3, what: What::ProgramBegan(program) },
        joined(4, person(3, Role::Participant, "Mary Somerville")),
    ];
    hide_names(&mut header, &mut events);
    let text = written(&header, &events);
    for name in ["Ada", "Grace", "A. L.", "Mary"] {
        assert!(!text.contains(name), "{name} is still in it: {text}");
    }
    for name in ["\"Owner\"", "\"Guest 3\"", "\"Watcher 4\"", "server.py"] {
        assert!(text.contains(name), "{name} is not in it: {text}");
    }
    assert!(read(&text).header.names_hidden);
}
