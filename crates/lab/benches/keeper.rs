//! What the keeper's services cost: medians and worst cases, in microseconds. `cargo bench -p lab --bench keeper`.

use std::{
    io,
    net::{Ipv4Addr, SocketAddrV4},
    time::Instant,
};

use lab::{
    diag,
    keeper::{HostSpec, Keeper, SocketFamily, SocketKind, SocketSpec},
};

const HOSTS: usize = 200;
const CALLS: usize = 5000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    lab::keeper::run_if_asked();
    let begun = Instant::now();
    let keeper = Keeper::start()?;
    println!("{:<44} {:>9.1} us", "start, with the complete self-test", begun.elapsed().as_secs_f64() * 1e6);
    tokio::runtime::Builder::new_current_thread().build()?.block_on(measure(&keeper))?;
    Ok(())
}

async fn measure(keeper: &Keeper) -> io::Result<()> {
    let spec = HostSpec { address: Ipv4Addr::new(10, 0, 0, 1), prefix: 24 };
    let mut times = Times::default();
    let mut hosts = Vec::new();
    for _ in 0..HOSTS {
        let begun = Instant::now();
        hosts.push(keeper.create_host(spec).await?);
        times.add(begun);
    }
    times.print("create a host");

    let stream = SocketSpec { family: SocketFamily::Inet, kind: SocketKind::Stream };
    for (name, hosts) in
        [("a socket, same host", &hosts[..1]), ("a socket, another host each time", &hosts[..])]
    {
        let mut times = Times::default();
        for host in hosts.iter().cycle().take(CALLS) {
            let begun = Instant::now();
            let socket = keeper.socket(&host.namespace, stream).await?;
            times.add(begun);
            drop(socket);
        }
        times.print(name);
    }

    for sockets in [0_u16, 10, 100] {
        let mut listening = Vec::new();
        for port in 0..sockets {
            let socket = keeper.socket(&hosts[0].namespace, stream).await?;
            rustix::net::bind(&socket, &SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 1 + port))?;
            rustix::net::listen(&socket, 5)?;
            listening.push(socket);
        }
        let mut times = Times::default();
        for _ in 0..CALLS {
            let begun = Instant::now();
            let listed = diag::dump(&hosts[0].diag)?;
            times.add(begun);
            assert_eq!(listed.len(), listening.len());
        }
        times.print(&format!("list {sockets} sockets"));
    }

    let mut times = Times::default();
    for host in hosts {
        diag::destroy_all(&host.diag)?;
        let begun = Instant::now();
        drop(host);
        times.add(begun);
    }
    times.print("close a host");
    Ok(())
}

/// Times of one thing, in microseconds.
#[derive(Default)]
struct Times(Vec<f64>);

impl Times {
    fn add(&mut self, begun: Instant) {
        self.0.push(begun.elapsed().as_secs_f64() * 1e6);
    }

    fn print(&mut self, name: &str) {
        self.0.sort_by(f64::total_cmp);
        let at = |share: f64| self.0[((self.0.len() - 1) as f64 * share) as usize];
        println!("{name:<44} p50 {:>9.1}  p99 {:>9.1}  max {:>9.1} us", at(0.5), at(0.99), at(1.0));
    }
}
