//! Snapshots, journal, blobs: what can be checked without an index.
use super::Pace;
use super::damage::{
    BLOB_FROM_BACKUP, COVERED, Damage, FROM_BACKUP, Part, SEE_VERIFY, SNAPSHOT_NEEDED, SNAPSHOT_SPARE, VerifyReport,
};
use crate::blobs::{BlobError, BlobId, Blobs};
use crate::disk::Disk;
use crate::journal::{
    JournalKeys, JournalReader, Mark, SegmentState, anchor, inspect, segment_name, segment_path, segments,
};
use crate::snapshot::{self, SnapshotError, SnapshotKeys};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The files of a store, and the keys to read them.
#[derive(Clone)]
pub(crate) struct FileCheck {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) keys: Arc<JournalKeys>,
    pub(crate) snapshots: Arc<SnapshotKeys>,
    pub(crate) blobs: Blobs,
}

impl FileCheck {
    /// For reading frames.
    pub(crate) fn reader(&self) -> JournalReader {
        JournalReader::new(self.disk.clone(), self.keys.clone())
    }

    /// Reads every snapshot.
    pub(crate) fn snapshots(&self, report: &mut VerifyReport, pace: Pace<'_>) {
        let positions = match snapshot::list(&*self.disk) {
            Ok(positions) => positions,
            Err(error) => return report.damages.push(Damage::journal(error.to_string())),
        };
        let first = segments(&*self.disk).ok().and_then(|all| all.first().copied()).unwrap_or(1);
        let checked: Vec<_> = positions.iter().map(|position| (*position, self.snapshot(*position, pace))).collect();
        let covers = |position: &u64| *position + 1 >= first;
        let has_other = first == 1 || checked.iter().any(|(position, bad)| bad.is_none() && covers(position));
        for (_, bad) in checked {
            match bad {
                None => report.snapshots += 1,
                Some(mut damage) => {
                    damage.remedy = if has_other { SNAPSHOT_SPARE } else { SNAPSHOT_NEEDED };
                    report.damages.push(damage);
                }
            }
        }
    }

    /// What is wrong with one snapshot.
    pub(crate) fn snapshot(&self, position: u64, pace: Pace<'_>) -> Option<Damage> {
        let error = snapshot::check(&self.disk, &self.snapshots, position, pace).err()?;
        let byte = if let SnapshotError::Damaged { offset, .. } = &error { Some(*offset) } else { None };
        let what = match &error {
            SnapshotError::Damaged { what, .. } => (*what).to_owned(),
            other => other.to_string(),
        };
        Some(Damage { part: Part::Snapshot, file: snapshot::path(position), byte, what, remedy: SNAPSHOT_SPARE })
    }

    /// The newest frame that a good snapshot has seen.
    pub(crate) fn covered(&self) -> u64 {
        snapshot::newest_good(&self.disk, &self.snapshots, u64::MAX).0.map_or(0, |good| good.mark.position)
    }

    /// Walks every segment up to frame `upto`, each on its own, and compares where they meet.
    pub(crate) fn journal(&self, upto: u64, report: &mut VerifyReport, pace: Pace<'_>) {
        let firsts = match segments(&*self.disk) {
            Ok(firsts) => firsts,
            Err(error) => return report.damages.push(Damage::journal(error.to_string())),
        };
        let covered = self.covered();
        let remedy = |last: u64| if last <= covered { COVERED } else { FROM_BACKUP };
        let mut before: Option<Mark> = None;
        if let Some(first) = firsts.first().filter(|first| **first > covered + 1) {
            report.damages.push(gap(1, first - 1, FROM_BACKUP));
        }
        for (at, first) in firsts.iter().enumerate() {
            let next = firsts.get(at + 1);
            let Some(state) = inspect(&*self.disk, &self.keys, *first, upto) else { continue };
            let last = next.map_or(u64::MAX, |next| next - 1);
            if let Some(expect) = before
                && let Some(found) = state.before
                && expect != found
            {
                let damage = if expect.position < found.position {
                    gap(expect.position + 1, found.position, remedy(found.position))
                } else {
                    damaged(*first, 0, "it does not follow the segment before it".into(), remedy(last))
                };
                report.damages.push(damage);
            }
            before = self.segment(*first, &state, next.is_none(), report, remedy(last));
            if !pace(state.bytes) {
                return;
            }
        }
        // The newest file is noted elsewhere: its absence shows nowhere in the chain.
        let noted = anchor::read(&*self.disk, &self.keys).ok().flatten();
        if let Some(lost) = noted.filter(|newest| firsts.last() < Some(newest)) {
            let what = format!("{} is missing: frames from {lost} on are not here", segment_name(lost));
            report.damages.push(Damage {
                part: Part::Journal,
                file: segment_path(lost),
                byte: None,
                what,
                remedy: FROM_BACKUP,
            });
        } else if firsts.is_empty() && covered > 0 {
            report.damages.push(gap(covered + 1, covered + 1, FROM_BACKUP));
        }
    }

    /// Adds what one segment is like; gives its end if the next one can be compared with it.
    fn segment(
        &self,
        first: u64,
        state: &SegmentState,
        is_newest: bool,
        report: &mut VerifyReport,
        remedy: &'static str,
    ) -> Option<Mark> {
        report.segments += 1;
        report.frames += state.frames;
        report.journal_bytes += state.end;
        if is_newest || state.damage.is_none() {
            report.head = state.head.position;
        }
        if let Some((byte, what)) = &state.damage {
            report.damages.push(damaged(first, *byte, format!("{what} (frame {})", state.head.position + 1), remedy));
            return None;
        }
        Some(state.head)
    }

    /// What is wrong inside one segment.
    pub(crate) fn one_segment(&self, first: u64, upto: u64, pace: Pace<'_>) -> Option<Damage> {
        let state = inspect(&*self.disk, &self.keys, first, upto)?;
        pace(state.bytes);
        let (byte, what) = state.damage?;
        Some(damaged(first, byte, format!("{what} (frame {})", state.head.position + 1), SEE_VERIFY))
    }

    /// Reads every blob; with a ledger, tells which are missing.
    pub(crate) fn blobs(&self, ledger: Option<&BTreeSet<BlobId>>, report: &mut VerifyReport, pace: Pace<'_>) {
        let here = match self.blobs.list() {
            Ok(ids) => ids,
            Err(error) => return report.damages.push(Damage::journal(error.to_string())),
        };
        for id in &here {
            let named = ledger.is_none_or(|ledger| ledger.contains(id));
            report.unnamed_blobs += u64::from(!named);
            match self.blob(*id, pace) {
                Ok(bytes) => (report.blobs, report.blob_bytes) = (report.blobs + 1, report.blob_bytes + bytes),
                Err(damage) => {
                    report.damaged_blobs.push(*id);
                    report.damages.push(damage);
                }
            }
        }
        let here: BTreeSet<BlobId> = here.into_iter().collect();
        for id in ledger.into_iter().flatten().filter(|id| !here.contains(id)) {
            // It may have been removed since the list was made, and the ledger follows with the next frame.
            report.damaged_blobs.push(*id);
            report.damages.push(self.bad_blob(*id, "it is missing".into()));
        }
    }

    /// Reads one blob.
    pub(crate) fn blob(&self, id: BlobId, pace: Pace<'_>) -> Result<u64, Damage> {
        self.blobs.check_paced(id, pace).map_err(|error| {
            let what = match error {
                BlobError::Damaged { what, .. } => what.to_owned(),
                BlobError::Missing(_) => "it is missing".to_owned(),
                other => other.to_string(),
            };
            self.bad_blob(id, what)
        })
    }

    fn bad_blob(&self, id: BlobId, what: String) -> Damage {
        Damage { part: Part::Blob, file: self.blobs.path(id), byte: None, what, remedy: BLOB_FROM_BACKUP }
    }
}

fn damaged(first: u64, byte: u64, what: String, remedy: &'static str) -> Damage {
    Damage { part: Part::Journal, file: segment_path(first), byte: Some(byte), what, remedy }
}

fn gap(from: u64, to: u64, remedy: &'static str) -> Damage {
    let what = format!("{} is missing: frames {from} to {to} are not here", segment_name(from));
    Damage { part: Part::Journal, file: segment_path(from), byte: None, what, remedy }
}
