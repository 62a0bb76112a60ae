//! The index against what it should hold.
use super::Pace;
use super::damage::{Damage, VerifyReport};
use super::files::FileCheck;
use super::image::{Digest, Image, digest};
use crate::blobs::BlobId;
use crate::db::DbError;
use crate::journal::JournalError;
use crate::ledger::{PREFIX, blob_of};
use crate::snapshot::SnapshotError;
use crate::view::{APPLIED, Shared};
use protocol::data::Space;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Why the comparison could not be finished.
#[derive(Debug, thiserror::Error)]
pub(super) enum CompareError {
    #[error(transparent)]
    Index(#[from] DbError),
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

type Suspects = BTreeMap<(Space, Vec<u8>), Option<Digest>>;

/// Compares the whole index; then once more, with no group being applied, the keys that differed: they may just have changed.
/// Gives the ledger.
pub(super) fn compare(
    mut image: Image,
    files: &FileCheck,
    shared: &Arc<Shared>,
    report: &mut VerifyReport,
    pace: Pace<'_>,
) -> Result<BTreeSet<BlobId>, CompareError> {
    let mut cursor = Cursor { shared, space: 0, page: Vec::new().into_iter(), from: Vec::new(), is_last: false, pace };
    let mut suspects = Suspects::new();
    let mut blobs = BTreeSet::new();
    let mut keys = [0u64; 16];
    let mut held = cursor.next()?;
    image.walk::<CompareError>(files, |space, key, should| {
        blobs.extend(blob_of(space, &key));
        while let Some((at, extra, _)) = held.take_if(|(at, next, _)| (*at, &*next) < (space, &key)) {
            keys[at as usize] += 1;
            suspects.insert((at, extra), None);
            held = cursor.next()?;
        }
        match held.take_if(|(at, next, _)| (*at, &*next) == (space, &key)) {
            Some((at, key, found)) => {
                keys[at as usize] += 1;
                if found != Some(should) {
                    suspects.insert((at, key), Some(should));
                }
                held = cursor.next()?;
            }
            None => drop(suspects.insert((space, key), Some(should))),
        }
        Ok(())
    })?;
    while let Some((at, extra, _)) = held {
        keys[at as usize] += 1;
        suspects.insert((at, extra), None);
        held = cursor.next()?;
    }
    report.keys = Space::ALL.iter().map(|space| (*space, keys[*space as usize])).collect();
    if !suspects.is_empty() {
        confirm(&mut image, files, shared, suspects, report)?;
    }
    Ok(blobs)
}

fn confirm(
    image: &mut Image,
    files: &FileCheck,
    shared: &Shared,
    suspects: Suspects,
    report: &mut VerifyReport,
) -> Result<(), CompareError> {
    let lag = shared.lag();
    let seen = image.at.position;
    let applied = shared.applied_in_index()?.position;
    if applied > seen {
        image.go_on(files, applied)?;
    }
    let mut wrong: BTreeMap<Space, u64> = BTreeMap::new();
    for ((space, key), should) in suspects {
        let should = if applied > seen { image.find_late(space, &key).unwrap_or(should) } else { should };
        let held = shared.db.get(space, &key)?;
        // There and unreadable is not the same as not there.
        let held = held.map(|sealed| shared.codec.open(space, &key, sealed).map(|value| digest(&value)));
        if held != should.map(Some) && lag.find(space, &key).is_none() {
            *wrong.entry(space).or_default() += 1;
        }
    }
    drop(lag);
    if !wrong.is_empty() {
        shared.ask_for_rebuild();
    }
    for (space, keys) in wrong {
        let what = format!("{keys} keys of `{}` are not what snapshots and journal say", space.name());
        report.damages.push(Damage::index(what));
    }
    Ok(())
}

/// The ledger as the index has it.
pub(crate) fn ledger(shared: &Shared) -> Option<BTreeSet<BlobId>> {
    let pairs = shared.db.scan(Space::Meta, PREFIX, b"", usize::MAX).ok()?;
    Some(pairs.iter().filter_map(|(key, _)| blob_of(Space::Meta, key)).collect())
}

/// All keys of the index in order, with the digest of what opens.
struct Cursor<'a, 'b> {
    shared: &'a Shared,
    space: usize,
    page: std::vec::IntoIter<(Vec<u8>, Vec<u8>)>,
    from: Vec<u8>,
    is_last: bool,
    pace: Pace<'b>,
}

type Held = (Space, Vec<u8>, Option<Digest>);

impl Cursor<'_, '_> {
    fn next(&mut self) -> Result<Option<Held>, DbError> {
        loop {
            let Some(space) = Space::ALL.get(self.space).copied() else { return Ok(None) };
            if let Some((key, sealed)) = self.page.next() {
                if space == Space::Meta && key == APPLIED {
                    continue;
                }
                let found = self.shared.codec.open(space, &key, sealed).map(|value| digest(&value));
                return Ok(Some((space, key, found)));
            }
            if self.is_last {
                (self.space, self.is_last, self.from) = (self.space + 1, false, Vec::new());
                continue;
            }
            let page = self.shared.db.scan(space, b"", &self.from, PAGE_KEYS)?;
            // A comparison has no half result: told to stop, it goes on to its end.
            let _ = (self.pace)(page.iter().map(|(key, value)| (key.len() + value.len()) as u64).sum());
            self.is_last = page.len() < PAGE_KEYS;
            if let Some((last, _)) = page.last() {
                self.from = [last.as_slice(), &[0]].concat();
            }
            self.page = page.into_iter();
        }
    }
}

/// Keys that are read at a time.
const PAGE_KEYS: usize = 1_000;
