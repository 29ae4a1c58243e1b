//! A call that has begun and not ended: what it asked for and how far it has come.

use std::{net::IpAddr, time::Instant};

use bytes::Bytes;
use futures_util::future::AbortHandle;
use proto::{
    call::{Call, CallError, Flags, OptionValue, Outcome, Value, Wait},
    id::{CallId, CallRef, HostId, MemberId, ProgramId, SocketId},
    limits::{self, Limit},
    rules::ProtocolRule,
};

use super::timers::TimerKey;
use crate::results::ReceiveReservation;

/// Which queue of a descriptor a call stands in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Read,
    Write,
}

impl Direction {
    /// The direction of calls that may wait on one descriptor; none for all others.
    pub(super) fn of(call: &Call) -> Option<Self> {
        match call {
            Call::Accept { .. }
            | Call::Recv { .. }
            | Call::RecvFrom { .. }
            | Call::RecvMsg { .. }
            | Call::EpollWait { .. }
            | Call::Ping { .. } => Some(Self::Read),
            Call::Connect { .. } | Call::Send { .. } | Call::SendTo { .. } | Call::SendMsg { .. } => {
                Some(Self::Write)
            }
            _ => None,
        }
    }
}

/// A call that has begun and not ended.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) id: CallRef,
    /// Who asked and the page's number; none for the close(2) of a process's exit.
    pub(super) asked: Option<(MemberId, CallId)>,
    pub(super) program: ProgramId,
    pub(super) host: HostId,
    pub(super) call: Call,
    pub(super) payload: Bytes,
    pub(super) wait: Wait,
    pub(super) began: u64,
    pub(super) socket: Option<SocketId>,
    /// Bytes of a send that the kernel has taken.
    pub(super) taken: usize,
    /// Bytes of a MSG_WAITALL receive that are here.
    pub(super) received: Vec<u8>,
    /// The place that is reserved for them.
    pub(super) place: Option<ReceiveReservation>,
    /// It went outside the room, where packets are not recorded.
    pub(super) outside: bool,
    pub(super) ping: Option<Ping>,
    /// Stops work outside the world that nobody waits for any more.
    pub(super) abort: Option<AbortHandle>,
    /// The end of its time.
    pub(super) timer: Option<TimerKey>,
}

impl Waiting {
    /// A call that begins now, `began` nanoseconds after its room.
    pub(super) fn new(id: CallRef, program: ProgramId, host: HostId, call: Call, began: u64) -> Self {
        Self {
            id,
            asked: None,
            program,
            host,
            call,
            payload: Bytes::new(),
            wait: Wait::No,
            began,
            socket: None,
            taken: 0,
            received: Vec::new(),
            place: None,
            outside: false,
            ping: None,
            abort: None,
            timer: None,
        }
    }

    /// Whether it waits for TCP's urgent byte.
    pub(super) fn is_urgent(&self) -> bool {
        matches!(&self.call, Call::Recv { flags, .. } if flags.contains(Flags::OOB))
    }

    /// Who asked.
    pub(super) fn member(&self) -> Option<MemberId> {
        self.asked.map(|(member, _)| member)
    }

    /// Whether the kernel's EAGAIN or EINPROGRESS is the result.
    pub(super) fn never_waits(&self) -> bool {
        let dontwait = match self.call {
            Call::Send { flags, .. }
            | Call::SendTo { flags, .. }
            | Call::SendMsg { flags, .. }
            | Call::RecvMsg { flags, .. }
            | Call::Recv { flags, .. }
            | Call::RecvFrom { flags, .. } => flags.contains(Flags::DONTWAIT),
            _ => false,
        };
        dontwait || self.wait == Wait::No
    }

    pub(super) fn taken(&self) -> u32 {
        u32::try_from(self.taken).unwrap_or(u32::MAX)
    }

    /// The result of a receive with the bytes it has collected.
    pub(super) fn take_received(&mut self) -> (Outcome, Bytes) {
        received(std::mem::take(&mut self.received), self.place.take().unwrap_or_default())
    }

    /// How a call ends that was interrupted: with what it has, or with `error`.
    pub(super) fn interrupted(&mut self, error: CallError) -> (Outcome, Bytes) {
        match self.call {
            Call::Recv { .. } if !self.received.is_empty() => self.take_received(),
            Call::RecvFrom { .. } if !self.received.is_empty() => {
                let (_, payload) = self.take_received();
                let length = u32::try_from(payload.len()).unwrap_or(u32::MAX);
                (Ok(Value::ReceivedFrom { length, from: None }), payload)
            }
            _ => (Err(error), Bytes::new()),
        }
    }
}

/// A ping under way.
#[derive(Debug)]
pub(super) struct Ping {
    pub(super) address: IpAddr,
    count: u8,
    pub(super) sent: Option<Instant>,
    pub(super) round_trips: Vec<Option<u64>>,
    /// When the last one has waited for long enough.
    pub(super) echo: Option<TimerKey>,
}

impl Ping {
    pub(super) fn new(address: IpAddr, count: u8) -> Self {
        Self { address, count, sent: None, round_trips: Vec::new(), echo: None }
    }

    /// Whether as many were sent as asked for.
    pub(super) fn is_done(&self) -> bool {
        self.round_trips.len() >= usize::from(self.count)
    }

    pub(super) fn sequence(&self) -> u16 {
        u16::try_from(self.round_trips.len()).unwrap_or(u16::MAX)
    }

    pub(super) fn result(&self) -> Outcome {
        Ok(Value::Pinged { address: self.address, round_trips: self.round_trips.clone(), sent: true })
    }
}

/// The result of a recv.
pub(super) fn received(bytes: Vec<u8>, place: ReceiveReservation) -> (Outcome, Bytes) {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
    (Ok(Value::Received { length }), place.fill(bytes))
}

/// Arguments that no system call is made for.
pub(super) fn check(call: &Call, payload: &Bytes) -> Result<(), CallError> {
    match call {
        Call::Send { length, .. } | Call::SendTo { length, .. } | Call::SendMsg { length, .. }
            if *length as usize != payload.len() =>
        {
            Err(ProtocolRule::PayloadLength.broken())
        }
        Call::Send { length, .. } | Call::SendTo { length, .. } | Call::SendMsg { length, .. }
            if *length > limits::CALL_PAYLOAD =>
        {
            Err(Limit::CallPayload.reached())
        }
        Call::Recv { flags, max, .. } | Call::RecvFrom { flags, max, .. }
            if flags.contains(Flags::WAITALL) && *max > limits::CALL_PAYLOAD =>
        {
            Err(Limit::CallPayload.reached())
        }
        Call::SetSockOpt { value: OptionValue::Bytes(bytes), .. } if bytes.len() > limits::OPTION_BYTES => {
            Err(Limit::OptionBytes.reached())
        }
        Call::SendMsg { passed, .. } if passed.len() > limits::PASSED_DESCRIPTORS => {
            Err(Limit::PassedDescriptors.reached())
        }
        Call::Poll { fds } if fds.len() > limits::POLL_DESCRIPTORS => Err(Limit::PollDescriptors.reached()),
        Call::Ping { count, .. } if *count == 0 || *count > limits::PING_COUNT => {
            Err(Limit::PingCount.reached())
        }
        _ => Ok(()),
    }
}
