//! What a teacher's board is told: the class once, its seats as they change, within a number of bytes a second.

use std::collections::BTreeMap;

use proto::limits;
use serde_json::json;

use super::{
    class::Class,
    view::{ClassView, SeatView},
};

/// How many times a second a board looks.
pub(crate) const LOOKS: usize = 2;
/// Looks without news after which an empty line says that the class is still there.
const QUIET: usize = 20;

/// What one board has been told.
#[derive(Debug, Default)]
pub(crate) struct Board {
    class: Option<ClassView>,
    seats: BTreeMap<u32, SeatView>,
    /// The seat after which news go on, where not all of them went.
    after: u32,
    quiet: usize,
}

impl Board {
    /// The next lines: at most a look's share of [`limits::CLASS_BOARD_RATE`] of what is new of seats, and what is new of the
    /// class. Everything there is takes as many looks as it needs.
    pub(crate) fn lines(&mut self, class: &Class) -> String {
        self.news(class.now(), class.view(), class.views())
    }

    fn news(&mut self, now: u64, class: ClassView, views: Vec<SeatView>) -> String {
        let most = limits::CLASS_BOARD_RATE / LOOKS;
        let mut lines = String::new();
        if self.class.as_ref() != Some(&class) {
            lines.push_str(&format!("{}\n", json!({ "class": class, "now": now })));
            self.class = Some(class);
        }
        let gone: Vec<u32> = self
            .seats
            .keys()
            .copied()
            .filter(|number| views.iter().all(|view| view.number != *number))
            .collect();
        for number in gone {
            self.seats.remove(&number);
            lines.push_str(&format!("{}\n", json!({ "seat": number, "gone": true })));
        }
        // Where not all went the last time, the others are first now.
        let (behind, ahead): (Vec<_>, Vec<_>) = views.into_iter().partition(|view| view.number > self.after);
        self.after = 0;
        for view in behind.into_iter().chain(ahead) {
            let before = self.seats.get(&view.number);
            if before == Some(&view) {
                continue;
            }
            let line = before.map_or_else(|| view.line(&SeatView::default()), |before| view.line(before));
            if lines.len() + line.len() > most {
                break;
            }
            lines.push_str(&line);
            self.after = view.number;
            self.seats.insert(view.number, view);
        }
        self.quiet = if lines.is_empty() { self.quiet + 1 } else { 0 };
        if self.quiet >= QUIET {
            self.quiet = 0;
            lines.push_str(&format!("{}\n", json!({ "now": now })));
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    fn view(number: u32, since: u64) -> SeatView {
        SeatView {
            number,
            name: format!("Pupil {number}"),
            room: Some(("a-room".to_owned(), "key".to_owned())),
            here: true,
            came: true,
            steps: "pp....".to_owned(),
            since,
            waits: Some(("accept", since)),
            failed: None,
            hand: None,
            looked: false,
            held: false,
            kept: None,
        }
    }

    /// The same with an id and a key as long as they are.
    fn long(number: u32, since: u64) -> SeatView {
        let room = (format!("a-{number:026}"), format!("{number:022}"));
        SeatView { room: Some(room), ..view(number, since) }
    }

    #[test]
    fn a_board_is_told_what_is_different() {
        let mut board = Board::default();
        let class = ClassView { most: 30, ..ClassView::default() };
        let first = board.news(5, class.clone(), vec![view(1, 0), view(2, 0)]);
        assert_eq!(first.lines().count(), 3);
        let seat = json!({
            "seat": 1, "name": "Pupil 1", "room": ["a-room", "key"], "here": true, "came": true, "steps": "pp....",
            "waits": ["accept", 0],
        });
        let told: Vec<Value> = first.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!(told[1], seat, "what a seat is without being told of is not told");
        assert_eq!(board.news(6, class.clone(), vec![view(1, 0), view(2, 0)]), "");
        let changed = SeatView { hand: Some(7), ..view(2, 0) };
        let second = board.news(7, class.clone(), vec![view(1, 0), changed.clone()]);
        assert_eq!(second, "{\"hand\":7,\"seat\":2}\n");
        assert_eq!(board.news(8, class, vec![changed]), "{\"gone\":true,\"seat\":1}\n");
    }

    /// However many seats change however often: nobody is left out for long, and no look costs more than it may, the first among
    /// them. Whoever opens a board of 200 seats has all of them within two seconds.
    #[test]
    fn two_hundred_seats_that_flood_cost_no_more_than_a_board_may_get() {
        let mut board = Board::default();
        let class = ClassView::default();
        let all = |since| (1..=200).map(|number| long(number, since)).collect::<Vec<_>>();
        let mut first = 0;
        while board.seats.len() < 200 {
            let lines = board.news(0, class.clone(), all(0));
            assert!(lines.len() <= limits::CLASS_BOARD_RATE / LOOKS, "{}", lines.len());
            first += 1;
        }
        assert!(first <= 2 * LOOKS, "{first} looks until everything was told");
        let mut oldest = 0;
        for look in 1..=20_u64 {
            let lines = board.news(look, class.clone(), all(look * 500));
            assert!(lines.len() <= limits::CLASS_BOARD_RATE / LOOKS, "{}", lines.len());
            oldest = board.seats.values().map(|seat| look - seat.since / 500).max().unwrap_or(0).max(oldest);
        }
        assert!(oldest <= LOOKS as u64, "a seat was {oldest} looks behind");
    }
}
