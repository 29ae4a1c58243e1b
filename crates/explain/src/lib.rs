//! Why something came, what it means and what comes next: one to three sentences on an event, and on its whole connection,
//! made by rules from what the trace has recorded.
//!
//! Every sentence names the events it rests on. A rule speaks only where the kernel's own words are there: a packet, a
//! state that was observed, a call's result. Where they are not, a sentence says what is not known. It reads no source
//! text, no clock and no room; what it is given is a trace up to an event, so the same answers come in a room and in a
//! recording.

mod abrupt_close;
mod accept_queue;
pub mod amounts;
mod answer;
mod calls;
mod connection;
mod fate;
mod packets;
mod sentence;
mod states;
mod story;
mod trace;

use proto::trace::{Event, What};

use answer::Answer;
use connection::Connection;
use trace::Trace;

pub use sentence::{About, EVIDENCE, Explanation, Names, SENTENCES, Sentence};

/// Explains the event with this `seq` by the events of a trace, which are in order: later ones than those given are not
/// known. Nothing is said of an event that is not among them, or that is neither call, packet nor state.
pub fn explain<'a>(events: impl IntoIterator<Item = &'a Event>, names: &dyn Names, seq: u64) -> Explanation {
    let trace = Trace::new(events);
    let Some(at) = trace.place(seq) else { return Explanation::default() };
    let mut answer = Answer::new(&trace, names);
    let connection = match &trace.event(at).what {
        What::CallBegin(begin) => of_call(&mut answer, begin.id),
        What::CallEnd(end) => of_call(&mut answer, end.id),
        What::Packet(packet) => packets::explain(&mut answer, packet.id),
        What::Fate(fate) => packets::explain(&mut answer, fate.id),
        What::State(change) => states::explain(&mut answer, at, change),
        _ => None,
    };
    let event = answer.finish();
    let connection = connection.map(|connection| {
        let mut answer = Answer::new(&trace, names);
        story::tell(&mut answer, &connection);
        answer.finish()
    });
    Explanation { event, connection: connection.unwrap_or_default() }
}

fn of_call<'a>(answer: &mut Answer<'_, 'a>, id: proto::id::CallRef) -> Option<Connection<'a>> {
    if let Some(call) = answer.trace.call(id) {
        calls::explain(answer, call)
    } else {
        answer.unknown("Where this call began is not in the recording.", &[]);
        None
    }
}
