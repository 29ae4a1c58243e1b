//! A step in Python 3.

use proto::{
    address::{Address, UnixName},
    call::{
        Call, EpollEvents, EpollOperation, Family, Flags, Kind, OptionForm, OptionName, OptionValue,
        PollEvents, Wait,
    },
    id::Fd,
};

use super::context::{Context, Payload, payload, quoted};
use crate::console::value::bytes_repr;

/// The step as a statement.
pub(super) fn form(call: &Call, context: &Context<'_>) -> String {
    let expression = match call {
        Call::Poll { fds } => return poll_object(fds, context),
        Call::Ping { name, count } => {
            return format!(
                "# Python's socket module has no ping. In a shell:\n# ping -c {count} {name}",
                name = quoted(name)
            );
        }
        call => expression(call, context),
    };
    match call {
        Call::Socket { .. } => format!("{} = {expression}", context.target(0, "s")),
        Call::SocketPair { .. } => {
            format!("{}, {} = {expression}", context.target(0, "a"), context.target(1, "b"))
        }
        Call::Dup { .. } => format!("{} = {expression}", context.target(0, "again")),
        Call::EpollCreate {} => format!("{} = {expression}", context.target(0, "e")),
        Call::EpollWait { .. } => format!("{} = {expression}", context.target(0, "ready")),
        Call::Accept { .. } => {
            format!("{}, {} = {expression}", context.target(0, "conn"), context.target(1, "addr"))
        }
        Call::Recv { .. } => format!("{} = {expression}", context.target(0, "data")),
        Call::RecvFrom { .. } => {
            format!("{}, {} = {expression}", context.target(0, "data"), context.target(1, "addr"))
        }
        Call::Resolve { .. } => format!("{} = {expression}", context.target(0, "found")),
        _ => expression,
    }
}

/// The step as an expression the prompt understands.
pub(super) fn expression(call: &Call, context: &Context<'_>) -> String {
    let name = |fd: &Fd| context.name(*fd);
    match call {
        Call::Socket { family: Family::Inet, kind: Kind::Stream } => "socket.socket()".to_owned(),
        Call::Socket { family, kind } => {
            format!("socket.socket(socket.{}, socket.{})", family.name(), kind.name())
        }
        Call::Bind { fd, address } => format!("{}.bind({})", name(fd), bind_pair(address)),
        Call::Listen { fd, backlog } => format!("{}.listen({backlog})", name(fd)),
        Call::Accept { fd } => format!("{}.accept()", name(fd)),
        Call::Connect { fd, address } => format!("{}.connect({})", name(fd), pair(address)),
        Call::Send { fd, flags, length } => {
            format!("{}.send({}{})", name(fd), bytes(context, *length), flag_argument(*flags))
        }
        Call::SendTo { fd, flags, address, length } => {
            format!(
                "{}.sendto({}{}, {})",
                name(fd),
                bytes(context, *length),
                flag_argument(*flags),
                pair(address)
            )
        }
        Call::Recv { fd, flags, max } => format!("{}.recv({max}{})", name(fd), flag_argument(*flags)),
        Call::RecvFrom { fd, flags, max } => format!("{}.recvfrom({max}{})", name(fd), flag_argument(*flags)),
        Call::Shutdown { fd, how } => format!("{}.shutdown(socket.{})", name(fd), how.name()),
        Call::Close { fd } => format!("{}.close()", name(fd)),
        Call::GetSockName { fd } => format!("{}.getsockname()", name(fd)),
        Call::GetPeerName { fd } => format!("{}.getpeername()", name(fd)),
        Call::SetSockOpt { fd, name: option, value } => {
            format!("{}.setsockopt({}, {})", name(fd), option_arguments(*option), option_value(value))
        }
        Call::GetSockOpt { fd, name: option } => {
            let size = match option.entry().form {
                OptionForm::Linger => ", 8",
                OptionForm::Bytes => ", 1024",
                OptionForm::Bool | OptionForm::Int => "",
            };
            format!("{}.getsockopt({}{size})", name(fd), option_arguments(*option))
        }
        Call::Poll { fds } => {
            let list: Vec<String> =
                fds.iter().map(|(fd, events)| format!("({}, {})", name(fd), bare_events(*events))).collect();
            format!(
                "poll([{}]{})",
                list.join(", "),
                milliseconds(context.wait).map_or(String::new(), |ms| format!(", {ms}"))
            )
        }
        Call::Resolve { name, family: Some(Family::Inet), port: 0 } => {
            format!("socket.gethostbyname({})", quoted(name))
        }
        Call::Resolve { name, port, .. } => format!("socket.getaddrinfo({}, {port})", quoted(name)),
        Call::Ping { name, count } => format!("ping({}, {count})", quoted(name)),
        Call::Dup { fd } => format!("{}.dup()", name(fd)),
        Call::SocketPair { family, kind } => {
            format!("socket.socketpair(socket.{}, socket.{})", family.name(), kind.name())
        }
        Call::Unlink { address } => format!("os.unlink({})", pair(address)),
        Call::Stat { address } => format!("os.stat({})", pair(address)),
        Call::Interfaces {} => "socket.if_nameindex()".to_owned(),
        Call::SendMsg { fd, length, passed, .. } => {
            let passed: Vec<String> = passed.iter().map(name).collect();
            format!("socket.send_fds({}, [{}], [{}])", name(fd), bytes(context, *length), passed.join(", "))
        }
        Call::RecvMsg { fd, flags, max, control } => {
            format!("{}.recvmsg({max}, {control}{})", name(fd), flag_argument(*flags))
        }
        Call::EpollCreate {} => "select.epoll()".to_owned(),
        Call::EpollCtl { fd, operation, target, events } => {
            epoll_ctl(&name(fd), *operation, &name(target), *events)
        }
        Call::EpollWait { fd, max } => epoll_poll(&name(fd), *max, context.wait),
    }
}

fn epoll_ctl(epoll: &str, operation: EpollOperation, target: &str, events: EpollEvents) -> String {
    let events = epoll_events(events);
    match operation {
        EpollOperation::Add => format!("{epoll}.register({target}, {events})"),
        EpollOperation::Modify => format!("{epoll}.modify({target}, {events})"),
        EpollOperation::Delete => format!("{epoll}.unregister({target})"),
    }
}

/// An epoll takes seconds.
fn epoll_poll(epoll: &str, max: u32, wait: Wait) -> String {
    let wait = match wait {
        Wait::Forever => "None".to_owned(),
        Wait::No => "0".to_owned(),
        Wait::Millis(time) => format!("{}", f64::from(time) / 1000.0),
    };
    format!("{epoll}.poll({wait}, {max})")
}

/// A pair of host and port, or a name of AF_UNIX.
fn pair(address: &Address) -> String {
    match address {
        Address::Ip(address) => format!("(\"{}\", {})", address.ip(), address.port()),
        Address::Unix(UnixName::Unnamed) => "\"\"".to_owned(),
        Address::Unix(UnixName::Path(path)) => match str::from_utf8(path.as_bytes()) {
            Ok(text) if !text.chars().any(crate::visible::is_hidden) => quoted(text),
            _ => bytes_repr(path.as_bytes()),
        },
        Address::Unix(UnixName::Abstract(name)) => bytes_repr(&[b"\0", name.as_bytes()].concat()),
    }
}

fn bind_pair(address: &Address) -> String {
    match address {
        Address::Ip(ip) if ip.ip().is_unspecified() && ip.is_ipv4() => format!("('', {})", ip.port()),
        address => pair(address),
    }
}

fn bytes(context: &Context<'_>, length: u32) -> String {
    match payload(context, length) {
        Payload::Literal(bytes) => bytes_repr(bytes),
        Payload::Repeated(byte, times) => format!("{} * {times}", bytes_repr(&[byte])),
        Payload::Variable => "data".to_owned(),
    }
}

fn flag_argument(flags: Flags) -> String {
    let names: Vec<String> = flags.names().map(|name| format!("socket.{name}")).collect();
    if names.is_empty() { String::new() } else { format!(", {}", names.join(" | ")) }
}

fn option_arguments(option: OptionName) -> String {
    let entry = option.entry();
    format!("socket.{}, socket.{}", entry.level.name(), entry.name)
}

fn option_value(value: &OptionValue) -> String {
    match value {
        OptionValue::Bool(on) => i32::from(*on).to_string(),
        OptionValue::Int(number) => number.to_string(),
        OptionValue::Linger(time) => {
            format!("struct.pack(\"ii\", {}, {})", i32::from(time.is_some()), time.unwrap_or(0))
        }
        OptionValue::Bytes(bytes) => bytes_repr(bytes),
    }
}

fn bare_events(events: PollEvents) -> String {
    named_events(events, "")
}

fn named_events(events: PollEvents, prefix: &str) -> String {
    let names: Vec<String> = events.names().map(|name| format!("{prefix}{name}")).collect();
    if names.is_empty() { "0".to_owned() } else { names.join(" | ") }
}

fn epoll_events(events: EpollEvents) -> String {
    let names: Vec<String> = events.names().map(|name| format!("select.{name}")).collect();
    if names.is_empty() { "0".to_owned() } else { names.join(" | ") }
}

fn milliseconds(wait: Wait) -> Option<u32> {
    match wait {
        Wait::Forever => None,
        Wait::No => Some(0),
        Wait::Millis(time) => Some(time),
    }
}

fn poll_object(fds: &[(Fd, PollEvents)], context: &Context<'_>) -> String {
    let mut lines = vec!["poller = select.poll()".to_owned()];
    for (fd, events) in fds {
        lines.push(format!("poller.register({}, {})", context.name(*fd), named_events(*events, "select.")));
    }
    let wait = milliseconds(context.wait).map_or(String::new(), |time| time.to_string());
    lines.push(format!("{} = poller.poll({wait})", context.target(0, "ready")));
    lines.join("\n")
}
