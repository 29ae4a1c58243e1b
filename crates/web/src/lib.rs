//! web

pub mod client;
pub mod console;
pub mod dump;
pub mod folder;
pub mod lessons;
pub mod record;
#[cfg(target_arch = "wasm32")]
mod transport;
mod typescript;
pub mod view;
pub mod visible;
pub mod waits;
