//! What the door costs: a room reached through it, and one beside it, in turns. Figures for people; run by name.

use std::{
    fs,
    time::{Duration, Instant},
};

use proto::call::Value;

use super::{Door, Folder, Place, Visitor, free, node};
use crate::harness::room::NewRoom;

/// Turns, and echoes of 64 bytes in each.
const TURNS: usize = 40;
const ECHOES: usize = 50;
/// Echoes of the longer kind in each turn, and their length, bytes.
const LONG_ECHOES: usize = 20;
const LONG: usize = 32 * 1024;

impl Visitor {
    /// Sends so much to the machine that echoes, and waits until all of it is back.
    async fn echoes(&mut self, length: usize) -> Duration {
        let bytes = vec![7; length];
        let began = Instant::now();
        let mut sent = 0;
        let mut back = 0;
        while back < length {
            if sent < length {
                let taken = self.client.send(self.program, self.echo, &bytes[sent..]).await;
                let Ok(Value::Sent(taken)) = taken else { panic!("{taken:?}") };
                sent += taken as usize;
            }
            back += self.client.recv(self.program, self.echo, 64 * 1024).await.expect("an echo").len();
        }
        began.elapsed()
    }
}

/// Milliseconds of CPU that a process and its children have used, proc_pid_stat(5).
fn cpu(process: u32) -> u64 {
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).unwrap_or_default();
    let own = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    let fields: Vec<&str> = own.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    10 * (ticks(11) + ticks(12)) + children.map(cpu).sum::<u64>()
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

#[tokio::test]
#[ignore = "measures: run by name"]
async fn what_the_door_costs() {
    let folder = Folder::new("door-cost");
    let (place, address) = (Place { page: free(), agent: free() }, free());
    let only = node("a", place, address, &folder);
    let page = [("127.0.0.1:8080".to_owned(), place.page.to_string())];
    let door = Door::open(&folder, address, "haproxy.cfg", &page).await;
    let mut through = Visitor::come(door.room().await).await;
    let mut beside = Visitor::come(NewRoom::create(&only).await).await;
    let mut short = [Vec::new(), Vec::new()];
    let mut long = [Vec::new(), Vec::new()];
    let (mut short_cpu, mut long_cpu) = (0, 0);
    for _ in 0..TURNS {
        for (at, visitor) in [&mut beside, &mut through].into_iter().enumerate() {
            let before = cpu(door.process.id());
            for _ in 0..ECHOES {
                short[at].push(visitor.echoes(64).await);
            }
            let between = cpu(door.process.id());
            for _ in 0..LONG_ECHOES {
                long[at].push(visitor.echoes(LONG).await);
            }
            short_cpu += between - before;
            long_cpu += cpu(door.process.id()) - between;
        }
    }
    let echoes = (TURNS * ECHOES) as u64;
    let moved = 2 * (TURNS * LONG_ECHOES * LONG) as u64;
    let [short_beside, short_through] = short.each_mut().map(|times| median(times));
    let [long_beside, long_through] = long.each_mut().map(|times| median(times));
    eprintln!("64 bytes there and back: {short_beside:?} beside the door, {short_through:?} through it");
    eprintln!("{LONG} bytes there and back: {long_beside:?} beside the door, {long_through:?} through it");
    eprintln!(
        "HAProxy's CPU: {} µs an echo, {:.2} s a GiB",
        short_cpu * 1000 / echoes,
        long_cpu as f64 / 1000.0 * (1 << 30) as f64 / moved as f64
    );
}
