//! Reads of a WebSocket, in large pieces, at no memory for one that is silent.
//!
//! tungstenite reads into a buffer that each WebSocket keeps, so that buffer is small; but then an upload costs a
//! system call for every few KiB. Here the kernel is read into a buffer of the thread's, and a connection keeps it
//! only while its reader has not taken all that came.

use std::{
    cell::Cell,
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, ReadBuf};

/// Bytes read at once: two messages of bulk.
const PIECE: usize = 64 * 1024;

thread_local! {
    /// A buffer nobody uses. One a thread is enough: it is taken only for the length of a read, or by one who keeps it.
    static SPARE: Cell<Option<Box<[u8]>>> = const { Cell::new(None) };
}

/// What was read and not taken yet.
#[derive(Debug, Default)]
pub(super) struct ReadAhead {
    /// None where nothing waits.
    piece: Option<Piece>,
}

#[derive(Debug)]
struct Piece {
    buffer: Box<[u8]>,
    taken: usize,
    filled: usize,
}

impl Piece {
    fn empty() -> Self {
        let spare = SPARE.take();
        Self { buffer: spare.unwrap_or_else(|| vec![0; PIECE].into()), taken: 0, filled: 0 }
    }

    fn give_back(self) {
        SPARE.set(Some(self.buffer));
    }

    fn poll_fill(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut free = ReadBuf::new(&mut self.buffer);
        ready!(Pin::new(stream).poll_read(context, &mut free))?;
        self.filled = free.filled().len();
        Poll::Ready(Ok(()))
    }

    fn waiting(&self) -> &[u8] {
        &self.buffer[self.taken..self.filled]
    }
}

impl ReadAhead {
    /// As [`AsyncRead::poll_read`] of `stream`, whose bytes come in the same order.
    pub(super) fn poll_read(
        &mut self,
        stream: &mut (impl AsyncRead + Unpin),
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let mut piece = match self.piece.take() {
            Some(piece) => piece,
            None => {
                let mut piece = Piece::empty();
                match piece.poll_fill(stream, context) {
                    Poll::Ready(Ok(())) => piece,
                    nothing => {
                        piece.give_back();
                        return nothing;
                    }
                }
            }
        };
        let count = piece.waiting().len().min(out.remaining());
        out.put_slice(&piece.waiting()[..count]);
        piece.taken += count;
        if piece.waiting().is_empty() {
            piece.give_back();
        } else {
            self.piece = Some(piece);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

    use super::*;

    /// Reads through a [`ReadAhead`].
    struct Reader<S>(S, ReadAhead);

    impl<S: AsyncRead + Unpin> AsyncRead for Reader<S> {
        fn poll_read(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
            out: &mut ReadBuf<'_>,
        ) -> Poll<io::Result<()>> {
            let Self(stream, ahead) = &mut *self;
            ahead.poll_read(stream, context, out)
        }
    }

    #[tokio::test]
    async fn bytes_come_in_order_whatever_the_sizes_and_then_the_end_of_file() {
        let sent: Vec<u8> = (0..3 * PIECE + 5).map(|at| (at % 251) as u8).collect();
        for size in [1, 14, 4096, PIECE, 2 * PIECE] {
            let (mut far, near) = tokio::io::duplex(PIECE + 7);
            let (mut reader, all) = (Reader(near, ReadAhead::default()), sent.clone());
            let writer = tokio::spawn(async move { far.write_all(&all).await });
            let (mut came, mut buffer) = (Vec::new(), vec![0; size]);
            loop {
                match reader.read(&mut buffer).await.unwrap() {
                    0 => break,
                    count => came.extend_from_slice(&buffer[..count]),
                }
            }
            assert!(came == sent, "read {size} bytes at a time");
            writer.await.unwrap().unwrap();
        }
    }

    #[tokio::test]
    async fn nothing_is_held_by_a_connection_whose_bytes_were_taken() {
        let (mut far, near) = tokio::io::duplex(PIECE);
        let mut reader = Reader(near, ReadAhead::default());
        let mut buffer = [0; 4];
        far.write_all(b"whole").await.unwrap();
        assert_eq!(reader.read(&mut buffer).await.unwrap(), 4);
        assert!(reader.1.piece.is_some(), "one byte waits");
        assert_eq!(reader.read(&mut buffer).await.unwrap(), 1);
        assert!(reader.1.piece.is_none());
        // Nor while it waits for more.
        assert!(futures_util::poll!(Box::pin(reader.read(&mut buffer))).is_pending());
        assert!(reader.1.piece.is_none());
    }
}
