//! Sending a permitted answer that is large: a thread reads the records and makes frames, a task brings them to the reader.
//!
//! On a bulk stream the holder first writes the request (16 bytes) and the reader answers where to begin (item and chunk,
//! 4 bytes each, big-endian) or that it waits for no such transfer; then frames follow, and at the end the reader answers with
//! one byte. When the line is cut the holder opens the next stream, and the transfer goes on where the reader says.
use crate::bulk::BulkStream;
use crate::handle::NetHandle;
use crate::host::{Host, Shelf};
use crate::limits::*;
use crate::msg::grown;
use futures::{AsyncReadExt, AsyncWriteExt};
use protocol::engine::{Serve, Source};
use protocol::fetch::{CHUNK_HEAD_BYTES, Digester, Item, PlanError, Resume, Sender, Want};
use protocol::ids::Hash;
use protocol::limits::CHUNK_BYTES_MAX;
use std::borrow::Cow;
use std::io::{self, Read};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::sleep;

/// The reader's last byte: everything arrived and was verified.
pub(super) const ALL_THERE: u8 = 1;

/// The reader's first answer when it waits for no such transfer (any more): a place that no plan has.
pub(super) const NOT_AWAITED: [u8; 8] = [0xff; 8];

/// Whether everything was sent on bulk streams.
pub(super) async fn serve<H: Host>(host: Arc<H>, net: NetHandle, serve: Arc<Serve>) -> bool {
    for attempt in 0..TRANSFER_ATTEMPTS {
        if attempt > 0 {
            sleep(grown(TRANSFER_RETRY, attempt - 1)).await;
        }
        match on_bulk_stream(host.clone(), &net, serve.clone()).await {
            Ok(()) => return true,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return false,
            Err(error) => tracing::debug!(node = ?serve.to, attempt, %error, "a transfer was cut"),
        }
    }
    false
}

async fn on_bulk_stream<H: Host>(host: Arc<H>, net: &NetHandle, serve: Arc<Serve>) -> io::Result<()> {
    let mut stream = net.open_bulk(serve.to).await.map_err(io::Error::other)?;
    stream.write_all(&serve.plan.request.0).await?;
    stream.flush().await?;
    let from = read_resume(&mut stream).await?;
    let mut frames = frames_of(host, serve, from);
    while let Some(frame) = frames.made.recv().await {
        stream.write_all(&frame).await?;
        // An error means that all frames are made.
        let _ = frames.sent.send(frame);
    }
    stream.close().await?;
    let mut answer = [0; 1];
    stream.read_exact(&mut answer).await?;
    if answer == [ALL_THERE] { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
}

/// Where the reader wants to go on; `NotFound` if it does not.
async fn read_resume(stream: &mut BulkStream) -> io::Result<Resume> {
    let mut answer = [0; 8];
    stream.read_exact(&mut answer).await?;
    if answer == NOT_AWAITED {
        return Err(io::ErrorKind::NotFound.into());
    }
    let number = |at: usize| u32::from_be_bytes([answer[at], answer[at + 1], answer[at + 2], answer[at + 3]]);
    Ok(Resume { item: number(0), chunk: number(4) })
}

/// Frames between the thread that makes them and the task that sends them. What was sent goes back and is filled again, so
/// that a large document does not ask for new memory with every chunk.
struct Frames {
    made: mpsc::Receiver<Vec<u8>>,
    sent: std::sync::mpsc::Sender<Vec<u8>>,
}

/// The frames of an answer from a place on, made by a thread that stops when nobody takes them.
fn frames_of<H: Host>(host: Arc<H>, serve: Arc<Serve>, from: Resume) -> Frames {
    let (made_in, made) = mpsc::channel(TRANSFER_FRAMES);
    let (sent, free) = std::sync::mpsc::channel();
    tokio::task::spawn_blocking(move || {
        let Ok(mut maker) = Maker::new(&*host, &serve, from, free) else { return };
        while let Some(frames) = maker.next() {
            if !frames.into_iter().all(|frame| made_in.blocking_send(frame).is_ok()) {
                return;
            }
        }
    });
    Frames { made, sent }
}

/// Makes frames of records. Blocks.
pub(super) struct Maker<'s> {
    sender: Sender,
    items: Items<'s>,
    /// Vectors to be filled again.
    free: std::sync::mpsc::Receiver<Vec<u8>>,
}

impl<'s> Maker<'s> {
    pub(super) fn new<H: Host>(
        host: &H,
        serve: &'s Serve,
        from: Resume,
        free: std::sync::mpsc::Receiver<Vec<u8>>,
    ) -> Result<Self, PlanError> {
        let sender = Sender::new(&serve.plan, from)?;
        Ok(Self { sender, items: Items { shelf: host.shelf(), serve, open: None }, free })
    }
    /// The frames that the next piece of a record completes; none at the end of the plan.
    pub(super) fn next(&mut self) -> Option<Vec<Vec<u8>>> {
        let want = self.sender.want()?;
        // Gone or changed since the plan was made: the reader is told, never left with a silent gap.
        Some(self.make(want).unwrap_or_else(|_| self.sender.missing()))
    }
    fn make(&mut self, want: Want) -> io::Result<Vec<Vec<u8>>> {
        match want {
            Want::Hashes { item } => self.sender.hashes(self.items.hashes(item)?),
            Want::Bytes { item, offset, len } if self.sender.is_chunk() => {
                let len = usize::try_from(len.min(CHUNK_BYTES_MAX)).unwrap_or_default();
                let mut frame = self.free.try_recv().unwrap_or_default();
                frame.resize(CHUNK_HEAD_BYTES + len, 0);
                self.items.read(item, offset, &mut frame[CHUNK_HEAD_BYTES..])?;
                self.sender.chunk(&mut frame).map(|()| vec![frame])
            }
            Want::Bytes { item, .. } => self.sender.bytes(&self.items.small(item)?),
        }
        .map_err(io::Error::other)
    }
}

/// Reads items from the shelf, each in order; the one under way stays open.
struct Items<'s> {
    shelf: Box<dyn Shelf>,
    serve: &'s Serve,
    open: Option<(u32, u64, Box<dyn Read + Send>)>,
}

impl Items<'_> {
    /// The hash of every chunk of a large item.
    fn hashes(&mut self, item: u32) -> io::Result<Vec<Hash>> {
        let (source, _) = planned(self.serve, item)?;
        if let Some(known) = self.shelf.hashes(source) {
            return Ok(known);
        }
        let mut digester = Digester::new();
        let mut bytes = self.begin(item)?;
        let mut piece = vec![0; CHUNK_BYTES_MAX as usize];
        loop {
            match bytes.read(&mut piece)? {
                0 => return Ok(digester.finish().1),
                read => digester.update(&piece[..read]),
            }
        }
    }
    /// Fills `out` with the bytes of a large item from a place on.
    fn read(&mut self, item: u32, offset: u64, out: &mut [u8]) -> io::Result<()> {
        let (at, mut bytes) = match self.open.take() {
            Some((open, at, bytes)) if open == item && at <= offset => (at, bytes),
            _ => (0, self.begin(item)?),
        };
        io::copy(&mut (&mut bytes).take(offset - at), &mut io::sink())?;
        bytes.read_exact(out)?;
        self.open = Some((item, offset + out.len() as u64, bytes));
        Ok(())
    }
    fn small(&mut self, item: u32) -> io::Result<Cow<'_, [u8]>> {
        let (source, item) = planned(self.serve, item)?;
        self.shelf.small(source, item)
    }
    fn begin(&mut self, item: u32) -> io::Result<Box<dyn Read + Send>> {
        let (source, item) = planned(self.serve, item)?;
        self.shelf.open(source, item)
    }
}

/// An item of the plan, and where its record lies.
fn planned(serve: &Serve, item: u32) -> io::Result<(&Source, &Item)> {
    let at = item as usize;
    serve.sources.get(at).zip(serve.plan.items.get(at)).ok_or_else(|| io::ErrorKind::NotFound.into())
}
