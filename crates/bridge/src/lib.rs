//! The bridge between the page and the lab: HTTP, the WebSocket, sessions, rooms and roles, policy and quotas.
//!
//! [`Bridge::start`] takes a [`Config`], [`Bridge::serve`] takes a listening socket. Flags, start-up lines and signals
//! belong to the program around it.

mod accept;
mod accounts;
mod again;
mod agent;
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
mod lag;
mod limit_reached;
mod memory;
mod memory_watch;
mod meter;
mod metrics;
mod origin;
mod quota;
mod recorder;
mod retirement;
mod room;
mod rooms;
mod secret;
mod session;
mod shared;
mod ws;

/// What [`replay`] finds, and the most bytes that a recording has.
pub use {
    proto::limits::SHARE_BYTES,
    share::{Comparison, Difference},
};

#[cfg(feature = "shared-shelf")]
pub use crate::kept::{SharedShelf, SharedShelfError};
pub use crate::{
    again::{Calls, LeftOut, replay},
    bridge::{Bridge, StartError},
    classes::{FirstClass, LessonOutline},
    config::{Config, Deadlines, Limits, Outbound, Service, Tls},
    http::{
        assets::{Asset, Assets},
        rule::HttpRule,
    },
    kept::{Folder, FolderError, Label, NoShelf, PutError, Shelf, Stored, WhenFull},
    kernel_memory::KernelMemory,
};
