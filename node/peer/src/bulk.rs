//! `/musubi/bulk/1`: one substream per transfer, handed over as it is. What is said on it is the driver's business.
use crate::limits::BULK_STALL;
use futures::{AsyncRead, AsyncWrite};
use libp2p::{Stream, StreamProtocol};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Instant, Sleep};

/// The protocol's name on the wire.
pub const BULK_PROTOCOL: StreamProtocol = StreamProtocol::new("/musubi/bulk/1");

/// A bulk stream, both directions. A read or write that makes no progress for 30 s fails with `TimedOut`; dropping the stream
/// before [`futures::AsyncWriteExt::close`] resets it, and the other side sees an error instead of an end.
pub struct BulkStream {
    inner: Stream,
    reading: Stall,
    writing: Stall,
    _place: OwnedSemaphorePermit,
}

impl BulkStream {
    pub(crate) fn new(inner: Stream, place: OwnedSemaphorePermit) -> Self {
        Self { inner, reading: Stall::new(BULK_STALL), writing: Stall::new(BULK_STALL), _place: place }
    }
}

impl AsyncRead for BulkStream {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut [u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.inner).poll_read(cx, buf);
        this.reading.watch(cx, polled)
    }
}

impl AsyncWrite for BulkStream {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.inner).poll_write(cx, buf);
        this.writing.watch(cx, polled)
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.inner).poll_flush(cx);
        this.writing.watch(cx, polled)
    }
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        let polled = Pin::new(&mut this.inner).poll_close(cx);
        this.writing.watch(cx, polled)
    }
}

impl fmt::Debug for BulkStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bulk stream")
    }
}

/// The clock of one direction: runs only while an operation waits.
struct Stall {
    limit: Duration,
    sleep: Option<Pin<Box<Sleep>>>,
    running: bool,
}

impl Stall {
    fn new(limit: Duration) -> Self {
        Self { limit, sleep: None, running: false }
    }
    fn watch<T>(&mut self, cx: &mut Context<'_>, polled: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if polled.is_ready() {
            self.running = false;
            return polled;
        }
        let limit = self.limit;
        let sleep = self.sleep.get_or_insert_with(|| Box::pin(tokio::time::sleep(limit)));
        if !self.running {
            self.running = true;
            sleep.as_mut().reset(Instant::now() + limit);
        }
        match sleep.as_mut().poll(cx) {
            Poll::Ready(()) => {
                self.running = false;
                Poll::Ready(Err(io::Error::new(io::ErrorKind::TimedOut, "the bulk stream stalled")))
            }
            Poll::Pending => Poll::Pending,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::task::Waker;

    #[tokio::test(start_paused = true)]
    async fn a_stalled_operation_fails_and_progress_resets_the_clock() {
        let mut stall = Stall::new(Duration::from_secs(30));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(stall.watch::<()>(&mut cx, Poll::Pending).is_pending());
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(stall.watch(&mut cx, Poll::Ready(Ok(()))).is_ready());
        assert!(stall.watch::<()>(&mut cx, Poll::Pending).is_pending());
        tokio::time::advance(Duration::from_secs(29)).await;
        assert!(stall.watch::<()>(&mut cx, Poll::Pending).is_pending());
        tokio::time::advance(Duration::from_secs(2)).await;
        let Poll::Ready(Err(error)) = stall.watch::<()>(&mut cx, Poll::Pending) else { panic!("must have stalled") };
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }
}
