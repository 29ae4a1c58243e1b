//! The program: flags, log, signals, exit code. What it runs is the library's [`Server`].

mod flags;
mod logging;
mod memory;
mod replay;
mod signals;
mod supervisor;

use std::io::{self, Write as _};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use lab::keeper::Spawner;
use rustix::process::{Resource, geteuid, getrlimit, setrlimit};
use rustix::thread::CapabilitySet;
use server::Server;

use flags::{Flags, Instead};
use supervisor::Supervisor;

/// What getaddrinfo(3) reads, and certificates where distributions have them.
const NAMES_AND_CERTIFICATES: [&str; 9] = [
    "/etc/hosts",
    "/etc/host.conf",
    "/etc/nsswitch.conf",
    "/etc/gai.conf",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/pki/tls",
    "/etc/pki/ca-trust/extracted",
    "/usr/share/ca-certificates",
];

fn main() -> ExitCode {
    // Before any thread and any descriptor: this process may have been started to be the lab's keeper.
    lab::keeper::run_if_asked();
    let flags = Flags::parse();
    let done = match flags.instead.clone() {
        Some(Instead::Replay { file }) => {
            // Whoever asks in a script tells "otherwise" from "not at all".
            replay::replay(&file).or_else(|error| {
                say(&format!("{error:#}"));
                Ok(ExitCode::from(2))
            })
        }
        None => start(flags).map(|()| ExitCode::SUCCESS),
    };
    match done {
        Ok(code) => code,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

/// In the order that confining asks for: everything that needs a privilege, a file or a program is done while there is one
/// thread; the threads that serve strangers come after it and have none of that.
fn start(flags: Flags) -> Result<()> {
    let mut log = logging::open(flags.log);
    raise_descriptor_limit();
    // Before anything else is opened: some listeners may be open already.
    let server = Server::bind(flags.into_config()?)?;
    let (kept, connects) = (server.kept().map(Path::to_owned), server.connects());
    let supervisor = Supervisor::find();
    let spawner = Spawner::start_own();
    let needed = spawner.as_ref().map_or(CapabilitySet::empty(), Spawner::needed_capabilities);
    let workers = thread::available_parallelism().map_or(1, NonZero::get);
    let hangs_up = !signals::ignores_hang_up();
    let confined = lab::confine::server(&readable(connects), kept.as_deref(), needed);
    log.begin().context("no thread for the log")?;
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    let runtime = runtime.worker_threads(workers).enable_all().build().context("no runtime")?;
    runtime.block_on(run(server.confined(spawner, confined), hangs_up, &supervisor))
}

async fn run(server: Server, hangs_up: bool, supervisor: &Supervisor) -> Result<()> {
    let signals::Shutdown { retire, end } = signals::follow(hangs_up)?;
    print_addresses(&server).context("cannot write to standard output")?;
    supervisor.ready();
    let retire = async {
        retire.cancelled().await;
        supervisor.retiring();
    };
    let end = async {
        end.cancelled().await;
        supervisor.ending();
    };
    Ok(server.run(retire, end).await?)
}

/// What is read while strangers are served: which name servers there are. The list may be replaced by another file of its
/// name, or lead elsewhere; an ordinary user finds nothing secret in `/etc`, root does. Where other machines are asked to keep
/// recordings (`connects`), what names of theirs mean and whose certificates count.
fn readable(connects: bool) -> Vec<PathBuf> {
    let list = PathBuf::from("/etc/resolv.conf");
    let real = list.canonicalize().unwrap_or_else(|_| list.clone());
    let in_etc = real.parent() == list.parent();
    let folder = if in_etc && geteuid().is_root() { None } else { real.parent().map(Path::to_owned) };
    let mut readable = vec![folder.unwrap_or(real)];
    if connects {
        let variables = ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().filter_map(std::env::var_os);
        readable.extend(
            NAMES_AND_CERTIFICATES.map(PathBuf::from).into_iter().chain(variables.map(PathBuf::from)),
        );
    }
    // Whoever works on the page.
    if cfg!(debug_assertions) {
        readable.extend(std::env::var_os("WIRESIDE_WEB").map(PathBuf::from));
    }
    readable
}

/// Says where to go, on standard output, before anything else: whoever starts this program reads these lines.
fn print_addresses(server: &Server) -> io::Result<()> {
    let pages = server.pages()?;
    let mut out = io::stdout().lock();
    for (index, (page, _)) in pages.iter().enumerate() {
        writeln!(out, "page {page}")?;
        if index == 0 {
            writeln!(out, "tutorial {}", server.tutorial_address()?)?;
        }
    }
    if let Some((link, board)) = server.class() {
        // Whoever is at another machine needs another address than this one's own.
        for (page, _) in &pages {
            writeln!(out, "class {page}{link}")?;
        }
        if let Some((page, _)) = pages.first() {
            writeln!(out, "board {page}{board}")?;
        }
        if pages.len() == 1 && server.page_address()?.ip().is_loopback() {
            say("only this machine reaches the class; `--listen 0.0.0.0:8080` lets others in");
        }
    }
    out.flush()?;
    if pages.iter().any(|(_, secure)| !secure) {
        say(
            "to browsers only 127.0.0.1 and HTTPS are secure; under the other addresses Python runs in a current \
             Chrome, Edge or Firefox only, and links are copied by hand; \
             `--tls self-signed` makes every address secure",
        );
    }
    if server.is_self_signed() {
        say(
            "browsers warn of the self-signed certificate, since nobody vouches for it; each visitor accepts it \
             once, and again after a restart",
        );
    }
    Ok(())
}

/// Says something on standard error, if anybody hears it.
fn say(what: &str) {
    let _unheard = writeln!(io::stderr(), "wireside: {what}");
}

/// Takes as many descriptors as the kernel grants: each socket of each room is one, and the usual soft limit of 1024 is
/// for programs that use select(2).
fn raise_descriptor_limit() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "cannot raise the number of descriptors");
    }
}
