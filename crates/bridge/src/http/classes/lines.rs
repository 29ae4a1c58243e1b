//! Streams of JSON, an object a line, that go on until the class is over.

use std::{future::Future, io, sync::Arc};

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, header},
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use serde_json::json;

use crate::classes::Class;

/// An answer whose lines are what `next` gives, one after the other; its last line says why there are no more. `next` waits
/// until there is something to say.
pub(super) fn answer<S, F>(
    class: Arc<Class>,
    source: S,
    next: impl Fn(Arc<Class>, S) -> F + Send + 'static,
) -> Response
where
    S: Send + 'static,
    F: Future<Output = Option<(String, S)>> + Send + 'static,
{
    let lines = futures_util::stream::unfold(Some((class, source, next)), |state| async move {
        let (class, source, next) = state?;
        let ended = class.ended.clone();
        tokio::select! {
            lines = next(Arc::clone(&class), source) => {
                let (lines, source) = lines?;
                Some((Ok::<_, io::Error>(Bytes::from(lines)), Some((class, source, next))))
            }
            () = ended.cancelled() => {
                let last = format!("{}\n", json!({ "over": class.reason().name() }));
                Some((Ok(Bytes::from(last)), None))
            }
        }
    });
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        // A proxy that gathers it would make news old.
        (HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, Body::from_stream(lines)).into_response()
}
