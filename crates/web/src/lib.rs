//! web

pub mod client;
pub mod console;
pub mod folder;
pub mod lessons;
pub mod record;
#[cfg(target_arch = "wasm32")]
mod transport;
mod typescript;
pub mod view;
