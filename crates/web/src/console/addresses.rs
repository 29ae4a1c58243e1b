//! Addresses as somebody writes them for bind, connect and sendto, checked in CPython's words: a pair of host and port, or a name of
//! AF_UNIX.

use proto::{
    address::{AddressError, UnixName},
    call::Family,
    limits,
    room::HOME,
};

use super::{fault::Fault, integer::integer, operation::Address, value::Value};

/// An address as bind, connect and sendto take it of a socket of this family.
pub fn address(value: &Value, function: &str, family: Family, column: usize) -> Result<Address, Fault> {
    match family {
        Family::Unix => unix(value, column).map(|name| Address::Unix(name.into())),
        Family::Inet | Family::Inet6 => host_and_port(value, function, column),
    }
}

/// A pair `(host, port)`.
fn host_and_port(value: &Value, function: &str, column: usize) -> Result<Address, Fault> {
    let hint = format!("An address is a pair in its own parentheses: {function}((\"server\", 12345))");
    let Value::Tuple(items) = value else {
        let got = value.type_name();
        return Err(Fault::type_error(
            format!("{function}(): AF_INET address must be tuple, not {got}"),
            column,
        )
        .hint(hint));
    };
    let (host, port) = match items.as_slice() {
        [host, port] => (host, port),
        [host @ Value::Str(name), port, ..] if name.contains(':') && items.len() <= 4 => (host, port),
        _ => return Err(Fault::type_error("AF_INET address must be a pair (host, port)", column).hint(hint)),
    };
    let host = match host {
        Value::Str(host) => host.clone(),
        Value::Bytes(host) => String::from_utf8_lossy(host).into_owned(),
        other => {
            let message = format!("str, bytes or bytearray expected, not {}", other.type_name());
            return Err(Fault::type_error(message, column));
        }
    };
    check_host(&host, column)?;
    let number = integer(port, column).map_err(|fault| match port {
        Value::Str(_) => fault.hint("The port is a number, without quotes: 12345"),
        _ => fault,
    })?;
    let port = u16::try_from(number)
        .map_err(|_| Fault::overflow(format!("{function}(): port must be 0-65535."), column))?;
    Ok(Address::Host { host, port })
}

/// Refuses what no resolver is asked.
pub fn check_host(host: &str, column: usize) -> Result<(), Fault> {
    if host.contains('\0') {
        return Err(Fault::type_error("host name must not contain null character", column));
    }
    if host.len() > limits::HOST_NAME {
        return Err(Fault::new("UnicodeError", "encoding with 'idna' codec failed (label too long)", column)
            .hint(format!("A host name has at most {} bytes (RFC 1035).", limits::HOST_NAME)));
    }
    Ok(())
}

/// A name of AF_UNIX, as CPython's `getsockaddrarg` takes it: a path, an abstract name after a NUL, or nothing.
fn unix(value: &Value, column: usize) -> Result<UnixName, Fault> {
    let bytes: &[u8] = match value {
        Value::Str(text) => text.as_bytes(),
        Value::Bytes(bytes) => bytes,
        other => {
            let message = format!("a bytes-like object is required, not '{}'", other.type_name());
            return Err(Fault::type_error(message, column)
                .hint("An address of AF_UNIX is a path: \"/tmp/talk\". It has no port."));
        }
    };
    let long = |_: AddressError| {
        Fault::new("OSError", "AF_UNIX path too long", column)
            .hint(format!("A path has at most {} bytes here.", limits::UNIX_NAME))
    };
    match bytes {
        [] => Ok(UnixName::Unnamed),
        [0, name @ ..] => UnixName::abstract_name(name).map_err(long),
        path => {
            // The kernel reads up to the first NUL.
            let path = path.split(|byte| *byte == 0).next().unwrap_or_default();
            let name = UnixName::path(path).map_err(long)?;
            known_folder(path, column).map(|()| name)
        }
    }
}

/// The files of a machine are its programs'; by hand only the folders are known that every program has.
fn known_folder(path: &[u8], column: usize) -> Result<(), Fault> {
    let folder = path.iter().rposition(|byte| *byte == b'/').map_or(&b""[..], |at| &path[..at]);
    if folder.is_empty() || folder == b"." || folder == b"/tmp" || folder == HOME.as_bytes() {
        return Ok(());
    }
    Err(Fault::beyond("a socket in that folder", column).hint(format!(
        "By hand has the folders / and /tmp, and {HOME}, where a path begins that has no / before it."
    )))
}
