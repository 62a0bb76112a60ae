//! Folding: the newest good snapshot and the frames behind it become the next one; then what two snapshots cover may go.
use super::error::SnapshotError;
use super::file::{self, Checked, FOLDER, PageWriter, SnapshotKeys, SnapshotReader};
use super::keep::{self, Piece};
use super::merge::{Merge, Source};
use crate::disk::{Disk, DiskError};
use crate::journal::{JournalError, JournalReader, Mark, ReplayError, segment_path, segments};
use crate::limits::SNAPSHOT_SORT_BYTES;
use protocol::data::{Space, Write};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Why no snapshot was made. Nothing that was there is touched.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MakeError {
    /// The journal is damaged where it is needed.
    #[error("no snapshot was made: {0}")]
    Journal(#[from] JournalError),
    /// What was just written cannot be read again.
    #[error("no snapshot was made: {0}")]
    Snapshot(#[from] SnapshotError),
    /// The disk refused.
    #[error("no snapshot was made: {0}")]
    Disk(#[from] DiskError),
    /// It was told to stop.
    #[error("no snapshot was made: the node stops")]
    Stopped,
}

/// What making a snapshot and dropping what it covers did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// The frame that the newest snapshot is of.
    pub position: u64,
    /// Pairs in it, and bytes of its file.
    pub pairs: u64,
    /// Bytes of its file.
    pub bytes: u64,
    /// Segments of the journal that were removed.
    pub dropped_segments: u64,
    /// Their bytes.
    pub dropped_bytes: u64,
    /// Older snapshots that were removed.
    pub dropped_snapshots: u64,
}

/// Makes snapshots.
#[derive(Clone)]
pub(crate) struct Maker {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) keys: Arc<SnapshotKeys>,
    pub(crate) journal: JournalReader,
}

impl Maker {
    /// Removes what an interrupted run left.
    pub(crate) fn clean(&self) -> Result<(), DiskError> {
        let parts = self.disk.list(FOLDER)?;
        for part in parts.iter().filter(|name| name.ends_with(PART)) {
            self.disk.remove(&format!("{FOLDER}/{part}"))?;
        }
        Ok(())
    }

    /// Whether a snapshot pays now.
    pub(crate) fn is_due(&self) -> Result<bool, DiskError> {
        let newest = match file::list(&*self.disk)?.last() {
            Some(position) => Some((*position, self.disk.len(&file::path(*position))?.unwrap_or(0))),
            None => None,
        };
        Ok(keep::is_due(&self.pieces()?, newest))
    }

    /// Folds everything up to frame `upto` into a snapshot and reads it again; nothing to do where one is there already.
    pub(crate) fn make(&self, upto: u64, pace: &mut dyn FnMut(u64) -> bool) -> Result<Checked, MakeError> {
        let made = self.try_make(upto, pace);
        if made.is_err() {
            // A full disk gets its room back at once; what cannot be removed now goes at the next opening.
            let _ = self.clean();
        }
        made
    }

    fn try_make(&self, upto: u64, pace: &mut dyn FnMut(u64) -> bool) -> Result<Checked, MakeError> {
        self.clean()?;
        self.disk.make_folder(FOLDER)?;
        self.disk.sync_folder("")?;
        let base = newest_good(&self.disk, &self.keys, upto).0;
        if let Some(base) = base.filter(|base| base.mark.position == upto) {
            return Ok(base);
        }
        let from = base.map_or(Mark::default(), |base| base.mark);
        let mut sorted = Sorted { maker: self, runs: Vec::new(), writes: BTreeMap::new(), bytes: 0 };
        let mut failed = None;
        let mut reached = from;
        let replayed = self.journal.replay(&from, upto, |mark, writes| {
            let bytes: usize =
                writes.iter().map(|write| write.key.len() + write.value.as_ref().map_or(0, Vec::len)).sum();
            failed = sorted.take(writes).err();
            reached = mark;
            if failed.is_some() || !pace(bytes as u64) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        });
        if let Some(error) = failed {
            return Err(error.into());
        }
        match replayed {
            Ok(_) => {}
            Err(ReplayError::Journal(error)) => return Err(error.into()),
            Err(ReplayError::Stopped) => return Err(MakeError::Stopped),
        }
        let part = self.fold(base, sorted, reached)?;
        self.publish(&part, reached.position, pace)
    }

    /// Gives a finished file its name, then reads all of it again.
    pub(crate) fn publish(
        &self,
        part: &str,
        position: u64,
        pace: &mut dyn FnMut(u64) -> bool,
    ) -> Result<Checked, MakeError> {
        self.disk.rename(part, &file::path(position))?;
        self.disk.sync_folder(FOLDER)?;
        self.clean()?;
        match file::check(&self.disk, &self.keys, position, pace)? {
            Some(checked) => Ok(checked),
            None => Err(MakeError::Stopped),
        }
    }

    /// Begins the file of a snapshot that has no name yet.
    pub(crate) fn begin(&self, mark: Mark) -> Result<PageWriter, DiskError> {
        PageWriter::begin(self.disk.clone(), &self.keys, format!("{FOLDER}/new{PART}"), mark)
    }

    fn fold(&self, base: Option<Checked>, sorted: Sorted<'_>, mark: Mark) -> Result<String, MakeError> {
        let Sorted { runs, writes, .. } = sorted;
        let mut sources = Vec::new();
        if let Some(base) = base {
            sources.push(self.source(file::path(base.mark.position))?);
        }
        for run in runs {
            sources.push(self.source(run)?);
        }
        let mut writes = writes.into_iter();
        sources.push(Box::new(move || Ok(writes.next().map(|((space, key), value)| Write { space, key, value }))));
        let mut merge = Merge::<SnapshotError>::new(sources)?;
        let mut out = self.begin(mark)?;
        while let Some((space, key, value)) = merge.next()? {
            out.add(&self.keys, Write { space, key, value: Some(value) })?;
        }
        Ok(out.finish(&self.keys)?)
    }

    fn source(&self, path: String) -> Result<Source<'_, SnapshotError>, SnapshotError> {
        let reader = SnapshotReader::open_at(self.disk.clone(), &self.keys, path, None)?;
        Ok(source(reader, self.keys.clone()))
    }

    /// Removes segments and snapshots that are not needed any more. Reads the snapshots that are to cover them once more;
    /// `indexed` is the last frame that the index has on its disk.
    pub(crate) fn drop_covered(&self, indexed: u64, pace: &mut dyn FnMut(u64) -> bool) -> Result<Compacted, MakeError> {
        let mut done = Compacted::default();
        let mut good = Vec::new();
        for position in file::list(&*self.disk)? {
            match file::check(&self.disk, &self.keys, position, pace) {
                Ok(Some(checked)) => {
                    (done.position, done.pairs, done.bytes) = (position, checked.pairs, checked.bytes);
                    good.push(position);
                }
                Ok(None) => return Err(MakeError::Stopped),
                Err(error) => tracing::error!(%error, "a snapshot is no good; nothing is dropped for it"),
            }
        }
        let pieces = self.pieces()?;
        for first in keep::droppable(&pieces, &good, indexed) {
            // One by one and durable: a crash leaves no hole between segments.
            self.disk.remove(&segment_path(first))?;
            self.disk.sync_folder(crate::journal::JOURNAL_FOLDER)?;
            done.dropped_segments += 1;
            done.dropped_bytes += pieces.iter().find(|piece| piece.first == first).map_or(0, |piece| piece.bytes);
        }
        for position in keep::superfluous(&good) {
            self.disk.remove(&file::path(*position))?;
            self.disk.sync_folder(FOLDER)?;
            done.dropped_snapshots += 1;
        }
        Ok(done)
    }

    fn pieces(&self) -> Result<Vec<Piece>, DiskError> {
        let piece = |first| Ok(Piece { first, bytes: self.disk.len(&segment_path(first))?.unwrap_or(0) });
        segments(&*self.disk)?.into_iter().map(piece).collect()
    }
}

/// The newest snapshot at or below `upto` that reads well from its first byte to its last, and what is wrong with newer ones.
pub(crate) fn newest_good(
    disk: &Arc<dyn Disk>,
    keys: &SnapshotKeys,
    upto: u64,
) -> (Option<Checked>, Vec<SnapshotError>) {
    let mut bad = Vec::new();
    let positions = match file::list(&**disk) {
        Ok(positions) => positions,
        Err(error) => return (None, vec![error.into()]),
    };
    for position in positions.into_iter().rev().filter(|position| *position <= upto) {
        match file::check(disk, keys, position, &mut |_| true) {
            Ok(checked) => return (checked, bad),
            Err(error) => bad.push(error),
        }
    }
    (None, bad)
}

/// The pairs of a snapshot, one by one.
pub(crate) fn source<'a>(mut reader: SnapshotReader, keys: Arc<SnapshotKeys>) -> Source<'a, SnapshotError> {
    let mut page = Vec::new().into_iter();
    Box::new(move || {
        loop {
            if let Some(write) = page.next() {
                return Ok(Some(write));
            }
            match reader.next_page(&keys)? {
                Some(writes) => page = writes.into_iter(),
                None => return Ok(None),
            }
        }
    })
}

/// Writes of frames, sorted; what is too much for memory waits in files.
struct Sorted<'a> {
    maker: &'a Maker,
    runs: Vec<String>,
    writes: BTreeMap<(Space, Vec<u8>), Option<Vec<u8>>>,
    bytes: usize,
}

impl Sorted<'_> {
    fn take(&mut self, writes: Vec<Write>) -> Result<(), DiskError> {
        for write in writes {
            self.bytes += PAIR_BYTES + write.key.len() + write.value.as_ref().map_or(0, Vec::len);
            self.writes.insert((write.space, write.key), write.value);
        }
        if self.bytes < SNAPSHOT_SORT_BYTES { Ok(()) } else { self.spill() }
    }

    fn spill(&mut self) -> Result<(), DiskError> {
        let path = format!("{FOLDER}/run-{}{PART}", self.runs.len());
        let keys = &self.maker.keys;
        let mut run = PageWriter::begin(self.maker.disk.clone(), keys, path, Mark::default())?;
        for ((space, key), value) in std::mem::take(&mut self.writes) {
            run.add(keys, Write { space, key, value })?;
        }
        self.bytes = 0;
        self.runs.push(run.finish(keys)?);
        Ok(())
    }
}

const PART: &str = ".part";
/// What a pair takes in memory beside its bytes, about.
const PAIR_BYTES: usize = 80;
