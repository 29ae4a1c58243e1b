//! Wireside from outside: real TCP peers, a real WebSocket, a real browser, and the program as an operator starts it.

mod harness;

mod bad_input;
mod calls;
mod classes;
mod confined;
mod dependencies;
mod deployed;
mod ending;
mod lesson_walk;
mod load;
mod log_writing;
mod memory;
mod nodes;
mod outside;
mod packets;
mod page;
mod python;
mod recordings;
mod refused_namespaces;
mod restart;
mod resume;
mod retirement;
mod rooms;
mod shares;
mod stalled;
mod streams;
mod suites;
mod tidy;
mod tls;
mod tutorial;
mod unix;
mod websocket_cases;
