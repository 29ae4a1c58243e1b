//! The measure: a plain relay, in a process of its own. It accepts, connects and copies both ways, nothing else.

use std::{
    io::{BufRead as _, BufReader},
    net::SocketAddr,
    process::{Child, Command, Stdio},
};

use tokio::net::{TcpListener, TcpStream};

/// The first argument that makes this program the relay.
pub(crate) const ARGUMENT: &str = "--relay";

/// The relay's process. It ends with this value.
#[derive(Debug)]
pub(crate) struct Relay {
    child: Child,
    /// Where it listens.
    pub(crate) address: SocketAddr,
}

impl Relay {
    /// Starts this program once more, as a relay to `target`.
    pub(crate) fn start(target: SocketAddr) -> Self {
        let own = std::env::current_exe().expect("a program knows itself");
        let mut command = Command::new(own);
        command.arg(ARGUMENT).arg(target.to_string()).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("the relay starts");
        let mut line = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("piped"));
        output.read_line(&mut line).expect("its standard output");
        let address = line.trim_end().parse().expect("its address");
        Self { child, address }
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

/// The relay itself.
pub(crate) async fn run(target: &str) {
    let target: SocketAddr = target.parse().expect("an address");
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("{}", listener.local_addr().expect("bound"));
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
