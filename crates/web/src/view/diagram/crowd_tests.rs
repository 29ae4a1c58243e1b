//! More machines than lines: whose are drawn, and that neither names nor what stands under them lie on each other.

use proto::{
    call::{Call, Flags},
    id::{Fd, HostId},
    trace::{Cause, Fate, What},
};

use super::{
    Diagram,
    shapes::{Lifeline, Options, Scene},
};
use crate::view::{
    script::{CLIENT, SERVER, Script},
    store::{Seed, TraceStore},
};

/// Widths of the drawing: a telephone, a narrow column, 1280, a middling and a wide window.
const WIDTHS: [f64; 5] = [288.0, 390.0, 464.0, 736.0, 1200.0];

fn guests(count: u32) -> impl Iterator<Item = HostId> {
    (0..count).map(|number| HostId(10 + number))
}

/// Fifteen guests with names of 32 letters, as long as they may be, all in the room.
fn class() -> Script {
    let mut script = Script::new();
    for guest in guests(15) {
        script.machine(guest, &format!("the-machine-of-somebody-number-{:02}", guest.0));
    }
    script
}

fn scene(script: &Script, options: Options) -> Scene {
    Diagram::default().scene(&script.store(), &whole(script, options))
}

/// All of the drawing at the last moment.
fn whole(script: &Script, options: Options) -> Options {
    let width = if options.width == 0.0 { 464.0 } else { options.width };
    Options { width, now_ns: script.now() as f64, bottom: 1e9, ..options }
}

fn drawn(scene: &Scene) -> Vec<u32> {
    scene.lifelines.iter().map(|line| line.host).collect()
}

fn ids(hosts: &[HostId]) -> Vec<u32> {
    hosts.iter().map(|host| host.0).collect()
}

/// Neighbours among places in one row do not touch, and all are within the drawing.
fn are_apart(mut places: Vec<(f64, f64)>, width: f64, what: &str) {
    places.sort_by(|left, right| left.partial_cmp(right).unwrap());
    for (left, wide) in &places {
        assert!(*left >= 0.0 && *wide > 0.0 && left + wide <= width, "{what}: {places:?} in {width}");
    }
    for pair in places.windows(2) {
        assert!(pair[0].0 + pair[0].1 <= pair[1].0, "{what}: {places:?}");
    }
}

fn names_are_apart(scene: &Scene) {
    let place = |line: &Lifeline| (line.left, line.wide);
    let mut places: Vec<_> = scene.lifelines.iter().map(place).collect();
    let at_once = places.len();
    if !scene.hidden.is_empty() {
        // The menu of the others: at the right edge, or in the middle of two.
        let wide = 70.0;
        places.push(if scene.narrow {
            ((scene.width - wide) / 2.0, wide)
        } else {
            (scene.width - wide, wide)
        });
    }
    are_apart(places, scene.width, &format!("{at_once} names"));
}

#[test]
fn names_of_sixteen_machines_never_overlap() {
    let mut script = class();
    for guest in guests(15) {
        script.calls_server(guest);
        for width in WIDTHS {
            let scene = scene(&script, Options { width, ..Options::default() });
            assert!(scene.lifelines.len() <= if scene.narrow { 2 } else { 4 });
            names_are_apart(&scene);
        }
    }
}

#[test]
fn those_who_acted_last_are_drawn() {
    let mut script = class();
    for guest in guests(15) {
        script.wait_ms(5_000);
        script.calls_server(guest);
    }
    let last: Vec<_> = guests(15).skip(12).collect();
    let four = scene(&script, Options::default());
    assert_eq!(drawn(&four), ids(&[last[0], last[1], last[2], SERVER]));
    let hidden: Vec<_> = four.hidden.iter().map(|hidden| (hidden.host, hidden.count)).collect();
    assert_eq!(hidden, guests(12).map(|guest| (guest.0, 2)).collect::<Vec<_>>());
    let two = scene(&script, Options { width: 288.0, ..Options::default() });
    assert_eq!(drawn(&two), ids(&[last[2], SERVER]));

    // client and server keep their places, whoever else acts.
    let connect = script.client_connects();
    script.segment(CLIENT, crate::view::script::SYN, b"", Cause::Call(connect), Fate::Delivered);
    for guest in guests(15) {
        script.wait_ms(5_000);
        script.calls_server(guest);
    }
    assert_eq!(drawn(&scene(&script, Options::default())), ids(&[CLIENT, last[1], last[2], SERVER]));
}

#[test]
fn nobody_jumps_about_while_all_call_at_once() {
    let mut script = class();
    guests(15).for_each(|guest| script.calls_server(guest));
    let first = drawn(&scene(&script, Options::default()));
    assert_eq!(first, ids(&[HostId(10), HostId(11), HostId(12), SERVER]));
    // On a telephone the one that all have to do with, and one of them.
    let two = drawn(&scene(&script, Options { width: 288.0, ..Options::default() }));
    assert_eq!(two, ids(&[HostId(10), SERVER]));
    // The others are heard of while those that are drawn go on.
    for _ in 0..3 {
        script.wait_ms(500);
        guests(15).for_each(|guest| script.calls_server(guest));
        assert_eq!(drawn(&scene(&script, Options::default())), first);
    }
}

#[test]
fn who_looks_keeps_what_is_drawn_until_they_look_away() {
    let mut script = class();
    guests(3).for_each(|guest| script.calls_server(guest));
    let mut store = TraceStore::new();
    let mut diagram = Diagram::default();
    let mut fed = 0;
    let mut look = |script: &Script, keep: bool| {
        script.events[fed..].iter().for_each(|event| assert!(store.push(event.clone())));
        fed = script.events.len();
        drawn(&diagram.scene(&store, &whole(script, Options { keep, ..Options::default() })))
    };
    let before = look(&script, false);
    script.wait_ms(10_000);
    script.calls_server(HostId(20));
    assert_eq!(look(&script, true), before);
    assert_eq!(look(&script, false), ids(&[HostId(11), HostId(12), HostId(20), SERVER]));
}

#[test]
fn who_is_picked_is_drawn_and_takes_the_place_of_the_quietest() {
    let mut script = class();
    for guest in guests(6) {
        script.wait_ms(5_000);
        script.calls_server(guest);
    }
    let pick = |width: f64, pinned: &[u32]| {
        drawn(&scene(&script, Options { width, pinned: pinned.to_vec(), ..Options::default() }))
    };
    assert_eq!(pick(464.0, &[11]), ids(&[HostId(11), HostId(14), HostId(15), SERVER]));
    assert_eq!(pick(288.0, &[11]), ids(&[HostId(11), SERVER]));
    // Of more than there is room for the latest ones count; one place is left to who acts.
    assert_eq!(pick(464.0, &[10, 11, 12]), ids(&[HostId(11), HostId(12), HostId(15), SERVER]));
    assert_eq!(pick(288.0, &[10, 11]), ids(&[HostId(11), SERVER]));
}

/// For a guest their own machine is at the left, as its column is.
#[test]
fn ones_own_machine_is_at_the_left() {
    let mut script = class();
    for guest in guests(6) {
        script.wait_ms(5_000);
        script.calls_server(guest);
    }
    let mut store = script.store();
    store.seed(Seed { member: Some(100 + 12), ..Seed::default() });
    let scene = Diagram::default().scene(&store, &whole(&script, Options::default()));
    assert_eq!(drawn(&scene), ids(&[HostId(12), HostId(14), HostId(15), SERVER]));
}

#[test]
fn calls_that_wait_above_stand_apart_under_the_names() {
    let mut script = class();
    for host in [CLIENT, SERVER, HostId(10), HostId(11), SERVER, SERVER] {
        let call = Call::Recv { fd: Fd(3), flags: Flags::default(), max: 1024 };
        script.begin(host, call);
    }
    script.wait_ms(83_000);
    for width in WIDTHS {
        let options = Options { width, eye: 1e6, ..Options::default() };
        let scene = scene(&script, options);
        assert!(!scene.sticky.is_empty());
        for row in 0..=2 {
            let places = scene.sticky.iter().filter(|one| one.row == row);
            are_apart(places.map(|one| (one.left, one.wide)).collect(), width, &format!("row {row}"));
        }
        let waits = script.events.iter().filter(
            |event| matches!(&event.what, What::CallBegin(begin) if drawn(&scene).contains(&begin.host.0)),
        );
        let said = scene.sticky.iter().map(|one| match one.text.split_once(" more wait") {
            Some((more, _)) => more.parse::<usize>().expect("a number"),
            None => 1,
        });
        assert_eq!(said.sum::<usize>(), waits.count(), "{:?}", scene.sticky);
    }
}

/// What is not drawn takes no time when events appear one by one.
#[test]
fn an_event_is_in_the_drawing_where_its_machines_are() {
    let mut script = class();
    guests(15).for_each(|guest| script.calls_server(guest));
    let store = script.store();
    let mut diagram = Diagram::default();
    let scene = diagram.scene(&store, &whole(&script, Options::default()));
    let drawn = drawn(&scene);
    for event in &script.events {
        if let What::Packet(packet) = &event.what {
            let ends = [packet.from, packet.to].map(|end| drawn.contains(&end.expect("an end").0));
            assert_eq!(diagram.has(&store, &event.what), ends == [true, true]);
        }
    }
}
