//! What the index should hold, by the newest good snapshot and the frames behind it: a digest per key.
use super::files::FileCheck;
use crate::blobs::BlobId;
use crate::journal::{JournalError, Mark, ReplayError};
use crate::ledger::blob_of;
use crate::snapshot::{self, Checked, Merge, SnapshotError, SnapshotReader};
use protocol::data::{Space, Write};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// First bytes of a hash of a value: enough to tell damage.
pub(super) type Digest = [u8; 16];

/// The content at one frame. The frames behind the snapshot are in memory, a digest per key.
pub(super) struct Image {
    base: Option<Checked>,
    delta: BTreeMap<(Space, Vec<u8>), Option<Digest>>,
    /// The frame that it is of.
    pub(super) at: Mark,
}

impl Image {
    /// Reads snapshot and journal up to frame `upto`.
    pub(super) fn read(files: &FileCheck, upto: u64) -> Result<Self, JournalError> {
        let base = snapshot::newest_good(&files.disk, &files.snapshots, upto).0;
        let at = base.map_or(Mark::default(), |base| base.mark);
        let mut image = Self { base, delta: BTreeMap::new(), at };
        image.go_on(files, upto)?;
        Ok(image)
    }

    /// Takes the frames up to `upto` too.
    pub(super) fn go_on(&mut self, files: &FileCheck, upto: u64) -> Result<(), JournalError> {
        let from = self.at;
        let replayed = files.reader().replay(&from, upto, |mark, writes| {
            self.at = mark;
            for write in writes {
                self.delta.insert((write.space, write.key), write.value.map(|value| digest(&value)));
            }
            ControlFlow::Continue(())
        });
        match replayed {
            Err(ReplayError::Journal(error)) => Err(error),
            Err(ReplayError::Stopped) | Ok(_) => Ok(()),
        }
    }

    /// What a key should have.
    pub(super) fn find_late(&self, space: Space, key: &[u8]) -> Option<Option<Digest>> {
        self.delta.get(&(space, key.to_vec())).copied()
    }

    /// Every key with its digest, in order.
    pub(super) fn walk<E: From<SnapshotError>>(
        &self,
        files: &FileCheck,
        mut visit: impl FnMut(Space, Vec<u8>, Digest) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut sources: Vec<snapshot::Source<'_, SnapshotError>> = Vec::new();
        if let Some(base) = self.base {
            let reader = SnapshotReader::open(files.disk.clone(), &files.snapshots, base.mark.position)?;
            let mut next = snapshot::source(reader, files.snapshots.clone());
            sources.push(Box::new(move || {
                let write = next()?;
                Ok(write.map(|write| Write { value: write.value.map(|value| digest(&value).to_vec()), ..write }))
            }));
        }
        let mut delta = self.delta.iter();
        sources.push(Box::new(move || {
            let next = delta.next();
            Ok(next.map(|((space, key), value)| Write {
                space: *space,
                key: key.clone(),
                value: value.map(|digest| digest.to_vec()),
            }))
        }));
        let mut merge = Merge::new(sources)?;
        while let Some((space, key, value)) = merge.next()? {
            let mut digest = Digest::default();
            digest.copy_from_slice(&value);
            visit(space, key, digest)?;
        }
        Ok(())
    }

    /// The blobs that should be there.
    pub(super) fn ledger(&self, files: &FileCheck) -> Result<BTreeSet<BlobId>, SnapshotError> {
        let mut ids = BTreeSet::new();
        self.walk::<SnapshotError>(files, |space, key, _| {
            ids.extend(blob_of(space, &key));
            Ok(())
        })?;
        Ok(ids)
    }
}

pub(super) fn digest(value: &[u8]) -> Digest {
    let mut out = Digest::default();
    out.copy_from_slice(&blake3::hash(value).as_bytes()[..16]);
    out
}
