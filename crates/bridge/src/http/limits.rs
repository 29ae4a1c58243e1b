//! `GET /limits`: every limit with its name and value, as the page shows them.

use std::sync::Arc;

use axum::{Json, extract::State, http::header, response::IntoResponse};
use serde_json::{Map, Value};

use super::Shared;

/// `{"protocol": {name: value}, "server": {name: value}}`.
pub(crate) async fn limits(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let protocol = object(proto::limits::TABLE);
    let server = object(&shared.config.limits.table());
    let body = serde_json::json!({ "protocol": protocol, "server": server });
    ([(header::CACHE_CONTROL, "no-cache")], Json(body))
}

fn object(table: &[(&'static str, u64)]) -> Map<String, Value> {
    table.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect()
}
