//! Rooms from outside: real sockets on real machines, and the trace of what they did.
#![allow(clippy::unwrap_used, reason = "a test says what went wrong by failing")]

#[allow(dead_code, reason = "each test program uses what it needs of it")]
mod harness;

mod calls;
mod epolls;
mod explained;
mod keeper_stopped;
mod outside;
mod passing;
mod states;
mod streams;
mod wire;
