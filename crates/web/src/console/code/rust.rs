//! A step in Rust with socket2, which has one function a system call.

use std::{fmt::Write as _, net::SocketAddr};

use proto::{
    address::{Address, UnixName},
    call::{
        Call, EpollEvents, EpollOperation, Family, Flags, How, Kind, OptionForm, OptionName, OptionScope,
        OptionValue, PollEvents, Wait,
    },
    id::Fd,
};

use super::context::{Context, Payload, payload, quoted};

/// The step as statements inside a function that returns `io::Result`.
pub(super) fn form(call: &Call, context: &Context<'_>) -> String {
    let name = |fd: &Fd| context.name(*fd);
    match call {
        Call::Socket { family, kind } => {
            let (family, kind) = (domain(*family), type_of(*kind));
            format!("let {} = Socket::new(Domain::{family}, Type::{kind}, None)?;", context.target(0, "s"))
        }
        Call::Bind { fd, address } => format!("{}.bind(&{})?;", name(fd), sock_addr(address)),
        Call::Listen { fd, backlog } => format!("{}.listen({backlog})?;", name(fd)),
        Call::Accept { fd } => {
            format!(
                "let ({}, {}) = {}.accept()?;",
                context.target(0, "conn"),
                context.target(1, "addr"),
                name(fd)
            )
        }
        Call::Connect { fd, address } => {
            format!("{}.connect(&{})?;", name(fd), sock_addr(address))
        }
        Call::Send { fd, flags, length } => send(&name(fd), *flags, *length, context),
        Call::SendTo { fd, flags, address, length } => {
            send_to(&name(fd), *flags, &bytes(context, *length), address)
        }
        Call::Recv { fd, flags, max } => receive(&name(fd), *flags, *max, context),
        Call::RecvFrom { fd, flags, max } => receive_from(&name(fd), *flags, *max, context),
        Call::Shutdown { fd, how } => {
            let how = match how {
                How::Read => "Read",
                How::Write => "Write",
                How::Both => "Both",
            };
            format!("{}.shutdown(Shutdown::{how})?;", name(fd))
        }
        Call::Close { fd } => format!("drop({});", name(fd)),
        Call::GetSockName { fd } => format!("let addr = {}.local_addr()?;", name(fd)),
        Call::GetPeerName { fd } => format!("let addr = {}.peer_addr()?;", name(fd)),
        Call::SetSockOpt { fd, name: option, value } => set_option(&name(fd), *option, value),
        Call::GetSockOpt { fd, name: option } => match option.entry().socket2 {
            "" => NOT_IN_SOCKET2.to_owned(),
            reads => format!("let value = {}.{reads}()?;", name(fd)),
        },
        Call::Poll { fds } => poll(fds, context),
        Call::Resolve { name, port, .. } => {
            format!("let found = ({}, {port}).to_socket_addrs()?;", quoted(name))
        }
        Call::Ping { name, count } => {
            format!(
                "// An ICMP echo is no call of a socket program. In a shell:\n// ping -c {count} {}",
                quoted(name)
            )
        }
        Call::Dup { fd } => format!("let {} = {}.try_clone()?;", context.target(0, "again"), name(fd)),
        Call::SocketPair { family, kind } => socket_pair(*family, *kind, context),
        Call::Unlink { address } => format!("std::fs::remove_file({})?;", unix_path(address)),
        Call::SendMsg { fd, .. } => {
            format!("rustix::net::sendmsg(&{}, &pieces, &mut control, flags)?;", name(fd))
        }
        Call::RecvMsg { fd, .. } => {
            format!("let got = rustix::net::recvmsg(&{}, &mut pieces, &mut control, flags)?;", name(fd))
        }
        Call::EpollCreate {} => {
            format!("let {} = epoll::create(epoll::CreateFlags::CLOEXEC)?;", context.target(0, "e"))
        }
        Call::EpollCtl { fd, operation, target, events } => {
            epoll_ctl(&name(fd), *operation, &name(target), *events)
        }
        Call::EpollWait { fd, max } => epoll_wait(&name(fd), *max, context.wait),
        Call::Interfaces {} => {
            "// The standard library does not tell interfaces; rustix::net::netdevice does.".to_owned()
        }
        Call::Stat { address } => format!("let found = std::fs::metadata({})?;", unix_path(address)),
    }
}

fn socket_pair(family: Family, kind: Kind, context: &Context<'_>) -> String {
    let (one, other) = (context.target(0, "a"), context.target(1, "b"));
    let (family, kind) = (domain(family), type_of(kind));
    format!("let ({one}, {other}) = Socket::pair(Domain::{family}, Type::{kind}, None)?;")
}

/// As rustix has it.
fn epoll_ctl(epoll: &str, operation: EpollOperation, target: &str, events: EpollEvents) -> String {
    let does = match operation {
        EpollOperation::Add => "add",
        EpollOperation::Modify => "modify",
        EpollOperation::Delete => return format!("epoll::delete(&{epoll}, &{target})?;"),
    };
    let names: Vec<String> = events.short_names().map(|name| format!("epoll::EventFlags::{name}")).collect();
    let flags = if names.is_empty() { "epoll::EventFlags::empty()".to_owned() } else { names.join(" | ") };
    let data = format!("epoll::EventData::new_u64({target}.as_raw_fd() as u64)");
    format!("epoll::{does}(&{epoll}, &{target}, {data}, {flags})?;")
}

fn epoll_wait(epoll: &str, max: u32, wait: Wait) -> String {
    let wait = timeout(wait);
    format!(
        "let mut events = Vec::with_capacity({max});\nepoll::wait(&{epoll}, spare_capacity(&mut events), {wait})?;"
    )
}

fn send_to(name: &str, flags: Flags, bytes: &str, address: &Address) -> String {
    let address = sock_addr(address);
    match flag_bits(flags) {
        None => format!("let sent = {name}.send_to({bytes}, &{address})?;"),
        Some(bits) => format!("let sent = {name}.send_to_with_flags({bytes}, &{address}, {bits})?;"),
    }
}

fn receive_from(name: &str, flags: Flags, max: u32, context: &Context<'_>) -> String {
    let buffer = format!("let mut buffer = [MaybeUninit::<u8>::uninit(); {max}];");
    let addr = context.target(1, "addr");
    match flag_bits(flags) {
        None => format!("{buffer}\nlet (count, {addr}) = {name}.recv_from(&mut buffer)?;"),
        Some(bits) => {
            format!("{buffer}\nlet (count, {addr}) = {name}.recv_from_with_flags(&mut buffer, {bits})?;")
        }
    }
}

fn domain(family: Family) -> &'static str {
    match family {
        Family::Inet => "IPV4",
        Family::Inet6 => "IPV6",
        Family::Unix => "UNIX",
    }
}

fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Stream => "STREAM",
        Kind::Datagram => "DGRAM",
    }
}

/// An address as socket2 takes it: of IP one of the standard library's, of AF_UNIX a path, an abstract name with its NUL before
/// it, or nothing.
fn sock_addr(address: &Address) -> String {
    match address {
        Address::Ip(address) => format!("{}.into()", socket_address(address)),
        Address::Unix(_) => format!("SockAddr::unix({})?", unix_path(address)),
    }
}

fn unix_path(address: &Address) -> String {
    let bytes = match address {
        Address::Unix(UnixName::Path(path)) => path.as_bytes().to_vec(),
        Address::Unix(UnixName::Abstract(name)) => [b"\0", name.as_bytes()].concat(),
        Address::Ip(_) | Address::Unix(UnixName::Unnamed) => Vec::new(),
    };
    if bytes.iter().all(|byte| matches!(byte, b' '..=b'~')) {
        format!("\"{}\"", escape(&bytes))
    } else {
        format!("OsStr::from_bytes(b\"{}\")", escape(&bytes))
    }
}

fn socket_address(address: &SocketAddr) -> String {
    match address {
        SocketAddr::V4(address) => {
            let [a, b, c, d] = address.ip().octets();
            format!("SocketAddr::from(([{a}, {b}, {c}, {d}], {}))", address.port())
        }
        SocketAddr::V6(address) => {
            let groups = address.ip().segments().map(|group| format!("{group:#x}")).join(", ");
            format!("SocketAddr::from(([{groups}], {}))", address.port())
        }
    }
}

fn bytes(context: &Context<'_>, length: u32) -> String {
    match payload(context, length) {
        Payload::Literal(bytes) => format!("b\"{}\"", escape(bytes)),
        Payload::Repeated(byte, times) => format!("&[b'{}'; {times}]", escape(&[byte]).replace('\'', "\\'")),
        Payload::Variable => "data".to_owned(),
    }
}

fn escape(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for &byte in bytes {
        match byte {
            b'\n' => shown.push_str("\\n"),
            b'\r' => shown.push_str("\\r"),
            b'\t' => shown.push_str("\\t"),
            b'"' => shown.push_str("\\\""),
            b'\\' => shown.push_str("\\\\"),
            b' '..=b'~' => shown.push(char::from(byte)),
            // Writing to a String cannot fail.
            byte => drop(write!(shown, "\\x{byte:02x}")),
        }
    }
    shown
}

fn flag_bits(flags: Flags) -> Option<String> {
    let names: Vec<String> = flags.names().map(|name| format!("libc::{name}")).collect();
    (!names.is_empty()).then(|| names.join(" | "))
}

fn send(name: &str, flags: Flags, length: u32, context: &Context<'_>) -> String {
    let bytes = bytes(context, length);
    match flag_bits(flags) {
        None => format!("let sent = {name}.send({bytes})?;"),
        Some(bits) => format!("let sent = {name}.send_with_flags({bytes}, {bits})?;"),
    }
}

fn receive(name: &str, flags: Flags, max: u32, context: &Context<'_>) -> String {
    match flag_bits(flags) {
        None => format!(
            "let mut buffer = [0; {max}];\nlet count = (&{name}).read(&mut buffer)?;\nlet {} = &buffer[..count];",
            context.target(0, "data")
        ),
        Some(bits) => format!(
            "let mut buffer = [MaybeUninit::<u8>::uninit(); {max}];\nlet count = {name}.recv_with_flags(&mut buffer, {bits})?;"
        ),
    }
}

/// In the place of a call.
const NOT_IN_SOCKET2: &str =
    "// socket2 has no name for this option; libc::setsockopt and getsockopt take its number.";

fn set_option(name: &str, option: OptionName, value: &OptionValue) -> String {
    let entry = option.entry();
    if entry.scope == OptionScope::ReadOnly {
        return "// This option can only be read.".to_owned();
    }
    if entry.socket2.is_empty() {
        return NOT_IN_SOCKET2.to_owned();
    }
    let value = match value {
        OptionValue::Bytes(_) => value
            .time()
            .map_or("None".to_owned(), |time| format!("Some(Duration::from_micros({}))", time.as_micros())),
        OptionValue::Bool(on) if entry.form == OptionForm::Bool => on.to_string(),
        OptionValue::Bool(on) => i32::from(*on).to_string(),
        OptionValue::Int(number) => number.to_string(),
        OptionValue::Linger(Some(seconds)) => format!("Some(Duration::from_secs({seconds}))"),
        OptionValue::Linger(None) => "None".to_owned(),
    };
    let keepalive = |with: String| format!("{name}.set_tcp_keepalive(&TcpKeepalive::new().{with})?;");
    match option {
        OptionName::UserTimeout => {
            format!("{name}.set_tcp_user_timeout(Some(Duration::from_millis({value})))?;")
        }
        OptionName::KeepIdle => keepalive(format!("with_time(Duration::from_secs({value}))")),
        OptionName::KeepIntvl => keepalive(format!("with_interval(Duration::from_secs({value}))")),
        OptionName::KeepCnt => keepalive(format!("with_retries({value})")),
        _ => format!("{name}.set_{}({value})?;", entry.socket2),
    }
}

/// poll(2) is not socket2's; rustix has it.
fn poll(fds: &[(Fd, PollEvents)], context: &Context<'_>) -> String {
    let list: Vec<String> = fds
        .iter()
        .map(|(fd, events)| {
            let names: Vec<String> = events.short_names().map(|name| format!("PollFlags::{name}")).collect();
            let flags = if names.is_empty() { "PollFlags::empty()".to_owned() } else { names.join(" | ") };
            format!("PollFd::new(&{}, {flags})", context.name(*fd))
        })
        .collect();
    let wait = timeout(context.wait);
    format!("let mut fds = [{}];\nlet ready = rustix::event::poll(&mut fds, {wait})?;", list.join(", "))
}

/// As rustix takes it.
fn timeout(wait: Wait) -> String {
    match wait {
        Wait::Forever => "None".to_owned(),
        Wait::No => "Some(&Timespec { tv_sec: 0, tv_nsec: 0 })".to_owned(),
        Wait::Millis(time) => {
            format!(
                "Some(&Timespec {{ tv_sec: {}, tv_nsec: {} }})",
                time / 1000,
                u64::from(time % 1000) * 1_000_000
            )
        }
    }
}
