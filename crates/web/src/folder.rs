//! A machine's folder: what a file may be called there, how much it may hold, what a file is that somebody brings, all of it
//! as one archive, and the arguments of a program. Thinks; keeps and shows nothing.

pub mod arguments;
#[cfg(target_arch = "wasm32")]
pub mod bindings;
pub mod bounds;
pub mod contents;
pub mod names;
pub mod zip;
