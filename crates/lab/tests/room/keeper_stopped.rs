//! A keeper that says nothing: whoever needs it is told, and nobody else notices.

use std::time::Duration;

use lab::{Lab, keeper::Keeper, mailbox};
use proto::{
    call::{Call, CallError, Family, Kind, Value, Wait},
    errno::Errno,
    id::{Fd, ProgramId},
    limits,
    message::{HostCommand, Sysctl},
    room::Role,
};
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::{CLIENT, SERVER, Stage, on, own_keeper, stage_of};

/// A call that needs the keeper ends within this time, whatever the keeper does.
const ENDS_WITHIN: Duration = Duration::from_secs(10);

/// A keeper's process, stopped until this is dropped.
struct Stopped(Pid);

impl Stopped {
    fn new(keeper: &Keeper) -> Self {
        let process = Pid::from_raw(i32::try_from(keeper.process_id()).unwrap()).unwrap();
        kill_process(process, Signal::STOP).unwrap();
        Self(process)
    }
}

impl Drop for Stopped {
    fn drop(&mut self) {
        // A keeper that has been replaced is gone already.
        let _gone = kill_process(self.0, Signal::CONT);
    }
}

/// Both ends of a connection: (program, descriptor) each.
type Ends = [(ProgramId, Fd); 2];

async fn connected(stage: &mut Stage) -> Ends {
    let (server, client, ours, theirs, _) = stage.pair().await;
    [(server, ours), (client, theirs)]
}

async fn exchange(stage: &mut Stage, [(server, ours), (client, theirs)]: Ends) {
    for (from, fd, to, other) in [(server, ours, client, theirs), (client, theirs, server, ours)] {
        assert_eq!(stage.send(from, fd, b"on and on").await, Ok(Value::Sent(9)));
        assert_eq!(stage.recv(to, other, 100).await.unwrap(), b"on and on"[..]);
    }
}

fn no_answer() -> CallError {
    CallError::Limit { limit: "keeper-ms".into(), value: limits::KEEPER_MS }
}

#[tokio::test]
async fn connected_programs_go_on_while_the_keeper_is_stopped_and_who_needs_it_is_told() {
    let Some(keeper) = own_keeper() else { return };
    let lab = Lab::new(keeper.clone(), vec![]);
    let (mut stage, mut other) = (stage_of(&lab).await, stage_of(&lab).await);
    let (ends, others) = (connected(&mut stage).await, connected(&mut other).await);
    let (mailbox, _deliveries) = mailbox();

    let stopped = Stopped::new(&keeper);
    // No socket of this kind is in reserve. Some ask for one, some wait for what others have asked for.
    let socket = Call::Socket { family: Family::Inet, kind: Kind::Datagram };
    let mut waiting = Vec::new();
    for _ in 0..20 {
        waiting.push(stage.begin(ends[0].0, socket.clone(), Wait::Forever, b"").await);
    }
    waiting.extend([
        stage.begin(ends[1].0, Call::Ping { name: "server".into(), count: 1 }, Wait::Forever, b"").await,
        stage.begin_machine(CLIENT, HostCommand::Sysctl { name: Sysctl::SynRetries, value: 2 }).await,
        stage.begin_machine(CLIENT, HostCommand::FreshNetwork).await,
    ]);
    let room = stage.room.clone();
    let joining = tokio::spawn(async move { room.join("guest".into(), Role::Participant, mailbox).await });
    let ended = async {
        for round in 0.. {
            exchange(&mut stage, ends).await;
            exchange(&mut other, others).await;
            if round == 50 {
                break;
            }
        }
        for id in waiting {
            assert_eq!(stage.result(id).await.0, Err(no_answer()));
        }
        assert_eq!(joining.await.unwrap(), Err(no_answer()));
        exchange(&mut stage, ends).await;
    };
    tokio::time::timeout(ENDS_WITHIN, ended).await.expect("nothing waits for the keeper for so long");

    drop(stopped);
    let fd = stage.socket(ends[1].0).await;
    stage.call(ends[1].0, Call::Close { fd }).await.expect("the keeper is there again");
    stage.machine(SERVER, HostCommand::FreshNetwork).await.expect("fresh");
    exchange(&mut other, others).await;
}

/// Sockets that were asked for before a machine had another network are of the old one: nobody gets them, also not who only
/// waited for them.
#[tokio::test]
async fn who_waits_for_a_socket_while_the_network_changes_gets_one_of_the_new() {
    let Some(keeper) = own_keeper() else { return };
    let lab = Lab::new(keeper.clone(), vec![]);
    let mut stage = stage_of(&lab).await;
    let client = stage.program(CLIENT).await;

    let stopped = Stopped::new(&keeper);
    let network = stage.begin_machine(CLIENT, HostCommand::FreshNetwork).await;
    let socket = Call::Socket { family: Family::Inet, kind: Kind::Stream };
    let mut waiting = Vec::new();
    for _ in 0..40 {
        waiting.push(stage.begin(client, socket.clone(), Wait::Forever, b"").await);
    }
    drop(stopped);
    stage.result(network).await.0.expect("a new network");
    for id in waiting {
        let Ok(Value::Descriptor(fd)) = stage.result(id).await.0 else { panic!("no socket") };
        let refused = stage.connect(client, fd, on(1, 9)).await;
        assert_eq!(refused, Err(CallError::errno(Errno::ECONNREFUSED)), "the other machine's kernel answers");
    }
}
