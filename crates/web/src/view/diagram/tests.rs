use proto::{
    call::{Call, Flags},
    id::{Fd, HostId, PacketId},
    room::WireSettings,
    trace::{Cause, Fate},
};

use super::{
    Diagram,
    compared::{Compared, OnlyNow},
    shapes::{Form, Head, Options, Scene, Shape},
};
use crate::view::{
    script::{ACK, CLIENT, PSH_ACK, SERVER, SYN, SYN_ACK, Script},
    store::{Seed, TraceStore},
};

fn options(script: &Script, width: f64) -> Options {
    Options { width, now_ns: script.now() as f64, bottom: 1e9, ..Options::default() }
}

fn scene(script: &Script, width: f64) -> Scene {
    let mut store = script.store();
    store.seed(Seed { member: Some(1), ..Seed::default() });
    Diagram::default().scene(&store, &options(script, width))
}

/// The scene as text: one shape a line, places rounded.
fn told(scene: &Scene) -> String {
    let mut text = format!("{} x {:.0}, now at {:.0}\n", scene.width, scene.height, scene.now);
    for line in &scene.lifelines {
        text.push_str(&format!("line {} {} at {:.0} side {}\n", line.name, line.address, line.x, line.side));
    }
    for sticky in &scene.sticky {
        text.push_str(&format!("sticky {sticky:?}\n"));
    }
    for shape in &scene.shapes {
        if let Some(line) = shape_line(shape) {
            text.push_str(&line);
            text.push('\n');
        }
    }
    text
}

fn shape_line(shape: &Shape) -> Option<String> {
    let head = format!("{:>3} ", shape.seq);
    let rest = match &shape.what {
        Form::Row { .. } => return None,
        Form::Text { x, y, anchor, role, tone, text, fit } => {
            let fit = fit.map_or_else(String::new, |fit| format!(" within {fit:.0}"));
            format!("{role} {text:?} {tone} {anchor:?} {x:.0},{y:.0}{fit}")
        }
        Form::Arrow { points, line, head, kernel, again, ghost } => {
            let points: Vec<_> = points.iter().map(|(x, y)| format!("{x:.0},{y:.0}")).collect();
            let kernel = if *kernel { " kernel" } else { "" };
            let again = if *again { " again" } else { "" };
            let ghost = ghost.map_or_else(String::new, |(x, y)| format!(" ghost {x:.0},{y:.0}"));
            format!("arrow {line} {head:?} {}{kernel}{again}{ghost}", points.join(" "))
        }
        Form::Band { x, y1, y2, tone, fill, ends, inferred, socket, .. } => {
            let ends = if *ends { " ends" } else { "" };
            let inferred = if *inferred { " inferred" } else { "" };
            format!("band {socket} {tone} {fill} {x:.0} {y1:.0}-{y2:.0}{ends}{inferred}")
        }
        Form::Bar { x, y1, y2, style, tone, .. } => format!("bar {style} {tone} {x:.0} {y1:.0}-{y2:.0}"),
        other => {
            let text = format!("{other:?}");
            round(&text)
        }
    };
    Some(head + &rest)
}

/// Debug text with its numbers rounded to whole pixels.
fn round(text: &str) -> String {
    let mut rounded = String::new();
    let mut number = String::new();
    for letter in text.chars().chain(std::iter::once('\0')) {
        if letter.is_ascii_digit() || (letter == '.' && !number.is_empty()) {
            number.push(letter);
            continue;
        }
        if let Ok(value) = number.parse::<f64>() {
            rounded.push_str(&format!("{value:.0}"));
        }
        number.clear();
        if letter != '\0' {
            rounded.push(letter);
        }
    }
    rounded
}

#[test]
fn handshake_data_and_close() {
    let mut script = Script::new();
    script.conversation();
    insta::assert_snapshot!(told(&scene(&script, 464.0)));
}

#[test]
fn handshake_data_and_close_on_a_phone() {
    let mut script = Script::new();
    script.conversation();
    insta::assert_snapshot!(told(&scene(&script, 296.0)));
}

/// Texts of a scene with the event and the height of each, top to bottom.
fn placed_texts(scene: &Scene) -> Vec<(f64, u64, String)> {
    let text = |shape: &Shape| match &shape.what {
        Form::Text { y, text, .. } | Form::Note { y, text, .. } => Some((*y, shape.seq, text.clone())),
        _ => None,
    };
    let mut texts: Vec<_> = scene.shapes.iter().filter_map(text).collect();
    texts.sort_by(|one, other| one.0.total_cmp(&other.0));
    texts
}

#[test]
fn what_differs_when_it_is_done_again_is_marked_where_it_is_or_would_be() {
    let mut script = Script::new();
    script.conversation();
    let store = script.store();
    let last = store.last_seq();
    let syn = store.note(PacketId(1)).unwrap().seq;
    let arrows =
        |scene: &Scene| scene.shapes.iter().filter(|shape| matches!(shape.what, Form::Arrow { .. })).count();
    let mut diagram = Diagram::default();
    let alone = diagram.scene(&store, &options(&script, 464.0));
    let only_now = |after, text: &str| OnlyNow { after, text: text.into() };
    let now = vec![
        only_now(0, "first of all"),
        only_now(syn, "after the SYN"),
        only_now(syn, "and <b>\u{202e}once more"),
        only_now(last, "at the end"),
    ];
    diagram.compare(Compared { before: [syn].into(), now });
    let both = diagram.scene(&store, &options(&script, 464.0));

    let place = |wanted: &str| {
        let texts = placed_texts(&both);
        texts
            .iter()
            .find(|(_, _, text)| text.contains(wanted))
            .map(|(y, ..)| *y)
            .unwrap_or_else(|| panic!("{wanted} in {texts:?}"))
    };
    let order = ["first of all", "SYN", "after the SYN", "once more", "SYN ACK", "at the end"];
    assert!(order.windows(2).all(|two| place(two[0]) < place(two[1])), "{:?}", placed_texts(&both));
    assert!(place("at the end") < both.now);
    assert!(!placed_texts(&both).iter().any(|(_, _, text)| text.contains('\u{202e}')));
    // Everything else is there as before, and only the SYN is marked.
    assert_eq!(arrows(&both), arrows(&alone));
    let marked: Vec<_> = both.shapes.iter().filter(|shape| shape.only_then).map(|shape| shape.seq).collect();
    assert!(marked.len() > 1 && marked.iter().all(|seq| *seq == syn), "{marked:?}");
    let said = placed_texts(&both).into_iter().filter(|(_, _, text)| text.ends_with(", only then"));
    assert_eq!(said.count(), 1);
    // Revealed step by step it comes to the same.
    let mut steps = Diagram::default();
    steps.compare(diagram.compared.clone());
    for until in 1..=last {
        let options = Options { reveal_up_to: until as f64, ..options(&script, 464.0) };
        steps.scene(&store, &options);
    }
    assert_eq!(steps.scene(&store, &options(&script, 464.0)).shapes, both.shapes);

    diagram.compare(Compared::default());
    assert_eq!(diagram.scene(&store, &options(&script, 464.0)), alone);

    // On a phone with three machines, those where something differs are drawn.
    script.machine(HostId(9), "guest-1");
    script.wait_ms(3_000);
    script.calls_server(HostId(9));
    let store = script.store();
    let mut phone = Diagram::default();
    let drawn = |scene: &Scene| scene.lifelines.iter().map(|line| line.host).collect::<Vec<_>>();
    assert!(drawn(&phone.scene(&store, &options(&script, 296.0))).contains(&9));
    phone.compare(Compared { before: [syn].into(), now: Vec::new() });
    assert_eq!(drawn(&phone.scene(&store, &options(&script, 296.0))), [CLIENT.0, SERVER.0]);
}

#[test]
fn refused() {
    let mut script = Script::new();
    script.refused();
    insta::assert_snapshot!(told(&scene(&script, 464.0)));
}

#[test]
fn waiting_in_accept() {
    let mut script = Script::new();
    script.server_waits();
    script.wait_ms(3_200);
    insta::assert_snapshot!(told(&scene(&script, 464.0)));
}

#[test]
fn a_waiting_call_sticks_when_its_row_is_above() {
    let mut script = Script::new();
    script.server_waits();
    script.wait_ms(3_200);
    let options = Options { eye: 140.0, ..options(&script, 464.0) };
    let scene = Diagram::default().scene(&script.store(), &options);
    assert_eq!(scene.sticky.len(), 1);
    assert_eq!(scene.sticky[0].text, "accept() waiting 3.2 s");
}

#[test]
fn held_pile() {
    let mut script = Script::new();
    script.held();
    script.wait_ms(500);
    insta::assert_snapshot!(told(&scene(&script, 464.0)));
}

#[test]
fn a_held_pile_sticks_when_its_card_is_above() {
    let mut script = Script::new();
    script.held();
    script.wait_ms(500);
    let at = |eye: f64| {
        let options = Options { eye, ..options(&script, 464.0) };
        Diagram::default().scene(&script.store(), &options)
    };
    let scene = at(0.0);
    assert!(scene.above.is_empty(), "its card is seen");
    let card = scene.shapes.iter().find_map(|shape| match &shape.what {
        Form::Card { y, packet, title, left_ms, .. } => Some((*y, *packet, title.clone(), *left_ms)),
        _ => None,
    });
    let (y, packet, title, left_ms) = card.expect("a card");
    assert!(at(y).above.is_empty(), "its buttons are seen");
    let above = at(y + 40.0).above;
    assert_eq!(above.len(), 1, "one pile");
    assert_eq!((above[0].packet, &above[0].title, above[0].left_ms), (packet, &title, left_ms));
}

#[test]
fn held_then_delivered_dropped_and_superseded() {
    let mut script = Script::new();
    let syn = script.held();
    script.fate(PacketId(3), Fate::Delivered);
    script.fate(syn, Fate::Superseded);
    script.fate(PacketId(2), Fate::Superseded);
    let agrees = script.segment(SERVER, SYN_ACK, b"", Cause::Packet(PacketId(3)), Fate::Held);
    script.wait_ms(400);
    script.fate(agrees, Fate::Dropped(Some(proto::id::MemberId(1))));
    insta::assert_snapshot!(told(&scene(&script, 464.0)));
}

#[test]
fn lost_and_sent_again() {
    let mut script = Script::new();
    script.wire(WireSettings { loss: 0.2, ..WireSettings::default() });
    let connect = script.client_connects();
    let syn = script.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Lost);
    script.wait_ms(1_000);
    script.packet(CLIENT, SYN, (1000, 0), b"", Cause::Timer, Some(syn), Fate::Delivered);
    insta::assert_snapshot!(told(&scene(&script, 464.0)));
}

#[test]
fn arrived_without_an_answer_is_not_loss() {
    let mut script = Script::new();
    let connect = script.client_connects();
    let syn = script.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Delivered);
    script.wait_ms(1_000);
    script.packet(CLIENT, SYN, (1000, 0), b"", Cause::Timer, Some(syn), Fate::Delivered);
    let scene = scene(&script, 464.0);
    let head = scene.shapes.iter().find_map(|shape| match &shape.what {
        Form::Arrow { head, .. } if shape.key == format!("p{syn}") => Some(*head),
        _ => None,
    });
    assert_eq!(head, Some(Head::Hollow));
    assert!(texts(&scene).contains(&"arrived; no answer".to_owned()));
}

#[test]
fn a_full_queue_is_named_where_the_counter_proves_it() {
    let mut script = Script::new();
    script.server_waits();
    script.state(SERVER, 1, Some(proto::trace::TcpState::Listen), proto::trace::TcpState::Listen).unread = 6;
    let connect = script.client_connects();
    script.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Delivered);
    let scene = scene(&script, 464.0);
    assert!(texts(&scene).contains(&"arrived; queue full, 6 of 6".to_owned()));
    assert!(scene.shapes.iter().any(|shape| matches!(shape.what, Form::Queue { filled: 6, places: 6, .. })));
}

/// A SYN comes to the queue that is there when it arrives, not when it left.
#[test]
fn a_full_queue_is_not_named_before_the_segment_is_there() {
    let mut script = Script::new();
    script.server_waits();
    script.state(SERVER, 1, Some(proto::trace::TcpState::Listen), proto::trace::TcpState::Listen).unread = 6;
    let connect = script.client_connects();
    let syn = script.segment(CLIENT, SYN, b"", Cause::Call(connect), Fate::Held);
    let waiting = |script: &Script| {
        let calls = crate::view::sockets::waiting(&script.store(), Some(CLIENT));
        calls.into_iter().map(|call| call.sentence).collect::<String>()
    };
    assert!(!waiting(&script).contains("queue"), "{}", waiting(&script));
    script.fate(syn, Fate::Delivered);
    assert!(waiting(&script).contains("queue is full (6 of 6)"), "{}", waiting(&script));
    assert!(texts(&scene(&script, 464.0)).iter().any(|text| text.contains("queue full, 6 of 6")));
}

#[test]
fn loopback() {
    let mut script = Script::new();
    let connect = script.client_connects();
    let syn = script.looped(CLIENT, SYN, b"", Cause::Call(connect));
    script.looped(CLIENT, PSH_ACK, b"hi", Cause::Packet(syn));
    insta::assert_snapshot!(told(&scene(&script, 464.0)));
}

fn bulk(segments: usize) -> Script {
    let mut script = Script::new();
    bulk_into(&mut script, segments);
    script
}

pub(crate) fn bulk_into(script: &mut Script, segments: usize) {
    let send = script.begin(SERVER, Call::Send { fd: Fd(4), flags: Flags::default(), length: 9 * 1448 });
    for _ in 0..segments {
        let data = script.segment(SERVER, PSH_ACK, &[7; 1448], Cause::Call(send), Fate::Delivered);
        script.segment(CLIENT, ACK, b"", Cause::Packet(data), Fate::Delivered);
    }
}

#[test]
fn a_run_of_segments_folds_and_unfolds() {
    let script = bulk(9);
    let store = script.store();
    let mut diagram = Diagram::default();
    let scene = diagram.scene(&store, &options(&script, 464.0));
    insta::assert_snapshot!(told(&scene));
    let first =
        scene.shapes.iter().find(|shape| matches!(shape.what, Form::Fold { .. })).map(|shape| shape.seq);
    diagram.toggle_fold(first.unwrap());
    let unfolded = diagram.scene(&store, &options(&script, 464.0));
    assert_eq!(unfolded.shapes.iter().filter(|shape| matches!(shape.what, Form::Arrow { .. })).count(), 18);
    assert!(unfolded.height > scene.height);
}

#[test]
fn five_segments_do_not_fold() {
    let scene = scene(&bulk(5), 464.0);
    assert!(!scene.shapes.iter().any(|shape| matches!(shape.what, Form::Fold { .. })));
}

#[test]
fn packets_that_cross_in_flight_cross_in_the_drawing() {
    let mut script = Script::new();
    script.wire(WireSettings { delay_ms: 50, ..WireSettings::default() });
    let there = script.segment(CLIENT, PSH_ACK, b"ping", Cause::Timer, Fate::Travelling);
    script.wait_ms(10);
    let back = script.segment(SERVER, PSH_ACK, b"pong", Cause::Timer, Fate::Travelling);
    script.wait_ms(40);
    script.fate(there, Fate::Delivered);
    script.wait_ms(10);
    script.fate(back, Fate::Delivered);
    let scene = scene(&script, 464.0);
    let ends = |id: PacketId| {
        scene.shapes.iter().find_map(|shape| match &shape.what {
            Form::Arrow { points, .. } if shape.key == format!("p{id}") => Some((points[0].1, points[1].1)),
            _ => None,
        })
    };
    let (there, back) = (ends(there).unwrap(), ends(back).unwrap());
    assert!(there.0 < back.0 && back.0 < there.1, "{there:?} {back:?}");
    assert!(there.1 < back.1, "{there:?} {back:?}");
}

#[test]
fn laying_out_bit_by_bit_gives_what_laying_out_at_once_gives() {
    let mut script = Script::new();
    script.conversation();
    script.held();
    let whole = told(&scene(&script, 464.0));
    let mut store = TraceStore::new();
    store.seed(Seed { member: Some(1), ..Seed::default() });
    let mut diagram = Diagram::default();
    for event in &script.events {
        store.push(event.clone());
        diagram.scene(&store, &options(&script, 464.0));
    }
    assert_eq!(told(&diagram.scene(&store, &options(&script, 464.0))), whole);
}

#[test]
fn revealing_stops_where_it_is_told_and_goes_back() {
    let mut script = Script::new();
    script.conversation();
    let store = script.store();
    let mut diagram = Diagram::default();
    let all = diagram.scene(&store, &options(&script, 464.0));
    let some = Options { reveal_up_to: 12.0, ..options(&script, 464.0) };
    let part = diagram.scene(&store, &some);
    assert_eq!(part.last, 12);
    assert!(part.height < all.height);
    assert_eq!(told(&diagram.scene(&store, &options(&script, 464.0))), told(&all));
}

#[test]
fn labels_of_one_lane_never_overlap() {
    let mut script = Script::new();
    script.conversation();
    for width in [296.0, 464.0, 800.0] {
        let scene = scene(&script, width);
        let mut lanes: Vec<(i64, f64)> = Vec::new();
        for shape in &scene.shapes {
            if let Form::Text { x, y, role, .. } = &shape.what
                && matches!(*role, "call" | "state")
            {
                lanes.push(((*x / 100.0) as i64 / 2, *y));
            }
        }
        lanes.sort_by(|left, right| left.partial_cmp(right).unwrap());
        for pair in lanes.windows(2) {
            assert!(pair[0].0 != pair[1].0 || pair[1].1 - pair[0].1 >= 11.0, "{width}: {pair:?}");
        }
    }
}

#[test]
fn a_hidden_machine_only_counts() {
    let mut script = Script::new();
    script.conversation();
    let pinned = vec![CLIENT.0];
    let scene =
        Diagram::default().scene(&script.store(), &Options { pinned, most: 1, ..options(&script, 464.0) });
    assert_eq!(scene.lifelines.len(), 1);
    assert_eq!(scene.hidden.len(), 1);
    assert_eq!(HostId(scene.hidden[0].host), SERVER);
    assert!(scene.hidden[0].count > 5);
    assert!(!scene.shapes.iter().any(|shape| matches!(shape.what, Form::Arrow { .. })));
}

#[test]
fn only_what_can_be_seen_is_returned_of_ten_thousand_events() {
    let mut script = Script::new();
    for _ in 0..1_000 {
        script.refused();
    }
    let store = script.store();
    let mut diagram = Diagram::default();
    let all = diagram.scene(&store, &Options { bottom: 0.0, ..options(&script, 464.0) });
    let middle = all.height / 2.0;
    let some = Options { top: middle, bottom: middle + 800.0, ..options(&script, 464.0) };
    let part = diagram.scene(&store, &some);
    assert!(part.shapes.len() < 400, "{}", part.shapes.len());
    assert!(part.shapes.len() > 20, "{}", part.shapes.len());
}

fn texts(scene: &Scene) -> Vec<String> {
    let texts = scene.shapes.iter().filter_map(|shape| match &shape.what {
        Form::Text { text, .. } => Some(text.clone()),
        _ => None,
    });
    texts.collect()
}
