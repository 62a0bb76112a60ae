//! Sending a permitted answer: a thread reads the records and makes frames, a task brings them to the reader.
//!
//! On a bulk stream the holder first writes the request (16 bytes) and the reader answers where to begin (item and chunk,
//! 4 bytes each, big-endian) or that it waits for no such transfer; then frames follow, and at the end the reader answers with
//! one byte. When the line is cut the holder opens the next stream, and the transfer goes on where the reader says.
use crate::bulk::BulkStream;
use crate::handle::{NetHandle, SendError};
use crate::host::{Host, Shelf};
use crate::limits::*;
use crate::msg::grown;
use futures::{AsyncReadExt, AsyncWriteExt};
use protocol::engine::Serve;
use protocol::fetch::{Digester, Resume, SendError as Unfit, Sender, Want};
use protocol::limits::CHUNK_BYTES_MAX;
use protocol::wire::{self, Message, v1};
use std::io::{self, Read};
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

/// The reader's last byte: everything arrived and was verified.
pub(super) const ALL_THERE: u8 = 1;

/// The reader's first answer when it waits for no such transfer (any more): a place that no plan has.
pub(super) const NOT_AWAITED: [u8; 8] = [0xff; 8];

/// Whether everything was sent.
pub(super) async fn serve<H: Host>(host: Arc<H>, net: NetHandle, serve: Arc<Serve>) -> bool {
    if serve.inline {
        return on_message_stream(host, &net, serve).await;
    }
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

async fn on_message_stream<H: Host>(host: Arc<H>, net: &NetHandle, serve: Arc<Serve>) -> bool {
    let mut frames = frames_of(host, serve.clone(), Resume::default());
    let mut next = frames.recv().await;
    while let Some(frame) = next {
        next = frames.recv().await;
        let request = serve.plan.request.0.to_vec();
        let piece = Message::Piece(v1::Piece { request, frame, last: next.is_none() });
        if !send_piece(net, &serve, wire::encode(piece)).await {
            return false;
        }
    }
    true
}

/// Offers a piece until there is room for it.
async fn send_piece(net: &NetHandle, serve: &Serve, piece: Vec<u8>) -> bool {
    let begun = Instant::now();
    loop {
        match net.send(serve.to, piece.clone()) {
            Ok(()) => return true,
            Err(SendError::Full) if begun.elapsed() < PIECE_DEADLINE => sleep(PIECE_RETRY).await,
            Err(error) => {
                tracing::debug!(node = ?serve.to, %error, "a small answer was cut");
                return false;
            }
        }
    }
}

async fn on_bulk_stream<H: Host>(host: Arc<H>, net: &NetHandle, serve: Arc<Serve>) -> io::Result<()> {
    let mut stream = net.open_bulk(serve.to).await.map_err(io::Error::other)?;
    stream.write_all(&serve.plan.request.0).await?;
    stream.flush().await?;
    let from = read_resume(&mut stream).await?;
    let mut frames = frames_of(host, serve, from);
    while let Some(frame) = frames.recv().await {
        stream.write_all(&frame).await?;
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

/// The frames of an answer from a place on, made by a thread that stops when nobody takes them.
fn frames_of<H: Host>(host: Arc<H>, serve: Arc<Serve>, from: Resume) -> mpsc::Receiver<Vec<u8>> {
    let (frames_in, frames) = mpsc::channel(TRANSFER_FRAMES);
    tokio::task::spawn_blocking(move || {
        let Ok(mut sender) = Sender::new(&serve.plan, from) else { return };
        let mut items = Items { shelf: host.shelf(), serve: &serve, open: None };
        while let Some(want) = sender.want() {
            let made = items.fetch(want).ok().and_then(|got| give(&mut sender, got).ok());
            // Gone or changed since the plan was made: the reader is told, never left with a silent gap.
            let made = made.unwrap_or_else(|| sender.missing());
            if !made.into_iter().all(|frame| frames_in.blocking_send(frame).is_ok()) {
                return;
            }
        }
    });
    frames
}

enum Got {
    Hashes(Vec<protocol::ids::Hash>),
    Bytes(Vec<u8>),
}

fn give(sender: &mut Sender, got: Got) -> Result<Vec<Vec<u8>>, Unfit> {
    match got {
        Got::Hashes(hashes) => sender.hashes(hashes),
        Got::Bytes(bytes) => sender.bytes(&bytes),
    }
}

/// Reads items from the shelf, each in order; the one under way stays open.
struct Items<'s> {
    shelf: Box<dyn Shelf>,
    serve: &'s Serve,
    open: Option<(u32, u64, Box<dyn Read + Send>)>,
}

impl Items<'_> {
    fn fetch(&mut self, want: Want) -> io::Result<Got> {
        match want {
            Want::Hashes { item } => {
                if let Some(known) = self.serve.sources.get(item as usize).and_then(|source| self.shelf.hashes(source))
                {
                    return Ok(Got::Hashes(known));
                }
                let mut digester = Digester::new();
                let mut bytes = self.begin(item)?;
                let mut piece = vec![0; CHUNK_BYTES_MAX as usize];
                loop {
                    match bytes.read(&mut piece)? {
                        0 => return Ok(Got::Hashes(digester.finish().1)),
                        read => digester.update(&piece[..read]),
                    }
                }
            }
            Want::Bytes { item, offset, len } => {
                let (at, mut bytes) = match self.open.take() {
                    Some((open, at, bytes)) if open == item && at <= offset => (at, bytes),
                    _ => (0, self.begin(item)?),
                };
                io::copy(&mut (&mut bytes).take(offset - at), &mut io::sink())?;
                let mut piece = Vec::with_capacity(len.min(CHUNK_BYTES_MAX) as usize);
                (&mut bytes).take(len).read_to_end(&mut piece)?;
                self.open = Some((item, offset + len, bytes));
                Ok(Got::Bytes(piece))
            }
        }
    }
    fn begin(&mut self, item: u32) -> io::Result<Box<dyn Read + Send>> {
        let at = item as usize;
        match (self.serve.sources.get(at), self.serve.plan.items.get(at)) {
            (Some(source), Some(item)) => self.shelf.open(source, item),
            _ => Err(io::ErrorKind::NotFound.into()),
        }
    }
}
