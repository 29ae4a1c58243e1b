//! A connection's stream with what belongs to it: its permit, a deadline for stalled answers, and our headers on the
//! answers that hyper writes by itself.
//!
//! After an upgrade it passes bytes on, read in large pieces. The deadline for stalled answers stays: a page that takes
//! nothing of what its WebSocket has for it is cut off.

use std::{
    future::Future,
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Sleep, sleep},
};

use super::read_ahead::ReadAhead;
use crate::meter::Meter;
use crate::{http::headers, quota::Permit};

/// Longest head that hyper writes by itself: a status line, a length, a date.
const OWN_HEAD: usize = 256;

/// The stream of one connection.
#[derive(Debug)]
pub(super) struct Guarded<S> {
    inner: S,
    _permit: Permit,
    stall: Duration,
    stalled: Option<Pin<Box<Sleep>>>,
    upgraded: Arc<AtomicBool>,
    meter: Arc<Meter>,
    /// When bytes that brought nothing were last paid for, and until when nothing is read.
    paid: Option<Instant>,
    pausing: Option<Pin<Box<Sleep>>>,
    ahead: ReadAhead,
    completed: Option<Completed>,
}

/// An answer of hyper's with our headers, while it is being written.
#[derive(Debug)]
struct Completed {
    bytes: Vec<u8>,
    written: usize,
    /// Bytes of hyper's that it stands for.
    stands_for: usize,
}

impl<S> Guarded<S> {
    /// Guards `inner`: the client has to take some bytes every `stall`, before and after it is `upgraded`.
    pub(super) fn new(
        inner: S,
        permit: Permit,
        stall: Duration,
        (upgraded, meter): (Arc<AtomicBool>, Arc<Meter>),
    ) -> Self {
        Self {
            inner,
            _permit: permit,
            stall,
            stalled: None,
            upgraded,
            meter,
            paid: None,
            pausing: None,
            ahead: ReadAhead::default(),
            completed: None,
        }
    }

    /// Waits while too much was read of which nothing came.
    fn poll_pause(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.pausing.is_none() {
            let Some(pause) = self.meter.pause(&mut self.paid) else { return Poll::Ready(()) };
            self.pausing = Some(Box::pin(sleep(pause)));
        }
        if let Some(pausing) = &mut self.pausing {
            ready!(pausing.as_mut().poll(context));
        }
        self.pausing = None;
        Poll::Ready(())
    }

    fn is_upgraded(&self) -> bool {
        self.upgraded.load(Ordering::Relaxed)
    }

    /// Turns waiting into an error when it has lasted too long.
    fn or_stalled<T>(
        &mut self,
        context: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            return result;
        }
        let stall = self.stall;
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(stall))).as_mut().poll(context));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S: AsyncWrite + Unpin> Guarded<S> {
    /// Writes `completed` to its end.
    fn poll_completed(
        &mut self,
        context: &mut Context<'_>,
        completed: &mut Completed,
    ) -> Poll<io::Result<usize>> {
        while completed.written < completed.bytes.len() {
            let rest = &completed.bytes[completed.written..];
            match ready!(Pin::new(&mut self.inner).poll_write(context, rest))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                count => completed.written += count,
            }
        }
        Poll::Ready(Ok(completed.stands_for))
    }

    fn poll_write_any(
        &mut self,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.is_upgraded() {
            let result = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
            return self.or_stalled(context, result);
        }
        if let Some(mut completed) = self.completed.take().or_else(|| complete(slices)) {
            let result = self.poll_completed(context, &mut completed);
            if result.is_pending() {
                self.completed = Some(completed);
            }
            return self.or_stalled(context, result);
        }
        let result = Pin::new(&mut self.inner).poll_write_vectored(context, slices);
        self.or_stalled(context, result)
    }
}

/// hyper answers a request it cannot parse without asking us. Such an answer is one write of a bare head; ours never
/// look like that, since they have our headers.
fn complete(slices: &[IoSlice<'_>]) -> Option<Completed> {
    let [head] = slices else { return None };
    let body =
        head.strip_suffix(b"\r\n").filter(|_| head.len() <= OWN_HEAD && head.ends_with(b"\r\n\r\n"))?;
    let ours = headers::ALWAYS[0].0.as_bytes();
    if !head.starts_with(b"HTTP/1.")
        || head.get(9) != Some(&b'4')
        || head.windows(ours.len()).any(|window| window == ours)
    {
        return None;
    }
    let bytes = [body, headers::lines().as_bytes(), b"\r\n"].concat();
    Some(Completed { bytes, written: 0, stands_for: head.len() })
}

impl<S: AsyncRead + Unpin> AsyncRead for Guarded<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.is_upgraded() {
            ready!(this.poll_pause(context));
            let before = buffer.filled().len();
            let read = this.ahead.poll_read(&mut this.inner, context, buffer);
            this.meter.came(buffer.filled().len() - before);
            return read;
        }
        Pin::new(&mut this.inner).poll_read(context, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guarded<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_any(context, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_any(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_flush(context);
        self.or_stalled(context, result)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let result = Pin::new(&mut self.inner).poll_shutdown(context);
        self.or_stalled(context, result)
    }
}
