//! An operation as the calls it is made of, one after the other: names are resolved before they are used, `sendall` is
//! send until all is taken, `select` is one poll. It waits for nobody: it says what to call next, and is told how it
//! ended.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use proto::{
    address::{self, UnixName},
    call::{Call, CallError, Family, Flags, Kind, OptionValue, PollEvents, Value as Returned, Wait},
    id::Fd,
};
use serde::{Deserialize, Serialize};

use super::{
    names,
    operation::{Address, Operation},
    value::Value,
};

/// A call to be made now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// The call.
    pub call: Call,
    /// The bytes that go with a send.
    pub payload: Vec<u8>,
    /// How long it may wait.
    pub wait: Wait,
}

/// What comes next.
#[derive(Clone, Debug, PartialEq)]
pub enum Progress {
    /// Make this call.
    Call(Request),
    /// All done, with Python's value.
    Done(Value),
    /// A call failed, and with it the operation.
    Failed(CallError),
}

/// What is known of the socket an operation acts on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setting {
    /// Its family.
    pub family: Family,
    /// How long its calls may wait: `settimeout`.
    pub wait: Wait,
}

impl Default for Setting {
    fn default() -> Self {
        Self { family: Family::Inet, wait: Wait::Forever }
    }
}

/// An operation under way.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    operation: Operation,
    setting: Setting,
    /// Bytes that the kernel has taken so far: sendall.
    taken: usize,
}

impl Plan {
    /// Begins an operation.
    pub fn begin(operation: Operation, setting: Setting) -> (Self, Progress) {
        let plan = Self { operation, setting, taken: 0 };
        let progress = plan.first();
        (plan, progress)
    }

    /// What the plan is for.
    pub fn operation(&self) -> &Operation {
        &self.operation
    }

    fn first(&self) -> Progress {
        match &self.operation {
            Operation::Bind { address, .. }
            | Operation::Connect { address, .. }
            | Operation::SendTo { address, .. } => match address {
                Address::Unix(name) => self.addressed(*name),
                Address::Host { host, port } => match numeric(host, self.setting.family) {
                    Some(ip) => self.addressed((ip, *port).into()),
                    None => self.resolve(host, *port),
                },
            },
            Operation::GetAddrInfo { host, port, family, .. } => {
                call(Call::Resolve { name: host.clone(), family: *family, port: *port }, Wait::Forever)
            }
            Operation::GetHostByName { host } => {
                call(Call::Resolve { name: host.clone(), family: Some(Family::Inet), port: 0 }, Wait::Forever)
            }
            Operation::Ping { host, count } => {
                call(Call::Ping { name: host.clone(), count: *count }, Wait::Forever)
            }
            Operation::SetTimeout { .. } => Progress::Done(Value::None),
            _ => self.plain(),
        }
    }

    fn resolve(&self, host: &str, port: u16) -> Progress {
        let family = Some(self.setting.family);
        call(Call::Resolve { name: host.to_owned(), family, port }, Wait::Forever)
    }

    /// The operations that are one call without an address.
    fn plain(&self) -> Progress {
        let wait = self.setting.wait;
        match self.operation.clone() {
            Operation::Socket { family, kind } => call(Call::Socket { family, kind }, Wait::Forever),
            Operation::SocketPair { family, kind } => call(Call::SocketPair { family, kind }, Wait::Forever),
            Operation::Listen { fd, backlog } => call(Call::Listen { fd, backlog }, Wait::Forever),
            Operation::Accept { fd } => call(Call::Accept { fd }, wait),
            Operation::Send { fd, bytes, flags } => self.send(fd, bytes, flags),
            Operation::SendAll { fd, bytes, flags } => {
                self.send(fd, bytes[self.taken.min(bytes.len())..].to_vec(), flags)
            }
            Operation::Recv { fd, max, flags } => call(Call::Recv { fd, flags, max }, wait),
            Operation::RecvFrom { fd, max, flags } => call(Call::RecvFrom { fd, flags, max }, wait),
            Operation::Shutdown { fd, how } => call(Call::Shutdown { fd, how }, Wait::Forever),
            Operation::Close { fd } => call(Call::Close { fd }, Wait::Forever),
            Operation::GetSockName { fd } => call(Call::GetSockName { fd }, Wait::Forever),
            Operation::GetPeerName { fd } => call(Call::GetPeerName { fd }, Wait::Forever),
            Operation::SetSockOpt { fd, name, value } => {
                call(Call::SetSockOpt { fd, name, value }, Wait::Forever)
            }
            Operation::GetSockOpt { fd, name } => call(Call::GetSockOpt { fd, name }, Wait::Forever),
            Operation::Poll { fds, wait } => call(Call::Poll { fds }, wait),
            Operation::Select { read, write, except, wait } => {
                call(Call::Poll { fds: asked(&read, &write, &except) }, wait)
            }
            _ => Progress::Done(Value::None),
        }
    }

    fn send(&self, fd: Fd, payload: Vec<u8>, flags: Flags) -> Progress {
        let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
        Progress::Call(Request { call: Call::Send { fd, flags, length }, payload, wait: self.setting.wait })
    }

    /// The operation's main call, now that the address is known.
    fn addressed(&self, address: address::Address) -> Progress {
        let wait = self.setting.wait;
        match &self.operation {
            Operation::Bind { fd, .. } => call(Call::Bind { fd: *fd, address }, Wait::Forever),
            Operation::Connect { fd, .. } => call(Call::Connect { fd: *fd, address }, wait),
            Operation::SendTo { fd, bytes, flags, .. } => {
                let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
                let call = Call::SendTo { fd: *fd, flags: *flags, address, length };
                Progress::Call(Request { call, payload: bytes.clone(), wait })
            }
            _ => Progress::Done(Value::None),
        }
    }

    /// Goes on after the last call asked for has returned `returned`; `bytes` are those it received.
    pub fn returned(&mut self, returned: &Returned, bytes: &[u8]) -> Progress {
        match (&self.operation, returned) {
            (Operation::GetAddrInfo { .. }, Returned::Addresses { addresses, .. }) => {
                Progress::Done(self.address_list(addresses))
            }
            (Operation::GetHostByName { .. }, Returned::Addresses { addresses, .. }) => {
                Progress::Done(addresses.first().map_or(Value::None, |ip| Value::Str(ip.to_string())))
            }
            (
                Operation::Bind { address: Address::Host { port, .. }, .. }
                | Operation::Connect { address: Address::Host { port, .. }, .. }
                | Operation::SendTo { address: Address::Host { port, .. }, .. },
                Returned::Addresses { addresses, .. },
            ) => match addresses.first() {
                Some(ip) => self.addressed((*ip, *port).into()),
                None => Progress::Failed(CallError::Resolve(proto::call::ResolveError::NoData)),
            },
            (Operation::SendAll { bytes, .. }, Returned::Sent(count)) => {
                self.taken += *count as usize;
                if self.taken < bytes.len() && *count > 0 {
                    self.plain()
                } else {
                    Progress::Done(Value::None)
                }
            }
            (Operation::Select { read, write, except, .. }, Returned::Ready(ready)) => {
                Progress::Done(selected(read, write, except, ready))
            }
            (_, returned) => Progress::Done(value(returned, bytes)),
        }
    }

    fn address_list(&self, addresses: &[IpAddr]) -> Value {
        let Operation::GetAddrInfo { port, kind, .. } = &self.operation else { return Value::None };
        let wanted: Vec<Kind> = kind.map_or_else(|| Kind::ALL.to_vec(), |kind| vec![kind]);
        let rows = addresses.iter().flat_map(|ip| wanted.iter().map(move |kind| (ip, kind)));
        Value::List(
            rows.map(|(ip, kind)| {
                let family = if ip.is_ipv4() { Family::Inet } else { Family::Inet6 };
                Value::Tuple(vec![
                    names::family_value(family),
                    names::kind_value(*kind),
                    Value::Int(kind.protocol().into()),
                    Value::Str(String::new()),
                    pair(&SocketAddr::new(*ip, *port)),
                ])
            })
            .collect(),
        )
    }
}

fn call(call: Call, wait: Wait) -> Progress {
    Progress::Call(Request { call, payload: Vec::new(), wait })
}

/// The address a host stands for without asking anybody: numeric, `''` or `<broadcast>`.
fn numeric(host: &str, family: Family) -> Option<IpAddr> {
    match (host, family) {
        ("", Family::Inet) => Some(Ipv4Addr::UNSPECIFIED.into()),
        ("", Family::Inet6) => Some(Ipv6Addr::UNSPECIFIED.into()),
        (_, Family::Unix) => None,
        ("<broadcast>", _) => Some(Ipv4Addr::BROADCAST.into()),
        (host, _) => host.parse().ok(),
    }
}

/// An address of any family as CPython returns it.
pub fn written(address: &address::Address) -> Value {
    match address {
        address::Address::Ip(address) => pair(address),
        address::Address::Unix(UnixName::Unnamed) => Value::Str(String::new()),
        address::Address::Unix(UnixName::Path(path)) => {
            Value::Str(String::from_utf8_lossy(path.as_bytes()).into_owned())
        }
        address::Address::Unix(UnixName::Abstract(name)) => Value::Bytes([b"\0", name.as_bytes()].concat()),
    }
}

/// An IP address with its port as CPython returns it.
pub fn pair(address: &SocketAddr) -> Value {
    let mut items = vec![Value::Str(address.ip().to_string()), Value::Int(i64::from(address.port()))];
    if address.is_ipv6() {
        items.extend([Value::Int(0), Value::Int(0)]);
    }
    Value::Tuple(items)
}

/// What CPython's method returns where the kernel returned this.
fn value(returned: &Returned, bytes: &[u8]) -> Value {
    match returned {
        Returned::Done => Value::None,
        Returned::Descriptor(fd) => Value::Socket(*fd),
        Returned::Accepted { fd, peer } => Value::Tuple(vec![Value::Socket(*fd), written(peer)]),
        Returned::Sent(count) => Value::Int(i64::from(*count)),
        Returned::Received { .. } => Value::Bytes(bytes.to_vec()),
        Returned::ReceivedFrom { from, .. } => {
            Value::Tuple(vec![Value::Bytes(bytes.to_vec()), from.as_ref().map_or(Value::None, written)])
        }
        Returned::Address(address) => written(address),
        Returned::Interfaces(interfaces) => Value::List(
            interfaces
                .iter()
                .map(|(index, name)| {
                    Value::Tuple(vec![Value::Int(i64::from(*index)), Value::Str(name.clone())])
                })
                .collect(),
        ),
        Returned::Pair(one, other) => Value::Tuple(vec![Value::Socket(*one), Value::Socket(*other)]),
        Returned::Option(OptionValue::Bool(on)) => Value::Int(i64::from(*on)),
        Returned::Option(OptionValue::Int(number)) => Value::Int(i64::from(*number)),
        Returned::Option(OptionValue::Linger(time)) => {
            let pair = [i32::from(time.is_some()), i32::from(time.unwrap_or(0))];
            Value::Bytes(pair.iter().flat_map(|number| number.to_le_bytes()).collect())
        }
        Returned::Option(OptionValue::Bytes(bytes)) => Value::Bytes(bytes.clone()),
        Returned::Ready(ready) => Value::List(
            ready
                .iter()
                .map(|(fd, events)| {
                    Value::Tuple(vec![Value::Int(i64::from(fd.0)), Value::Int(i64::from(events.0))])
                })
                .collect(),
        ),
        Returned::ReceivedMsg { from, .. } => {
            Value::Tuple(vec![Value::Bytes(bytes.to_vec()), from.as_ref().map_or(Value::None, written)])
        }
        Returned::Events(told) => Value::List(
            told.iter()
                .map(|(fd, events)| {
                    Value::Tuple(vec![Value::Int(i64::from(fd.0)), Value::Int(i64::from(events.0))])
                })
                .collect(),
        ),
        Returned::Addresses { addresses, .. } => {
            Value::List(addresses.iter().map(|ip| Value::Str(ip.to_string())).collect())
        }
        // Milliseconds; None for an echo nobody answered.
        Returned::Pinged { round_trips, .. } => Value::List(
            round_trips
                .iter()
                .map(|time| time.map_or(Value::None, |time| Value::Float(milliseconds(time))))
                .collect(),
        ),
    }
}

/// Nanoseconds as milliseconds with three decimals.
#[allow(clippy::cast_precision_loss, reason = "three decimals of a millisecond are wanted, no more")]
pub fn milliseconds(nanoseconds: u64) -> f64 {
    (nanoseconds as f64 / 1000.0).round() / 1000.0
}

/// The events of poll(2) that select(2) asks for.
fn asked(read: &[Fd], write: &[Fd], except: &[Fd]) -> Vec<(Fd, PollEvents)> {
    let mut fds: Vec<(Fd, PollEvents)> = Vec::new();
    for (list, bits) in [(read, PollEvents::IN), (write, PollEvents::OUT), (except, PollEvents::PRI)] {
        for fd in list {
            match fds.iter_mut().find(|(known, _)| known == fd) {
                Some((_, events)) => events.0 |= bits.0,
                None => fds.push((*fd, bits)),
            }
        }
    }
    fds
}

/// What select(2) returns for poll's answer, select(2) "Correspondence between select() and poll()".
fn selected(read: &[Fd], write: &[Fd], except: &[Fd], ready: &[(Fd, PollEvents)]) -> Value {
    let ends = PollEvents::ERR.0 | PollEvents::HUP.0;
    let list = |fds: &[Fd], bits: u16| {
        let has = |fd: &&Fd| ready.iter().any(|(known, events)| known == *fd && events.0 & bits != 0);
        Value::List(fds.iter().filter(has).map(|fd| Value::Socket(*fd)).collect())
    };
    Value::Tuple(vec![
        list(read, PollEvents::IN.0 | ends),
        list(write, PollEvents::OUT.0 | PollEvents::ERR.0),
        list(except, PollEvents::PRI.0),
    ])
}

#[cfg(test)]
mod tests {
    use std::net::IpAddr;

    use proto::{
        call::{Call, Flags, PollEvents, Value as Returned, Wait},
        id::Fd,
    };

    use super::{Plan, Progress, Setting};
    use crate::console::{
        operation::{Address, Operation},
        value::Value,
    };

    fn begin(operation: Operation) -> (Plan, Progress) {
        Plan::begin(operation, Setting::default())
    }

    fn asked(progress: Progress) -> Call {
        match progress {
            Progress::Call(request) => request.call,
            other => panic!("{other:?}"),
        }
    }

    fn connect(host: &str) -> Operation {
        Operation::Connect { fd: Fd(3), address: Address::Host { host: host.into(), port: 12345 } }
    }

    #[test]
    fn a_name_is_resolved_before_connect() {
        let (mut plan, progress) = begin(connect("tutorial"));
        assert!(matches!(asked(progress), Call::Resolve { name, port: 12345, .. } if name == "tutorial"));
        let ip: IpAddr = "10.0.0.10".parse().expect("address");
        let progress = plan.returned(&Returned::Addresses { addresses: vec![ip], from_room: true }, b"");
        assert_eq!(asked(progress), Call::Connect { fd: Fd(3), address: (ip, 12345).into() });
        assert_eq!(plan.returned(&Returned::Done, b""), Progress::Done(Value::None));
    }

    #[test]
    fn a_numeric_address_is_not() {
        assert!(matches!(asked(begin(connect("10.0.0.1")).1), Call::Connect { .. }));
        assert!(
            matches!(asked(begin(connect("")).1), Call::Connect { address, .. } if address.ip().is_some_and(|ip| ip.is_unspecified()))
        );
    }

    #[test]
    fn sendall_goes_on_until_all_is_taken() {
        let operation = Operation::SendAll { fd: Fd(3), bytes: b"abcdef".to_vec(), flags: Flags::default() };
        let (mut plan, _) = begin(operation);
        let Progress::Call(second) = plan.returned(&Returned::Sent(4), b"") else { panic!("a second send") };
        assert_eq!(second.payload, b"ef");
        assert_eq!(plan.returned(&Returned::Sent(2), b""), Progress::Done(Value::None));
    }

    #[test]
    fn select_is_one_poll() {
        let operation = Operation::Select {
            read: vec![Fd(3)],
            write: vec![Fd(3), Fd(4)],
            except: vec![],
            wait: Wait::No,
        };
        let (mut plan, progress) = begin(operation);
        assert_eq!(
            asked(progress),
            Call::Poll { fds: vec![(Fd(3), PollEvents(5)), (Fd(4), PollEvents::OUT)] }
        );
        let Progress::Done(value) = plan.returned(&Returned::Ready(vec![(Fd(3), PollEvents::HUP)]), b"")
        else {
            panic!("done")
        };
        assert_eq!(value.repr(), "([<socket.socket fd=3>], [], [])");
    }
}
