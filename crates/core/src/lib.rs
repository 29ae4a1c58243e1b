#![doc = include_str!("../PROTOCOL.md")]

pub mod address;
pub mod call;
mod call_error;
pub mod client;
pub mod comments;
mod endpoint;
pub mod errno;
pub mod error;
pub mod frame;
pub mod id;
mod kind;
pub mod limits;
mod link;
pub mod message;
mod message_limits;
pub mod room;
pub mod roster;
pub mod rules;
mod schedule;
pub mod server;
mod stream;
pub mod sysctl;
#[cfg(test)]
mod tests;
pub mod trace;
pub mod vocabulary;

/// The WebSocket subprotocol of this version. Messages change only together with it.
pub const SUBPROTOCOL: &str = "wireside.1";

/// The server closes the WebSocket with this code when another page takes the session over.
pub const CLOSE_TAKEN_OVER: u16 = 4001;

/// The server closes the WebSocket with this code when the room has ended.
pub const CLOSE_ROOM_ENDED: u16 = 4002;

/// The server closes the WebSocket with this code when the owner has ended the session.
pub const CLOSE_REMOVED: u16 = 4003;
