//! Programs of the lessons without Python: each is a function whose calls are the room's, which goes on whenever the
//! room has been heard.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    net::IpAddr,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard},
    task::{Context, Poll, Waker},
    time::{Duration, Instant},
};

use bytes::Bytes;
use proto::{
    call::{Call, CallError, Family, Flags, How, Kind, OptionName, OptionValue, Outcome, Value, Wait},
    client::Origin,
    id::{CallId, Fd, ProgramId},
};

use super::scripts;
use crate::harness::client::Client;

/// How a program or a thread of it ends.
pub(super) type Done = Result<(), CallError>;
/// A program, or a thread of it.
pub(super) type Strand = Pin<Box<dyn Future<Output = Done> + Send>>;

/// What a program has to do with the world.
#[derive(Default)]
struct State {
    calls: u64,
    wanted: Vec<(u64, Call, Bytes, Wait)>,
    ended: BTreeMap<u64, (Outcome, Bytes)>,
    printed: Vec<String>,
    started: Vec<Strand>,
    /// When somebody in it wakes up.
    naps: Vec<Instant>,
    /// Nothing of it goes on before.
    stands_until: Option<Instant>,
}

/// The machine's kernel as a program sees it.
#[derive(Clone, Default)]
pub(super) struct Kernel(Arc<Mutex<State>>);

impl Kernel {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().expect("nobody panics with it")
    }

    async fn call(&self, call: Call, payload: Bytes, wait: Wait) -> Result<(Value, Bytes), CallError> {
        let number = {
            let mut state = self.state();
            state.calls += 1;
            let number = state.calls;
            state.wanted.push((number, call, payload, wait));
            number
        };
        let ended = |_: &mut Context<'_>| match self.state().ended.remove(&number) {
            Some(ended) => Poll::Ready(ended),
            None => Poll::Pending,
        };
        let (outcome, bytes) = poll_fn(ended).await;
        outcome.map(|value| (value, bytes))
    }

    async fn plain(&self, call: Call) -> Result<Value, CallError> {
        self.call(call, Bytes::new(), Wait::Forever).await.map(|(value, _)| value)
    }

    pub(super) async fn socket(&self) -> Result<Fd, CallError> {
        match self.plain(Call::Socket { family: Family::Inet, kind: Kind::Stream }).await? {
            Value::Descriptor(fd) => Ok(fd),
            other => panic!("socket returned {other:?}"),
        }
    }

    /// A socket that takes callers on a port.
    pub(super) async fn listener(&self, port: u16) -> Result<Fd, CallError> {
        let fd = self.socket().await?;
        self.bind(fd, [0, 0, 0, 0], port).await?;
        self.listen(fd).await?;
        Ok(fd)
    }

    pub(super) async fn bind(&self, fd: Fd, address: [u8; 4], port: u16) -> Done {
        self.plain(Call::Bind { fd, address: (address, port).into() }).await.map(drop)
    }

    pub(super) async fn listen(&self, fd: Fd) -> Done {
        self.plain(Call::Listen { fd, backlog: 5 }).await.map(drop)
    }

    /// SO_REUSEADDR.
    pub(super) async fn reuse(&self, fd: Fd) -> Done {
        let call = Call::SetSockOpt { fd, name: OptionName::ReuseAddr, value: OptionValue::Bool(true) };
        self.plain(call).await.map(drop)
    }

    pub(super) async fn shutdown_write(&self, fd: Fd) -> Done {
        self.plain(Call::Shutdown { fd, how: How::Write }).await.map(drop)
    }

    /// The first address of a name.
    pub(super) async fn resolve(&self, name: &str, port: u16) -> Result<IpAddr, CallError> {
        match self.plain(Call::Resolve { name: name.into(), family: None, port }).await? {
            Value::Addresses { addresses, .. } => Ok(addresses[0]),
            other => panic!("getaddrinfo returned {other:?}"),
        }
    }

    pub(super) async fn connect(&self, fd: Fd, address: IpAddr, port: u16) -> Done {
        self.plain(Call::Connect { fd, address: (address, port).into() }).await.map(drop)
    }

    pub(super) async fn accept(&self, fd: Fd) -> Result<Fd, CallError> {
        match self.plain(Call::Accept { fd }).await? {
            Value::Accepted { fd, .. } => Ok(fd),
            other => panic!("accept returned {other:?}"),
        }
    }

    /// A socket that is connected to a port of `server`.
    pub(super) async fn connected(&self, port: u16) -> Result<Fd, CallError> {
        let fd = self.socket().await?;
        let address = self.resolve("server", port).await?;
        self.connect(fd, address, port).await?;
        Ok(fd)
    }

    /// Sends all of it.
    pub(super) async fn send(&self, fd: Fd, bytes: &[u8]) -> Done {
        let mut left = Bytes::copy_from_slice(bytes);
        while !left.is_empty() {
            let length = u32::try_from(left.len()).expect("few");
            let call = Call::Send { fd, flags: Flags::default(), length };
            match self.call(call, left.clone(), Wait::Forever).await?.0 {
                Value::Sent(sent) => drop(left.split_to(sent as usize)),
                other => panic!("send returned {other:?}"),
            }
        }
        Ok(())
    }

    pub(super) async fn receive(&self, fd: Fd, max: usize) -> Result<Bytes, CallError> {
        self.receive_within(fd, max, Wait::Forever).await
    }

    pub(super) async fn receive_within(&self, fd: Fd, max: usize, wait: Wait) -> Result<Bytes, CallError> {
        let max = u32::try_from(max).expect("few");
        if max == 0 {
            return Ok(Bytes::new());
        }
        let call = Call::Recv { fd, flags: Flags::default(), max };
        self.call(call, Bytes::new(), wait).await.map(|(_, bytes)| bytes)
    }

    pub(super) async fn close(&self, fd: Fd) -> Done {
        self.plain(Call::Close { fd }).await.map(drop)
    }

    /// Prints a line.
    pub(super) fn print(&self, line: &str) {
        self.state().printed.push(format!("{line}\n"));
    }

    /// Starts a thread.
    pub(super) fn start(&self, strand: Strand) {
        self.state().started.push(strand);
    }

    /// Waits; other threads go on.
    pub(super) async fn sleep(&self, milliseconds: u64) {
        let until = Instant::now() + Duration::from_millis(milliseconds);
        self.state().naps.push(until);
        let over =
            |_: &mut Context<'_>| if Instant::now() >= until { Poll::Ready(()) } else { Poll::Pending };
        poll_fn(over).await;
    }

    /// Waits, and with it every thread.
    pub(super) async fn stand(&self, milliseconds: u64) {
        self.state().stands_until = Some(Instant::now() + Duration::from_millis(milliseconds));
        self.sleep(milliseconds).await;
    }
}

/// A program that runs.
pub(super) struct Running {
    pub(super) program: ProgramId,
    pub(super) host: String,
    pub(super) file: String,
    kernel: Kernel,
    main: Strand,
    threads: Vec<Strand>,
    /// Calls that wait, by the program's own numbers, and whether only others end them.
    waiting: Vec<(u64, CallId, bool)>,
    /// How it ended, once it has.
    pub(super) over: Option<Done>,
}

impl Running {
    pub(super) fn new(program: ProgramId, host: &str, file: &str) -> Self {
        let kernel = Kernel::default();
        Self {
            program,
            host: host.to_owned(),
            file: file.to_owned(),
            main: scripts::of(file, kernel.clone()),
            kernel,
            threads: Vec::new(),
            waiting: Vec::new(),
            over: None,
        }
    }

    /// Whether it goes on by the clock, whatever is heard.
    pub(super) fn naps(&self) -> bool {
        !self.kernel.state().naps.is_empty()
    }

    /// Whether it waits for others: in a call that only they end, or for ever.
    pub(super) fn rests(&self) -> bool {
        self.over.is_some() || self.waiting.iter().all(|(_, _, waits)| *waits)
    }

    /// Lets it come as far as it can; whether anything of it is new.
    pub(super) fn go_on(&mut self, client: &mut Client) -> bool {
        let mut news = false;
        self.waiting.retain(|(number, call, _)| {
            let Some(ended) = client.ended(*call) else { return true };
            self.kernel.state().ended.insert(*number, ended);
            news = true;
            false
        });
        let now = Instant::now();
        {
            let mut state = self.kernel.state();
            news |= state.naps.iter().any(|until| *until <= now);
            state.naps.retain(|until| *until > now);
            if state.stands_until.is_some_and(|until| until > now) {
                return false;
            }
        }
        self.poll();
        let (wanted, printed) = {
            let mut state = self.kernel.state();
            (std::mem::take(&mut state.wanted), std::mem::take(&mut state.printed))
        };
        news |= !wanted.is_empty() || self.over.is_some();
        for text in printed {
            client.endpoint().output(self.program, false, &text);
        }
        for (number, call, payload, wait) in wanted {
            let waits = call.waits_for_others();
            // One line a call.
            let origin = Origin { line: u32::try_from(number).ok(), thread: None };
            match client.endpoint().call_from(self.program, call, wait, origin, payload) {
                Ok(call) => self.waiting.push((number, call, waits)),
                Err(error) => self.over = Some(Err(error)),
            }
        }
        news
    }

    fn poll(&mut self) {
        let mut context = Context::from_waker(Waker::noop());
        if let Poll::Ready(done) = self.main.as_mut().poll(&mut context) {
            self.over = Some(done);
        }
        self.threads.retain_mut(|thread| thread.as_mut().poll(&mut context).is_pending());
        loop {
            let started = std::mem::take(&mut self.kernel.state().started);
            if started.is_empty() {
                return;
            }
            for mut thread in started {
                if thread.as_mut().poll(&mut context).is_pending() {
                    self.threads.push(thread);
                }
            }
        }
    }
}
