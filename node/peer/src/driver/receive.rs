//! Taking in an announced answer that is large: a task checks every frame against the plan, a thread keeps what was proved.
use super::serve::{ALL_THERE, NOT_AWAITED};
use super::transfers::Feed;
use crate::bulk::BulkStream;
use crate::host::Host;
use crate::limits::*;
use futures::{AsyncReadExt, AsyncWriteExt};
use protocol::data::Write;
use protocol::engine::{Receive, Received};
use protocol::fetch::{Bad, Check, frame_len};
use protocol::ids::RequestId;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::timeout;

/// How many pieces may wait for a transfer: a small plan has a few packs and one frame for each item that is missing. One
/// transfer on bulk streams has one stream and perhaps its successor.
pub(super) fn pieces_max(receive: &Receive) -> usize {
    if receive.inline { receive.plan.items.len().saturating_mul(2).saturating_add(8) } else { 2 }
}

/// Reads for which request a bulk stream was opened.
pub(super) async fn greeted(mut stream: BulkStream) -> Option<(RequestId, BulkStream)> {
    let mut request = [0; 16];
    stream.read_exact(&mut request).await.ok()?;
    Some((RequestId(request), stream))
}

/// Says that no such transfer is awaited, so that the holder does not come again.
pub(super) async fn refuse(mut stream: BulkStream) {
    if stream.write_all(&NOT_AWAITED).await.is_ok() {
        let _ = stream.close().await;
    }
}

/// What arrived on bulk streams, verified. Cut in the middle, the whole items are kept; damaged, nothing is.
pub(super) async fn receive<H: Host>(host: Arc<H>, receive: Receive, feed: mpsc::Receiver<Feed>) -> Received {
    let Ok(check) = Check::new(&receive.plan, Default::default()) else {
        return Received { damaged: true, ..Received::default() };
    };
    let receive = Arc::new(receive);
    let (proved_in, proved) = mpsc::channel(TRANSFER_FRAMES);
    let (used, free) = std::sync::mpsc::channel();
    let keeping = tokio::task::spawn_blocking({
        let receive = receive.clone();
        move || keep(&*host, &receive, proved, &used)
    });
    let mut intake = Intake { receive, check, proved: proved_in, free, items: 0, bytes: 0, missing: 0 };
    let end = intake.take_all(feed).await;
    if matches!(end, Err(Stop::Damaged)) {
        // Dropping the channel without its last word makes the keeper drop everything.
        let _ = keeping_result(keeping, intake.proved).await;
        return Received { damaged: true, ..Received::default() };
    }
    let complete = intake.check.done() && intake.missing == 0;
    let (items, bytes) = (intake.items, intake.bytes);
    // An error means that the keeper has ended, and its own result says why.
    let _ = intake.proved.send(Proved::End).await;
    match keeping_result(keeping, intake.proved).await {
        Ok(writes) => Received { complete, damaged: false, items, bytes, writes },
        Err(error) => {
            tracing::error!(%error, "a fetched answer could not be kept");
            Received::default()
        }
    }
}

async fn keeping_result(
    keeping: JoinHandle<io::Result<Vec<Write>>>,
    proved: mpsc::Sender<Proved>,
) -> io::Result<Vec<Write>> {
    drop(proved);
    keeping.await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

/// What goes to the thread that keeps.
enum Proved {
    /// A frame, and where the bytes of items lie in it.
    Frame(Vec<u8>, Vec<Piece>),
    End,
}

struct Piece {
    item: u32,
    offset: u64,
    at: Range<usize>,
    last: bool,
}

/// Frames whose bytes are kept go back, to be filled again.
fn keep<H: Host>(
    host: &H,
    receive: &Receive,
    mut proved: mpsc::Receiver<Proved>,
    used: &std::sync::mpsc::Sender<Vec<u8>>,
) -> io::Result<Vec<Write>> {
    let mut keeper = host.keep(receive)?;
    while let Some(next) = proved.blocking_recv() {
        match next {
            Proved::Frame(frame, pieces) => {
                for Piece { item, offset, at, last } in pieces {
                    keeper.write(item, offset, &frame[at], last)?;
                }
                // An error means that no frame is awaited any more.
                let _ = used.send(frame);
            }
            Proved::End => return keeper.finish(),
        }
    }
    Ok(Vec::new())
}

/// Why a stream or transfer stops before its end.
enum Stop {
    /// The line: what is proved stays, and the holder may come again.
    Cut,
    /// Bytes that are not those of the plan.
    Damaged,
    /// Our own side cannot go on.
    Ours,
}

struct Intake {
    receive: Arc<Receive>,
    check: Check,
    proved: mpsc::Sender<Proved>,
    /// Frames to be filled again.
    free: std::sync::mpsc::Receiver<Vec<u8>>,
    items: u32,
    bytes: u64,
    /// Items that earlier streams told to be missing, and this one's.
    missing: usize,
}

impl Intake {
    async fn take_all(&mut self, mut feed: mpsc::Receiver<Feed>) -> Result<(), Stop> {
        while !self.check.done() {
            let next = timeout(TRANSFER_SILENCE, feed.recv()).await;
            let Ok(Some(Feed::Stream(stream))) = next else { return Err(Stop::Cut) };
            match self.take_stream(stream).await {
                Err(Stop::Cut) => self.expect_again()?,
                other => other?,
            }
        }
        Ok(())
    }
    /// The next stream goes on where this one was cut; chunk hashes come again.
    fn expect_again(&mut self) -> Result<(), Stop> {
        self.check = Check::new(&self.receive.plan, self.check.at()).map_err(|_| Stop::Ours)?;
        Ok(())
    }
    async fn take_stream(&mut self, mut stream: BulkStream) -> Result<(), Stop> {
        let at = self.check.at();
        let mut answer = [0; 8];
        answer[..4].copy_from_slice(&at.item.to_be_bytes());
        answer[4..].copy_from_slice(&at.chunk.to_be_bytes());
        stream.write_all(&answer).await.map_err(cut)?;
        stream.flush().await.map_err(cut)?;
        while !self.check.done() {
            let frame = read_frame(&mut stream, self.free.try_recv().unwrap_or_default()).await?;
            self.take(frame).await?;
        }
        // Everything is here; whether the holder hears of it changes nothing for us.
        if stream.write_all(&[ALL_THERE]).await.is_ok() {
            let _ = stream.close().await;
        }
        Ok(())
    }
    async fn take(&mut self, frame: Vec<u8>) -> Result<(), Stop> {
        let told_missing = self.check.missing().len();
        let verified = self.check.take(&frame).map_err(|bad: Bad| {
            tracing::warn!(node = ?self.receive.from, %bad, "a transfer is not what was announced");
            Stop::Damaged
        })?;
        let mut pieces = Vec::with_capacity(verified.len());
        for one in verified {
            self.items = self.items.saturating_add(u32::from(one.last));
            self.bytes = self.bytes.saturating_add(one.bytes.len() as u64);
            // Verified bytes are a part of their frame, so they need not be copied out of it.
            let start = one.bytes.as_ptr().addr().saturating_sub(frame.as_ptr().addr());
            let at = start..start + one.bytes.len();
            pieces.push(Piece { item: one.item, offset: one.offset, at, last: one.last });
        }
        if !pieces.is_empty() {
            self.proved.send(Proved::Frame(frame, pieces)).await.map_err(|_| Stop::Ours)?;
        }
        self.missing += self.check.missing().len() - told_missing;
        Ok(())
    }
}

/// Reads the next frame into a vector that was used before: what is in it is written over.
async fn read_frame(stream: &mut BulkStream, mut frame: Vec<u8>) -> Result<Vec<u8>, Stop> {
    let mut head = [0; 4];
    stream.read_exact(&mut head).await.map_err(cut)?;
    let length = frame_len(head).ok_or(Stop::Damaged)?;
    frame.resize(4 + length, 0);
    let (first, rest) = frame.split_at_mut(4);
    first.copy_from_slice(&head);
    stream.read_exact(rest).await.map_err(cut)?;
    Ok(frame)
}

fn cut(error: io::Error) -> Stop {
    tracing::debug!(%error, "a bulk stream was cut");
    Stop::Cut
}
