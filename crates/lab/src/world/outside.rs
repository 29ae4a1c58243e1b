//! Work outside the room that takes time: the room's task waits for it, the world says what comes of it.

use std::net::IpAddr;

use bytes::Bytes;
use futures_util::future::{AbortHandle, Abortable, BoxFuture, FutureExt};
use proto::{
    call::{Call, CallError, Value},
    id::CallRef,
};

use tokio::sync::mpsc;

use super::{World, calls::Waiting};

/// Something to be waited for.
pub(crate) type OutsideWork = BoxFuture<'static, OutsideDone>;

/// Both ends of the way to the room's task. Bounded by its content: each piece of work is a waiting call's.
#[derive(Debug)]
pub(super) struct OutsideQueue(
    mpsc::UnboundedSender<OutsideWork>,
    Option<mpsc::UnboundedReceiver<OutsideWork>>,
);

impl Default for OutsideQueue {
    fn default() -> Self {
        let (sender, receiver) = mpsc::unbounded_channel();
        Self(sender, Some(receiver))
    }
}

/// What came of it; the answer is none when nobody waited for it any more.
#[derive(Debug)]
pub(crate) struct OutsideDone {
    call: CallRef,
    answer: Option<Result<Vec<IpAddr>, CallError>>,
}

impl std::fmt::Debug for World {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("World")
            .field("hosts", &self.hosts)
            .field("programs", &self.programs)
            .finish_non_exhaustive()
    }
}

impl World {
    /// Has a name resolved outside; the call waits.
    pub(super) fn ask_outside(
        &mut self,
        mut waiting: Waiting,
        question: BoxFuture<'static, Result<Vec<IpAddr>, CallError>>,
    ) {
        let call = waiting.id;
        let (abort, registration) = AbortHandle::new_pair();
        waiting.abort = Some(abort);
        self.keep(waiting);
        let work = Abortable::new(question, registration);
        let work = work.map(move |answer| OutsideDone { call, answer: answer.ok() }).boxed();
        // The room's task holds the other end as long as it has this world.
        let _sent = self.outside_work.0.send(work);
    }

    /// Work that the room's task has to wait for.
    pub(crate) fn take_outside_work(&mut self) -> Option<mpsc::UnboundedReceiver<OutsideWork>> {
        self.outside_work.1.take()
    }

    pub(crate) fn outside_done(&mut self, done: OutsideDone) {
        let (Some(waiting), Some(answer)) = (self.waiting.get(&done.call), done.answer) else { return };
        let pinged = matches!(waiting.call, Call::Ping { .. });
        let outcome = answer.map(|addresses| match addresses.first() {
            // Outside the room a ping only resolves, and says so.
            Some(&address) if pinged => Value::Pinged { address, round_trips: Vec::new(), sent: false },
            _ => Value::Addresses { addresses, from_room: false },
        });
        self.end(done.call, outcome, Bytes::new());
    }
}
