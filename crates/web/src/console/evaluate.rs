//! The value of an expression without calls: literals, names, and the few operators on them.

use std::collections::BTreeMap;

use super::{
    byte_order::byte_order,
    fault::{Fault, closest},
    integer::integer,
    names, python,
    syntax::{Expression, Node},
    value::{BYTES, Value},
};

/// Names and their values.
pub type Variables = BTreeMap<String, Value>;

/// Names the prompt has besides the variables.
pub const BUILT_IN: [&str; 6] = ["socket", "select", "print", "poll", "ping", "len"];

/// The value of an expression. Calls are refused: one a line, and [`super::parse`] makes them.
pub fn evaluate(node: &Node, variables: &Variables) -> Result<Value, Fault> {
    let column = node.column;
    match &node.expression {
        Expression::Int(number) => Ok(Value::Int(*number)),
        Expression::Float(number) => Ok(Value::Float(*number)),
        Expression::Str(text) => Ok(Value::Str(text.clone())),
        Expression::Bytes(bytes) => Ok(Value::Bytes(bytes.clone())),
        Expression::Tuple(items) => {
            all(items, variables).map(Value::Tuple).map_err(|fault| quoted(fault, items, variables))
        }
        Expression::List(items) => Ok(Value::List(all(items, variables)?)),
        Expression::Name(name) => lookup(name, column, variables),
        Expression::Attribute(of, name) => attribute(&evaluate(of, variables)?, name, column),
        Expression::Index(of, index) => {
            let index = integer(&evaluate(index, variables)?, index.column)?;
            element(&evaluate(of, variables)?, index, column)
        }
        Expression::Minus(of) => match evaluate(of, variables)? {
            Value::Float(number) => Ok(Value::Float(-number)),
            value => match value.as_int() {
                Some(number) => number.checked_neg().map(Value::Int).ok_or_else(|| large(column)),
                None => Err(Fault::type_error(
                    format!("bad operand type for unary -: '{}'", value.type_name()),
                    column,
                )),
            },
        },
        Expression::Binary(mark, left, right) => {
            binary(*mark, evaluate(left, variables)?, evaluate(right, variables)?, column)
        }
        Expression::Call { callee, arguments, keywords } => {
            text_call(callee, arguments, keywords, variables, column)
        }
    }
}

/// Every value of a list of expressions.
pub fn all(nodes: &[Node], variables: &Variables) -> Result<Vec<Value>, Fault> {
    nodes.iter().map(|node| evaluate(node, variables)).collect()
}

fn lookup(name: &str, column: usize, variables: &Variables) -> Result<Value, Fault> {
    if let Some(value) = variables.get(name) {
        return Ok(value.clone());
    }
    match name {
        "None" => return Ok(Value::None),
        "True" => return Ok(Value::Bool(true)),
        "False" => return Ok(Value::Bool(false)),
        "socket" | "select" => return Ok(Value::Module(name.to_owned())),
        _ => {}
    }
    if let Some(value) = names::socket_constant(name).or_else(|| names::select_constant(name)) {
        return Ok(value);
    }
    Err(unknown_name(name, column, variables))
}

fn large(column: usize) -> Fault {
    Fault::beyond("integers of more than 64 bits", column)
}

/// `(server, 12345)`: a machine's name is text.
fn quoted(fault: Fault, items: &[Node], variables: &Variables) -> Fault {
    match items {
        [Node { expression: Expression::Name(host), .. }, _]
            if fault.exception == "NameError" && !variables.contains_key(host) =>
        {
            let host = crate::visible::excerpt(host, 40);
            fault.hint(format!("The name of a machine is text, in quotes: \"{host}\""))
        }
        _ => fault,
    }
}

/// `NameError`, with what was probably meant; but not for what Python knows.
pub fn unknown_name(name: &str, column: usize, variables: &Variables) -> Fault {
    if python::knows(name) || python::is_word(name) || python::module_has("socket", name) {
        let fault = Fault::beyond(name, column);
        return if name == "help" { fault.hint("\"All calls\" lists what there is.") } else { fault };
    }
    let fault = Fault::name(&crate::visible::excerpt(name, 40), column);
    let known = variables.keys().map(String::as_str).chain(BUILT_IN);
    match closest(name, known) {
        Some(near) => fault.hint(format!("Did you mean {near}?")),
        None if matches!(name, "s" | "c" | "sock" | "conn" | "server" | "client") => {
            fault.hint(format!("Make a socket first: {name} = socket.socket()"))
        }
        None => fault,
    }
}

fn attribute(of: &Value, name: &str, column: usize) -> Result<Value, Fault> {
    match of {
        Value::Module(module) if module == "socket" => {
            names::socket_constant(name).ok_or_else(|| unknown_member("socket", name, column))
        }
        Value::Module(module) => {
            names::select_constant(name).ok_or_else(|| unknown_member(module, name, column))
        }
        Value::Socket(_) if names::METHODS.contains(&name) || name == names::SHUTDOWN => {
            Err(Fault::beyond("methods without parentheses", column)
                .hint(format!("To call it, write {name}()")))
        }
        value => Err(unknown_attribute(value, name, column)),
    }
}

/// `AttributeError` of a module; but not for what Python knows.
pub fn unknown_member(module: &str, name: &str, column: usize) -> Fault {
    let shown = crate::visible::excerpt(name, 40);
    if python::module_has(module, name) {
        return Fault::beyond(&format!("{module}.{shown}"), column);
    }
    let fault = Fault::attribute(format!("module '{module}' has no attribute '{shown}'"), column);
    if module == "socket" && (names::METHODS.contains(&name) || name == names::SHUTDOWN) {
        return fault.hint(format!("{name}() belongs to a socket: s.{name}(…)"));
    }
    let near =
        if module == "socket" { closest(name, names::socket_names()) } else { closest(name, ["select"]) };
    match near {
        Some(near) => fault.hint(format!("Did you mean {module}.{near}?")),
        None => fault,
    }
}

/// `AttributeError` of a value; but not for what Python knows.
pub fn unknown_attribute(of: &Value, name: &str, column: usize) -> Fault {
    let shown = crate::visible::excerpt(name, 40);
    if python::value_has(of, name) {
        return Fault::beyond(&format!(".{shown} of a {}", of.type_name()), column);
    }
    let fault = Fault::attribute(format!("'{}' object has no attribute '{shown}'", of.type_name()), column);
    match of {
        Value::Socket(_) => match closest(name, names::METHODS.into_iter().chain([names::SHUTDOWN])) {
            Some(near) => fault.hint(format!("Did you mean {near}()?")),
            None => fault,
        },
        Value::Tuple(_) if name != "count" => {
            fault.hint("accept() returns a pair: write c, addr = s.accept() to take it apart.")
        }
        _ => fault,
    }
}

/// `value[index]`
pub fn element(of: &Value, index: i64, column: usize) -> Result<Value, Fault> {
    let length = match of {
        Value::Tuple(items) | Value::List(items) => items.len(),
        Value::Bytes(bytes) => bytes.len(),
        Value::Str(text) => text.chars().count(),
        value => {
            return Err(Fault::type_error(
                format!("'{}' object is not subscriptable", value.type_name()),
                column,
            ));
        }
    };
    let from_end = i64::try_from(length).unwrap_or(i64::MAX);
    let at = usize::try_from(if index < 0 { index + from_end } else { index }).ok().filter(|at| *at < length);
    let missing = || {
        let whose = match of {
            Value::Str(_) => "string ",
            Value::List(_) => "list ",
            Value::Tuple(_) => "tuple ",
            _ => "",
        };
        Fault::new("IndexError", format!("{whose}index out of range"), column)
    };
    let at = at.ok_or_else(missing)?;
    Ok(match of {
        Value::Tuple(items) | Value::List(items) => items[at].clone(),
        Value::Bytes(bytes) => Value::Int(i64::from(bytes[at])),
        Value::Str(text) => Value::Str(text.chars().skip(at).take(1).collect()),
        _ => Value::None,
    })
}

fn binary(mark: char, left: Value, right: Value, column: usize) -> Result<Value, Fault> {
    let too_long = || {
        Fault::lacking(format!("more than {BYTES} bytes at once"), column)
            .hint("One call carries at most 1 MiB.")
    };
    match (mark, left, right) {
        ('*', Value::Bytes(bytes), times) | ('*', times, Value::Bytes(bytes)) => {
            let times = usize::try_from(integer(&times, column)?.max(0)).unwrap_or(usize::MAX);
            let length =
                bytes.len().checked_mul(times).filter(|length| *length <= BYTES).ok_or_else(too_long)?;
            Ok(Value::Bytes(bytes.iter().copied().cycle().take(length).collect()))
        }
        ('*', Value::Str(text), times) | ('*', times, Value::Str(text)) => {
            let times = usize::try_from(integer(&times, column)?.max(0)).unwrap_or(usize::MAX);
            text.len().checked_mul(times).filter(|length| *length <= BYTES).ok_or_else(too_long)?;
            Ok(Value::Str(text.repeat(if text.is_empty() { 0 } else { times })))
        }
        ('+', Value::Bytes(mut left), Value::Bytes(right)) if left.len() + right.len() <= BYTES => {
            left.extend(right);
            Ok(Value::Bytes(left))
        }
        ('+', Value::Bytes(_), Value::Bytes(_)) => Err(too_long()),
        ('+', Value::Str(left), Value::Str(right)) if left.len() + right.len() <= BYTES => {
            Ok(Value::Str(left + &right))
        }
        ('+', Value::Str(_), Value::Str(_)) => Err(too_long()),
        ('+', Value::Str(_), other) => Err(Fault::type_error(
            format!("can only concatenate str (not \"{}\") to str", other.type_name()),
            column,
        )),
        ('+', Value::Bytes(_), other) => {
            Err(Fault::type_error(format!("can't concat {} to bytes", other.type_name()), column))
        }
        ('+' | '*', Value::List(_) | Value::Tuple(_), _) | ('*', _, Value::List(_) | Value::Tuple(_)) => {
            Err(Fault::beyond("lists and tuples put together", column))
        }
        (mark, left, right) => {
            let unsupported = || {
                let (left, right) = (left.type_name(), right.type_name());
                Fault::type_error(
                    format!("unsupported operand type(s) for {mark}: '{left}' and '{right}'"),
                    column,
                )
            };
            if let (Some(a), Some(b), true) = (float(&left), float(&right), mark != '|')
                && (left.as_int().is_none() || right.as_int().is_none())
            {
                return Ok(Value::Float(match mark {
                    '+' => a + b,
                    '-' => a - b,
                    _ => a * b,
                }));
            }
            let a = left.as_int().ok_or_else(unsupported)?;
            let b = right.as_int().ok_or_else(unsupported)?;
            let number = match mark {
                '|' => Some(a | b),
                '+' => a.checked_add(b),
                '-' => a.checked_sub(b),
                _ => a.checked_mul(b),
            };
            number.map(Value::Int).ok_or_else(|| large(column))
        }
    }
}

fn float(value: &Value) -> Option<f64> {
    match value {
        Value::Float(number) => Some(*number),
        #[allow(clippy::cast_precision_loss, reason = "as Python does it")]
        value => value.as_int().map(|number| number as f64),
    }
}

/// The only calls inside an expression: `"…".encode()`, `b"…".decode()`, `len(…)` and `struct.pack("ii", 1, 0)`.
fn text_call(
    callee: &Node,
    arguments: &[Node],
    keywords: &[(String, Node)],
    variables: &Variables,
    column: usize,
) -> Result<Value, Fault> {
    match &callee.expression {
        Expression::Attribute(of, name)
            if name == "pack" && of.expression == Expression::Name("struct".into()) =>
        {
            pack(&all(arguments, variables)?, column)
        }
        Expression::Attribute(of, name) if matches!(name.as_str(), "encode" | "decode") => {
            utf8_only(arguments, keywords, variables)?;
            match (evaluate(of, variables)?, name.as_str()) {
                (Value::Str(text), "encode") => Ok(Value::Bytes(text.into_bytes())),
                (Value::Bytes(bytes), "decode") => decode(bytes, callee.column),
                (value, _) => Err(unknown_attribute(&value, name, callee.column)),
            }
        }
        Expression::Attribute(of, name)
            if name == "fileno" && arguments.is_empty() && keywords.is_empty() =>
        {
            match evaluate(of, variables)? {
                Value::Socket(fd) => Ok(Value::Int(i64::from(fd.0))),
                value => Err(unknown_attribute(&value, name, callee.column)),
            }
        }
        Expression::Attribute(of, name)
            if of.expression == Expression::Name("socket".into())
                && names::BYTE_ORDER.contains(&name.as_str()) =>
        {
            byte_order(name, &all(arguments, variables)?, keywords.is_empty(), column)
        }
        Expression::Name(name) if name == "len" && arguments.len() == 1 => {
            match evaluate(&arguments[0], variables)? {
                Value::Bytes(bytes) => Ok(length(bytes.len())),
                Value::Str(text) => Ok(length(text.chars().count())),
                Value::Tuple(items) | Value::List(items) => Ok(length(items.len())),
                value => Err(Fault::type_error(
                    format!("object of type '{}' has no len()", value.type_name()),
                    column,
                )),
            }
        }
        Expression::Name(name) if !BUILT_IN.contains(&name.as_str()) && !variables.contains_key(name) => {
            Err(unknown_name(name, column, variables))
        }
        _ => Err(Fault::beyond("a call inside another", column)
            .hint("Give it a name first: ip = socket.gethostbyname(\"tutorial\")")),
    }
}

/// `struct.pack("ii", 1, 0)`, which SO_LINGER needs.
fn pack(values: &[Value], column: usize) -> Result<Value, Fault> {
    let [Value::Str(format), first, second] = values else {
        return Err(Fault::beyond("this struct.pack()", column).hint("struct.pack(\"ii\", 1, 0)"));
    };
    if format != "ii" {
        return Err(Fault::beyond("this struct.pack()", column).hint("struct.pack(\"ii\", 1, 0)"));
    }
    let mut bytes = Vec::with_capacity(8);
    for value in [first, second] {
        let number = i32::try_from(integer(value, column)?).map_err(|_| {
            Fault::new("struct.error", "'i' format requires -2147483648 <= number <= 2147483647", column)
        })?;
        bytes.extend(number.to_le_bytes());
    }
    Ok(Value::Bytes(bytes))
}

fn length(length: usize) -> Value {
    Value::Int(i64::try_from(length).unwrap_or(i64::MAX))
}

/// Checks the arguments of `encode` and `decode`: none, or UTF-8 by one of its names.
pub fn utf8_only(
    arguments: &[Node],
    keywords: &[(String, Node)],
    variables: &Variables,
) -> Result<(), Fault> {
    let second = arguments.get(1).or_else(|| keywords.first().map(|(_, node)| node));
    if let Some(node) = second {
        return Err(Fault::beyond("encoding with a second argument", node.column));
    }
    let Some(first) = arguments.first() else { return Ok(()) };
    match evaluate(first, variables)? {
        Value::Str(name) if matches!(name.to_ascii_lowercase().as_str(), "utf-8" | "utf8" | "ascii") => {
            Ok(())
        }
        _ => Err(Fault::beyond("encodings other than UTF-8", first.column)),
    }
}

/// `bytes.decode()`
pub fn decode(bytes: Vec<u8>, column: usize) -> Result<Value, Fault> {
    String::from_utf8(bytes).map(Value::Str).map_err(|error| {
        let (at, length) = (error.utf8_error().valid_up_to(), error.utf8_error().error_len());
        let bytes = error.as_bytes();
        let why = match length {
            None => "unexpected end of data",
            Some(_) if (0xc2..=0xf4).contains(&bytes[at]) => "invalid continuation byte",
            Some(_) => "invalid start byte",
        };
        let last = at + length.unwrap_or(bytes.len() - at) - 1;
        let what = if last == at {
            format!("byte 0x{:02x} in position {at}", bytes[at])
        } else {
            format!("bytes in position {at}-{last}")
        };
        Fault::new("UnicodeDecodeError", format!("'utf-8' codec can't decode {what}: {why}"), column)
    })
}
