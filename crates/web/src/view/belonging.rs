//! What belongs together: lines of code, calls, packets and states.

use proto::{
    id::{HostId, ProgramId},
    trace::{CallEnd, Fate, Packet, PacketFate, What},
};
use serde::Serialize;
use tsify::Tsify;

use super::store::{PacketNote, TraceStore};

/// Events related to one at most, their states not counted.
const RELATED: usize = 256;
/// Steps from cause to effect: SYN, SYN ACK, ACK.
const STEPS: usize = 3;
/// Calls of one line at most, the newest: a loop may make any number.
const CALLS_OF_A_LINE: usize = 64;

/// A line of a program's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Tsify)]
pub struct CodeLine {
    /// The machine.
    #[tsify(type = "number")]
    pub host: HostId,
    /// The program that ran it.
    #[tsify(type = "number")]
    pub program: ProgramId,
    /// From 1.
    pub line: u32,
    /// `seq` of the begin of the newest call that it made, of those in question.
    pub seq: u64,
    /// `seq` of that call's end, when it has ended.
    pub end: Option<u64>,
}

/// Everything that belongs together with an event: its causes and what these led to, calls as a whole, and who waited
/// for it.
pub fn related(store: &TraceStore, seq: u64) -> Vec<u64> {
    let origin = moment(store, seq);
    let end = if is_end(store, origin) { Some(origin) } else { end_of(store, origin) };
    // What a call waited for, and what that was caused by.
    let mut all = end.and_then(|end| awaited(store, end)).map_or_else(Vec::new, |packet| {
        let mut chain = causes(store, packet);
        chain.push(packet);
        chain
    });
    all.extend(causes(store, origin));
    let mut frontier =
        vec![if is_end(store, origin) { store.cause_of(origin).unwrap_or(origin) } else { origin }];
    // So many steps forward reach from connect() to the end of its handshake, and no further: a long conversation
    // would otherwise be one chain from its first SYN on.
    for _ in 0..STEPS {
        frontier = frontier.iter().flat_map(|seq| store.effects_of(*seq)).collect();
        // A segment that was sent again is the same step.
        let again: Vec<u64> =
            frontier.iter().flat_map(|seq| notes(store, *seq, |note| &note.copies)).collect();
        frontier.extend(again);
        // A copy is an effect of its first as well: twice it would only take others' room.
        frontier.sort_unstable();
        frontier.dedup();
        all.extend(&frontier);
    }
    all.extend([origin, seq]);
    all.truncate(RELATED);
    // On a slow wire, or a held one, a packet's arrival is told later.
    let told: Vec<u64> = all.iter().flat_map(|seq| notes(store, *seq, |note| &note.fates)).collect();
    all.extend(told);
    let woken: Vec<u64> = all.iter().filter_map(|seq| woken(store, *seq)).collect();
    all.extend(woken.iter().filter_map(|end| store.cause_of(*end)));
    all.extend(woken);
    let ends: Vec<u64> = all.iter().filter_map(|seq| end_of(store, *seq)).collect();
    all.extend(ends);
    let states: Vec<u64> = all.iter().flat_map(|seq| states_with(store, *seq)).collect();
    all.extend(states);
    all.sort_unstable();
    all.dedup();
    all
}

/// Everything that belongs together with a line of code: with each of the calls it made.
pub fn related_to_line(store: &TraceStore, program: ProgramId, line: u32) -> Vec<u64> {
    let mut calls: Vec<u64> = store
        .call_begins()
        .filter(|(_, begin)| begin.program == program && begin.line == Some(line))
        .map(|(seq, _)| seq)
        .collect();
    calls.sort_unstable();
    let newest = calls.split_off(calls.len().saturating_sub(CALLS_OF_A_LINE));
    let mut all: Vec<u64> = newest.into_iter().flat_map(|seq| related(store, seq)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The lines of code that made calls among these events.
pub fn code_lines(store: &TraceStore, seqs: &[u64]) -> Vec<CodeLine> {
    let mut lines: Vec<CodeLine> = Vec::new();
    for seq in seqs {
        let begin = match what(store, *seq) {
            Some(What::CallBegin(begin)) => Some(begin),
            Some(What::CallEnd(end)) => store.call_begin(end.id),
            _ => None,
        };
        let Some((begin, line)) = begin.and_then(|begin| Some((begin, begin.line?))) else { continue };
        let place = store.call(begin.id);
        let (seq, end) = (place.begin.unwrap_or(*seq), place.end);
        let found = CodeLine { host: begin.host, program: begin.program, line, seq, end };
        match lines.iter_mut().find(|known| (known.program, known.line) == (found.program, found.line)) {
            Some(known) if known.seq < found.seq => *known = found,
            Some(_) => {}
            None => lines.push(found),
        }
    }
    lines
}

/// What an event was caused by, the first cause first.
pub fn causes(store: &TraceStore, seq: u64) -> Vec<u64> {
    let mut causes = Vec::new();
    let mut at = seq;
    while let Some(cause) = store.cause_of(at) {
        if cause >= at || causes.len() == 8 {
            break;
        }
        causes.push(cause);
        at = cause;
    }
    causes.reverse();
    causes
}

/// Events that are noted of the packet that an event tells of; none for any other.
fn notes<'a>(store: &'a TraceStore, seq: u64, which: impl FnOnce(&'a PacketNote) -> &'a [u64]) -> Vec<u64> {
    match what(store, seq) {
        Some(What::Packet(packet)) => store.note(packet.id).map(which).unwrap_or_default().to_vec(),
        _ => Vec::new(),
    }
}

/// The end of the call that begins with an event.
fn end_of(store: &TraceStore, seq: u64) -> Option<u64> {
    match what(store, seq)? {
        What::CallBegin(begin) => store.call(begin.id).end,
        _ => None,
    }
}

/// The packet whose arrival ended a call that had waited: the last one that came to its socket's port before it ended.
fn awaited(store: &TraceStore, end: u64) -> Option<u64> {
    let What::CallEnd(CallEnd { id, outcome: Ok(_), .. }) = what(store, end)? else { return None };
    let begin = store.call_begin(*id)?;
    let port = store.sockets().get(&begin.socket?)?.change.local?.port()?;
    let since = store.call(*id).begin? + 1;
    let (seq, packet) =
        store.seqs(since..end).rev().find_map(|seq| Some((seq, arrival(store, seq, begin.host)?)))?;
    (packet.transport.ports()?.1 == port).then_some(seq)
}

/// The end of the call that an arriving packet ended.
fn woken(store: &TraceStore, seq: u64) -> Option<u64> {
    let host = match what(store, seq)? {
        What::Packet(packet) => packet.to?,
        What::Fate(fate) => store.packet(fate.id)?.to?,
        _ => return None,
    };
    arrival(store, seq, host)?;
    let mut after = store.seqs(seq + 1..u64::MAX).take_while(|seq| arrival(store, *seq, host).is_none());
    after.find(|end| awaited(store, *end) == Some(seq))
}

/// The packet that an event says has come to a machine.
fn arrival(store: &TraceStore, seq: u64, host: HostId) -> Option<&Packet> {
    let packet = match what(store, seq)? {
        What::Packet(packet) if packet.fate == Fate::Delivered => packet,
        What::Fate(PacketFate { id, fate: Fate::Delivered }) => store.packet(*id)?,
        _ => return None,
    };
    (packet.to == Some(host)).then_some(packet)
}

/// For a state what it changed with: the packet or the call's begin told right before it and its like, or the call's
/// end right after. Any other event is its own.
fn moment(store: &TraceStore, seq: u64) -> u64 {
    if !is_state(store, seq) {
        return seq;
    }
    let before = (1..seq).rev().find(|seq| !is_state(store, *seq));
    let after = (seq + 1..=store.last_seq()).find(|seq| !is_state(store, *seq));
    let before = before.filter(|seq| changes_states(store, *seq));
    before.or_else(|| after.filter(|seq| is_end(store, *seq))).unwrap_or(seq)
}

/// States that changed with an event: those told right after a packet or a call's begin, and right before its end.
fn states_with(store: &TraceStore, seq: u64) -> Vec<u64> {
    let mut states = Vec::new();
    if changes_states(store, seq) {
        states.extend((seq + 1..=store.last_seq()).take_while(|seq| is_state(store, *seq)));
    } else if is_end(store, seq) {
        states.extend((1..seq).rev().take_while(|seq| is_state(store, *seq)));
    }
    states
}

/// Whether states told right after an event changed with it.
fn changes_states(store: &TraceStore, seq: u64) -> bool {
    matches!(what(store, seq), Some(What::Packet(_) | What::Fate(_) | What::CallBegin(_)))
}

fn is_end(store: &TraceStore, seq: u64) -> bool {
    matches!(what(store, seq), Some(What::CallEnd(_)))
}

fn is_state(store: &TraceStore, seq: u64) -> bool {
    matches!(what(store, seq), Some(What::State(_)))
}

fn what(store: &TraceStore, seq: u64) -> Option<&What> {
    store.get(seq).map(|event| &event.what)
}
