//! Small answers, on the message stream: one thread makes and sends one, one thread checks and keeps it. Handing pieces from
//! thread to thread would take longer than the work itself.
use super::serve::Maker;
use super::transfers::Feed;
use crate::handle::{NetHandle, SendError};
use crate::host::Host;
use crate::limits::*;
use protocol::engine::{Receive, Received, Serve};
use protocol::fetch::{Check, Resume};
use protocol::wire::{self, Message, v1};
use std::io;
use std::time::Instant;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::time::timeout;

/// Whether everything was sent. Blocks. Between two pieces it asks whether the transfer `is_cut`.
pub(super) fn serve<H: Host>(host: &H, net: &NetHandle, serve: &Serve, is_cut: impl Fn() -> bool) -> bool {
    let (_, free) = std::sync::mpsc::channel();
    let Ok(mut maker) = Maker::new(host, serve, Resume::default(), free) else { return false };
    let mut waiting = None;
    while let Some(frames) = maker.next() {
        for frame in frames {
            if waiting.replace(frame).is_some_and(|before| is_cut() || !send(net, serve, before, false)) {
                return false;
            }
        }
    }
    waiting.is_none_or(|frame| !is_cut() && send(net, serve, frame, true))
}

/// Offers a piece until there is room for it.
fn send(net: &NetHandle, serve: &Serve, frame: Vec<u8>, last: bool) -> bool {
    let begun = Instant::now();
    let piece = wire::encode(Message::Piece(v1::Piece { request: serve.plan.request.0.to_vec(), frame, last }));
    loop {
        match net.send(serve.to, piece.clone()) {
            Ok(()) => return true,
            Err(SendError::Full) if begun.elapsed() < PIECE_DEADLINE => std::thread::sleep(PIECE_RETRY),
            Err(error) => {
                tracing::debug!(node = ?serve.to, %error, "a small answer was cut");
                return false;
            }
        }
    }
}

/// What arrived, verified. Cut in the middle, the whole items are kept; damaged, nothing is. Blocks.
pub(super) fn receive<H: Host>(
    host: &H,
    receive: &Receive,
    mut feed: mpsc::Receiver<Feed>,
    runtime: &Handle,
) -> Received {
    let Ok(mut check) = Check::new(&receive.plan, Resume::default()) else {
        return Received { damaged: true, ..Received::default() };
    };
    let mut received = Received::default();
    let kept = host.keep(receive).and_then(|mut keeper| {
        while !check.done() {
            let next = runtime.block_on(async { timeout(TRANSFER_SILENCE, feed.recv()).await });
            let Ok(Some(Feed::Piece { frame, last })) = next else { break };
            let verified = check.take(&frame).map_err(|bad| {
                tracing::warn!(node = ?receive.from, %bad, "a transfer is not what was announced");
                received.damaged = true;
                io::Error::from(io::ErrorKind::InvalidData)
            })?;
            for one in verified {
                keeper.write(one.item, one.offset, one.bytes, one.last)?;
                received.items = received.items.saturating_add(u32::from(one.last));
                received.bytes = received.bytes.saturating_add(one.bytes.len() as u64);
            }
            if last {
                break;
            }
        }
        keeper.finish()
    });
    match kept {
        Ok(writes) => Received { complete: check.done() && check.missing().is_empty(), writes, ..received },
        Err(_) if received.damaged => Received { damaged: true, ..Received::default() },
        Err(error) => {
            tracing::error!(%error, "a fetched answer could not be kept");
            Received::default()
        }
    }
}
