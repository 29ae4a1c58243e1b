//! Every route on one page.
//!
//! A request passes the gate (Host, Origin, body) and comes to a route; its answer leaves with the headers that every
//! answer has. What a WebSocket carries after its upgrade is not known here.

mod again;
pub(crate) mod assets;
mod classes;
mod documents;
mod embed;
mod error;
mod gate;
pub(crate) mod headers;
mod health;
mod keys;
mod last;
mod limits;
mod oembed;
mod page;
mod pcap;
#[cfg(feature = "picture")]
mod picture;
pub(crate) mod request_id;
mod rooms;
pub(crate) mod rule;
mod shares;
mod socket;
mod stored;
mod words;

use std::sync::Arc;

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};

use crate::shared::Shared;

/// All routes.
pub(crate) fn router(shared: Arc<Shared>) -> Router {
    Router::new()
        .route("/", get(page::page))
        .route("/r/{room}", get(page::room))
        .route("/r/{room}/socket", get(socket::upgrade))
        .route("/r/{room}/pcap", get(pcap::pcap))
        .route("/r/{room}/shares", post(shares::make))
        .route("/r/{room}/last", get(last::last))
        .route("/r/{room}/offer", get(last::offer).put(last::set_offer))
        .route("/s/{id}", get(shares::open).delete(shares::delete))
        .route("/s/{id}/again", post(again::do_again))
        .route("/s/{id}/events", get(shares::events))
        .route("/embed/s/{id}", get(embed::recording))
        .merge(pictures())
        .route("/embed/lesson/{id}", get(embed::lesson))
        .route("/embed/", get(embed::copy))
        .route("/embed/live", get(embed::live))
        .route("/oembed", get(oembed::oembed))
        .route(documents::FRAME, get(page::frame))
        .route("/learn", get(page::to_course))
        .route("/learn/", get(page::course))
        .route("/learn/{name}", get(page::learn))
        .route("/classes", get(classes::may).post(classes::make))
        .route("/c/{class}", get(classes::page))
        .route("/c/{class}/board", get(classes::board_page))
        .route("/c/{class}/about", get(classes::about))
        .route("/c/{class}/seats", post(classes::seats::take))
        .route("/c/{class}/seat", get(classes::seats::news).post(classes::seats::hand))
        .route("/c/{class}/files/{turn}", get(classes::seats::file))
        .route("/c/{class}/seats/{seat}/shares", post(classes::board::keep))
        .route("/c/{class}/news", get(classes::board::news))
        .route("/c/{class}/acts", post(classes::board::act))
        .route("/c/{class}/steps.csv", get(classes::board::steps))
        .route("/rooms", post(rooms::create))
        .route("/limits", get(limits::limits))
        .route("/health", get(health::health))
        .route("/ready", get(health::ready))
        .route("/metrics", get(health::metrics))
        .fallback(get(page::asset))
        .method_not_allowed_fallback(error::method_not_allowed)
        .layer(from_fn_with_state(Arc::clone(&shared), gate::pass))
        .with_state(shared)
}

/// What a program has that was built to paint.
#[cfg(feature = "picture")]
fn pictures() -> Router<Arc<Shared>> {
    let painted = axum::Extension(Arc::new(picture::Pictures::default()));
    Router::new().route("/s/{id}/picture.png", get(picture::picture)).layer(painted)
}

#[cfg(not(feature = "picture"))]
fn pictures() -> Router<Arc<Shared>> {
    Router::new()
}
