//! The page's client: one room's session for JavaScript. It runs in a worker and never blocks.
//!
//! [`proto::client`] thinks; this module pumps bytes between it and the transport, wakes it in time, and turns its
//! events into plain objects. `web/client/wireside.js` makes friendly classes of them.

#[cfg(target_arch = "wasm32")]
mod bindings;
#[cfg(target_arch = "wasm32")]
mod events;
pub mod history;
#[cfg(target_arch = "wasm32")]
mod pump;
#[cfg(target_arch = "wasm32")]
mod timers;
