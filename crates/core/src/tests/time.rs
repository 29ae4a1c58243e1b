//! What the page does as time passes: asking, giving up, trying again.

use std::time::Duration;

use bytes::Bytes;

use super::pair::Pair;
use crate::{
    client::{Client, ClientEvent, NODE_AWAY, State},
    endpoint::BATCH,
    frame, limits,
    message::{Notice, Refusal, ServerMessage, Welcome},
};

/// Fires the next timer and returns when that was.
fn ring(client: &mut Client) -> Duration {
    let at = client.poll_timeout().expect("a timer");
    client.handle_timeout(at - Duration::from_nanos(1));
    assert_eq!(client.poll_event(), None, "too early");
    client.handle_timeout(at);
    at
}

#[test]
fn tries_come_slower_and_slower_within_their_bounds() {
    for (random, part) in [(0.0, 0.5), (1.0, 1.0)] {
        let mut client = Client::new([1; 16], "", None);
        assert_eq!(client.poll_event(), Some(ClientEvent::Connect));
        let mut now = Duration::ZERO;
        for seconds in [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0] {
            client.disconnected(now, random);
            let at = ring(&mut client);
            assert_eq!(at - now, Duration::from_secs_f64(seconds * part));
            assert_eq!(client.poll_event(), Some(ClientEvent::Connect));
            now = at;
        }
    }
}

#[test]
fn a_connection_that_breaks_right_after_its_welcome_is_tried_more_slowly_a_steady_one_at_once() {
    let mut pair = Pair::live();
    let mut waits = vec![];
    for held in [0, 0, 0, 60] {
        pair.now += Duration::from_secs(held);
        pair.cut();
        waits.push((pair.client.poll_timeout().unwrap() - pair.now).as_millis());
        pair.drive();
        assert_eq!(pair.client.state(), State::Live);
    }
    assert_eq!(waits, [250, 500, 1000, 250]);
}

#[test]
fn silence_is_asked_about_and_an_answer_keeps_the_connection() {
    let mut pair = Pair::live();
    let at = ring(&mut pair.client);
    let ping = pair.client.poll_transmit(BATCH).expect("a ping");
    pair.server.handle_message(ping).unwrap();
    let pong = pair.server.poll_transmit(BATCH).expect("a pong");
    pair.client.handle_message(pong, at).unwrap();
    let again = ring(&mut pair.client);
    assert!(again > at);
    assert!(pair.client.poll_transmit(BATCH).is_some());
    ring(&mut pair.client);
    assert_eq!(pair.client.poll_event(), Some(ClientEvent::Disconnect), "no answer");
}

#[test]
fn a_server_that_never_welcomes_is_given_up() {
    let mut client = Client::new([1; 16], "", None);
    client.poll_event();
    client.connecting(Duration::ZERO);
    ring(&mut client);
    assert_eq!(client.poll_event(), Some(ClientEvent::Disconnect), "never opened");
    client.connected(Duration::ZERO);
    assert!(client.poll_transmit(BATCH).is_some());
    assert!(client.poll_transmit(BATCH).is_none(), "nothing goes before the welcome");
    ring(&mut client);
    assert_eq!(client.poll_event(), Some(ClientEvent::Disconnect));
}

#[test]
fn the_resume_window_counts_down_from_the_loss() {
    let mut pair = Pair::live();
    assert_eq!(pair.client.resume_left(pair.now), None);
    pair.cut();
    let whole = Duration::from_millis(limits::RESUME_WINDOW_MS);
    assert_eq!(pair.client.resume_left(pair.now), Some(whole));
    pair.client.disconnected(pair.now + whole / 2, 0.0);
    assert_eq!(
        pair.client.resume_left(pair.now + whole / 2),
        Some(whole / 2),
        "a failed try does not prolong it"
    );
    assert_eq!(pair.client.resume_left(pair.now + whole * 2), Some(Duration::ZERO));
    pair.drive();
    assert_eq!(pair.client.state(), State::Live);
    assert_eq!(pair.client.resume_left(pair.now), None);
}

#[test]
fn a_session_taken_over_or_a_room_that_ended_is_not_connected_to_again() {
    for notice in [Notice::TakenOver, Notice::RoomEnded, Notice::Removed] {
        let mut pair = Pair::live();
        pair.server.send(ServerMessage::Notice(notice.clone()), Bytes::new());
        pair.drive();
        assert_eq!(pair.events, [ClientEvent::Notice(notice)]);
        pair.client.disconnected(pair.now, 0.0);
        assert_eq!((pair.client.state(), pair.client.poll_timeout()), (State::Over, None));
    }
}

#[test]
fn close_codes_say_the_same_where_the_notice_did_not_get_through() {
    for (code, notice) in [(4001, Notice::TakenOver), (4002, Notice::RoomEnded), (4003, Notice::Removed)] {
        let mut pair = Pair::live();
        pair.client.closed(code, pair.now, 0.0);
        pair.client.closed(code, pair.now, 0.0);
        assert_eq!(pair.client.poll_event(), Some(ClientEvent::Notice(notice)));
        assert_eq!(pair.client.poll_event(), None);
        assert_eq!((pair.client.state(), pair.client.poll_timeout()), (State::Over, None));
    }
    let mut pair = Pair::live();
    pair.client.closed(1006, pair.now, 0.0);
    assert_eq!(pair.client.state(), State::Waiting);
}

/// A node that only did not answer for a moment is not taken for one that is gone, and one that is gone is told after a while.
#[test]
fn a_room_whose_node_is_away_has_ended_only_after_a_while() {
    let away = || frame::encode_welcome(&Welcome::Refused(Refusal::NodeAway));
    let mut client = Client::new([1; 16], "", Some([5; 16]));
    let mut now = Duration::from_secs(100);
    let first = now;
    let mut tries = 0;
    loop {
        assert_eq!(client.poll_event(), Some(ClientEvent::Connect));
        client.connected(now);
        client.handle_message(away(), now).unwrap();
        if client.state() == State::Over {
            break;
        }
        assert_eq!(client.poll_event(), Some(ClientEvent::NodeAway));
        assert_eq!(client.poll_event(), Some(ClientEvent::Disconnect));
        client.disconnected(now, 1.0);
        let next = client.poll_timeout().expect("another try");
        assert!(next > now && next <= now + Duration::from_secs(1), "within a second");
        now = next;
        tries += 1;
        client.handle_timeout(now);
    }
    assert_eq!(client.poll_event(), Some(ClientEvent::Refused(Refusal::NoRoom)));
    assert!(now - first >= NODE_AWAY && tries >= 3, "{tries} tries in {:?}", now - first);
}

#[test]
fn a_refusal_ends_it_and_a_restart_begins_anew() {
    let mut client = Client::new([1; 16], "", Some([5; 16]));
    client.poll_event();
    client.connected(Duration::ZERO);
    let refused = frame::encode_welcome(&Welcome::Refused(Refusal::SessionOver));
    client.handle_message(refused, Duration::ZERO).unwrap();
    assert_eq!(client.poll_event(), Some(ClientEvent::Refused(Refusal::SessionOver)));
    client.disconnected(Duration::ZERO, 0.0);
    assert_eq!((client.state(), client.poll_timeout()), (State::Over, None));
    client.restart();
    assert_eq!(client.poll_event(), Some(ClientEvent::Connect));
    client.connected(Duration::ZERO);
    let mut decoder = frame::Decoder::new();
    decoder.push(client.poll_transmit(BATCH).unwrap()).unwrap();
    assert_eq!(frame::hello(&mut decoder).unwrap().unwrap().session, None);
}
