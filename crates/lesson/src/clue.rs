//! Help in three strengths for who is stuck, made of what they did last: `Your recv returned {length} of 10,000 bytes:
//! look at {event}.` What may be said stands in the lesson, what was done in the room's recording.

use crate::{
    Check, Facts, Piece,
    facts::{Fact, Field},
    prose,
};

/// Strengths that a clue has at most: what was seen, what to think of, how it goes.
pub const STRENGTHS: usize = 3;
/// What stands for a link to the event.
const EVENT: &str = "event";

/// A sentence with facts of an event in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template(Vec<Piece>);

/// Something a learner may have done, and what helps then.
#[derive(Clone, Debug, PartialEq)]
pub struct Clue {
    /// What was done; none for who has done nothing yet that another clue is about.
    pub check: Option<Check>,
    /// From the weakest to the strongest.
    pub strengths: Vec<Template>,
}

/// A clue that an event has given.
#[derive(Clone, Debug)]
struct GivenClue {
    host: Option<Fact>,
    strengths: Vec<Vec<Piece>>,
}

/// What the last run has given of a step's clues.
#[derive(Clone, Debug, Default)]
pub struct Clues {
    newest: Option<GivenClue>,
}

impl Template {
    /// Reads `Your recv returned {length} bytes: look at {event}.`
    ///
    /// # Errors
    /// One sentence: what a sentence may not be, or a fact in braces that there is not.
    pub fn parse(text: &str) -> Result<Self, String> {
        let pieces = prose::parse(text)?;
        for piece in &pieces {
            if let Piece::Text { text } | Piece::Code { text } = piece {
                let wrong =
                    braces(text).into_iter().find(|name| *name != EVENT && Field::named(name).is_none());
                if let (Some(name), Piece::Text { .. }) = (wrong, piece) {
                    return Err(format!("there is no fact {name:?} to stand in braces"));
                }
            }
        }
        Ok(Self(pieces))
    }

    /// Its pieces as they were written.
    pub fn pieces(&self) -> &[Piece] {
        &self.0
    }

    /// The sentence about an event; none where the event does not say what it needs.
    fn fill(&self, seq: u64, facts: &Facts) -> Option<Vec<Piece>> {
        let mut said = Vec::new();
        for piece in &self.0 {
            match piece {
                Piece::Text { text } => said.extend(with_links(&filled(text, facts)?, seq)),
                Piece::Code { text } => said.push(Piece::code(&filled(text, facts)?)),
                other => said.push(other.clone()),
            }
        }
        Some(said)
    }

    /// Whether it needs an event.
    pub(crate) fn is_about_an_event(&self) -> bool {
        self.0.iter().any(|piece| matches!(piece, Piece::Text { text } if !braces(text).is_empty()))
    }
}

impl Clues {
    /// Takes one event in; whether there is another clue now.
    pub fn feed(&mut self, clues: &[Clue], seq: u64, facts: &Facts) -> bool {
        // What is run now tells more than what was run before on that machine.
        let begins = facts.is(Field::Kind, "program") && facts.is(Field::Change, "began");
        let old = |given: &GivenClue| given.host.as_ref() == facts.get(Field::Host);
        let over = begins && self.newest.take_if(|given| old(given)).is_some();
        let given = clues.iter().find_map(|clue| {
            clue.check.as_ref().filter(|check| check.holds(facts))?;
            let strengths = clue.strengths.iter().map(|one| one.fill(seq, facts)).collect::<Option<_>>()?;
            Some(GivenClue { host: facts.get(Field::Host).cloned(), strengths })
        });
        let news = given.is_some();
        if let Some(given) = given {
            self.newest = Some(given);
        }
        news || over
    }

    /// What helps, from the weakest to the strongest: of the newest clue, and what it leaves out of the one for everybody.
    pub fn strengths(&self, clues: &[Clue]) -> Vec<Vec<Piece>> {
        let own = self.newest.as_ref().map(|given| given.strengths.as_slice()).unwrap_or_default();
        let common = clues.iter().find(|clue| clue.check.is_none());
        let common = common.map(|clue| clue.strengths.as_slice()).unwrap_or_default();
        let rest = common.iter().skip(own.len()).map(|one| one.0.clone());
        own.iter().cloned().chain(rest).collect()
    }
}

/// The names in braces.
fn braces(text: &str) -> Vec<&str> {
    let open = text.split('{').skip(1);
    let names = open.filter_map(|rest| rest.split_once('}').map(|(name, _)| name));
    names.filter(|name| !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase())).collect()
}

/// A text with facts in place of their names; none where one is not known.
fn filled(text: &str, facts: &Facts) -> Option<String> {
    let mut filled = text.to_owned();
    for name in braces(text).into_iter().filter(|name| *name != EVENT) {
        let Some(field) = Field::named(name) else { continue };
        let value = match facts.get(field)? {
            Fact::Number(number) if matches!(field, Field::Port | Field::Answered | Field::Line) => {
                number.to_string()
            }
            Fact::Number(number) => grouped(*number),
            Fact::Word(word) => word.clone(),
        };
        filled = filled.replace(&format!("{{{name}}}"), &value);
    }
    Some(filled)
}

/// Text as pieces, a link in place of each `{event}`.
fn with_links(text: &str, seq: u64) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for (at, part) in text.split("{event}").enumerate() {
        if at > 0 {
            pieces.push(Piece::Event { text: format!("event {seq}"), seq });
        }
        if !part.is_empty() {
            pieces.push(Piece::said(part));
        }
    }
    pieces
}

/// 10000 as `10,000`.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

#[cfg(test)]
mod tests {
    use super::{Clue, Clues, Template};
    use crate::{Check, Facts, Piece, facts::Field, prose::plain};

    fn clues() -> Vec<Clue> {
        let all = |texts: &[&str]| texts.iter().map(|text| Template::parse(text).expect(text)).collect();
        vec![
            Clue {
                check: Some(Check::parse("call=recv length<10000").expect("a check")),
                strengths: all(&[
                    "Your `recv` returned {length} of {max} bytes: look at {event}.",
                    "Ask again.",
                ]),
            },
            Clue { check: None, strengths: all(&["Run it.", "Count.", "Write a loop."]) },
        ]
    }

    fn recv(length: u64) -> Facts {
        let facts =
            Facts::of("call").word(Field::Phase, "end").word(Field::Call, "recv").word(Field::Host, "client");
        facts.number(Field::Length, length).number(Field::Max, 10_000_u64)
    }

    fn said(clues: &Clues) -> Vec<String> {
        clues.strengths(&self::clues()).iter().map(|pieces| plain(pieces)).collect()
    }

    #[test]
    fn the_newest_run_speaks_in_three_strengths() {
        let mut given = Clues::default();
        assert_eq!(said(&given), ["Run it.", "Count.", "Write a loop."]);
        assert!(given.feed(&clues(), 40, &recv(3000)) && given.feed(&clues(), 41, &recv(3)));
        assert!(!given.feed(&clues(), 42, &recv(10_000)), "that was all of it");
        assert_eq!(
            said(&given),
            ["Your recv returned 3 of 10,000 bytes: look at event 41.", "Ask again.", "Write a loop."]
        );
        let link = Piece::Event { text: "event 41".into(), seq: 41 };
        assert!(given.strengths(&clues())[0].contains(&link));
        let began = |host: &str| Facts::of("program").word(Field::Host, host).word(Field::Change, "began");
        assert!(!given.feed(&clues(), 43, &began("server")), "another machine's");
        assert!(given.feed(&clues(), 44, &began("client")));
        assert_eq!(said(&given)[0], "Run it.");
    }

    #[test]
    fn a_fact_that_an_event_does_not_say_gives_no_sentence_and_one_that_is_none_no_template() {
        let mut given = Clues::default();
        let facts = Facts::of("call")
            .word(Field::Phase, "end")
            .word(Field::Call, "recv")
            .number(Field::Length, 3_u64);
        assert!(!given.feed(&clues(), 40, &facts), "nobody knows how many were asked for");
        assert!(Template::parse("It took {forever}.").is_err());
        assert!(Template::parse("Write `f\"{name_of_yours}\"`.").is_ok());
    }
}
