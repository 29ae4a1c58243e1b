//! The measure: a plain relay, in a process of its own. It accepts, connects and copies both ways, nothing else.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// The first argument that makes this program the relay.
pub(crate) const ARGUMENT: &str = "--relay";

/// The relay's process. It ends with this value.
#[derive(Debug)]
pub(crate) struct Relay {
    child: Child,
    /// Where it listens, a port for each of the target's; everything but set-up uses the first.
    pub(crate) addresses: Vec<SocketAddr>,
}

impl Relay {
    /// Starts this program once more, as a relay to `targets`.
    pub(crate) fn start(targets: &[SocketAddr]) -> Self {
        let own = std::env::current_exe().expect("a program knows itself");
        let mut command = Command::new(own);
        command.arg(ARGUMENT).arg(listed(targets)).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the relay starts");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        output.read_line(&mut line).expect("its standard output");
        Self { child, addresses: unlisted(line.trim_end()) }
    }

    /// Its process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        let _gone = self.child.kill();
        let _status = self.child.wait();
    }
}

fn listed(addresses: &[SocketAddr]) -> String {
    addresses.iter().map(SocketAddr::to_string).collect::<Vec<_>>().join(",")
}

fn unlisted(list: &str) -> Vec<SocketAddr> {
    list.split(',').map(|address| address.parse().expect("an address")).collect()
}

/// The relay itself.
pub(crate) async fn run(targets: &str) {
    let (mut addresses, mut serving) = (Vec::new(), JoinSet::new());
    for target in unlisted(targets) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        addresses.push(listener.local_addr().expect("bound"));
        serving.spawn(relay(listener, target));
    }
    println!("{}", listed(&addresses));
    serving.join_all().await;
}

async fn relay(listener: TcpListener, target: SocketAddr) {
    while let Ok((client, _)) = listener.accept().await {
        tokio::spawn(async move {
            let copied = copy(client, target).await;
            // That a side goes away is how every measurement ends.
            drop(copied);
        });
    }
}

async fn copy(mut client: TcpStream, target: SocketAddr) -> std::io::Result<(u64, u64)> {
    client.set_nodelay(true)?;
    let mut far = TcpStream::connect(target).await?;
    far.set_nodelay(true)?;
    tokio::io::copy_bidirectional(&mut client, &mut far).await
}
