//! Limits of single messages. What has an answer is refused with a typed error; what has none ends the connection.

use crate::{
    call::{Call, CallError},
    error::DecodeError,
    id::CallId,
    limits::{self, Limit},
    message::{ClientMessage, WireCommand},
    rules::ProtocolRule,
};

/// The number of a request other than a call, which wants an answer.
pub(crate) fn request_id(message: &ClientMessage) -> Option<CallId> {
    match *message {
        ClientMessage::OpenProgram { id, .. }
        | ClientMessage::CloseProgram { id, .. }
        | ClientMessage::Wire { id, .. }
        | ClientMessage::Host { id, .. }
        | ClientMessage::Remove { id, .. } => Some(id),
        _ => None,
    }
}

/// Limits of a call.
pub(crate) fn check_call(call: &Call) -> Result<(), CallError> {
    match call {
        Call::Poll { fds } if fds.len() > limits::POLL_DESCRIPTORS => Err(Limit::PollDescriptors.reached()),
        Call::Resolve { name, .. } | Call::Ping { name, .. } if name.len() > limits::HOST_NAME => {
            Err(Limit::HostName.reached())
        }
        Call::Ping { count, .. } if !(1..=limits::PING_COUNT).contains(count) => {
            Err(Limit::PingCount.reached())
        }
        Call::SendMsg { passed, .. } if passed.len() > limits::PASSED_DESCRIPTORS => {
            Err(Limit::PassedDescriptors.reached())
        }
        call if call.payload_length() > limits::CALL_PAYLOAD => Err(Limit::CallPayload.reached()),
        _ => Ok(()),
    }
}

/// The name of the thread that makes a call.
pub(crate) fn check_thread(thread: Option<&str>) -> Result<(), CallError> {
    match thread {
        Some(name) if name.chars().count() > limits::NAME => Err(Limit::Name.reached()),
        _ => Ok(()),
    }
}

/// Limits of another request.
pub(crate) fn check_request(message: &ClientMessage) -> Result<(), CallError> {
    match message {
        ClientMessage::OpenProgram { name, .. } if name.chars().count() > limits::NAME => {
            Err(Limit::Name.reached())
        }
        ClientMessage::Wire { command: WireCommand::Set { delay_ms: Some(delay), .. }, .. }
            if !(0.0..=f64::from(limits::WIRE_DELAY_MS)).contains(delay) =>
        {
            Err(Limit::WireDelayMs.reached())
        }
        ClientMessage::Wire { command: WireCommand::Set { loss: Some(loss), .. }, .. }
            if !(0.0..=1.0).contains(loss) =>
        {
            Err(ProtocolRule::Loss.broken())
        }
        _ => Ok(()),
    }
}

/// Limits of messages that have no answer: a client that breaks them is broken.
pub(crate) fn check_lengths(message: &ClientMessage) -> Result<(), DecodeError> {
    match message {
        ClientMessage::Output { text, .. } if text.len() > limits::OUTPUT => {
            Err(DecodeError::TooLong { field: "Output.text", limit: limits::OUTPUT })
        }
        ClientMessage::Rename { name } if name.chars().count() > limits::NAME => {
            Err(DecodeError::TooLong { field: "Rename.name", limit: limits::NAME })
        }
        ClientMessage::Source { text, .. } if text.len() > limits::SOURCE => {
            Err(DecodeError::TooLong { field: "Source.text", limit: limits::SOURCE })
        }
        ClientMessage::Source { name, .. } if name.chars().count() > limits::NAME => {
            Err(DecodeError::TooLong { field: "Source.name", limit: limits::NAME })
        }
        ClientMessage::InFront { name, .. } if name.chars().count() > limits::NAME => {
            Err(DecodeError::TooLong { field: "InFront.name", limit: limits::NAME })
        }
        ClientMessage::Progress { lesson, .. } if lesson.chars().count() > limits::NAME => {
            Err(DecodeError::TooLong { field: "Progress.lesson", limit: limits::NAME })
        }
        ClientMessage::Progress { step, .. } if step.chars().count() > limits::NAME => {
            Err(DecodeError::TooLong { field: "Progress.step", limit: limits::NAME })
        }
        _ => Ok(()),
    }
}
