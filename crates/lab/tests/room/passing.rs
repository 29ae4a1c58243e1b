//! Descriptors on their way between programs of a machine: counted, and gone when nobody can get them any more.

use proto::{
    call::{Call, CallError, Family, Flags, Kind, Value, Wait},
    errno::Errno,
    id::{Fd, ProgramId},
    limits::{self, Limit},
};

use crate::harness::{SERVER, Stage, stage};

async fn pair(stage: &mut Stage, program: ProgramId) -> (Fd, Fd) {
    let call = Call::SocketPair { family: Family::Unix, kind: Kind::Stream };
    match stage.call(program, call).await {
        Ok(Value::Pair(one, other)) => (one, other),
        other => panic!("{other:?}"),
    }
}

async fn pass(stage: &mut Stage, program: ProgramId, fd: Fd, passed: Vec<Fd>) -> Result<Value, CallError> {
    let call = Call::SendMsg { fd, flags: Flags::default(), address: None, length: 1, passed };
    let id = stage.begin(program, call, Wait::No, b"x").await;
    stage.result(id).await.0
}

fn receive(fd: Fd, control: u32) -> Call {
    Call::RecvMsg { fd, flags: Flags::default(), max: 10, control }
}

#[tokio::test]
async fn only_so_many_are_on_their_way_at_once_and_what_was_taken_counts_no_more() {
    let Some(mut stage) = stage().await else { return };
    let program = stage.program(SERVER).await;
    let (one, other) = pair(&mut stage, program).await;
    let most = limits::PASSED_DESCRIPTORS;
    assert_eq!(
        pass(&mut stage, program, one, vec![one; 254]).await,
        Err(CallError::errno(Errno::EINVAL)),
        "SCM_MAX_FD"
    );
    assert_eq!(pass(&mut stage, program, one, vec![one, Fd(99)]).await, Err(CallError::errno(Errno::EBADF)));
    for _ in 0..most / 128 {
        assert_eq!(pass(&mut stage, program, one, vec![one; 128]).await, Ok(Value::Sent(1)));
    }
    let limit = Err(Limit::PassedDescriptors.reached());
    assert_eq!(pass(&mut stage, program, one, vec![one]).await, limit);
    // Without room for them they are closed.
    let Ok(Value::ReceivedMsg { control_cut, passed, .. }) = stage.call(program, receive(other, 0)).await
    else {
        panic!("no message")
    };
    assert_eq!((control_cut, passed.len()), (true, 0));
    assert_eq!(pass(&mut stage, program, one, vec![one; 128]).await, Ok(Value::Sent(1)));
    assert_eq!(pass(&mut stage, program, one, vec![one]).await, limit);
    // Nor does anybody get them whose socket is closed: all the others were in its queue.
    let (third, fourth) = pair(&mut stage, program).await;
    assert_eq!(stage.call(program, Call::Close { fd: other }).await, Ok(Value::Done));
    assert_eq!(pass(&mut stage, program, third, vec![third; 128]).await, Ok(Value::Sent(1)));
    let Ok(Value::ReceivedMsg { control_cut, passed, .. }) = stage.call(program, receive(fourth, 4096)).await
    else {
        panic!("no message")
    };
    assert_eq!((control_cut, passed.len()), (false, 128));
    assert!(passed.iter().all(|passed| passed.socket == Some((Family::Unix, Kind::Stream))));
}

#[tokio::test]
async fn what_a_table_has_no_number_for_is_cut() {
    let Some(mut stage) = stage().await else { return };
    let program = stage.program(SERVER).await;
    let (one, other) = pair(&mut stage, program).await;
    let free = usize::try_from(limits::DESCRIPTORS).expect("a size") - 5;
    for _ in 0..free - 2 {
        assert!(matches!(stage.call(program, Call::Dup { fd: one }).await, Ok(Value::Descriptor(_))));
    }
    assert_eq!(pass(&mut stage, program, one, vec![one; 3]).await, Ok(Value::Sent(1)));
    let Ok(Value::ReceivedMsg { control_cut, passed, .. }) = stage.call(program, receive(other, 99)).await
    else {
        panic!("no message")
    };
    assert_eq!((control_cut, passed.len()), (true, 2));
}
