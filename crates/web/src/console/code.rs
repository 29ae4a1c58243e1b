//! The same step in Python 3, in Rust at socket2's level, and in C: one call here is one call there.
//!
//! Rust's standard library has no one-to-one form (`TcpListener::bind` is socket, setsockopt, bind and listen), hence
//! socket2. Snippets are single steps: they stand where `?` may be used, after the usual imports.

mod c;
mod context;
mod python;
mod rust;

use proto::call::Call;
use serde::Serialize;
use tsify::Tsify;

pub use context::Context;

use super::value::Value;

/// One step in three languages.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Tsify)]
pub struct Forms {
    /// Python 3.
    pub python: String,
    /// Rust with socket2 0.6.
    pub rust: String,
    /// C with POSIX and Linux headers.
    pub c: String,
}

/// A call in three languages. Library functions too, where the language has them.
pub fn forms(call: &Call, context: &Context<'_>) -> Forms {
    Forms { python: python::form(call, context), rust: rust::form(call, context), c: c::form(call, context) }
}

/// A call as one line of the prompt, without what is assigned: for steps, and for other people's consoles.
pub fn line(call: &Call, context: &Context<'_>) -> String {
    python::expression(call, context)
}

/// Keeps a variable's value from being mistaken for a descriptor.
pub(super) fn is_socket(value: &Value) -> bool {
    matches!(value, Value::Socket(fd) if fd.0 >= 0)
}

/// One call of every shape, for tests here and beside.
#[cfg(test)]
pub(super) fn samples() -> Vec<(Call, proto::call::Wait)> {
    use proto::call::{
        Family, Flags, How, Kind, OptionForm, OptionName, OptionScope, OptionValue, PollEvents,
    };
    use proto::{call::Wait, id::Fd};
    const S: Fd = Fd(3);
    let address = "10.0.0.10:12345".parse().expect("address");
    let any = "0.0.0.0:12345".parse().expect("address");
    let flags = Flags::default();
    let mut calls = vec![
        Call::Socket { family: Family::Inet, kind: Kind::Stream },
        Call::Socket { family: Family::Inet6, kind: Kind::Datagram },
        Call::Bind { fd: S, address: any },
        Call::Bind { fd: S, address: "[::1]:80".parse().expect("address") },
        Call::Listen { fd: S, backlog: 5 },
        Call::Accept { fd: S },
        Call::Connect { fd: S, address },
        Call::Send { fd: S, flags, length: 3 },
        Call::Send { fd: S, flags: Flags::OOB.with(Flags::MORE), length: 3 },
        Call::Send { fd: S, flags, length: 100_000 },
        Call::SendTo { fd: S, flags, address, length: 3 },
        Call::Recv { fd: S, flags, max: 1024 },
        Call::Recv { fd: S, flags: Flags::PEEK, max: 10 },
        Call::RecvFrom { fd: S, flags, max: 1024 },
        Call::RecvFrom { fd: S, flags: Flags::PEEK, max: 1024 },
        Call::Shutdown { fd: S, how: How::Read },
        Call::Shutdown { fd: S, how: How::Write },
        Call::Shutdown { fd: S, how: How::Both },
        Call::Close { fd: S },
        Call::GetSockName { fd: S },
        Call::GetPeerName { fd: S },
        Call::Poll { fds: vec![(S, PollEvents::IN), (S, PollEvents(5))] },
        Call::Resolve { name: "tutorial".into(), family: None, port: 12345 },
        Call::Resolve { name: "tutorial".into(), family: Some(Family::Inet), port: 0 },
        Call::Ping { name: "tutorial".into(), count: 3 },
    ];
    for &name in OptionName::ALL {
        calls.push(Call::GetSockOpt { fd: S, name });
        let value = match name.entry().form {
            OptionForm::Linger => OptionValue::Linger(Some(5)),
            OptionForm::Bool => OptionValue::Bool(true),
            OptionForm::Int => OptionValue::Int(1000),
            OptionForm::Bytes => OptionValue::Bytes([5_i64, 500_000].map(i64::to_le_bytes).concat()),
        };
        if name.entry().scope != OptionScope::ReadOnly {
            calls.push(Call::SetSockOpt { fd: S, name, value });
        }
    }
    calls.push(Call::SetSockOpt { fd: S, name: OptionName::Linger, value: OptionValue::Linger(None) });
    calls.into_iter().map(|call| (call, Wait::Millis(500))).collect()
}

#[cfg(test)]
mod tests {
    use proto::{
        call::{Call, Flags, Wait},
        id::Fd,
    };

    use super::{Context, forms};
    use crate::console::{evaluate::Variables, parse::parse, value::Value};

    const S: Fd = Fd(3);

    fn variables() -> Variables {
        Variables::from([("s".to_owned(), Value::Socket(S))])
    }

    fn context<'a>(variables: &'a Variables) -> Context<'a> {
        Context { variables, payload: b"hi\n", targets: &[], wait: Wait::Millis(500) }
    }

    #[test]
    fn the_python_line_is_one_the_prompt_understands() {
        let variables = variables();
        for (call, _) in super::samples() {
            let line = super::line(&call, &context(&variables));
            let mut known = variables.clone();
            known.insert("data".into(), Value::Bytes(vec![0]));
            assert!(parse(&line, &known).is_ok(), "{line}: {:?}", parse(&line, &known));
        }
    }

    #[test]
    fn a_connect_in_three_languages() {
        let variables = variables();
        let call = Call::Connect { fd: S, address: "10.0.0.10:12345".parse().expect("address") };
        let forms = forms(&call, &context(&variables));
        assert_eq!(forms.python, "s.connect((\"10.0.0.10\", 12345))");
        assert_eq!(forms.rust, "s.connect(&SocketAddr::from(([10, 0, 0, 10], 12345)).into())?;");
        assert!(forms.c.contains("connect(s, (struct sockaddr *)&address, sizeof address);"), "{}", forms.c);
    }

    #[test]
    fn names_within_a_machine_in_three_languages() {
        let variables = variables();
        let bound = |text: &str| {
            forms(&Call::Bind { fd: S, address: text.parse().expect("address") }, &context(&variables))
        };
        let path = bound("unix:/tmp/talk");
        assert_eq!(path.python, "s.bind(\"/tmp/talk\")");
        assert_eq!(path.rust, "s.bind(&SockAddr::unix(\"/tmp/talk\")?)?;");
        assert!(
            path.c.contains(".sun_path = \"/tmp/talk\" };") && path.c.contains("sizeof address"),
            "{}",
            path.c
        );
        let name = bound("unix:@1talk");
        assert_eq!(name.python, "s.bind(b'\\x001talk')");
        assert_eq!(name.rust, "s.bind(&SockAddr::unix(OsStr::from_bytes(b\"\\x001talk\"))?)?;");
        assert!(
            name.c.contains(".sun_path = \"\\0001talk\"") && name.c.contains("sun_path) + 6"),
            "{}",
            name.c
        );
    }

    #[test]
    fn c_literals_never_swallow_a_digit() {
        let variables = variables();
        let context = Context { payload: b"\x01a\xff9", ..context(&variables) };
        let forms = forms(&Call::Send { fd: S, flags: Flags::default(), length: 4 }, &context);
        assert_eq!(forms.c, "ssize_t sent = send(s, \"\\001a\\3779\", 4, MSG_NOSIGNAL);");
        assert_eq!(forms.rust, "let sent = s.send(b\"\\x01a\\xff9\")?;");
    }

    /// Writes every snippet where the variable says, for a check with real compilers.
    #[test]
    fn snippets_can_be_written_out() {
        let Ok(folder) = std::env::var("CONSOLE_SNIPPETS") else { return };
        let variables = variables();
        let (mut rust, mut c) = (String::new(), String::new());
        for (at, (call, _)) in super::samples().iter().enumerate() {
            let forms = forms(call, &context(&variables));
            rust.push_str(&format!(
                "fn step{at}(s: Socket, data: &[u8]) -> io::Result<()> {{\n{}\nOk(()) }}\n",
                forms.rust
            ));
            c.push_str(&format!("void step{at}(int s, char *data) {{ {{\n{}\n}} }}\n", forms.c));
        }
        std::fs::write(format!("{folder}/steps.rs"), rust).expect("written");
        std::fs::write(format!("{folder}/steps.c"), c).expect("written");
    }
}
