//! An upgrade under many rooms: a new node joins, an old one goes away, and not one WebSocket is cut. It takes its time, so it
//! is run by name: `WIRESIDE_ROOMS` says how many rooms (300).

use super::{Places, Visitor, all_go_on};

#[tokio::test]
#[ignore = "takes minutes: run by name"]
async fn an_upgrade_under_many_rooms_cuts_no_connection() {
    let rooms = std::env::var("WIRESIDE_ROOMS").ok().and_then(|rooms| rooms.parse().ok()).unwrap_or(300);
    let places = Places::new("nodes-upgrade");
    let (door, [a, _b, _c]) = places.open_with_three().await;
    let began = std::time::Instant::now();
    let mut visitors = Vec::new();
    while visitors.len() < rooms {
        visitors.push(Visitor::come(door.room().await).await);
    }
    let on =
        |node: &str, visitors: &[Visitor]| visitors.iter().filter(|visitor| visitor.node == node).count();
    let counts = ["a", "b", "c"].map(|node| on(node, &visitors));
    eprintln!("{rooms} rooms on three nodes {counts:?} after {:?}", began.elapsed());

    let _d = places.start("d", 3);
    door.uses("d", true).await;
    a.signal(rustix::process::Signal::TERM);
    let told = std::time::Instant::now();
    door.uses("a", false).await;
    eprintln!("no new room on the one that goes away after {:?} at most", told.elapsed());
    // Each of them is asked whether it is still the WebSocket that it came with.
    all_go_on(&mut visitors).await;
    let before = on("a", &visitors);
    let (leaving, mut staying): (Vec<_>, Vec<_>) =
        visitors.into_iter().partition(|visitor| visitor.node == "a");
    for visitor in leaving {
        visitor.client.leave().await;
    }
    assert_eq!(a.wait().0.code(), Some(0), "it ends with its last room: {}", a.log());
    all_go_on(&mut staying).await;
    eprintln!("the old node ended with the last of its {before} rooms, 0 of {rooms} WebSockets were cut");
}
