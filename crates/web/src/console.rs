//! The call console of a machine: what is typed or clicked there becomes calls, and their ends become text.
//!
//! Everything here works without a page: no DOM, no clock, no WebSocket. It never evaluates Python; it knows the
//! spelling of single calls and of literals, and refuses the rest.

pub mod addresses;
pub mod arguments;
#[cfg(target_arch = "wasm32")]
pub mod bindings;
pub mod byte_order;
pub mod cards;
pub mod causes;
pub mod code;
pub mod entry;
pub mod evaluate;
pub mod failures;
pub mod fault;
pub mod integer;
pub mod interpreter;
#[cfg(test)]
mod interpreter_tests;
pub mod lexer;
pub mod methods;
pub mod names;
pub mod operation;
pub mod parse;
#[cfg(test)]
mod parse_tests;
pub mod plan;
pub mod python;
pub mod refusal;
pub mod remedy;
pub mod render;
pub mod room_sockets;
pub mod state;
pub mod suggest;
pub mod syntax;
pub mod value;
