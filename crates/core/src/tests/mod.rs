//! Both ends back to back in memory: no sockets, no clock, no sleeping.

mod calls;
mod pair;
mod resume;
mod samples;
mod streams;
mod time;
mod trace;
mod wire;
