//! Reading the journal from any frame on.
use super::error::JournalError;
use super::frame::{JournalKeys, Mark};
use super::segment::{self, HEADER_BYTES, Tail};
use crate::disk::Disk;
use protocol::data::Write;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Reads frames; may be used beside the writer for frames that are synced.
#[derive(Clone)]
pub(crate) struct JournalReader {
    disk: Arc<dyn Disk>,
    keys: Arc<JournalKeys>,
}

/// Why a replay ended early.
#[derive(Debug)]
pub(crate) enum ReplayError {
    /// The journal could not be read.
    Journal(JournalError),
    /// The visitor said stop.
    Stopped,
}

impl JournalReader {
    pub(crate) fn new(disk: Arc<dyn Disk>, keys: Arc<JournalKeys>) -> Self {
        Self { disk, keys }
    }

    /// Gives every frame above `after` up to `upto` in order, checking the chain; `after` itself must be in it.
    /// Returns how many frames and bytes of segments were read.
    pub(crate) fn replay(
        &self,
        after: &Mark,
        upto: u64,
        mut visit: impl FnMut(Mark, Vec<Write>) -> ControlFlow<()>,
    ) -> Result<Replayed, ReplayError> {
        let mut replayed = Replayed::default();
        if after.position >= upto && after.position == 0 {
            return Ok(replayed);
        }
        let segments = segment::list(&*self.disk).map_err(|e| ReplayError::Journal(e.into()))?;
        let from = segments.partition_point(|first| *first <= after.position.max(1)).saturating_sub(1);
        let mut before: Option<Mark> = None;
        if let Some(first) = segments.get(from).filter(|first| **first > after.position + 1) {
            let segment = segment::name(after.position + 1);
            let uncovered = JournalError::Uncovered { first: *first };
            return Err(ReplayError::Journal(if after.position == 0 {
                uncovered
            } else {
                JournalError::Gap { segment }
            }));
        }
        self.check_first(after, segments.get(from))?;
        if after.position >= upto && segments.get(from).is_some_and(|first| *first > after.position) {
            return Ok(replayed);
        }
        for first in &segments[from..] {
            if *first > upto {
                break;
            }
            let head = self.segment(*first, before.as_ref(), upto, |mark, payload| {
                if mark.position == after.position && mark.digest != after.digest {
                    return Err(ReplayError::Journal(JournalError::Diverged { position: mark.position }));
                }
                if mark.position <= after.position {
                    return Ok(());
                }
                let writes = self.keys.writes(mark.position, payload).ok_or_else(|| {
                    damaged(*first, 0, mark.position, "its payload does not open with the key of this store")
                })?;
                replayed.frames += 1;
                replayed.writes += writes.len() as u64;
                if visit(mark, writes).is_break() { Err(ReplayError::Stopped) } else { Ok(()) }
            })?;
            replayed.segments += 1;
            replayed.bytes += head.1;
            before = Some(head.0);
        }
        let reached = before.map_or(0, |mark| mark.position);
        if reached < upto {
            return Err(ReplayError::Journal(JournalError::Gap { segment: segment::name(reached + 1) }));
        }
        Ok(replayed)
    }

    /// Where the segment with the frame `after` was dropped, the header of the next one tells whether it is the same history.
    fn check_first(&self, after: &Mark, first: Option<&u64>) -> Result<(), ReplayError> {
        let Some(first) = first.filter(|first| **first == after.position + 1 && after.position > 0) else {
            return Ok(());
        };
        match self.before(*first).map_err(ReplayError::Journal)? {
            Some(before) if before != *after => {
                Err(ReplayError::Journal(JournalError::Diverged { position: after.position }))
            }
            _ => Ok(()),
        }
    }

    /// The mark before the first frame of a segment, by its header; none if a crash left no whole header.
    pub(super) fn before(&self, first: u64) -> Result<Option<Mark>, JournalError> {
        let path = segment::path(first);
        let len = self.disk.len(&path)?.unwrap_or(0);
        // One byte more than the header tells a file with frames from one without.
        let bytes = self.disk.read(&path, 0, len.min(HEADER_BYTES as u64 + 1) as usize)?;
        segment::open(&bytes, &self.keys, first)
    }

    /// Walks one segment up to frame `upto`; gives its last mark and the bytes walked.
    fn segment(
        &self,
        first: u64,
        before: Option<&Mark>,
        upto: u64,
        mut visit: impl FnMut(Mark, &[u8]) -> Result<(), ReplayError>,
    ) -> Result<(Mark, u64), ReplayError> {
        let bytes = segment::load(&*self.disk, first).map_err(|e| ReplayError::Journal(e.into()))?;
        let opened = segment::open(&bytes, &self.keys, first).map_err(ReplayError::Journal)?;
        let start = opened.ok_or_else(|| damaged(first, 0, first, "its header is incomplete"))?;
        if before.is_some_and(|before| *before != start) {
            let missing = before.map_or(1, |mark| mark.position + 1);
            if missing < first {
                return Err(ReplayError::Journal(JournalError::Gap { segment: segment::name(missing) }));
            }
            return Err(damaged(first, 0, first, "it does not follow the segment before it"));
        }
        let mut failed = None;
        let walked = segment::walk(&bytes, &self.keys, start, |mark, payload| {
            if let Err(error) = visit(mark, payload) {
                failed = Some(error);
                return ControlFlow::Break(());
            }
            if mark.position >= upto { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Some(error) = failed {
            return Err(error);
        }
        match walked.tail {
            Tail::Clean | Tail::Stopped => Ok((walked.head, walked.end)),
            Tail::Torn => Err(damaged(first, walked.end, walked.head.position + 1, "it is incomplete")),
            Tail::Damaged(what) => Err(damaged(first, walked.end, walked.head.position + 1, what)),
        }
    }
}

/// How much a replay read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Replayed {
    pub(crate) segments: u64,
    pub(crate) frames: u64,
    pub(crate) writes: u64,
    pub(crate) bytes: u64,
}

fn damaged(first: u64, offset: u64, position: u64, what: &'static str) -> ReplayError {
    ReplayError::Journal(JournalError::Damaged { segment: segment::name(first), offset, position, what })
}
