//! The programs of the lessons, call by call, as CPython would make them.

use bytes::Bytes;
use proto::{
    call::{Call, Family, Flags, Kind, Outcome, Value},
    id::{CallId, Fd, ProgramId},
};

/// What a program is.
#[derive(Clone, Copy, Debug)]
pub(super) enum Script {
    /// Listens, and sends each caller a text.
    Greets { port: u16, text: &'static [u8] },
    /// Calls `server` and receives once.
    Calls { port: u16 },
    /// Sends each of three callers 10,000 bytes and more.
    Chunks,
    /// Three connections, exactly 10,000 bytes from each.
    Exactly,
    /// Holds a port, and accepts nobody.
    Squats { port: u16 },
}

impl Script {
    /// The program of a lesson that has this name.
    pub(super) fn of(file: &str) -> Self {
        match file {
            "server.py" => Self::Greets { port: 12345, text: b"Thank you for connecting" },
            "hello.py" => Self::Greets { port: 12345, text: b"Hello from my own server" },
            "other_port.py" => Self::Greets { port: 23456, text: b"Hello from another port" },
            "client.py" => Self::Calls { port: 12345 },
            "caller.py" => Self::Calls { port: 23456 },
            "chunks.py" => Self::Chunks,
            "exactly.py" => Self::Exactly,
            other => panic!("a lesson has a new program {other}: say here what it does"),
        }
    }
}

/// Where a program is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Socket,
    Bind,
    Listen,
    Accept,
    Resolve,
    Connect,
    Send(usize),
    Receive(usize),
    Await,
    Close,
    Ended,
}

/// A program that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) program: ProgramId,
    pub(super) host: String,
    pub(super) file: String,
    script: Script,
    at: At,
    listener: Fd,
    socket: Fd,
    rounds: usize,
    /// The call it waits for.
    pub(super) call: Option<CallId>,
}

/// What a program does next.
pub(super) enum Move {
    Call(Call, Bytes),
    /// It has ended; whether well.
    End(bool),
}

impl Running {
    pub(super) fn new(program: ProgramId, host: &str, file: &str, script: Script) -> Self {
        let (host, file) = (host.to_owned(), file.to_owned());
        Self {
            program,
            host,
            file,
            script,
            at: At::Socket,
            listener: Fd(0),
            socket: Fd(0),
            rounds: 0,
            call: None,
        }
    }

    /// Its first call.
    pub(super) fn begin(&self) -> Move {
        Move::Call(Call::Socket { family: Family::Inet, kind: Kind::Stream }, Bytes::new())
    }

    /// What it does after a call has ended.
    pub(super) fn after(&mut self, outcome: &Outcome, bytes: &Bytes) -> Move {
        let Ok(value) = outcome else {
            // chunks.py expects that a caller closes early.
            if matches!((self.script, self.at), (Script::Chunks, At::Send(_) | At::Await)) {
                self.at = At::Close;
                return self.call_now(&Value::Done);
            }
            self.at = At::Ended;
            return Move::End(false);
        };
        self.at = self.follow(value, bytes);
        self.call_now(value)
    }

    fn serves(&self) -> bool {
        matches!(self.script, Script::Greets { .. } | Script::Chunks | Script::Squats { .. })
    }

    fn port(&self) -> u16 {
        match self.script {
            Script::Greets { port, .. } | Script::Calls { port } | Script::Squats { port } => port,
            Script::Chunks | Script::Exactly => 12345,
        }
    }

    fn follow(&mut self, value: &Value, bytes: &Bytes) -> At {
        match (self.at, value) {
            (At::Socket, Value::Descriptor(fd)) if self.serves() => {
                self.listener = *fd;
                At::Bind
            }
            (At::Socket, Value::Descriptor(fd)) => {
                self.socket = *fd;
                At::Resolve
            }
            (At::Bind, _) => At::Listen,
            (At::Listen, _) => At::Accept,
            (At::Accept, Value::Accepted { fd, .. }) => {
                self.socket = *fd;
                At::Send(0)
            }
            (At::Resolve, _) => At::Connect,
            (At::Connect, _) => At::Receive(0),
            (At::Send(sent), Value::Sent(more)) => {
                let sent = sent + *more as usize;
                match self.script {
                    Script::Chunks if sent < 10_008 => At::Send(sent),
                    Script::Chunks => At::Await,
                    _ => At::Close,
                }
            }
            (At::Receive(got), _) => {
                let got = got + bytes.len();
                let more = matches!(self.script, Script::Exactly) && got < 10_000 && !bytes.is_empty();
                if more { At::Receive(got) } else { At::Close }
            }
            (At::Await, _) => At::Close,
            (At::Close, _) => {
                self.rounds += 1;
                match self.script {
                    Script::Greets { .. } => At::Accept,
                    Script::Chunks if self.rounds < 3 => At::Accept,
                    Script::Exactly if self.rounds < 3 => At::Socket,
                    _ => At::Ended,
                }
            }
            (at, value) => panic!("{} at {at:?} cannot have {value:?}", self.file),
        }
    }

    fn call_now(&self, last: &Value) -> Move {
        let flags = Flags::default();
        let call = match self.at {
            At::Socket => Call::Socket { family: Family::Inet, kind: Kind::Stream },
            At::Bind => Call::Bind { fd: self.listener, address: ([0, 0, 0, 0], self.port()).into() },
            At::Listen => Call::Listen { fd: self.listener, backlog: 5 },
            At::Accept => Call::Accept { fd: self.listener },
            At::Resolve => Call::Resolve { name: "server".into(), family: None, port: self.port() },
            At::Connect => {
                let Value::Addresses { addresses, .. } = last else { panic!("resolved to {last:?}") };
                Call::Connect { fd: self.socket, address: (addresses[0], self.port()).into() }
            }
            At::Send(sent) => {
                let bytes = match self.script {
                    Script::Greets { text, .. } => Bytes::from_static(text),
                    _ => Bytes::from(vec![b'x'; [10_008, 1000, 700][self.rounds.min(2)].min(10_008 - sent)]),
                };
                let length = u32::try_from(bytes.len()).expect("few");
                return Move::Call(Call::Send { fd: self.socket, flags, length }, bytes);
            }
            At::Receive(got) => {
                let max = if matches!(self.script, Script::Exactly) { 10_000 - got } else { 1024 };
                Call::Recv { fd: self.socket, flags, max: u32::try_from(max).expect("few") }
            }
            At::Await => Call::Recv { fd: self.socket, flags, max: 1 },
            At::Close => Call::Close { fd: self.socket },
            At::Ended => return Move::End(true),
        };
        Move::Call(call, Bytes::new())
    }
}
