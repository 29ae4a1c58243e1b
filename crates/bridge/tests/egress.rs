//! The outbound policy from outside: what is refused under which name, what a scripted name server can and cannot
//! bring about, and, in a network where every address is local, which addresses are really dialled.

#![allow(clippy::unwrap_used, reason = "all of this is test code, its helpers too")]

#[path = "egress/canary.rs"]
mod canary;
#[path = "egress/connecting.rs"]
mod connecting;
#[path = "egress/hosts.rs"]
mod hosts;
#[path = "egress/name_server.rs"]
mod name_server;
#[path = "egress/refusals.rs"]
mod refusals;
#[path = "egress/resolving.rs"]
mod resolving;
#[path = "egress/tidy.rs"]
mod tidy;

use std::net::SocketAddr;

use bridge::egress::{Egress, EgressConfig, Mode, NameServers};
use proto::call::CallError;

/// A policy in this mode that asks this name server.
fn egress(mode: Mode, name_server: SocketAddr) -> Egress {
    let name_servers = NameServers::Fixed(vec![name_server]);
    Egress::new(EgressConfig { mode, name_servers, ..EgressConfig::default() })
}

/// A port of this machine on which nothing is bound to a wildcard: the kernel picks one.
fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// The rule that refused, or what happened instead.
fn rule<T: std::fmt::Debug>(result: Result<T, CallError>) -> String {
    match result {
        Err(CallError::Policy { rule, .. }) => rule,
        other => format!("{other:?}"),
    }
}
