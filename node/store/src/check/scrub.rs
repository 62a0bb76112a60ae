//! Reading every file again and again, slowly: what nobody reads for years must not rot unseen.
//!
//! One step checks one file, so that nothing else waits for the whole round; the first one compares the index with snapshots
//! and journal, and the audit log with its root.
use super::Pace;
use super::damage::{Damage, VerifyReport};
use super::files::FileCheck;
use crate::blobs::{BlobError, BlobId};
use crate::disk::DiskError;
use crate::journal::segments;
use crate::snapshot;
use std::collections::VecDeque;

/// A round over all files.
#[derive(Clone, Debug, Default)]
pub struct Scrub {
    left: VecDeque<Item>,
    /// Files in this round.
    pub files: u64,
    /// Files checked so far.
    pub done: u64,
    /// Bytes read so far.
    pub bytes: u64,
    /// What was found.
    pub damages: Vec<Damage>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Index,
    Snapshot(u64),
    Segment(u64),
    Blob(BlobId),
}

/// What became of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScrubStep {
    /// There are more files.
    More,
    /// That was the last one.
    Over,
}

impl Scrub {
    /// Lists what there is.
    pub(crate) fn begin(files: &FileCheck) -> Result<Self, DiskError> {
        let mut left: VecDeque<Item> = VecDeque::from([Item::Index]);
        left.extend(snapshot::list(&*files.disk)?.into_iter().map(Item::Snapshot));
        left.extend(segments(&*files.disk)?.into_iter().map(Item::Segment));
        match files.blobs.list() {
            Ok(ids) => left.extend(ids.into_iter().map(Item::Blob)),
            Err(BlobError::Disk(error)) => return Err(error),
            Err(_) => {}
        }
        Ok(Self { files: left.len() as u64, left, ..Self::default() })
    }

    /// Checks the next file. `head` is the last frame that was synced; `index` compares the index.
    pub(crate) fn step(
        &mut self,
        files: &FileCheck,
        head: u64,
        index: impl FnOnce(&mut VerifyReport, Pace<'_>),
        pace: Pace<'_>,
    ) -> ScrubStep {
        let Some(item) = self.left.pop_front() else { return ScrubStep::Over };
        let mut bytes = 0;
        let mut counted = |read| {
            bytes += read;
            pace(read)
        };
        let found = match item {
            Item::Index => {
                let mut report = VerifyReport::default();
                index(&mut report, &mut counted);
                self.damages.append(&mut report.damages);
                None
            }
            // What was dropped or removed since the round began is none of its business.
            Item::Snapshot(at) if files.disk.len(&snapshot::path(at)).is_ok_and(|len| len.is_none()) => None,
            Item::Snapshot(at) => files.snapshot(at, &mut counted),
            Item::Segment(first) => files.one_segment(first, head, &mut counted),
            Item::Blob(id) if files.blobs.has(id).is_ok_and(|has| !has) => None,
            Item::Blob(id) => files.blob(id, &mut counted).err(),
        };
        self.damages.extend(found);
        (self.bytes, self.done) = (self.bytes + bytes, self.done + 1);
        if self.left.is_empty() { ScrubStep::Over } else { ScrubStep::More }
    }
}
