//! The program: flags, log, signals, exit code. What it runs is the library's [`Server`].

mod flags;
mod logging;
mod memory;
mod signals;

use std::io::{self, Write as _};
use std::process::ExitCode;

use anyhow::{Context as _, Result};
use clap::Parser as _;
use rustix::process::{Resource, getrlimit, setrlimit};
use server::Server;

use flags::Flags;

fn main() -> ExitCode {
    // Before any thread and any descriptor: this process may have been started to be the lab's keeper.
    lab::keeper::run_if_asked();
    match start(Flags::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("{error:#}"));
            ExitCode::FAILURE
        }
    }
}

fn start(flags: Flags) -> Result<()> {
    let _log = logging::start(flags.log).context("no thread for the log")?;
    raise_descriptor_limit();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().context("no runtime")?;
    runtime.block_on(run(flags))
}

async fn run(flags: Flags) -> Result<()> {
    let server = Server::bind(flags.into_config()?)?;
    let shutdown = signals::shutdown()?;
    print_addresses(&server).context("cannot write to standard output")?;
    Ok(server.run(shutdown).await?)
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
    out.flush()?;
    if pages.iter().any(|(_, secure)| !secure) {
        say(
            "to browsers only 127.0.0.1 and HTTPS are secure; under the other addresses Python runs in a current \
             Chrome, Edge or Firefox, starts more slowly and has no asyncio, and links are copied by hand; \
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
