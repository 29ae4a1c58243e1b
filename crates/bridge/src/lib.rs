//! The bridge between the page and the lab: HTTP, the WebSocket, sessions, rooms and roles, policy and quotas.
//!
//! [`Bridge::start`] takes a [`Config`], [`Bridge::serve`] takes a listening socket. Flags, start-up lines and signals
//! belong to the program around it.

mod accept;
mod accounts;
pub mod allowance;
mod bridge;
mod classes;
mod config;
mod descriptors;
mod drain;
pub mod egress;
mod http;
mod kept;
mod kernel_memory;
mod memory;
mod memory_watch;
mod meter;
mod metrics;
mod origin;
mod quota;
mod room;
mod rooms;
mod session;
mod shared;
mod ws;

pub use crate::{
    bridge::{Bridge, StartError},
    classes::{FirstClass, LessonOutline},
    config::{Config, Deadlines, Limits, Outbound, Service, Tls},
    http::assets::{Asset, Assets},
    kept::{Folder, FolderError, Label, NoShelf, PutError, Shelf, Stored},
    kernel_memory::KernelMemory,
};
