//! Lines to browsers (接続): how many there are at once, and for how long a slow one is waited for. Who sends a request byte by
//! byte, or does not take its answer, keeps a place only for a while.
use crate::limits::{LINE_BYTES_EACH_MS, LINES_MAX};
use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::{Instant, Sleep, sleep_until};

/// The port of a portal.
pub struct Lines {
    listener: TcpListener,
    room: Arc<Semaphore>,
    patience: Duration,
}

impl Lines {
    /// Over this port; a line that is silent for `patience` ends.
    pub fn new(listener: TcpListener, patience: Duration) -> Self {
        Self { listener, room: Arc::new(Semaphore::new(LINES_MAX)), patience }
    }
}

impl Listener for Lines {
    type Io = Line;
    type Addr = SocketAddr;
    async fn accept(&mut self) -> (Line, SocketAddr) {
        // The semaphore is never closed; without a place nobody is let in, and the system keeps who waits.
        let place = self.room.clone().acquire_owned().await.ok();
        let (stream, addr) = Listener::accept(&mut self.listener).await;
        let until = Instant::now() + self.patience;
        let timer = Box::pin(sleep_until(until));
        (Line { stream, timer, until, patience: self.patience, _place: place }, addr)
    }
    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }
}

/// From where a request came.
#[derive(Clone, Copy, Debug)]
pub struct Caller(pub SocketAddr);

impl Connected<IncomingStream<'_, Lines>> for Caller {
    fn connect_info(stream: IncomingStream<'_, Lines>) -> Self {
        Self(*stream.remote_addr())
    }
}

/// One line. It ends if it has been silent for too long: what it sends prolongs that by what an honest line needs for so many
/// bytes, what it takes of an answer begins the time anew.
pub struct Line {
    stream: TcpStream,
    timer: Pin<Box<Sleep>>,
    until: Instant,
    patience: Duration,
    _place: Option<OwnedSemaphorePermit>,
}

impl Line {
    /// Whether its time is over; else the task is woken then.
    fn wait<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        if self.timer.deadline() != self.until {
            self.timer.as_mut().reset(self.until);
        }
        match self.timer.as_mut().poll(cx) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
    /// It took something of an answer.
    fn begin_anew(&mut self) {
        self.until = Instant::now() + self.patience;
    }
}

impl AsyncRead for Line {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        match Pin::new(&mut self.stream).poll_read(cx, buf) {
            Poll::Pending => self.wait(cx),
            done => {
                let bytes = buf.filled().len().saturating_sub(before) as u64;
                self.until += Duration::from_millis(bytes / LINE_BYTES_EACH_MS);
                done
            }
        }
    }
}

impl AsyncWrite for Line {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(cx, bytes) {
            Poll::Pending => self.wait(cx),
            done => {
                self.begin_anew();
                done
            }
        }
    }
    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write_vectored(cx, parts) {
            Poll::Pending => self.wait(cx),
            done => {
                self.begin_anew();
                done
            }
        }
    }
    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }
    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
