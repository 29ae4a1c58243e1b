//! Refusals as the client sees them: one JSON shape, never an errno and never anything from inside. For whom a browser
//! shows them to, see [`super::words`].

use std::time::Duration;

use axum::{
    Json,
    body::Body,
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use serde::{Serialize, Serializer, ser::SerializeMap as _};

use proto::limits::Limit;

use super::{request_id::RequestId, rule::HttpRule};
use crate::{drain::Drain, limit_reached::LimitReached, origin::OriginError};

/// Where an answer names the request that failed.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Why a request is refused. The body is `{class, rule | limit and value, message}`, for a failure `request`, and `next` where
/// another server does what this one does no more.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Refused {
    #[serde(skip)]
    status: StatusCode,
    class: Class,
    #[serde(flatten)]
    reason: Reason,
    message: String,
    /// What the request is called in the log, where it has a line there.
    #[serde(skip_serializing_if = "Option::is_none")]
    request: Option<Box<str>>,
    /// Where there are new rooms instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Box<str>>,
    /// Seconds after which trying again may help.
    #[serde(skip)]
    retry_after: Option<u32>,
    /// Whether the connection ends with it.
    #[serde(skip)]
    close: bool,
}

/// The rule or the limit by which a request is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reason {
    /// A rule.
    Rule(HttpRule),
    /// A limit.
    Limit(LimitReached),
}

impl Reason {
    /// The name in `/limits`, in the log and in the metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rule(rule) => rule.name(),
            Self::Limit(reached) => reached.limit.name(),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        match self {
            Self::Rule(rule) => map.serialize_entry("rule", rule.name())?,
            Self::Limit(LimitReached { limit, value }) => {
                map.serialize_entry("limit", limit.name())?;
                map.serialize_entry("value", value)?;
            }
        }
        map.end()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Class {
    Limit,
    Policy,
    Protocol,
    Unavailable,
}

impl Refused {
    fn new(status: StatusCode, class: Class, reason: Reason, message: impl Into<String>) -> Self {
        Self {
            status,
            class,
            reason,
            message: message.into(),
            request: None,
            next: None,
            retry_after: None,
            close: false,
        }
    }

    /// A rule of ours forbids it.
    pub(crate) fn policy(rule: HttpRule, message: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, Class::Policy, Reason::Rule(rule), message)
    }

    /// The request breaks the protocol.
    pub(crate) fn protocol(rule: HttpRule, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, Class::Protocol, Reason::Rule(rule), message)
    }

    /// A limit was reached.
    pub(crate) fn limit(status: StatusCode, limit: Limit, value: u64) -> Self {
        let reached = LimitReached { limit, value };
        Self::new(status, Class::Limit, Reason::Limit(reached), reached.to_string())
    }

    /// A limit that is the same for every server was reached.
    pub(crate) fn over(status: StatusCode, limit: Limit) -> Self {
        Self::limit(status, limit, limit.value())
    }

    /// A body comes with its length.
    pub(crate) fn length_required() -> Self {
        let message = "a request's body has to come with a Content-Length and without a Transfer-Encoding";
        Self { status: StatusCode::LENGTH_REQUIRED, close: true, ..Self::protocol(HttpRule::Length, message) }
    }

    /// This server speaks another version of the WebSocket protocol.
    pub(crate) fn upgrade_required() -> Self {
        let message = "this server speaks version 13 of the WebSocket protocol";
        Self { status: StatusCode::UPGRADE_REQUIRED, ..Self::protocol(HttpRule::WebSocketVersion, message) }
    }

    /// There is nothing at this address.
    pub(crate) fn not_found() -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            ..Self::protocol(HttpRule::Path, "there is nothing at this address")
        }
    }

    /// The server is going away. That may take as long as its rooms last, or a moment once it closes its sessions.
    pub(crate) fn draining(drain: &Drain) -> Self {
        if drain.is_begun() {
            return Self::ending();
        }
        let message =
            "this server is going away: it makes nothing new until it has ended, which may be hours from now";
        Self::unavailable(HttpRule::Draining, message)
    }

    /// The server ends within seconds.
    pub(crate) fn ending() -> Self {
        let message = "this server is just ending; try again in a moment";
        Self { retry_after: Some(1), ..Self::unavailable(HttpRule::Draining, message) }
    }

    /// What a server says that is going away: where its operator says that new rooms are made meanwhile.
    pub(crate) fn instead(&mut self, next: &str) {
        if self.reason == Reason::Rule(HttpRule::Draining) {
            self.message = format!("{}; {next} is there instead", self.message);
            self.next = Some(next.into());
        }
    }

    /// This server cannot do it as it was started; the message says what is missing and the remedy.
    pub(crate) fn unavailable(rule: HttpRule, message: impl Into<String>) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, Class::Unavailable, Reason::Rule(rule), message)
    }

    /// The same refusal with another status.
    pub(crate) fn with_status(self, status: StatusCode) -> Self {
        Self { status, ..self }
    }

    /// The same refusal, which may be none after so long.
    pub(crate) fn with_retry(self, after: Duration) -> Self {
        Self { retry_after: u32::try_from(after.as_secs()).ok(), ..self }
    }

    /// Whether trying again soon may help.
    pub(crate) fn may_pass(&self) -> bool {
        self.retry_after.is_some()
    }

    /// The status of the answer.
    pub(crate) fn status(&self) -> StatusCode {
        self.status
    }

    /// What is said about it, as a sentence begins and without its end.
    pub(crate) fn message(&self) -> &str {
        &self.message
    }

    /// Whether whoever asked could not know that it would fail: the log has a line about it.
    pub(crate) fn is_failure(&self) -> bool {
        self.status.is_server_error()
            || matches!(self.status, StatusCode::TOO_MANY_REQUESTS | StatusCode::REQUEST_TIMEOUT)
    }

    /// Whether it says that there is no such class.
    pub(crate) fn is_no_class(&self) -> bool {
        self.status == StatusCode::NOT_FOUND && self.reason == Reason::Rule(HttpRule::Class)
    }

    /// What the request is called in the log, where it has a line there.
    pub(crate) fn request(&self) -> Option<&str> {
        self.request.as_deref()
    }

    /// Where there are new rooms instead.
    pub(crate) fn next(&self) -> Option<&str> {
        self.next.as_deref()
    }

    /// Puts the request's name into it, and into the answer that was made of it.
    pub(crate) fn name(&mut self, id: &RequestId, response: &mut Response) {
        self.request = Some(id.as_str().into());
        if let Ok(name) = HeaderValue::from_str(id.as_str()) {
            response.headers_mut().insert(REQUEST_ID, name);
        }
        if let Ok(body) = serde_json::to_vec(&*self) {
            response.headers_mut().remove(header::CONTENT_LENGTH);
            *response.body_mut() = Body::from(body);
        }
    }

    /// The rule or the limit.
    pub(crate) fn reason(&self) -> Reason {
        self.reason
    }
}

impl From<LimitReached> for Refused {
    fn from(reached: LimitReached) -> Self {
        // What one address has too much of is its own doing; a full server is not.
        let status = if reached.is_of_address() {
            StatusCode::TOO_MANY_REQUESTS
        } else {
            StatusCode::SERVICE_UNAVAILABLE
        };
        Self { retry_after: Some(5), ..Self::limit(status, reached.limit, reached.value) }
    }
}

impl From<OriginError> for Refused {
    fn from(stranger: OriginError) -> Self {
        let message = stranger.to_string();
        match stranger {
            OriginError::NoHost => Self::protocol(HttpRule::Host, message),
            OriginError::Host => Self::policy(HttpRule::Host, message),
            OriginError::NoOrigin | OriginError::Origin => Self::policy(HttpRule::Origin, message),
        }
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        if self.close {
            response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        if self.status == StatusCode::UPGRADE_REQUIRED {
            // RFC 9110, 15.5.22, and RFC 6455, 4.4.
            response.headers_mut().insert(header::UPGRADE, HeaderValue::from_static("websocket"));
            response.headers_mut().insert(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static("13"));
        }
        response.extensions_mut().insert(self);
        response
    }
}

/// For every route, where the method is none of its own.
pub(crate) async fn method_not_allowed() -> Refused {
    Refused::protocol(HttpRule::Method, "this address does not know that method")
        .with_status(StatusCode::METHOD_NOT_ALLOWED)
}
