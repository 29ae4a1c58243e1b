//! Methods of a socket and their arguments, checked in CPython's words.

use proto::{
    call::{Family, Flags, How, OptionForm, OptionName, OptionValue, Wait},
    id::Fd,
    limits,
    vocabulary::Level,
};

use super::{
    addresses::address,
    arguments::{Arguments, number, seconds},
    evaluate::unknown_attribute,
    fault::Fault,
    integer::integer,
    names,
    operation::Operation,
    value::{BYTES, Value},
};

/// How CPython counts a method's arguments, which decides its words.
#[derive(Clone, Copy)]
enum Arity {
    /// "takes 1 positional argument but 2 were given"
    Method,
    /// "takes no arguments (1 given)"
    None,
    /// "takes exactly one argument (2 given)"
    One,
    /// "takes at least 1 argument (0 given)"
    Between(usize, usize),
}

/// The operation of a method call on the socket with this descriptor, which is of this family; none where the value is known
/// without one.
pub fn method<'a>(
    (fd, family): (Fd, Family),
    name: &str,
    column: usize,
    named: &dyn Fn(&'static str) -> Arguments<'a>,
) -> Result<Option<Operation>, Fault> {
    let known = names::METHODS.into_iter().chain([names::SHUTDOWN]).find(|known| *known == name);
    let Some(name) = known else { return Err(unsupported(fd, name, column)) };
    let given = named(name);
    let arity = match name {
        "accept" | "close" => Arity::Method,
        "fileno" | "getpeername" | "getsockname" | "gettimeout" => Arity::None,
        "bind" | "connect" | "setblocking" | "settimeout" | "shutdown" => Arity::One,
        "listen" => Arity::Between(0, 1),
        "getsockopt" => Arity::Between(2, 3),
        "setsockopt" => Arity::Between(3, 3),
        "sendto" => Arity::Between(2, 3),
        _ => Arity::Between(1, 2),
    };
    count(&given, arity)?;
    given.no_keywords()?;
    if name == "fileno" {
        return Ok(None);
    }
    Ok(Some(match name {
        "accept" => Operation::Accept { fd },
        "close" => Operation::Close { fd },
        "getpeername" => Operation::GetPeerName { fd },
        "getsockname" => Operation::GetSockName { fd },
        "bind" => Operation::Bind { fd, address: address(&given.value(0)?, name, family, given.column(0))? },
        "connect" => {
            Operation::Connect { fd, address: address(&given.value(0)?, name, family, given.column(0))? }
        }
        "listen" => Operation::Listen { fd, backlog: backlog(&given)? },
        "shutdown" => shutdown(fd, &given)?,
        "send" => Operation::Send { fd, bytes: bytes(&given)?, flags: flags(&given, 1)? },
        "sendall" => Operation::SendAll { fd, bytes: bytes(&given)?, flags: flags(&given, 1)? },
        "sendto" => sendto(fd, family, &given)?,
        "recv" => Operation::Recv { fd, max: size(&given)?, flags: flags(&given, 1)? },
        "recvfrom" => Operation::RecvFrom { fd, max: size(&given)?, flags: flags(&given, 1)? },
        "setblocking" => {
            let wait = if truth(&given.value(0)?) { Wait::Forever } else { Wait::No };
            Operation::SetTimeout { fd, wait }
        }
        "settimeout" => Operation::SetTimeout { fd, wait: timeout(&given)? },
        "setsockopt" => setsockopt(fd, &given)?,
        "getsockopt" => Operation::GetSockOpt { fd, name: option(&given)? },
        _ => return Err(Fault::beyond(&format!("{name}()"), column)),
    }))
}

fn unsupported(fd: Fd, name: &str, column: usize) -> Fault {
    match name {
        "connect_ex" => {
            Fault::beyond("connect_ex()", column).hint("connect() shows the same number: ECONNREFUSED 111.")
        }
        "makefile" | "recv_into" | "recvmsg" | "sendmsg" | "sendfile" | "detach" | "dup"
        | "recvfrom_into" => Fault::beyond(&format!("{name}()"), column)
            .hint("Use send() and recv() here; programs can do more."),
        name => unknown_attribute(&Value::Socket(fd), name, column),
    }
}

fn plural(count: usize) -> String {
    if count == 1 { "1 argument".to_owned() } else { format!("{count} arguments") }
}

fn count(given: &Arguments<'_>, arity: Arity) -> Result<(), Fault> {
    let (name, count) = (given.name, given.count());
    let message = match arity {
        Arity::Method if count != 0 => {
            format!("socket.{name}() takes 1 positional argument but {} were given", count + 1)
        }
        Arity::None if count != 0 => format!("socket.{name}() takes no arguments ({count} given)"),
        Arity::One if count != 1 => format!("socket.{name}() takes exactly one argument ({count} given)"),
        Arity::Between(2, 3) if name == "sendto" && !(2..=3).contains(&count) => {
            format!("sendto() takes 2 or 3 arguments ({count} given)")
        }
        Arity::Between(least, most) if least == most && count != least => {
            format!("{name}() takes exactly {} ({count} given)", plural(least))
        }
        Arity::Between(least, _) if count < least => {
            format!("{name}() takes at least {} ({count} given)", plural(least))
        }
        Arity::Between(_, most) if count > most => {
            format!("{name}() takes at most {} ({count} given)", plural(most))
        }
        _ => return Ok(()),
    };
    let fault = Fault::type_error(message, given.column);
    Err(match (name, count) {
        ("connect" | "bind", 2) => {
            let pair = match (given.value(0), given.value(1)) {
                (Ok(host), Ok(port)) => format!("(({}, {}))", host.repr(), port.repr()),
                _ => "((host, port))".to_owned(),
            };
            fault.hint(format!("The address is one argument, a pair in its own parentheses: {name}{pair}"))
        }
        ("connect" | "bind", _) => fault.hint(format!("{name}((\"server\", 12345))")),
        ("recv", 0) => fault.hint("How many bytes at most? recv(1024)"),
        ("shutdown", 0) => fault.hint("Which direction? shutdown(socket.SHUT_WR)"),
        _ => fault,
    })
}

fn bytes(given: &Arguments<'_>) -> Result<Vec<u8>, Fault> {
    match given.value(0)? {
        Value::Bytes(bytes) if bytes.len() > BYTES => {
            Err(Fault::lacking(format!("more than {BYTES} bytes at once"), given.column(0)))
        }
        Value::Bytes(bytes) => Ok(bytes),
        value => {
            let message = format!("a bytes-like object is required, not '{}'", value.type_name());
            let fault = Fault::type_error(message, given.column(0));
            Err(match value {
                Value::Str(_) => fault.hint("A socket carries bytes, not text. Put a b before the quote: b\"hi\\n\"; or \"…\".encode()"),
                _ => fault,
            })
        }
    }
}

fn flags(given: &Arguments<'_>, at: usize) -> Result<Flags, Fault> {
    if given.count() <= at {
        return Ok(Flags::default());
    }
    Flags::numbered(given.int(at)?).ok_or_else(|| {
        let known: Vec<&str> = Flags::ALL.iter().map(|(_, name, _)| *name).collect();
        Fault::lacking("this flag", given.column(at)).hint(format!("Known here: {}.", known.join(", ")))
    })
}

fn backlog(given: &Arguments<'_>) -> Result<i32, Fault> {
    if given.count() == 0 {
        // CPython's default is min(SOMAXCONN, 128).
        return Ok(128);
    }
    let number = given.int(0)?;
    let words = if number < 0 {
        "signed integer is less than minimum"
    } else {
        "signed integer is greater than maximum"
    };
    i32::try_from(number).map_err(|_| Fault::overflow(words, given.column(0)))
}

fn size(given: &Arguments<'_>) -> Result<u32, Fault> {
    let number = given.int(0)?;
    if number < 0 {
        return Err(Fault::value(format!("negative buffersize in {}", given.name), given.column(0)));
    }
    u32::try_from(number).map_err(|_| {
        Fault::new("MemoryError", "", given.column(0)).hint("A buffer of that size? 1024 is usual.")
    })
}

fn shutdown(fd: Fd, given: &Arguments<'_>) -> Result<Operation, Fault> {
    let number = given.int(0)?;
    let how = How::numbered(number).ok_or_else(|| {
        Fault::new("OSError", "[Errno 22] Invalid argument", given.column(0))
            .hint("socket.SHUT_RD, socket.SHUT_WR or socket.SHUT_RDWR")
    })?;
    Ok(Operation::Shutdown { fd, how })
}

fn sendto(fd: Fd, family: Family, given: &Arguments<'_>) -> Result<Operation, Fault> {
    let (flags, at) = if given.count() == 3 { (flags(given, 1)?, 2) } else { (Flags::default(), 1) };
    let bytes = bytes(given)?;
    Ok(Operation::SendTo {
        fd,
        bytes,
        flags,
        address: address(&given.value(at)?, "sendto", family, given.column(at))?,
    })
}

fn truth(value: &Value) -> bool {
    !matches!(value, Value::None | Value::Bool(false) | Value::Int(0))
}

fn timeout(given: &Arguments<'_>) -> Result<Wait, Fault> {
    let column = given.column(0);
    match given.value(0)? {
        Value::None => Ok(Wait::Forever),
        value => match number(&value) {
            Some(time) if time < 0.0 => Err(Fault::value("Timeout value out of range", column)),
            Some(time) => Ok(seconds(time)),
            None => Err(integer(&value, column)
                .err()
                .unwrap_or_else(|| Fault::value("Invalid value NaN (not a number)", column))),
        },
    }
}

fn option(given: &Arguments<'_>) -> Result<OptionName, Fault> {
    let (level, name) = (given.int(0)?, given.int(1)?);
    OptionName::numbered(level, name).ok_or_else(|| {
        let example = |level| {
            let of_level = |option: &&OptionName| option.entry().level == level;
            let name = OptionName::ALL.iter().find(of_level).map_or("", |option| option.name());
            format!("socket.{}, socket.{name}", level.name())
        };
        let (of_socket, of_tcp) = (example(Level::Socket), example(Level::Tcp));
        Fault::lacking("this option", given.column(1)).hint(format!("For example {of_socket} or {of_tcp}"))
    })
}

fn setsockopt(fd: Fd, given: &Arguments<'_>) -> Result<Operation, Fault> {
    let name = option(given)?;
    let column = given.column(2);
    let value = match (name, given.value(2)?) {
        (OptionName::Linger, Value::Bytes(bytes)) => linger(&bytes, column)?,
        (OptionName::Linger, Value::Tuple(pair)) if pair.len() == 2 => {
            linger_pair(integer(&pair[0], column)?, integer(&pair[1], column)?, column)?
        }
        (OptionName::Linger, _) => {
            return Err(Fault::new("OSError", "[Errno 22] Invalid argument", column)
                .hint("SO_LINGER takes two numbers: struct.pack(\"ii\", 1, 0)"));
        }
        (name, Value::Bytes(bytes)) if name.entry().form == OptionForm::Bytes => {
            OptionValue::Bytes(bytes.into_iter().take(limits::OPTION_BYTES).collect())
        }
        (name, value) => match value.as_int() {
            Some(number) if name.entry().form == OptionForm::Bool => OptionValue::Bool(number != 0),
            Some(number) => OptionValue::Int(
                i32::try_from(number)
                    .map_err(|_| Fault::overflow("signed integer is greater than maximum", column))?,
            ),
            None => {
                let message = format!("a bytes-like object is required, not '{}'", value.type_name());
                return Err(Fault::type_error(message, column).hint("1 switches an option on, 0 off."));
            }
        },
    };
    Ok(Operation::SetSockOpt { fd, name, value })
}

/// `struct linger` as `struct.pack("ii", on, seconds)` writes it.
fn linger(bytes: &[u8], column: usize) -> Result<OptionValue, Fault> {
    let wrong = || {
        Fault::new("OSError", "[Errno 22] Invalid argument", column)
            .hint("struct.pack(\"ii\", 1, 0) makes 8 bytes")
    };
    let (on, time) = bytes.split_at_checked(4).ok_or_else(wrong)?;
    let int = |bytes: &[u8]| bytes.try_into().map(i32::from_le_bytes).map_err(|_| wrong());
    linger_pair(i64::from(int(on)?), i64::from(int(time)?), column)
}

fn linger_pair(on: i64, time: i64, column: usize) -> Result<OptionValue, Fault> {
    if on == 0 {
        return Ok(OptionValue::Linger(None));
    }
    let time =
        u16::try_from(time).map_err(|_| Fault::overflow("linger time must be 0-65535 seconds", column))?;
    Ok(OptionValue::Linger(Some(time)))
}
