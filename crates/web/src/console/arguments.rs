//! Arguments of the functions that are not methods of a socket, checked in CPython's words.

use proto::{
    call::{Family, Kind, PollEvents, Wait},
    id::Fd,
    limits,
};

use super::{
    addresses::check_host,
    evaluate::{Variables, evaluate},
    fault::Fault,
    integer::integer,
    operation::Operation,
    syntax::Node,
    value::Value,
};

/// The arguments of one call as written.
pub struct Arguments<'a> {
    /// The function's name.
    pub name: &'static str,
    /// Positional arguments.
    pub arguments: &'a [Node],
    /// Keyword arguments.
    pub keywords: &'a [(String, Node)],
    /// Names of the console.
    pub variables: &'a Variables,
    /// Where the call begins.
    pub column: usize,
}

impl Arguments<'_> {
    /// How many positional arguments there are.
    pub fn count(&self) -> usize {
        self.arguments.len()
    }

    /// Where argument `at` begins.
    pub fn column(&self, at: usize) -> usize {
        self.arguments.get(at).map_or(self.column, |node| node.column)
    }

    /// The value of argument `at`.
    pub fn value(&self, at: usize) -> Result<Value, Fault> {
        self.arguments.get(at).map_or(Ok(Value::None), |node| evaluate(node, self.variables))
    }

    /// The integer argument `at`.
    pub fn int(&self, at: usize) -> Result<i64, Fault> {
        integer(&self.value(at)?, self.column(at))
    }

    /// An argument that may be given by position or by name.
    pub fn either(&self, at: usize, name: &str) -> Result<Option<(Value, usize)>, Fault> {
        let node = self
            .arguments
            .get(at)
            .or_else(|| self.keywords.iter().find(|(known, _)| known == name).map(|(_, node)| node));
        node.map(|node| Ok((evaluate(node, self.variables)?, node.column))).transpose()
    }

    /// Refuses keywords that are not in `known`.
    pub fn keywords(&self, function: &str, known: &[&str]) -> Result<(), Fault> {
        match self.keywords.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            Some((name, node)) => {
                let name = crate::visible::excerpt(name, 40);
                Err(Fault::type_error(
                    format!("{function} got an unexpected keyword argument '{name}'"),
                    node.column,
                ))
            }
            None => Ok(()),
        }
    }

    /// Refuses every keyword.
    pub fn no_keywords(&self) -> Result<(), Fault> {
        match self.keywords.first() {
            Some((_, node)) => Err(Fault::type_error(
                format!("socket.{}() takes no keyword arguments", self.name),
                node.column,
            )),
            None => Ok(()),
        }
    }
}

/// `socket.socket(family, type, proto)`
pub fn socket(given: &Arguments<'_>) -> Result<Operation, Fault> {
    given.keywords("socket.__init__()", &["family", "type", "proto"])?;
    if given.count() > 3 {
        let count = given.count() + 1;
        return Err(Fault::type_error(
            format!("socket.__init__() takes from 1 to 5 positional arguments but {count} were given"),
            given.column,
        ));
    }
    let number = |at, name, default: i64| match given.either(at, name)? {
        Some((value, column)) => Ok((integer(&value, column)?, column)),
        None => Ok((default, given.column)),
    };
    let (family, family_column) = number(0, "family", 2)?;
    let (kind, kind_column) = number(1, "type", 1)?;
    let (protocol, protocol_column) = number(2, "proto", 0)?;
    let family = known_family(family, family_column)?;
    let kind = known_kind(family, kind, kind_column)?;
    if protocol != 0 && (family == Family::Unix || protocol != i64::from(kind.protocol())) {
        return Err(Fault::lacking("this protocol for this type", protocol_column)
            .hint("Leave the third argument out."));
    }
    Ok(Operation::Socket { family, kind })
}

fn known_family(number: i64, column: usize) -> Result<Family, Fault> {
    Family::numbered(number).ok_or_else(|| {
        Fault::lacking("this address family", column)
            .hint("AF_INET is IPv4, AF_INET6 is IPv6, AF_UNIX stays inside the machine.")
    })
}

fn known_kind(family: Family, number: i64, column: usize) -> Result<Kind, Fault> {
    let hint = match family {
        Family::Unix => "SOCK_STREAM is a stream of bytes, SOCK_DGRAM carries datagrams.",
        _ => "SOCK_STREAM is TCP, SOCK_DGRAM is UDP.",
    };
    Kind::numbered(number).ok_or_else(|| Fault::lacking("this type of socket", column).hint(hint))
}

/// `socket.socketpair(family, type, proto)`
pub fn socketpair(given: &Arguments<'_>) -> Result<Operation, Fault> {
    given.keywords("socketpair()", &["family", "type", "proto"])?;
    if given.count() > 3 {
        let count = given.count();
        return Err(Fault::type_error(
            format!("socketpair() takes from 0 to 3 positional arguments but {count} were given"),
            given.column,
        ));
    }
    let family = match given.either(0, "family")? {
        None | Some((Value::None, _)) => Family::Unix,
        Some((value, column)) => known_family(integer(&value, column)?, column)?,
    };
    let kind = match given.either(1, "type")? {
        None => Kind::Stream,
        Some((value, column)) => known_kind(family, integer(&value, column)?, column)?,
    };
    match given.either(2, "proto")? {
        Some((value, column)) if integer(&value, column)? != 0 => {
            Err(Fault::lacking("this protocol for this type", column).hint("Leave the third argument out."))
        }
        _ => Ok(Operation::SocketPair { family, kind }),
    }
}

/// `socket.getaddrinfo(host, port, family, type, proto, flags)`
pub fn getaddrinfo(given: &Arguments<'_>) -> Result<Operation, Fault> {
    given.keywords("getaddrinfo()", &["host", "port", "family", "type", "proto", "flags"])?;
    let (Some((host, host_column)), Some((port, port_column))) =
        (given.either(0, "host")?, given.either(1, "port")?)
    else {
        return Err(Fault::type_error(
            "getaddrinfo() missing required positional arguments: 'host' and 'port'",
            given.column,
        )
        .hint("socket.getaddrinfo(\"tutorial\", 12345)"));
    };
    let Value::Str(host) = host else {
        return Err(Fault::type_error("getaddrinfo() argument 1 must be string or None", host_column));
    };
    check_host(&host, host_column)?;
    let port = match port {
        Value::None => 0,
        Value::Str(text) => {
            let unknown = || {
                Fault::beyond("the name of a service", port_column)
                    .hint("Write the port as a number: 80 for http.")
            };
            text.parse().map_err(|_| unknown())?
        }
        port => u16::try_from(integer(&port, port_column)?)
            .map_err(|_| Fault::overflow("getaddrinfo(): port must be 0-65535.", port_column))?,
    };
    let number = |at, name| match given.either(at, name)? {
        Some((value, column)) => integer(&value, column),
        None => Ok(0),
    };
    let family = Family::numbered(number(2, "family")?);
    let kind = match (number(3, "type")?, number(4, "proto")?) {
        (0, protocol) => Kind::ALL.iter().copied().find(|kind| i64::from(kind.protocol()) == protocol),
        (kind, _) => Kind::numbered(kind),
    };
    Ok(Operation::GetAddrInfo { host, port, family, kind })
}

/// `socket.gethostbyname(host)`
pub fn gethostbyname(given: &Arguments<'_>) -> Result<Operation, Fault> {
    let count = given.count();
    if count != 1 {
        return Err(Fault::type_error(
            format!("gethostbyname() takes exactly 1 argument ({count} given)"),
            given.column,
        ));
    }
    match given.value(0)? {
        Value::Str(host) => {
            check_host(&host, given.column(0))?;
            Ok(Operation::GetHostByName { host })
        }
        other => Err(Fault::type_error(
            format!("gethostbyname() argument 1 must be str, bytes or bytearray, not {}", other.type_name()),
            given.column(0),
        )),
    }
}

/// A socket or a descriptor number.
fn descriptor(value: &Value, column: usize) -> Result<Fd, Fault> {
    match value {
        Value::Socket(fd) => Ok(*fd),
        value => {
            value.as_int().and_then(|number| i32::try_from(number).ok()).map(Fd).ok_or_else(|| {
                Fault::type_error("argument must be an int, or have a fileno() method.", column)
            })
        }
    }
}

fn descriptors(value: &Value, column: usize) -> Result<Vec<Fd>, Fault> {
    match value {
        Value::List(items) | Value::Tuple(items) => {
            items.iter().map(|item| descriptor(item, column)).collect()
        }
        _ => Err(Fault::type_error("arguments 1-3 must be sequences", column)
            .hint("Lists: select.select([s], [], [], 0.5)")),
    }
}

/// Seconds as a `wait`; zero does not wait.
pub fn seconds(seconds: f64) -> Wait {
    milliseconds((seconds * 1000.0).ceil())
}

/// Milliseconds as a `wait`; beyond what fits (49 days) it is as good as for ever.
fn milliseconds(milliseconds: f64) -> Wait {
    if milliseconds <= 0.0 {
        Wait::No
    } else if milliseconds >= f64::from(u32::MAX) {
        Wait::Forever
    } else {
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "both bounds were checked"
        )]
        Wait::Millis(milliseconds as u32)
    }
}

/// A number, integer or float.
pub fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) if number.is_finite() => Some(*number),
        #[allow(clippy::cast_precision_loss, reason = "a time need not be exact")]
        value => value.as_int().map(|number| number as f64),
    }
}

/// `select.select(rlist, wlist, xlist, timeout)`
pub fn select(given: &Arguments<'_>) -> Result<Operation, Fault> {
    let count = given.count();
    if count < 3 {
        return Err(Fault::type_error(
            format!("select expected at least 3 arguments, got {count}"),
            given.column,
        )
        .hint("select.select([s], [], [], 0.5)"));
    }
    if count > 4 {
        return Err(Fault::type_error(
            format!("select expected at most 4 arguments, got {count}"),
            given.column,
        ));
    }
    let list = |at| descriptors(&given.value(at)?, given.column(at));
    let (read, write, except) = (list(0)?, list(1)?, list(2)?);
    check_poll_count(read.len() + write.len() + except.len(), given.column)?;
    let wait = match given.value(3)? {
        Value::None => Wait::Forever,
        value => match number(&value) {
            Some(time) if time < 0.0 => {
                return Err(Fault::value("timeout must be non-negative", given.column(3)));
            }
            Some(time) => seconds(time),
            None => return Err(Fault::type_error("timeout must be a float or None", given.column(3))),
        },
    };
    Ok(Operation::Select { read, write, except, wait })
}

/// `poll([(s, POLLIN)], 500)`: poll(2) in one line, with milliseconds.
pub fn poll(given: &Arguments<'_>) -> Result<Operation, Fault> {
    let usage = "poll([(s, POLLIN)], 500): sockets with their events, then milliseconds";
    if !(1..=2).contains(&given.count()) {
        return Err(Fault::type_error(
            format!("poll() takes 1 or 2 arguments ({} given)", given.count()),
            given.column,
        )
        .hint(usage));
    }
    let column = given.column(0);
    let (Value::List(items) | Value::Tuple(items)) = given.value(0)? else {
        return Err(Fault::type_error("poll() wants a list", column).hint(usage));
    };
    check_poll_count(items.len(), column)?;
    let entry = |item: &Value| match item {
        Value::Tuple(pair) if pair.len() == 2 => {
            let bits = integer(&pair[1], column)?;
            let bits = u16::try_from(bits).map_err(|_| Fault::value("events do not fit a short", column))?;
            Ok((descriptor(&pair[0], column)?, PollEvents(bits)))
        }
        item => Ok((descriptor(item, column)?, PollEvents::IN)),
    };
    let fds = items.iter().map(entry).collect::<Result<_, Fault>>()?;
    let wait = match given.value(1)? {
        Value::None => Wait::Forever,
        value => match number(&value) {
            Some(time) if time < 0.0 => Wait::Forever,
            Some(time) => milliseconds(time),
            None => return Err(Fault::type_error("timeout must be an integer or None", given.column(1))),
        },
    };
    Ok(Operation::Poll { fds, wait })
}

fn check_poll_count(count: usize, column: usize) -> Result<(), Fault> {
    if count > limits::POLL_DESCRIPTORS {
        return Err(Fault::lacking(format!("more than {} descriptors", limits::POLL_DESCRIPTORS), column));
    }
    Ok(())
}

/// `ping("tutorial", 3)`: a library function of this lab.
pub fn ping(given: &Arguments<'_>) -> Result<Operation, Fault> {
    let usage = "ping(\"tutorial\", 3)";
    let Value::Str(host) = given.value(0)? else {
        return Err(Fault::type_error("ping() wants a name or an address", given.column(0)).hint(usage));
    };
    check_host(&host, given.column(0))?;
    if given.count() > 2 {
        return Err(Fault::type_error(
            format!("ping() takes 1 or 2 arguments ({} given)", given.count()),
            given.column,
        )
        .hint(usage));
    }
    let count = if given.count() == 2 { given.int(1)? } else { 3 };
    let count = u8::try_from(count).ok().filter(|count| (1..=limits::PING_COUNT).contains(count));
    let most = limits::PING_COUNT;
    let count = count.ok_or_else(|| Fault::value(format!("count must be 1 to {most}"), given.column(1)))?;
    Ok(Operation::Ping { host, count })
}
