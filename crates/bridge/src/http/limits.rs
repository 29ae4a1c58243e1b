//! `GET /limits`: every limit with its name and value, as the page shows them.

use std::sync::Arc;

use axum::{Json, extract::State, http::header, response::IntoResponse};
use serde_json::{Map, Value};

use crate::{egress, shared::Shared};

/// `{"protocol": {name: value}, "server": {name: value}, "outside": {name: value}}`.
pub(crate) async fn limits(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let protocol = object(proto::limits::TABLE);
    let mut server = object(&shared.config.limits.table());
    let body = u64::try_from(shared.config.deadlines.body.as_millis()).unwrap_or(u64::MAX);
    server.insert("body-ms".to_owned(), body.into());
    let outside = object(egress::limits::TABLE);
    let body = serde_json::json!({ "protocol": protocol, "server": server, "outside": outside });
    ([(header::CACHE_CONTROL, "no-cache")], Json(body))
}

fn object(table: &[(&'static str, u64)]) -> Map<String, Value> {
    table.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}
