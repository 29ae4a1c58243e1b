//! What the rules of `explain` say of an event, with the names that the page shows.

use explain::Names;
use proto::{
    id::{HostId, ProgramId},
    roster::Roster,
};
use serde::Serialize;
use tsify::Tsify;

use super::{store::TraceStore, words::bounded};
use crate::record;

/// Characters of a machine's or a program's name in a sentence.
const NAME: usize = 40;

/// A sentence of an explanation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct ExplainedSentence {
    /// `why`, `means`, `next`, or `unknown` for what the recording does not tell.
    pub about: &'static str,
    /// Its text.
    pub text: String,
    /// `seq` of the events it rests on.
    pub events: Vec<u64>,
}

/// What there is to say of an event, and of its whole connection.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Tsify)]
pub struct Explained {
    /// Of the event; empty where there is nothing to explain.
    pub event: Vec<ExplainedSentence>,
    /// Of its connection; empty where it has none.
    pub connection: Vec<ExplainedSentence>,
}

struct BoundedNames<'a>(&'a record::Names);

impl Names for BoundedNames<'_> {
    fn host(&self, id: HostId) -> String {
        bounded(&self.0.host(id), NAME)
    }

    fn program(&self, id: ProgramId) -> String {
        bounded(&self.0.program(id), NAME)
    }

    fn roster(&self) -> &Roster {
        self.0.roster()
    }
}

/// Explains the event with this `seq` by the events up to another one; by all of them where that is 0.
pub fn explained(store: &TraceStore, seq: u64, up_to: u64) -> Explained {
    let events = store.events_from(0).take_while(|event| up_to == 0 || event.seq <= up_to);
    let explanation = explain::explain(events, &BoundedNames(store.names()), seq);
    let sentences = |sentences: Vec<explain::Sentence>| {
        let shown = sentences.into_iter().map(|sentence| ExplainedSentence {
            about: sentence.about.name(),
            text: sentence.text,
            events: sentence.rests_on,
        });
        shown.collect()
    };
    Explained { event: sentences(explanation.event), connection: sentences(explanation.connection) }
}
