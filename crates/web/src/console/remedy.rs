//! What is known of a failure besides its call, and what the page can do about it.

use serde::{Deserialize, Serialize};
use tsify::Tsify;

use super::{room_sockets::RoomSockets, state::Descriptor};

/// What the page can do about a failure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, Tsify)]
#[serde(tag = "do", rename_all = "camelCase")]
pub enum Remedy {
    /// Give the machine a fresh network.
    FreshNetwork,
    /// Run this program on the machine where the other one runs.
    RunOn {
        /// The machine's name.
        host: String,
    },
    /// Put the line into a program.
    IntoProgram,
}

/// What is known besides the call and its failure.
#[derive(Clone, Copy, Debug)]
pub struct FailureContext<'a> {
    /// The room's sockets.
    pub around: &'a RoomSockets,
    /// The descriptor that the call acted on.
    pub descriptor: Option<&'a Descriptor>,
}
