//! Predicates over an event's facts: `call=recv host=client result=ok length>0`. Every term must hold for one event.
//! `|` separates alternatives, quotes hold blanks together, `~` asks whether a text has another in it.

use proto::{call::Call, trace::TcpState};

use crate::facts::{Fact, Facts, Field};

/// One predicate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    terms: Vec<Term>,
    asks_phase: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Term {
    field: Field,
    operator: Operator,
    values: Vec<Fact>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Is,
    IsNot,
    AtLeast,
    AtMost,
    More,
    Less,
    Has,
}

/// Longer ones first: `>=` begins as `>` does.
const OPERATORS: [(&str, Operator); 7] = [
    ("!=", Operator::IsNot),
    (">=", Operator::AtLeast),
    ("<=", Operator::AtMost),
    ("=", Operator::Is),
    (">", Operator::More),
    ("<", Operator::Less),
    ("~", Operator::Has),
];

impl Check {
    /// Reads a predicate.
    ///
    /// # Errors
    /// One sentence: no term, an unknown field, call or state, a word where a number belongs.
    pub fn parse(text: &str) -> Result<Self, String> {
        let terms = words(text)?.iter().map(|word| term(word)).collect::<Result<Vec<_>, _>>()?;
        if terms.is_empty() {
            return Err("a check has at least one term, as in call=connect".to_owned());
        }
        let asks_phase = terms.iter().any(|term| term.field == Field::Phase);
        Ok(Self { terms, asks_phase })
    }

    /// Whether every term holds. Unless it asks for a phase, a call counts at its end.
    pub fn holds(&self, facts: &Facts) -> bool {
        if !self.asks_phase && facts.is(Field::Kind, "call") && !facts.is(Field::Phase, "end") {
            return false;
        }
        self.terms.iter().all(|term| facts.get(term.field).is_some_and(|fact| term.holds(fact)))
    }
}

impl Term {
    fn holds(&self, fact: &Fact) -> bool {
        let any = |holds: fn(&Fact, &Fact) -> bool| self.values.iter().any(|value| holds(fact, value));
        match self.operator {
            Operator::Is => any(|fact, value| fact == value),
            Operator::IsNot => !any(|fact, value| fact == value),
            Operator::AtLeast => any(|fact, value| number(fact) >= number(value)),
            Operator::AtMost => any(|fact, value| number(fact) <= number(value)),
            Operator::More => any(|fact, value| number(fact) > number(value)),
            Operator::Less => any(|fact, value| number(fact) < number(value)),
            Operator::Has => any(|fact, value| match (fact, value) {
                (Fact::Word(text), Fact::Word(part)) => text.contains(part.as_str()),
                _ => false,
            }),
        }
    }
}

fn number(fact: &Fact) -> u64 {
    match fact {
        Fact::Number(number) => *number,
        Fact::Word(_) => 0,
    }
}

/// Cuts at blanks outside of quotes.
fn words(text: &str) -> Result<Vec<String>, String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for letter in text.chars() {
        match letter {
            '"' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            letter => words.last_mut().into_iter().for_each(|word| word.push(letter)),
        }
    }
    if quoted {
        return Err("a quote without its second".to_owned());
    }
    words.retain(|word| !word.is_empty());
    Ok(words)
}

fn term(word: &str) -> Result<Term, String> {
    let at = word.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(word.len());
    let (name, rest) = word.split_at(at);
    let found = OPERATORS.iter().find_map(|(mark, operator)| Some((*operator, rest.strip_prefix(mark)?)));
    let (operator, value) =
        found.ok_or_else(|| format!("{word:?} is no check: it has no =, !=, >, <, >=, <= or ~"))?;
    let field = Field::named(name).ok_or_else(|| {
        let known: Vec<_> = Field::ALL.iter().map(|field| field.name()).collect();
        format!("there is no fact {name:?}; there are {}", known.join(", "))
    })?;
    let compares = !matches!(operator, Operator::Is | Operator::IsNot | Operator::Has);
    if compares && !field.is_number() {
        return Err(format!("{name} is a word: it is compared with =, != or ~"));
    }
    let values = value.split('|').map(|one| read(field, one)).collect::<Result<_, _>>()?;
    Ok(Term { field, operator, values })
}

fn read(field: Field, text: &str) -> Result<Fact, String> {
    let name = field.name();
    if text.is_empty() {
        return Err(format!("{name} is compared with nothing"));
    }
    if field.is_number() {
        return text.parse().map(Fact::Number).map_err(|_| format!("{name} is a number, {text:?} is none"));
    }
    let known = match field {
        Field::Call => Call::NAMES.contains(&text),
        Field::State | Field::From => TcpState::named(text).is_some(),
        Field::Kind => ["call", "packet", "state", "output", "program", "machine", "wire"].contains(&text),
        Field::Phase => ["begin", "end"].contains(&text),
        Field::Fate => {
            ["travelling", "held", "delivered", "dropped", "lost", "no_host", "superseded"].contains(&text)
        }
        Field::Cause => ["call", "packet", "timer", "wire", "service"].contains(&text),
        Field::Full | Field::Accepted | Field::Held | Field::Reused | Field::Reuse | Field::Listens => {
            ["yes", "no"].contains(&text)
        }
        _ => true,
    };
    if known { Ok(Fact::Word(text.to_owned())) } else { Err(format!("{name} is never {text:?}")) }
}
