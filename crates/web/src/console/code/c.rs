//! A step in C.

use std::net::SocketAddr;

use proto::{
    address::{Address, UnixName},
    call::{
        Call, EpollEvents, EpollOperation, Family, Flags, OptionForm, OptionName, OptionValue, PollEvents,
        Wait,
    },
    id::Fd,
    vocabulary::NOSIGNAL,
};

use super::context::{Context, Payload, payload, quoted};

/// The step as statements. Each call returns -1 and sets errno when it fails.
pub(super) fn form(call: &Call, context: &Context<'_>) -> String {
    let name = |fd: &Fd| context.name(*fd);
    match call {
        Call::Socket { family, kind } => {
            format!("int {} = socket({}, {}, 0);", context.target(0, "s"), family.name(), kind.name())
        }
        Call::Bind { fd, address } => {
            let size = length_of(address);
            format!("{}\nbind({}, (struct sockaddr *)&address, {size});", declare(address), name(fd))
        }
        Call::Listen { fd, backlog } => format!("listen({}, {backlog});", name(fd)),
        Call::Accept { fd } => {
            let (conn, addr) = (context.target(0, "conn"), context.target(1, "addr"));
            let (storage, length) = peer(&addr);
            format!("{storage}\nint {conn} = accept({}, (struct sockaddr *)&{addr}, &{length});", name(fd))
        }
        Call::Connect { fd, address } => {
            let size = length_of(address);
            format!("{}\nconnect({}, (struct sockaddr *)&address, {size});", declare(address), name(fd))
        }
        Call::Send { fd, flags, length } => {
            format!(
                "ssize_t sent = send({}, {}, {length}, {});",
                name(fd),
                bytes(context, *length),
                send_flags(*flags)
            )
        }
        Call::SendTo { fd, flags, address, length } => {
            send_to(&name(fd), *flags, address, *length, &bytes(context, *length))
        }
        Call::Recv { fd, flags, max } => {
            format!(
                "char buffer[{max}];\nssize_t count = recv({}, buffer, sizeof buffer, {});",
                name(fd),
                flag_bits(*flags)
            )
        }
        Call::RecvFrom { fd, flags, max } => receive_from(&name(fd), *flags, *max),
        Call::Shutdown { fd, how } => format!("shutdown({}, {});", name(fd), how.name()),
        Call::Close { fd } => format!("close({});", name(fd)),
        Call::GetSockName { fd } => address_of("getsockname", &name(fd)),
        Call::GetPeerName { fd } => address_of("getpeername", &name(fd)),
        Call::SetSockOpt { fd, name: option, value } => set_option(&name(fd), *option, value),
        Call::GetSockOpt { fd, name: option } => get_option(&name(fd), *option),
        Call::Poll { fds } => poll(fds, context),
        Call::Resolve { name, family, port } => resolve(name, *family, *port),
        Call::Ping { name, count } => {
            format!(
                "/* An ICMP echo is no call of a socket program. In a shell:\n   ping -c {count} {} */",
                quoted(name)
            )
        }
        Call::Dup { fd } => format!("int {} = dup({});", context.target(0, "again"), name(fd)),
        Call::SocketPair { family, kind } => {
            format!("int pair[2];\nsocketpair({}, {}, 0, pair);", family.name(), kind.name())
        }
        Call::Unlink { address } => format!("unlink(\"{}\");", path_of(address)),
        Call::SendMsg { fd, flags, .. } => {
            format!("ssize_t count = sendmsg({}, &message, {});", name(fd), flag_bits(*flags))
        }
        Call::RecvMsg { fd, flags, .. } => {
            format!("ssize_t count = recvmsg({}, &message, {});", name(fd), flag_bits(*flags))
        }
        Call::EpollCreate {} => format!("int {} = epoll_create1(EPOLL_CLOEXEC);", context.target(0, "e")),
        Call::EpollCtl { fd, operation, target, events } => {
            epoll_ctl(&name(fd), *operation, &name(target), *events)
        }
        Call::EpollWait { fd, max } => epoll_wait(&name(fd), *max, context.wait),
        Call::Interfaces {} => "struct if_nameindex *found = if_nameindex();".to_owned(),
        Call::Stat { address } => format!("struct stat found;\nstat(\"{}\", &found);", path_of(address)),
    }
}

fn send_to(fd: &str, flags: Flags, address: &Address, length: u32, bytes: &str) -> String {
    let flags = send_flags(flags);
    let (address, size) = (declare(address), length_of(address));
    format!(
        "{address}\nssize_t sent = sendto({fd}, {bytes}, {length}, {flags}, (struct sockaddr *)&address, {size});"
    )
}

fn receive_from(fd: &str, flags: Flags, max: u32) -> String {
    let (storage, length) = peer("addr");
    let flags = flag_bits(flags);
    format!(
        "char buffer[{max}];\n{storage}\nssize_t count = recvfrom({fd}, buffer, sizeof buffer, {flags}, (struct sockaddr *)&addr, &{length});"
    )
}

fn epoll_ctl(epoll: &str, operation: EpollOperation, target: &str, events: EpollEvents) -> String {
    let (operation, events) = (operation.name(), or_zero(events.names()));
    format!(
        "struct epoll_event event = {{ .events = {events}, .data.fd = {target} }};\nepoll_ctl({epoll}, {operation}, {target}, &event);"
    )
}

fn epoll_wait(epoll: &str, max: u32, wait: Wait) -> String {
    let wait = milliseconds(wait);
    format!("struct epoll_event events[{max}];\nint ready = epoll_wait({epoll}, events, {max}, {wait});")
}

fn declare(address: &Address) -> String {
    match address {
        Address::Ip(address) => declare_ip(address),
        Address::Unix(UnixName::Unnamed) => {
            "struct sockaddr_un address = { .sun_family = AF_UNIX };".to_owned()
        }
        Address::Unix(UnixName::Path(path)) => format!(
            "struct sockaddr_un address = {{ .sun_family = AF_UNIX, .sun_path = \"{}\" }};",
            escape(path.as_bytes())
        ),
        Address::Unix(UnixName::Abstract(name)) => format!(
            "struct sockaddr_un address = {{ .sun_family = AF_UNIX, .sun_path = \"\\000{}\" }};",
            escape(name.as_bytes())
        ),
    }
}

/// How many bytes of a declared address count: in AF_UNIX the name's length tells abstract names and none apart.
fn length_of(address: &Address) -> String {
    let begins = "offsetof(struct sockaddr_un, sun_path)";
    match address {
        Address::Ip(_) | Address::Unix(UnixName::Path(_)) => "sizeof address".to_owned(),
        Address::Unix(UnixName::Unnamed) => begins.to_owned(),
        Address::Unix(UnixName::Abstract(name)) => format!("{begins} + {}", name.as_bytes().len() + 1),
    }
}

fn path_of(address: &Address) -> String {
    match address {
        Address::Unix(UnixName::Path(path)) => escape(path.as_bytes()),
        _ => String::new(),
    }
}

fn declare_ip(address: &SocketAddr) -> String {
    let port = address.port();
    match address {
        SocketAddr::V4(v4) => {
            let ip = if v4.ip().is_unspecified() {
                "htonl(INADDR_ANY)".to_owned()
            } else {
                format!("inet_addr(\"{}\")", v4.ip())
            };
            format!(
                "struct sockaddr_in address = {{\n    .sin_family = AF_INET,\n    .sin_port = htons({port}),\n    .sin_addr.s_addr = {ip},\n}};"
            )
        }
        SocketAddr::V6(v6) => format!(
            "struct sockaddr_in6 address = {{ .sin6_family = AF_INET6, .sin6_port = htons({port}) }};\ninet_pton(AF_INET6, \"{}\", &address.sin6_addr);",
            v6.ip()
        ),
    }
}

/// Room for the other end's address of any family, and the name of its length.
fn peer(name: &str) -> (String, String) {
    let length = format!("{name}_length");
    (format!("struct sockaddr_storage {name};\nsocklen_t {length} = sizeof {name};"), length)
}

fn address_of(function: &str, name: &str) -> String {
    let (storage, length) = peer("addr");
    format!("{storage}\n{function}({name}, (struct sockaddr *)&addr, &{length});")
}

fn bytes(context: &Context<'_>, length: u32) -> String {
    match payload(context, length) {
        Payload::Literal(bytes) => format!("\"{}\"", escape(bytes)),
        Payload::Repeated(..) | Payload::Variable => "data".to_owned(),
    }
}

/// Three octal digits end by themselves; a hexadecimal escape would swallow the digits after it.
fn escape(bytes: &[u8]) -> String {
    let mut shown = String::new();
    for &byte in bytes {
        match byte {
            b'\n' => shown.push_str("\\n"),
            b'\r' => shown.push_str("\\r"),
            b'\t' => shown.push_str("\\t"),
            b'"' => shown.push_str("\\\""),
            b'\\' => shown.push_str("\\\\"),
            // `??=` and its like are trigraphs.
            b'?' => shown.push_str("\\?"),
            b' '..=b'~' => shown.push(char::from(byte)),
            byte => shown.push_str(&format!("\\{byte:03o}")),
        }
    }
    shown
}

fn flag_bits(flags: Flags) -> String {
    or_zero(flags.names())
}

/// Bits of a set by their names.
fn or_zero(names: impl Iterator<Item = &'static str>) -> String {
    let names: Vec<&str> = names.collect();
    if names.is_empty() { "0".to_owned() } else { names.join(" | ") }
}

/// Without MSG_NOSIGNAL, EPIPE comes with a SIGPIPE that ends the process.
fn send_flags(flags: Flags) -> String {
    or_zero(flags.names().chain([NOSIGNAL.0]))
}

fn set_option(name: &str, option: OptionName, value: &OptionValue) -> String {
    let entry = option.entry();
    let declared = match value {
        OptionValue::Bool(on) => format!("int value = {};", i32::from(*on)),
        OptionValue::Int(number) => format!("int value = {number};"),
        OptionValue::Bytes(bytes) => {
            let bytes: Vec<String> = bytes.iter().map(|byte| format!("{byte:#04x}")).collect();
            format!("unsigned char value[] = {{ {} }};", bytes.join(", "))
        }
        OptionValue::Linger(time) => format!(
            "struct linger value = {{ .l_onoff = {}, .l_linger = {} }};",
            i32::from(time.is_some()),
            time.unwrap_or(0)
        ),
    };
    format!("{declared}\nsetsockopt({name}, {}, {}, &value, sizeof value);", entry.level.name(), entry.name)
}

fn get_option(name: &str, option: OptionName) -> String {
    let entry = option.entry();
    let declared = match entry.form {
        OptionForm::Linger => "struct linger value",
        OptionForm::Bytes => "unsigned char value[1024]",
        OptionForm::Bool | OptionForm::Int => "int value",
    };
    format!(
        "{declared};\nsocklen_t length = sizeof value;\ngetsockopt({name}, {}, {}, &value, &length);",
        entry.level.name(),
        entry.name
    )
}

fn poll(fds: &[(Fd, PollEvents)], context: &Context<'_>) -> String {
    let list: Vec<String> = fds
        .iter()
        .map(|(fd, events)| {
            format!("{{ .fd = {}, .events = {} }}", context.name(*fd), or_zero(events.names()))
        })
        .collect();
    let wait = milliseconds(context.wait);
    format!("struct pollfd fds[] = {{ {} }};\nint ready = poll(fds, {}, {wait});", list.join(", "), fds.len())
}

fn milliseconds(wait: Wait) -> String {
    match wait {
        Wait::Forever => "-1".to_owned(),
        Wait::No => "0".to_owned(),
        Wait::Millis(time) => time.to_string(),
    }
}

fn resolve(name: &str, family: Option<Family>, port: u16) -> String {
    let family = family.map_or("AF_UNSPEC", Family::name);
    let service = if port == 0 { "NULL".to_owned() } else { format!("\"{port}\"") };
    format!(
        "struct addrinfo hints = {{ .ai_family = {family}, .ai_socktype = SOCK_STREAM }}, *found;\nint code = getaddrinfo({}, {service}, &hints, &found);",
        quoted(name)
    )
}
