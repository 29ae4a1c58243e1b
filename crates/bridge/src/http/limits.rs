//! `GET /limits`: every limit with its name and value, and every rule by its name, as the page shows them.

use std::sync::Arc;

use axum::{Json, extract::State, http::header, response::IntoResponse};
use proto::{
    limits::Limit,
    rules::{PolicyRule, ProtocolRule},
};
use serde_json::{Map, Value, json};

use super::rule::HttpRule;
use crate::{
    egress::{limits::OutsideLimit, rules::all},
    shared::Shared,
};

/// `{"protocol": {name: value}, "server": {name: value}, "outside": {name: value}, "about": {name: {unit, sentence}},
/// "rules": {"policy": {name: sentence}, "protocol": {name: sentence}, "http": {name: sentence},
/// "outside": {name: sentence}}}`.
pub(crate) async fn limits(State(shared): State<Arc<Shared>>) -> impl IntoResponse {
    let (mut protocol, mut server) = (Map::new(), Map::new());
    for &limit in Limit::ALL {
        let value = match limit {
            Limit::BodyMs => u64::try_from(shared.config.deadlines.body.as_millis()).ok(),
            // Where none are kept there is no room for one.
            Limit::ServerShelf if shared.kept.shelf().is_err() => Some(0),
            limit => shared.config.limits.value(limit),
        };
        let group = if value.is_some() { &mut server } else { &mut protocol };
        group.insert(limit.name().to_owned(), value.unwrap_or(limit.value()).into());
    }
    let outside = OutsideLimit::ALL.iter().map(|limit| (limit.name().to_owned(), limit.value().into()));
    let outside: Map<String, Value> = outside.collect();
    let of_rooms = Limit::ALL.iter().map(|limit| (limit.name(), limit.unit(), limit.sentence()));
    let of_outside = OutsideLimit::ALL.iter().map(|limit| (limit.name(), limit.unit(), limit.sentence()));
    let about = of_rooms.chain(of_outside).map(|(name, unit, sentence)| {
        (name.to_owned(), json!({ "unit": unit.name(), "sentence": sentence.trim_start() }))
    });
    let about: Map<String, Value> = about.collect();
    let body = json!({
        "protocol": protocol, "server": server, "outside": outside, "about": about, "rules": rules(),
    });
    ([(header::CACHE_CONTROL, "no-cache")], Json(body))
}

fn rules() -> Value {
    fn by_name<'a>(rules: impl Iterator<Item = (&'a str, &'a str)>) -> Map<String, Value> {
        rules.map(|(name, sentence)| (name.to_owned(), sentence.into())).collect()
    }
    json!({
        "policy": by_name(PolicyRule::ALL.iter().map(|rule| (rule.name(), rule.sentence()))),
        "protocol": by_name(ProtocolRule::ALL.iter().map(|rule| (rule.name(), rule.sentence()))),
        "http": by_name(HttpRule::ALL.iter().map(|rule| (rule.name(), rule.sentence()))),
        "outside": by_name(all().map(|rule| (rule.name, rule.sentence))),
    })
}
