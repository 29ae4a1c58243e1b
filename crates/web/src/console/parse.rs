//! A line of the prompt in Python's spelling becomes a [`Statement`], or the exception CPython would raise for it.

use proto::{call::Family, id::Fd};

use super::{
    arguments::{Arguments, getaddrinfo, gethostbyname, ping, poll, select, socket, socketpair},
    evaluate::{
        BUILT_IN, Variables, all, element, evaluate, unknown_attribute, unknown_member, unknown_name,
        utf8_only,
    },
    fault::{Fault, closest},
    integer::integer,
    methods::method,
    names,
    operation::{Action, Operation, Printed, Statement, Then},
    python,
    syntax::{Expression, Node, Parsed, parse as syntax},
    value::Value,
};

/// What a line may speak of.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    /// The console's names.
    pub variables: &'a Variables,
    /// Descriptors of AF_UNIX: their addresses are names.
    pub unix: &'a [Fd],
}

impl<'a> From<&'a Variables> for Scope<'a> {
    fn from(variables: &'a Variables) -> Self {
        Self { variables, unix: &[] }
    }
}

impl Scope<'_> {
    fn family(&self, fd: Fd) -> Family {
        if self.unix.contains(&fd) { Family::Unix } else { Family::Inet }
    }
}

/// The statement in a line, with every name looked up in its scope.
pub fn parse<'a>(line: &str, scope: impl Into<Scope<'a>>) -> Result<Statement, Fault> {
    let scope = scope.into();
    let variables = scope.variables;
    let plain =
        |action| Statement { targets: Vec::new(), unpack: false, print: None, action, then: Vec::new() };
    match syntax(line)? {
        Parsed::Empty => Ok(plain(Action::Note(String::new()))),
        Parsed::Import(modules) => {
            let are = if modules.len() == 1 { "is" } else { "are" };
            Ok(plain(Action::Note(format!("{} {are} already here.", modules.join(" and ")))))
        }
        Parsed::Delete(name, column) if !variables.contains_key(&name) => {
            Err(unknown_name(&name, column, variables))
        }
        Parsed::Delete(name, _) => Ok(plain(Action::Delete(name))),
        Parsed::Expression { targets, unpack, node } => expression(targets, unpack, node, scope),
    }
}

fn expression(targets: Vec<String>, unpack: bool, node: Node, scope: Scope<'_>) -> Result<Statement, Fault> {
    let (print, node) = unprint(node, scope)?;
    let (node, then) = then(node, scope.variables)?;
    let action = match operation(&node, scope)? {
        Some(operation) => Action::Operation(operation),
        None => Action::Value(value(&node, &then, scope.variables)?),
    };
    let then = if matches!(action, Action::Value(_)) { Vec::new() } else { then };
    if let Some(operation) = action_operation(&action) {
        check_targets(operation, &targets, unpack, node.column)?;
    }
    Ok(Statement { targets, unpack, print, action, then })
}

fn action_operation(action: &Action) -> Option<&Operation> {
    match action {
        Action::Operation(operation) => Some(operation),
        _ => None,
    }
}

/// Takes `print(...)` away; what stands beside the one call in it has no calls.
fn unprint(node: Node, scope: Scope<'_>) -> Result<(Option<Printed>, Node), Fault> {
    let variables = scope.variables;
    let column = node.column;
    let (mut arguments, keywords) = match node.expression {
        Expression::Call { callee, arguments, keywords }
            if callee.expression == Expression::Name("print".into()) =>
        {
            (arguments, keywords)
        }
        expression => return Ok((None, Node { expression, column })),
    };
    if let Some((_, node)) = keywords.first() {
        return Err(Fault::beyond("print() with sep, end or file", node.column));
    }
    if arguments.is_empty() {
        let nothing = Node { expression: Expression::Str(String::new()), column };
        return Ok((Some(Printed::default()), nothing));
    }
    let mut called = None;
    for (at, argument) in arguments.iter().enumerate() {
        if makes_call(argument, scope)? && called.replace(at).is_some() {
            return Err(
                Fault::beyond("two of them", argument.column).hint("Give the first one's result a name.")
            );
        }
    }
    let after = arguments.split_off(called.unwrap_or(0) + 1);
    let node = arguments.remove(called.unwrap_or(0));
    Ok((Some(Printed { before: all(&arguments, variables)?, after: all(&after, variables)? }), node))
}

fn makes_call(node: &Node, scope: Scope<'_>) -> Result<bool, Fault> {
    let (node, _) = then(node.clone(), scope.variables)?;
    operation(&node, scope).map(|found| found.is_some())
}

/// Takes `.decode()` and `[n]` off a call, to be done with its value.
fn then(mut node: Node, variables: &Variables) -> Result<(Node, Vec<Then>), Fault> {
    let mut found = Vec::new();
    loop {
        match node.expression {
            Expression::Index(of, index) if ends_in_call(&of) => {
                found.push(Then::Index(integer(&evaluate(&index, variables)?, index.column)?));
                node = *of;
            }
            Expression::Call { callee, arguments, keywords } => match callee.expression {
                Expression::Attribute(of, name) if name == "decode" && ends_in_call(&of) => {
                    utf8_only(&arguments, &keywords, variables)?;
                    found.push(Then::Decode);
                    node = *of;
                }
                expression => {
                    let callee = Box::new(Node { expression, column: callee.column });
                    node = Node {
                        expression: Expression::Call { callee, arguments, keywords },
                        column: node.column,
                    };
                    break;
                }
            },
            _ => break,
        }
    }
    found.reverse();
    Ok((node, found))
}

fn ends_in_call(node: &Node) -> bool {
    match &node.expression {
        Expression::Call { .. } => true,
        Expression::Index(of, _) => ends_in_call(of),
        _ => false,
    }
}

fn value(node: &Node, then: &[Then], variables: &Variables) -> Result<Value, Fault> {
    let mut value = evaluate(node, variables)?;
    for step in then {
        value = apply(step, value, node.column)?;
    }
    Ok(value)
}

/// Does what stands behind a call with the call's value.
pub fn apply(step: &Then, value: Value, column: usize) -> Result<Value, Fault> {
    match (step, value) {
        (Then::Index(index), value) => element(&value, *index, column),
        (Then::Decode, Value::Bytes(bytes)) => super::evaluate::decode(bytes, column),
        (Then::Decode, value) => Err(unknown_attribute(&value, "decode", column)),
    }
}

/// The operation a call node asks for; none when it is a plain value.
fn operation(node: &Node, scope: Scope<'_>) -> Result<Option<Operation>, Fault> {
    let variables = scope.variables;
    let Expression::Call { callee, arguments, keywords } = &node.expression else { return Ok(None) };
    let named = |name: &'static str| Arguments { name, arguments, keywords, variables, column: node.column };
    match &callee.expression {
        Expression::Name(name) if !variables.contains_key(name) => match name.as_str() {
            "socket" => socket(&named("socket")).map(Some),
            "socketpair" => socketpair(&named("socketpair")).map(Some),
            "getaddrinfo" => getaddrinfo(&named("getaddrinfo")).map(Some),
            "gethostbyname" => gethostbyname(&named("gethostbyname")).map(Some),
            "select" => select(&named("select")).map(Some),
            "poll" => poll(&named("poll")).map(Some),
            "ping" => ping(&named("ping")).map(Some),
            "len" => Ok(None),
            name => Err(bare(name, arguments, callee.column, variables)),
        },
        Expression::Name(_) => {
            let value = evaluate(callee, variables)?;
            Err(Fault::type_error(format!("'{}' object is not callable", value.type_name()), callee.column))
        }
        Expression::Attribute(of, name) => attribute(of, name, callee.column, &named, scope),
        _ => Err(Fault::beyond("calling what a call returned", callee.column)),
    }
}

fn attribute<'a>(
    of: &Node,
    name: &str,
    column: usize,
    named: &dyn Fn(&'static str) -> Arguments<'a>,
    scope: Scope<'_>,
) -> Result<Option<Operation>, Fault> {
    if is_text_method(of, name) {
        return Ok(None);
    }
    match evaluate(of, scope.variables)? {
        Value::Module(module) => match (module.as_str(), name) {
            ("socket", "socket") => socket(&named("socket")).map(Some),
            ("socket", "socketpair") => socketpair(&named("socketpair")).map(Some),
            ("socket", "getaddrinfo") => getaddrinfo(&named("getaddrinfo")).map(Some),
            ("socket", "gethostbyname") => gethostbyname(&named("gethostbyname")).map(Some),
            ("socket", "create_connection" | "create_server") => {
                Err(Fault::beyond(&format!("socket.{name}"), column)
                    .hint("It makes several calls at once. Here each is one line: socket(), then connect() or bind() and listen()."))
            }
            ("socket", name) if names::BYTE_ORDER.contains(&name) => Ok(None),
            ("select", "select") => select(&named("select")).map(Some),
            ("select", "poll") => Err(Fault::beyond("poll objects", column)
                .hint("Here it is one call: poll([(s, POLLIN)], 500), with milliseconds.")),
            (module, name) => Err(unknown_member(module, name, column)),
        },
        Value::Socket(fd) => method((fd, scope.family(fd)), name, column, named),
        value => Err(unknown_attribute(&value, name, column)),
    }
}

fn is_text_method(of: &Node, name: &str) -> bool {
    match &of.expression {
        Expression::Name(module) if module == "struct" => name == "pack",
        _ => matches!(name, "encode" | "decode"),
    }
}

/// `connect("tutorial", 12345)`: a method without its socket.
fn bare(name: &str, arguments: &[Node], column: usize, variables: &Variables) -> Fault {
    if !names::METHODS.contains(&name) && name != names::SHUTDOWN {
        if python::knows(name) || python::module_has("socket", name) {
            return unknown_name(name, column, variables);
        }
        let known = names::METHODS.into_iter().chain(BUILT_IN).chain(names::SOCKET_FUNCTIONS);
        return match closest(name, known) {
            Some(near) => Fault::name(&crate::visible::excerpt(name, 40), column)
                .hint(format!("Did you mean {near}()?")),
            None => unknown_name(name, column, variables),
        };
    }
    let socket = variables
        .iter()
        .find(|(_, value)| matches!(value, Value::Socket(fd) if fd.0 >= 0))
        .map_or("s", |(name, _)| name.as_str());
    let written = match (name, arguments) {
        ("connect" | "bind", [host, port]) => match (evaluate(host, variables), evaluate(port, variables)) {
            (Ok(host), Ok(port)) => format!("{socket}.{name}(({}, {}))", host.repr(), port.repr()),
            _ => format!("{socket}.{name}((host, port))"),
        },
        ("accept" | "close" | "getsockname" | "getpeername", _) => format!("{socket}.{name}()"),
        _ => format!("{socket}.{name}(…)"),
    };
    Fault::name(name, column).hint(format!("{name}() belongs to a socket: {written}"))
}

/// Unpacking that cannot fit is found before the call is made, not after it.
fn check_targets(
    operation: &Operation,
    targets: &[String],
    unpack: bool,
    column: usize,
) -> Result<(), Fault> {
    if !unpack {
        return Ok(());
    }
    let pair = matches!(
        operation,
        Operation::Accept { .. }
            | Operation::SocketPair { .. }
            | Operation::RecvFrom { .. }
            | Operation::GetSockName { .. }
            | Operation::GetPeerName { .. }
    );
    match operation {
        _ if pair && targets.len() == 2 => Ok(()),
        _ if pair => Err(Fault::value(
            match targets.len() {
                1 => "too many values to unpack (expected 1)".to_owned(),
                count => format!("not enough values to unpack (expected {count}, got 2)"),
            },
            column,
        )
        .hint(format!("{}() returns a pair.", operation.name()))),
        Operation::Select { .. }
        | Operation::Recv { .. }
        | Operation::GetAddrInfo { .. }
        | Operation::Poll { .. } => Ok(()),
        Operation::GetHostByName { .. } => Err(Fault::beyond("text taken apart", column)),
        Operation::Send { .. } | Operation::SendTo { .. } | Operation::GetSockOpt { .. } => {
            Err(Fault::type_error("cannot unpack non-iterable int object", column))
        }
        Operation::Socket { .. } => {
            Err(Fault::type_error("cannot unpack non-iterable socket object", column)
                .hint("socket() returns one socket: s = socket.socket()"))
        }
        _ => Err(Fault::type_error("cannot unpack non-iterable NoneType object", column)),
    }
}
