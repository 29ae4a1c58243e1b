//! Runs a case in a room.

use std::collections::HashMap;

use lab::Lab;
use proto::{
    id::{CallId, ProgramId},
    message::{HostCommand, WireCommand},
    trace::{Event, Link, Packet, Transport},
};

use crate::{
    account::{Account, Seen, What, packets, result},
    harness::{self, CLIENT, SERVER, Stage, stage_of},
    script::{Asked, C, Case, S, Side, Step},
};

pub(crate) async fn run(lab: &Lab, case: &Case) -> Account {
    let mut stage = stage_of(lab).await;
    let programs = [stage.program(SERVER).await, stage.program(CLIENT).await];
    let mut run = Run { stage, programs, begun: HashMap::new(), results: Vec::new() };
    for step in &case.steps {
        run.step(step).await;
    }
    let Run { stage, results, .. } = run;
    let packets = if case.packets { packets(&seen(&stage.events())) } else { Vec::new() };
    stage.room.end().await;
    Account { results, packets }
}

struct Run {
    stage: Stage,
    programs: [ProgramId; 2],
    begun: HashMap<usize, (CallId, &'static str)>,
    results: Vec<String>,
}

impl Run {
    async fn step(&mut self, step: &Step) {
        match step {
            Step::Call(asked) => {
                let call = self.begin(asked).await;
                self.end(asked.side, call, asked.call.name()).await;
            }
            Step::Begin(number, asked) => {
                let call = self.begin(asked).await;
                self.begun.insert(*number, (call, asked.call.name()));
            }
            Step::End(number, side) => {
                let (call, name) = self.begun.remove(number).expect("a call that was begun");
                self.end(*side, call, name).await;
            }
            Step::Seen(line, times) => {
                let enough = |events: &[Event]| {
                    seen(events).iter().filter(|packet| packet.line() == *line).count() >= *times
                };
                self.stage.trace_until(enough).await;
            }
            Step::Delay(ms) => {
                let (delay_ms, loss, seed) = (Some(f64::from(*ms)), None, None);
                self.stage.wire(WireCommand::Set { delay_ms, loss, seed }).await.expect("delayed");
            }
            Step::Cable(side, plugged) => self.machine(*side, HostCommand::Cable(*plugged)).await,
            Step::Sysctl(side, name, value) => {
                self.machine(*side, HostCommand::Sysctl { name: *name, value: *value }).await;
            }
        }
    }

    async fn begin(&mut self, asked: &Asked) -> CallId {
        let program = self.programs[asked.side.index()];
        self.stage.begin(program, asked.call.clone(), asked.wait, &asked.payload).await
    }

    async fn end(&mut self, side: Side, call: CallId, name: &str) {
        let (outcome, payload) = self.stage.result(call).await;
        self.results.push(format!("{} {name}: {}", side.way(), result(&outcome, &payload)));
    }

    async fn machine(&mut self, side: Side, command: HostCommand) {
        let host = if side == S { SERVER } else { CLIENT };
        self.stage.machine(host, command).await.expect("done");
    }
}

fn seen(events: &[Event]) -> Vec<Seen> {
    harness::packets(events).into_iter().filter_map(of_packet).collect()
}

fn of_packet(packet: &Packet) -> Option<Seen> {
    let way = match packet.link {
        Link::Loopback(_) => "lo",
        Link::Wire if packet.from == Some(SERVER) => S.way(),
        Link::Wire => C.way(),
    };
    let length = packet.data.length;
    let what = match &packet.transport {
        Transport::Tcp(tcp) => What::Tcp {
            flags: tcp.flags.0,
            sequence: tcp.sequence,
            ports: (tcp.src_port, tcp.dst_port),
            length,
        },
        Transport::Udp { .. } => What::Udp { length },
        Transport::Icmp { kind, code, .. } => What::Icmp { kind: *kind, code: *code },
        Transport::Other(_) => return None,
    };
    Some(Seen { way, what })
}
