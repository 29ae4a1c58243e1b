//! What every request passes on its way in, and every answer on its way out.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::{Instant, timeout};
use tracing::Instrument as _;

use super::{error::Refused, headers, keys, request_id::RequestId, rule::HttpRule, words::Reader};
use proto::limits::Limit;

use crate::{origin::Endpoints, shared::Shared};

/// Checks a request, lets it through, and completes the answer.
pub(crate) async fn pass(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let secure = request.extensions().get::<Endpoints>().is_some_and(|ends| ends.secure);
    let allowed = shared.names.allowed_origin(request.headers());
    let reader = Reader::of(&request);
    let opaque = request.headers().get(header::ORIGIN).is_some_and(|origin| origin == headers::OPAQUE);
    let part = part_of(request.uri().path());
    let id = RequestId::new(&shared.config.node);
    // Every line that is written while it is answered has its name.
    let span = tracing::info_span!("request", %id);
    let answering = async {
        match admit(&shared, request, &id).await {
            Ok(request) => {
                let client = request.extensions().get::<Client>().copied();
                let response = next.run(request).await;
                if response.extensions().get::<Refused>().is_some_and(Refused::is_no_class)
                    && let Some(Client(address)) = client
                {
                    shared.quota.missed_class(address, Instant::now());
                }
                response
            }
            Err(refused) => refused.into_response(),
        }
    };
    let mut response = answering.instrument(span.clone()).await;
    let mut refused = response.extensions_mut().remove::<Refused>();
    if let Some(refused) = &mut refused {
        shared.metrics.refused(refused.reason().name());
        if let Some(next) = &shared.config.next {
            refused.instead(next);
        }
        if refused.is_failure() {
            let status = response.status().as_u16();
            span.in_scope(|| {
                tracing::info!(status, reason = refused.reason().name(), part, "a request failed")
            });
            refused.name(&id, &mut response);
        }
    }
    shared.metrics.answered(response.status());
    headers::put(&mut response, opaque);
    if let Some((refused, reader)) = refused.zip(reader) {
        reader.tell(&refused, &mut response);
    }
    if secure && shared.config.tls.as_ref().is_some_and(|tls| tls.strict) {
        response.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, headers::STRICT);
    }
    if let Some(origin) = allowed {
        response.headers_mut().insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
    }
    if shared.names.has_guests() {
        response.headers_mut().append(header::VARY, HeaderValue::from_static("origin"));
    }
    response
}

/// What of this server was asked, in a word of ours: the address itself is a stranger's text.
fn part_of(path: &str) -> &'static str {
    match path.split('/').nth(1) {
        Some("r" | "rooms") => "room",
        Some("s") => "recording",
        Some("c" | "classes") => "class",
        Some("embed" | "oembed") => "embed",
        _ => "page",
    }
}

async fn admit(shared: &Shared, mut request: Request, id: &RequestId) -> Result<Request, Refused> {
    let ends = *request.extensions().get::<Endpoints>().ok_or_else(Refused::not_found)?;
    let host = shared.names.host(ends, request.uri(), request.headers())?;
    // Two lengths for one body are how requests are smuggled past a proxy, and no browser sends a body without a length.
    if request.headers().contains_key(header::TRANSFER_ENCODING) {
        return Err(Refused::length_required());
    }
    let upgrade = request.headers().contains_key(header::UPGRADE);
    if upgrade || !is_safe(request.method()) {
        shared.names.check_origin(ends, &host, request.headers())?;
    }
    if shared.names.is_forwarded(ends, request.headers()) {
        shared.quota.is_forwarded();
    }
    let client = shared.names.client(ends, request.headers());
    // Who is exempt from the limits of one address is this machine's own people.
    let own = shared.quota.is_exempt(client);
    let insider = own || shared.config.metrics_from.iter().any(|network| network.contains(&client));
    // Whoever tries which classes there are learns no more after a while, be there one or not; those who are in one are.
    if request.uri().path().starts_with("/c/")
        && !keys::opens_class(shared, request.uri().path(), request.headers())
    {
        shared.quota.check_missed_classes(client, Instant::now())?;
    }
    request.extensions_mut().insert(Client(client));
    request.extensions_mut().insert(OwnPeople(own));
    request.extensions_mut().insert(Insider(insider));
    request.extensions_mut().insert(id.clone());
    let site = Site(shared.names.site(ends, &host, request.headers()));
    request.extensions_mut().insert(site);
    if upgrade { Ok(request) } else { with_body(shared, request).await }
}

/// The client's address, seen through trusted proxies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Client(pub(crate) std::net::IpAddr);

/// Whether the client is one of this machine's own people, who may do more than read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OwnPeople(pub(crate) bool);

/// Whether the client is told what only the operator needs: version, node and counts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Insider(pub(crate) bool);

/// The origin under which the client knows this server: `https://lab.example`.
#[derive(Clone, Debug)]
pub(crate) struct Site(pub(crate) String);

fn is_safe(method: &Method) -> bool {
    matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS)
}

/// Reads the whole body within its bounds, so that no route has to wait for one.
async fn with_body(shared: &Shared, request: Request) -> Result<Request, Refused> {
    let bytes = shared.config.limits.body_bytes;
    let too_large = || Refused::limit(StatusCode::PAYLOAD_TOO_LARGE, Limit::BodyBytes, bytes as u64);
    if announced(request.headers()).is_some_and(|length| length > bytes as u64) {
        return Err(too_large());
    }
    let (parts, body) = request.into_parts();
    let read = timeout(shared.config.deadlines.body, Limited::new(body, bytes).collect()).await;
    let body = match read {
        Ok(Ok(collected)) => collected.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(too_large()),
        Ok(Err(_)) => return Err(Refused::protocol(HttpRule::Body, "the request's body is broken")),
        Err(_) => {
            let limit = shared.config.deadlines.body.as_millis() as u64;
            return Err(Refused::limit(StatusCode::REQUEST_TIMEOUT, Limit::BodyMs, limit));
        }
    };
    Ok(Request::from_parts(parts, Body::from(body)))
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(header::CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
