//! What one segment is like, without stopping at the first fault of the journal.
use super::frame::{JournalKeys, Mark};
use super::segment::{self, Tail};
use crate::disk::{Disk, Trouble};
use std::ops::ControlFlow;

/// What was found in one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentState {
    /// The mark before its first frame, if its header is good.
    pub(crate) before: Option<Mark>,
    /// Its last good frame.
    pub(crate) head: Mark,
    /// Where that ends.
    pub(crate) end: u64,
    /// Good frames.
    pub(crate) frames: u64,
    /// Bytes of the file.
    pub(crate) bytes: u64,
    /// Where it is damaged and how.
    pub(crate) damage: Option<(u64, String)>,
}

/// Walks the segment that begins with frame `first`, up to frame `upto`: what a running writer appends behind it is not
/// looked at. None if there is no such file.
pub(crate) fn inspect(disk: &dyn Disk, keys: &JournalKeys, first: u64, upto: u64) -> Option<SegmentState> {
    let bytes = match segment::load(disk, first) {
        Ok(bytes) => bytes,
        Err(error) if error.trouble == Trouble::Missing => return None,
        Err(error) => return Some(unreadable(first, 0, error.to_string())),
    };
    Some(judge(&bytes, keys, first, upto))
}

/// As [`inspect`], of bytes that are read already.
pub(crate) fn judge(bytes: &[u8], keys: &JournalKeys, first: u64, upto: u64) -> SegmentState {
    let before = match segment::open(bytes, keys, first) {
        Ok(Some(before)) => before,
        Ok(None) => return unreadable(first, bytes.len() as u64, "its header is incomplete".into()),
        Err(error) => return unreadable(first, bytes.len() as u64, error.to_string()),
    };
    if first > upto {
        // Begun just now: nothing in it is asked for.
        let (end, bytes) = (segment::HEADER_BYTES as u64, bytes.len() as u64);
        return SegmentState { before: Some(before), head: before, end, frames: 0, bytes, damage: None };
    }
    let mut frames = 0;
    let mut sealed_at = None;
    let mut at = segment::HEADER_BYTES as u64;
    let walked = segment::walk(bytes, keys, before, |mark, payload| {
        if keys.writes(mark.position, payload).is_none() {
            sealed_at = Some(at);
        }
        at += (super::frame::HEAD_BYTES + payload.len()) as u64;
        frames += 1;
        if mark.position == upto { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    });
    let damage = match walked.tail {
        _ if sealed_at.is_some() => sealed_at.map(|at| (at, "a frame does not open with the key of this store".into())),
        Tail::Clean | Tail::Stopped => None,
        Tail::Torn => Some((walked.end, "its last frame is incomplete".into())),
        Tail::Damaged(what) => Some((walked.end, what.into())),
    };
    SegmentState { before: Some(before), head: walked.head, end: walked.end, frames, bytes: bytes.len() as u64, damage }
}

fn unreadable(first: u64, bytes: u64, what: String) -> SegmentState {
    let head = Mark { position: first.saturating_sub(1), ..Mark::default() };
    SegmentState { before: None, head, end: 0, frames: 0, bytes, damage: Some((0, what)) }
}
