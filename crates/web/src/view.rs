//! What the page shows of a room, computed from its trace without a DOM: the store, the diagram's layout, the
//! event table, the sockets and the details. It paints nothing and knows no network.

pub mod belonging;
#[cfg(target_arch = "wasm32")]
pub mod bindings;
pub mod details;
pub mod diagram;
pub mod explained;
pub mod filter;
pub mod packets_file;
pub mod recording;
pub mod sockets;
pub mod store;
pub mod table;
pub mod text;
pub mod words;

#[cfg(test)]
pub(crate) mod script;
