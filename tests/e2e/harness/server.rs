//! The real program, as an operator starts it.

use std::{
    io::{BufRead as _, BufReader, Read as _},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    process::{Child, ChildStderr, ChildStdout, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex, OnceLock, PoisonError, Weak},
    time::{Duration, SystemTime},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec},
    process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open},
};

use tokio::sync::watch;

use super::{PATIENCE, profile, root};

/// A running server. It ends when the last test that uses it lets go.
#[derive(Debug)]
pub(crate) struct TestServer {
    child: Mutex<Child>,
    pid: Pid,
    /// Where the page is served. Loopback, where it names itself and no address.
    pub(crate) page: SocketAddr,
    origin: String,
    /// Where the tutorial's server listens.
    pub(crate) tutorial: SocketAddr,
    stdout: Mutex<BufReader<ChildStdout>>,
    log: watch::Receiver<String>,
    /// Its standard error, where nobody reads it.
    _unheard: Option<ChildStderr>,
}

const LOOPBACK: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

impl TestServer {
    /// The one that tests share; started by the first, ended with the last that still holds it.
    pub(crate) fn shared() -> Arc<Self> {
        static SHARED: Mutex<Weak<TestServer>> = Mutex::new(Weak::new());
        let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
        shared.upgrade().unwrap_or_else(|| {
            let started = Arc::new(Self::start(&[]));
            *shared = Arc::downgrade(&started);
            started
        })
    }

    /// One of this test's own, with further flags.
    pub(crate) fn start(flags: &[&str]) -> Self {
        Self::start_at(LOOPBACK, flags)
    }

    /// The same with its page at another address of this machine.
    pub(crate) fn start_at(address: IpAddr, flags: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(free_ports(address)).args(flags);
        Self::run(command)
    }

    /// One whose page is at this very address.
    pub(crate) fn start_on(page: SocketAddr, flags: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(["--listen", &page.to_string(), "--tutorial", "127.0.0.1:0"]).args(flags);
        Self::run(command)
    }

    /// One within a shell script that ends with `exec "$@"`.
    pub(crate) fn start_within(script: &str, flags: &[&str]) -> Self {
        let mut command = Command::new("bash");
        command.args(["-c", script, "server"]).arg(program()).args(free_ports(LOOPBACK)).args(flags);
        Self::run(command)
    }

    /// One whose log nobody reads: after its first words the pipe fills.
    pub(crate) fn start_unheard(flags: &[&str]) -> Self {
        let mut command = Command::new(program());
        command.args(free_ports(LOOPBACK)).args(flags);
        Self::run_heard(command, false)
    }

    fn run(command: Command) -> Self {
        Self::run_heard(command, true)
    }

    fn run_heard(mut command: Command, heard: bool) -> Self {
        command.env_remove("RUST_LOG").env_remove("WIRESIDE_WEB");
        // What it keeps, unless a test says where, is not among this user's own.
        command.env("XDG_STATE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/state"));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("the server starts");
        let stderr = child.stderr.take().expect("piped");
        let (log, unheard) =
            if heard { (collect(stderr), None) } else { (watch::channel(String::new()).1, Some(stderr)) };
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let page = read_line(&mut stdout, "page ", &log);
        let origin = page.trim_end_matches('/').to_owned();
        let (_, authority) = origin.split_once("://").expect("an origin");
        let named = |port: &str| port.parse().ok().map(|port| SocketAddr::new(LOOPBACK, port));
        let page =
            authority.parse().ok().or_else(|| named(authority.rsplit_once(':')?.1)).expect("an address");
        let tutorial = read_line(&mut stdout, "tutorial ", &log).parse().expect("an address");
        let pid = Pid::from_child(&child);
        let (child, stdout) = (Mutex::new(child), Mutex::new(stdout));
        Self { child, pid, page, origin, tutorial, stdout, log, _unheard: unheard }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> Pid {
        self.pid
    }

    /// The origin of its page.
    pub(crate) fn origin(&self) -> String {
        self.origin.clone()
    }

    /// The rest of the next line of its standard output that begins so; lines before it are passed over.
    pub(crate) fn prints(&self, before: &str) -> String {
        let mut stdout = self.stdout.lock().unwrap_or_else(PoisonError::into_inner);
        let lines = std::iter::from_fn(|| {
            let mut line = String::new();
            let read = stdout.read_line(&mut line).expect("its standard output");
            (read > 0).then_some(line)
        });
        let found = lines.filter_map(|line| line.trim_end().strip_prefix(before).map(str::to_owned)).next();
        found.unwrap_or_else(|| panic!("it printed no line with {before:?}; it said:\n{}", self.log()))
    }

    /// What it has logged so far.
    pub(crate) fn log(&self) -> String {
        self.log.borrow().clone()
    }

    /// Waits until its log satisfies `until`.
    pub(crate) async fn logs(&self, what: &str, mut until: impl FnMut(&str) -> bool) {
        let mut log = self.log.clone();
        let said = async { log.wait_for(|log| until(log)).await.is_ok() };
        let said = tokio::time::timeout(PATIENCE, said).await.unwrap_or(false);
        assert!(said, "waited for {what}; it said:\n{}", self.log());
    }

    /// Sends it a signal.
    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("it can be signalled");
    }

    /// Waits for its end: how it ended, and what it still printed on standard output.
    pub(crate) fn wait(&self) -> (ExitStatus, String) {
        assert!(self.ends_within(PATIENCE), "the server does not end; it said:\n{}", self.log());
        let status = self.child().wait().expect("a child can be waited for");
        let mut rest = String::new();
        let mut stdout = self.stdout.lock().unwrap_or_else(PoisonError::into_inner);
        stdout.read_to_string(&mut rest).expect("its standard output");
        (status, rest)
    }

    /// Whether its process is gone, with all that it had open.
    pub(crate) fn has_ended(&self) -> bool {
        self.child().try_wait().is_ok_and(|ended| ended.is_some())
    }

    fn child(&self) -> std::sync::MutexGuard<'_, Child> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ends_within(&self, time: Duration) -> bool {
        if let Ok(Some(_)) = self.child().try_wait() {
            return true;
        }
        // Readable when the process has ended, pidfd_open(2).
        let Ok(process) = pidfd_open(self.pid, PidfdFlags::empty()) else { return true };
        let mut fds = [PollFd::new(&process, PollFlags::IN)];
        let timeout = Timespec::try_from(time).expect("a short time");
        rustix::event::poll(&mut fds, Some(&timeout)).is_ok_and(|ready| ready > 0)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if self.child().try_wait().is_ok_and(|ended| ended.is_some()) {
            return;
        }
        let _gone = kill_process(self.pid, Signal::INT);
        if !self.ends_within(Duration::from_secs(15)) {
            let _gone = self.child().kill();
        }
        let _status = self.child().wait();
    }
}

fn collect(stderr: impl std::io::Read + Send + 'static) -> watch::Receiver<String> {
    let (log, reader) = watch::channel(String::new());
    std::thread::spawn(move || {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            log.send_modify(|log| {
                log.push_str(&line);
                log.push('\n');
            });
        }
    });
    reader
}

fn read_line(stdout: &mut BufReader<ChildStdout>, before: &str, log: &watch::Receiver<String>) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).expect("its standard output");
    line.trim_end().strip_prefix(before).map(str::to_owned).unwrap_or_else(|| {
        panic!("expected a line with {before:?}, got {line:?}; it said:\n{}", log.borrow().as_str())
    })
}

fn free_ports(page: IpAddr) -> [String; 4] {
    let page = SocketAddr::new(page, 0).to_string();
    ["--listen".into(), page, "--tutorial".into(), "127.0.0.1:0".into()]
}

/// The program under test. `WIRESIDE_SERVER` names another one; otherwise it is the one of this build, made anew where
/// it is missing or older than what it was made from.
pub(crate) fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        if let Some(named) = std::env::var_os("WIRESIDE_SERVER") {
            return named.into();
        }
        let program = profile().join("server");
        if !is_current(&program) {
            build();
        }
        program
    })
}

/// Whether nothing it was made from, as cargo has written it down beside it, has changed since.
fn is_current(program: &Path) -> bool {
    let changed = |path: &Path| path.metadata().and_then(|about| about.modified()).ok();
    let Some(made) = changed(program) else { return false };
    let Ok(rule) = std::fs::read_to_string(program.with_extension("d")) else { return false };
    let sources = rule.split_once(": ").map_or("", |(_, sources)| sources).split_whitespace();
    sources.map(Path::new).all(|source| newest(source).is_some_and(|time| time <= made))
}

/// When the file, or the newest one below the folder, was changed.
fn newest(path: &Path) -> Option<SystemTime> {
    let own = path.metadata().ok()?.modified().ok()?;
    let Ok(entries) = path.read_dir() else { return Some(own) };
    let below = entries.filter_map(Result::ok).filter_map(|entry| newest(&entry.path()));
    Some(below.fold(own, SystemTime::max))
}

fn build() {
    let mut cargo = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
    cargo.current_dir(root()).args(["build", "--package", "server", "--target-dir"]);
    cargo.arg(profile().parent().expect("target/PROFILE"));
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let status = cargo.status().expect("cargo starts");
    assert!(status.success(), "the server does not build");
}
