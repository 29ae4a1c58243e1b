//! Programs and their calls, each awaited by its own number.

use bytes::Bytes;
use proto::{
    address::Address,
    call::{Call, CallError, Family, Flags, Kind, Outcome, Value, Wait},
    id::{CallId, Fd, HostId, ProgramId},
    room::Lifetime,
};

use super::Client;

impl Client {
    /// A program on the machine with this name.
    pub(crate) async fn program(&mut self, host: &str) -> ProgramId {
        let host = self.host(host);
        self.program_on(host).await.expect("a program")
    }

    /// A program on any machine, or why not.
    pub(crate) async fn program_on(&mut self, host: HostId) -> Result<ProgramId, CallError> {
        self.program_of(host, "test").await
    }

    /// A program that runs the file of this name.
    pub(crate) async fn program_of(&mut self, host: HostId, file: &str) -> Result<ProgramId, CallError> {
        let id = self.endpoint.open_program(host, file, Lifetime::Member)?;
        self.until("a program", |client| {
            let began = client.programs.remove(&id).map(Ok);
            began
                .or_else(|| client.results.remove(&id).map(|(outcome, _)| Err(outcome.expect_err("refused"))))
        })
        .await
    }

    /// Begins a call.
    pub(crate) fn begin(&mut self, program: ProgramId, call: Call, wait: Wait) -> CallId {
        self.endpoint.call(program, call, wait, Bytes::new()).expect("within the limits")
    }

    /// Waits for the end of a call or another request.
    pub(crate) async fn result(&mut self, id: CallId) -> (Outcome, Bytes) {
        self.until(&format!("the result of call {id}"), |client| client.results.remove(&id)).await
    }

    /// Whether a call has not ended, as far as has been heard.
    pub(crate) fn waits(&self, id: CallId) -> bool {
        !self.results.contains_key(&id)
    }

    /// Makes a call and waits for its end.
    pub(crate) async fn call(&mut self, program: ProgramId, call: Call) -> Outcome {
        let id = self.begin(program, call, Wait::Forever);
        self.result(id).await.0
    }

    /// `socket()` for TCP.
    pub(crate) async fn socket(&mut self, program: ProgramId) -> Fd {
        let call = Call::Socket { family: Family::Inet, kind: Kind::Stream };
        match self.call(program, call).await {
            Ok(Value::Descriptor(fd)) => fd,
            other => panic!("no socket: {other:?}"),
        }
    }

    /// `getaddrinfo()`: the first address.
    pub(crate) async fn resolve(&mut self, program: ProgramId, name: &str, port: u16) -> Address {
        let call = Call::Resolve { name: name.to_owned(), family: None, port };
        match self.call(program, call).await {
            Ok(Value::Addresses { addresses, .. }) => (addresses[0], port).into(),
            other => panic!("{name} has no address: {other:?}"),
        }
    }

    /// `connect()`.
    pub(crate) async fn connect_to(
        &mut self,
        program: ProgramId,
        fd: Fd,
        address: Address,
    ) -> Result<(), CallError> {
        self.call(program, Call::Connect { fd, address }).await.map(drop)
    }

    /// Resolves, makes a socket and connects it.
    pub(crate) async fn connected(&mut self, program: ProgramId, name: &str, port: u16) -> Fd {
        let address = self.resolve(program, name, port).await;
        let fd = self.socket(program).await;
        self.connect_to(program, fd, address).await.expect("connected");
        fd
    }

    /// A socket that listens on every address of its machine.
    pub(crate) async fn listener(&mut self, program: ProgramId, port: u16, backlog: i32) -> Fd {
        let fd = self.socket(program).await;
        let address = ([0, 0, 0, 0], port).into();
        assert_eq!(self.call(program, Call::Bind { fd, address }).await, Ok(Value::Done));
        assert_eq!(self.call(program, Call::Listen { fd, backlog }).await, Ok(Value::Done));
        fd
    }

    /// `accept()`.
    pub(crate) async fn accept(&mut self, program: ProgramId, fd: Fd) -> (Fd, Address) {
        match self.call(program, Call::Accept { fd }).await {
            Ok(Value::Accepted { fd, peer }) => (fd, peer),
            other => panic!("nothing accepted: {other:?}"),
        }
    }

    /// `send()`.
    pub(crate) async fn send(&mut self, program: ProgramId, fd: Fd, bytes: &[u8]) -> Outcome {
        let id = self.begin_send(program, fd, bytes);
        self.result(id).await.0
    }

    /// Begins a `send()`.
    pub(crate) fn begin_send(&mut self, program: ProgramId, fd: Fd, bytes: &[u8]) -> CallId {
        let length = u32::try_from(bytes.len()).expect("at most 1 MiB");
        let call = Call::Send { fd, flags: Flags::default(), length };
        let payload = Bytes::copy_from_slice(bytes);
        self.endpoint.call(program, call, Wait::Forever, payload).expect("within the limits")
    }

    /// `recv()`.
    pub(crate) async fn recv(&mut self, program: ProgramId, fd: Fd, max: u32) -> Result<Bytes, CallError> {
        let call = Call::Recv { fd, flags: Flags::default(), max };
        let id = self.begin(program, call, Wait::Forever);
        let (outcome, payload) = self.result(id).await;
        outcome.map(|_| payload)
    }

    /// Receives until the end of file.
    pub(crate) async fn recv_all(&mut self, program: ProgramId, fd: Fd) -> Vec<u8> {
        let mut all = Vec::new();
        loop {
            let bytes = self.recv(program, fd, 64 * 1024).await.expect("bytes");
            if bytes.is_empty() {
                return all;
            }
            all.extend_from_slice(&bytes);
        }
    }

    /// `close()`.
    pub(crate) async fn close_fd(&mut self, program: ProgramId, fd: Fd) -> Outcome {
        self.call(program, Call::Close { fd }).await
    }

    /// A connection from `client` to `server`: both programs, both ends, the listener.
    pub(crate) async fn pair(&mut self, port: u16) -> Pair {
        let (server, client) = (self.program("server").await, self.program("client").await);
        let listener = self.listener(server, port, 5).await;
        let theirs = self.connected(client, "server", port).await;
        let (ours, _) = self.accept(server, listener).await;
        Pair { server, client, ours, theirs, listener }
    }
}

/// A connection between two machines of a room.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    /// The program on `server`.
    pub(crate) server: ProgramId,
    /// The program on `client`.
    pub(crate) client: ProgramId,
    /// The accepted end, on `server`.
    pub(crate) ours: Fd,
    /// The connected end, on `client`.
    pub(crate) theirs: Fd,
    /// The listening socket, on `server`.
    pub(crate) listener: Fd,
}
