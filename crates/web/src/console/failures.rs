//! Failures of the page's own calls, as its library tells them: in a trace record's JSON form.

use proto::{
    call::{CallError, ResolveError},
    errno::Errno,
};
use serde_json::Value as Json;

/// The failure: `{ class: "errno", errno: 111 }`.
pub fn failure(error: &Json) -> CallError {
    let taken = number(error, "taken").unwrap_or(0);
    let rule = || text(error, "rule").unwrap_or_default();
    match error.get("class").and_then(Json::as_str) {
        Some("errno") => CallError::Errno { errno: Errno(number(error, "errno").unwrap_or(0)), taken },
        Some("timed_out") => CallError::TimedOut { taken },
        Some("resolve") => CallError::Resolve(resolve(text(error, "name").unwrap_or_default().as_str())),
        Some("policy") => CallError::Policy { rule: rule(), value: text(error, "value").unwrap_or_default() },
        Some("limit") => CallError::Limit {
            limit: text(error, "limit").unwrap_or_default(),
            value: error.get("value").and_then(Json::as_u64).unwrap_or(0),
        },
        _ => CallError::Protocol { rule: rule() },
    }
}

fn resolve(name: &str) -> ResolveError {
    ResolveError::ALL.iter().copied().find(|error| error.name() == name).unwrap_or(ResolveError::Fail)
}

fn text(of: &Json, field: &str) -> Option<String> {
    of.get(field)?.as_str().map(str::to_owned)
}

fn number<T: TryFrom<i64>>(of: &Json, field: &str) -> Option<T> {
    T::try_from(of.get(field)?.as_i64()?).ok()
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{CallError, ResolveError},
        errno::Errno,
        limits::Limit,
    };

    use super::failure;
    use crate::record::error;

    #[test]
    fn failures_survive_the_records_json() {
        for failed in [
            CallError::Errno { errno: Errno::EINVAL, taken: 3 },
            CallError::TimedOut { taken: 0 },
            CallError::Resolve(ResolveError::Fail),
            CallError::Policy { rule: "a rule".into(), value: "x".into() },
            CallError::Limit { limit: Limit::Sockets.name().into(), value: 512 },
            CallError::Protocol { rule: "another".into() },
        ] {
            let json = serde_json::to_value(error(&failed)).expect("JSON");
            assert_eq!(failure(&json), failed, "{json}");
        }
    }
}
