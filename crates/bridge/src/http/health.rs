//! How the server is: for people and load balancers as JSON, for Prometheus as text.

use std::sync::Arc;

use axum::{
    Extension, Json,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
};
use lab::{Lab, confine::Confined};
use serde::Serialize;

use super::{error::Refused, gate::Insider, rooms, rule::HttpRule};
use crate::shared::Shared;
use crate::{quota::Resource, rooms::Availability};

/// The body of `/health`.
#[derive(Debug, Serialize)]
struct Health {
    /// `ok`; `retiring` while there are no new rooms and those there are live on; `draining` with status 503.
    status: &'static str,
    /// `namespaces` where each machine is a network namespace, `none` where this server cannot make rooms, `starting` where
    /// that is not known after 10 s.
    isolation: &'static str,
    /// Whether packets are recorded.
    packets: bool,
    /// What is missing, where rooms cannot be made.
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<String>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<String>,
    /// What strangers need not know.
    #[serde(flatten)]
    inside: Option<Inside>,
}

/// What only the operator is told: this machine's own people and [`crate::Config::metrics_from`].
#[derive(Debug, Serialize)]
struct Inside {
    /// Version of this program.
    version: &'static str,
    /// Name of this node.
    node: String,
    /// Sessions attached now.
    sessions: u32,
    /// Rooms alive now.
    rooms: usize,
    /// Whether the kernel keeps this server from private networks, whatever the outbound policy says: as found by trying.
    #[serde(skip_serializing_if = "Option::is_none")]
    outside_filtered: Option<bool>,
    /// How this process is confined, as it found by trying.
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<Confinement>,
    /// The same of the keeper.
    #[serde(skip_serializing_if = "Option::is_none")]
    keeper: Option<Confinement>,
}

/// [`Confined`] in words.
#[derive(Debug, Serialize)]
struct Confinement {
    capabilities: Vec<String>,
    no_new_privs: bool,
    seccomp: bool,
    /// `full`, `part` where this kernel has an older Landlock, or `none`.
    landlock: &'static str,
}

impl From<Confined> for Confinement {
    fn from(confined: Confined) -> Self {
        Self {
            capabilities: confined.capability_names(),
            no_new_privs: confined.no_new_privs,
            seccomp: confined.syscalls,
            landlock: confined.files.name(),
        }
    }
}

/// `GET /health`: 200, or 503 while sessions are being closed.
pub(crate) async fn health(
    State(shared): State<Arc<Shared>>,
    Extension(Insider(insider)): Extension<Insider>,
) -> Response {
    let draining = shared.drain.is_begun();
    let (isolation, missing, remedy) = match shared.rooms.availability().await {
        Availability::Full => ("namespaces", None, None),
        Availability::Starting => ("starting", None, None),
        Availability::Missing { step, remedy } => ("none", Some(step), Some(remedy)),
    };
    let health = Health {
        status: match (draining, shared.drain.is_retiring()) {
            (true, _) => "draining",
            (false, true) => "retiring",
            (false, false) => "ok",
        },
        isolation,
        packets: isolation == "namespaces",
        missing,
        remedy,
        inside: insider.then(|| Inside {
            version: env!("CARGO_PKG_VERSION"),
            node: shared.config.node.clone(),
            sessions: shared.quota.count(Resource::Session),
            rooms: shared.rooms.count(),
            outside_filtered: shared.filtered,
            server: shared.config.confined.map(Confinement::from),
            keeper: shared.rooms.confined().map(Confinement::from),
        }),
    };
    let status = if draining { StatusCode::SERVICE_UNAVAILABLE } else { StatusCode::OK };
    (status, [(header::CACHE_CONTROL, "no-store")], Json(health)).into_response()
}

/// `GET /ready`: 200 where new rooms can be made, else 503 and why not.
pub(crate) async fn ready(State(shared): State<Arc<Shared>>) -> Result<Response, Refused> {
    if shared.drain.is_retiring() {
        return Err(Refused::draining(&shared.drain));
    }
    shared.quota.check(Resource::Room)?;
    match shared.rooms.availability().await {
        Availability::Full => shared.memory.check_room()?,
        Availability::Starting => return Err(rooms::starting()),
        Availability::Missing { step, remedy } => return Err(rooms::missing(&step, &remedy)),
    }
    Ok(([(header::CACHE_CONTROL, "no-store")], "ready\n").into_response())
}

/// `GET /metrics`, in the text format of Prometheus; not for strangers.
pub(crate) async fn metrics(
    State(shared): State<Arc<Shared>>,
    Extension(Insider(insider)): Extension<Insider>,
) -> Response {
    if !insider {
        let message =
            "the counts are for whoever runs this server: --metrics-from names who else may read them";
        return Refused::policy(HttpRule::Metrics, message).into_response();
    }
    let headers = [
        (header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8"),
        (header::CACHE_CONTROL, "no-store"),
    ];
    (headers, shared.metrics.text(&gauges(&shared), &counters(&shared))).into_response()
}

/// What there is now, as `(name, value, help)`.
fn gauges(shared: &Shared) -> Vec<(&'static str, u64, &'static str)> {
    let kernel = shared.config.kernel.as_ref().map_or(0, |kernel| kernel.taken());
    let (outside, lookups) = shared.rooms.outside_in_use();
    vec![
        ("connections", shared.quota.count(Resource::Connection).into(), "TCP connections to the page."),
        ("sessions", shared.quota.count(Resource::Session).into(), "Sessions attached now."),
        ("rooms", shared.rooms.count() as u64, "Rooms alive now."),
        ("classes", shared.classes.count() as u64, "Classes there are now."),
        ("seats", shared.classes.seats() as u64, "Seats of classes that are taken now."),
        ("outside_connections", outside as u64, "Connections from rooms to the outside that are open now."),
        ("outside_lookups", lookups as u64, "Names that are looked up for rooms now."),
        ("kept_bytes", shared.memory.used(), "Bytes kept for visitors, as counted."),
        ("tcp_bytes", kernel, "The kernel's memory for TCP, everybody's."),
        ("loop_lag_microseconds", shared.lag.micros(), "Longest wait of a due timer in the last 10 to 20 s."),
        (
            "retiring",
            shared.drain.is_retiring().into(),
            "1 while there are no new rooms: the server is going away.",
        ),
        ("draining", shared.drain.is_begun().into(), "1 while the server closes its sessions."),
    ]
}

/// What only rises and is counted elsewhere, in the same form.
fn counters(shared: &Shared) -> [(&'static str, u64, &'static str); 3] {
    let history = shared.rooms.lab().map(Lab::history);
    [
        ("calls_total", history.map_or(0, |history| history.calls()), "Calls begun in all rooms."),
        ("packets_total", history.map_or(0, |history| history.packets()), "Packets seen in all rooms."),
        (
            "keeper_restarts_total",
            shared.rooms.keeper_restarts().into(),
            "Keepers that had died and were replaced.",
        ),
    ]
}
