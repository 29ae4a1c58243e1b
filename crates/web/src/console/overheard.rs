//! Calls that somebody else made, from the trace's JSON form: the same history, to be read only.

use std::net::{IpAddr, SocketAddr};

use base64::{Engine as _, engine::general_purpose::STANDARD as BASE64};
use proto::{
    call::{
        Call, CallError, Family, Flags, How, Kind, OptionName, OptionValue, Outcome, PollEvents,
        Value as Returned,
    },
    errno::Errno,
    id::Fd,
};
use serde::Deserialize;
use serde_json::Value as Json;

/// A call's record, at its begin or its end, as `room.trace()` gives it.
#[derive(Clone, Debug, Deserialize)]
pub struct Heard {
    /// The same at begin and end.
    pub id: u64,
    /// `begin` or `end`.
    pub phase: String,
    /// The name in the man pages.
    #[serde(default)]
    pub call: Option<String>,
    /// Who made it.
    #[serde(default)]
    pub by: Option<String>,
    /// The program's name.
    #[serde(default)]
    pub program: Option<String>,
    /// The descriptor it acts on.
    #[serde(default)]
    pub fd: Option<i32>,
    /// Its other arguments.
    #[serde(default)]
    pub args: Json,
    /// What it returned.
    #[serde(default)]
    pub result: Json,
    /// Why it failed.
    #[serde(default)]
    pub error: Json,
}

impl Heard {
    /// The call with its arguments; none where the record does not hold one.
    pub fn call(&self) -> Option<Call> {
        let fd = self.fd.map(Fd);
        let args = &self.args;
        let name = || text(args, "name");
        Some(match self.call.as_deref()? {
            "socket" => {
                Call::Socket { family: family(&text(args, "family")?)?, kind: kind(&text(args, "type")?)? }
            }
            "bind" => Call::Bind { fd: fd?, address: address(args)? },
            "connect" => Call::Connect { fd: fd?, address: address(args)? },
            "listen" => Call::Listen { fd: fd?, backlog: number(args, "backlog")? },
            "accept" => Call::Accept { fd: fd? },
            "send" => Call::Send { fd: fd?, flags: flags(args), length: number(args, "length")? },
            "sendto" => Call::SendTo {
                fd: fd?,
                flags: flags(args),
                address: address(args)?,
                length: number(args, "length")?,
            },
            "recv" => Call::Recv { fd: fd?, flags: flags(args), max: number(args, "max")? },
            "recvfrom" => Call::RecvFrom { fd: fd?, flags: flags(args), max: number(args, "max")? },
            "shutdown" => Call::Shutdown { fd: fd?, how: how(&text(args, "how")?)? },
            "close" => Call::Close { fd: fd? },
            "getsockname" => Call::GetSockName { fd: fd? },
            "getpeername" => Call::GetPeerName { fd: fd? },
            "setsockopt" => Call::SetSockOpt {
                fd: fd?,
                name: option(&name()?)?,
                value: option_value(args.get("value")?)?,
            },
            "getsockopt" => Call::GetSockOpt { fd: fd?, name: option(&name()?)? },
            "poll" => Call::Poll { fds: polled(args.get("fds")?) },
            "getaddrinfo" => Call::Resolve {
                name: name()?,
                family: text(args, "family").and_then(|name| family(&name)),
                port: number(args, "port").unwrap_or(0),
            },
            "ping" => Call::Ping { name: name()?, count: number(args, "count")? },
            _ => return None,
        })
    }

    /// The first bytes of what it sent.
    pub fn sent(&self) -> Vec<u8> {
        bytes(&self.args)
    }

    /// The first bytes of what it received.
    pub fn received(&self) -> Vec<u8> {
        bytes(&self.result)
    }

    /// How `call` ended.
    pub fn outcome(&self, call: &Call) -> Outcome {
        if !self.error.is_null() {
            return Err(failure(&self.error));
        }
        Ok(returned(call, &self.result).unwrap_or(Returned::Done))
    }
}

fn text(of: &Json, field: &str) -> Option<String> {
    of.get(field)?.as_str().map(str::to_owned)
}

fn number<T: TryFrom<i64>>(of: &Json, field: &str) -> Option<T> {
    T::try_from(of.get(field)?.as_i64()?).ok()
}

fn parsed<T: std::str::FromStr>(of: &Json, field: &str) -> Option<T> {
    of.get(field)?.as_str()?.parse().ok()
}

fn address(of: &Json) -> Option<SocketAddr> {
    parsed(of, "address")
}

fn family(name: &str) -> Option<Family> {
    Family::named(name)
}

fn kind(name: &str) -> Option<Kind> {
    Kind::named(name)
}

fn how(name: &str) -> Option<How> {
    How::named(name)
}

fn option(name: &str) -> Option<OptionName> {
    OptionName::named(name)
}

fn option_value(value: &Json) -> Option<OptionValue> {
    if let Some(on) = value.as_bool() {
        return Some(OptionValue::Bool(on));
    }
    if let Some(number) = value.as_i64() {
        return i32::try_from(number).ok().map(OptionValue::Int);
    }
    value.as_object()?;
    Some(OptionValue::Linger(number(value, "linger")))
}

fn flags(of: &Json) -> Flags {
    Flags::named(strings(of.get("flags")))
}

fn strings(of: Option<&Json>) -> Vec<&str> {
    of.and_then(Json::as_array)
        .map(|items| items.iter().filter_map(Json::as_str).collect())
        .unwrap_or_default()
}

fn polled(list: &Json) -> Vec<(Fd, PollEvents)> {
    let entry =
        |item: &Json| Some((Fd(number(item, "fd")?), PollEvents::short_named(strings(item.get("events")))));
    list.as_array().map(|items| items.iter().filter_map(entry).collect()).unwrap_or_default()
}

fn bytes(of: &Json) -> Vec<u8> {
    text(of, "data").and_then(|data| BASE64.decode(data).ok()).unwrap_or_default()
}

fn returned(call: &Call, result: &Json) -> Option<Returned> {
    Some(match call {
        Call::Socket { .. } => Returned::Descriptor(Fd(number(result, "fd")?)),
        Call::Accept { .. } => {
            Returned::Accepted { fd: Fd(number(result, "fd")?), peer: parsed(result, "peer")? }
        }
        Call::Send { .. } | Call::SendTo { .. } => Returned::Sent(number(result, "sent")?),
        Call::Recv { .. } => Returned::Received { length: number(result, "length")? },
        Call::RecvFrom { .. } => {
            Returned::ReceivedFrom { length: number(result, "length")?, from: parsed(result, "from") }
        }
        Call::GetSockName { .. } | Call::GetPeerName { .. } => Returned::Address(address(result)?),
        Call::GetSockOpt { .. } => Returned::Option(option_value(result.get("value")?)?),
        Call::Poll { .. } => Returned::Ready(polled(result.get("ready")?)),
        Call::Resolve { .. } => Returned::Addresses {
            addresses: strings(result.get("addresses")).iter().filter_map(|ip| ip.parse().ok()).collect(),
            from_room: result.get("from_room").and_then(Json::as_bool).unwrap_or(true),
        },
        Call::Ping { .. } => Returned::Pinged {
            address: parsed::<IpAddr>(result, "address")?,
            round_trips: result.get("round_trips")?.as_array()?.iter().map(Json::as_u64).collect(),
            sent: result.get("sent").and_then(Json::as_bool).unwrap_or(true),
        },
        _ => Returned::Done,
    })
}

/// A failure in the trace's JSON form, which is also how the page tells of its own calls' failures.
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

fn resolve(name: &str) -> proto::call::ResolveError {
    use proto::call::ResolveError;
    ResolveError::ALL.iter().copied().find(|error| error.name() == name).unwrap_or(ResolveError::Fail)
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{Call, CallError, Outcome, Value as Returned, Wait},
        errno::Errno,
        id::{CallRef, HostId, MemberId, ProgramId},
        trace::{CallBegin, CallEnd, Data, Event, What},
    };

    use super::Heard;
    use crate::record::{Names, record};

    fn heard(what: What, names: &mut Names) -> Heard {
        let event = Event { seq: 1, time: 0, what };
        names.learn(&event);
        serde_json::from_value(serde_json::to_value(record(&event, names)).expect("JSON")).expect("heard")
    }

    fn begin(call: Call, data: &[u8]) -> What {
        What::CallBegin(CallBegin {
            id: CallRef(7),
            by: Some(MemberId(1)),
            host: HostId(1),
            program: ProgramId(1),
            call,
            data: Data::of(data),
            socket: None,
            line: None,
            thread: None,
        })
    }

    fn end(outcome: Outcome, data: &[u8]) -> What {
        What::CallEnd(CallEnd {
            id: CallRef(7),
            outcome,
            data: Data::of(data),
            socket: None,
            elapsed: 1,
            outside: false,
        })
    }

    #[test]
    fn every_call_survives_the_records_json() {
        let mut names = Names::default();
        for (call, _wait) in crate::console::code::samples() {
            let heard = heard(begin(call.clone(), b"hi\n"), &mut names);
            // The payload's length is the record's, not the sample's.
            match (&call, heard.call()) {
                (Call::Send { .. } | Call::SendTo { .. }, Some(found)) => {
                    assert_eq!(found.name(), call.name())
                }
                (_, found) => assert_eq!(found, Some(call)),
            }
        }
        let _ = Wait::Forever;
    }

    #[test]
    fn results_and_failures_survive() {
        let mut names = Names::default();
        let accept = Call::Accept { fd: proto::id::Fd(3) };
        let peer = "10.0.0.2:40000".parse().expect("address");
        let outcomes: [(Call, Outcome); 3] = [
            (accept.clone(), Ok(Returned::Accepted { fd: proto::id::Fd(4), peer })),
            (accept.clone(), Err(CallError::errno(Errno::EINVAL))),
            (accept, Err(CallError::Policy { rule: "a rule".into(), value: "x".into() })),
        ];
        for (call, outcome) in outcomes {
            assert_eq!(heard(end(outcome.clone(), b""), &mut names).outcome(&call), outcome);
        }
    }
}
