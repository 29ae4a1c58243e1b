//! A room's world: machines, wire, real sockets, capture and socket states, written down as one trace.
//!
//! Knows nothing of HTTP, WebSockets, links or sessions. Each machine is a Linux network namespace made by the
//! [`keeper`]; the wire between them is the room's own task, which moves every packet by hand.
//!
//! | module | does |
//! | --- | --- |
//! | [`keeper`] | a separate process that makes namespaces, TUNs and sockets and passes them on |
//! | [`confine`] | what processes take from themselves before they serve |
//! | [`Lab`] | makes rooms, keeps machines warm |
//! | [`Room`] | the room's task: waits and hands over |
//! | `request`, [`Delivery`] | what a page asks of a room, what a room says to a person |
//! | `world` | decides and acts: machines, network, calls, people; never waits |
//! | `wire`, `program`, `decode`, `evidence`, `icmp` | parts of that which need no kernel |
//! | [`Descriptors`] | what rooms may take of this process's descriptors |
//! | [`Account`], `results` | what a visitor's bytes take, counted before they are taken in |
//! | `end` | the kernel socket under a descriptor, in the room or outside |
//! | `syscall`, [`diag`], `epoll` | the kernel, one call each |
//! | [`TraceLog`] | the trace, bounded, read by many |
//! | [`Digest`] | a room in a few words, for a class's board |
//! | [`Capture`] | the packets' bytes, for other tools |
//! | [`comments_of`] | calls and states around each packet, for the same |
//! | [`History`] | what all traces and packets together may take |
//! | [`Outside`], [`Service`] | what others lend to a room |

mod account;
mod buffers;
mod capture;
mod comments;
pub mod confine;
mod decode;
mod delivery;
mod descriptors;
pub mod diag;
mod digest;
mod end;
mod epoll;
mod evidence;
mod history;
mod icmp;
pub mod keeper;
mod laboratory;
mod log;
mod outside;
mod program;
mod request;
mod results;
mod room;
mod service;
mod syscall;
mod wire;
mod world;

pub use account::{Account, Charge};
pub use capture::{Capture, Reading};
pub use comments::comments_of;
pub use delivery::{ChunkPermit, Delivery, Mailbox, mailbox};
pub use descriptors::Descriptors;
pub use digest::{Digest, Failed};
pub use history::History;
pub use laboratory::{Lab, OpenError};
pub use log::{Batch, TraceLog};
pub use outside::{Bounds, Outside, OutsideLink, OutsideSocket, Received};
pub use request::{CallRequest, Directory, MemberState, Request};
pub use room::{Ended, Room};
pub use service::Service;
pub use world::RoomLimits;
