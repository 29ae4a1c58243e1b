//! web

pub mod client;
pub mod console;
#[cfg(target_arch = "wasm32")]
mod transport;
pub mod view;
