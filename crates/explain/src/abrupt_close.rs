//! A close() that breaks its connection off.

use proto::{
    call::{Call, OptionName, OptionValue},
    id::SocketId,
};

use crate::{amounts::bytes, answer::Answer, trace::CallOf};

/// Why a close() broke its connection off, as `with 5 B unread`, and what says so.
pub(crate) fn why(answer: &Answer<'_, '_>, close: CallOf<'_>) -> Option<(String, Vec<usize>)> {
    let trace = answer.trace;
    let socket: SocketId = close.begin.socket?;
    let (at, change) = trace.state(socket, close.at)?;
    if change.unread > 0 {
        let text = format!("with {} unread", bytes(change.unread.into()));
        return Some((text, vec![at]));
    }
    let mut lingers = trace.calls(Some(socket), close.at).filter(|call| {
        matches!(call.begin.call, Call::SetSockOpt { name: OptionName::Linger, .. })
            && call.end.is_some_and(|(end, outcome)| end < close.at && outcome.outcome.is_ok())
    });
    let last = lingers.next_back()?;
    let zero = matches!(last.begin.call, Call::SetSockOpt { value: OptionValue::Linger(Some(0)), .. });
    zero.then(|| ("with SO_LINGER set to 0 seconds".to_owned(), vec![last.at]))
}
