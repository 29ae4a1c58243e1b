//! The program as an operator and a script see it: start-up lines, exit codes, signals, a shortage of descriptors.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{
    Pid, PidfdFlags, Resource, Rlimit, Signal, getrlimit, kill_process, pidfd_open, prlimit,
};

type Result<T = ()> = std::result::Result<T, Box<dyn std::error::Error>>;

const PROGRAM: &str = env!("CARGO_BIN_EXE_server");

/// When a test gives up waiting. Nothing here takes a tenth of it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Said among the program's lines by a client that was greeted.
const GREETED: &str = "greeted";

/// A running program; killed when the test ends, however it ends.
struct Running {
    child: Child,
    stdout: BufReader<ChildStdout>,
    /// What it says on standard error, line by line, and what a test adds to that.
    said: Receiver<String>,
    say: Sender<String>,
    page: SocketAddr,
    tutorial: SocketAddr,
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Running {
    /// Starts the program and reads its first two lines.
    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let mut stdout = BufReader::new(child.stdout.take().ok_or("piped")?);
        let stderr = BufReader::new(child.stderr.take().ok_or("piped")?);
        let (say, said) = mpsc::channel();
        let saying = say.clone();
        thread::spawn(move || {
            stderr.lines().map_while(std::io::Result::ok).try_for_each(|line| saying.send(line))
        });
        let page = line(&mut stdout)?;
        let tutorial = line(&mut stdout)?;
        let page =
            page.strip_prefix("page http://").and_then(|page| page.strip_suffix('/')).ok_or(page.clone())?;
        let tutorial = tutorial.strip_prefix("tutorial ").ok_or(tutorial.clone())?;
        Ok(Self { child, stdout, said, say, page: page.parse()?, tutorial: tutorial.parse()? })
    }

    /// Connects a client to the tutorial's server; says [`GREETED`] once it has been thanked.
    fn greet_in_the_background(&self) {
        let (tutorial, say) = (self.tutorial, self.say.clone());
        thread::spawn(move || {
            if greeting(tutorial).is_ok_and(|text| text == "Thank you for connecting") {
                let _ = say.send(GREETED.to_owned());
            }
        });
    }

    /// Takes lines of what was said up to the one that is waited for.
    fn until_said(&self, awaited: impl Fn(&str) -> bool) -> Result {
        let end = Instant::now() + PATIENCE;
        while !awaited(&self.said.recv_timeout(end.saturating_duration_since(Instant::now()))?) {}
        Ok(())
    }

    fn id(&self) -> Result<Pid> {
        Ok(Pid::from_raw(self.child.id().try_into()?).ok_or("no process")?)
    }

    fn signal(&self, signal: Signal) -> Result {
        Ok(kill_process(self.id()?, signal)?)
    }

    /// Waits for its end.
    fn end(&mut self) -> Result<ExitStatus> {
        let process = pidfd_open(self.id()?, PidfdFlags::empty())?;
        let patience = Timespec::try_from(PATIENCE)?;
        let ended = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&patience))?;
        if ended == 0 {
            return Err("it has not ended".into());
        }
        Ok(self.child.wait()?)
    }

    /// Sets how many descriptors it may have (`None`: any number); returns how many that were before.
    fn limit_descriptors(&self, current: Option<u64>) -> Result<Option<u64>> {
        let limit = Rlimit { current, maximum: getrlimit(Resource::Nofile).maximum };
        Ok(prlimit(Some(self.id()?), Resource::Nofile, limit)?.current)
    }
}

fn program(arguments: &[&str]) -> Command {
    clean(Command::new(PROGRAM), arguments)
}

/// The program at free ports, started by another one.
fn started_by(starter: &[&str]) -> Command {
    clean(Command::new(starter[0]), &[&starter[1..], &[PROGRAM], &FREE_PORTS].concat())
}

/// What the tests' own surroundings set for servers is not for this one.
fn clean(mut command: Command, arguments: &[&str]) -> Command {
    command.args(arguments).env_remove("RUST_LOG").env_remove("WIRESIDE_WEB");
    command.env("XDG_STATE_HOME", concat!(env!("CARGO_TARGET_TMPDIR"), "/state"));
    command
}

const FREE_PORTS: [&str; 4] = ["--listen", "127.0.0.1:0", "--tutorial", "127.0.0.1:0"];

fn line(from: &mut impl std::io::BufRead) -> Result<String> {
    let mut line = String::new();
    from.read_line(&mut line)?;
    Ok(line.trim_end_matches('\n').to_owned())
}

fn greeting(address: SocketAddr) -> Result<String> {
    read_all(&connect(address)?)
}

fn connect(address: SocketAddr) -> Result<TcpStream> {
    let stream = TcpStream::connect(address)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    Ok(stream)
}

fn read_all(mut stream: &TcpStream) -> Result<String> {
    let mut text = String::new();
    stream.read_to_string(&mut text)?;
    Ok(text)
}

#[test]
fn says_where_it_is_and_greets_there() -> Result {
    let running = Running::start(program(&FREE_PORTS))?;
    assert_eq!(running.page.ip().to_string(), "127.0.0.1");
    assert_ne!(running.page.port(), 0);
    assert_eq!(greeting(running.tutorial)?, "Thank you for connecting");
    TcpStream::connect(running.page)?;
    Ok(())
}

#[test]
fn bound_to_all_addresses_it_names_loopback_first() -> Result {
    let running = Running::start(program(&["--listen", "0.0.0.0:0", "--tutorial", "127.0.0.1:0"]))?;
    assert_eq!(running.page.ip().to_string(), "127.0.0.1");
    Ok(())
}

#[test]
fn a_port_in_use_is_one_line_and_a_failure() -> Result {
    let taken = TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    for arguments in [
        ["--listen", &address, "--tutorial", "127.0.0.1:0"],
        ["--listen", "127.0.0.1:0", "--tutorial", &address],
    ] {
        let output = program(&arguments).output()?;
        assert!(!output.status.success());
        assert!(output.stdout.is_empty());
        let complaint = String::from_utf8(output.stderr)?;
        assert_eq!(complaint.lines().count(), 1, "{complaint}");
        assert!(complaint.contains(&address) && complaint.contains("in use"), "{complaint}");
    }
    Ok(())
}

/// A folder that is gone when the test ends.
struct Folder(std::path::PathBuf);

impl Folder {
    fn file(&self, name: &str, content: &str) -> Result<String> {
        let path = self.0.join(name);
        std::fs::write(&path, content)?;
        Ok(path.to_str().ok_or("a path in UTF-8")?.to_owned())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

#[test]
fn a_certificate_that_cannot_be_used_is_one_line_and_a_failure() -> Result {
    let folder = Folder(std::env::temp_dir().join(format!("wireside-tls-{}", std::process::id())));
    std::fs::create_dir_all(&folder.0)?;
    let made = rcgen::generate_simple_self_signed(["lab.example".to_owned()])?;
    let certificate = folder.file("cert.pem", &made.cert.pem())?;
    let own_key = folder.file("own.pem", &made.signing_key.serialize_pem())?;
    let other_key = folder.file("other.pem", &rcgen::KeyPair::generate()?.serialize_pem())?;
    let empty = folder.file("empty.pem", "")?;
    for (certificate, key, complaint) in [
        ("/nowhere/cert.pem", own_key.as_str(), "cannot read /nowhere/cert.pem (--tls-cert)"),
        (&certificate, "/nowhere/key.pem", "cannot read /nowhere/key.pem (--tls-key)"),
        (&empty, &own_key, "holds no certificate"),
        (&own_key, &own_key, "holds no certificate"),
        (&certificate, &certificate, "holds no private key"),
        (&certificate, &other_key, "does not fit"),
    ] {
        let output = program(&["--tls-cert", certificate, "--tls-key", key]).args(FREE_PORTS).output()?;
        assert_eq!(output.status.code(), Some(1));
        assert!(output.stdout.is_empty());
        let said = String::from_utf8(output.stderr)?;
        assert_eq!(said.lines().count(), 1, "{said}");
        assert!(said.contains(complaint), "{said}");
    }
    let arguments = [&FREE_PORTS[..], &["--tls-cert", &certificate, "--tls-key", &own_key]].concat();
    let mut child = program(&arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn()?;
    let page = line(&mut BufReader::new(child.stdout.take().ok_or("piped")?));
    child.kill()?;
    child.wait()?;
    assert!(page?.starts_with("page https://127.0.0.1:"));
    Ok(())
}

#[test]
fn a_flag_it_does_not_know_is_refused() -> Result {
    for arguments in [&["--listen", "nonsense"][..], &["--listen", "127.0.0.1:65536"], &["--no-such-flag"]] {
        let output = program(arguments).output()?;
        assert_eq!(output.status.code(), Some(2));
        assert!(output.stdout.is_empty());
    }
    Ok(())
}

#[test]
fn a_signal_ends_it_in_good_order() -> Result {
    for signal in [Signal::TERM, Signal::INT, Signal::HUP] {
        // Whoever runs the tests may have SIGHUP ignored, as nohup does, and programs inherit that.
        let mut running = Running::start(started_by(&["env", "--default-signal=HUP"]))?;
        running.signal(signal)?;
        assert_eq!(running.end()?.code(), Some(0));
        let mut rest = String::new();
        running.stdout.read_to_string(&mut rest)?;
        assert_eq!(rest, "", "nothing but the addresses on standard output");
    }
    Ok(())
}

#[test]
fn nohup_keeps_it_alive() -> Result {
    let mut running = Running::start(started_by(&["nohup"]))?;
    running.signal(Signal::HUP)?;
    assert_eq!(greeting(running.tutorial)?, "Thank you for connecting");
    running.signal(Signal::TERM)?;
    assert_eq!(running.end()?.code(), Some(0));
    Ok(())
}

#[test]
fn a_target_that_is_none_ends_the_start() -> Result {
    let output = program(&["--allow", "localhost:80"]).args(FREE_PORTS).output()?;
    assert_eq!(output.status.code(), Some(1));
    assert!(output.stdout.is_empty(), "no address is promised");
    assert!(String::from_utf8(output.stderr)?.contains("\"localhost:80\""));
    Ok(())
}

/// No descriptor is left. A client of the tutorial's server then has to wait, and is greeted once some are free again.
#[test]
fn out_of_descriptors_it_waits_and_recovers() -> Result {
    let running = Running::start(program(&FREE_PORTS))?;
    // Fewer than it has open already, so that none is free however many it uses; connecting needs none of its own.
    let before = running.limit_descriptors(Some(3))?;
    running.greet_in_the_background();
    running.until_said(|said| said.contains("server::tutorial") && said.contains("accept failed"))?;
    running.limit_descriptors(before)?;
    running.until_said(|said| said == GREETED)?;
    assert_eq!(greeting(running.tutorial)?, "Thank you for connecting");
    Ok(())
}

#[test]
fn a_malformed_lesson_ends_the_start_with_file_line_and_reason() -> Result {
    let folder = std::env::temp_dir().join(format!("wireside-program-lessons-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let file = folder.join("mine.md");
    std::fs::write(
        &file,
        "---\nid: mine\ntitle: Mine\n---\n\n# Part\n## Step\nDo it.\n\n- check: call=conect\n",
    )?;
    let named = folder.display().to_string();
    let output =
        program(&["--listen", "127.0.0.1:0", "--tutorial", "127.0.0.1:0", "--lessons", &named]).output()?;
    let absent = program(&["--lessons", &format!("{named}/absent")]).output()?;
    std::fs::remove_dir_all(&folder)?;
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr)?;
    let expected = format!("wireside: lessons: {}: line 10: call is never \"conect\"", file.display());
    assert!(said.contains(&expected), "{said}");
    assert!(output.stdout.is_empty(), "no address is promised");
    assert!(!absent.status.success());
    assert!(String::from_utf8(absent.stderr)?.contains("absent: No such file or directory"));
    Ok(())
}
